/** Which rule ended a fit, in words for the result. */
export type StopReason =
  | 'objective settled'
  | 'posterior settled'
  | 'labels settled'
  | 'iteration limit'
  | 'nothing to fit';

/** Has the objective settled? |change| ≤ tolerance · (1 + |objective|). */
export function objectiveSettled(objective: readonly number[], tolerance: number): boolean {
  const last = objective.length - 1;
  if (last < 1) return false;
  return Math.abs(objective[last] - objective[last - 1]) <= tolerance * (1 + Math.abs(objective[last]));
}

/** The largest absolute difference between two arrays of equal length. */
export function largestChange(before: Float64Array, after: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < after.length; i++) {
    const change = Math.abs(after[i] - before[i]);
    if (change > largest) largest = change;
  }
  return largest;
}
