import type { FileMetaData, ParquetParsers, RowGroup as RowGroupMetaData, SchemaElement } from 'hyparquet';
import { parquetMetadataAsync, parquetSchema } from 'hyparquet/src/metadata.js';
import { compressors } from 'hyparquet-compressors';
import { InputError } from '../errors.ts';
import { detectFlat, readRecord } from './argilla.ts';
import { folded, planColumns, type Role } from './columns.ts';
import type { FileHead } from './head.ts';
import { isObject, type JsonObject, labelOfValue, objectReader, textOfValue } from './long-json.ts';
import { chosenByName } from './options.ts';
import { checkMetadata, checkPages, columnRange, type Unpack } from './parquet-check.ts';
import { isColumnwise, named, readColumns } from './parquet-columns.ts';
import { type Cells, cellAt, flatCells, isText } from './parquet-flat.ts';
import { type AnswerSink, defaultQuestion, type Place } from './sink.ts';
import { type Source, SourceReader } from './source.ts';
import { textOf } from './values.ts';

/** Most bytes of a Parquet file whose source cannot be read from any place. */
const most = 2 ** 31;

/** What a Parquet file says about its columns. */
export interface ParquetFile {
  readonly name: string;
  readonly metadata: FileMetaData;
  /** Columns at the top level. */
  readonly columns: readonly string[];
  /** Names of the classes of a column, where the file was written by Hugging Face's library. */
  readonly classNames: ReadonlyMap<string, readonly string[]>;
  /** Columns whose type is a point in time, not just a number. */
  readonly timestamps: ReadonlySet<string>;
  rowGroups(columns: readonly string[], use: (rows: RowGroup<Cells>) => void): Promise<void>;
  objects(use: (row: JsonObject, index: number) => void): Promise<void>;
  firstRow(): Promise<JsonObject>;
}

/** The columns of some rows. */
export interface RowGroup<Column> {
  readonly from: number;
  readonly length: number;
  readonly columns: readonly Column[];
}

/** Reads a Parquet file of any of the layouts into the sink. */
export function readParquet(reader: SourceReader, head: FileHead, sink: AnswerSink): Promise<void> {
  return explained(head.name, async () => readLayout(await openParquet(reader, head.name), sink));
}

/**
 * Every row of any Parquet file as an object: lists as arrays, times and whole numbers as numbers.
 *
 * For side files such as features; answers go through `readAnswers`, which makes no objects where it can.
 *
 * @throws {InputError} invalid-parquet
 */
export async function readParquetRows(source: Source, use: (row: JsonObject, index: number) => void): Promise<void> {
  const reader = await SourceReader.open(source);
  try {
    await explained(source.name, async () => {
      const file = await openParquet(reader, source.name);
      await file.objects((row, index) => use(plain(row), index));
    });
  } finally {
    await reader.close();
  }
}

/** Names the file in errors of the library. */
async function explained(name: string, read: () => Promise<void>): Promise<void> {
  try {
    await read();
  } catch (cause) {
    if (!isForeign(cause)) throw cause;
    const hint = 'write the file again; it is damaged or of an unknown kind';
    throw new InputError(`invalid Parquet file ${name}: ${(cause as Error).message}; ${hint}`, {
      code: 'invalid-parquet',
      path: name,
      hint,
      cause,
    });
  }
}

/** Did the library fail, rather than this project refuse? */
function isForeign(cause: unknown): boolean {
  return !(cause instanceof Error && 'code' in cause && 'hint' in cause);
}

async function openParquet(reader: SourceReader, name: string): Promise<ParquetFile> {
  const random = await reader.random(most);
  const file = {
    byteLength: random.size,
    slice: (from: number, to?: number): Promise<ArrayBuffer> => random.slice(from, to ?? random.size),
  };
  const metadata = await parquetMetadataAsync(file);
  const schema = parquetSchema(metadata);
  checkMetadata(metadata, schema, random.size);
  const columns = schema.children.map(({ element }) => element.name);
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  let checked: { readonly group: number; readonly flat: Map<string, Cells> } | undefined;
  const starts = groups.map((_, group) => groups.slice(0, group).reduce((sum, rows) => sum + rows, 0));
  return {
    name,
    metadata,
    columns,
    classNames: classNamesOf(metadata),
    timestamps: new Set(schema.children.flatMap(({ element }) => (isTimestamp(element) ? [element.name] : []))),
    async rowGroups(wanted, use): Promise<void> {
      for (const group of groups.keys()) {
        const flat = await checkGroup(group, wanted);
        const others = wanted.filter((name) => !flat.has(name));
        const { from, length, columns: values } = await valuesOf(group, others, rawParsers);
        use({ from, length, columns: wanted.map((name) => flat.get(name) ?? values[others.indexOf(name)]) });
      }
    },
    async objects(use): Promise<void> {
      for (const group of groups.keys()) {
        await checkGroup(group, columns);
        const { from, length, columns: values } = await valuesOf(group, columns, strictText);
        for (let row = 0; row < length; row++) {
          use(Object.fromEntries(columns.map((column, c) => [column, values[c][row]])), from + row);
        }
      }
    },
    async firstRow(): Promise<JsonObject> {
      const group = groups.findIndex((rows) => rows > 0);
      if (group < 0) return {};
      const flat = await checkGroup(group, columns);
      const others = columns.filter((name) => !flat.has(name));
      const [rest] =
        others.length > 0
          ? await (await import('hyparquet')).parquetReadObjects({
              file,
              metadata,
              columns: others,
              rowEnd: 1,
              compressors,
            })
          : [{}];
      return plain({ ...Object.fromEntries([...flat].map(([name, cells]) => [name, firstOf(cells)])), ...rest });
    },
  };

  /** Checks the pages of a row group; returns the columns that can be had without the library. */
  async function checkGroup(group: number, wanted: readonly string[]): Promise<Map<string, Cells>> {
    if (checked?.group === group) return checked.flat;
    const flat = new Map<string, Cells>();
    for (const { meta_data } of metadata.row_groups[group]?.columns ?? noColumns) {
      const [name] = meta_data?.path_in_schema ?? [];
      if (meta_data === undefined || !wanted.includes(name)) continue;
      const [from, length] = columnRange(meta_data);
      const bytes = new Uint8Array(await random.slice(from, from + length));
      const pages = checkPages(bytes, meta_data, schema, unpackers[meta_data.codec]);
      const node = schema.children.find(({ element }) => element.name === name);
      const isFlat = node?.children.length === 0 && node.element.repetition_type !== 'REPEATED';
      const cells = isFlat ? flatCells(pages, meta_data, node.element, groups[group]) : undefined;
      if (cells !== undefined) flat.set(name, cells);
    }
    // Only the first row is read apart from its row group, and with all columns.
    checked = wanted === columns ? { group, flat } : undefined;
    return flat;
  }

  /** Columns of one row group, a value per row, read by the library. */
  async function valuesOf(
    group: number,
    wanted: readonly string[],
    parsers: Partial<ParquetParsers>,
  ): Promise<RowGroup<ArrayLike<unknown>>> {
    const [from, length] = [starts[group], groups[group]];
    const held: ArrayLike<unknown>[] = wanted.map(() => []);
    if (wanted.length === 0) return { from, length, columns: held };
    // Loaded for the first file that needs it: many have only columns read here.
    const { parquetRead } = await import('hyparquet');
    await parquetRead({
      file,
      metadata,
      columns: [...wanted],
      rowStart: from,
      rowEnd: from + length,
      compressors,
      parsers,
      onChunk: ({ columnName, columnData, rowStart }) => {
        const at = wanted.indexOf(columnName);
        // An error here would be nobody's: the library does not wait for this callback.
        if (at < 0) return;
        if (columnData.length === length) held[at] = columnData;
        else {
          const column = held[at] as unknown[];
          for (let i = 0; i < columnData.length; i++) column[rowStart - from + i] = columnData[i];
        }
      },
    });
    if (held.some((column) => column.length < length)) throw new Error('a column has too few rows');
    return { from, length, columns: held };
  }
}

function firstOf(cells: Cells): unknown {
  if (!isText(cells)) return cells[0];
  const cell = cellAt(cells, 0);
  return cell === null ? null : textOf(cell, 0, cell.length);
}

const unpackers: Partial<Record<string, Unpack>> = compressors;

function isTimestamp({ converted_type, logical_type }: SchemaElement): boolean {
  return (
    converted_type?.startsWith('TIMESTAMP') === true ||
    logical_type?.type === 'TIMESTAMP' ||
    logical_type?.type === 'DATE' ||
    converted_type === 'DATE'
  );
}

const noColumns: RowGroupMetaData['columns'] = [];

/** Text as bytes, times as milliseconds: nothing is made that is not needed. */
const rawParsers: Partial<ParquetParsers> = {
  stringFromBytes: (bytes) => bytes,
  timestampFromMilliseconds: Number,
  timestampFromMicroseconds: (micros) => Number(micros) / 1e3,
  timestampFromNanoseconds: (nanos) => Number(nanos) / 1e6,
};

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const strictText = { stringFromBytes: (bytes: Uint8Array): string => bytes && decoder.decode(bytes) };

/** `info.features.<column>` of the key `huggingface`: names of a class column, or of a list of them. */
function classNamesOf(metadata: FileMetaData): Map<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? 'null');
  } catch {
    return names;
  }
  const features = isObject(parsed) && isObject(parsed.info) ? parsed.info.features : undefined;
  for (const [column, feature] of Object.entries(isObject(features) ? features : {})) {
    const found = namesIn(feature, 3);
    if (found !== undefined) names.set(column, found);
  }
  return names;
}

function namesIn(feature: unknown, depth: number): readonly string[] | undefined {
  const inner = Array.isArray(feature) ? feature[0] : feature;
  if (!isObject(inner) || depth === 0) return undefined;
  if (Array.isArray(inner.names)) return inner.names.map(String);
  return namesIn(inner.feature ?? inner.label, depth - 1);
}

async function readLayout(file: ParquetFile, sink: AnswerSink): Promise<void> {
  const first = await file.firstRow();
  if (detectFlat(file.columns, first).confidence > 0) {
    await file.objects((row, index) => {
      const place = placeOf(file, index);
      sink.attempt(place, () => readRecord(plain(row), place, sink));
    });
    return;
  }
  const structs = file.columns.find(
    (name) =>
      Array.isArray(first[name]) &&
      isObject((first[name] as unknown[])[0]) &&
      hasLabel((first[name] as JsonObject[])[0]),
  );
  const lists = file.columns.filter((name) => Array.isArray(first[name]));
  if (structs !== undefined) await readStructs(file, structs, sink);
  else if (lists.some((name) => isRole(name, 'label') || isRole(name, 'worker'))) await readLists(file, sink);
  else await readLong(file, first, sink);
}

function placeOf(file: ParquetFile, row: number): Place {
  return { file: file.name, json: `row ${row + 1}` };
}

function isRole(name: string, role: Role): boolean {
  try {
    const { at } = planColumns('', [name, ' ', '  '], {}, []);
    return at[role] !== undefined;
  } catch {
    return false;
  }
}

function hasLabel(struct: JsonObject): boolean {
  const roles = Object.keys(struct);
  return roles.some((name) => isRole(name, 'label')) && roles.some((name) => isRole(name, 'worker'));
}

/** Dates as numbers, big integers as text, bytes as they are. */
function plain(value: JsonObject): JsonObject {
  const simple = (cell: unknown): unknown => {
    if (cell instanceof Date) return cell.getTime();
    if (ArrayBuffer.isView(cell)) return Array.from(cell as Uint8Array, simple);
    if (Array.isArray(cell)) return cell.map(simple);
    if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : String(cell);
    return isObject(cell) ? plain(cell) : cell;
  };
  return Object.fromEntries(Object.entries(value).map(([name, cell]) => [name, simple(cell)]));
}

/** One row per task with a list of structs, each an answer. */
async function readStructs(file: ParquetFile, column: string, sink: AnswerSink): Promise<void> {
  const taskKey = taskColumn(file, sink);
  const names = file.classNames.get(column);
  let add: ((value: unknown, place: Place) => void) | undefined;
  await file.objects((row, index) => {
    const { [column]: answers, ...rest } = plain(row);
    for (const answer of Array.isArray(answers) ? answers : []) {
      if (!isObject(answer)) continue;
      const flat: Record<string, unknown> = { task: taskKey === undefined ? String(index) : rest[taskKey], ...answer };
      for (const key of Object.keys(answer)) if (isRole(key, 'label')) flat[key] = named(answer[key], names);
      add ??= objectReader(file.name, Object.keys(flat), sink);
      add(flat, placeOf(file, index));
    }
  });
}

function taskColumn(file: ParquetFile, sink: AnswerSink): string | undefined {
  const chosen = chosenByName(sink.options.columns).task;
  const { at } = planColumns(file.name, file.columns, chosen === undefined ? {} : { task: chosen }, []);
  sink.columns.set(at.task === undefined ? 'row number' : file.columns[at.task], 'task');
  return at.task === undefined ? undefined : file.columns[at.task];
}

/** One row per task with parallel lists of labels and workers. */
async function readLists(file: ParquetFile, sink: AnswerSink): Promise<void> {
  const chosen = chosenByName(sink.options.columns);
  const { at } = planColumns(file.name, file.columns, chosen, ['label']);
  const taskKey = taskColumn(file, sink);
  const [labelKey, workerKey] = [
    file.columns[at.label as number],
    at.worker === undefined ? undefined : file.columns[at.worker],
  ];
  const goldKey = at.gold === undefined ? undefined : file.columns[at.gold];
  const names = file.classNames.get(labelKey);
  sink.columns.set(labelKey, 'label');
  if (workerKey !== undefined) sink.columns.set(workerKey, 'worker');
  else sink.guesses.add(`the lists of ${labelKey} name no workers; the places in the lists count as workers`);
  await file.objects((raw, index) => {
    const row = plain(raw);
    const place = placeOf(file, index);
    sink.attempt(place, () => {
      const task = taskKey === undefined ? String(index) : (textOfValue(row[taskKey]) ?? '');
      const labels = Array.isArray(row[labelKey]) ? row[labelKey] : [];
      const workers = workerKey === undefined || !Array.isArray(row[workerKey]) ? undefined : row[workerKey];
      if (workers !== undefined && workers.length !== labels.length) throw uneven(labels.length, workers.length);
      for (const [i, label] of labels.entries()) {
        const worker = workers === undefined ? `annotator ${i + 1}` : (textOfValue(workers[i]) ?? '');
        sink.answer({ task, worker, label: labelOfValue(named(label, names)) }, place);
      }
      if (labels.length === 0) sink.everywhere({ task, worker: '' }, place);
      const gold = goldKey === undefined ? null : textOfValue(named(row[goldKey], file.classNames.get(goldKey)));
      if (gold !== null) sink.gold(defaultQuestion, task, gold, place);
    });
  });
}

function uneven(labels: number, workers: number): InputError {
  const hint = 'give every label its worker';
  return new InputError(`invalid row: ${labels} labels for ${workers} workers; ${hint}`, {
    code: 'ragged-row',
    got: `${labels}, ${workers}`,
    hint,
  });
}

/** A long table; plain ones without making strings. */
async function readLong(file: ParquetFile, first: JsonObject, sink: AnswerSink): Promise<void> {
  const needed: Role[] = sink.options.worker === undefined ? ['task', 'worker', 'label'] : ['task', 'label'];
  const soft = file.columns.find(
    (name) => ['p', 'probs', 'probabilities'].includes(folded(name)) && first[name] !== undefined,
  );
  const plan = planColumns(
    file.name,
    file.columns,
    chosenByName(sink.options.columns),
    soft === undefined ? needed : needed.filter((role) => role !== 'label'),
  );
  if (soft === undefined && isColumnwise(plan, sink)) {
    await readColumns(file, plan, sink);
    return;
  }
  const labelKey = plan.at.label === undefined ? undefined : file.columns[plan.at.label];
  const goldKey = plan.at.gold === undefined ? undefined : file.columns[plan.at.gold];
  const keys = soft === undefined ? file.columns : file.columns.map((name) => (name === soft ? 'probs' : name));
  const add = objectReader(file.name, keys, sink);
  await file.objects((raw, index) => {
    const row: Record<string, unknown> = plain(raw);
    for (const key of [labelKey, goldKey]) if (key !== undefined) row[key] = named(row[key], file.classNames.get(key));
    if (soft !== undefined) {
      const { [soft]: shares } = row;
      delete row[soft];
      row.probs = probabilities(shares, file, labelKey ?? soft, sink);
    }
    add(row, placeOf(file, index));
  });
}

/** A list of probabilities by class; names from the file or from the declared classes. */
function probabilities(shares: unknown, file: ParquetFile, column: string, sink: AnswerSink): unknown {
  if (!Array.isArray(shares)) return shares;
  const names = file.classNames.get(column) ?? sink.options.classes;
  return Object.fromEntries(shares.map((share, k) => [names?.[k] ?? String(k), share]));
}
