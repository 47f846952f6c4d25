import type { Graph, GraphNode, Shape, Value } from '@assay/learn/networks';

/** A float64 tensor. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Runs the forward operators of a graph in float64, loop by loop: the oracle of the tests. Of several outputs of an operator all are kept. */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Dense>>): Record<string, Dense> {
  const held = new Map<string, Dense>(Object.entries(feeds));
  for (const { value, data } of graph.constants)
    held.set(value.name, { shape: value.shape as number[], data: Float64Array.from(data, Number) });
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input: Value) => held.get(input.name) as Dense);
    const made = node.op === 'BatchNormalization' ? normalised(node, inputs) : [run(node, inputs)];
    node.outputs.forEach((output, i) => void (made[i] && held.set(output.name, made[i])));
  }
  return Object.fromEntries(graph.outputs.map((output) => [output.name, held.get(output.name) as Dense]));
}

function run(node: GraphNode, [a, b, c]: readonly Dense[]): Dense {
  const each = (change: (value: number) => number): Dense => ({ shape: a.shape, data: a.data.map(change) });
  switch (node.op) {
    case 'Identity':
      return a;
    case 'Relu':
      return each((value) => Math.max(0, value));
    case 'Neg':
      return each((value) => -value);
    case 'Tanh':
      return each(Math.tanh);
    case 'Sigmoid':
      return each((value) => 1 / (1 + Math.exp(-value)));
    case 'Reshape': {
      const shape = Array.from(b.data);
      const known = shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
      return { shape: shape.map((size) => (size < 0 ? a.data.length / known : size)), data: a.data };
    }
    case 'Sqrt':
      return each(Math.sqrt);
    case 'Softmax': {
      const width = a.shape[a.shape.length - 1];
      const data = a.data.map(Math.exp);
      for (let row = 0; row < data.length; row += width) {
        const sum = data.subarray(row, row + width).reduce((total, value) => total + value, 0);
        for (let k = row; k < row + width; k++) data[k] /= sum;
      }
      return { shape: a.shape, data };
    }
    case 'Add':
      return elementwise(a, b, (left, right) => left + right);
    case 'Sub':
      return elementwise(a, b, (left, right) => left - right);
    case 'Mul':
      return elementwise(a, b, (left, right) => left * right);
    case 'Div':
      return elementwise(a, b, (left, right) => left / right);
    case 'Gemm': {
      const [rows, inner] = a.shape;
      const columns = b.shape[1];
      const data = new Float64Array(rows * columns);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          let sum = c.data[j];
          for (let k = 0; k < inner; k++) sum += a.data[i * inner + k] * b.data[k * columns + j];
          data[i * columns + j] = sum;
        }
      return { shape: [rows, columns], data };
    }
    case 'Conv':
      return convolution(node, a, b, c);
    case 'MaxPool':
      return pooled(node, a, (window) => Math.max(...window));
    case 'GlobalAveragePool': {
      const area = a.shape[2] * a.shape[3];
      const data = new Float64Array(a.shape[0] * a.shape[1]);
      a.data.forEach((value, i) => {
        data[Math.floor(i / area)] += value / area;
      });
      return { shape: [a.shape[0], a.shape[1], 1, 1], data };
    }
    default:
      throw new Error(`the reference has no ${node.op}`);
  }
}

/** By the statistics given, or in training by those of the batch, which are outputs too. */
function normalised({ attributes }: GraphNode, [x, scale, bias, mean, variance]: readonly Dense[]): Dense[] {
  const [batch, channels] = x.shape;
  const area = x.data.length / batch / channels;
  const channelOf = (i: number): number => Math.floor(i / area) % channels;
  let [center, spread] = [mean.data, variance.data];
  if (attributes.training_mode === 1) {
    const meanOf = (values: Float64Array): Float64Array => {
      const sums = new Float64Array(channels);
      values.forEach((value, i) => {
        sums[channelOf(i)] += value / batch / area;
      });
      return sums;
    };
    center = meanOf(x.data);
    spread = meanOf(x.data.map((value, i) => (value - center[channelOf(i)]) ** 2));
  }
  const data = x.data.map((value, i) => {
    const k = channelOf(i);
    return ((value - center[k]) / Math.sqrt(spread[k] + 1e-5)) * scale.data[k] + bias.data[k];
  });
  const statistic = (values: Float64Array): Dense => ({ shape: [channels], data: values });
  return [{ shape: x.shape, data }, statistic(center), statistic(spread)];
}

/** Numbers of two tensors pairwise; sizes of 1, or absent ones in front, are repeated. */
function elementwise(a: Dense, b: Dense, combine: (left: number, right: number) => number): Dense {
  const rank = Math.max(a.shape.length, b.shape.length);
  const sizes = [a, b].map(({ shape }) => [...new Array<number>(rank - shape.length).fill(1), ...shape]);
  const shape = sizes[0].map((size, axis) => Math.max(size, sizes[1][axis]));
  const at = (own: readonly number[], index: number): number => {
    let [place, step, rest] = [0, 1, index];
    for (let axis = rank - 1; axis >= 0; axis--) {
      if (own[axis] > 1) place += (rest % shape[axis]) * step;
      step *= own[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    return place;
  };
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float64Array.from({ length }, (_, i) => combine(a.data[at(sizes[0], i)], b.data[at(sizes[1], i)]));
  return { shape, data };
}

function convolution(node: GraphNode, x: Dense, weight: Dense, bias: Dense): Dense {
  const pads = node.attributes.pads as readonly number[];
  const [stride] = node.attributes.strides as readonly number[];
  const [batch, channels, height, width] = x.shape;
  const [filters, , size] = weight.shape;
  const [high, wide] = (node.outputs[0].shape as Shape).slice(2) as number[];
  const data = new Float64Array(batch * filters * high * wide);
  let at = 0;
  for (let n = 0; n < batch; n++)
    for (let f = 0; f < filters; f++)
      for (let i = 0; i < high; i++)
        for (let j = 0; j < wide; j++) {
          let sum = bias.data[f];
          for (let ch = 0; ch < channels; ch++)
            for (let p = 0; p < size; p++)
              for (let q = 0; q < size; q++) {
                const [row, column] = [i * stride + p - pads[0], j * stride + q - pads[1]];
                if (row < 0 || column < 0 || row >= height || column >= width) continue;
                const pixel = x.data[((n * channels + ch) * height + row) * width + column];
                sum += pixel * weight.data[((f * channels + ch) * size + p) * size + q];
              }
          data[at++] = sum;
        }
  return { shape: [batch, filters, high, wide], data };
}

function pooled(node: GraphNode, x: Dense, combine: (window: number[]) => number): Dense {
  const [size] = node.attributes.kernel_shape as readonly number[];
  const [batch, channels, height, width] = x.shape;
  const [high, wide] = [Math.floor(height / size), Math.floor(width / size)];
  const data = new Float64Array(batch * channels * high * wide);
  let at = 0;
  for (let plane = 0; plane < batch * channels; plane++)
    for (let i = 0; i < high; i++)
      for (let j = 0; j < wide; j++) {
        const window: number[] = [];
        for (let p = 0; p < size; p++)
          for (let q = 0; q < size; q++) window.push(x.data[(plane * height + i * size + p) * width + j * size + q]);
        data[at++] = combine(window);
      }
  return { shape: [batch, channels, high, wide], data };
}
