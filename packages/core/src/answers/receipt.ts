import type { AnswerStatus } from './answer-table.ts';

/** What a reader or builder understood of its input. Shown after every import, kept in reports. */
export interface Receipt {
  /** Rows or records seen, header not counted. */
  rows: number;
  /** Answers that count. */
  answers: number;
  tasks: number;
  workers: number;
  classes: number;
  /** Rows that repeat a worker on a task; all but one of each were set aside, unless all count. */
  duplicates: number;
  duplicateRule: DuplicateRule;
  /** Rows that do not count, by status. */
  uncounted: Partial<Record<AnswerStatus, number>>;
  /** Rows without an answer: empty, NA or null. */
  missing: number;
  /** Groups of classes that differ in case or surrounding spaces only, such as Cat and cat. */
  caseTwins: string[][];
  /** Tasks that have a gold label. */
  gold: number;
  /** The format that was read, and where from. */
  format?: string;
  sources: string[];
  /** Which column was taken for what, for example `question → task`. */
  columns: { from: string; to: string }[];
  /** What was guessed and how to say otherwise. */
  guesses: string[];
  notes: string[];
}

/** What to do when a worker answers a task twice. `last` is by time if given, else by row. */
export type DuplicateRule = 'last' | 'first' | 'all' | 'error';

export function emptyReceipt(duplicateRule: DuplicateRule = 'last'): Receipt {
  return {
    rows: 0,
    answers: 0,
    tasks: 0,
    workers: 0,
    classes: 0,
    duplicates: 0,
    duplicateRule,
    uncounted: {},
    missing: 0,
    caseTwins: [],
    gold: 0,
    sources: [],
    columns: [],
    guesses: [],
    notes: [],
  };
}

/** Groups of names that are equal after trimming and folding case. */
export function caseTwins(names: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const folded = name.trim().toLowerCase();
    const group = groups.get(folded);
    if (group) group.push(name);
    else groups.set(folded, [name]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
