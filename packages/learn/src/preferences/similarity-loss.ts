import { sigmoid, softmaxInPlace } from '@assay/core/math';
import { addReliabilityPrior, type ReliabilityPrior, startLogit } from '@assay/core/ranking';
import { pullBackSoftmax } from '../methods/end-to-end/confusion-logits.ts';
import type { OutputLoss } from '../methods/end-to-end/descend.ts';
import { AdamParameters } from '../methods/end-to-end/parameters.ts';
import { addTaskVolume } from '../methods/end-to-end/volume.ts';

/** Whether workers took two items for the same: answer e is `same[e]` (0 or 1) of `worker[e]` for `first[e]` and `second[e]`. */
export interface SimilarityAnswers {
  readonly itemCount: number;
  readonly workerCount: number;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly worker: Uint32Array;
  readonly same: Uint8Array;
}

/** Similarities stay this far from 0 and 1. */
const least = 1e-6;

/**
 * −log of the probability of answers "same" or "different" by a network with K outputs: two items are
 * the same with probability s = f(x)·f(x′), f the softmax, and worker u says so with probability
 * a_u s + (1 − b_u)(1 − s).
 *
 * z holds the outputs of both items of each answer, one after the other. a and b are learned beside the
 * network as log odds with a Beta prior. −λ log det(FᵀF + δI) of the batch keeps clusters from falling
 * together; batches with fewer items than classes go without. Slopes where s is clipped are 0.
 * O(batch · K² + K³ + W) per step.
 *
 * Source: Hsu, Lv, Schlosser, Odom & Kira (2019), meta classification likelihood, with the
 * minus sign; two-coin workers of Raykar et al. (2010) on top; the volume of Ibrahim, Nguyen & Fu (2023).
 */
export class SimilarityLoss implements OutputLoss {
  /** Log odds of a_u (says same of same) and b_u (says different of different), W each. */
  readonly sensitivity: AdamParameters;
  readonly specificity: AdamParameters;
  readonly #answers: SimilarityAnswers;
  readonly #classes: number;
  readonly #prior: ReliabilityPrior;
  readonly #volume: number;

  constructor(answers: SimilarityAnswers, classes: number, prior: ReliabilityPrior = [4, 1], volume = 0.01) {
    const fresh = (): AdamParameters => new AdamParameters(new Float64Array(answers.workerCount).fill(startLogit));
    this.sensitivity = fresh();
    this.specificity = fresh();
    this.#answers = answers;
    this.#classes = classes;
    this.#prior = prior;
    this.#volume = volume;
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const { worker, same } = this.#answers;
    const [sensitivity, specificity] = [this.sensitivity, this.specificity];
    const classes = this.#classes;
    const count = places.length;
    const size = 2 * count * classes;
    const f = z.slice(0, size);
    const byF = new Float64Array(size);
    for (let row = 0; row < size; row += classes) softmaxInPlace(f, row, classes);
    let loss = 0;
    for (let i = 0; i < count; i++) {
      const [one, two] = [2 * i * classes, (2 * i + 1) * classes];
      const u = worker[places[i]];
      const a = sigmoid(sensitivity.values[u]);
      const b = sigmoid(specificity.values[u]);
      let raw = 0;
      for (let k = 0; k < classes; k++) raw += f[one + k] * f[two + k];
      const s = Math.max(least, Math.min(1 - least, raw));
      const said = same[places[i]] === 1;
      const ofSame = said ? a : 1 - a;
      const ofDifferent = said ? 1 - b : b;
      const p = ofSame * s + ofDifferent * (1 - s);
      const sign = said ? 1 : -1;
      loss -= Math.log(p) / count;
      sensitivity.gradient[u] -= (sign * a * (1 - a) * s) / (p * count);
      specificity.gradient[u] += (sign * b * (1 - b) * (1 - s)) / (p * count);
      if (raw !== s) continue;
      const pull = (ofDifferent - ofSame) / (p * count);
      for (let k = 0; k < classes; k++) {
        byF[one + k] += pull * f[two + k];
        byF[two + k] += pull * f[one + k];
      }
    }
    if (this.#volume > 0) loss += addTaskVolume(f, byF, 2 * count, classes, this.#volume);
    pullBackSoftmax(f, byF, slope, classes, size);
    for (const parameters of [sensitivity, specificity])
      loss += addReliabilityPrior(parameters.values, this.#prior, 1 / worker.length, parameters.gradient);
    return loss;
  }

  step(rate: number): void {
    this.sensitivity.step(rate);
    this.specificity.step(rate);
  }
}
