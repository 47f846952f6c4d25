import { InputError } from '../errors.ts';
import { headOf } from './head.ts';
import { jsonValues } from './json-splitter.ts';
import { isObject, type JsonObject } from './long-json.ts';
import { forcedFormat } from './registry.ts';
import { AnswerSink } from './sink.ts';
import { type Source, SourceReader } from './source.ts';
import { tableRows } from './table-rows.ts';
import { zip } from './zip.ts';

/** One row of a table or one object of JSON, by column, with its place for messages. */
export interface FileRecord {
  readonly values: JsonObject;
  readonly file: string;
  /** From 1; for Parquet the row. */
  readonly line: number;
}

/** Records handed over at once. */
const batch = 2000;

/**
 * Hands every record of a file to `use`, in batches and in order, whatever its columns are: CSV and TSV by their header,
 * JSON arrays and lines, Parquet, and zip archives of these, plain or gzip. The next batch waits for `use`.
 *
 * For files of tasks; answers go through `readAnswers`, which knows what columns mean. Values of tables are text. Rows
 * of a table that have other cells than the header, and JSON that is no object, are refused with their line.
 *
 * @throws {InputError} empty-file, unknown-format, wrong-format, ragged-row, duplicate-column, invalid-json and others
 * @example
 * await readRecords(sourceOf('tasks.csv', 'id,text\n1,Hello\n'), (records) => records[0].values.text); // 'Hello'
 */
export async function readRecords(
  source: Source,
  use: (records: readonly FileRecord[]) => void | Promise<void>,
  options: { readonly format?: string; readonly delimiter?: string } = {},
): Promise<void> {
  const reader = await SourceReader.open(source);
  try {
    const head = await headOf(reader, options.delimiter);
    if (options.format !== undefined) forcedFormat(options.format, head);
    const file = head.name;
    switch (head.kind) {
      case 'table': {
        let header: readonly string[] | undefined;
        for await (const rows of tableRows(reader, head)) {
          const body = header === undefined ? rows.slice(1) : rows;
          header ??= columnNames(rows[0].cells, file);
          const records: FileRecord[] = [];
          for (const { cells, line } of body) {
            if (cells.length !== header.length) throw ragged(cells, header.length, file, line);
            const pairs = header.map((name, i): [string, unknown] => [name, cells[i]]);
            records.push({ values: Object.fromEntries(pairs), file, line });
          }
          if (records.length > 0) await use(records);
        }
        return;
      }
      case 'json':
      case 'jsonl':
        for await (const values of jsonValues(reader)) {
          const records = values.map(({ value, line }): FileRecord => {
            if (!isObject(value)) throw noObject(value, file, line);
            return { values: value, file, line };
          });
          await use(records);
        }
        return;
      case 'parquet': {
        const { readParquetRows } = await import('./parquet-reader.ts');
        const rows: FileRecord[] = [];
        const unpacked = { name: file, bytes: reader.chunks(), random: source.random };
        await readParquetRows(unpacked, (values, index) => void rows.push({ values, file, line: index + 1 }));
        for (let from = 0; from < rows.length; from += batch) await use(rows.slice(from, from + batch));
        return;
      }
      case 'zip': {
        const members = new AnswerSink({});
        members.readMember = (member): Promise<void> => readRecords(member, use, { delimiter: options.delimiter });
        await zip.read(reader, head, members);
        return;
      }
      default:
        throw unreadable(file, head.kind);
    }
  } finally {
    await reader.close();
  }
}

function columnNames(header: readonly string[], file: string): readonly string[] {
  const names = header.map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  const hint = 'give every column its own name';
  throw new InputError(`ambiguous header: column "${twice}" stands twice; ${hint}`, {
    code: 'duplicate-column',
    path: file,
    line: 1,
    got: twice,
    hint,
  });
}

function ragged(cells: readonly string[], width: number, file: string, line: number): InputError {
  const hint = 'quote cells that hold the delimiter, and give every row as many cells as the header';
  return new InputError(`invalid row of ${cells.length} cells where the header has ${width}; ${hint}`, {
    code: 'ragged-row',
    path: file,
    line,
    got: cells.join(' | ').slice(0, 60),
    hint,
  });
}

function noObject(value: unknown, file: string, line: number): InputError {
  const hint = 'give one object per record';
  return new InputError(`invalid record: not an object; ${hint}`, {
    code: 'invalid-record',
    path: file,
    line,
    got: JSON.stringify(value).slice(0, 60),
    hint,
  });
}

function unreadable(file: string, kind: string): InputError {
  const hint = 'give CSV, TSV, JSON, JSON lines or Parquet with one record per task';
  const what = kind === 'empty' ? `missing records: ${file} is empty` : `unknown format of ${file}: it is not text`;
  return new InputError(`${what}; ${hint}`, {
    code: kind === 'empty' ? 'empty-file' : 'unknown-format',
    path: file,
    hint,
  });
}
