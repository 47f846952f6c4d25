import { flooredPrior, writeNormalised } from './confusion-sweep-reference.ts';
import { oddsKernel } from './generated/odds.generated.ts';
import { type KernelEngine, type KernelMemory, MemoryPlan, openMemory } from './kernel-memory.ts';
import { inverseRescaleFactor, logRescaleFactor, rescaleFactor } from './rescaling.ts';
import {
  isOneHot,
  missingPosterior,
  type SweepAnswers,
  type SweepLayout,
  sweepLayout,
  usableFactors,
} from './sweep-layout.ts';

export interface OddsSweepOptions {
  /** T×K factors multiplied with the class prior; a gold task is a one-hot row. See `taskFactors`. */
  readonly taskPrior?: Float64Array;
  /** `auto` takes WebAssembly from 20,000 answers on. */
  readonly engine?: KernelEngine;
}

export interface OddsSweepResult {
  /** The log-likelihood over tasks with an answer and gold tasks. */
  readonly logLikelihood: number;
  /** Largest change of a posterior since the last stored sweep (zeros before the first); NaN if not storing. */
  readonly maxChange: number;
}

/** Where things lie, in bytes. */
interface Places {
  readonly prior: number;
  readonly totals: number;
  readonly product: number;
  readonly exponents: number;
  readonly records: number;
  readonly answers: number;
  readonly labels: number;
  readonly factors: number;
  readonly posterior: number;
}

/** Odds are kept inside these, so that a rescaling of 2^332 per answer suffices. */
const leastOdds = 1e-90;
const mostOdds = 1e90;
const likelihoodAt = 0;
const exponentAt = 1;
const maxChangeAt = 2;

/**
 * E-step of models in which an answer multiplies the odds of the class it says and of no other:
 * `q[k] ∝ prior[k] · taskPrior[k] · Π_{answers saying k} odds[record]`, and for each record the sum
 * of `q[said]` over its answers. A record is what shares a factor: a worker (one-coin), or a worker
 * and a label (MACE).
 *
 * One factor per answer whatever the number of classes; no logarithm or exponential. Tasks whose
 * products could leave the range of a double take a checked path that is exact to rounding. With
 * answer weights the factor is raised to the weight (an exponential per answer) and the sum
 * weighted. About 3 ns per answer in WASM, 6 in TypeScript.
 */
export class OddsSweep {
  readonly answers: SweepAnswers;
  readonly #layout: SweepLayout;
  readonly #memory: KernelMemory;
  readonly #places: Places;
  readonly #taskPrior: Float64Array | undefined;
  readonly #recordCount: number;
  /** Weights in the order of the sweep. */
  readonly #weight: Float64Array | undefined;
  #run = 1;
  #stored = false;
  #prior: Float64Array;

  /** `recordOf(worker, label)` numbers the records from 0. */
  constructor(
    answers: SweepAnswers,
    options: OddsSweepOptions,
    recordCount: number,
    recordOf: (worker: number, label: number) => number,
  ) {
    const { classCount, taskStart, worker, label, weight } = answers;
    this.answers = answers;
    this.#layout = sweepLayout(taskStart);
    this.#taskPrior = usableFactors(options.taskPrior, classCount);
    this.#recordCount = recordCount;
    const rows = this.#layout.order.length * classCount;
    const plan = new MemoryPlan(64);
    const places = {
      prior: plan.take(classCount, 8),
      totals: plan.take(classCount, 8),
      product: plan.take(classCount, 8),
      exponents: plan.take(classCount, 8),
      records: plan.take(recordCount, 16),
      answers: plan.take(worker.length, 4),
      labels: plan.take(worker.length, 2),
      factors: this.#taskPrior === undefined ? 0 : plan.take(rows, 8),
      posterior: plan.take(rows, 8),
    };
    this.#places = places;
    const engine = weight === undefined ? (options.engine ?? 'auto') : 'reference';
    this.#memory = openMemory({ name: 'odds', base64: oddsKernel }, plan, engine, worker.length);
    this.#prior = new Float64Array(classCount).fill(1 / classCount);
    this.#weight = weight === undefined ? undefined : new Float64Array(weight.length);
    const { words, halves, doubles } = this.#memory;
    let next = 0;
    let row = places.factors / 8;
    for (const task of this.#layout.order) {
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        words[places.answers / 4 + next] = places.records + 16 * recordOf(worker[answer], label[answer]);
        halves[places.labels / 2 + next] = label[answer];
        if (this.#weight !== undefined && weight !== undefined) this.#weight[next] = weight[answer];
        next++;
      }
      if (this.#taskPrior === undefined) continue;
      for (let k = 0; k < classCount; k++) doubles[row++] = this.#taskPrior[task * classCount + k];
    }
    this.setOdds(new Float64Array(recordCount).fill(1));
  }

  get engine(): 'wasm' | 'reference' {
    return this.#memory.engine;
  }

  get note(): string | undefined {
    return this.answers.weight === undefined
      ? this.#memory.note
      : 'weighted answers run in TypeScript, about five times slower';
  }

  /** One positive factor per record. */
  setOdds(odds: Float64Array): void {
    const { doubles } = this.#memory;
    const first = this.#places.records / 8;
    let farthest = 1;
    for (let record = 0; record < this.#recordCount; record++) {
      let value = odds[record];
      if (!(value >= leastOdds)) value = leastOdds;
      else if (value > mostOdds) value = mostOdds;
      doubles[first + 2 * record] = value;
      const far = value < 1 ? 1 / value : value;
      if (far > farthest) farthest = far;
    }
    // Up to this many answers no product leaves 1e±100.
    this.#run = Math.min(0x7fffffff, Math.floor(100 / Math.log10(farthest)));
  }

  /** Number of answers of each record. */
  recordAnswers(): Float64Array {
    const { words } = this.#memory;
    const { answers, records } = this.#places;
    const counts = new Float64Array(this.#recordCount);
    for (let i = 0; i < this.answers.worker.length; i++) {
      counts[(words[answers / 4 + i] - records) / 16] += this.#weight === undefined ? 1 : this.#weight[i];
    }
    return counts;
  }

  sweep(prior: Float64Array, store: boolean): OddsSweepResult {
    const { doubles } = this.#memory;
    const { blocks } = this.#layout;
    const { classCount } = this.answers;
    this.#prior = flooredPrior(prior);
    this.#stored = store;
    this.#clear();
    doubles.set(this.#prior, this.#places.prior / 8);
    doubles[likelihoodAt] = 1;
    doubles[exponentAt] = 0;
    doubles[maxChangeAt] = 0;
    let { answers, labels, factors } = this.#places;
    let posterior = store ? this.#places.posterior : 0;
    for (let block = 0; block < blocks.length; block += 2) {
      const count = blocks[block];
      const tasks = blocks[block + 1];
      this.#sweepBlock(answers, labels, tasks, count, factors, posterior);
      answers += 4 * count * tasks;
      labels += 2 * count * tasks;
      if (factors !== 0) factors += 8 * classCount * tasks;
      if (posterior !== 0) posterior += 8 * classCount * tasks;
    }
    return {
      logLikelihood:
        Math.log(doubles[likelihoodAt]) - doubles[exponentAt] * logRescaleFactor + this.#addGoldWithoutAnswers(),
      maxChange: store ? doubles[maxChangeAt] : Number.NaN,
    };
  }

  #sweepBlock(answers: number, labels: number, tasks: number, count: number, factors: number, posterior: number): void {
    const { run } = this.#memory;
    const { prior, totals, product, exponents } = this.#places;
    const { classCount } = this.answers;
    const many = count > this.#run;
    if (run === undefined) this.#sweepTasks(answers / 4, labels / 2, tasks, count, factors / 8, posterior / 8, many);
    else if (many) {
      run.many(answers, labels, tasks, count, classCount, prior, totals, product, factors, posterior, exponents);
    } else run.few(answers, labels, tasks, count, classCount, prior, totals, product, factors, posterior);
  }

  /** The same in TypeScript; indices instead of addresses. */
  #sweepTasks(
    answers: number,
    labels: number,
    tasks: number,
    count: number,
    factors: number,
    posterior: number,
    many: boolean,
  ): void {
    const { doubles, words, halves } = this.#memory;
    const { classCount } = this.answers;
    const weight = this.#weight;
    const firstAnswer = this.#places.answers / 4;
    const prior = this.#places.prior / 8;
    const product = this.#places.product / 8;
    const exponents = this.#places.exponents / 8;
    for (let task = 0; task < tasks; task++) {
      for (let k = 0; k < classCount; k++) {
        doubles[product + k] = factors === 0 ? doubles[prior + k] : doubles[prior + k] * doubles[factors + k];
        doubles[exponents + k] = 0;
      }
      for (let i = 0; i < count; i++) {
        const k = halves[labels + i];
        const odds = doubles[words[answers + i] >>> 3];
        if (!many && weight === undefined) {
          doubles[product + k] *= odds;
          continue;
        }
        // Weights are taken in whole and fractional parts, so that no single factor leaves the range.
        let left = weight === undefined ? 1 : weight[answers + i - firstAnswer];
        for (; left > 0; left -= 1) {
          let value = doubles[product + k] * (left < 1 ? odds ** left : odds);
          if (value < 1e-100) {
            value *= rescaleFactor;
            doubles[exponents + k]++;
          } else if (value > 1e100) {
            value *= inverseRescaleFactor;
            doubles[exponents + k]--;
          }
          doubles[product + k] = value;
        }
      }
      if (many || weight !== undefined) this.#align();
      this.#finish(posterior);
      for (let i = 0; i < count; i++) {
        const q = doubles[product + halves[labels + i]];
        doubles[(words[answers + i] >>> 3) + 1] += weight === undefined ? q : q * weight[answers + i - firstAnswer];
      }
      answers += count;
      labels += count;
      if (factors !== 0) factors += classCount;
      if (posterior !== 0) posterior += classCount;
    }
  }

  #align(): void {
    const { doubles } = this.#memory;
    const { classCount } = this.answers;
    const product = this.#places.product / 8;
    const exponents = this.#places.exponents / 8;
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      if (doubles[product + k] > 0 && doubles[exponents + k] < least) least = doubles[exponents + k];
    }
    for (let k = 0; k < classCount; k++) {
      const behind = doubles[exponents + k] - least;
      if (behind > 2) doubles[product + k] = 0;
      else for (let i = 0; i < behind; i++) doubles[product + k] *= inverseRescaleFactor;
    }
    doubles[exponentAt] += least;
  }

  #finish(posterior: number): void {
    const { doubles } = this.#memory;
    const { classCount } = this.answers;
    const product = this.#places.product / 8;
    const totals = this.#places.totals / 8;
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += doubles[product + k];
    let likelihood = doubles[likelihoodAt] * sum;
    while (likelihood < 1e-100 && likelihood > 0) {
      likelihood *= rescaleFactor;
      doubles[exponentAt]++;
    }
    while (likelihood > 1e100 && likelihood < Number.POSITIVE_INFINITY) {
      likelihood *= inverseRescaleFactor;
      doubles[exponentAt]--;
    }
    doubles[likelihoodAt] = likelihood;
    for (let k = 0; k < classCount; k++) {
      const q = doubles[product + k] / sum;
      doubles[product + k] = q;
      doubles[totals + k] += q;
      if (posterior === 0) continue;
      const change = Math.abs(q - doubles[posterior + k]);
      if (change > doubles[maxChangeAt]) doubles[maxChangeAt] = change;
      doubles[posterior + k] = q;
    }
  }

  #clear(): void {
    const { doubles } = this.#memory;
    const { records, totals } = this.#places;
    doubles.fill(0, totals / 8, totals / 8 + this.answers.classCount);
    for (let record = 0; record < this.#recordCount; record++) doubles[records / 8 + 2 * record + 1] = 0;
  }

  /** Known classes count and have a probability even when nobody answered. */
  #addGoldWithoutAnswers(): number {
    const { classCount } = this.answers;
    const taskPrior = this.#taskPrior;
    if (taskPrior === undefined) return 0;
    let logLikelihood = 0;
    for (const task of this.#layout.empty) {
      if (!isOneHot(taskPrior, task * classCount, classCount)) continue;
      for (let k = 0; k < classCount; k++) {
        const value = taskPrior[task * classCount + k];
        if (!(value > 0)) continue;
        this.#memory.doubles[this.#places.totals / 8 + k]++;
        logLikelihood += Math.log(this.#prior[k] * value);
      }
    }
    return logLikelihood;
  }

  /** Sums from given posteriors (T×K in the table's order). */
  scatter(posterior: Float64Array): void {
    this.#clear();
    this.#stored = false;
    const { doubles, words, halves } = this.#memory;
    const { classCount, taskStart } = this.answers;
    const { answers, labels, totals } = this.#places;
    let next = 0;
    for (const task of this.#layout.order) {
      for (let k = 0; k < classCount; k++) doubles[totals / 8 + k] += posterior[task * classCount + k];
      for (let left = taskStart[task + 1] - taskStart[task]; left > 0; left--, next++) {
        const q = posterior[task * classCount + halves[labels / 2 + next]];
        doubles[words[answers / 4 + next] / 8 + 1] += this.#weight === undefined ? q : q * this.#weight[next];
      }
    }
    this.#addGoldWithoutAnswers();
  }

  /** Σ q[said] of each record, of the last sweep or scatter. */
  sums(out: Float64Array): Float64Array {
    const { doubles } = this.#memory;
    const first = this.#places.records / 8;
    for (let record = 0; record < this.#recordCount; record++) out[record] = doubles[first + 2 * record + 1];
    return out;
  }

  classTotals(out: Float64Array): Float64Array {
    const at = this.#places.totals / 8;
    out.set(this.#memory.doubles.subarray(at, at + this.answers.classCount));
    return out;
  }

  posterior(out: Float64Array): Float64Array {
    if (!this.#stored) {
      throw missingPosterior();
    }
    const { doubles } = this.#memory;
    const { classCount } = this.answers;
    const taskPrior = this.#taskPrior;
    let at = this.#places.posterior / 8;
    for (const task of this.#layout.order) {
      for (let k = 0; k < classCount; k++) out[task * classCount + k] = doubles[at++];
    }
    for (const task of this.#layout.empty) {
      const row = task * classCount;
      const start = taskPrior === undefined ? this.#prior : this.#prior.map((p, k) => p * taskPrior[row + k]);
      writeNormalised(start, out, row);
    }
    return out;
  }
}
