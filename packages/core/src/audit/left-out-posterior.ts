import type { AnswerTable } from '../answers/answer-table.ts';
import type { Estimate } from '../methods/estimate.ts';

/** Accuracies outside of this are not believed: one worker alone decides nothing. */
const [leastAccuracy, mostAccuracy] = [0.05, 0.95];

/**
 * What the others say of a task: the posterior of its class without the answers of one or two workers.
 *
 * Every worker counts with one accuracy, that of the estimate, so that leaving one out is a subtraction:
 * a worker cannot vouch for himself. Known (gold) labels are certain.
 */
export class LeftOutPosterior {
  readonly classCount: number;
  /** π, K: the expected share of each class. */
  readonly shares: Float64Array;
  readonly #table: AnswerTable;
  /** log π_k + Σ_v log P(y_v | k), T×K. */
  readonly #logs: Float64Array;
  /** log of right over one certain wrong answer, W. */
  readonly #weight: Float64Array;

  /** @param ignored 1 for workers whose answers count nowhere */
  constructor(table: AnswerTable, shares: Float64Array, accuracy: Float64Array, ignored?: Uint8Array) {
    const { taskCount, classCount, workerCount, taskStart, worker, label } = table;
    this.classCount = classCount;
    this.#table = table;
    this.shares = shares;
    this.#weight = new Float64Array(workerCount);
    for (let w = 0; w < workerCount; w++) {
      if (classCount < 2 || ignored?.[w] === 1) continue;
      const own = Math.min(mostAccuracy, Math.max(leastAccuracy, accuracy[w]));
      this.#weight[w] = Math.log(own) - Math.log((1 - own) / (classCount - 1));
    }
    this.#logs = new Float64Array(taskCount * classCount);
    for (let task = 0; task < taskCount; task++) {
      for (let k = 0; k < classCount; k++) this.#logs[task * classCount + k] = Math.log(this.shares[k]);
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++)
        this.#logs[task * classCount + label[answer]] += this.#weight[worker[answer]];
    }
  }

  /** Writes the posterior of the task without the answers at `first` and `second` (−1 for none) to `q`. */
  without(task: number, first: number, second: number, q: Float64Array): void {
    const { classCount } = this;
    const { worker, label, gold } = this.#table;
    if (gold !== undefined && gold[task] >= 0) {
      q.fill(0);
      q[gold[task]] = 1;
      return;
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      let value = this.#logs[task * classCount + k];
      if (first >= 0 && label[first] === k) value -= this.#weight[worker[first]];
      if (second >= 0 && label[second] === k) value -= this.#weight[worker[second]];
      q[k] = value;
      if (value > most) most = value;
    }
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      q[k] = Math.exp(q[k] - most);
      sum += q[k];
    }
    for (let k = 0; k < classCount; k++) q[k] /= sum;
  }
}

/** Accuracies of the workers in an estimate; those it does not know guess. */
export function accuraciesOf(table: AnswerTable, estimate: Estimate): Float64Array {
  return Float64Array.from({ length: table.workerCount }, (_, w) => {
    const accuracy = estimate.workers?.accuracy?.[w] ?? Number.NaN;
    return Number.isNaN(accuracy) ? 1 / table.classCount : accuracy;
  });
}

/** Mean of the posterior over tasks with answers, none of them 0. */
export function classShares({ taskCount, classCount, posterior, answersPerTask }: Estimate): Float64Array {
  const shares = new Float64Array(classCount).fill(0.5);
  let sum = 0.5 * classCount;
  for (let task = 0; task < taskCount; task++) {
    if (answersPerTask[task] === 0) continue;
    sum++;
    for (let k = 0; k < classCount; k++) shares[k] += posterior[task * classCount + k];
  }
  return shares.map((share) => share / sum);
}
