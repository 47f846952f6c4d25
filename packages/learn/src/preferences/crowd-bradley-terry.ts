import { sigmoid, softplus } from '@assay/core/math';
import type { OutputLoss } from '../methods/end-to-end/descend.ts';
import { AdamParameters } from '../methods/end-to-end/parameters.ts';
import type { Comparisons } from './comparisons.ts';

/**
 * Beta(a, b) before the reliability of every worker, as if a answers were seen right and b wrong.
 *
 * The mode is taken over log odds, where it is (a + right) / (a + b + answers): never 0 or 1, and a / (a + b)
 * for workers without answers.
 */
export type ReliabilityPrior = readonly [a: number, b: number];

/** log odds of a worker at the start: η = 0.9. */
export const startLogit = 2.2;

/** log odds that stand for a worker who never errs. */
export const certainLogit = 40;

/** Pull of the mean score of a batch to 0: scores are known only up to a constant. */
const anchoring = 1e-3;

/**
 * −log P of "worker u prefers x to x′" and its derivatives, from the margin h = s(x) − s(x′) and the
 * worker's log odds ω, η = σ(ω): P = η σ(h) + (1 − η) σ(−h).
 *
 * Written as P = (1 + e^(ω+h)) / ((1 + e^ω)(1 + e^h)), which neither overflows nor cancels. `agreed` is
 * the probability r = σ(ω + h) that the worker followed the scores; dL/dh = σ(h) − r and
 * dL/dω = σ(ω) − r, so an answer that scores and worker together make unlikely pulls at neither.
 *
 * Source: Chen, Bennett, Collins-Thompson & Horvitz (2013), the Crowd-BT model.
 *
 * @example
 * crowdComparison(0, 2.2).loss.toFixed(6); // => '0.693147'
 */
export function crowdComparison(
  margin: number,
  logOdds: number,
): { loss: number; byMargin: number; byLogOdds: number; agreed: number } {
  const agreed = sigmoid(logOdds + margin);
  return {
    loss: softplus(margin) + softplus(logOdds) - softplus(logOdds + margin),
    byMargin: sigmoid(margin) - agreed,
    byLogOdds: sigmoid(logOdds) - agreed,
    agreed,
  };
}

/**
 * The loss of Crowd-BT on a network's scores: mean of −log P over the comparisons of a batch, the prior
 * of the workers' reliabilities shared among all comparisons, and a pull of the mean score to 0.
 *
 * z holds two scores per comparison, winner first. Workers are log odds, learned beside the network;
 * below 0 is an adversary, whose answers count turned over. O(batch + W) per step.
 *
 * Source: Chen et al. (2013), with scores from features. The Beta prior replaces their
 * separate update of η; the anchor is ours.
 */
export class CrowdBradleyTerryLoss implements OutputLoss {
  /** ω_u, W. */
  readonly logOdds: AdamParameters;
  readonly #comparisons: Comparisons;
  readonly #prior: ReliabilityPrior;
  readonly #frozen: boolean;

  /** @param plain true for Bradley-Terry, in which nobody errs more than the scores say */
  constructor(comparisons: Comparisons, prior: ReliabilityPrior = [4, 1], plain = false) {
    const start = plain ? certainLogit : startLogit;
    this.logOdds = new AdamParameters(new Float64Array(comparisons.workerCount).fill(start));
    this.#comparisons = comparisons;
    this.#prior = prior;
    this.#frozen = plain;
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const { worker } = this.#comparisons;
    const { values, gradient } = this.logOdds;
    const count = places.length;
    let loss = 0;
    let mean = 0;
    for (let i = 0; i < 2 * count; i++) mean += z[i] / (2 * count);
    for (let i = 0; i < count; i++) {
      const u = worker[places[i]];
      const own = crowdComparison(z[2 * i] - z[2 * i + 1], values[u]);
      const anchor = (anchoring * mean) / count;
      loss += own.loss / count;
      slope[2 * i] += own.byMargin / count + anchor;
      slope[2 * i + 1] += anchor - own.byMargin / count;
      gradient[u] += own.byLogOdds / count;
    }
    loss += anchoring * mean ** 2;
    if (!this.#frozen) loss += addReliabilityPrior(values, this.#prior, 1 / worker.length, gradient);
    return loss;
  }

  step(rate: number): void {
    if (this.#frozen) this.logOdds.gradient.fill(0);
    else this.logOdds.step(rate);
  }
}

/** `share` · Σ_u of −a log η − b log(1 − η), the Beta prior over log odds; adds its derivative by them. */
export function addReliabilityPrior(
  logOdds: Float64Array,
  [a, b]: ReliabilityPrior,
  share: number,
  gradient: Float64Array,
): number {
  let loss = 0;
  for (let u = 0; u < logOdds.length; u++) {
    const eta = sigmoid(logOdds[u]);
    loss += share * (a * softplus(-logOdds[u]) + b * softplus(logOdds[u]));
    gradient[u] += share * (b * eta - a * (1 - eta));
  }
  return loss;
}
