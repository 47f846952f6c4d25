import { StateError } from '@assay/core';
import { operators } from './operators.ts';

/** A size known when the graph is made, or the number of rows of a batch. */
export type Dimension = number | 'batch';
export type Shape = readonly Dimension[];
export type ElementType = 'float' | 'int64';

/** A tensor of a graph, by name. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
  readonly type: ElementType;
}

/** An attribute of an operator: a whole number, a list of them, or a number with a fraction. */
export type Attribute = number | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator with the tensors it reads and makes. */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** A tensor whose content is part of the graph. */
export interface Constant {
  readonly value: Value;
  readonly data: Float32Array | BigInt64Array;
}

/** A graph of ONNX operators. `nodes` are in an order in which they can run. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly Constant[];
  readonly nodes: readonly GraphNode[];
}

/**
 * Builds a {@link Graph} operator by operator; shapes are worked out, and checked, on the way.
 *
 * Only operators of the operator table are taken, so whatever is built has a gradient where the
 * table says so. Dimensions are numbers, apart from the batch.
 *
 * @example
 * const graph = new GraphBuilder();
 * const x = graph.input('x', ['batch', 4]);
 * const w = graph.input('w', [4, 2]);
 * const b = graph.input('b', [2]);
 * graph.output('z', graph.op('Gemm', [x, w, b]));
 */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #constants: Constant[] = [];
  #counter = 0;

  input(name: string, shape: Shape, type: ElementType = 'float'): Value {
    const value = { name, shape, type };
    this.#inputs.push(value);
    return value;
  }

  /** Float numbers that are part of the graph; a scalar when `shape` is empty. */
  constant(data: readonly number[], shape: readonly number[] = []): Value {
    const value: Value = { name: this.#fresh('constant'), shape, type: 'float' };
    this.#constants.push({ value, data: Float32Array.from(data) });
    return value;
  }

  /** Whole numbers that are part of the graph: axes and shapes. */
  integers(data: readonly number[]): Value {
    const value: Value = { name: this.#fresh('integers'), shape: [data.length], type: 'int64' };
    this.#constants.push({ value, data: BigInt64Array.from(data, BigInt) });
    return value;
  }

  /** Adds an operator and gives its first output. */
  op(op: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.ops(op, inputs, attributes)[0];
  }

  /** Adds an operator and gives all its outputs. */
  ops(op: string, inputs: readonly Value[], attributes: Attributes = {}): readonly Value[] {
    const known = operators[op];
    if (known === undefined) {
      const hint = 'add it to the operator table';
      throw new StateError(`unknown operator "${op}"; ${hint}`, { code: 'unknown-operator', got: op, hint });
    }
    const shapes = known.shapes(
      inputs.map((input) => input.shape),
      attributes,
    );
    const outputs = shapes.map((shape, index): Value => {
      return { name: this.#fresh(op.toLowerCase()), shape, type: known.types?.[index] ?? 'float' };
    });
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  /** Reshapes to `shape`; the batch stays what it is. */
  reshape(value: Value, shape: Shape): Value {
    const target = this.integers(shape.map((dimension) => (dimension === 'batch' ? -1 : dimension)));
    const output: Value = { name: this.#fresh('reshape'), shape, type: 'float' };
    this.nodes.push({ op: 'Reshape', inputs: [value, target], outputs: [output], attributes: {} });
    return output;
  }

  /** Sums over axes, which stay with size 1 when `keep`. */
  sum(value: Value, axes: readonly number[], keep = false): Value {
    const shape = value.shape.flatMap((dimension, axis): Dimension[] =>
      axes.includes(axis) ? (keep ? [1] : []) : [dimension],
    );
    const output: Value = { name: this.#fresh('sum'), shape, type: 'float' };
    const inputs = [value, this.integers(axes)];
    this.nodes.push({ op: 'ReduceSum', inputs, outputs: [output], attributes: { keepdims: keep ? 1 : 0 } });
    return output;
  }

  /** Declares a result of the graph under a name of its own. */
  output(name: string, value: Value): Value {
    const named = { ...value, name };
    this.nodes.push({ op: 'Identity', inputs: [value], outputs: [named], attributes: {} });
    this.#outputs.push(named);
    return named;
  }

  finish(): Graph {
    return { inputs: this.#inputs, outputs: this.#outputs, constants: this.#constants, nodes: this.nodes };
  }

  #fresh(stem: string): string {
    return `${stem}_${this.#counter++}`;
  }
}
