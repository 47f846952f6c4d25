import type { AnswerTable, Estimate } from '@assay/core';
import { UsageError } from './failure.ts';
import { clipped, tableText } from './table.ts';
import { count, fixed } from './words.ts';
import { workerReports } from './worker-report.ts';

export type Cell = string | number | boolean | null;

/** Rows to be written: named columns, then one array of cells per row. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly Cell[]>;
}

const resultFormats = ['csv', 'tsv', 'jsonl', 'json'] as const;
type ResultFormat = (typeof resultFormats)[number];

/** The format a file name asks for. @throws {UsageError} unknown-extension */
export function resultsFormat(path: string): ResultFormat {
  const extension = /\.([a-z0-9]+)$/i.exec(path)?.[1].toLowerCase() ?? '';
  const found = resultFormats.find((format) => format === extension);
  if (found !== undefined) return found;
  const hint = `end the name in ${resultFormats.map((format) => `.${format}`).join(', ')}`;
  throw new UsageError(`unknown extension of "${path}"; ${hint}`, {
    code: 'unknown-extension',
    path,
    got: extension,
    hint,
  });
}

/** The labels as text: `task,label,probability,tie,answers,p_<class>…`. */
export function resultsContent(path: string, estimate: Estimate): Iterable<string> {
  return textOf(resultsFormat(path), resultRows(estimate));
}

/** The worker report as text: `worker,kind,answers,accuracy,lo,hi,…`. */
export function workersContent(path: string, estimate: Estimate, table: AnswerTable): Iterable<string> {
  return textOf(resultsFormat(path), workerRows(estimate, table));
}

function resultRows(estimate: Estimate): Rows {
  const classes = estimate.classNames.names();
  const columns = ['task', 'label', 'probability', 'tie', 'answers', ...classes.map((name) => `p_${name}`)];
  function* rows(): Generator<readonly Cell[]> {
    for (let task = 0; task < estimate.taskCount; task++) {
      const probabilities = estimate.posterior.subarray(task * classes.length, (task + 1) * classes.length);
      const label = estimate.label(task);
      const [tie, answers] = [estimate.isTie(task), estimate.answersPerTask[task]];
      yield [estimate.taskNames.name(task), label, estimate.probability(task), tie, answers, ...probabilities];
    }
  }
  return { columns, rows: rows() };
}

function workerRows(estimate: Estimate, table: AnswerTable): Rows {
  const extras = Object.entries(estimate.workers?.extra ?? {}).filter(
    ([, values]) => values.length === table.workerCount,
  );
  const columns = [
    'worker',
    'kind',
    'answers',
    'accuracy',
    'lo',
    'hi',
    'agreement',
    ...extras.map(([name]) => name),
    'remarks',
  ];
  const rows = workerReports(estimate, table).map(({ worker, kind, answers, accuracy, lo, hi, agreement, remarks }) => {
    const index = table.workers.indexOf(worker);
    const own = extras.map(([, values]) => (Number.isFinite(values[index]) ? values[index] : null));
    return [worker, kind, answers, accuracy, lo, hi, agreement, ...own, remarks.join('; ')];
  });
  return { columns, rows };
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

function textOf(format: ResultFormat, { columns, rows }: Rows): Iterable<string> {
  return format === 'json' || format === 'jsonl'
    ? jsonText(columns, rows, format === 'json')
    : separated(columns, rows, format === 'csv' ? ',' : '\t');
}

function* separated(columns: readonly string[], rows: Iterable<readonly Cell[]>, delimiter: string): Generator<string> {
  const special = delimiter === ',' ? /[",\r\n]|^\s|\s$/ : /["\t\r\n]|^\s|\s$/;
  const cellText = (cell: Cell): string => {
    const text = cell === null ? '' : String(cell);
    return special.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  yield `${columns.map(cellText).join(delimiter)}\n`;
  yield* batched(rows, (row) => `${row.map(cellText).join(delimiter)}\n`);
}

function* jsonText(columns: readonly string[], rows: Iterable<readonly Cell[]>, asArray: boolean): Generator<string> {
  let first = true;
  const record = (row: readonly Cell[]): string =>
    JSON.stringify(Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  if (asArray) yield '[';
  yield* batched(rows, (row) => {
    const before = asArray ? (first ? '\n' : ',\n') : '';
    first = false;
    return before + record(row) + (asArray ? '' : '\n');
  });
  if (asArray) yield '\n]\n';
}

/** Joins lines into pieces that are worth a write each. */
function* batched(rows: Iterable<readonly Cell[]>, lineOf: (row: readonly Cell[]) => string): Generator<string> {
  let piece = '';
  for (const row of rows) {
    piece += lineOf(row);
    if (piece.length < 1 << 16) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
