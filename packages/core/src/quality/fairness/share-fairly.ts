import { InputError } from '../../errors.ts';

/** How tasks of a group are shared among workers. */
export interface FairShares {
  /** Share of the tasks each worker gets; they sum to 1. */
  readonly shares: Float64Array;
  /** Expected accuracy and gap of an answer. */
  readonly accuracy: number;
  readonly gap: number;
  /** False where no sharing keeps the limit: then the gap is as near to 0 as can be. */
  readonly withinLimit: boolean;
}

/** Bisections of the price of the gap. */
const halvings = 200;

/**
 * Who should answer about a group of tasks: the most accurate sharing whose expected gap stays within a
 * limit.
 *
 * Use when the audit says that workers wrong a group by different amounts, in different directions or
 * not at all. `accuracy[w]` is a worker's accuracy in the group, `gap[w]` the signed gap (rate in this
 * group minus that elsewhere), `most[w]` the largest share the worker can take, 1 by default. It maximises
 * Σ share·accuracy with |Σ share·gap| ≤ limit: workers who wrong the group in opposite directions may
 * cancel out, so it speaks of all answers, not of each person. For that, pass sizes (|gap|).
 *
 * The gap has a price λ; workers are filled in order of accuracy − λ·gap, and λ is the one that just
 * keeps the limit, where two sharings are mixed. Where `most` sums to less than 1 all is scaled up. No
 * workers: no shares, NaN. O(200 · W log W).
 *
 * Source: Goel & Faltings (2019), AIES, assignment as a linear programme with bounded bias; solved here
 * by its dual.
 *
 * @throws {InputError} invalid-option for arrays of different lengths, a negative limit, or shares that sum to 0
 * @example
 * shareFairly([0.9, 0.7], [0.3, 0], 0.15).shares; // => new Float64Array([0.5, 0.5])
 */
export function shareFairly(
  accuracy: ArrayLike<number>,
  gap: ArrayLike<number>,
  limit: number,
  most?: ArrayLike<number>,
): FairShares {
  const count = accuracy.length;
  const room = Float64Array.from({ length: count }, (_, w) => (most === undefined ? 1 : most[w]));
  const total = room.reduce((sum, value) => sum + value, 0);
  if (gap.length !== count || !(limit >= 0) || (count > 0 && !(total > 0)) || room.some((value) => !(value >= 0))) {
    throw new InputError(
      'invalid workers to share among; give accuracies, gaps and shares of equal length, limit ≥ 0',
      {
        code: 'invalid-option',
        got: `${count} accuracies, ${gap.length} gaps, limit ${limit}`,
        hint: 'give arrays of equal length, shares of at least 0 that do not all vanish, and a limit from 0',
      },
    );
  }
  if (total < 1) for (let w = 0; w < count; w++) room[w] /= total;
  const sum = (shares: Float64Array, values: ArrayLike<number>): number =>
    shares.reduce((result, share, w) => result + share * values[w], 0);
  const result = (shares: Float64Array): FairShares => {
    const own = count === 0 ? Number.NaN : sum(shares, gap);
    const right = count === 0 ? Number.NaN : sum(shares, accuracy);
    return { shares, accuracy: right, gap: own, withinLimit: Math.abs(own) <= limit + 1e-9 };
  };
  const free = filled(room, (w) => accuracy[w]);
  const start = sum(free, gap);
  if (count === 0 || Math.abs(start) <= limit) return result(free);
  const sign = Math.sign(start);
  const signed = (shares: Float64Array): number => sign * sum(shares, gap);
  // The sharing with the smallest gap: where even that is too large it is the answer.
  let inside = filled(room, (w) => -sign * gap[w]);
  if (signed(inside) > limit) return result(inside);
  let outside = free;
  let [low, high] = [0, 1];
  const priced = (price: number): Float64Array =>
    filled(room, (w) => (1 - price) * accuracy[w] - price * sign * gap[w]);
  for (let i = 0; i < halvings && high - low > 1e-15; i++) {
    const middle = (low + high) / 2;
    const shares = priced(middle);
    if (signed(shares) > limit) [low, outside] = [middle, shares];
    else [high, inside] = [middle, shares];
  }
  const [over, under] = [signed(outside), signed(inside)];
  const part = (limit - under) / (over - under);
  return result(inside.map((share, w) => (1 - part) * share + part * outside[w]));
}

/** Shares filled in descending order of score until they sum to 1. */
function filled(room: Float64Array, score: (worker: number) => number): Float64Array {
  const shares = new Float64Array(room.length);
  const scores = Float64Array.from(room, (_, w) => score(w));
  let left = 1;
  for (const worker of [...room.keys()].sort((a, b) => scores[b] - scores[a] || a - b)) {
    shares[worker] = Math.min(left, room[worker]);
    left -= shares[worker];
    if (left <= 0) break;
  }
  return shares;
}
