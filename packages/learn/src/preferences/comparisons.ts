import { type Comparisons, invalidPairs } from '@assay/core/ranking';

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

/**
 * Refuses ties, which only `rankComparisons` of the core understands.
 *
 * @throws {InputError} invalid-pairs
 */
export function refuseTies({ tied }: Comparisons): void {
  const first = tied?.indexOf(1) ?? -1;
  if (first >= 0) throw invalidPairs(`a tie at ${first}`, 'leave ties out, or rank without features');
}
