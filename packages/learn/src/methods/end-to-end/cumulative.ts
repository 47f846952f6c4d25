import { sigmoid, softplus } from '@assay/core/math';
import type { OutputLoss } from './descend.ts';
import type { CrowdLoss } from './joint-training.ts';
import { AdamParameters } from './parameters.ts';

/**
 * Ordered classes from one number z of a network: P(y > k) = σ(z − θ_k), and any {@link CrowdLoss} of the
 * classes' probabilities, the differences of these.
 *
 * Thresholds θ increase by softplus steps, so probabilities are never negative. They learn with the
 * workers of the loss.
 *
 * Source: McCullagh (1980), the proportional-odds model.
 */
export class CumulativeLoss implements OutputLoss {
  /** θ_0 and the steps before their softplus, K − 1. */
  readonly steps: AdamParameters;
  readonly #loss: CrowdLoss;
  readonly #tasks: ArrayLike<number>;

  /** @param tasks task of each place of the training set */
  constructor(loss: CrowdLoss, tasks: ArrayLike<number>, classCount: number) {
    // Thresholds two apart, around 0.
    const steps = new Float64Array(Math.max(0, classCount - 1)).fill(Math.log(Math.E ** 2 - 1));
    if (steps.length > 0) steps[0] = -(steps.length - 1);
    this.steps = new AdamParameters(steps);
    this.#loss = loss;
    this.#tasks = tasks;
  }

  /** θ, increasing. */
  thresholds(): Float64Array {
    let theta = 0;
    return this.steps.values.map((step, k) => {
      theta += k === 0 ? step : softplus(step);
      return theta;
    });
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const count = this.steps.values.length;
    const theta = this.thresholds();
    const f = orderedClasses(z.subarray(0, places.length), theta);
    const byClass = new Float64Array(f.length);
    const value = this.#loss.evaluate({ tasks: places.map((place) => this.#tasks[place]), f, slope: byClass });
    const byThreshold = new Float64Array(count);
    for (let i = 0; i < places.length; i++)
      for (let k = 0; k < count; k++) {
        // σ(z − θ_k) is added to class k + 1 and taken from class k.
        const above = sigmoid(z[i] - theta[k]);
        const row = i * (count + 1) + k;
        const byZ = (byClass[row + 1] - byClass[row]) * above * (1 - above);
        slope[i] += byZ;
        byThreshold[k] -= byZ;
      }
    let later = 0;
    for (let k = count - 1; k >= 0; k--) {
      later += byThreshold[k];
      this.steps.gradient[k] += later * (k === 0 ? 1 : sigmoid(this.steps.values[k]));
    }
    return value;
  }

  step(rate: number): void {
    this.steps.step(rate);
    this.#loss.step(rate);
  }
}

/** Probabilities of K ordered classes for each z, rows × K. */
export function orderedClasses(z: ArrayLike<number>, thresholds: Float64Array): Float64Array {
  const count = thresholds.length;
  const result = new Float64Array(z.length * (count + 1));
  for (let i = 0; i < z.length; i++) {
    let before = 1;
    for (let k = 0; k < count; k++) {
      const above = sigmoid(z[i] - thresholds[k]);
      result[i * (count + 1) + k] = before - above;
      before = above;
    }
    result[i * (count + 1) + count] = before;
  }
  return result;
}
