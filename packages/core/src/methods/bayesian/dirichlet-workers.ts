import type { AnswerTable } from '../../answers/answer-table.ts';
import type { WorkerEstimates } from '../estimate.ts';
import { expectedRight, interval, workerLevel } from '../worker-estimates.ts';

/** Means and standard deviations of Dirichlet rows: β/Σβ and √(β(S−β)/(S²(S+1))). */
export function dirichletMoments(
  beta: Float64Array,
  classCount: number,
): { confusion: Float64Array; confusionSd: Float64Array } {
  const confusion = new Float64Array(beta.length);
  const confusionSd = new Float64Array(beta.length);
  for (let row = 0; row < beta.length; row += classCount) {
    let sum = 0;
    for (let l = 0; l < classCount; l++) sum += beta[row + l];
    for (let l = 0; l < classCount; l++) {
      const mean = beta[row + l] / sum;
      confusion[row + l] = mean;
      confusionSd[row + l] = Math.sqrt((mean * (1 - mean)) / (sum + 1));
    }
  }
  return { confusion, confusionSd };
}

/**
 * Workers whose confusion rows have Dirichlet posteriors with parameters `beta` (W×K×K): means,
 * standard deviation of each cell, accuracy Σ_k prior_k · E θ_kk with a 90 % interval.
 *
 * The interval is a Beta with the accuracy's mean and variance. The variance is that of the
 * Dirichlet rows plus what the posteriors leave open about which answers were right: variational
 * rows alone treat the labels as known too well.
 */
export function dirichletWorkers(
  table: AnswerTable,
  posterior: Float64Array,
  beta: Float64Array,
  prior: Float64Array,
  extra?: Readonly<Record<string, Float64Array>>,
): WorkerEstimates {
  const { workerCount, classCount } = table;
  const { confusion, confusionSd } = dirichletMoments(beta, classCount);
  const { variance } = expectedRight(table, posterior);
  const accuracy = new Float64Array(workerCount);
  const spread = new Float64Array(workerCount);
  for (let w = 0; w < workerCount; w++) {
    let mass = 0;
    for (let k = 0; k < classCount; k++) {
      const row = (w * classCount + k) * classCount;
      for (let l = 0; l < classCount; l++) mass += beta[row + l];
      accuracy[w] += prior[k] * confusion[row + k];
      spread[w] += (prior[k] * confusionSd[row + k]) ** 2;
    }
    spread[w] += variance[w] / mass ** 2;
  }
  return {
    accuracy,
    ...interval(accuracy, spread, accuracy),
    level: workerLevel,
    confusion,
    confusionSd,
    ...(extra === undefined ? {} : { extra }),
  };
}
