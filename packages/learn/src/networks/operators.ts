import { InputError, StateError } from '@assay/core';
import type { Attributes, ElementType, GraphBuilder, GraphNode, Shape, Value } from './graph.ts';

/** What Assay knows of one ONNX operator. */
export interface Operator {
  /** Shapes of the outputs for shapes of the inputs. */
  shapes(inputs: readonly Shape[], attributes: Attributes): readonly Shape[];
  /** Types of the outputs where they are not float. */
  readonly types?: readonly ElementType[];
  /**
   * Adds the operators that carry the gradient from the first output to the inputs. `wanted[i]`
   * says whether input `i` needs one; others may stay undefined.
   */
  gradient?(
    graph: GraphBuilder,
    node: GraphNode,
    upstream: Value,
    wanted: readonly boolean[],
  ): readonly (Value | undefined)[];
}

type Gradients = readonly (Value | undefined)[];

/**
 * The operator table: every ONNX operator Assay emits, its shapes and its backward graph.
 *
 * Gradients are written in the same operators, so ONNX Runtime runs them as well: a dense layer's
 * are two more `Gemm`, a convolution's a `Conv` with batch and channels exchanged and a
 * `ConvTranspose`, max pooling's a `MaxUnpool` at the indices the forward pass noted.
 */
export const operators: Readonly<Record<string, Operator>> = {
  Identity: { shapes: ([x]) => [x], gradient: (_graph, _node, upstream) => [upstream] },
  Gemm: {
    shapes([a, b], attributes) {
      const [rows, inner] = attributes.transA === 1 ? [a[1], a[0]] : a;
      const [same, columns] = attributes.transB === 1 ? [b[1], b[0]] : b;
      if (inner !== same) throw mismatch('Gemm', a, b);
      return [[rows, columns]];
    },
    gradient(graph, { inputs: [x, weight], attributes }, upstream, wanted): Gradients {
      if (attributes.transA === 1 || attributes.transB === 1) throw noGradient('Gemm of a transposed matrix');
      return [
        wanted[0] ? graph.op('Gemm', [upstream, weight], { transB: 1 }) : undefined,
        wanted[1] ? graph.op('Gemm', [x, upstream], { transA: 1 }) : undefined,
        wanted[2] ? graph.sum(upstream, [0]) : undefined,
      ];
    },
  },
  Conv: {
    shapes([x, weight], attributes) {
      const { pads, strides } = windowOf(attributes);
      if (x[1] !== weight[1]) throw mismatch('Conv', x, weight);
      const [high, wide] = [0, 1].map((axis) => {
        const size = (x[axis + 2] as number) + pads[axis] + pads[axis + 2] - (weight[axis + 2] as number);
        return windows(size, strides[axis]);
      });
      return [[x[0], weight[0], high, wide]];
    },
    gradient(graph, node, upstream, wanted): Gradients {
      const [x, weight] = node.inputs;
      const { pads, strides } = windowOf(node.attributes);
      const covered = [0, 1].map((axis) => {
        const size = (x.shape[axis + 2] as number) + pads[axis] + pads[axis + 2] - (weight.shape[axis + 2] as number);
        return size % strides[axis];
      });
      return [
        wanted[0]
          ? graph.op('ConvTranspose', [upstream, weight], { pads, strides, output_padding: covered })
          : undefined,
        wanted[1] ? convolutionWeights(graph, x, weight, upstream, pads, strides, covered) : undefined,
        wanted[2] ? graph.sum(upstream, [0, 2, 3]) : undefined,
      ];
    },
  },
  ConvTranspose: {
    shapes([x, weight], attributes) {
      const { pads, strides } = windowOf(attributes);
      const extra = (attributes.output_padding as readonly number[] | undefined) ?? [0, 0];
      const sizes = [0, 1].map((axis) => {
        const span = strides[axis] * ((x[axis + 2] as number) - 1) + (weight[axis + 2] as number);
        return span - pads[axis] - pads[axis + 2] + extra[axis];
      });
      return [[x[0], weight[1], ...sizes]];
    },
  },
  MaxPool: {
    types: ['float', 'int64'],
    shapes([x], attributes) {
      const { pads, strides, kernel } = windowOf(attributes);
      const sizes = [0, 1].map((axis) => {
        const size = (x[axis + 2] as number) + pads[axis] + pads[axis + 2] - kernel[axis];
        return windows(size, strides[axis]);
      });
      const shape = [x[0], x[1], ...sizes];
      return [shape, shape];
    },
    gradient(graph, node, upstream): Gradients {
      const { kernel_shape, strides } = node.attributes;
      const shape = graph.op('Shape', [node.inputs[0]]);
      const spread = graph.op('MaxUnpool', [upstream, node.outputs[1], shape], { kernel_shape, strides });
      return [{ ...graph.reshape(spread, node.inputs[0].shape) }];
    },
  },
  MaxUnpool: { shapes: ([x]) => [x] },
  Shape: { types: ['int64'], shapes: ([x]) => [[x.length]] },
  GlobalAveragePool: {
    shapes: ([x]) => [[x[0], x[1], 1, 1]],
    gradient(graph, { inputs: [x] }, upstream): Gradients {
      const [, channels, high, wide] = x.shape as readonly [unknown, number, number, number];
      const even = graph.constant(new Array<number>(high * wide).fill(1 / (high * wide)), [1, 1, high, wide]);
      return [{ ...graph.op('Mul', [upstream, even]), shape: ['batch', channels, high, wide] }];
    },
  },
  BatchNormalization: {
    shapes: ([x, scale], { training_mode }) => (training_mode === 1 ? [x, scale, scale] : [x]),
    gradient: normalisationGradients,
  },
  Size: { types: ['int64'], shapes: () => [[]] },
  Cast: { shapes: ([x]) => [x] },
  Reshape: {
    shapes: ([x]) => [x],
    gradient: (graph, { inputs: [x] }, upstream): Gradients => [graph.reshape(upstream, x.shape)],
  },
  Transpose: {
    shapes: ([x], { perm }) => [(perm as readonly number[]).map((axis) => x[axis])],
  },
  ReduceSum: { shapes: ([x]) => [x] },
  Slice: { shapes: ([x]) => [x] },
  Add: {
    shapes: broadcast,
    gradient: (graph, { inputs: [a, b] }, upstream, wanted): Gradients => [
      wanted[0] ? sumTo(graph, upstream, a.shape) : undefined,
      wanted[1] ? sumTo(graph, upstream, b.shape) : undefined,
    ],
  },
  Sub: {
    shapes: broadcast,
    gradient: (graph, { inputs: [a, b] }, upstream, wanted): Gradients => [
      wanted[0] ? sumTo(graph, upstream, a.shape) : undefined,
      wanted[1] ? sumTo(graph, graph.op('Neg', [upstream]), b.shape) : undefined,
    ],
  },
  Mul: {
    shapes: broadcast,
    gradient: (graph, { inputs: [a, b] }, upstream, wanted): Gradients => [
      wanted[0] ? sumTo(graph, graph.op('Mul', [upstream, b]), a.shape) : undefined,
      wanted[1] ? sumTo(graph, graph.op('Mul', [upstream, a]), b.shape) : undefined,
    ],
  },
  Div: {
    shapes: broadcast,
    gradient(graph, { inputs: [a, b], outputs: [y] }, upstream, wanted): Gradients {
      const scaled = graph.op('Div', [upstream, b]);
      return [
        wanted[0] ? sumTo(graph, scaled, a.shape) : undefined,
        wanted[1] ? sumTo(graph, graph.op('Neg', [graph.op('Mul', [scaled, y])]), b.shape) : undefined,
      ];
    },
  },
  Neg: { shapes: ([x]) => [x], gradient: (graph, _node, upstream): Gradients => [graph.op('Neg', [upstream])] },
  Sqrt: {
    shapes: ([x]) => [x],
    gradient: (graph, { outputs: [y] }, upstream): Gradients => [
      graph.op('Div', [graph.op('Mul', [upstream, graph.constant([0.5])]), y]),
    ],
  },
  Relu: {
    shapes: ([x]) => [x],
    // The sign of what came out is 1 where the input was positive and 0 elsewhere.
    gradient: (graph, { outputs: [y] }, upstream): Gradients => [graph.op('Mul', [upstream, graph.op('Sign', [y])])],
  },
  Sign: { shapes: ([x]) => [x] },
  Tanh: {
    shapes: ([x]) => [x],
    gradient(graph, { outputs: [y] }, upstream): Gradients {
      const slope = graph.op('Sub', [graph.constant([1]), graph.op('Mul', [y, y])]);
      return [graph.op('Mul', [upstream, slope])];
    },
  },
  Sigmoid: {
    shapes: ([x]) => [x],
    gradient(graph, { outputs: [y] }, upstream): Gradients {
      const slope = graph.op('Mul', [y, graph.op('Sub', [graph.constant([1]), y])]);
      return [graph.op('Mul', [upstream, slope])];
    },
  },
  LogSoftmax: { shapes: ([x]) => [x] },
  Softmax: {
    shapes: ([x]) => [x],
    gradient(graph, { outputs: [y] }, upstream): Gradients {
      const last = y.shape.length - 1;
      const mean = graph.sum(graph.op('Mul', [upstream, y]), [last], true);
      return [graph.op('Mul', [y, graph.op('Sub', [upstream, mean])])];
    },
  },
};

/**
 * Gradients of a batch normalisation by the mean and variance of its batch, which its further outputs
 * are: dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), dγ = Σ dy · x̂, dβ = Σ dy, per channel.
 *
 * Source: Ioffe & Szegedy (2015), Batch normalization, section 3.
 */
function normalisationGradients(
  graph: GraphBuilder,
  { inputs: [x, scale], outputs: [, mean, variance], attributes }: GraphNode,
  upstream: Value,
  wanted: readonly boolean[],
): Gradients {
  if (attributes.training_mode !== 1) throw noGradient('BatchNormalization by running averages');
  const channels = x.shape[1] as number;
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const wide = (value: Value): Value => graph.reshape(value, [channels, ...axes.slice(1).map(() => 1)]);
  const { float: epsilon } = attributes.epsilon as { float: number };
  const deviation = graph.op('Sqrt', [graph.op('Add', [variance, graph.constant([epsilon])])]);
  const normal = graph.op('Div', [graph.op('Sub', [x, wide(mean)]), wide(deviation)]);
  const shift = graph.sum(upstream, axes);
  const slope = graph.sum(graph.op('Mul', [upstream, normal]), axes);
  if (!wanted[0]) return [undefined, slope, shift];
  const numbers = graph.op('Cast', [graph.op('Size', [x])], { to: 1 });
  const count = graph.op('Div', [numbers, graph.constant([channels])]);
  const along = graph.op('Mul', [normal, wide(graph.op('Div', [slope, count]))]);
  const centred = graph.op('Sub', [graph.op('Sub', [upstream, wide(graph.op('Div', [shift, count]))]), along]);
  return [graph.op('Mul', [centred, wide(graph.op('Div', [scale, deviation]))]), slope, shift];
}

/**
 * dW of a convolution: a convolution of the input with the output's gradient as kernel, batch and
 * channels exchanged, the strides as dilations. What a stride leaves uncovered is cut off.
 */
function convolutionWeights(
  graph: GraphBuilder,
  x: Value,
  weight: Value,
  upstream: Value,
  pads: readonly number[],
  strides: readonly number[],
  uncovered: readonly number[],
): Value {
  const exchange = { perm: [1, 0, 2, 3] };
  const image = graph.op('Transpose', [x], exchange);
  const kernel = graph.op('Transpose', [upstream], exchange);
  const shape = [weight.shape[1], weight.shape[0], weight.shape[2], weight.shape[3]];
  let result = graph.op('Conv', [image, kernel], { pads, dilations: [...strides], strides: [1, 1] });
  if (uncovered.some((left) => left > 0)) {
    const ends = graph.integers([weight.shape[2] as number, weight.shape[3] as number]);
    result = graph.op('Slice', [result, graph.integers([0, 0]), ends, graph.integers([2, 3])]);
  }
  return graph.op('Transpose', [{ ...result, shape }], exchange);
}

/** Sums a gradient back to the shape a broadcast input had. */
function sumTo(graph: GraphBuilder, gradient: Value, shape: Shape): Value {
  const more = gradient.shape.length - shape.length;
  const leading = Array.from({ length: more }, (_, axis) => axis);
  const within = shape.flatMap((size, axis) => (size === 1 && gradient.shape[axis + more] !== 1 ? [axis + more] : []));
  let result = gradient;
  if (within.length > 0) result = graph.sum(result, within, true);
  return leading.length > 0 ? graph.sum(result, leading) : result;
}

function broadcast([a, b]: readonly Shape[]): readonly Shape[] {
  const rank = Math.max(a.length, b.length);
  return [
    Array.from({ length: rank }, (_, axis) => {
      const left = a[axis - (rank - a.length)] ?? 1;
      const right = b[axis - (rank - b.length)] ?? 1;
      if (left !== right && left !== 1 && right !== 1) throw mismatch('elementwise', a, b);
      return left === 1 ? right : left;
    }),
  ];
}

function windowOf(attributes: Attributes): {
  pads: readonly number[];
  strides: readonly number[];
  kernel: readonly number[];
} {
  return {
    pads: (attributes.pads as readonly number[] | undefined) ?? [0, 0, 0, 0],
    strides: (attributes.strides as readonly number[] | undefined) ?? [1, 1],
    kernel: (attributes.kernel_shape as readonly number[] | undefined) ?? [1, 1],
  };
}

/** Places of a window along an axis, given what is left beside its first one. */
function windows(left: number, stride: number): number {
  if (left >= 0) return Math.floor(left / stride) + 1;
  const hint = 'give larger pictures, or a network with fewer poolings';
  const message = `invalid architecture: a window is larger than what is left of the picture; ${hint}`;
  throw new InputError(message, { code: 'invalid-architecture', got: String(left), hint });
}

function mismatch(op: string, a: Shape, b: Shape): StateError {
  const shapes = `[${a.join(', ')}] and [${b.join(', ')}]`;
  const hint = 'make the shapes fit';
  return new StateError(`invalid shapes of ${op}: ${shapes}; ${hint}`, { code: 'invalid-shape', got: shapes, hint });
}

function noGradient(what: string): StateError {
  const hint = 'use an operator that has one';
  return new StateError(`missing gradient of ${what}; ${hint}`, { code: 'missing-gradient', got: what, hint });
}
