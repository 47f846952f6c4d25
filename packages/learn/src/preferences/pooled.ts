import { sigmoid } from '@assay/core/math';
import { type Comparisons, checkPairs, invalidPairs } from '@assay/core/ranking';
import { refuseTies } from './comparisons.ts';

/** Largest weight of one worker, in log odds: nobody is believed beyond 999 to 1. */
const mostLogOdds = Math.log(999);

/** What {@link pooledPreferences} found: one entry for each pair of items that was compared, P. */
export interface PooledPreferences {
  /** The item of the pair with the smaller number, and the other. */
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  /** Probability that the first is the better. */
  readonly target: Float64Array;
  /** How many answered. */
  readonly answers: Uint32Array;
}

/**
 * The answers of several annotators about each pair as one soft preference: the vote weighted by
 * logit η_u. Adversaries (η < ½) count turned over, guessers not at all.
 *
 * Take it to train on pairs that were asked more than once: `conservativeDpoLoss(h, 1 − target)` with h
 * the margin of the first over the second. Pairs come in the order of their items. The target is the
 * posterior of annotators who err independently, one half before the first answer. O(E log E).
 *
 * @param reliability η of each worker, for example of {@link learnPreferences}
 * @throws {InputError} invalid-pairs
 *
 * Source: Nitzan & Paroush (1982) for the weights.
 *
 * @example
 * const comparisons = { itemCount: 2, workerCount: 2, winner: Uint32Array.of(0, 1), loser: Uint32Array.of(1, 0), worker: Uint32Array.of(0, 1) };
 * pooledPreferences(comparisons, [0.9, 0.5]).target[0].toFixed(3); // => '0.900'
 */
export function pooledPreferences(comparisons: Comparisons, reliability: ArrayLike<number>): PooledPreferences {
  const { itemCount, workerCount, winner, loser, worker } = comparisons;
  checkPairs(itemCount, workerCount, [winner, loser, worker]);
  refuseTies(comparisons);
  for (let u = 0; u < workerCount; u++)
    if (!(reliability[u] >= 0 && reliability[u] <= 1))
      throw invalidPairs(`reliability ${reliability[u]} of worker ${u}`, 'give a number from 0 to 1 for each worker');
  const keys = Float64Array.from(winner, (item, e) => Math.min(item, loser[e]) * itemCount + Math.max(item, loser[e]));
  const distinct = Float64Array.from(new Set(keys)).sort();
  const place = new Map(Array.from(distinct, (key, p) => [key, p]));
  const logOdds = new Float64Array(distinct.length);
  const answers = new Uint32Array(distinct.length);
  keys.forEach((key, e) => {
    const p = place.get(key) as number;
    const eta = reliability[worker[e]];
    const weight = Math.max(-mostLogOdds, Math.min(mostLogOdds, Math.log(eta) - Math.log1p(-eta)));
    logOdds[p] += winner[e] < loser[e] ? weight : -weight;
    answers[p]++;
  });
  return {
    first: Uint32Array.from(distinct, (key) => Math.floor(key / itemCount)),
    second: Uint32Array.from(distinct, (key) => key % itemCount),
    target: logOdds.map(sigmoid),
    answers,
  };
}
