import type { Dictionary } from '../answers/dictionary.ts';
import { InputError } from '../errors.ts';

/** Pairwise preferences: in comparison e `worker[e]` preferred `winner[e]` to `loser[e]`. */
export interface Comparisons {
  readonly itemCount: number;
  readonly workerCount: number;
  /** Items, E. */
  readonly winner: Uint32Array;
  readonly loser: Uint32Array;
  /** Workers, E. */
  readonly worker: Uint32Array;
  /** 1 where the worker preferred neither of the two, E; absent where nobody could say so. */
  readonly tied?: Uint8Array;
}

/** Comparisons as read from files: with names, and with the side on which the winner stood. */
export interface NamedComparisons extends Comparisons {
  readonly items: Dictionary;
  readonly workers: Dictionary;
  readonly tied: Uint8Array;
  /** 1 where the winner was shown first (left), E; absent where the file does not say. */
  readonly winnerFirst?: Uint8Array;
}

/**
 * Refuses comparisons that name an item or worker that is not there, compare an item with itself, or
 * whose columns differ in length. O(E).
 *
 * @throws {InputError} invalid-pairs
 */
export function checkPairs(
  itemCount: number,
  workerCount: number,
  [first, second, worker]: readonly [Uint32Array, Uint32Array, Uint32Array],
): void {
  if (first.length !== second.length || first.length !== worker.length)
    throw invalidPairs(`${first.length}, ${second.length} and ${worker.length} entries`, 'give one of each per answer');
  for (let e = 0; e < worker.length; e++) {
    if (first[e] >= itemCount || second[e] >= itemCount)
      throw invalidPairs(`items ${first[e]} and ${second[e]} of ${itemCount} at ${e}`, 'count items from 0');
    if (first[e] === second[e])
      throw invalidPairs(`item ${first[e]} beside itself at ${e}`, 'give two different items');
    if (worker[e] >= workerCount)
      throw invalidPairs(`worker ${worker[e]} of ${workerCount} at ${e}`, 'count workers from 0');
  }
}

/** An order of answers that is the same however they were listed: by the first column, ties by the next. */
export function canonicalOrder(columns: readonly ArrayLike<number>[]): Uint32Array {
  const order = Uint32Array.from({ length: columns[0].length }, (_, e) => e);
  return order.sort((a, b) => {
    for (const column of columns) if (column[a] !== column[b]) return column[a] - column[b];
    return 0;
  });
}

/** An error about answers to pairs. */
export function invalidPairs(what: string, hint: string): InputError {
  return new InputError(`invalid pairs: ${what}; ${hint}`, { code: 'invalid-pairs', got: what, hint });
}
