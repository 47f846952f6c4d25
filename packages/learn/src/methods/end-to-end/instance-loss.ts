import type { AnswerTable } from '@assay/core';
import { sigmoid, softmaxInPlace } from '@assay/core/math';
import { pullBackSoftmax } from './confusion-logits.ts';
import { answerMass } from './coupled-cross-entropy.ts';
import type { OutputLoss } from './descend.ts';
import { AdamParameters } from './parameters.ts';

/** Accuracy of everybody on everything to begin with, as a logit. */
const startLogit = Math.log(4);

/** Added to the probability of an answer before its logarithm. */
const least = 1e-12;

/**
 * Cross entropy of answers whose worker is right with a probability that depends on the task,
 * a_u(x) = σ(a_u + v_u · h(x)), and otherwise says any other class.
 *
 * The network has K + H outputs: logits of the classes, and the H numbers h(x) that say what kind of
 * task it is; workers share h and have H + 1 numbers each. λ times the mean a_u(x) is added: of equal
 * explanations, the one with the surest network. O(answers · (K + H)).
 *
 * Source: Zhang et al. (2020), with the one-coin form of T_u(x).
 */
export class InstanceLoss implements OutputLoss {
  /** a_u and v_u, W×(H+1). */
  readonly workers: AdamParameters;
  /** Keep workers as they are, right 4 times of 5, so that the network comes first. */
  frozen = false;
  readonly #table: AnswerTable;
  readonly #tasks: ArrayLike<number>;
  readonly #kinds: number;
  readonly #weight: number;

  /** @param tasks task of each place of the training set */
  constructor(table: AnswerTable, tasks: ArrayLike<number>, kinds: number, weight: number) {
    const values = new Float64Array(table.workerCount * (kinds + 1));
    for (let u = 0; u < table.workerCount; u++) values[u * (kinds + 1)] = startLogit;
    this.workers = new AdamParameters(values);
    this.#table = table;
    this.#tasks = tasks;
    this.#kinds = kinds;
    this.#weight = weight;
  }

  /** a_u(x), where h is read from row `row` of the outputs. */
  accuracy(worker: number, outputs: ArrayLike<number>, row: number): number {
    const at = worker * (this.#kinds + 1);
    const from = row * (this.#table.classCount + this.#kinds) + this.#table.classCount;
    let logit = this.workers.values[at];
    for (let h = 0; h < this.#kinds; h++) logit += this.workers.values[at + 1 + h] * outputs[from + h];
    return sigmoid(logit);
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const kinds = this.#kinds;
    const tasks = places.map((place) => this.#tasks[place]);
    const total = answerMass(this.#table, tasks);
    const f = new Float64Array(classCount);
    const byF = new Float64Array(classCount);
    const byLogit = new Float64Array(classCount);
    let loss = 0;
    for (let i = 0; i < tasks.length; i++) {
      const row = i * (classCount + kinds);
      f.set(z.subarray(row, row + classCount));
      softmaxInPlace(f, 0, classCount);
      byF.fill(0);
      for (let e = taskStart[tasks[i]]; e < taskStart[tasks[i] + 1]; e++) {
        const share = (weight === undefined ? 1 : weight[e]) / total;
        const a = this.accuracy(worker[e], z, i);
        const other = (1 - a) / (classCount - 1);
        const said = f[label[e]];
        const p = a * said + other * (1 - said) + least;
        loss += share * (this.#weight * a - Math.log(p));
        for (let k = 0; k < classCount; k++) byF[k] -= (share / p) * (k === label[e] ? a : other);
        const byAccuracy = share * (this.#weight - (said - (1 - said) / (classCount - 1)) / p);
        this.#pull(worker[e], byAccuracy * a * (1 - a), z, slope, row + classCount);
      }
      byLogit.fill(0);
      pullBackSoftmax(f, byF, byLogit, classCount);
      for (let k = 0; k < classCount; k++) slope[row + k] += byLogit[k];
    }
    return loss;
  }

  step(rate: number): void {
    if (this.frozen) this.workers.gradient.fill(0);
    else this.workers.step(rate);
  }

  /** Passes a derivative by the logit of a_u(x) on to a_u, v_u and h. */
  #pull(worker: number, byLogit: number, z: Float64Array, slope: Float64Array, from: number): void {
    const at = worker * (this.#kinds + 1);
    const { values, gradient } = this.workers;
    gradient[at] += byLogit;
    for (let h = 0; h < this.#kinds; h++) {
      gradient[at + 1 + h] += byLogit * z[from + h];
      slope[from + h] += byLogit * values[at + 1 + h];
    }
  }
}
