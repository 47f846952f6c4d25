import type { AnswerTable, WorkerEstimates } from '@assay/core';
import { betaQuantile } from '@assay/core/math';

const level = 0.9;

/**
 * Workers with their confusions: accuracy Σ_k prior_k · confusion[k][k], with a 90 % interval of a Beta
 * with Jeffreys' half answers at the number of answers they gave. Conditional on the model.
 */
export function workersOf(table: AnswerTable, confusion: Float64Array, prior: Float64Array): WorkerEstimates {
  const { workerCount, classCount } = table;
  const answers = new Float64Array(workerCount);
  for (const worker of table.worker) answers[worker]++;
  const accuracy = new Float64Array(workerCount);
  const [lo, hi] = [new Float64Array(workerCount), new Float64Array(workerCount)];
  const cells = confusion.length === 0 ? uniform(workerCount, classCount) : confusion;
  for (let w = 0; w < workerCount; w++) {
    for (let k = 0; k < classCount; k++) accuracy[w] += prior[k] * cells[(w * classCount + k) * classCount + k];
    accuracy[w] = Math.min(1, accuracy[w]);
    const [right, wrong] = [accuracy[w] * answers[w] + 0.5, (1 - accuracy[w]) * answers[w] + 0.5];
    lo[w] = Math.min(accuracy[w], betaQuantile((1 - level) / 2, right, wrong));
    hi[w] = Math.max(accuracy[w], betaQuantile((1 + level) / 2, right, wrong));
  }
  return { accuracy, lo, hi, level, confusion: cells };
}

function uniform(workerCount: number, classCount: number): Float64Array {
  return new Float64Array(workerCount * classCount * classCount).fill(1 / Math.max(1, classCount));
}
