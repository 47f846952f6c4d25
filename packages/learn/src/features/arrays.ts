import { InputError, shown } from '@assay/core';
import { gunzipSync, unzipSync } from 'fflate';
import { type FeatureMatrix, invalid, matrixOf } from './matrix.ts';

/** The most bytes an archive may unpack to. */
const mostBytes = 2 ** 32;

/** The bytes of a file, unpacked where they are gzip. @throws {InputError} invalid-gzip */
export function unpacked(file: string, bytes: Uint8Array): Uint8Array {
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

/** Is it a NumPy array? */
export function isNpy(bytes: Uint8Array): boolean {
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

/** Source: NumPy's format specification 1 to 3. */
export function fromNpy(file: string, bytes: Uint8Array): FeatureMatrix {
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

/** The only array of an archive, or the one called `features` or `x`. */
export function fromNpz(file: string, bytes: Uint8Array): FeatureMatrix {
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

/** Source: the IDX format of LeCun's MNIST page. */
export function fromIdx(file: string, bytes: Uint8Array): FeatureMatrix {
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
