import type { AnswerStatus, WorkerKind } from '../answers/answer-table.ts';
import { DictionaryBuilder } from '../answers/dictionary.ts';
import { InputError, shown } from '../errors.ts';
import { type ClassColumn, type ColumnPlan, knownNames, planColumns, type Role } from './columns.ts';
import { CsvScanner } from './csv-scanner.ts';
import { type Detection, type Format, no } from './format.ts';
import { cellTexts, type FileHead } from './head.ts';
import { guessRoles } from './headerless.ts';
import { batchReader } from './long-batch.ts';
import { chosenByName, chosenByPlace, kindOf, statusOf } from './options.ts';
import { type AnswerSink, defaultQuestion, type QuestionSink } from './sink.ts';
import type { SourceReader } from './source.ts';
import { numberFromBytes, parseMoney, textOf, timeFromBytes } from './values.ts';
import { delimitedPages, delimitedText } from './write-text.ts';

const carries = {
  kind: true,
  status: true,
  time: true,
  duration: true,
  cost: true,
  gold: true,
  soft: true,
  questions: true,
};

/** One answer per row, comma, semicolon or bar between the cells. */
export const csv: Format = {
  id: 'csv',
  title: 'CSV, one answer per row',
  summary: 'A table with columns for task, worker and label under any of their common names, with or without a header.',
  extensions: ['csv', 'txt'],
  reference: 'RFC 4180',
  kinds: ['table'],
  carries,
  detect: (head) => detectLong(head, (delimiter) => delimiter !== '\t'),
  read: readLongTable,
  write: { sheet: (sheet) => delimitedText(sheet, ','), pages: (pages) => delimitedPages(pages, ',') },
};

/** One answer per row, tabs between the cells. */
export const tsv: Format = {
  id: 'tsv',
  title: 'TSV, one answer per row',
  summary: 'As CSV with tabs, which includes Get-Another-Label files: worker, object, label without a header.',
  extensions: ['tsv', 'tab'],
  kinds: ['table'],
  carries,
  detect: (head) => detectLong(head, (delimiter) => delimiter === '\t'),
  read: readLongTable,
  write: { sheet: (sheet) => delimitedText(sheet, '\t'), pages: (pages) => delimitedPages(pages, '\t') },
};

function detectLong(head: FileHead, mine: (delimiter: string) => boolean): Detection {
  if (head.kind !== 'table' || !mine(head.delimiter) || head.records.length === 0) return no;
  const known = knownNames(head.records[0]);
  if (known >= 2) return { confidence: 0.5, reason: `its header names ${known} columns of answers` };
  if (head.records[0].length === 3) return { confidence: 0.3, reason: 'it has three columns' };
  return { confidence: 0.1, reason: 'it is a table' };
}

/** The layout of a long table: where each role stands and whether the first record is a header. */
export interface LongLayout {
  readonly file: string;
  readonly plan: ColumnPlan;
  readonly header: boolean;
  readonly width: number;
}

/** Finds out, from the first records and the user's choice, which column is what. */
export function layoutOf(head: FileHead, sink: AnswerSink, needed: readonly Role[]): LongLayout {
  const { columns } = sink.options;
  const first = head.records[0];
  const byName = chosenByName(columns);
  const byPlace = chosenByPlace(columns);
  const width = first.length;
  if (width < 2 && needed.length > 1) throw oneColumn(head, first[0] ?? '');
  if (byPlace !== undefined) {
    if (byPlace.length > width) throw tooManyRoles(head.name, byPlace, width);
    const header = knownNames(first) >= 2;
    const names = first.map((name, index) => (header ? name : `column ${index + 1}`));
    const chosen = Object.fromEntries(byPlace.flatMap((role, index) => (role === null ? [] : [[role, names[index]]])));
    const plan = planColumns(head.name, names, chosen, needed);
    return { file: head.name, plan, header, width };
  }
  const chosenNames = Object.values(byName);
  if (
    knownNames(first) >= 2 ||
    chosenNames.some((name) => first.includes(name)) ||
    (needed.length < 2 && knownNames(first) > 0)
  ) {
    return { file: head.name, plan: planColumns(head.name, first, byName, needed), header: true, width };
  }
  if (chosenNames.length > 0)
    return { file: head.name, plan: planColumns(head.name, first, byName, needed), header: true, width };
  const guessed = guessRoles(head, needed);
  const names = first.map((_, index) => `column ${index + 1}`);
  const chosen = Object.fromEntries(guessed.flatMap((role, index) => (role === null ? [] : [[role, names[index]]])));
  sink.guesses.add(
    `${head.name} has no header; its columns were taken for ${guessed.map((role) => role ?? '?').join(', ')} (say otherwise with --columns)`,
  );
  return { file: head.name, plan: planColumns(head.name, names, chosen, needed), header: false, width };
}

async function readLongTable(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  const needed: Role[] = sink.options.worker === undefined ? ['task', 'worker', 'label'] : ['task', 'label'];
  const layout = layoutOf(head, sink, needed);
  const { at } = layout.plan;
  for (const { from, to } of layout.plan.columns) sink.columns.set(from, to);
  const scanner = new CsvScanner(
    { name: head.name, delimiter: head.delimiter.charCodeAt(0), quoted: sink.options.quoted },
    () => {},
  );
  const only =
    at.question === undefined
      ? sink.question(sink.wants(defaultQuestion) ? undefined : sink.options.question)
      : undefined;
  const general = rowReader(scanner, layout, sink, only);
  const row = (only && batchReader(scanner, layout, sink, only, general)) ?? general;
  for (const role of ['task', 'worker', 'label', 'gold', 'question', 'status', 'kind', 'exposed'] as const) {
    const column = at[role];
    if (column !== undefined) markHashed(scanner, column);
  }
  let skip = layout.header;
  scanner.onRecord = (): void => {
    if (skip) skip = false;
    else row();
  };
  for await (const chunk of reader.chunks()) scanner.push(chunk);
  scanner.end();
}

function markHashed(scanner: CsvScanner, column: number): void {
  if (column >= scanner.hashed.length) {
    const larger = new Uint8Array(column * 2);
    larger.set(scanner.hashed);
    scanner.hashed = larger;
  }
  scanner.hashed[column] = 1;
}

/** What is done with each record: built once, so that a row costs no look-up by name. */
function rowReader(
  scanner: CsvScanner,
  layout: LongLayout,
  sink: AnswerSink,
  only: QuestionSink | undefined,
): () => void {
  const { file, width } = layout;
  const column = (role: Role): number => layout.plan.at[role] ?? -1;
  const [taskAt, workerAt, labelAt, goldAt, questionAt] = [
    column('task'),
    column('worker'),
    column('label'),
    column('gold'),
    column('question'),
  ];
  const [statusAt, kindAt, exposedAt] = [column('status'), column('kind'), column('exposed')];
  const [weightAt, timeAt, durationAt, costAt] = [column('weight'), column('time'), column('duration'), column('cost')];
  const durationName = layout.plan.columns.find(({ to }) => to === 'duration')?.from ?? '';
  const durationUnit = /ms/i.test(durationName) ? 1 : 1000;
  const costUnit = /micros/i.test(layout.plan.columns.find(({ to }) => to === 'cost')?.from ?? '') ? 1 : 1e6;
  const { soft, predicted } = layout.plan;
  const hasExtras =
    weightAt >= 0 ||
    timeAt >= 0 ||
    durationAt >= 0 ||
    costAt >= 0 ||
    exposedAt >= 0 ||
    kindAt >= 0 ||
    goldAt >= 0 ||
    soft.length + predicted.length > 0;
  const statuses = wordColumn(statusOf, 'status', 'ok, skip, abstain, rejected, surplus or draft');
  const kinds = wordColumn(kindOf, 'kind of worker', 'human, ai, rule or expert');
  const flags = wordColumn(
    (word) => (/^(1|true|yes)$/i.test(word) ? 1 : /^(0|false|no)$/i.test(word) ? 0 : undefined),
    'flag',
    'true or false',
  );
  const questionNames = new DictionaryBuilder();
  const questionSinks: (QuestionSink | null)[] = [];
  const workerForAll = sink.options.worker;

  const index = (words: WordColumn<unknown>, at: number): number =>
    words.index(scanner.bytes, scanner.starts[at], scanner.ends[at], scanner.hashes[at]);
  const questionOf = (): QuestionSink | null => {
    const at = questionNames.addHashed(
      scanner.bytes,
      scanner.starts[questionAt],
      scanner.ends[questionAt],
      scanner.hashes[questionAt],
    );
    if (at === questionSinks.length) {
      const name = questionNames.name(at) || defaultQuestion;
      questionSinks.push(sink.wants(name) ? sink.question(name) : null);
    }
    return questionSinks[at];
  };
  const number = (at: number, what: string): number => {
    const value = numberFromBytes(scanner.bytes, scanner.starts[at], scanner.ends[at]);
    if (!Number.isNaN(value) || isMissing(at)) return value;
    throw invalidCell(what, cell(at), 'write a number with a decimal point');
  };
  const cell = (at: number): string => textOf(scanner.bytes, scanner.starts[at], scanner.ends[at]);
  const isMissing = (at: number): boolean => /^\s*(na|n\/a|nan|null|nat)?\s*$/i.test(cell(at));
  const time = (): number => {
    const value = timeFromBytes(scanner.bytes, scanner.starts[timeAt], scanner.ends[timeAt]);
    if (!Number.isNaN(value) || isMissing(timeAt)) return value;
    throw invalidCell(
      'time',
      cell(timeAt),
      'write it as 2026-01-02T03:04:05Z or as seconds or milliseconds since 1970',
    );
  };

  const setKind = (question: QuestionSink, worker: number): void => {
    const kind = kinds.get(index(kinds, kindAt)) as WorkerKind | undefined;
    if (kind !== undefined) question.builder.setKind(worker, kind);
  };

  const oneRow = (): void => {
    const { bytes, starts, ends, hashes } = scanner;
    const question = only ?? questionOf();
    if (question === null) return;
    const task = question.task(bytes, starts[taskAt], ends[taskAt], hashes[taskAt]);
    const worker =
      workerAt >= 0
        ? question.worker(bytes, starts[workerAt], ends[workerAt], hashes[workerAt])
        : question.workerOf(workerForAll as string);
    let label = labelAt >= 0 ? question.label(bytes, starts[labelAt], ends[labelAt], hashes[labelAt]) : -1;
    const status: AnswerStatus = statusAt >= 0 ? (statuses.get(index(statuses, statusAt)) ?? 'ok') : 'ok';
    if (task < 0 || worker < 0) {
      incomplete(question, task, worker, label);
      if (worker >= 0 && kindAt >= 0) setKind(question, worker);
      if (task < 0) return;
    }
    if (!hasExtras) {
      question.row(task, worker, label, status, Number.NaN);
      return;
    }
    if (goldAt >= 0) {
      const gold = question.label(bytes, starts[goldAt], ends[goldAt], hashes[goldAt]);
      if (gold >= 0) question.builder.setGoldIndex(task, gold);
    }
    if (worker < 0) return;
    if (kindAt >= 0) setKind(question, worker);
    const probabilities = probabilitiesOf();
    if (probabilities !== undefined) {
      for (const name of Object.keys(probabilities)) question.labelOf(name);
      if (label < 0) label = question.labelOf(largest(probabilities));
    }
    const when = timeAt >= 0 ? time() : Number.NaN;
    question.row(task, worker, label, status, when);
    if (label < 0 || status !== 'ok') return;
    const { builder } = question;
    if (timeAt >= 0) builder.setExtra('time', when);
    if (weightAt >= 0) {
      const weight = number(weightAt, 'weight');
      if (weight < 0) throw invalidCell('weight', cell(weightAt), 'weights are at least 0');
      if (!Number.isNaN(weight)) builder.setExtra('weight', weight);
    }
    if (durationAt >= 0) builder.setExtra('durationMs', number(durationAt, 'duration') * durationUnit);
    if (costAt >= 0) builder.setExtra('costMicros', costUnit === 1 ? number(costAt, 'cost') : money(costAt));
    if (exposedAt >= 0 && flags.get(index(flags, exposedAt)) === 1) builder.setExposed();
    if (probabilities !== undefined) builder.setProbabilities(probabilities);
    const expected = numbersOf(predicted);
    if (expected.any) {
      for (const name of Object.keys(expected.found)) question.labelOf(name);
      builder.setPredicted(expected.found);
    }
  };
  const money = (at: number): number => {
    const value = parseMoney(cell(at));
    if (!Number.isNaN(value) || isMissing(at)) return value;
    throw invalidCell('cost', cell(at), 'write money as 0.05 or $0.05');
  };
  const numbersOf = (
    columns: readonly ClassColumn[],
  ): { found: Record<string, number>; total: number; any: boolean } => {
    const found: Record<string, number> = {};
    let total = 0;
    let any = false;
    for (const { column: at, name } of columns) {
      const value = number(at, 'probability');
      if (Number.isNaN(value)) continue;
      if (value < 0) throw invalidCell('probability', cell(at), 'probabilities are at least 0');
      found[name] = value;
      total += value;
      any = true;
    }
    return { found, total, any };
  };
  const probabilitiesOf = (): Record<string, number> | undefined => {
    const { found, total, any } = numbersOf(soft);
    if (!any) return undefined;
    if (!(total > 0) || total === Number.POSITIVE_INFINITY)
      throw invalidCell('probabilities', JSON.stringify(found), 'at least one must be above 0 and all finite');
    return found;
  };
  /** A row may only declare a task or a worker, if it says nothing else. */
  const incomplete = (question: QuestionSink, task: number, worker: number, label: number): void => {
    if (label < 0 && (task >= 0 || worker >= 0)) return;
    const role = task < 0 ? 'task' : 'worker';
    const hint =
      role === 'task' ? 'give every answer its task' : 'give every answer its worker, or one for all with --worker';
    throw new InputError(`missing ${role}; ${hint}`, {
      code: `missing-${role}`,
      got: label < 0 ? '' : question.builder.classes.name(label),
      hint,
    });
  };

  return () => {
    try {
      if (scanner.cells !== width && !onlyEmptyExtra(scanner, width)) throw ragged(scanner, width);
      oneRow();
    } catch (error) {
      sink.failAt(error, { file, line: scanner.line });
    }
  };
}

/** Spreadsheets add empty cells at the end of rows. */
function onlyEmptyExtra(scanner: CsvScanner, width: number): boolean {
  if (scanner.cells < width) return false;
  for (let at = width; at < scanner.cells; at++) if (scanner.ends[at] > scanner.starts[at]) return false;
  return true;
}

/** A column of few distinct words, each understood once. */
interface WordColumn<V> {
  index(bytes: Uint8Array, from: number, to: number, running: number): number;
  get(index: number): V | undefined;
}

function wordColumn<V>(meaning: (word: string) => V | undefined, what: string, expected: string): WordColumn<V> {
  const words = new DictionaryBuilder();
  const values: (V | undefined)[] = [];
  return {
    index(bytes, from, to, running): number {
      const at = words.addHashed(bytes, from, to, running);
      if (at < values.length) return at;
      const word = words.name(at).trim();
      const value = word === '' ? undefined : meaning(word);
      values.push(value);
      if (value === undefined && word !== '') throw invalidCell(what, word, `write ${expected}`);
      return at;
    },
    get: (at) => values[at],
  };
}

function largest(probabilities: Readonly<Record<string, number>>): string {
  const names = Object.keys(probabilities).sort((a, b) => (a < b ? -1 : 1));
  return names.reduce((best, name) => (probabilities[name] > probabilities[best] ? name : best), names[0]);
}

function invalidCell(what: string, value: string, hint: string): InputError {
  const code = `invalid-${what.replace(/ .*/, '')}`;
  return new InputError(`invalid ${what} ${shown(value)}; ${hint}`, { code, got: value.slice(0, 60), hint });
}

function ragged(scanner: CsvScanner, width: number): InputError {
  const { cells } = scanner;
  const hint =
    cells === 1
      ? 'use one delimiter in the whole file'
      : 'put quotation marks around cells that contain the delimiter, and give every row all columns';
  return new InputError(`invalid row of ${cells} cells where the first has ${width}; ${hint}`, {
    code: 'ragged-row',
    got: cellTexts(scanner).join(' | ').slice(0, 60),
    hint,
  });
}

function oneColumn(head: FileHead, first: string): InputError {
  const hint =
    'the file needs columns for task, worker and label, separated by comma, tab, semicolon or bar (or say which with --delimiter)';
  return new InputError(`missing columns in ${head.name}: the first line ${shown(first)} has only one; ${hint}`, {
    code: 'missing-column',
    path: head.name,
    line: 1,
    got: first.slice(0, 60),
    hint,
  });
}

function tooManyRoles(file: string, roles: readonly (Role | null)[], width: number): InputError {
  const hint = `give ${width} roles, with - for columns that do not matter`;
  return new InputError(`invalid columns: ${roles.length} roles for the ${width} columns of ${file}; ${hint}`, {
    code: 'invalid-columns',
    path: file,
    got: roles.join(','),
    hint,
  });
}
