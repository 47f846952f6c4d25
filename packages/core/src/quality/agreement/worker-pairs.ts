import type { AnswerTable } from '../../answers/answer-table.ts';
import { BudgetError } from '../../errors.ts';
import { type CohenKappa, cohenKappa, type KappaWeights } from './two-workers.ts';

/** How two workers agree on the tasks both answered. */
export interface WorkerPair {
  readonly first: string;
  readonly second: string;
  /** Number of answers compared: the tasks both answered, unless repeats count. */
  readonly shared: number;
  /** Share of them with the same class. */
  readonly agreement: number;
  /** Cohen's kappa, NaN when both said one class only; its 95 % interval. */
  readonly kappa: number;
  readonly lo: number;
  readonly hi: number;
}

/** All pairs of workers that share tasks, in short, and those worth listing. */
export interface PairAgreement {
  /** Number of pairs that share at least one task. */
  readonly pairCount: number;
  /** Number of pairs that share at least `minShared` tasks. */
  readonly comparedPairs: number;
  /** Mean kappa over the compared pairs that have one, weighted by what they share; NaN without any. */
  readonly meanKappa: number;
  /** The compared pairs, most shared tasks first, then by the workers' order. */
  readonly pairs: readonly WorkerPair[];
}

export interface PairOptions {
  /** Weights of Cohen's kappa; default `none`. */
  readonly weights?: KappaWeights;
  /** Least number of shared tasks for a pair to be compared; default 10. Kappa of fewer is biased to 0. */
  readonly minShared?: number;
  /** Most pairs to list; default 1,000. */
  readonly most?: number;
}

/** The most comparisons of two answers in one call: about ten seconds. */
const mostComparisons = 1e9;

/**
 * Agreement and Cohen's kappa of every pair of workers that share tasks.
 *
 * Use to find workers who copy each other (far above the rest) or misread the task (far below).
 * Pairs that share nothing cost nothing: O(Σ m²/2) for tasks with m answers, and memory of one
 * worker's comparisons. Kappa needs a few dozen shared tasks to say much; look at the interval.
 *
 * @throws {BudgetError} too-many-pairs beyond a billion comparisons
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'dog']]);
 * pairAgreement(table, { minShared: 2 }).pairs[0].kappa; // => 1
 */
export function pairAgreement(table: AnswerTable, options: PairOptions = {}): PairAgreement {
  const comparisons = comparisonCount(table);
  if (comparisons > mostComparisons) {
    throw new BudgetError(
      `invalid size for pairs of workers: ${comparisons.toExponential(1)} pairs of answers; leave out tasks with very many answers`,
      { code: 'too-many-pairs', got: String(comparisons), hint: 'leave out tasks with very many answers' },
    );
  }
  const { minShared = 10, most = 1000, weights = 'none' } = options;
  const { workerCount, taskStart, worker, label, answerTask, byWorker } = table;
  const sharedWith = new Uint32Array(workerCount);
  const bucketEnd = new Uint32Array(workerCount);
  const kept: WorkerPair[] = [];
  const tally = new PairTally(table.classCount, weights);
  let bucketed = new Uint32Array(0);
  let pairCount = 0;
  let comparedPairs = 0;
  let kappaTotal = 0;
  let kappaWeight = 0;
  for (let w = 0; w < workerCount; w++) {
    const colleagues: number[] = [];
    let total = 0;
    for (let i = byWorker.start[w]; i < byWorker.start[w + 1]; i++) {
      const task = answerTask[byWorker.answers[i]];
      for (let other = byWorker.answers[i] + 1; other < taskStart[task + 1]; other++) {
        if (worker[other] === w) continue;
        if (sharedWith[worker[other]]++ === 0) colleagues.push(worker[other]);
        total++;
      }
    }
    colleagues.sort((a, b) => a - b);
    if (bucketed.length < 2 * total) bucketed = new Uint32Array(4 * total);
    let at = 0;
    for (const v of colleagues) {
      bucketEnd[v] = at;
      at += sharedWith[v];
    }
    for (let i = byWorker.start[w]; i < byWorker.start[w + 1]; i++) {
      const answer = byWorker.answers[i];
      for (let other = answer + 1; other < taskStart[answerTask[answer] + 1]; other++) {
        if (worker[other] === w) continue;
        const slot = bucketEnd[worker[other]]++;
        bucketed[2 * slot] = label[answer];
        bucketed[2 * slot + 1] = label[other];
      }
    }
    let from = 0;
    for (const v of colleagues) {
      const shared = sharedWith[v];
      sharedWith[v] = 0;
      pairCount++;
      from += shared;
      if (shared < minShared) continue;
      comparedPairs++;
      const { value: kappa, lo, hi } = tally.kappa(bucketed, from - shared, shared);
      if (!Number.isNaN(kappa)) {
        kappaTotal += shared * kappa;
        kappaWeight += shared;
      }
      kept.push({
        first: table.workers.name(w),
        second: table.workers.name(v),
        shared,
        agreement: tally.same / shared,
        kappa,
        lo,
        hi,
      });
      if (kept.length >= 2 * most + 1000) keepMost(kept, most);
    }
  }
  keepMost(kept, most);
  return { pairCount, comparedPairs, meanKappa: kappaTotal / kappaWeight, pairs: kept };
}

/** Number of pairs of answers to the same task, Σ m(m − 1)/2. O(T). */
export function comparisonCount(table: AnswerTable): number {
  let comparisons = 0;
  for (let task = 0; task < table.taskCount; task++) {
    const answers = table.taskStart[task + 1] - table.taskStart[task];
    comparisons += (answers * (answers - 1)) / 2;
  }
  return comparisons;
}

function keepMost(pairs: WorkerPair[], most: number): void {
  // Sorting is stable and pairs arrive in the order of workers, so equal ones stay in that order.
  pairs.sort((a, b) => b.shared - a.shared);
  pairs.length = Math.min(pairs.length, most);
}

/** Cohen's kappa over the classes two workers used, however many classes there are. */
class PairTally {
  /** Number of comparisons that agree. */
  same = 0;
  readonly #classCount: number;
  readonly #weights: KappaWeights;
  readonly #place: Int32Array;
  #said: number[] = [];

  constructor(classCount: number, weights: KappaWeights) {
    this.#classCount = classCount;
    this.#weights = weights;
    this.#place = new Int32Array(classCount).fill(-1);
  }

  kappa(labels: Uint32Array, from: number, shared: number): CohenKappa {
    for (const k of this.#said) this.#place[k] = -1;
    this.#said = [];
    for (let i = 2 * from; i < 2 * (from + shared); i++) {
      if (this.#place[labels[i]] >= 0) continue;
      this.#place[labels[i]] = this.#said.length;
      this.#said.push(labels[i]);
    }
    // Weights go by the distance of grades, so weighted kappas keep the classes in their places.
    const size = this.#weights === 'none' ? this.#said.length : this.#classCount;
    const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
    this.same = 0;
    for (let i = 2 * from; i < 2 * (from + shared); i += 2) {
      const [k, l] = [labels[i], labels[i + 1]];
      if (k === l) this.same++;
      if (this.#weights === 'none') matrix[this.#place[k]][this.#place[l]]++;
      else matrix[k][l]++;
    }
    return cohenKappa(matrix, { weights: this.#weights });
  }
}
