import type { AnswerTable } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { answerMass } from './coupled-cross-entropy.ts';
import type { Batch, CrowdLoss } from './joint-training.ts';
import { AdamParameters } from './parameters.ts';

/** What the layer of a worker does with the network's probabilities f. */
export type CrowdLayerForm = 'MW' | 'VW' | 'VB' | 'VW+B' | 'S';

/**
 * The crowd layer: the activation of worker u is W_uᵀf (`MW`), w_u ⊙ f (`VW`), f + b_u (`VB`),
 * w_u ⊙ f + b_u (`VW+B`) or s_u f (`S`); the loss is the mean over answers of the cross entropy of its
 * softmax.
 *
 * The weights are free numbers, not probabilities. They start as the identity, ones and zeros.
 *
 * Source: Rodrigues & Pereira (2018), section 3. The loss is a mean over answers, not over tasks.
 */
export class CrowdLayerLoss implements CrowdLoss {
  /** W_u, w_u or s_u of all workers. */
  readonly weights: AdamParameters;
  /** b_u of all workers. */
  readonly biases: AdamParameters;
  readonly #table: AnswerTable;
  readonly #form: CrowdLayerForm;
  readonly #activation: Float64Array;

  constructor(table: AnswerTable, form: CrowdLayerForm) {
    const { workerCount, classCount } = table;
    const perWorker = { MW: classCount * classCount, VW: classCount, VB: 0, 'VW+B': classCount, S: 1 }[form];
    const weights = new Float64Array(workerCount * perWorker).fill(form === 'MW' ? 0 : 1);
    if (form === 'MW')
      for (let row = 0; row < workerCount * classCount; row++) weights[row * classCount + (row % classCount)] = 1;
    this.weights = new AdamParameters(weights);
    this.biases = new AdamParameters(new Float64Array(form === 'VB' || form === 'VW+B' ? workerCount * classCount : 0));
    this.#table = table;
    this.#form = form;
    this.#activation = new Float64Array(classCount);
  }

  evaluate({ tasks, f, slope }: Batch): number {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const activation = this.#activation;
    const total = answerMass(this.#table, tasks);
    let loss = 0;
    for (let i = 0; i < tasks.length; i++) {
      for (let e = taskStart[tasks[i]]; e < taskStart[tasks[i] + 1]; e++) {
        const share = (weight === undefined ? 1 : weight[e]) / total;
        this.#forward(f, i * classCount, worker[e]);
        const said = activation[label[e]];
        loss -= share * (said - softmaxInPlace(activation, 0, classCount));
        // From here on: the derivative by the activation.
        activation[label[e]] -= 1;
        for (let k = 0; k < classCount; k++) activation[k] *= share;
        this.#backward(f, slope, i * classCount, worker[e]);
      }
    }
    return loss;
  }

  step(rate: number): void {
    this.weights.step(rate);
    this.biases.step(rate);
  }

  #forward(f: Float64Array, row: number, worker: number): void {
    const activation = this.#activation;
    const classCount = activation.length;
    const { values } = this.weights;
    if (this.#form === 'MW') {
      const block = worker * classCount * classCount;
      activation.fill(0);
      for (let k = 0; k < classCount; k++)
        for (let l = 0; l < classCount; l++) activation[l] += f[row + k] * values[block + k * classCount + l];
      return;
    }
    const scaled = this.#form === 'VW' || this.#form === 'VW+B';
    const scale = this.#form === 'S' ? values[worker] : 1;
    for (let k = 0; k < classCount; k++) {
      activation[k] = f[row + k] * (scaled ? values[worker * classCount + k] : scale);
      if (this.biases.values.length > 0) activation[k] += this.biases.values[worker * classCount + k];
    }
  }

  #backward(f: Float64Array, slope: Float64Array, row: number, worker: number): void {
    const change = this.#activation;
    const classCount = change.length;
    const { values, gradient } = this.weights;
    if (this.#form === 'MW') {
      const block = worker * classCount * classCount;
      for (let k = 0; k < classCount; k++)
        for (let l = 0; l < classCount; l++) {
          gradient[block + k * classCount + l] += f[row + k] * change[l];
          slope[row + k] += values[block + k * classCount + l] * change[l];
        }
      return;
    }
    for (let k = 0; k < classCount; k++) {
      const own = this.#form === 'S' ? worker : worker * classCount + k;
      if (this.#form === 'VB') slope[row + k] += change[k];
      else {
        gradient[own] += f[row + k] * change[k];
        slope[row + k] += values[own] * change[k];
      }
      if (this.biases.values.length > 0) this.biases.gradient[worker * classCount + k] += change[k];
    }
  }
}
