import type { AnswerStatus } from '../answers/answer-table.ts';
import { InputError, shown } from '../errors.ts';
import type { ColumnPlan, Role } from './columns.ts';
import { textOfValue, timeOf } from './long-json.ts';
import { kindOf, statusOf } from './options.ts';
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

/** Entries of a dictionary that are remembered; a column of names that do not come again has no use for more. */
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
    const column = (role: Role): ArrayLike<unknown> | undefined => columns[roles.indexOf(role)];
    const questions = column('question');
    const sinks = questions === undefined ? undefined : remembered((value) => questionNamed(textCell(value), sink));
    const names = new Map<QuestionSink, Indices>();
    const indicesOf = (question: QuestionSink): Indices => {
      let found = names.get(question);
      if (found === undefined) {
        found = indices(question, classNames);
        names.set(question, found);
      }
      return found;
    };
    const [tasks, workers, labels, golds] = (['task', 'worker', 'label', 'gold'] as const).map(column);
    const [statuses, kinds] = [column('status'), column('kind')];
    const status = remembered((value) => word(textCell(value), statusOf, 'status') ?? 'ok');
    const kind = remembered((value) => word(textCell(value), kindOf, 'kind of worker'));
    const numbers = numberColumns(column, durationUnit, costUnit);
    const times = column('time');
    let question = only;
    let at = question === undefined ? undefined : indicesOf(question);
    for (let row = 0; row < length; row++) {
      try {
        if (sinks !== undefined && questions !== undefined) {
          const next = sinks(questions[row]);
          if (next === null) continue;
          if (next !== question) [question, at] = [next, indicesOf(next)];
        }
        if (question === undefined || at === undefined) continue;
        const { builder } = question;
        const [task, worker, label] = [at.task(tasks?.[row]), at.worker(workers?.[row]), at.label(labels?.[row])];
        const said: AnswerStatus = statuses === undefined ? 'ok' : status(statuses[row]);
        if (worker >= 0 && kinds !== undefined) {
          const known = kind(kinds[row]);
          if (known !== undefined) builder.setKind(worker, known);
        }
        if (task >= 0 && golds !== undefined) {
          const gold = at.gold(golds[row]);
          if (gold >= 0) builder.setGoldIndex(task, gold);
        }
        if (task < 0 || worker < 0) {
          if (label < 0 && (task >= 0 || worker >= 0)) continue;
          throw missingName(task < 0 ? 'task' : 'worker');
        }
        const time = times === undefined ? Number.NaN : timeOfCell(times[row], isTimestamp);
        question.row(task, worker, label, said, time);
        if (label < 0 || said !== 'ok') continue;
        if (times !== undefined) builder.setExtra('time', time);
        for (const { name, values, read } of numbers) {
          const value = read(values[row]);
          if (name !== 'weight' || !Number.isNaN(value)) builder.setExtra(name, value);
        }
      } catch (error) {
        sink.failAt(error, { file: file.name, json: `row ${from + row + 1}` });
      }
    }
  });
}

interface Indices {
  readonly task: (value: unknown) => number;
  readonly worker: (value: unknown) => number;
  readonly label: (value: unknown) => number;
  readonly gold: (value: unknown) => number;
}

/** A dictionary's entries come back as the same objects: each is looked up once per row group. */
function indices(question: QuestionSink, classNames: { label?: readonly string[]; gold?: readonly string[] }): Indices {
  const text = (role: 'task' | 'worker' | 'label', names?: readonly string[]): ((value: unknown) => number) =>
    remembered((value) => question.indexOfBytes(role, bytesOf(names === undefined ? value : named(value, names))));
  return {
    task: text('task'),
    worker: text('worker'),
    label: text('label', classNames.label),
    gold: text('label', classNames.gold),
  };
}

function remembered<V>(look: (value: unknown) => V): (value: unknown) => V {
  const found = new Map<unknown, V>();
  return (value) => {
    const before = found.get(value);
    if (before !== undefined) return before;
    const result = look(value);
    if (found.size < mostKnown) found.set(value, result);
    return result;
  };
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
  readonly values: ArrayLike<unknown>;
  readonly read: (cell: unknown) => number;
}

function numberColumns(
  column: (role: Role) => ArrayLike<unknown> | undefined,
  durationUnit: number,
  costUnit: number,
): NumberColumn[] {
  const [weights, durations, costs] = (['weight', 'duration', 'cost'] as const).map(column);
  const money = (cell: unknown): number =>
    cell instanceof Uint8Array ? parseMoney(textCell(cell)) : Math.round(numberOf(cell, 'cost') * costUnit);
  const found: NumberColumn[] = [];
  if (weights !== undefined) found.push({ name: 'weight', values: weights, read: weightOf });
  if (durations !== undefined)
    found.push({ name: 'durationMs', values: durations, read: (cell) => numberOf(cell, 'duration') * durationUnit });
  if (costs !== undefined) found.push({ name: 'costMicros', values: costs, read: money });
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
