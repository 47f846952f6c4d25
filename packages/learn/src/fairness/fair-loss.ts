import { softmaxInPlace } from '@assay/core/math';
import { pullBackSoftmax } from '../methods/end-to-end/confusion-logits.ts';
import type { OutputLoss } from '../methods/end-to-end/descend.ts';
import { addGroupPenalty } from './group-penalty.ts';

/**
 * What groups are to have alike: `parity` the share of the favourable class, `opportunity` that share
 * among items that truly belong to it, `odds` also among those that do not.
 */
export type FairnessCriterion = 'parity' | 'opportunity' | 'odds';

/** Posteriors and groups of items. */
export interface GroupedTargets {
  /** What is believed of each item, N×K, for example the posterior of any method. Rows sum to 1. */
  readonly posterior: Float64Array;
  readonly classCount: number;
  /** Group of each item from 0, −1 where it is not known, N. */
  readonly group: ArrayLike<number>;
}

/**
 * Cross entropy of a network with soft targets plus {@link addGroupPenalty} on its probabilities, batch
 * by batch. Groups not known are learned from but not compared. O(batch · K).
 */
export class FairLoss implements OutputLoss {
  readonly #targets: GroupedTargets;
  readonly #items: Uint32Array;
  readonly #criterion: FairnessCriterion;
  readonly #favourable: number;
  readonly #weight: number;

  /** @param items item of each place of the training set */
  constructor(
    targets: GroupedTargets,
    items: Uint32Array,
    criterion: FairnessCriterion,
    favourable: number,
    weight: number,
  ) {
    this.#targets = targets;
    this.#items = items;
    this.#criterion = criterion;
    this.#favourable = favourable;
    this.#weight = weight;
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const { posterior, classCount, group } = this.#targets;
    const rows = places.length;
    const size = rows * classCount;
    const f = z.slice(0, size);
    const byF = new Float64Array(size);
    const groups = new Int32Array(rows);
    const positive = new Float64Array(rows);
    let loss = 0;
    for (let i = 0; i < rows; i++) {
      const item = this.#items[places[i]];
      softmaxInPlace(f, i * classCount, classCount);
      groups[i] = group[item];
      positive[i] = posterior[item * classCount + this.#favourable];
      for (let k = 0; k < classCount; k++) {
        const target = posterior[item * classCount + k];
        const p = Math.max(1e-12, f[i * classCount + k]);
        loss -= (target * Math.log(p)) / rows;
        byF[i * classCount + k] -= target / (p * rows);
      }
    }
    const gap = { group: groups, favourable: this.#favourable, weight: this.#weight };
    if (this.#criterion === 'parity') loss += addGroupPenalty(f, byF, rows, classCount, gap);
    else loss += addGroupPenalty(f, byF, rows, classCount, { ...gap, rowWeight: positive });
    if (this.#criterion === 'odds')
      loss += addGroupPenalty(f, byF, rows, classCount, { ...gap, rowWeight: positive.map((q) => 1 - q) });
    pullBackSoftmax(f, byF, slope, classCount, size);
    return loss;
  }

  step(): void {}
}
