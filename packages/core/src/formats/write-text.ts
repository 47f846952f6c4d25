import type { Cell, Sheet, SheetColumn } from './sheet.ts';
import { isoTime } from './values.ts';

const encoder = new TextEncoder();
/** Rows are joined to chunks of about this many characters. */
const chunkCharacters = 1 << 16;

/** A sheet as CSV or TSV (RFC 4180; lines end in a line feed), in chunks. */
export function* delimitedText(sheet: Sheet, delimiter: string, withHeader = true): Generator<Uint8Array, void, void> {
  const line = (cells: readonly Cell[]): string => {
    const text = cells.map((cell) => delimitedCell(cell, delimiter)).join(delimiter);
    // A line that is empty would be skipped as blank.
    return `${text === '' ? '""' : text}\n`;
  };
  const { columns } = sheet;
  yield* encoded(function* (): Generator<string, void, void> {
    if (withHeader) yield line(columns.map(({ name }) => name));
    for (let row = 0; row < sheet.length; row++) yield line(columns.map((column) => cellAt(column, row)));
  });
}

/** Pages of one sheet as CSV or TSV: the columns are named once. */
export async function* delimitedPages(
  pages: AsyncIterable<Sheet>,
  delimiter: string,
): AsyncGenerator<Uint8Array, void, void> {
  let isFirst = true;
  for await (const page of pages) {
    yield* delimitedText(page, delimiter, isFirst);
    isFirst = false;
  }
}

/** A column's cell as text formats write it: times in ISO 8601. */
function cellAt(column: SheetColumn, row: number): Cell {
  const cell = column.at(row);
  return column.kind === 'time' && typeof cell === 'number' ? isoTime(cell) : cell;
}

function delimitedCell(cell: Cell, delimiter: string): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const special =
    cell.includes('"') ||
    cell.includes(delimiter) ||
    cell.includes('\n') ||
    cell.includes('\r') ||
    cell.startsWith('\uFEFF');
  return special ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/**
 * A sheet as one JSON object per line. Empty cells are left out, but in the first line: readers learn from it what columns
 * there are.
 */
export function* jsonLines(sheet: Sheet, withEmpty = true): Generator<Uint8Array, void, void> {
  yield* encoded(function* (): Generator<string, void, void> {
    for (let row = 0; row < sheet.length; row++)
      yield `${JSON.stringify(objectAt(sheet, row, withEmpty && row === 0))}\n`;
  });
}

/** Pages of one sheet as JSON lines. */
export async function* jsonLinePages(pages: AsyncIterable<Sheet>): AsyncGenerator<Uint8Array, void, void> {
  let isFirst = true;
  for await (const page of pages) {
    yield* jsonLines(page, isFirst);
    isFirst &&= page.length === 0;
  }
}

/** Pages of one sheet as one JSON array. */
export async function* jsonArrayPages(pages: AsyncIterable<Sheet>): AsyncGenerator<Uint8Array, void, void> {
  let before = '[\n';
  for await (const page of pages) {
    yield* encoded(function* (): Generator<string, void, void> {
      for (let row = 0; row < page.length; row++) {
        yield before + JSON.stringify(objectAt(page, row, before !== ',\n'));
        before = ',\n';
      }
    });
  }
  yield encoder.encode(before === ',\n' ? '\n]\n' : '[]\n');
}

/** A sheet as a JSON array of objects, one per line; the first has its empty cells too. */
export function* jsonArray(sheet: Sheet): Generator<Uint8Array, void, void> {
  yield* jsonItems(function* (): Generator<unknown, void, void> {
    for (let row = 0; row < sheet.length; row++) yield objectAt(sheet, row, row === 0);
  });
}

/** Values as a JSON array, one per line. */
export function* jsonItems(items: () => Iterable<unknown>): Generator<Uint8Array, void, void> {
  yield* encoded(function* (): Generator<string, void, void> {
    let first = true;
    for (const item of items()) {
      yield `${first ? '[\n' : ',\n'}${JSON.stringify(item)}`;
      first = false;
    }
    yield first ? '[]\n' : '\n]\n';
  });
}

/** Values as JSON lines. */
export function* jsonLineItems(items: () => Iterable<unknown>): Generator<Uint8Array, void, void> {
  yield* encoded(function* (): Generator<string, void, void> {
    for (const item of items()) yield `${JSON.stringify(item)}\n`;
  });
}

function objectAt(sheet: Sheet, row: number, withEmpty: boolean): Record<string, Cell> {
  const object: Record<string, Cell> = {};
  for (const column of sheet.columns) {
    const { name } = column;
    const cell = cellAt(column, row);
    if (cell !== null || withEmpty)
      Object.defineProperty(object, name, { value: cell, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

function* encoded(lines: () => Iterable<string>): Generator<Uint8Array, void, void> {
  let text = '';
  for (const line of lines()) {
    text += line;
    if (text.length >= chunkCharacters) {
      yield encoder.encode(text);
      text = '';
    }
  }
  if (text !== '') yield encoder.encode(text);
}
