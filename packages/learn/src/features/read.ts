import { InputError, shown } from '@assay/core';
import { readCells, type Source } from '@assay/core/formats';
import { gunzipSync, unzipSync } from 'fflate';
import { type FeatureMatrix, invalid, matrixOf } from './matrix.ts';

/** The most bytes an archive may unpack to. */
const mostBytes = 2 ** 32;

/** Columns that name the task of a row, in the order they are looked for. */
const taskColumns = ['task', 'task_id', 'item', 'item_id', 'id', 'unit', 'example', 'row'];

/** Known answers to the task: never features. */
const labelColumns = new Set(['label', 'truth', 'gold']);

/**
 * Reads features from a `.npy`, `.npz`, IDX or CSV/TSV file, plain or gzip; the content decides, not
 * the name.
 *
 * CSV has a header, a task column (task, item, id, …) and numbers elsewhere; a column called label,
 * truth or gold is refused, since it would tell the network the answer. A `.npz` has one array, or
 * one named `features` or `x`. All of it is held in memory, 4 bytes a number.
 *
 * Source: NumPy's format specification 1 to 3; the IDX format of LeCun's MNIST page.
 *
 * @throws {InputError} invalid-features, missing-task-column
 */
export async function readFeatures(source: Source): Promise<FeatureMatrix> {
  const bytes = unpacked(source.name, await allBytes(source));
  if (isNpy(bytes)) return fromNpy(source.name, bytes);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return fromNpz(source.name, bytes);
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] >= 8 && bytes[2] <= 14) return fromIdx(source.name, bytes);
  if (bytes.length >= 4 && String.fromCharCode(...bytes.subarray(0, 4)) === 'PAR1') {
    throw invalid(source.name, 'a Parquet file', 'save it as .npy or CSV');
  }
  return fromCells(source.name, await readCells({ name: source.name, bytes: [bytes] }));
}

async function allBytes(source: Source): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source.bytes as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    size += chunk.length;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function unpacked(file: string, bytes: Uint8Array): Uint8Array {
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    const hint = 'copy or download the file again';
    throw new InputError(`invalid gzip in ${shown(file)}: the file is cut off or damaged; ${hint}`, {
      code: 'invalid-gzip',
      path: file,
      hint,
      cause,
    });
  }
}

function isNpy(bytes: Uint8Array): boolean {
  return bytes.length > 10 && bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY';
}

type Reader = (view: DataView, at: number, little: boolean) => number;

const npyReaders: Readonly<Record<string, Reader>> = {
  b1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f2: (view, at, little) => half(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

function fromNpy(file: string, bytes: Uint8Array): FeatureMatrix {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = bytes[6] >= 2 ? 12 : 10;
  const length = bytes[6] >= 2 ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr':\s*'([<|>=]?)([a-z])(\d+)'/.exec(header);
  const size = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (type === null || size === null)
    throw invalid(file, 'an unknown NumPy header', 'save it with numpy.save as numbers');
  const shape = size[1].split(',').flatMap((part) => (part.trim() === '' ? [] : [Number(part)]));
  const reader = npyReaders[type[2] + type[3]];
  if (reader === undefined) throw invalid(file, `numbers of type ${type[2]}${type[3]}`, 'save it as float32');
  const values = numbersOf(file, bytes, start + length, shape, Number(type[3]), reader, type[1] !== '>');
  return matrixOf(file, shape, /'fortran_order':\s*True/.test(header) ? rowMajor(values, shape) : values);
}

function fromNpz(file: string, bytes: Uint8Array): FeatureMatrix {
  let total = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        total += originalSize;
        if (total > mostBytes) throw invalid(file, `an archive of more than ${mostBytes} bytes`, 'give one .npy file');
        return name.endsWith('.npy');
      },
    });
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw invalid(file, `a damaged archive (${(cause as Error).message})`, 'save it again with numpy.savez');
  }
  const names = Object.keys(files);
  const name = names.length === 1 ? names[0] : names.find((each) => /^(features|x)\.npy$/i.test(each));
  if (name === undefined) {
    throw invalid(
      file,
      `${names.length} arrays (${names.slice(0, 5).join(', ')})`,
      'save one array, or call it features',
    );
  }
  if (!isNpy(files[name])) throw invalid(file, `a damaged array ${name}`, 'save it again with numpy.savez');
  return fromNpy(`${file}/${name}`, files[name]);
}

const idxTypes: Readonly<Record<number, string>> = { 8: 'u1', 9: 'i1', 11: 'i2', 12: 'i4', 13: 'f4', 14: 'f8' };

function fromIdx(file: string, bytes: Uint8Array): FeatureMatrix {
  const { shape, values } = readIdx(file, bytes);
  return matrixOf(file, shape, values);
}

/**
 * The array of an IDX file (plain or gzip): its shape and its numbers.
 *
 * @throws {InputError} invalid-features
 */
export function readIdx(file: string, packed: Uint8Array): { shape: readonly number[]; values: Float32Array } {
  const bytes = unpacked(file, packed);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = idxTypes[bytes[2]];
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (type === undefined || bytes.length < start) throw invalid(file, 'a damaged IDX header', 'copy the file again');
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, values: numbersOf(file, bytes, start, shape, Number(type[1]), npyReaders[type], false) };
}

function numbersOf(
  file: string,
  bytes: Uint8Array,
  from: number,
  shape: readonly number[],
  bytesEach: number,
  reader: Reader,
  little: boolean,
): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count) || from + count * bytesEach > bytes.length) {
    throw invalid(file, `fewer numbers than its shape [${shape}] says`, 'copy or save the file again');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = reader(view, from + i * bytesEach, little);
  return values;
}

/** Column-major numbers in row-major order. */
function rowMajor(values: Float32Array, shape: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  const place = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < values.length; i++) {
    let to = 0;
    for (let axis = 0; axis < shape.length; axis++) to = to * shape[axis] + place[axis];
    result[to] = values[i];
    for (let axis = 0; axis < shape.length && ++place[axis] === shape[axis]; axis++) place[axis] = 0;
  }
  return result;
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

function fromCells(file: string, cells: readonly (readonly string[])[]): FeatureMatrix {
  const [header, ...rows] = cells;
  if (header === undefined || rows.length === 0) throw invalid(file, 'no rows', 'give a header and one row per task');
  const names = header.map((name) => name.trim().toLowerCase());
  const task = taskColumns.map((name) => names.indexOf(name)).find((at) => at >= 0) ?? -1;
  if (task < 0) {
    const hint = 'add a column "task" that says what each row describes';
    throw new InputError(`missing task column in ${shown(file)}: it has ${header.slice(0, 8).join(', ')}; ${hint}`, {
      code: 'missing-task-column',
      path: file,
      hint,
    });
  }
  const telling = names.findIndex((name) => labelColumns.has(name));
  if (telling >= 0) throw invalid(file, `a column ${shown(header[telling])}`, 'drop it; truth goes to --truth');
  const columns = names.flatMap((_name, index) => (index === task ? [] : [index]));
  if (columns.length === 0) throw invalid(file, 'a task column only', 'add columns of numbers');
  const tasks: string[] = [];
  const seen = new Set<string>();
  const values = new Float32Array(rows.length * columns.length);
  rows.forEach((row, index) => {
    if (row.length !== header.length) {
      throw invalid(
        file,
        `${row.length} cells in row ${index + 2} where the header has ${header.length}`,
        'correct the row',
      );
    }
    if (seen.has(row[task])) throw invalid(file, `task ${shown(row[task])} twice`, 'keep one row per task');
    seen.add(row[task]);
    tasks.push(row[task]);
    columns.forEach((column, at) => {
      const text = row[column].trim();
      const value = text === '' ? Number.NaN : Number(text);
      if (Number.isNaN(value)) {
        const where = `row ${index + 2} (task ${shown(row[task])}), column ${shown(header[column])}`;
        throw invalid(file, `${shown(text)} at ${where}`, 'give numbers; fill in or drop what is missing');
      }
      values[index * columns.length + at] = value;
    });
  });
  return matrixOf(file, [rows.length, columns.length], values, tasks);
}
