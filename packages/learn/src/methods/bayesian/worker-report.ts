import { type AnswerTable, dirichletWorkers, type WorkerEstimates } from '@assay/core';
import { betaQuantile } from '@assay/core/math';
import { workersOf } from '../workers.ts';
import type { CrowdPosterior } from './crowd-posterior.ts';

const level = 0.9;

/**
 * Workers with the means, standard deviations and 90 % intervals of their posteriors: Dirichlet rows,
 * or a Beta for one coin. Where nothing was fitted, workers without anything known.
 */
export function dirichletReport(
  table: AnswerTable,
  crowd: CrowdPosterior | undefined,
  posterior: Float64Array,
  prior: Float64Array,
): WorkerEstimates {
  if (crowd === undefined) return workersOf(table, new Float64Array(0), prior);
  const { workerCount, classCount } = table;
  const { parameters } = crowd.workers;
  if (!crowd.coin) return dirichletWorkers(table, posterior, parameters, prior);
  const [accuracy, deviation] = [new Float64Array(workerCount), new Float64Array(workerCount)];
  const [lo, hi] = [new Float64Array(workerCount), new Float64Array(workerCount)];
  for (let w = 0; w < workerCount; w++) {
    const [right, wrong] = parameters.subarray(2 * w, 2 * w + 2);
    const mass = right + wrong;
    accuracy[w] = right / mass;
    deviation[w] = Math.sqrt((right * wrong) / (mass * mass * (mass + 1)));
    lo[w] = betaQuantile((1 - level) / 2, right, wrong);
    hi[w] = betaQuantile((1 + level) / 2, right, wrong);
  }
  // Every row is the same coin; a wrong answer is any of the other classes.
  const block = classCount * classCount;
  const perCell = (right: Float64Array, wrong: (w: number) => number): Float64Array =>
    Float64Array.from({ length: workerCount * block }, (_, cell) => {
      const w = Math.floor(cell / block);
      return (cell % block) % (classCount + 1) === 0 ? right[w] : wrong(w) / (classCount - 1);
    });
  return {
    accuracy,
    lo,
    hi,
    level,
    confusion: perCell(accuracy, (w) => 1 - accuracy[w]),
    confusionSd: perCell(deviation, (w) => deviation[w]),
  };
}
