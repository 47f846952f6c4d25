import {
  addReliabilityPrior,
  type Comparisons,
  certainLogit,
  crowdComparison,
  type ReliabilityPrior,
  startLogit,
} from '@assay/core/ranking';
import type { OutputLoss } from '../methods/end-to-end/descend.ts';
import { AdamParameters } from '../methods/end-to-end/parameters.ts';

/** Pull of the mean score of a batch to 0: scores are known only up to a constant. */
const anchoring = 1e-3;

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
