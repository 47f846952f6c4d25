import type { Cell, Sheet, SheetColumn } from './sheet.ts';
import { isoTime } from './values.ts';

const encoder = new TextEncoder();
/** Rows are joined to chunks of about this many characters. */
const chunkCharacters = 1 << 16;

/** A sheet as CSV or TSV (RFC 4180; lines end in a line feed), in chunks. */
export function* delimitedText(sheet: Sheet, delimiter: string): Generator<Uint8Array, void, void> {
  const line = (cells: readonly Cell[]): string => {
    const text = cells.map((cell) => delimitedCell(cell, delimiter)).join(delimiter);
    // A line that is empty would be skipped as blank.
    return `${text === '' ? '""' : text}\n`;
  };
  const { columns } = sheet;
  yield* encoded(function* (): Generator<string, void, void> {
    yield line(columns.map(({ name }) => name));
    for (let row = 0; row < sheet.length; row++) yield line(columns.map((column) => cellAt(column, row)));
  });
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

/** A sheet as one JSON object per line; empty cells are left out. */
export function* jsonLines(sheet: Sheet): Generator<Uint8Array, void, void> {
  yield* encoded(function* (): Generator<string, void, void> {
    for (let row = 0; row < sheet.length; row++) yield `${JSON.stringify(objectAt(sheet, row))}\n`;
  });
}

/** A sheet as a JSON array of objects, one per line. */
export function* jsonArray(sheet: Sheet): Generator<Uint8Array, void, void> {
  yield* jsonItems(function* (): Generator<unknown, void, void> {
    for (let row = 0; row < sheet.length; row++) yield objectAt(sheet, row);
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

function objectAt(sheet: Sheet, row: number): Record<string, Cell> {
  const object: Record<string, Cell> = {};
  for (const column of sheet.columns) {
    const { name } = column;
    const cell = cellAt(column, row);
    if (cell !== null)
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
