import type { AnswerTable } from '../../answers/answer-table.ts';
import { logit, sigmoid } from '../../math/special.ts';

/** Slope of the logit of accuracy on the logit of mean confidence, and what dependence takes off it. */
const slope = 1.2;
const dependenceSlope = 3;

/** Standard deviation of the logit of accuracy around the estimate, over real sets. */
export const logitSpread = 0.4;

/** Normal quantile of a two-sided 90 % interval. */
export const ninetyPercent = 1.645;

/** Confidence falls with the fourth root of the number of answers. */
const answersExponent = -0.25;

const leastLog: number = Math.log(1e-30);

/** Mean of the largest posterior over the tasks with answers; NaN without any. */
export function meanConfidence(table: AnswerTable, posterior: Float64Array): number {
  const { taskCount, classCount, taskStart } = table;
  let total = 0;
  let tasks = 0;
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task] === taskStart[task + 1]) continue;
    let most = 0;
    for (let k = 0; k < classCount; k++) most = Math.max(most, posterior[task * classCount + k]);
    total += most;
    tasks++;
  }
  return total / tasks;
}

/** Estimates of accuracy are kept between just above chance and .995. */
export function withinReach(value: number, classCount: number): number {
  return Math.min(0.995, Math.max(1 / classCount + 0.01, value));
}

/**
 * Accuracy estimated from the mean confidence of the average and the dependence inside tasks:
 * σ((1.2 - 3ρ) logit confidence). Assumes that most workers do not share the same mistake.
 */
export function estimatedAccuracy(confidence: number, rho: number, classCount: number): number {
  const x = logit(withinReach(confidence, classCount));
  return withinReach(sigmoid((slope - dependenceSlope * rho) * x), classCount);
}

/** The 90 % interval of an estimated accuracy that is compared on `tasks` tasks. */
export function accuracyInterval(accuracy: number, tasks: number): { value: number; lo: number; hi: number } {
  const sampling = tasks > 0 ? 1 / (tasks * accuracy * (1 - accuracy)) : 0;
  const half = ninetyPercent * Math.sqrt(logitSpread ** 2 + sampling);
  return { value: accuracy, lo: sigmoid(logit(accuracy) - half), hi: sigmoid(logit(accuracy) + half) };
}

/**
 * The posterior softmax(t·d^(-¼)·ln raw) whose mean confidence is `accuracy`: t by bisection of its
 * logarithm. Tasks without answers keep their row. O(40·T·K). Pauses after each step.
 */
export function* temperTo(
  table: AnswerTable,
  raw: Float64Array,
  accuracy: number,
): Generator<unknown, Float64Array, void> {
  const { taskCount, classCount, taskStart } = table;
  const logs = raw.map((p) => Math.max(leastLog, Math.log(p)));
  const power = Float64Array.from(
    { length: taskCount },
    (_, task) => Math.max(1, taskStart[task + 1] - taskStart[task]) ** answersExponent,
  );
  const answered = (task: number): boolean => taskStart[task + 1] > taskStart[task];
  const confidenceAt = (t: number): number => {
    let total = 0;
    let tasks = 0;
    for (let task = 0; task < taskCount; task++) {
      if (!answered(task)) continue;
      const row = task * classCount;
      let most = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classCount; k++) if (logs[row + k] > most) most = logs[row + k];
      let sum = 0;
      for (let k = 0; k < classCount; k++) sum += Math.exp(t * power[task] * (logs[row + k] - most));
      total += 1 / sum;
      tasks++;
    }
    return total / tasks;
  };
  let [low, high] = [-6, 3];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (confidenceAt(Math.exp(middle)) < accuracy) low = middle;
    else high = middle;
    yield;
  }
  const t = Math.exp((low + high) / 2);
  const posterior = raw.slice();
  for (let task = 0; task < taskCount; task++) {
    if (!answered(task)) continue;
    const row = task * classCount;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) if (logs[row + k] > most) most = logs[row + k];
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      posterior[row + k] = Math.exp(t * power[task] * (logs[row + k] - most));
      sum += posterior[row + k];
    }
    for (let k = 0; k < classCount; k++) posterior[row + k] /= sum;
  }
  return posterior;
}
