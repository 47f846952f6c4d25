import { InputError } from '../errors.ts';

/** A NumPy array: its shape and its values in row-major order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/**
 * Reads a `.npy` file of integers or floating-point numbers.
 *
 * Source: NumPy's format specification, versions 1 to 3, little-endian.
 *
 * @throws {InputError} invalid-npy
 */
export function readNpy(file: string, bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = bytes.length > 12 && bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY';
  if (!magic) throw invalid(file, 'it does not begin as one');
  const wide = bytes[6] >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const type = /'descr':\s*'([<|>=]?)([a-z])(\d+)'/.exec(header);
  const shape = /'shape':\s*\(([^)]*)\)/.exec(header);
  if (type === null || shape === null) throw invalid(file, 'its header is unknown');
  const [, order, letter, size] = type;
  const dimensions = shape[1]
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const count = dimensions.reduce((product, dimension) => product * dimension, 1);
  const reader = readers[`${letter}${size}`];
  if (reader === undefined || (order === '>' && size !== '1')) throw invalid(file, `it holds ${order}${letter}${size}`);
  const from = start + length;
  const bytesEach = Number(size);
  if (!Number.isSafeInteger(count) || count < 0 || from + count * bytesEach > bytes.length)
    throw invalid(file, 'it is cut off');
  const values = new Float64Array(count);
  const fortran = /'fortran_order':\s*True/.test(header);
  const [rows, columns] = [dimensions[0] ?? 1, count / (dimensions[0] || 1)];
  for (let i = 0; i < count; i++) {
    const to = fortran && dimensions.length === 2 ? (i % rows) * columns + Math.floor(i / rows) : i;
    values[to] = reader(view, from + i * bytesEach);
  }
  return { shape: dimensions, values };
}

const readers: Readonly<Record<string, (view: DataView, at: number) => number>> = {
  i1: (view, at) => view.getInt8(at),
  i2: (view, at) => view.getInt16(at, true),
  i4: (view, at) => view.getInt32(at, true),
  i8: (view, at) => Number(view.getBigInt64(at, true)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at) => view.getUint16(at, true),
  u4: (view, at) => view.getUint32(at, true),
  f4: (view, at) => view.getFloat32(at, true),
  f8: (view, at) => view.getFloat64(at, true),
};

function invalid(file: string, why: string): InputError {
  const hint = 'save it with numpy.save as integers';
  return new InputError(`invalid NumPy file ${file}: ${why}; ${hint}`, { code: 'invalid-npy', path: file, hint });
}
