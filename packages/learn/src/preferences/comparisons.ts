import { InputError } from '@assay/core';

/** Pairwise preferences: in comparison e `worker[e]` preferred `winner[e]` to `loser[e]`. */
export interface Comparisons {
  readonly itemCount: number;
  readonly workerCount: number;
  /** Items, E. */
  readonly winner: Uint32Array;
  readonly loser: Uint32Array;
  /** Workers, E. */
  readonly worker: Uint32Array;
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
    throw refused(`${first.length}, ${second.length} and ${worker.length} entries`, 'give one of each per answer');
  for (let e = 0; e < worker.length; e++) {
    if (first[e] >= itemCount || second[e] >= itemCount)
      throw refused(`items ${first[e]} and ${second[e]} of ${itemCount} at ${e}`, 'count items from 0');
    if (first[e] === second[e]) throw refused(`item ${first[e]} beside itself at ${e}`, 'give two different items');
    if (worker[e] >= workerCount)
      throw refused(`worker ${worker[e]} of ${workerCount} at ${e}`, 'count workers from 0');
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

/** Rows of both items of each pair, one pair after the other. */
export function pairRows(first: Uint32Array, second: Uint32Array): Uint32Array {
  const rows = new Uint32Array(2 * first.length);
  for (let e = 0; e < first.length; e++) {
    rows[2 * e] = first[e];
    rows[2 * e + 1] = second[e];
  }
  return rows;
}

/** Epochs when nothing else is asked for: 60, with few answers as many as make a thousand steps. */
export function defaultEpochs(answers: number, batch: number): number {
  return Math.max(60, Math.ceil(1000 / Math.max(1, Math.ceil(answers / batch))));
}

/** An error about answers to pairs. */
export function refused(what: string, hint: string): InputError {
  return new InputError(`invalid pairs: ${what}; ${hint}`, { code: 'invalid-pairs', got: what, hint });
}
