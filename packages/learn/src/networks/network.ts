import { InputError, Random, StateError, version } from '@assay/core';
import { type Compiled, forwardGraph, type Signal, sessionOf, trainingGraph } from './compiled.ts';
import { GraphBuilder } from './graph.ts';
import { type Architecture, emitLayers, inputSize, type Mask, type Parameter } from './layers.ts';
import { encodeOnnx } from './onnx-file.ts';
import { adamScalars, type Optimiser } from './optimisers.ts';
import { fillsMemory, type RuntimeTensor } from './runtime.ts';

/** How one step is made. */
export interface StepOptions {
  readonly optimiser?: Optimiser;
  /** Learning rate, default 1e-3. */
  readonly rate?: number;
  /** L2 added to the gradient, default 0. */
  readonly decay?: number;
}

/** What is subtracted from and multiplied with each feature before the network. */
export interface Standardisation {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
}

/** A network as JSON: a checkpoint from which training goes on exactly. */
export interface NetworkJson {
  readonly schema: 1;
  readonly architecture: Architecture;
  readonly steps: number;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly moments: Readonly<Record<string, readonly number[]>>;
}

/** Rows that go through the forward graph at once. */
const forwardRows = 1024;

/**
 * A classifier that is trained: ONNX Runtime runs forward, backward and the optimiser's step; the
 * loss enters as its gradient with respect to the logits.
 *
 * One thread and drawn masks make training bit for bit repeatable for a seed on one kind of machine.
 * Memory: three times the parameters for Adam. `save` and `Network.load` are checkpoints; `toOnnx`
 * writes a file that any ONNX runtime reads.
 *
 * @throws {EngineError} missing-runtime where ONNX Runtime is not installed
 * @example
 * const network = Network.start(mlp(2, 3), new Random(7));
 * await network.stepTowards(Float32Array.of(1, 2), Float32Array.of(0, 0.5, 0.5), Float32Array.of(1), 1, new Random(8));
 * (await network.logits(Float32Array.of(1, 2), 1)).length; // => 3
 */
export class Network {
  readonly architecture: Architecture;
  /** Steps of the optimiser so far. */
  steps = 0;
  readonly #parameters: Map<string, Float32Array>;
  /** Where the next step writes: the two sets change places after each. */
  readonly #spare: Map<string, Float32Array> = new Map();
  #moments: Map<string, Float32Array> = new Map();

  private constructor(architecture: Architecture, parameters: Map<string, Float32Array>) {
    this.architecture = architecture;
    this.#parameters = parameters;
  }

  /** A fresh network: weights and biases uniform within ±1/√(inputs of a unit), normalisation as the identity. */
  static start(architecture: Architecture, random: Random): Network {
    const parameters = new Map<string, Float32Array>();
    for (const { value, shape, fanIn, start } of forwardGraph(architecture).parameters) {
      const bound = 1 / Math.sqrt(fanIn);
      const size = shape.reduce((product, dimension) => product * dimension, 1);
      const drawn = (): number => (2 * random.uniform() - 1) * bound;
      parameters.set(value.name, Float32Array.from({ length: size }, start === undefined ? drawn : () => start));
    }
    return new Network(architecture, parameters);
  }

  /** Parameters by name; views of the network's own memory. */
  get parameters(): ReadonlyMap<string, Float32Array> {
    return this.#parameters;
  }

  /** Logits of `rows` rows of features, row-major; dropout is off. */
  async logits(x: Float32Array, rows: number): Promise<Float32Array> {
    const { classes } = this.architecture;
    const width = inputSize(this.architecture);
    if (x.length < rows * width) throw wrongSize(x.length, rows * width);
    const forward = await sessionOf(this.architecture, 'forward', () => forwardGraph(this.architecture));
    const { Tensor } = forward.runtime;
    const all = new Float32Array(rows * classes);
    const feeds: Record<string, RuntimeTensor> = this.#feeds(forward, false);
    for (let from = 0; from < rows; from += forwardRows) {
      const count = Math.min(forwardRows, rows - from);
      feeds.x = new Tensor('float32', x.subarray(from * width, (from + count) * width), [count, width]);
      const { logits } = await forward.session.run(feeds);
      all.set(logits.data as Float32Array, from * classes);
    }
    return all;
  }

  /** Probabilities of `rows` rows, float64, rows sum to 1. */
  async probabilities(x: Float32Array, rows: number): Promise<Float64Array> {
    return softmaxRows(await this.logits(x, rows), this.architecture.classes);
  }

  /**
   * One step of soft-target cross entropy on a batch; gives the weighted loss before the step.
   *
   * @param targets rows × K, rows sum to 1
   * @param weights one per row; the loss is Σ weight · cross entropy / rows
   * @param random draws the dropout masks
   */
  async stepTowards(
    x: Float32Array,
    targets: Float32Array,
    weights: Float32Array,
    rows: number,
    random: Random,
    options: StepOptions = {},
  ): Promise<number> {
    const scaled = weights.map((weight) => weight / rows);
    const results = await this.#step('targets', x, rows, random, options, {
      targets: { data: targets, width: this.architecture.classes },
      weights: { data: scaled, width: 1 },
    });
    return (results.loss.data as Float32Array)[0];
  }

  /** One step of any loss, given its gradient with respect to the logits (rows × K). */
  async backward(
    x: Float32Array,
    upstream: Float32Array,
    rows: number,
    random: Random,
    options: StepOptions = {},
  ): Promise<void> {
    await this.#step('gradient', x, rows, random, options, {
      upstream: { data: upstream, width: this.architecture.classes },
    });
  }

  /**
   * One step of any loss of the logits: `slope` gets those of this batch, under the same dropout as the
   * step itself, and gives the loss's gradient with respect to them (both rows × K).
   */
  async stepAlong(
    x: Float32Array,
    rows: number,
    slope: (logits: Float32Array) => Float32Array,
    random: Random,
    options: StepOptions = {},
  ): Promise<void> {
    const { architecture } = this;
    const graph = await sessionOf(architecture, 'dropped', () => forwardGraph(architecture, true));
    const width = inputSize(architecture);
    if (x.length < rows * width) throw wrongSize(x.length, rows * width);
    const masks = drawnMasks(graph, rows, random);
    const batch = new graph.runtime.Tensor('float32', x.subarray(0, rows * width), [rows, width]);
    const { logits } = await graph.session.run({ ...this.#feeds(graph, false), ...masks, x: batch });
    await this.#step('gradient', x, rows, masks, options, {
      upstream: { data: slope(logits.data as Float32Array), width: architecture.classes },
    });
  }

  /** A copy that trains on its own. */
  clone(): Network {
    const copy = new Network(this.architecture, copied(this.#parameters));
    copy.steps = this.steps;
    copy.#moments = copied(this.#moments);
    return copy;
  }

  /** Takes over the parameters and moments of another network of the same architecture. */
  become(other: Network): void {
    for (const [name, data] of copied(other.#parameters)) this.#parameters.set(name, data);
    this.#moments = copied(other.#moments);
    this.#spare.clear();
    this.steps = other.steps;
  }

  /** A checkpoint as JSON. */
  save(): NetworkJson {
    const { architecture, steps } = this;
    const parameters = listed(this.#parameters);
    return { schema: 1, architecture, steps, parameters, moments: listed(this.#moments) };
  }

  /** @throws {InputError} invalid-network */
  static load(json: NetworkJson): Network {
    const hint = 'give what save() returned';
    const refuse = (what: string): InputError =>
      new InputError(`invalid network: ${what}; ${hint}`, { code: 'invalid-network', hint });
    if (json?.schema !== 1) throw refuse('not of schema 1');
    const parameters = new Map<string, Float32Array>();
    for (const { value, shape } of forwardGraph(json.architecture).parameters) {
      const data = Float32Array.from(json.parameters[value.name] ?? []);
      if (data.length !== shape.reduce((product, size) => product * size, 1)) throw refuse(`size of ${value.name}`);
      if (!data.every(Number.isFinite)) throw refuse(`${value.name} is not finite`);
      parameters.set(value.name, data);
    }
    const network = new Network(json.architecture, parameters);
    network.steps = json.steps;
    for (const [name, data] of Object.entries(json.moments)) network.#moments.set(name, Float32Array.from(data));
    return network;
  }

  /**
   * A standard ONNX file: input `features` (batch × D, as they come, standardised inside), output
   * `probabilities` (batch × K). The names of the classes are in the metadata `classes`, as JSON.
   */
  toOnnx(
    classes: readonly string[],
    standardisation?: Standardisation,
    metadata: Record<string, string> = {},
  ): Uint8Array {
    const { architecture } = this;
    const graph = new GraphBuilder();
    const width = inputSize(architecture);
    let x = graph.input('features', ['batch', width]);
    if (standardisation !== undefined) {
      x = graph.op('Sub', [x, graph.constant([...standardisation.mean], [width])]);
      x = graph.op('Mul', [x, graph.constant([...standardisation.scale], [width])]);
    }
    const { logits } = emitLayers(graph, architecture, x, false);
    graph.output('probabilities', graph.op('Softmax', [logits], { axis: 1 }));
    return encodeOnnx({
      graph: graph.finish(),
      parameters: this.#parameters,
      producerVersion: version,
      metadata: { classes: JSON.stringify(classes), architecture: JSON.stringify(architecture), ...metadata },
    });
  }

  async #step(
    signal: Signal,
    x: Float32Array,
    rows: number,
    dropout: Random | Readonly<Record<string, RuntimeTensor>>,
    { optimiser = 'adam', rate = 1e-3, decay = 0 }: StepOptions,
    inputs: Readonly<Record<string, { readonly data: Float32Array; readonly width: number }>>,
  ): Promise<Readonly<Record<string, RuntimeTensor>>> {
    const { architecture } = this;
    const key = `${signal}/${optimiser}/${decay > 0}`;
    const graph = await sessionOf(architecture, key, () => trainingGraph(architecture, signal, optimiser, decay > 0));
    const { Tensor } = graph.runtime;
    const width = inputSize(architecture);
    if (x.length < rows * width) throw wrongSize(x.length, rows * width);
    this.steps++;
    const feeds = this.#feeds(graph, optimiser === 'adam');
    feeds.x = new Tensor('float32', x.subarray(0, rows * width), [rows, width]);
    for (const [name, { data, width: columns }] of Object.entries(inputs)) {
      if (data.length < rows * columns) throw wrongSize(data.length, rows * columns);
      feeds[name] = new Tensor('float32', data.subarray(0, rows * columns), [rows, columns]);
    }
    Object.assign(feeds, dropout instanceof Random ? drawnMasks(graph, rows, dropout) : dropout);
    const scalar = (value: number): RuntimeTensor => new Tensor('float32', Float32Array.of(value), []);
    const scalars = optimiser === 'adam' ? adamScalars(rate, this.steps) : { rate };
    for (const [name, value] of Object.entries(scalars)) feeds[name] = scalar(value);
    if (decay > 0) feeds.decay = scalar(decay);
    const results = await graph.session.run(feeds, this.#fetches(graph, optimiser === 'adam', signal));
    this.#takeOver(graph, optimiser === 'adam', results);
    return results;
  }

  #feeds(graph: Compiled, withMoments: boolean): Record<string, RuntimeTensor> {
    const feeds: Record<string, RuntimeTensor> = {};
    const { Tensor } = graph.runtime;
    for (const parameter of graph.parameters) {
      const { value, shape } = parameter;
      const data = this.#parameters.get(value.name) as Float32Array;
      feeds[value.name] = new Tensor('float32', data, shape);
      for (const moment of withMoments ? momentNames(parameter) : []) {
        let held = this.#moments.get(moment);
        if (held === undefined) {
          held = new Float32Array(data.length);
          this.#moments.set(moment, held);
        }
        feeds[moment] = new Tensor('float32', held, shape);
      }
    }
    return feeds;
  }

  /** Results go into memory that is used again, not into new arrays each step. */
  #fetches(graph: Compiled, withMoments: boolean, signal: Signal): Record<string, RuntimeTensor | null> {
    const fetches: Record<string, RuntimeTensor | null> = signal === 'targets' ? { loss: null } : {};
    const { Tensor } = graph.runtime;
    const fills = fillsMemory(graph.runtime);
    for (const parameter of graph.parameters) {
      const { value, shape } = parameter;
      for (const name of withMoments ? [value.name, ...momentNames(parameter)] : [value.name]) {
        let held = this.#spare.get(name);
        if (held === undefined) {
          held = new Float32Array((this.#parameters.get(value.name) as Float32Array).length);
          this.#spare.set(name, held);
        }
        fetches[`next_${name}`] = fills ? new Tensor('float32', held, shape) : null;
      }
    }
    return fetches;
  }

  #takeOver(graph: Compiled, withMoments: boolean, results: Readonly<Record<string, RuntimeTensor>>): void {
    for (const parameter of graph.parameters) {
      const exchange = (owner: Map<string, Float32Array>, name: string): void => {
        const made = results[`next_${name}`].data as Float32Array;
        this.#spare.set(name, owner.get(name) as Float32Array);
        owner.set(name, made);
      };
      exchange(this.#parameters, parameter.value.name);
      if (withMoments) for (const moment of momentNames(parameter)) exchange(this.#moments, moment);
    }
  }
}

/** Softmax of each row in float64. */
export function softmaxRows(logits: ArrayLike<number>, classes: number): Float64Array {
  const result = Float64Array.from(logits);
  for (let row = 0; row < result.length; row += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) most = Math.max(most, result[row + k]);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += result[row + k] = Math.exp(result[row + k] - most);
    for (let k = 0; k < classes; k++) result[row + k] /= sum;
  }
  return result;
}

/** A fresh mask for every dropout layer, by the name of its input. */
function drawnMasks(graph: Compiled, rows: number, random: Random): Record<string, RuntimeTensor> {
  return Object.fromEntries(graph.masks.map((mask) => [mask.value.name, drawnMask(graph, mask, rows, random)]));
}

/** Inverted dropout: what stays is scaled up, so that nothing changes on average. */
function drawnMask(graph: Compiled, { value, size, rate }: Mask, rows: number, random: Random): RuntimeTensor {
  const kept = 1 / (1 - rate);
  const limit = rate * 2 ** 32;
  const data = new Float32Array(rows * size);
  for (let i = 0; i < data.length; i++) data[i] = random.word() < limit ? 0 : kept;
  const shape = value.shape.map((dimension) => (dimension === 'batch' ? rows : dimension));
  return new graph.runtime.Tensor('float32', data, shape);
}

/** Names of the moments of Adam; running averages have none. */
function momentNames({ value, follows }: Parameter): readonly string[] {
  return follows === undefined ? [`first_${value.name}`, `second_${value.name}`] : [];
}

function copied(arrays: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> {
  return new Map([...arrays].map(([name, data]) => [name, data.slice()]));
}

function listed(arrays: ReadonlyMap<string, Float32Array>): Record<string, number[]> {
  return Object.fromEntries([...arrays].map(([name, data]) => [name, Array.from(data)]));
}

function wrongSize(got: number, expected: number): StateError {
  const hint = 'give rows × features numbers';
  return new StateError(`invalid batch: ${got} numbers instead of ${expected}; ${hint}`, {
    code: 'invalid-batch',
    got: String(got),
    hint,
  });
}
