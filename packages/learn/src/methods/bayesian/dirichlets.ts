import { digamma, dirichletKl } from '@assay/core/math';

/**
 * Independent Dirichlet posteriors of one size, side by side, that move by natural-gradient steps.
 *
 * In conjugate models the natural gradient of the bound is target − parameter, target = prior +
 * expected statistics (Li, Huang & Chen, eqs. 17 and 18): a step of size 1 is the closed-form
 * coordinate update, smaller ones average over mini-batches.
 */
export class Dirichlets {
  /** β (or α), `size` of each. */
  readonly parameters: Float64Array;
  /** E ln θ = ψ(β_l) − ψ(Σ β), in the places of the parameters. */
  readonly expectedLog: Float64Array;
  readonly #prior: Float64Array;
  readonly #size: number;

  /** They start at the prior. */
  constructor(prior: Float64Array, size: number) {
    this.#prior = prior;
    this.#size = size;
    this.parameters = prior.slice();
    this.expectedLog = new Float64Array(prior.length);
    for (let from = 0; from < prior.length; from += size) this.#refresh(from);
  }

  /** parameter ← parameter + rate · (prior + scale · statistics − parameter). Rows that are there already cost nothing. */
  step(statistics: Float64Array, rate = 1, scale = 1): void {
    const { parameters } = this;
    for (let from = 0; from < parameters.length; from += this.#size) {
      let moved = false;
      for (let i = from; i < from + this.#size; i++) {
        const target = this.#prior[i] + scale * statistics[i];
        const next = rate === 1 ? target : parameters[i] + rate * (target - parameters[i]);
        moved ||= next !== parameters[i];
        parameters[i] = next;
      }
      if (moved) this.#refresh(from);
    }
  }

  /** Σ KL(posterior ‖ prior), in nats. */
  divergence(): number {
    let sum = 0;
    for (let from = 0; from < this.parameters.length; from += this.#size)
      sum += dirichletKl(this.parameters, this.#prior, from, this.#size);
    return sum;
  }

  #refresh(from: number): void {
    let sum = 0;
    for (let i = from; i < from + this.#size; i++) sum += this.parameters[i];
    const common = digamma(sum);
    for (let i = from; i < from + this.#size; i++) this.expectedLog[i] = digamma(this.parameters[i]) - common;
  }
}
