import { Random } from '@assay/core';
import { encodeOnnx, type Graph, GraphBuilder, mlp, Network, OnnxModel, type Value } from '@assay/learn/networks';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

function file(build: (graph: GraphBuilder) => void, metadata: Record<string, string> = {}): Uint8Array {
  const graph = new GraphBuilder();
  build(graph);
  return encodeOnnx({ graph: graph.finish(), metadata });
}

const rows = { rows: 3, columns: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6) };
/** Two pictures of three channels and 1 × 2 pixels. */
const pictures = {
  rows: 2,
  columns: 6,
  values: Float32Array.from({ length: 12 }, (_, i) => i),
  picture: [3, 1, 2],
} as const;

describeWithRuntime('models from elsewhere', () => {
  it('classifies with names from the file, and takes logits for logits', async () => {
    const network = Network.start(mlp(2, 3, 4), new Random(1));
    const model = await OnnxModel.open(network.toOnnx(['a', 'b', 'c']), 'm.onnx');
    const { p, classes } = await model.classify(rows);
    expect(classes).toEqual(['a', 'b', 'c']);
    const own = await network.probabilities(rows.values, 3);
    p.forEach((value, i) => void expect(value).toBeCloseTo(own[i], 6));

    const logits = file((graph) => void graph.output('z', graph.input('x', ['batch', 2])), { classes: '{"not":1}' });
    const other = await (await OnnxModel.open(logits, 'm.onnx')).classify(rows);
    expect(other.classes).toEqual(['0', '1']);
    expect(other.p[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  it('takes the output that is called an embedding', async () => {
    const bytes = file((graph) => {
      const x = graph.input('x', ['batch', 2]);
      graph.output('scores', graph.op('Neg', [x]));
      graph.output('embedding', graph.op('Add', [x, graph.constant([1])]));
    });
    const { columns, values } = await (await OnnxModel.open(bytes, 'm.onnx')).embed(rows);
    expect([columns, ...values]).toEqual([2, 2, 3, 4, 5, 6, 7]);
  });

  it('feeds pictures with channels first, last or as one, in batches the model fixes', async () => {
    const echo = (shape: Value['shape']): Promise<OnnxModel> =>
      OnnxModel.open(
        file((graph) => {
          const x = graph.input('pixels', shape);
          graph.output('y', graph.reshape(x, ['batch', 1]));
          graph.output('features', x);
        }),
        'm.onnx',
      );
    const first = await echo(['batch', 3, 1, 2]);
    expect([...(await first.embed(pictures)).values]).toEqual([...pictures.values]);
    expect(first.side).toBeUndefined();
    expect((await echo(['batch', 3, 8, 8])).side).toBe(8);
    const last = await (await echo(['batch', 1, 2, 3])).embed(pictures);
    expect([...last.values]).toEqual([0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11]);
    const grey = await (await echo([1, 1, 1, 2])).embed(pictures);
    expect(grey).toEqual({ columns: 2, values: Float32Array.of(2, 3, 8, 9) });
  });

  it('refuses models it cannot feed, and outputs nobody can use', async () => {
    const square: Value['shape'] = ['batch', 2];
    const identity = (shape: Value['shape'], type?: 'float' | 'int64') =>
      file((graph) => void graph.output('y', graph.input('x', shape, type)));
    const cases: [Uint8Array, typeof rows | typeof pictures, RegExp][] = [
      [identity(['batch', 5]), rows, /does not run on 2 numbers/],
      [identity(['batch', 3, 4, 4]), rows, /takes pictures, and these are rows/],
      [identity(['batch', 3, 4, 4]), pictures, /pictures of 4 × 4 instead of 1 × 2/],
      [identity(['batch', 7, 1, 2]), pictures, /7 channels instead of 3/],
      [identity(['batch', 2, 2]), rows, /3 dimensions/],
      [identity(square, 'int64'), rows, /of type int64/],
      [
        file((graph) => {
          graph.output('y', graph.op('Add', [graph.input('a', square), graph.input('b', square)]));
        }),
        rows,
        /2 inputs/,
      ],
      [file((graph) => void graph.output('y', graph.op('Shape', [graph.input('x', square)]))), rows, /not of type/],
      [
        file((graph) => void graph.output('y', graph.op('Sqrt', [graph.op('Neg', [graph.input('x', square)])]))),
        rows,
        /gives NaN for row 0/,
      ],
      [
        file((graph) => void graph.output('y', graph.sum(graph.input('x', square), [0]))),
        rows,
        /not the same count of numbers for every row/,
      ],
      [encodeOnnx({ graph: unknownOperator() }), rows, /ONNX Runtime refuses it/],
      [encodeOnnx({ graph: greedy() }), rows, /does not run on 2 numbers/],
    ];
    for (const [bytes, input, message] of cases) {
      const run = OnnxModel.open(bytes, 'm.onnx').then((model) => model.classify(input));
      await expect(run, String(message)).rejects.toThrow(message);
    }
  });
});

/** A graph that asks for 256 GB. */
function greedy(): Graph {
  const x: Value = { name: 'x', shape: ['batch', 2], type: 'float' };
  const y: Value = { name: 'y', shape: ['batch'], type: 'float' };
  const size: Value = { name: 'size', shape: [1], type: 'int64' };
  const nodes = [{ op: 'ConstantOfShape', inputs: [size], outputs: [y], attributes: {} }];
  return { inputs: [x], outputs: [y], constants: [{ value: size, data: BigInt64Array.of(2n ** 36n) }], nodes };
}

/** A graph with an operator no runtime has. */
function unknownOperator(): Graph {
  const x: Value = { name: 'x', shape: ['batch', 2], type: 'float' };
  const y = { ...x, name: 'y' };
  const nodes = [{ op: 'SendMail', inputs: [x], outputs: [y], attributes: {} }];
  return { inputs: [x], outputs: [y], constants: [], nodes };
}
