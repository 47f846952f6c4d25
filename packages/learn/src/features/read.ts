import { readCells, type Source, sourceOf } from '@assay/core/formats';
import { fromIdx, fromNpy, fromNpz, isNpy, unpacked } from './arrays.ts';
import type { FeatureMatrix } from './matrix.ts';
import { matrixOfCells, matrixOfObjects } from './records.ts';
import { parsedJson } from './records-json.ts';

/**
 * Reads features from a `.npy`, `.npz`, IDX, CSV/TSV, JSON, JSON lines or Parquet file, plain or gzip;
 * the content decides, not the name.
 *
 * Tables have a task column (task, item, id, …) and numbers, or lists of numbers, elsewhere; a column
 * called label, truth or gold is refused, since it would tell the network the answer. Where a column
 * is called text (sentence, review, …) that text alone is taken: see {@link hashedText}. A `.npz` has
 * one array, or one named `features` or `x`. All of it is held in memory, 4 bytes a number.
 *
 * @throws {InputError} invalid-features, missing-task-column, invalid-gzip, invalid-parquet
 */
export async function readFeatures(source: Source): Promise<FeatureMatrix> {
  const { name } = source;
  const bytes = unpacked(name, await allBytes(source));
  if (isNpy(bytes)) return fromNpy(name, bytes);
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) return fromNpz(name, bytes);
  if (bytes[0] === 0 && bytes[1] === 0 && bytes[2] >= 8 && bytes[2] <= 14) return fromIdx(name, bytes);
  if (String.fromCharCode(...bytes.subarray(0, 4)) === 'PAR1') {
    const rows: Readonly<Record<string, unknown>>[] = [];
    const { readParquetRows } = await import('@assay/core/parquet');
    await readParquetRows(sourceOf(name, bytes), (row) => void rows.push(row));
    return matrixOfObjects(name, rows);
  }
  const first = bytes.find((byte) => byte > 0x20);
  if (first === 0x7b || first === 0x5b) return matrixOfObjects(name, parsedJson(name, bytes));
  return matrixOfCells(name, await readCells(sourceOf(name, bytes)));
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
