import type { AnswerTable } from '@assay/core';
import type { ConfusionLogits } from './confusion-logits.ts';
import type { Batch, CrowdLoss } from './joint-training.ts';
import { addTaskVolume, addWorkerVolume } from './volume.ts';

/** Weights of what may be added to the cross entropy. */
export interface Regularisers {
  /** λ of the mean trace of the confusions, which is made small. */
  readonly trace?: number;
  /** λ of the volume of the tasks, which is made large. */
  readonly taskVolume?: number;
  /** λ of the volume of the workers, which is made large. */
  readonly workerVolume?: number;
}

/** Added to the probability of an answer before its logarithm. */
const least = 1e-12;

/**
 * Coupled cross entropy: the mean of −log Σ_k f_k A_u[k][label] over the answers of a batch, with
 * confusions A of the workers, and regularisers.
 *
 * Each answer is scored alone: that answers of one task agree with each other does not enter. O(K) per
 * answer, and O(W·K²) per step for the confusions.
 *
 * Source: Ibrahim, Nguyen & Fu (2023); trace: Tanno et al. (2019).
 */
export class CoupledCrossEntropy implements CrowdLoss {
  readonly workers: ConfusionLogits;
  readonly #table: AnswerTable;
  readonly #regularisers: Regularisers;

  constructor(table: AnswerTable, workers: ConfusionLogits, regularisers: Regularisers = {}) {
    this.workers = workers;
    this.#table = table;
    this.#regularisers = regularisers;
  }

  evaluate(batch: Batch): number {
    const { classCount } = this.#table;
    const { trace = 0, taskVolume = 0, workerVolume = 0 } = this.#regularisers;
    const { confusion, slope } = this.workers;
    let loss = this.#entropy(batch);
    if (trace > 0) loss += addTrace(confusion, slope, classCount, trace);
    if (taskVolume > 0) loss += addTaskVolume(batch.f, batch.slope, batch.tasks.length, classCount, taskVolume);
    if (workerVolume > 0) loss += addWorkerVolume(confusion, slope, classCount, workerVolume);
    return loss;
  }

  step(rate: number): void {
    this.workers.step(rate);
  }

  #entropy({ tasks, f, slope }: Batch): number {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const { confusion, slope: confusionSlope } = this.workers;
    const total = answerMass(this.#table, tasks);
    let loss = 0;
    for (let i = 0; i < tasks.length; i++) {
      const row = i * classCount;
      for (let e = taskStart[tasks[i]]; e < taskStart[tasks[i] + 1]; e++) {
        const cell = worker[e] * classCount * classCount + label[e];
        let p = least;
        for (let k = 0; k < classCount; k++) p += f[row + k] * confusion[cell + k * classCount];
        const share = (weight === undefined ? 1 : weight[e]) / total;
        loss -= share * Math.log(p);
        for (let k = 0; k < classCount; k++) {
          slope[row + k] -= (share / p) * confusion[cell + k * classCount];
          confusionSlope[cell + k * classCount] -= (share / p) * f[row + k];
        }
      }
    }
    return loss;
  }
}

/** +λ times the mean trace of the confusions, with its derivative. */
function addTrace(confusion: Float64Array, slope: Float64Array, classCount: number, weight: number): number {
  const workers = confusion.length / (classCount * classCount);
  let sum = 0;
  for (let row = 0; row < workers * classCount; row++) {
    const cell = row * classCount + (row % classCount);
    sum += confusion[cell];
    slope[cell] += weight / workers;
  }
  return (weight * sum) / workers;
}

/** Weight of all answers of some tasks; never 0. */
export function answerMass({ taskStart, weight }: AnswerTable, tasks: Uint32Array): number {
  let total = 0;
  for (const task of tasks)
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) total += weight === undefined ? 1 : weight[e];
  return total > 0 ? total : 1;
}
