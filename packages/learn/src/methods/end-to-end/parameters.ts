/** Decay of Adam's two moments, and what keeps its division finite. */
const [firstDecay, secondDecay, epsilon] = [0.9, 0.999, 1e-8];

/**
 * Numbers that are learned beside a network, in float64, by the optimiser that trains the network.
 *
 * Source: Kingma & Ba (2015), Algorithm 1, without weight decay.
 */
export class AdamParameters {
  readonly values: Float64Array;
  /** Losses add to it; a step clears it. */
  readonly gradient: Float64Array;
  readonly #first: Float64Array;
  readonly #second: Float64Array;
  #steps = 0;

  /** @param values taken over, not copied */
  constructor(values: Float64Array) {
    this.values = values;
    this.gradient = new Float64Array(values.length);
    this.#first = new Float64Array(values.length);
    this.#second = new Float64Array(values.length);
  }

  /** Moves every value against its gradient, and forgets the gradient. */
  step(rate: number): void {
    this.#steps++;
    const { values, gradient } = this;
    const [first, second] = [this.#first, this.#second];
    const scale = rate / (1 - firstDecay ** this.#steps);
    const correction = 1 / Math.sqrt(1 - secondDecay ** this.#steps);
    for (let i = 0; i < values.length; i++) {
      const slope = gradient[i];
      first[i] = firstDecay * first[i] + (1 - firstDecay) * slope;
      second[i] = secondDecay * second[i] + (1 - secondDecay) * slope * slope;
      values[i] -= (scale * first[i]) / (Math.sqrt(second[i]) * correction + epsilon);
    }
    gradient.fill(0);
  }
}
