import type { Estimate } from '../methods/estimate.ts';
import { tiedCount, tieTolerance } from '../methods/ties.ts';

/** Probabilities below this are raised to it before their logarithm is taken. */
const leastProbability = 1e-9;

/** How an estimate does on each task whose truth is known. Arrays have one entry per scored task. */
export interface TaskScores {
  /** Index of each scored task: truth known and at least one counted answer. */
  readonly tasks: Uint32Array;
  /** Class index of the truth, or -1 for a class nobody answered. */
  readonly truth: Int32Array;
  /** 1 for right, 0 for wrong or no label, 1/c when the truth is among c tied classes. */
  readonly credit: Float64Array;
  /** −ln of the probability given to the truth, natural, clipped at 1e-9. */
  readonly logLoss: Float64Array;
  /** Squared distance of the posterior from the truth, 0 to 2. */
  readonly brier: Float64Array;
  /** The largest posterior. */
  readonly confidence: Float64Array;
  /** Number of tasks with a known truth, scored or not. */
  readonly truthTasks: number;
  /** Scored tasks / tasks with a known truth; 0 when there is none. */
  readonly coverage: number;
}

/**
 * Scores an estimate against known labels, task by task; the measures of this folder are means of
 * these. O(scored tasks · K).
 *
 * Truth tasks without a counted answer, or unknown to the estimate, only lower `coverage`.
 */
export function scoreTasks(estimate: Estimate, truth: ReadonlyMap<string, string>): TaskScores {
  const classCount = estimate.classCount;
  const scored: number[] = [];
  const known: number[] = [];
  for (const [name, label] of truth) {
    const task = estimate.taskNames.indexOf(name);
    if (task < 0 || estimate.answersPerTask[task] === 0) continue;
    scored.push(task);
    known.push(estimate.classNames.indexOf(label));
  }
  const count = scored.length;
  const scores = {
    credit: new Float64Array(count),
    logLoss: new Float64Array(count),
    brier: new Float64Array(count),
    confidence: new Float64Array(count),
  };
  for (let i = 0; i < count; i++) {
    const from = scored[i] * classCount;
    let most = 0;
    let squares = 0;
    for (let k = 0; k < classCount; k++) {
      const p = estimate.posterior[from + k];
      most = Math.max(most, p);
      squares += (p - (k === known[i] ? 1 : 0)) ** 2;
    }
    const given = known[i] < 0 ? 0 : estimate.posterior[from + known[i]];
    scores.credit[i] = creditOf(estimate, scored[i], known[i], given, most);
    scores.logLoss[i] = -Math.log(Math.max(leastProbability, given));
    scores.brier[i] = known[i] < 0 ? squares + 1 : squares;
    scores.confidence[i] = most;
  }
  return {
    tasks: Uint32Array.from(scored),
    truth: Int32Array.from(known),
    ...scores,
    truthTasks: truth.size,
    coverage: truth.size === 0 ? 0 : count / truth.size,
  };
}

function creditOf(estimate: Estimate, task: number, truth: number, given: number, most: number): number {
  const label = estimate.labelIndex(task);
  if (label < 0 || truth < 0) return 0;
  const tied = tiedCount(estimate.posterior, task * estimate.classCount, estimate.classCount);
  if (tied > 1) return given >= most * (1 - tieTolerance) ? 1 / tied : 0;
  return label === truth ? 1 : 0;
}

/** The mean of the values, NaN when there are none. */
export function mean(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total / values.length;
}
