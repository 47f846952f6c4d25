import { OddsSweep, type OddsSweepOptions, type OddsSweepResult } from './odds-sweep.ts';
import type { SweepAnswers } from './sweep-layout.ts';

/** Accuracies are kept this far from 0 and 1. */
const leastShare = 1e-12;

/**
 * E-step and counts of the one-coin model, where worker w is right with probability `accuracy[w]`
 * and its wrong answers are even over the other K − 1 classes: a right answer multiplies the odds of
 * the class said by `(K − 1) · accuracy / (1 − accuracy)`.
 *
 * For one-coin EM and its MAP, ZenCrowd, weighted votes with log-odds weights, and one-coin mean
 * field (through `setOdds`). About 3 ns per answer. Memory: 6 bytes per answer, 16 per worker, 8·K
 * per task. Weighted answers: the odds to the power of the weight, sums weighted.
 *
 * @example
 * const sweep = oneCoinSweep(table);
 * sweep.setAccuracy(new Float64Array(table.workerCount).fill(0.7));
 * const prior = new Float64Array(table.classCount).fill(1 / table.classCount);
 * const { logLikelihood } = sweep.sweep(prior, { store: false });
 * const right = sweep.right(new Float64Array(table.workerCount)); // Σ q[said] of each worker
 */
export interface OneCoinSweep {
  readonly engine: 'wasm' | 'reference';
  readonly note: string | undefined;
  /** W accuracies, kept in [1e-12, 1 − 1e-12]; `logLikelihood` is then that of the answers. */
  setAccuracy(accuracy: Float64Array): void;
  /** W factors for the class said; `logLikelihood` is then Σ ln Σ_k prior · Π factors. */
  setOdds(odds: Float64Array): void;
  sweep(prior: Float64Array, options: { readonly store: boolean }): OddsSweepResult;
  /** Sums from given posteriors, T×K in the table's order. */
  scatter(posterior: Float64Array): void;
  /** W: expected number of right answers, of the last sweep or scatter. */
  right(out: Float64Array): Float64Array;
  /** K: Σ of posteriors over tasks with an answer and gold tasks. */
  classTotals(out: Float64Array): Float64Array;
  /** T×K posteriors of the last sweep, which must have stored them. */
  posterior(out: Float64Array): Float64Array;
}

/** The sweep over `answers`; see {@link OneCoinSweep}. */
export function oneCoinSweep(answers: SweepAnswers, options: OddsSweepOptions = {}): OneCoinSweep {
  return new WorkerOddsSweep(answers, options);
}

class WorkerOddsSweep implements OneCoinSweep {
  readonly #odds: OddsSweep;
  readonly #answerCounts: Float64Array;
  /** Σ ln((1 − accuracy) / (K − 1)) over all answers: what every class has in common. */
  #common = 0;

  constructor(answers: SweepAnswers, options: OddsSweepOptions) {
    this.#odds = new OddsSweep(answers, options, answers.workerCount, (worker) => worker);
    this.#answerCounts = this.#odds.recordAnswers();
  }

  get engine(): 'wasm' | 'reference' {
    return this.#odds.engine;
  }

  get note(): string | undefined {
    return this.#odds.note;
  }

  setAccuracy(accuracy: Float64Array): void {
    // With one class there is no wrong answer to compare with.
    const wrongClasses = this.#odds.answers.classCount - 1;
    if (wrongClasses === 0) {
      this.setOdds(new Float64Array(accuracy.length).fill(1));
      return;
    }
    const odds = new Float64Array(accuracy.length);
    this.#common = 0;
    for (let worker = 0; worker < accuracy.length; worker++) {
      const share = Math.min(Math.max(accuracy[worker], leastShare), 1 - leastShare);
      odds[worker] = (wrongClasses * share) / (1 - share);
      this.#common += this.#answerCounts[worker] * Math.log((1 - share) / wrongClasses);
    }
    this.#odds.setOdds(odds);
  }

  setOdds(odds: Float64Array): void {
    this.#common = 0;
    this.#odds.setOdds(odds);
  }

  sweep(prior: Float64Array, options: { readonly store: boolean }): OddsSweepResult {
    const { logLikelihood, maxChange } = this.#odds.sweep(prior, options.store);
    return { logLikelihood: logLikelihood + this.#common, maxChange };
  }

  scatter(posterior: Float64Array): void {
    this.#odds.scatter(posterior);
  }

  right(out: Float64Array): Float64Array {
    return this.#odds.sums(out);
  }

  classTotals(out: Float64Array): Float64Array {
    return this.#odds.classTotals(out);
  }

  posterior(out: Float64Array): Float64Array {
    return this.#odds.posterior(out);
  }
}
