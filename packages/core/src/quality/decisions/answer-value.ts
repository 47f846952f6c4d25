import { InputError } from '../../errors.ts';
import type { Estimate } from '../../methods/estimate.ts';
import { type CostMatrix, checkCosts } from './cost-matrix.ts';

/**
 * What one more answer is worth on each task: how much it lowers the expected cost, T, never below 0.
 *
 * `confusion` (K×K, rows truth, rows sum to 1) says how the next worker answers; `confusionOf` gives
 * it for a worker or for the crowd. Ask where the value is above the answer's price, in the unit of
 * the costs. It looks one answer ahead: where a single answer can never turn a decision the value is
 * 0 although two could. Abstaining counts as a decision where the costs allow it.
 *
 * Δ = min_d R − Σ_l Pr(l) min_d' R(after l). O(T·K³). Probabilities should be calibrated.
 *
 * Source: value of sample information, Raiffa & Schlaifer (1961), ch. 4.
 *
 * @throws {InputError} invalid-costs, invalid-confusion
 * @example
 * const votes = fit(majorityVote, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog']]));
 * answerValues(votes, zeroOneCosts(['cat', 'dog']), Float64Array.of(0.9, 0.1, 0.1, 0.9))[0].toFixed(3); // => '0.400'
 */
export function answerValues(estimate: Estimate, costs: CostMatrix, confusion: Float64Array): Float64Array {
  checkCosts(estimate, costs);
  const { taskCount, classCount, posterior } = estimate;
  checkConfusion(confusion, classCount);
  const joint = new Float64Array(classCount);
  const values = new Float64Array(taskCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let k = 0; k < classCount; k++) joint[k] = posterior[row + k];
    let value = leastCost(joint, costs);
    for (let l = 0; l < classCount; l++) {
      for (let k = 0; k < classCount; k++) joint[k] = posterior[row + k] * confusion[k * classCount + l];
      value -= leastCost(joint, costs);
    }
    values[task] = Math.max(0, value);
  }
  return values;
}

/**
 * How a worker answers, K×K by rows of truth: the confusion of the estimate, or a coin from the accuracy.
 *
 * Without a name, the mean over workers: a worker drawn at random. Without any workers in the
 * estimate, an even guess.
 *
 * @throws {InputError} unknown-worker
 */
export function confusionOf(estimate: Estimate, worker?: string): Float64Array {
  const { classCount, workers, workerNames } = estimate;
  const index = worker === undefined ? -1 : workerNames.indexOf(worker);
  if (worker !== undefined && index < 0) {
    throw new InputError(`unknown worker "${worker}"; the estimate has ${workerNames.size} workers`, {
      code: 'unknown-worker',
      got: worker,
      hint: 'use a worker of the answers the estimate was made from',
    });
  }
  const chosen = index >= 0 ? [index] : Array.from({ length: workerNames.size }, (_, w) => w);
  const cells = classCount * classCount;
  const mean = new Float64Array(cells);
  if (workers === undefined || chosen.length === 0) return mean.fill(1 / Math.max(1, classCount));
  for (const w of chosen) {
    for (let i = 0; i < cells; i++) {
      const right = i % (classCount + 1) === 0;
      const coin = right ? workers.accuracy[w] : (1 - workers.accuracy[w]) / Math.max(1, classCount - 1);
      mean[i] += (workers.confusion?.[w * cells + i] ?? coin) / chosen.length;
    }
  }
  return mean;
}

/** @throws {InputError} invalid-confusion */
function checkConfusion(confusion: Float64Array, classCount: number): void {
  let wrong = confusion.length !== classCount * classCount;
  for (let k = 0; k < classCount && !wrong; k++) {
    let sum = 0;
    for (let l = 0; l < classCount; l++) {
      const p = confusion[k * classCount + l];
      if (!(p >= 0)) wrong = true;
      sum += p;
    }
    if (!(Math.abs(sum - 1) < 1e-6)) wrong = true;
  }
  if (!wrong) return;
  throw new InputError(`invalid confusion: expected ${classCount}×${classCount} probabilities, each row of sum 1`, {
    code: 'invalid-confusion',
    got: `${confusion.length} values`,
    hint: 'use confusionOf(estimate, worker)',
  });
}

/** Least expected cost under (unnormalised) class weights. */
export function leastCost(weights: Float64Array, costs: CostMatrix): number {
  const classCount = weights.length;
  let least = Number.POSITIVE_INFINITY;
  for (let d = 0; d < classCount; d++) {
    let cost = 0;
    for (let k = 0; k < classCount; k++) cost += weights[k] * costs.cost[k * classCount + d];
    if (cost < least) least = cost;
  }
  if (costs.abstain !== undefined) {
    let cost = 0;
    for (let k = 0; k < classCount; k++) cost += weights[k] * costs.abstain[k];
    if (cost < least) least = cost;
  }
  return classCount === 0 ? 0 : least;
}
