import type { AnswerTable } from '../../answers/answer-table.ts';

/** Class frequencies by moments, and how many tasks inform them. */
export interface MomentPrior {
  /** K, sums to 1. */
  readonly prior: Float64Array;
  /** Tasks with at least two answers; with none the prior is uniform and says nothing. */
  readonly tasks: number;
}

/** Pseudo-tasks spread evenly over the classes. */
const pseudoTasks = 20;

/**
 * Class frequencies without feedback: vote shares corrected for the errors that pairwise agreement
 * implies.
 *
 * In a crowd of common accuracy w and even errors, the chance that two answers to a task agree is
 * w² + (1-w)²/(K-1) whatever the class frequencies are; solve for w, take the errors out of the
 * mean vote shares, shrink by 20 pseudo-tasks. Unlike a prior re-estimated inside EM it cannot
 * collapse onto one class; it takes a bias shared by the workers for imbalance.
 */
export function momentPrior(table: AnswerTable, votes: Float64Array): MomentPrior {
  const { taskCount, classCount } = table;
  const share = new Float64Array(classCount);
  let answered = 0;
  let repeated = 0;
  let agreeing = 0;
  let pairs = 0;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const count = table.taskStart[task + 1] - table.taskStart[task];
    if (count === 0) continue;
    answered++;
    for (let k = 0; k < classCount; k++) share[k] += votes[row + k] / count;
    if (count < 2) continue;
    repeated++;
    pairs += count * (count - 1);
    for (let k = 0; k < classCount; k++) agreeing += votes[row + k] * (votes[row + k] - 1);
  }
  const prior = new Float64Array(classCount).fill(1 / classCount);
  if (repeated === 0) return { prior, tasks: 0 };
  const others = classCount - 1;
  const agreement = agreeing / pairs;
  const [a, b, c] = [classCount / others, -2 / others, 1 / others - agreement];
  const accuracy = (-b + Math.sqrt(Math.max(0, b * b - 4 * a * c))) / (2 * a);
  const error = (1 - accuracy) / others;
  const corrected = share.map((s) => Math.max(0, s / answered - error) / Math.max(accuracy - error, 0.05));
  const total = corrected.reduce((x, y) => x + y, 0);
  for (let k = 0; k < classCount; k++) {
    prior[k] = (repeated * corrected[k] + pseudoTasks / classCount) / (repeated * total + pseudoTasks);
  }
  return { prior, tasks: repeated };
}
