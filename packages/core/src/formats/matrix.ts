import type { AnswerTable } from '../answers/answer-table.ts';
import { InputError } from '../errors.ts';
import { folded, knownNames } from './columns.ts';
import { type Detection, type Format, no } from './format.ts';
import type { FileHead } from './head.ts';
import { readNpy } from './npy.ts';
import type { Sheet } from './sheet.ts';
import type { AnswerSink } from './sink.ts';
import type { SourceReader } from './source.ts';
import { columnOf, headerOf, tableRows } from './table-rows.ts';
import { missingValues } from './values.ts';
import { delimitedText } from './write-text.ts';

/**
 * cleanlab's wide matrix: one row per task, one column per annotator, cells are class numbers or
 * empty. Numbers that pandas wrote as `1.0` are read as `1`.
 *
 * Written, classes that are not the numbers 0 … K−1 already are numbered in the table's order, which
 * is that of the `p_<class>` columns of results; answers that do not count are left out.
 */
export const cleanlab: Format = {
  id: 'cleanlab',
  title: 'cleanlab wide matrix CSV',
  summary: 'One row per task, one column per annotator; empty cells are no answers.',
  extensions: ['csv'],
  reference: 'https://docs.cleanlab.ai/stable/cleanlab/multiannotator.html',
  kinds: ['table'],
  carries: {},
  detect: (head) => detectMatrix(head, 'cleanlab'),
  read: (reader, head, sink) => readMatrix(reader, head, sink, 'cleanlab'),
  write: { answers: writeMatrix },
};

/** MACE's input: the same without header and task names, cells are text. */
export const mace: Format = {
  id: 'mace',
  title: 'MACE matrix CSV',
  summary: 'As cleanlab’s matrix without header and task names; tasks are called by their line.',
  extensions: ['csv'],
  reference: 'https://github.com/dirkhovy/MACE',
  kinds: ['table'],
  carries: {},
  detect: (head) => detectMatrix(head, 'mace'),
  read: (reader, head, sink) => readMatrix(reader, head, sink, 'mace'),
};

/** Snorkel's label matrix: one column per labelling function, −1 is an abstention. */
export const snorkel: Format = {
  id: 'snorkel',
  title: 'Snorkel label matrix',
  summary: 'Labelling functions as columns, −1 for abstain, as CSV or .npy; functions are workers of kind rule.',
  extensions: ['csv', 'npy'],
  reference: 'https://www.snorkel.org/use-cases/01-spam-tutorial',
  kinds: ['table', 'binary'],
  carries: { kind: true, status: true },
  detect: (head) => detectMatrix(head, 'snorkel'),
  read: (reader, head, sink) => readMatrix(reader, head, sink, 'snorkel'),
};

type Kind = 'cleanlab' | 'mace' | 'snorkel';

function detectMatrix(head: FileHead, kind: Kind): Detection {
  if (kind === 'snorkel' && head.extension === 'npy') return { confidence: 0.6, reason: 'it is a NumPy matrix' };
  if (head.kind !== 'table' || head.records.length < 2) return no;
  const [first, ...rest] = head.records;
  const width = first.length;
  if (width < 2 || knownNames(first) >= 2 || rest.some((cells) => cells.length !== width)) return no;
  const shape = shapeOf(head.records);
  const from = shape.named ? 1 : 0;
  const body = shape.header ? rest : head.records;
  const cells = body.flatMap((row) => row.slice(from));
  const said = cells.filter((cell) => cell.trim() !== '' && !missingValues.includes(cell.trim()));
  const distinct = new Set(said);
  // The same few values in several columns; an id or a text column has mostly its own.
  const columns = Array.from(
    { length: width - from },
    (_, c) => new Set(body.map((row) => row[from + c]).filter((cell) => distinct.has(cell))),
  );
  const shared = [...distinct].some((value) => columns.filter((column) => column.has(value)).length >= 2);
  if (columns.length < 2 || !shared || distinct.size > Math.max(20, said.length / 4) || distinct.size > 200) return no;
  const whole = said.every((cell) => /^-?\d+(\.0)?$/.test(cell.trim()));
  const abstains = whole && distinct.has('-1');
  const holes = said.length < cells.length;
  if (kind === 'snorkel')
    return abstains ? { confidence: 0.6, reason: 'it is a matrix of class numbers with -1 for abstain' } : no;
  if (abstains || !holes) return no;
  if (kind === 'cleanlab')
    return shape.header
      ? { confidence: 0.45, reason: 'it is a matrix with a column per annotator and empty cells' }
      : no;
  return shape.header ? no : { confidence: 0.4, reason: 'it is a matrix without header and with empty cells' };
}

interface Shape {
  readonly header: boolean;
  /** Does the first column name the tasks? */
  readonly named: boolean;
}

/** A header's names do not come again below; a column of task names has no value twice. */
function shapeOf(records: readonly (readonly string[])[]): Shape {
  const [first, ...rest] = records;
  const below = new Set(rest.flatMap((cells) => cells.slice(1)));
  const header =
    first.slice(1).every((name) => name !== '' && !below.has(name)) &&
    !first.slice(1).every((name) => /^-?\d+$/.test(name) && rest.length < 3);
  const body = header ? rest : records;
  const names = body.map((cells) => cells[0]);
  const isId = first[0] === '' || /^(task|item|id|index|example|unnamed0|row)/.test(folded(first[0]));
  const named = header && isId && new Set(names).size === names.length && names.every((name) => name !== '');
  return { header, named };
}

async function readMatrix(reader: SourceReader, head: FileHead, sink: AnswerSink, kind: Kind): Promise<void> {
  if (head.extension === 'npy' && head.kind === 'binary') {
    await readNpyMatrix(reader, head, sink);
    return;
  }
  const shape: Shape =
    kind === 'mace' || head.records.length === 0 ? { header: false, named: false } : shapeOf(head.records);
  const width = (head.records[0] ?? []).length;
  if (width < 2) throw tooNarrow(head);
  const from = shape.named ? 1 : 0;
  const header = headerOf(head);
  const workers = Array.from({ length: width - from }, (_, c) =>
    shape.header ? header[from + c] : `${kind === 'snorkel' ? 'function' : 'annotator'} ${c + 1}`,
  );
  if (columnOf(workers, '') >= 0) throw nameless(head);
  // pandas turns whole numbers beside empty cells into 1.0, 2.0, …
  const floats =
    kind !== 'mace' &&
    head.records
      .slice(shape.header ? 1 : 0)
      .every((cells) => cells.slice(from).every((cell) => !/[^\d.\-\sNaN/]/.test(cell)));
  sink.columns.set(shape.named ? header[0] || 'first column' : 'line', 'task');
  let first = shape.header;
  let index = 0;
  for await (const rows of tableRows(reader, head)) {
    for (const row of rows) {
      if (first) {
        first = false;
        continue;
      }
      const task = shape.named ? row.cells[0] : kind === 'mace' ? String(row.line) : String(index);
      index++;
      const place = { file: head.name, line: row.line };
      if (row.cells.length !== width) {
        const hint = 'every row has as many cells as the first';
        sink.failAt(
          new InputError(`invalid row of ${row.cells.length} cells where the first has ${width}; ${hint}`, {
            code: 'ragged-row',
            hint,
          }),
          place,
        );
        continue;
      }
      const before = sink.answered;
      for (let c = 0; c < workers.length; c++) {
        const text = row.cells[from + c];
        const cell = floats ? text.replace(/\.0+$/, '') : text;
        if (cell === '' || (kind !== 'mace' && missingValues.includes(cell))) continue;
        addCell(task, workers[c], cell, kind, place, sink);
      }
      if (sink.answered === before) sink.everywhere({ task, worker: '' }, place);
    }
  }
}

function addCell(
  task: string,
  worker: string,
  cell: string,
  kind: Kind,
  place: { file: string; line?: number },
  sink: AnswerSink,
): void {
  if (kind !== 'snorkel') sink.answer({ task, worker, label: cell }, place);
  else if (cell === '-1') sink.answer({ task, worker, label: null, kind: 'rule', status: 'abstain' }, place);
  else sink.answer({ task, worker, label: cell, kind: 'rule' }, place);
}

async function readNpyMatrix(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const { shape, values } = readNpy(head.name, await reader.all(1 << 30));
  if (shape.length !== 2) {
    const hint = 'save a matrix with a row per task and a column per function';
    throw new InputError(`invalid shape (${shape.join(', ')}) of ${head.name}; ${hint}`, {
      code: 'invalid-shape',
      path: head.name,
      got: shape.join(','),
      hint,
    });
  }
  sink.columns.set('row', 'task');
  for (let row = 0; row < shape[0]; row++) {
    for (let c = 0; c < shape[1]; c++) {
      const value = values[row * shape[1] + c];
      if (!Number.isNaN(value))
        addCell(String(row), `function ${c + 1}`, String(value), 'snorkel', { file: head.name }, sink);
    }
  }
}

function writeMatrix(tables: readonly AnswerTable[]): Iterable<Uint8Array> {
  if (tables.length !== 1) {
    const hint = 'choose one question with --question';
    throw new InputError(`ambiguous question: a matrix holds the answers to one; ${hint}`, {
      code: 'ambiguous-question',
      hint,
    });
  }
  const [table] = tables;
  const names = table.classes.names();
  const numbered = names.every((name, index) => name === String(index));
  const row = new Map<number, number>();
  let held = -1;
  const at = (task: number, worker: number): number | null => {
    if (task !== held) {
      row.clear();
      for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++) row.set(table.worker[e], table.label[e]);
      held = task;
    }
    const label = row.get(worker);
    return label === undefined ? null : numbered ? Number(names[label]) : label;
  };
  const sheet: Sheet = {
    length: table.taskCount,
    columns: [
      { name: '', kind: 'text', at: (task) => table.tasks.name(task) },
      ...table.workers
        .names()
        .map((name, worker) => ({ name, kind: 'integer' as const, at: (task: number) => at(task, worker) })),
    ],
  };
  return delimitedText(sheet, ',');
}

function nameless(head: FileHead): InputError {
  const hint = 'give every annotator column a name';
  return new InputError(`missing name of an annotator column in ${head.name}; ${hint}`, {
    code: 'missing-column',
    path: head.name,
    line: 1,
    hint,
  });
}

function tooNarrow(head: FileHead): InputError {
  const hint = 'give a table with a row per task and a column per annotator';
  return new InputError(`missing columns in ${head.name}: it is no matrix; ${hint}`, {
    code: 'missing-column',
    path: head.name,
    line: 1,
    hint,
  });
}
