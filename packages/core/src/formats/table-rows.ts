import { InputError } from '../errors.ts';
import { CsvScanner } from './csv-scanner.ts';
import { cellTexts, type FileHead } from './head.ts';
import type { AnswerSink, Place } from './sink.ts';
import type { SourceReader } from './source.ts';
import { isUtf8 } from './values.ts';

/** One row of an exported table. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly line: number;
}

/**
 * The rows of a table as text, a batch at a time, header included: for exports whose cells need
 * more than the long table's fast path. Rows may be ragged.
 *
 * @throws {InputError} as {@link CsvScanner}, invalid-utf8
 */
export async function* tableRows(reader: SourceReader, head: FileHead): AsyncGenerator<TableRow[], void, void> {
  let batch: TableRow[] = [];
  const scanner = new CsvScanner({ name: head.name, delimiter: head.delimiter.charCodeAt(0) }, () => {
    const { bytes, starts, ends, cells, line } = scanner;
    if (!isUtf8(bytes, starts[0], ends[cells - 1])) {
      const hint = 'save the file as UTF-8';
      throw new InputError(`invalid UTF-8 in ${head.name}, line ${line}; ${hint}`, {
        code: 'invalid-utf8',
        path: head.name,
        line,
        hint,
      });
    }
    batch.push({ cells: cellTexts(scanner), line });
  });
  const step = function* (): Generator<TableRow[], void, void> {
    if (batch.length === 0) return;
    const full = batch;
    batch = [];
    yield full;
  };
  for await (const chunk of reader.chunks()) {
    scanner.push(chunk);
    yield* step();
  }
  scanner.end();
  yield* step();
}

/**
 * Reads every row behind the header: `read` gets rows as wide as the header; the sink gets what was wrong with a row,
 * and reading goes on.
 */
export async function eachRow(
  reader: SourceReader,
  head: FileHead,
  sink: AnswerSink,
  read: (row: TableRow, place: Place) => void,
): Promise<void> {
  const width = headerOf(head).length;
  let header = true;
  for await (const rows of tableRows(reader, head)) {
    for (const row of rows) {
      if (!header) {
        const place = { file: head.name, line: row.line };
        sink.attempt(place, () => {
          checkWidth(row, width, head.name);
          read(row, place);
        });
      }
      header = false;
    }
  }
}

/** The place of the first of some columns that the header has, or -1. Names are compared exactly. */
export function columnOf(header: readonly string[], ...names: readonly string[]): number {
  for (const name of names) {
    const at = header.indexOf(name);
    if (at >= 0) return at;
  }
  return -1;
}

/** The header of a table, as the first record of its head. */
export function headerOf(head: FileHead): readonly string[] {
  return head.kind === 'table' ? (head.records[0] ?? []) : [];
}

/** Refuses rows that have more or fewer cells than the header, which shift every value. */
function checkWidth(row: TableRow, width: number, file: string): void {
  if (row.cells.length === width) return;
  const hint = 'export the file again; every row has as many cells as the header';
  throw new InputError(`invalid row of ${row.cells.length} cells where the header has ${width}; ${hint}`, {
    code: 'ragged-row',
    path: file,
    line: row.line,
    got: row.cells.join(' | ').slice(0, 60),
    hint,
  });
}

/** A cell parsed as JSON; undefined when it is no JSON. */
export function jsonCell(text: string): unknown {
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
