import { sigmoid } from '../math/logistic.ts';
import type { Comparisons } from './comparisons.ts';
import type { RankingResult } from './rank-comparisons.ts';
import { mostItems } from './rank-intervals.ts';
import { type InformationOptions, ScoreInformation } from './score-information.ts';

/** A pair worth asking about. */
export interface NextPair {
  /** Items. */
  readonly first: number;
  readonly second: number;
  /** It links two groups that nothing links yet; else it settles the order most. */
  readonly links: boolean;
}

export interface NextPairsOptions extends InformationOptions {
  /** How many, default 20. */
  readonly count?: number;
}

/**
 * Which pairs to ask about next: first those that link groups of items no comparison links, the smallest
 * group to the largest; then those whose answer tells most about the scores.
 *
 * An answer of a reliable worker to a pair with margin h tells ½ ln(1 + p(1 − p) v) nats about the scores,
 * p = σ(h), v the variance of h. Pairs are taken one after the other, each as if those before were answered, so
 * that they do not all ask the same; nothing is said of the answers themselves. More than 2,000 items: only pairs
 * that link groups. Ties go to the items that come first. O(count · N²), after the information as for intervals.
 *
 * Source: sequential D-optimal design, Wynn (1970); for crowds Chen et al. (2013) look at workers too.
 *
 * @example
 * const comparisons = { itemCount: 3, workerCount: 1, winner: Uint32Array.of(0), loser: Uint32Array.of(1), worker: Uint32Array.of(0) };
 * nextPairs(comparisons, rankComparisons(comparisons), { count: 1 }); // => [{ first: 0, second: 2, links: true }]
 */
export function nextPairs(
  comparisons: Comparisons,
  ranking: RankingResult,
  options: NextPairsOptions = {},
): NextPair[] {
  const { count = 20 } = options;
  const { itemCount } = comparisons;
  const { groups, scores } = ranking;
  const pairs = linkingPairs(ranking).slice(0, count);
  if (itemCount > mostItems || pairs.length === count) return pairs;
  const { covariance, size } = new ScoreInformation(comparisons, ranking, options);
  const column = new Float64Array(itemCount);
  while (pairs.length < count) {
    let best = { first: -1, second: -1, gain: 1e-9 };
    for (let a = 0; a < itemCount; a++) {
      for (let b = a + 1; b < itemCount; b++) {
        if (groups.of[a] !== groups.of[b]) continue;
        const p = sigmoid(scores[a] - scores[b]);
        const variance = covariance[a * size + a] + covariance[b * size + b] - 2 * covariance[a * size + b];
        const gain = p * (1 - p) * variance;
        if (gain > best.gain * (1 + 1e-9)) best = { first: a, second: b, gain };
      }
    }
    const { first, second, gain } = best;
    if (first < 0) break;
    pairs.push({ first, second, links: false });
    // One answer more, by Sherman and Morrison.
    for (let i = 0; i < itemCount; i++) column[i] = covariance[i * size + first] - covariance[i * size + second];
    const p = sigmoid(scores[first] - scores[second]);
    const shrink = (p * (1 - p)) / (1 + gain);
    for (let i = 0; i < itemCount; i++)
      for (let j = 0; j < itemCount; j++) covariance[i * size + j] -= shrink * column[i] * column[j];
  }
  return pairs;
}

/** One pair for each group but the largest: its middle item with the middle item of the largest. */
function linkingPairs({ groups, scores }: RankingResult): NextPair[] {
  const members = Array.from({ length: groups.count }, (): number[] => []);
  for (let item = 0; item < groups.of.length; item++) members[groups.of[item]].push(item);
  const middle = (items: number[]): number => items.sort((a, b) => scores[b] - scores[a] || a - b)[items.length >> 1];
  const bySize = [...members.keys()].sort((a, b) => members[a].length - members[b].length || b - a);
  const largest = bySize.pop();
  if (largest === undefined) return [];
  const hub = members[largest];
  return bySize.map((group, i) => {
    const one = middle(members[group]);
    // Every linking pair gets an item of the largest group of its own, while there are any.
    const other = [...hub].sort((a, b) => Math.abs(scores[a]) - Math.abs(scores[b]) || a - b)[i % hub.length];
    return { first: Math.min(one, other), second: Math.max(one, other), links: true };
  });
}
