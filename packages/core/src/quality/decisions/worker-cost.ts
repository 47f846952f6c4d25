import type { Estimate } from '../../methods/estimate.ts';
import { confusionOf, leastCost } from './answer-value.ts';
import { type CostMatrix, checkCosts } from './cost-matrix.ts';

/**
 * What each worker's answers leave to be lost, W: 0 for answers that settle everything, 1 for
 * answers that tell nothing.
 *
 * Use to compare workers whatever their bias: a worker who always swaps two classes is as useful
 * as a perfect one, a worker who always says the same class is useless, although either may look
 * otherwise by accuracy. Each answer l alone gives the classes t_l[k] ∝ π_k·θ[k][l]; the cost of the
 * best decision under t_l, averaged over answers, is divided by that of deciding from the class
 * shares π alone. NaN where deciding from π alone already costs nothing (or gains), or the estimate
 * has no workers.
 *
 * O(W·K³). π is the estimate's prior, or the mean of its posterior.
 *
 * Source: Ipeirotis, Provost & Wang (2010), HCOMP, "Quality management on Amazon Mechanical Turk".
 *
 * @throws {InputError} invalid-costs
 */
export function workerCosts(estimate: Estimate, costs: CostMatrix): Float64Array {
  checkCosts(estimate, costs);
  const { classCount, workerNames } = estimate;
  const result = new Float64Array(workerNames.size).fill(Number.NaN);
  if (estimate.workers === undefined || classCount === 0) return result;
  const prior = classShares(estimate);
  const decided: CostMatrix = { classes: costs.classes, cost: costs.cost };
  const silent = leastCost(prior, decided);
  if (!(silent > 0)) return result;
  const joint = new Float64Array(classCount);
  for (let w = 0; w < result.length; w++) {
    const confusion = confusionOf(estimate, workerNames.name(w));
    let cost = 0;
    for (let l = 0; l < classCount; l++) {
      for (let k = 0; k < classCount; k++) joint[k] = prior[k] * confusion[k * classCount + l];
      cost += leastCost(joint, decided);
    }
    result[w] = Math.max(0, cost) / silent;
  }
  return result;
}

/** The estimate's class shares: its prior, or the mean of its posterior. */
function classShares(estimate: Estimate): Float64Array {
  if (estimate.prior !== undefined) return estimate.prior;
  const shares = new Float64Array(estimate.classCount);
  for (let i = 0; i < estimate.posterior.length; i++) shares[i % estimate.classCount] += estimate.posterior[i];
  return shares.map((total) => total / estimate.taskCount);
}
