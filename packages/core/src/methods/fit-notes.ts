import type { AnswerTable } from '../answers/answer-table.ts';
import { counted } from './table-notes.ts';
import { answersPerWorker } from './votes.ts';

/** Fits that reach objectives this close (relative) count as the same optimum. */
const sameOptimum = 1e-6;

/** What to say when a fit stopped at its limit. */
export function limitNote(maxIterations: number): string {
  return `stopped at the limit of ${maxIterations} iterations before it settled; raise maxIterations`;
}

/** How many of several starts ended below the best; nothing when all agree. */
export function startsNotes(ends: readonly number[]): string[] {
  const reached = Math.max(...ends);
  const apart = ends.filter((end) => reached - end > sameOptimum * (1 + Math.abs(reached))).length;
  if (apart === 0) return [];
  return [`${counted(apart, 'start', 'starts')} of ${ends.length} ended in a worse optimum; the best was kept`];
}

/** A warning where most answers come from workers taken for worse than chance. */
export function swappedNotes(table: AnswerTable, accuracy: Float64Array): string[] {
  const answered = answersPerWorker(table);
  let excess = 0;
  for (let w = 0; w < accuracy.length; w++) excess += (accuracy[w] - 1 / table.classCount) * answered[w];
  if (excess >= 0) return [];
  return [
    'most answers come from workers the fit takes for worse than chance: the classes may be swapped; add gold tasks',
  ];
}
