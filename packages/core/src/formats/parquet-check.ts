import type { ColumnMetaData, FileMetaData, SchemaTree } from 'hyparquet';

/** The most a page may grow when it is unpacked, beside a megabyte that is always allowed. */
const mostGrowth = 2000;
const mostPage = 1 << 28;
/** The most rows per byte of the file: long runs of equal values are small, but not that small. */
const mostRowsPerByte = 1000;

/**
 * Refuses files whose numbers cannot be true before the reading library believes them: damaged
 * counts would make it loop for hours or ask for all memory.
 */
export function checkMetadata(metadata: FileMetaData, schema: SchemaTree, size: number): void {
  let rows = 0;
  for (const group of metadata.row_groups) {
    const count = Number(group.num_rows);
    if (!Number.isSafeInteger(count) || count < 0) throw new Error('an impossible number of rows');
    rows += count;
    for (const { meta_data } of group.columns) {
      if (meta_data === undefined) throw new Error('a column without metadata');
      checkPath(meta_data.path_in_schema, schema);
      const [from, length] = columnRange(meta_data);
      if (!(from >= 0) || !(length >= 0) || from + length > size) throw new Error('a column outside the file');
      const values = Number(meta_data.num_values);
      if (!(values >= 0) || values > Math.max(1e6, size * mostRowsPerByte))
        throw new Error('an impossible number of values');
    }
  }
  if (rows > Math.max(1e6, size * mostRowsPerByte)) throw new Error('an impossible number of rows');
}

function checkPath(path: readonly string[], schema: SchemaTree): void {
  let node: SchemaTree | undefined = schema;
  for (const name of path) node = node?.children.find(({ element }) => element.name === name);
  if (node === undefined || node === schema) throw new Error(`no column ${path.join('.')} in the schema`);
}

/** Where the pages of a column lie: first byte and length. */
export function columnRange(column: ColumnMetaData): [from: number, length: number] {
  const data = Number(column.data_page_offset);
  const dictionary = Number(column.dictionary_page_offset ?? 0n);
  return [dictionary > 0 && dictionary < data ? dictionary : data, Number(column.total_compressed_size)];
}

/** How often a value of a column can be absent or repeated: its levels. */
function levelsOf(path: readonly string[], schema: SchemaTree): { definition: number; repetition: number } {
  let [definition, repetition] = [0, 0];
  let node: SchemaTree | undefined = schema;
  for (const name of path) {
    node = node?.children.find(({ element }) => element.name === name);
    const kind = node?.element.repetition_type;
    if (kind === 'REPEATED') repetition++;
    if (kind === 'REPEATED' || kind === 'OPTIONAL') definition++;
  }
  return { definition, repetition };
}

/** Unpacks a page; the reading library's own. */
export type Unpack = (packed: Uint8Array, length: number) => Uint8Array;

/** A page whose numbers were checked. */
export interface Page {
  readonly kind: 'dictionary' | 'values';
  /** Number of values, absent ones included. */
  readonly count: number;
  readonly encoding: number;
  /** Runs of definition levels, where the column has them. */
  readonly definitions?: Uint8Array;
  /** What follows the levels, unpacked. */
  readonly values: Uint8Array;
}

const encodings = { plainDictionary: 2, runs: 3, dictionary: 8 };

/**
 * Walks over the pages of a column: sizes must fit into the column, numbers of values into what the
 * footer says, and runs of equal values into the page. Returns the pages, unpacked.
 *
 * Source: Apache Parquet `parquet.thrift` (PageHeader) and "Run Length Encoding / Bit-Packing
 * Hybrid"; Thrift compact protocol.
 */
export function checkPages(
  bytes: Uint8Array,
  column: ColumnMetaData,
  schema: SchemaTree,
  unpack: Unpack | undefined,
): Page[] {
  if (unpack === undefined && column.codec !== 'UNCOMPRESSED')
    throw new Error(`compression ${column.codec} is not read`);
  const unpacked = (packed: Uint8Array, length: number): Uint8Array => {
    const content = unpack === undefined ? packed : unpack(packed, length);
    if (content.length !== length) throw new Error('a page that unpacks to another length');
    return content;
  };
  const pages: Page[] = [];
  const most = Number(column.num_values);
  const levels = levelsOf(column.path_in_schema, schema);
  const reader = new CompactReader(bytes);
  let values = 0;
  while (reader.at < bytes.length - 1) {
    const header = reader.struct(0);
    present(header, 3);
    const [size, packed] = [number(header.get(2)), number(header.get(3))];
    if (!(packed >= 0) || reader.at + packed > bytes.length) throw new Error('a page longer than its column');
    if (!(size >= 0) || size > mostPage || size > packed * mostGrowth + (1 << 20))
      throw new Error('a page that unpacks to too much');
    const page = bytes.subarray(reader.at, reader.at + packed);
    const [first, dictionary, second] = [5, 7, 8].map((field) => header.get(field));
    if (first instanceof Map) {
      present(first, 4);
      values += counted(first, 1, most);
      pages.push(firstVersion(unpacked(page, size), number(first.get(1)), number(first.get(2)), column.type, levels));
    }
    if (second instanceof Map) {
      present(second, 6);
      values += counted(second, 1, most);
      for (const field of [2, 3]) counted(second, field, most);
      const [definitions, repetitions] = [counted(second, 5, packed), counted(second, 6, packed)];
      const count = number(second.get(1));
      if (definitions + repetitions > packed) throw new Error('levels longer than their page');
      if (levels.repetition > 0) checkRuns(page, 0, repetitions, bits(levels.repetition), count, true);
      if (levels.definition > 0)
        checkRuns(page, repetitions, repetitions + definitions, bits(levels.definition), count, true);
      const rest = page.subarray(repetitions + definitions);
      const length = size - repetitions - definitions;
      if (length < 0) throw new Error('levels longer than their page');
      const content = second.get(7) === 0 ? rest : unpacked(rest, length);
      const encoding = number(second.get(4));
      checkValues(content, 0, count - number(second.get(2)), encoding, column.type);
      pages.push({
        kind: 'values',
        count,
        encoding,
        definitions: levels.definition > 0 ? page.subarray(repetitions, repetitions + definitions) : undefined,
        values: content,
      });
    }
    if (dictionary instanceof Map) {
      present(dictionary, 2);
      const count = counted(dictionary, 1, Math.max(size, 1) * 8);
      pages.push({ kind: 'dictionary', count, encoding: number(dictionary.get(2)), values: unpacked(page, size) });
    }
    if (![first, dictionary, second, header.get(6)].some((kind) => kind instanceof Map))
      throw new Error('a page of no kind');
    if (values > most) throw new Error('more values than the footer says');
    reader.at += packed;
  }
  if (values < most) throw new Error('fewer values than the footer says');
  return pages;
}

/** The library takes an absent number for a place to read from. */
function present(fields: Map<number, Field>, last: number): void {
  for (let field = 1; field <= last; field++) {
    if (typeof fields.get(field) !== 'number') throw new Error('a header without its numbers');
  }
}

function counted(page: Map<number, Field>, field: number, most: number): number {
  const count = number(page.get(field));
  if (!(count >= 0) || count > most) throw new Error('more values than the footer says');
  return count;
}

function bits(largest: number): number {
  return 32 - Math.clz32(largest);
}

/** Levels with their length before them, then values. */
function firstVersion(
  page: Uint8Array,
  count: number,
  encoding: number,
  type: string,
  levels: { definition: number; repetition: number },
): Page {
  let at = 0;
  let definitions: Uint8Array | undefined;
  for (const largest of [levels.repetition, levels.definition]) {
    if (largest === 0) continue;
    if (at + 4 > page.length) throw new Error('levels longer than their page');
    const length = new DataView(page.buffer, page.byteOffset + at).getUint32(0, true);
    at += 4;
    if (at + length > page.length) throw new Error('levels longer than their page');
    checkRuns(page, at, at + length, bits(largest), count, true);
    // Definition levels come last, and are the only ones of a column without lists.
    definitions = page.subarray(at, at + length);
    at += length;
  }
  // Absent values are not stored: the runs may hold fewer, which they then show themselves.
  checkValues(page, at, count, encoding, type);
  return { kind: 'values', count, encoding, definitions, values: page.subarray(at) };
}

function checkValues(page: Uint8Array, at: number, count: number, encoding: number, type: string): void {
  if (encoding === encodings.plainDictionary || encoding === encodings.dictionary) {
    if (at >= page.length) return;
    const width = page[at];
    if (width > 32) throw new Error('an impossible width of numbers');
    if (width > 0) checkRuns(page, at + 1, page.length, width, count);
  } else if (encoding === encodings.runs && type === 'BOOLEAN') checkRuns(page, at + 4, page.length, 1, count);
}

/** Runs of equal or bit-packed numbers must lie in the page and not hold more than `most`, or just as many. */
function checkRuns(bytes: Uint8Array, from: number, to: number, width: number, most: number, all = false): void {
  const reader = new CompactReader(bytes.subarray(0, to));
  reader.at = from;
  let seen = 0;
  while (seen < most && reader.at < to) {
    const header = reader.varint();
    const count = header % 2 === 1 ? ((header - 1) / 2) * 8 : header / 2;
    const length = header % 2 === 1 ? ((header - 1) / 2) * width : (width + 7) >> 3;
    // The last group of bit-packed numbers is filled up, and its end may be left out.
    if (count === 0 || count > most - seen + (header % 2 === 1 ? 503 : 0))
      throw new Error('more values than the footer says');
    seen += count;
    reader.at += length;
    if (reader.at > to && seen < most) throw new Error('runs longer than their page');
  }
  if (all && seen < most) throw new Error('fewer values than the footer says');
}

/** Fills `values` from checked runs of equal or bit-packed numbers, which are at most 24 bits wide. */
export function readRuns(bytes: Uint8Array, from: number, width: number, values: Int32Array): void {
  const reader = new CompactReader(bytes);
  reader.at = from;
  for (let done = 0; done < values.length; ) {
    const header = reader.varint();
    const isPacked = header % 2 === 1;
    const groups = (header - 1) / 2;
    const end = Math.min(done + (isPacked ? groups * 8 : header / 2), values.length);
    if (isPacked) {
      readPacked(bytes, reader.at, width, values.subarray(done, end));
      reader.at += groups * width;
    } else {
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value |= bytes[reader.at++] << shift;
      values.fill(value, done, end);
    }
    done = end;
  }
}

function readPacked(bytes: Uint8Array, from: number, width: number, values: Int32Array): void {
  const mask = 2 ** width - 1;
  let at = from;
  let held = 0;
  let bitsHeld = 0;
  for (let i = 0; i < values.length; i++) {
    for (; bitsHeld < width; bitsHeld += 8) held |= bytes[at++] << bitsHeld;
    values[i] = held & mask;
    held >>>= width;
    bitsHeld -= width;
  }
}

type Field = number | Map<number, Field> | undefined;

function number(field: Field): number {
  return typeof field === 'number' ? field : 0;
}

/** Enough of Thrift's compact protocol for page headers: whole numbers and structs; the rest is skipped. */
class CompactReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth: number): Map<number, Field> {
    if (depth > 8) throw new Error('a header nested too deep');
    const fields = new Map<number, Field>();
    let id = 0;
    for (;;) {
      const byte = this.#byte();
      if (byte === 0) return fields;
      const delta = byte >> 4;
      id = delta === 0 ? this.#zigzag() : id + delta;
      fields.set(id, this.#value(byte & 15, depth));
    }
  }

  #value(type: number, depth: number): Field {
    if (type === 1 || type === 2) return type === 1 ? 1 : 0;
    if (type === 3) return this.#byte();
    if (type === 4 || type === 5 || type === 6) return this.#zigzag();
    if (type === 7) return this.#skip(8);
    if (type === 8) return this.#skip(this.varint());
    if (type === 12) return this.struct(depth + 1);
    if (type !== 9 && type !== 10) throw new Error('a header of an unknown kind');
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    if (size > this.#bytes.length - this.at) throw new Error('a header longer than its column');
    for (let i = 0; i < size; i++) this.#value(head & 15, depth + 1);
    return undefined;
  }

  #skip(length: number): undefined {
    this.at += length;
    if (this.at > this.#bytes.length) throw new Error('a header longer than its column');
    return undefined;
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new Error('a header longer than its column');
    return this.#bytes[this.at++];
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new Error('a number too long');
  }

  #zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
