import { coinQuadratureKernel } from './generated/coin-quadrature.generated.ts';
import { type KernelEngine, type KernelMemory, MemoryPlan, openMemory } from './kernel-memory.ts';

/** Factors between two rescalings of a product over nodes; the kernel has the same. */
const rescaleEvery = 16;
/** Nodes with less than this share of the best take no part in a message. */
const negligible = 1e-40;

export interface CoinQuadratureOptions {
  /** Most answers of one worker. */
  readonly mostAnswers: number;
  /** Most nodes of one rule. */
  readonly mostNodes: number;
  /** Answers of all workers, for the choice of `auto`: WebAssembly from 20,000 on. */
  readonly answers: number;
  readonly engine?: KernelEngine;
}

/**
 * A worker's messages in one-coin belief propagation, by quadrature over the accuracy: the work of a
 * sweep that is not linear in the answers.
 *
 * With `factor[s][j] = accuracy[s]·right[j] + (1 − accuracy[s])/(K − 1)·wrong[j]`, the message to
 * answer j has the odds `Σ_s weight[s]·accuracy[s]·Π_{i≠j} factor[s][i]` to
 * `Σ_s weight[s]·(1 − accuracy[s])/(K − 1)·Π_{i≠j} factor[s][i]` for the class said against each
 * other class. Products are rescaled every 16 answers, without logarithms; nodes below 1e-40 of the
 * best are left out of the second pass. About 0.4 ns per answer and node in WASM, 2 in TypeScript.
 *
 * Fill `right` and `wrong` (what the tasks say of the worker's answers, each pair adding to 1), call
 * `run`, read `odds`. Accuracies must lie inside (0, 1).
 *
 * Source: Liu, Peng & Ihler 2012, equation 6, as a Gauss–Jacobi sum.
 *
 * @example
 * const quadrature = coinQuadrature({ mostAnswers: 3, mostNodes: 2, answers: 3 });
 * quadrature.right.set([0.9, 0.8, 0.4]);
 * quadrature.wrong.set([0.1, 0.2, 0.6]);
 * quadrature.run(3, Float64Array.of(0.5, 0.9), Float64Array.of(1, 1), 2);
 * quadrature.odds[0]; // above 1: the other answers speak for the worker
 */
export interface CoinQuadrature {
  readonly engine: 'wasm' | 'reference';
  readonly note: string | undefined;
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  readonly odds: Float64Array;
  /** Messages of the first `count` answers; `weight` of each node, up to a factor. */
  run(count: number, accuracy: Float64Array, weight: Float64Array, classCount: number): void;
}

export function coinQuadrature(options: CoinQuadratureOptions): CoinQuadrature {
  return new MemoryCoinQuadrature(options);
}

class MemoryCoinQuadrature implements CoinQuadrature {
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  readonly odds: Float64Array;
  readonly #memory: KernelMemory;
  readonly #places: { right: number; wrong: number; odds: number; hit: number; miss: number; product: number };

  constructor(options: CoinQuadratureOptions) {
    const { mostAnswers, mostNodes } = options;
    const plan = new MemoryPlan(64);
    const padded = 8 * Math.ceil(mostNodes / 8);
    const places = {
      right: plan.take(mostAnswers, 8),
      wrong: plan.take(mostAnswers, 8),
      odds: plan.take(mostAnswers, 8),
      hit: plan.take(padded, 8),
      miss: plan.take(padded, 8),
      product: plan.take(padded, 8),
    };
    const kernel = { name: 'coin-quadrature', base64: coinQuadratureKernel };
    this.#places = places;
    this.#memory = openMemory(kernel, plan, options.engine ?? 'auto', options.answers);
    const { doubles } = this.#memory;
    this.right = doubles.subarray(places.right / 8, places.right / 8 + mostAnswers);
    this.wrong = doubles.subarray(places.wrong / 8, places.wrong / 8 + mostAnswers);
    this.odds = doubles.subarray(places.odds / 8, places.odds / 8 + mostAnswers);
  }

  get engine(): 'wasm' | 'reference' {
    return this.#memory.engine;
  }

  get note(): string | undefined {
    return this.#memory.note;
  }

  run(count: number, accuracy: Float64Array, weight: Float64Array, classCount: number): void {
    const { doubles, run } = this.#memory;
    const { right, wrong, odds, hit, miss, product } = this.#places;
    const others = Math.max(1, classCount - 1);
    const padded = 8 * Math.ceil(accuracy.length / 8);
    for (let s = 0; s < padded; s++) {
      const inside = s < accuracy.length;
      doubles[hit / 8 + s] = inside ? accuracy[s] : 0.5;
      doubles[miss / 8 + s] = inside ? (1 - accuracy[s]) / others : 0.5;
      doubles[product / 8 + s] = inside ? weight[s] : 0;
    }
    if (run === undefined) this.#products(count, padded);
    else run.products(right, wrong, count, hit, miss, product, padded);
    const kept = this.#keep(padded);
    if (run === undefined) this.#odds(count, kept);
    else run.odds(right, wrong, count, hit, miss, product, kept, odds);
  }

  #products(count: number, size: number): void {
    const { doubles } = this.#memory;
    const { right, wrong } = this;
    const hit = this.#places.hit / 8;
    const miss = this.#places.miss / 8;
    const product = this.#places.product / 8;
    for (let from = 0; from < count; from += rescaleEvery) {
      const end = Math.min(count, from + rescaleEvery);
      let most = 0;
      for (let s = 0; s < size; s++) {
        const h = doubles[hit + s];
        const m = doubles[miss + s];
        let value = doubles[product + s];
        for (let j = from; j < end; j++) value *= h * right[j] + m * wrong[j];
        doubles[product + s] = value;
        if (value > most) most = value;
      }
      const inverse = 1 / most;
      for (let s = 0; s < size; s++) doubles[product + s] *= inverse;
    }
  }

  /** Moves the nodes that matter to the front; returns how many, padded to even. */
  #keep(size: number): number {
    const { doubles } = this.#memory;
    const hit = this.#places.hit / 8;
    const miss = this.#places.miss / 8;
    const product = this.#places.product / 8;
    let most = 0;
    for (let s = 0; s < size; s++) if (doubles[product + s] > most) most = doubles[product + s];
    let kept = 0;
    for (let s = 0; s < size; s++) {
      if (!(doubles[product + s] >= negligible * most)) continue;
      doubles[product + kept] = doubles[product + s];
      doubles[hit + kept] = doubles[hit + s];
      doubles[miss + kept++] = doubles[miss + s];
    }
    if (kept % 2 === 1) doubles[product + kept++] = 0;
    return kept;
  }

  #odds(count: number, size: number): void {
    const { doubles } = this.#memory;
    const { right, wrong, odds } = this;
    const hit = this.#places.hit / 8;
    const miss = this.#places.miss / 8;
    const product = this.#places.product / 8;
    for (let j = 0; j < count; j++) {
      const p = right[j];
      const q = wrong[j];
      let plus = 0;
      let minus = 0;
      for (let s = 0; s < size; s++) {
        const h = doubles[hit + s];
        const m = doubles[miss + s];
        const without = doubles[product + s] / (h * p + m * q);
        plus += without * h;
        minus += without * m;
      }
      odds[j] = plus / minus;
    }
  }
}
