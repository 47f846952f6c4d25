import type { AnswerStatus } from '../answers/answer-table.ts';
import { InputError, shown } from '../errors.ts';
import type { ColumnPlan, Role } from './columns.ts';
import { textOfValue, timeOf } from './long-json.ts';
import { kindOf, statusOf } from './options.ts';
import { type Cells, cellAt, entryAt, isText, type TextCells } from './parquet-flat.ts';
import type { ParquetFile } from './parquet-reader.ts';
import { type AnswerSink, defaultQuestion, type QuestionSink } from './sink.ts';
import { parseMoney, textOf, timeFromBytes, timeFromNumber } from './values.ts';

/** Roles read column by column; a table with others (probabilities) is read row by row. */
const known: ReadonlySet<string> = new Set<Role>([
  'task',
  'worker',
  'label',
  'question',
  'kind',
  'status',
  'weight',
  'time',
  'duration',
  'cost',
  'gold',
]);

/** Can the table be read column by column? */
export function isColumnwise({ at, soft, predicted }: ColumnPlan, sink: AnswerSink): boolean {
  const all =
    Object.keys(at).every((role) => known.has(role)) &&
    soft.length + predicted.length === 0 &&
    at.worker !== undefined &&
    at.label !== undefined;
  return all && sink.options.trim !== true && sink.options.several !== 'each';
}

/** Values of a column that are remembered; a column of names that do not come again has no use for more. */
const mostKnown = 20_000;

/** Reads a long table column by column, row group by row group, without making strings. */
export async function readColumns(file: ParquetFile, plan: ColumnPlan, sink: AnswerSink): Promise<void> {
  for (const { from, to } of plan.columns) sink.columns.set(from, to);
  const roles = Object.keys(plan.at) as Role[];
  const wanted = roles.map((role) => file.columns[plan.at[role] as number]);
  const nameOf = (role: Role): string => (plan.at[role] === undefined ? '' : file.columns[plan.at[role]]);
  const only =
    plan.at.question === undefined
      ? sink.question(sink.wants(defaultQuestion) ? undefined : sink.options.question)
      : undefined;
  const [durationUnit, costUnit] = [
    /ms/i.test(nameOf('duration')) ? 1 : 1000,
    /micros/i.test(nameOf('cost')) ? 1 : 1e6,
  ];
  const isTimestamp = file.timestamps.has(nameOf('time'));
  const classNames = { label: file.classNames.get(nameOf('label')), gold: file.classNames.get(nameOf('gold')) };
  await file.rowGroups(wanted, ({ from, length, columns }) => {
    const column = (role: Role): Cells | undefined => columns[roles.indexOf(role)];
    const questions = column('question');
    const sinkOf = questions && remembered(questions, (value) => questionNamed(textCell(value), sink));
    const names = new Map<QuestionSink, Indices>();
    const indicesOf = (question: QuestionSink): Indices => {
      let found = names.get(question);
      if (found === undefined) {
        found = indices(question, column, classNames);
        names.set(question, found);
      }
      return found;
    };
    const [statuses, kinds, golds, times] = (['status', 'kind', 'gold', 'time'] as const).map(column);
    const statusAt = statuses && remembered(statuses, (value) => word(textCell(value), statusOf, 'status') ?? 'ok');
    const kindAt = kinds && remembered(kinds, (value) => word(textCell(value), kindOf, 'kind of worker'));
    const timeAt = times && timesOf(times, isTimestamp);
    const numbers = numberColumns(column, durationUnit, costUnit);
    let question = only;
    let at = question === undefined ? undefined : indicesOf(question);
    for (let row = 0; row < length; row++) {
      try {
        if (sinkOf !== undefined) {
          const next = sinkOf.at(row);
          if (next === null) continue;
          if (next !== question) [question, at] = [next, indicesOf(next)];
        }
        if (question === undefined || at === undefined) continue;
        const { builder } = question;
        const task = at.task.at(row);
        const worker = at.worker.at(row);
        const label = at.label.at(row);
        const said: AnswerStatus = statusAt === undefined ? 'ok' : statusAt.at(row);
        if (worker >= 0 && kindAt !== undefined) {
          const known = kindAt.at(row);
          if (known !== undefined) builder.setKind(worker, known);
        }
        if (task >= 0 && golds !== undefined) {
          const gold = at.gold.at(row);
          if (gold >= 0) builder.setGoldIndex(task, gold);
        }
        if (task < 0 || worker < 0) {
          if (label < 0 && (task >= 0 || worker >= 0)) continue;
          throw missingName(task < 0 ? 'task' : 'worker');
        }
        const time = timeAt === undefined ? Number.NaN : timeAt.at(row);
        question.row(task, worker, label, said, time);
        if (label < 0 || said !== 'ok') continue;
        if (timeAt !== undefined) builder.setExtra('time', time);
        for (const { name, read } of numbers) {
          const value = read.at(row);
          if (name !== 'weight' || !Number.isNaN(value)) builder.setExtra(name, value);
        }
      } catch (error) {
        sink.failAt(error, { file: file.name, json: `row ${from + row + 1}` });
      }
    }
  });
}

/** What the cells of a column mean. Classes rather than closures: one compiled `at` serves all row groups. */
interface Meanings<V> {
  at(row: number): V;
}

interface Indices {
  readonly task: Meanings<number>;
  readonly worker: Meanings<number>;
  readonly label: Meanings<number>;
  readonly gold: Meanings<number>;
}

function indices(
  question: QuestionSink,
  column: (role: Role) => Cells | undefined,
  classNames: { label?: readonly string[]; gold?: readonly string[] },
): Indices {
  const at = (from: Role, role: 'task' | 'worker' | 'label', names?: readonly string[]): Meanings<number> => {
    const cells = column(from) ?? noCells;
    if (!isText(cells))
      return new MeaningsOfValues(cells, (value) =>
        question.indexOfBytes(role, bytesOf(names === undefined ? value : named(value, names))),
      );
    const { bytes, from: start, to: end } = cells;
    return new MeaningsOfText(cells, (entry) =>
      entry < 0 ? question.indexOfBytes(role, nothing) : question.indexOfBytes(role, bytes, start[entry], end[entry]),
    );
  };
  return {
    task: at('task', 'task'),
    worker: at('worker', 'worker'),
    label: at('label', 'label', classNames.label),
    gold: at('gold', 'label', classNames.gold),
  };
}

const nothing = new Uint8Array(0);
/** A column that is not there. */
const noCells: ArrayLike<unknown> = [];

function remembered<V>(cells: Cells, look: (value: unknown) => V): Meanings<V> {
  return isText(cells)
    ? new MeaningsOfText(cells, (entry) => look(entryAt(cells, entry)))
    : new MeaningsOfValues(cells, look);
}

/** Each entry is looked up once, when the first row has it. */
class MeaningsOfText<V> implements Meanings<V> {
  readonly #cells: TextCells;
  readonly #index: Int32Array;
  readonly #known: (V | undefined)[];
  readonly #look: (entry: number) => V;

  constructor(cells: TextCells, look: (entry: number) => V) {
    this.#cells = cells;
    this.#index = cells.index;
    this.#known = new Array<V | undefined>(cells.from.length);
    this.#look = look;
  }

  at(row: number): V {
    const entry = this.#index[row];
    const known = entry < 0 ? undefined : this.#known[entry];
    return known === undefined ? this.#find(entry) : known;
  }

  #find(entry: number): V {
    if (entry < 0) return this.#look(entry);
    // Tables stand in order of task: in a column without a dictionary a name often comes again.
    const before = entry > 0 && isRepeated(this.#cells, entry) ? this.#known[entry - 1] : undefined;
    const found = before === undefined ? this.#look(entry) : before;
    this.#known[entry] = found;
    return found;
  }
}

/** Is the entry the same text as the one before it? */
function isRepeated({ bytes, from, to }: TextCells, entry: number): boolean {
  const length = to[entry] - from[entry];
  let at = to[entry];
  let before = to[entry - 1];
  if (before - from[entry - 1] !== length) return false;
  // Names differ at their end more often than at their beginning.
  for (let i = 0; i < length; i++) if (bytes[--at] !== bytes[--before]) return false;
  return true;
}

class MeaningsOfValues<V> implements Meanings<V> {
  readonly #cells: ArrayLike<unknown>;
  readonly #known = new Map<unknown, V>();
  readonly #look: (value: unknown) => V;

  constructor(cells: ArrayLike<unknown>, look: (value: unknown) => V) {
    this.#cells = cells;
    this.#look = look;
  }

  at(row: number): V {
    const value = this.#cells[row];
    const before = this.#known.get(value);
    if (before !== undefined) return before;
    const result = this.#look(value);
    if (this.#known.size < mostKnown) this.#known.set(value, result);
    return result;
  }
}

/** Numbers, which seldom come again. */
class Numbers implements Meanings<number> {
  readonly #cells: Cells;
  readonly #read: (cell: unknown) => number;

  constructor(cells: Cells, read: (cell: unknown) => number) {
    this.#cells = cells;
    this.#read = read;
  }

  at(row: number): number {
    const cells = this.#cells;
    return this.#read(isText(cells) ? cellAt(cells, row) : cells[row]);
  }
}

/** Times that are stored as such. */
class Timestamps implements Meanings<number> {
  readonly #times: Float64Array;

  constructor(times: Float64Array) {
    this.#times = times;
  }

  at(row: number): number {
    return this.#times[row];
  }
}

function timesOf(cells: Cells, isTimestamp: boolean): Meanings<number> {
  if (isTimestamp && cells instanceof Float64Array) return new Timestamps(cells);
  return new Numbers(cells, (cell) => timeOfCell(cell, isTimestamp));
}

const encoder = new TextEncoder();

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array
    ? value
    : encoder.encode(textOfValue(value instanceof Date ? value.toISOString() : value) ?? '');
}

function textCell(value: unknown): string {
  return value instanceof Uint8Array ? textOf(value, 0, value.length) : (textOfValue(value) ?? '');
}

function questionNamed(text: string, sink: AnswerSink): QuestionSink | null {
  const name = text === '' ? defaultQuestion : text;
  return sink.wants(name) ? sink.question(name) : null;
}

/** Class numbers by their names; -1 is no answer. */
export function named(value: unknown, names: readonly string[] | undefined): unknown {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (names === undefined || typeof number !== 'number') return number;
  return number < 0 ? null : (names[number] ?? number);
}

interface NumberColumn {
  readonly name: 'weight' | 'durationMs' | 'costMicros';
  readonly read: Meanings<number>;
}

function numberColumns(
  column: (role: Role) => Cells | undefined,
  durationUnit: number,
  costUnit: number,
): NumberColumn[] {
  const [weights, durations, costs] = (['weight', 'duration', 'cost'] as const).map(column);
  const money = (cell: unknown): number =>
    cell instanceof Uint8Array ? parseMoney(textCell(cell)) : Math.round(numberOf(cell, 'cost') * costUnit);
  const found: NumberColumn[] = [];
  if (weights !== undefined) found.push({ name: 'weight', read: new Numbers(weights, weightOf) });
  if (durations !== undefined)
    found.push({
      name: 'durationMs',
      read: new Numbers(durations, (cell) => numberOf(cell, 'duration') * durationUnit),
    });
  if (costs !== undefined) found.push({ name: 'costMicros', read: new Numbers(costs, money) });
  return found;
}

function numberOf(cell: unknown, what: string): number {
  if (cell === null || cell === undefined) return Number.NaN;
  const text = cell instanceof Uint8Array ? textCell(cell) : cell;
  const number = text === '' ? Number.NaN : Number(text);
  if (Number.isNaN(number) && text !== '' && !(typeof text === 'number')) throw invalid(what, text, 'write a number');
  return number;
}

function weightOf(cell: unknown): number {
  const weight = numberOf(cell, 'weight');
  if (weight < 0) throw invalid('weight', cell, 'weights are at least 0');
  return weight;
}

function word<V>(text: string, meaning: (word: string) => V | undefined, what: string): V | undefined {
  if (text === '') return undefined;
  const found = meaning(text);
  if (found === undefined) throw invalid(what, text, 'correct it');
  return found;
}

function timeOfCell(cell: unknown, isTimestamp: boolean): number {
  if (cell === null || cell === undefined) return Number.NaN;
  if (cell instanceof Date) return cell.getTime();
  if (typeof cell === 'number' || typeof cell === 'bigint')
    return isTimestamp ? Number(cell) : timeFromNumber(Number(cell));
  if (!(cell instanceof Uint8Array)) return timeOf(cell) ?? Number.NaN;
  const time = timeFromBytes(cell, 0, cell.length);
  return Number.isNaN(time) ? (timeOf(textCell(cell)) ?? Number.NaN) : time;
}

function missingName(role: string): InputError {
  const hint = `give every answer its ${role}`;
  return new InputError(`missing ${role}; ${hint}`, { code: `missing-${role}`, hint });
}

function invalid(what: string, value: unknown, hint: string): InputError {
  const code = `invalid-${what.replace(/ .*/, '')}`;
  return new InputError(`invalid ${what} ${shown(value)}; ${hint}`, { code, got: shown(value).slice(1, -1), hint });
}
