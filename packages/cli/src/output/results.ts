import type { Estimate } from '@assay/core';
import { outputFormat } from '@assay/core/formats';
import { usageError } from './failure.ts';
import { clipped, tableText } from './table.ts';
import { count, fixed } from './words.ts';

/** Refuses names of result files whose extension no format writes. @throws {UsageError} unknown-format */
export function checkOutputName(path: string, what: 'results' | 'workers'): void {
  usageError(() => outputFormat(path, what));
}

/** The first labels for a person to look at. */
export function resultsPreview(estimate: Estimate, most: number): string {
  const shown = Math.min(most, estimate.taskCount);
  const rows = Array.from({ length: shown }, (_, task) => [
    clipped(estimate.taskNames.name(task)),
    clipped(estimate.label(task) ?? '–'),
    fixed(estimate.probability(task), 4),
    estimate.isTie(task) ? 'tie' : '',
    count(estimate.answersPerTask[task]),
  ]);
  const right = (title: string): { title: string; align: 'right' } => ({ title, align: 'right' });
  const table = tableText(
    [{ title: 'task' }, { title: 'label' }, right('probability'), { title: '' }, right('answers')],
    rows,
  );
  const rest = estimate.taskCount - shown;
  return rest > 0 ? `${table}… and ${count(rest)} more: write them with -o labels.csv, or pipe them on\n` : table;
}
