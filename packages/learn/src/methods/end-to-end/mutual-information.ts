import type { AnswerTable } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { pullBackSoftmax } from './confusion-logits.ts';
import type { Batch, CrowdLoss } from './joint-training.ts';
import { AdamParameters } from './parameters.ts';

/** Added to what a logarithm is taken of. */
const least = 1e-8;

/**
 * Minus the mutual information, by its Kullback-Leibler bound, between what the network says of a task
 * (f) and what an aggregator says of its answers, g = softmax(log π + Σ Ω_u[·][label]).
 *
 * With R_ij = Σ_k f_k(x_i) g_k(j) / π_k the loss is −mean (1 + log R_ii) + mean over i ≠ j of R_ij. It
 * is linear in the pairs, so a batch costs O(B·K). Batches of one task have no pairs and say nothing.
 *
 * Source: Cao, Xu, Kong & Wang (2019), eqs. 4 to 6 with f(t) = t log t.
 */
export class MutualInformation implements CrowdLoss {
  /** Ω, W×K×K. */
  readonly aggregator: AdamParameters;
  readonly #table: AnswerTable;
  readonly #prior: Float64Array;

  /**
   * @param logits Ω to start with, taken over
   * @param prior π, all above 0; stays as it is
   */
  constructor(table: AnswerTable, logits: Float64Array, prior: Float64Array) {
    this.aggregator = new AdamParameters(logits);
    this.#table = table;
    this.#prior = prior;
  }

  evaluate({ tasks, f, slope }: Batch): number {
    const { classCount } = this.#table;
    const prior = this.#prior;
    const rows = tasks.length;
    if (rows < 2) return 0;
    const g = this.#aggregated(tasks);
    const back = new Float64Array(g.length);
    const pairs = rows * (rows - 1);
    const [allF, allG] = [columnSums(f, rows, classCount), columnSums(g, rows, classCount)];
    let loss = 0;
    for (let k = 0; k < classCount; k++) loss += (allF[k] * allG[k]) / (prior[k] * pairs);
    for (let row = 0; row < g.length; row += classCount) {
      let match = 0;
      for (let k = 0; k < classCount; k++) match += (f[row + k] * g[row + k]) / prior[k];
      loss -= (1 + Math.log(match + least)) / rows + match / pairs;
      const pull = 1 / (rows * (match + least));
      for (let k = 0; k < classCount; k++) {
        const i = row + k;
        slope[i] += ((allG[k] - g[i]) / pairs - pull * g[i]) / prior[k];
        back[i] = ((allF[k] - f[i]) / pairs - pull * f[i]) / prior[k];
      }
    }
    this.#collect(tasks, g, back);
    return loss;
  }

  step(rate: number): void {
    this.aggregator.step(rate);
  }

  #aggregated(tasks: Uint32Array): Float64Array {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const { values } = this.aggregator;
    const logPrior = this.#prior.map(Math.log);
    const g = new Float64Array(tasks.length * classCount);
    for (let i = 0; i < tasks.length; i++) {
      const row = i * classCount;
      g.set(logPrior, row);
      for (let e = taskStart[tasks[i]]; e < taskStart[tasks[i] + 1]; e++) {
        const cell = worker[e] * classCount * classCount + label[e];
        const power = weight === undefined ? 1 : weight[e];
        for (let k = 0; k < classCount; k++) g[row + k] += power * values[cell + k * classCount];
      }
      softmaxInPlace(g, row, classCount);
    }
    return g;
  }

  #collect(tasks: Uint32Array, g: Float64Array, back: Float64Array): void {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const { gradient } = this.aggregator;
    const logits = new Float64Array(g.length);
    pullBackSoftmax(g, back, logits, classCount);
    for (let i = 0; i < tasks.length; i++) {
      for (let e = taskStart[tasks[i]]; e < taskStart[tasks[i] + 1]; e++) {
        const cell = worker[e] * classCount * classCount + label[e];
        const power = weight === undefined ? 1 : weight[e];
        for (let k = 0; k < classCount; k++) gradient[cell + k * classCount] += power * logits[i * classCount + k];
      }
    }
  }
}

function columnSums(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows * columns; i++) sums[i % columns] += matrix[i];
  return sums;
}
