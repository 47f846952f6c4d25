import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { type Page, readRuns } from './parquet-check.ts';

/**
 * A column of text without a string or an object per row: the cell of row `r` is entry `index[r]`,
 * which lies at `from … to` in `bytes`; -1 where the row has none.
 */
export interface TextCells {
  readonly bytes: Uint8Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly index: Int32Array;
}

/** The cells of a column: text by entries, or a value per row. */
export type Cells = TextCells | ArrayLike<unknown>;

export function isText(cells: Cells): cells is TextCells {
  return 'index' in cells;
}

/** The bytes of a row; null where it has none. */
export function cellAt(cells: TextCells, row: number): Uint8Array | null {
  return entryAt(cells, cells.index[row]);
}

/** The bytes of an entry; null for -1. */
export function entryAt({ bytes, from, to }: TextCells, entry: number): Uint8Array | null {
  return entry < 0 ? null : bytes.subarray(from[entry], to[entry]);
}

/** How the entries of a column are stored, where {@link flatCells} can read them. */
type Kind = 'text' | 'double' | 'int32' | 'time';

/**
 * The cells of a column chunk without lists, from its checked pages; undefined where its type or
 * encoding is one of the rarer ones, which the library reads.
 *
 * Rows hold numbers of entries, whether the file has a dictionary or not, so that each distinct
 * name is looked up once. Cost O(rows), no allocation per row.
 *
 * Source: Apache Parquet, "Encodings": PLAIN, RLE_DICTIONARY and the definition levels of DATA_PAGE
 * and DATA_PAGE_V2.
 */
export function flatCells(
  pages: readonly Page[],
  { num_values }: ColumnMetaData,
  element: SchemaElement,
  rows: number,
): Cells | undefined {
  const kind = kindOf(element);
  if (kind === undefined || Number(num_values) !== rows) return undefined;
  const stored = storedPages(pages, rows);
  if (stored === undefined) return undefined;
  return kind === 'text' ? textCells(stored) : numberCells(stored, kind, scaleOf(element));
}

function kindOf({ type, converted_type, logical_type }: SchemaElement): Kind | undefined {
  const bare = converted_type === undefined && logical_type === undefined;
  if (type === 'BYTE_ARRAY' && (bare || converted_type === 'UTF8' || logical_type?.type === 'STRING')) return 'text';
  if (type === 'DOUBLE' && bare) return 'double';
  if (type === 'INT32' && bare) return 'int32';
  const isTime = converted_type?.startsWith('TIMESTAMP') === true || logical_type?.type === 'TIMESTAMP';
  return type === 'INT64' && isTime ? 'time' : undefined;
}

/** Units of a point in time in a millisecond. */
function scaleOf({ converted_type, logical_type }: SchemaElement): number {
  if (converted_type === 'TIMESTAMP_MILLIS') return 1;
  if (converted_type === 'TIMESTAMP_MICROS') return 1e3;
  const unit = logical_type?.type === 'TIMESTAMP' ? logical_type.unit : 'MILLIS';
  return { MILLIS: 1, MICROS: 1e3, NANOS: 1e6 }[unit];
}

/** Entries one after the other in PLAIN encoding. */
interface Plain {
  readonly bytes: Uint8Array;
  readonly count: number;
}

const encodings = { plain: 0, plainDictionary: 2, dictionary: 8 };
/** Wider numbers of entries do not fit beside a byte into 32 bits; no dictionary is that large. */
const widest = 24;

interface Stored {
  /** The entry of each row; -1 where it has none. */
  readonly index: Int32Array;
  /** The entries: first those of the dictionary, then those of plain pages. */
  readonly plain: readonly Plain[];
  readonly hasDictionary: boolean;
}

function storedPages(pages: readonly Page[], rows: number): Stored | undefined {
  const [first] = pages;
  const inDictionary = first?.kind === 'dictionary' ? first.count : 0;
  const plain: Plain[] = first?.kind === 'dictionary' ? [{ bytes: first.values, count: first.count }] : [];
  let entries = inDictionary;
  const index = new Int32Array(rows);
  let row = 0;
  for (const page of first?.kind === 'dictionary' ? pages.slice(1) : pages) {
    if (page.kind === 'dictionary') return undefined;
    const cells = index.subarray(row, row + page.count);
    const present = presentCells(page);
    let count = page.count;
    if (present !== undefined) for (let i = 0; i < page.count; i++) if (present[i] !== 1) count--;
    if (page.encoding === encodings.plain) {
      plain.push({ bytes: page.values, count });
      for (let i = 0; i < count; i++) cells[i] = entries + i;
      entries += count;
    } else if (page.encoding === encodings.dictionary || page.encoding === encodings.plainDictionary) {
      const width = count === 0 ? 0 : page.values[0];
      if (!(width <= widest)) return undefined;
      if (width > 0) readRuns(page.values, 1, width, cells.subarray(0, count));
      for (let i = 0; i < count; i++) if (cells[i] >= inDictionary) throw new Error('an entry outside its dictionary');
    } else return undefined;
    if (present !== undefined && count < page.count) spread(cells, present, count);
    row += page.count;
  }
  return row === rows ? { index, plain, hasDictionary: first?.kind === 'dictionary' } : undefined;
}

/** 1 for each row with a cell; undefined where every row must have one. */
function presentCells({ definitions, count }: Page): Int32Array | undefined {
  if (definitions === undefined) return undefined;
  const present = new Int32Array(count);
  readRuns(definitions, 0, 1, present);
  return present;
}

/** Moves the first `count` entries to the rows that have a cell. */
function spread(cells: Int32Array, present: Int32Array, count: number): void {
  let next = count;
  for (let row = cells.length - 1; row >= 0; row--) cells[row] = present[row] === 1 ? cells[--next] : -1;
}

function textCells({ plain, index }: Stored): TextCells {
  const bytes = joined(plain.map((page) => page.bytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = plain.reduce((sum, { count }) => sum + count, 0);
  const [from, to] = [new Uint32Array(entries), new Uint32Array(entries)];
  let entry = 0;
  let start = 0;
  for (const page of plain) {
    const end = start + page.bytes.length;
    let at = start;
    for (let i = 0; i < page.count; i++) {
      if (at + 4 > end) throw new Error('text longer than its page');
      from[entry] = at + 4;
      at += 4 + view.getUint32(at, true);
      if (at > end) throw new Error('text longer than its page');
      to[entry++] = at;
    }
    start = end;
  }
  return { bytes, from, to, index };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A number per row; where some rows have none, an array with null. */
function numberCells({ plain, index, hasDictionary }: Stored, kind: Kind, scale: number): ArrayLike<unknown> {
  const entries = new Float64Array(plain.reduce((sum, { count }) => sum + count, 0));
  const size = kind === 'int32' ? 4 : 8;
  let entry = 0;
  for (const { bytes, count } of plain) {
    if (count * size > bytes.length) throw new Error('numbers longer than their page');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < count * size; at += size) {
      if (kind === 'double') entries[entry++] = view.getFloat64(at, true);
      else if (kind === 'int32') entries[entry++] = view.getInt32(at, true);
      // The two halves of an INT64 as one number, rounded once, without a big integer in between.
      else entries[entry++] = (view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)) / scale;
    }
  }
  // Without a dictionary each row has an entry of its own.
  if (!hasDictionary && entries.length === index.length) return entries;
  if (index.includes(-1)) return Array.from(index, (i) => (i < 0 ? null : entries[i]));
  const values = new Float64Array(index.length);
  for (let row = 0; row < index.length; row++) values[row] = entries[index[row]];
  return values;
}
