import { hash32, mix32 } from '../math/hash.ts';

/**
 * How a tie between classes is decided.
 *
 * - `hashed`: a hash of the seed and the task's name picks among the tied: the same whatever the
 *   order of rows. The default.
 * - `first`: the class that comes first in canonical order. Biased; published baselines use it.
 * - `prior`: the tied class with the largest prior, `first` if that ties too.
 * - `abstain`: no label.
 */
export type TieRule = 'hashed' | 'first' | 'prior' | 'abstain';
export const tieRules: readonly TieRule[] = ['hashed', 'first', 'prior', 'abstain'];

/** Two scores closer than this share of the larger one are tied. */
export const tieTolerance = 1e-12;

/** The index of the largest of `count` scores from `from` on when nothing ties with it, else -1. */
export function clearWinner(scores: ArrayLike<number>, from: number, count: number): number {
  // Most rows have a majority: found without a branch on the scores, which would be mispredicted.
  let above = 0;
  let near = 0;
  let leader = 0;
  for (let k = 0; k < count; k++) {
    const isAbove = Number(scores[from + k] > 0.51);
    above += isAbove;
    near += Number(scores[from + k] > 0.5);
    leader += isAbove * k;
  }
  if (above === 1 && near === 1) return leader;
  let best = 0;
  let most = scores[from];
  let second = Number.NEGATIVE_INFINITY;
  for (let k = 1; k < count; k++) {
    const score = scores[from + k];
    if (score > most) {
      second = most;
      most = score;
      best = k;
    } else if (score > second) second = score;
  }
  return second < most - tieTolerance * Math.max(Math.abs(most), Number.MIN_VALUE) ? best : -1;
}

/** How many of `count` scores from `from` on are tied for the largest. */
export function tiedCount(scores: ArrayLike<number>, from: number, count: number): number {
  const least = smallestTied(scores, from, count);
  let tied = 0;
  for (let k = 0; k < count; k++) if (scores[from + k] >= least) tied++;
  return tied;
}

/** The index of the winning score among `count` from `from` on, or -1 when the rule abstains. */
export function winner(
  scores: ArrayLike<number>,
  from: number,
  count: number,
  rule: TieRule,
  seed: number,
  taskName: () => string,
  prior?: ArrayLike<number>,
): number {
  const least = smallestTied(scores, from, count);
  let first = -1;
  let tied = 0;
  for (let k = 0; k < count; k++) {
    if (scores[from + k] < least) continue;
    if (first < 0) first = k;
    tied++;
  }
  if (tied <= 1 || rule === 'first') return first;
  if (rule === 'abstain') return -1;
  if (rule === 'prior') {
    let best = first;
    for (let k = first + 1; k < count; k++) {
      if (scores[from + k] >= least && prior !== undefined && prior[k] > prior[best]) best = k;
    }
    return best;
  }
  let skip = mix32(hash32(taskName()), seed) % tied;
  for (let k = first; k < count; k++) if (scores[from + k] >= least && skip-- === 0) return k;
  return first;
}

function smallestTied(scores: ArrayLike<number>, from: number, count: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) if (scores[from + k] > most) most = scores[from + k];
  return most - tieTolerance * Math.max(Math.abs(most), Number.MIN_VALUE);
}
