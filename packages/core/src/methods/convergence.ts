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
