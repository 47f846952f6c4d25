import type { Receipt } from '@assay/core';
import { clipped } from './table.ts';
import { count, counted } from './words.ts';

/** What was read, in one line: "Read 4,320 answers · 800 tasks · 39 workers · 5 labels". */
export function receiptLine(receipt: Receipt): string {
  const parts = [
    counted(receipt.answers, 'answer'),
    counted(receipt.tasks, 'task'),
    counted(receipt.workers, 'worker'),
    counted(receipt.classes, 'label'),
  ];
  const columns = receipt.columns.map(({ from, to }) => (from === to ? to : `${from} → ${to}`));
  return `Read ${parts.join(' · ')}${columns.length === 0 ? '' : `   (columns: ${columns.join(', ')})`}`;
}

/** What a careful reader should know of the input, one line each. */
export function receiptNotes(receipt: Receipt): string[] {
  const notes: string[] = [];
  if (receipt.duplicates > 0) {
    const rule = receipt.duplicateRule === 'all' ? 'all of them count' : `the ${receipt.duplicateRule} one counts`;
    notes.push(`${counted(receipt.duplicates, 'repeated answer')} of one worker to one task; ${rule} (--duplicates)`);
  }
  if (receipt.missing > 0) notes.push(`${counted(receipt.missing, 'row')} without an answer`);
  const uncounted = Object.entries(receipt.uncounted);
  if (uncounted.length > 0) {
    const each = uncounted.map(([status, number]) => `${count(number)} ${status}`).join(', ');
    notes.push(`answers that do not count: ${each}`);
  }
  for (const twins of receipt.caseTwins.slice(0, 3)) {
    const names = twins.map((name) => `"${clipped(name)}"`).join(' and ');
    notes.push(`${names} look like one label (--fold-case or --trim joins them)`);
  }
  if (receipt.caseTwins.length > 3) notes.push(`${receipt.caseTwins.length - 3} more groups of labels look alike`);
  return [...notes, ...receipt.guesses, ...receipt.notes];
}

/** Rows that were read but do not count: missing, skipped, rejected and the like. */
export function skippedRows(receipt: Receipt): number {
  return Object.values(receipt.uncounted).reduce((sum, number) => sum + number, receipt.missing);
}
