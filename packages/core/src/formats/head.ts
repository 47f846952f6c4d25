import { InputError } from '../errors.ts';
import { CsvScanner } from './csv-scanner.ts';
import { splitJson } from './json-splitter.ts';
import type { SourceReader } from './source.ts';
import { longestRecord } from './source.ts';
import { textOf } from './values.ts';

/** The beginning of a file, as detection sees it. */
export interface FileHead {
  readonly name: string;
  /** The name's extension in lower case, without `.gz`. */
  readonly extension: string;
  readonly bytes: Uint8Array;
  /** Is that all of the file? */
  readonly complete: boolean;
  readonly kind: 'empty' | 'json' | 'jsonl' | 'table' | 'zip' | 'parquet' | 'binary';
  /** The first records of a table, and the character between cells. */
  readonly records: readonly (readonly string[])[];
  readonly delimiter: string;
  /** The first values of JSON lines, or the first elements of a JSON array, or the one JSON object. */
  readonly values: readonly unknown[];
}

const looked = 1 << 16;

/** Looks at the beginning of a file without consuming it. */
export async function headOf(reader: SourceReader, delimiter?: string): Promise<FileHead> {
  let bytes = await reader.peek(looked);
  const name = reader.name;
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1].toLowerCase() ?? '';
  const head = { name, extension, bytes, complete: reader.complete, records: [], delimiter: ',', values: [] };
  refuseWideEncodings(name, bytes);
  const first = firstByte(bytes);
  if (first < 0) return { ...head, kind: 'empty' };
  if (startsWith(bytes, 'PK\u0003\u0004') || startsWith(bytes, 'PK\u0005\u0006')) return { ...head, kind: 'zip' };
  if (startsWith(bytes, 'PAR1')) return { ...head, kind: 'parquet' };
  const opening = bytes[first];
  if (opening === 0x5b || opening === 0x7b) {
    let values = firstValues(bytes, reader.complete);
    while (values.length === 0 && !reader.complete && bytes.length < longestRecord) {
      bytes = await reader.peek(bytes.length * 4);
      values = firstValues(bytes, reader.complete);
    }
    if (values.length > 0) {
      // An array in every line is JSON lines too, but no tool writes that.
      const kind = opening === 0x5b || !linewise(bytes, first) ? 'json' : 'jsonl';
      return { ...head, bytes, complete: reader.complete, kind, values };
    }
  }
  if (bytes.subarray(0, 1024).includes(0)) return { ...head, kind: 'binary' };
  const wanted = delimiter ?? sniffDelimiter(bytes, reader.complete, extension);
  return { ...head, kind: 'table', records: firstRecords(bytes, reader.complete, wanted, 5000), delimiter: wanted };
}

const delimiters = [',', '\t', ';', '|'];

/** The delimiter that splits the first records into the same number of cells, at least two. */
function sniffDelimiter(bytes: Uint8Array, complete: boolean, extension: string): string {
  let best = extension === 'tsv' || extension === 'tab' ? '\t' : ',';
  let bestScore = 0;
  for (const delimiter of delimiters) {
    const widths = firstRecords(bytes, complete, delimiter, 50).map((cells) => cells.length);
    if (widths.length === 0 || widths[0] < 2) continue;
    const same = widths.filter((width) => width === widths[0]).length / widths.length;
    const score = same * 100 + (delimiter === best ? 0.75 : 0) + Math.min(widths[0], 50) / 100;
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return best;
}

/** The first records as text; a scanner's complaint ends them, reading will repeat it. */
function firstRecords(bytes: Uint8Array, complete: boolean, delimiter: string, most: number): string[][] {
  const records: string[][] = [];
  const enough = {};
  const scanner = new CsvScanner({ name: '', delimiter: delimiter.charCodeAt(0) }, () => {
    records.push(cellTexts(scanner));
    if (records.length >= most) throw enough;
  });
  try {
    scanner.push(bytes);
    scanner.flush(complete);
  } catch (error) {
    if (error !== enough && !(error instanceof InputError)) throw error;
  }
  return records;
}

/** The cells of the scanner's record as text. */
export function cellTexts(scanner: CsvScanner): string[] {
  const cells = new Array<string>(scanner.cells);
  for (let cell = 0; cell < scanner.cells; cell++)
    cells[cell] = textOf(scanner.bytes, scanner.starts[cell], scanner.ends[cell]);
  return cells;
}

function firstValues(bytes: Uint8Array, complete: boolean): unknown[] {
  const values: unknown[] = [];
  try {
    for (const { text } of splitJson(bytes, complete)) {
      values.push(JSON.parse(text));
      if (values.length >= 100) break;
    }
  } catch {
    // Reading will say what is wrong, with its place.
  }
  return values;
}

/** Does the first JSON object end in its first line? A single object over several lines is a document. */
function linewise(bytes: Uint8Array, first: number): boolean {
  const end = bytes.indexOf(0x0a, first);
  const line = textOf(bytes, first, end < 0 ? bytes.length : end);
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function refuseWideEncodings(name: string, bytes: Uint8Array): void {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (!wide) return;
  throw new InputError(`invalid encoding of ${name}: UTF-16; save the file as UTF-8`, {
    code: 'invalid-encoding',
    path: name,
    line: 1,
    got: 'UTF-16',
    hint: 'save the file as UTF-8 (in a spreadsheet: "CSV UTF-8")',
  });
}

function firstByte(bytes: Uint8Array): number {
  const from = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return i;
  }
  return -1;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
