import { Random } from '@assay/core';
import { encodeOnnx, GraphBuilder, gradients, loadRuntime, operators, type Value } from '@assay/learn/networks';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';
import { type Dense, evaluate } from './reference.ts';

interface Case {
  readonly op: string;
  /** Shapes of the inputs, all of them differentiated. */
  readonly shapes: readonly (readonly number[])[];
  readonly build?: (graph: GraphBuilder, inputs: readonly Value[]) => Value;
  /** Keep away from zero: roots, quotients, kinks. */
  readonly positive?: boolean;
}

const pads = (size: number): readonly number[] => [size, size, size, size];
const training = { epsilon: { float: 1e-5 }, momentum: { float: 0 }, training_mode: 1 };

const cases: readonly Case[] = [
  { op: 'Identity', shapes: [[2, 3]] },
  { op: 'Gemm', shapes: [[3, 4], [4, 2], [2]] },
  ...[
    { strides: [1, 1], pads: pads(1) },
    { strides: [2, 2], pads: pads(0) },
    { strides: [3, 3], pads: pads(2) },
  ].map(
    (attributes): Case => ({
      op: 'Conv',
      shapes: [[2, 3, 6, 7], [4, 3, 3, 3], [4]],
      build: (graph, inputs) => graph.op('Conv', inputs, attributes),
    }),
  ),
  {
    op: 'MaxPool',
    shapes: [[2, 2, 5, 4]],
    build: (graph, inputs) => graph.op('MaxPool', inputs, { kernel_shape: [2, 2], strides: [2, 2] }),
  },
  { op: 'GlobalAveragePool', shapes: [[2, 3, 4, 5]] },
  { op: 'Reshape', shapes: [[2, 6]], build: (graph, [x]) => graph.reshape(x, ['batch', 2, 3]) },
  ...[
    [6, 3],
    [6, 3, 2, 2],
  ].map(
    (shape): Case => ({
      op: 'BatchNormalization',
      shapes: [shape, [3], [3]],
      build: (graph, inputs) => {
        const unread = ['mean', 'variance'].map((name) =>
          graph.constant(
            [0, 0, 0].map(() => Number(name === 'variance')),
            [3],
          ),
        );
        return graph.op('BatchNormalization', [...inputs, ...unread], training);
      },
    }),
  ),
  ...['Add', 'Sub', 'Mul', 'Div'].flatMap((op): Case[] => [
    {
      op,
      shapes: [
        [3, 4],
        [3, 4],
      ],
      positive: op === 'Div',
    },
    { op, shapes: [[3, 4], [4]], positive: op === 'Div' },
    {
      op,
      shapes: [
        [3, 1],
        [3, 4],
      ],
      positive: op === 'Div',
    },
    {
      op,
      shapes: [
        [2, 3, 2],
        [3, 1],
      ],
      positive: op === 'Div',
    },
  ]),
  { op: 'Neg', shapes: [[2, 3]] },
  { op: 'Sqrt', shapes: [[2, 3]], positive: true },
  { op: 'Relu', shapes: [[2, 3]], positive: true },
  { op: 'Tanh', shapes: [[2, 3]] },
  { op: 'Sigmoid', shapes: [[2, 3]] },
  { op: 'Softmax', shapes: [[3, 4]], build: (graph, inputs) => graph.op('Softmax', inputs, { axis: 1 }) },
];

describeWithRuntime('backward graphs', () => {
  it('are tested for every operator that has one', () => {
    const differentiable = Object.keys(operators).filter((op) => operators[op].gradient !== undefined);
    expect([...new Set(cases.map(({ op }) => op))].sort()).toEqual(differentiable.sort());
  });

  for (const { op, shapes, positive, build } of cases) {
    it(`of ${op} on ${shapes.map((shape) => shape.join('×')).join(', ')} are the slopes of float64 loops`, async () => {
      const random = new Random(op);
      const graph = new GraphBuilder();
      const inputs = shapes.map((shape, i) => graph.input(`in${i}`, shape));
      const y = (build ?? ((to, from): Value => to.op(op, from)))(graph, inputs);
      const forward = { ...graph.finish(), nodes: [...graph.finish().nodes] };
      const upstream = graph.input('upstream', y.shape);
      const found = gradients(graph, y, upstream, inputs);
      inputs.forEach((input, i) => void graph.output(`d${i}`, found.get(input.name) as Value));

      const feeds: Record<string, Dense> = {};
      shapes.forEach((shape, i) => {
        const length = shape.reduce((product, size) => product * size, 1);
        const draw = (): number => Math.fround(positive === true ? 0.5 + random.uniform() : random.normal());
        feeds[`in${i}`] = { shape, data: Float64Array.from({ length }, draw) };
      });
      const value = (): Dense => {
        const name = forward.nodes.at(-1)?.outputs[0].name as string;
        return evaluate({ ...forward, outputs: [{ ...y, name }] }, feeds)[name];
      };
      const { shape, data } = value();
      const weights = Float64Array.from(data, () => Math.fround(random.normal()));

      const { InferenceSession, Tensor } = await loadRuntime();
      const session = await InferenceSession.create(encodeOnnx({ graph: graph.finish() }));
      const tensors = Object.entries({ ...feeds, upstream: { shape, data: weights } }).map(([name, dense]) => {
        return [name, new Tensor('float32', Float32Array.from(dense.data), dense.shape)] as const;
      });
      const results = await session.run(Object.fromEntries(tensors));
      const loss = (): number => value().data.reduce((sum, each, i) => sum + each * weights[i], 0);
      shapes.forEach((_, i) => {
        const own = feeds[`in${i}`].data;
        const gradient = results[`d${i}`].data as Float32Array;
        expect(gradient).toHaveLength(own.length);
        const slopes = own.map((kept, at) => {
          own[at] = kept + 1e-5;
          const up = loss();
          own[at] = kept - 1e-5;
          const down = loss();
          own[at] = kept;
          return (up - down) / 2e-5;
        });
        const scale = Math.max(...slopes.map(Math.abs), 0.1);
        slopes.forEach((slope, at) => {
          expect(Math.abs(gradient[at] - slope) / scale, `d${i}[${at}]`).toBeLessThan(1e-4);
        });
      });
    });
  }
});
