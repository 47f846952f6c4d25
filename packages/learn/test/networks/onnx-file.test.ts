import { InputError } from '@assay/core';
import { encodeOnnx, GraphBuilder, inspectOnnx, loadRuntime, useRuntime } from '@assay/learn/networks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtoWriter } from '../../src/networks/protobuf.ts';

function tiny(): Uint8Array {
  const graph = new GraphBuilder();
  graph.output('y', graph.op('Relu', [graph.input('x', ['batch', 2])]));
  return encodeOnnx({ graph: graph.finish(), metadata: { classes: '["no","yes"]' } });
}

describe('ONNX files', () => {
  it('encodes numbers as protocol buffers do', () => {
    expect([...new ProtoWriter().integer(1, 150).finish()]).toEqual([8, 150, 1]);
    expect([...new ProtoWriter().text(2, 'testing').finish()]).toEqual([18, 7, 116, 101, 115, 116, 105, 110, 103]);
    expect([...new ProtoWriter().integer(1, -1).finish()]).toEqual([8, ...new Array(9).fill(255), 1]);
  });

  it('reads back its own metadata and operators', () => {
    const { metadata, operators } = inspectOnnx(tiny());
    expect({ ...metadata }).toEqual({ classes: '["no","yes"]' });
    expect([...operators]).toEqual(['Relu', 'Identity']);
  });

  it('refuses whatever is not a model, with the path', () => {
    const file = tiny();
    for (const bytes of [
      new Uint8Array(0),
      new TextEncoder().encode('hello world'),
      file.subarray(0, file.length - 60),
    ]) {
      expect(() => inspectOnnx(bytes, 'm.onnx')).toThrow(/invalid model m\.onnx/);
    }
  });

  it('refuses a model whose weights lie in another file', () => {
    const hostile = new ProtoWriter()
      .message(7, (graph) =>
        graph
          .message(1, (node) => node.text(1, 'w').text(2, 'y').text(4, 'Relu'))
          .message(5, (tensor) =>
            tensor
              .text(8, 'w')
              .message(13, (entry) => entry.text(1, 'location').text(2, '../../etc/passwd'))
              .integer(14, 1),
          ),
      )
      .finish();
    expect(() => inspectOnnx(hostile, 'm.onnx')).toThrow(/another file/);
  });

  it('says a clear error on any bytes, never anything else', () => {
    const file = tiny();
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), (at, byte, end) => {
        const damaged = file.slice(0, Math.max(1, end));
        damaged[at % damaged.length] = byte;
        try {
          inspectOnnx(damaged);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('names the command that installs the runtime where it is absent', async () => {
    useRuntime(undefined);
    const absent = loadRuntime(() => Promise.reject(new Error('Cannot find package')));
    await expect(absent).rejects.toMatchObject({
      code: 'missing-runtime',
      hint: expect.stringContaining('npm install'),
    });
  });
});
