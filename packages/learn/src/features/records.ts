import { InputError, shown } from '@assay/core';
import { type FeatureMatrix, invalid, matrixOf } from './matrix.ts';
import { hashedText } from './text.ts';

/** Columns that name the task of a row, in the order they are looked for. */
const taskColumns = ['task', 'task_id', 'item', 'item_id', 'id', 'unit', 'example', 'row'];

/** Known answers to the task: never features. */
const labelColumns = new Set(['label', 'truth', 'gold']);

/** Columns of text, in the order they are looked for. */
const textColumns = ['text', 'sentence', 'content', 'body', 'document', 'comment', 'review', 'question', 'prompt'];

/** Rows of named cells: text of CSV, values of JSON and Parquet. */
interface Records {
  readonly file: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** Line or row number of a record, for messages. */
  readonly place: (row: number) => string;
}

/** Features of the cells of a CSV or TSV file with its header. */
export function matrixOfCells(file: string, cells: readonly (readonly string[])[]): FeatureMatrix {
  const [columns = [], ...rows] = cells;
  const ragged = rows.findIndex((row) => row.length !== columns.length);
  if (ragged >= 0) {
    const what = `${rows[ragged].length} cells in row ${ragged + 2} where the header has ${columns.length}`;
    throw invalid(file, what, 'correct the row');
  }
  return matrixOfRecords({ file, columns, rows, place: (row) => `row ${row + 2}` });
}

/** Features of JSON or Parquet rows: the first row says which columns there are. */
export function matrixOfObjects(file: string, objects: readonly Readonly<Record<string, unknown>>[]): FeatureMatrix {
  const columns = Object.keys(objects[0] ?? {});
  const rows = objects.map((object) => columns.map((column) => object[column]));
  return matrixOfRecords({ file, columns, rows, place: (row) => `record ${row + 1}` });
}

function matrixOfRecords(records: Records): FeatureMatrix {
  const { file, columns, rows } = records;
  if (rows.length === 0) throw invalid(file, 'no rows', 'give a header and one row per task');
  const names = columns.map((name) => name.trim().toLowerCase());
  const task = firstOf(taskColumns, names);
  if (task < 0) {
    const hint = 'add a column "task" that says what each row describes';
    throw new InputError(`missing task column in ${shown(file)}: it has ${columns.slice(0, 8).join(', ')}; ${hint}`, {
      code: 'missing-task-column',
      path: file,
      hint,
    });
  }
  const tasks = taskNames(records, task);
  const text = firstOf(textColumns, names);
  if (text >= 0 && rows.some((row) => isWords(row[text]))) return textMatrix(records, tasks, text, task);
  const telling = names.findIndex((name) => labelColumns.has(name));
  if (telling >= 0) throw invalid(file, `a column ${shown(columns[telling])}`, 'drop it; truth goes to --truth');
  const used = columns.flatMap((_name, index) => (index === task ? [] : [index]));
  if (used.length === 0) throw invalid(file, 'a task column only', 'add columns of numbers');
  return numberMatrix(records, tasks, used);
}

function firstOf(wanted: readonly string[], names: readonly string[]): number {
  return wanted.map((name) => names.indexOf(name)).find((at) => at >= 0) ?? -1;
}

function taskNames({ file, rows, place }: Records, task: number): string[] {
  const seen = new Set<string>();
  return rows.map((row, index) => {
    const cell = row[task];
    const name = typeof cell === 'number' ? String(cell) : cell;
    if (typeof name !== 'string' || name === '')
      throw invalid(file, `no task in ${place(index)}`, 'name the task of every row');
    if (seen.has(name)) throw invalid(file, `task ${shown(name)} twice`, 'keep one row per task');
    seen.add(name);
    return name;
  });
}

function isWords(cell: unknown): boolean {
  return typeof cell === 'string' && cell.trim() !== '' && Number.isNaN(Number(cell));
}

function textMatrix(
  { file, columns, rows, place }: Records,
  tasks: readonly string[],
  text: number,
  task: number,
): FeatureMatrix {
  const texts = rows.map((row, index) => {
    const cell = row[text] ?? '';
    if (typeof cell === 'string') return cell;
    throw invalid(file, `${typeof cell} in ${place(index)}, column ${shown(columns[text])}`, 'give text');
  });
  const matrix = hashedText(texts, tasks);
  const others = columns.filter((_, index) => index !== text && index !== task);
  if (others.length === 0) return matrix;
  const notes = [`${file}: the text of ${columns[text]} is taken; not ${others.slice(0, 8).join(', ')}`];
  return { ...matrix, notes };
}

function numberMatrix(records: Records, tasks: readonly string[], used: readonly number[]): FeatureMatrix {
  const { file, columns, rows, place } = records;
  const sizes = used.map((column) => (isList(rows[0][column]) ? (rows[0][column] as ArrayLike<unknown>).length : 1));
  const width = sizes.reduce((sum, size) => sum + size, 0);
  const values = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    let at = index * width;
    used.forEach((column, c) => {
      const where = (): string => `${place(index)} (task ${shown(tasks[index])}), column ${shown(columns[column])}`;
      const cell = row[column];
      const list = isList(cell) ? (cell as ArrayLike<unknown>) : [cell];
      if (list.length !== sizes[c])
        throw invalid(
          file,
          `${list.length} numbers at ${where()}, ${sizes[c]} before`,
          'give each row the same length',
        );
      for (let i = 0; i < list.length; i++) {
        const value = numberOf(list[i]);
        if (Number.isNaN(value)) {
          const hint = 'give numbers; fill in or drop what is missing';
          throw invalid(file, `${shown(String(list[i] ?? ''))} at ${where()}`, hint);
        }
        values[at++] = value;
      }
    });
  });
  return matrixOf(file, [rows.length, width], values, tasks);
}

function isList(cell: unknown): boolean {
  return Array.isArray(cell) || (ArrayBuffer.isView(cell) && !(cell instanceof DataView));
}

function numberOf(cell: unknown): number {
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  return typeof cell !== 'string' || cell.trim() === '' ? Number.NaN : Number(cell);
}
