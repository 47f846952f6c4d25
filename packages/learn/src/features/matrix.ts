import { InputError, shown } from '@assay/core';

/** Numbers that describe tasks: one row each, row-major float32. */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
  /** Task of each row, where the file says it. */
  readonly tasks?: readonly string[];
  /** File of each row with its extension, where each has its own; answers may name tasks so. */
  readonly files?: readonly string[];
  /** Channels, height and width of one row, where rows are pictures. */
  readonly picture?: readonly [number, number, number];
  /** `rarity`: columns count terms, so standardising weighs them by how rare they are (idf) and keeps zeros. */
  readonly weighting?: 'rarity';
  /** What to know about how they were read. */
  readonly notes?: readonly string[];
}

/**
 * A matrix of an array of any rank: the first axis counts rows, the others are flattened. Arrays of
 * rank 3 are grey pictures, of rank 4 pictures with their channels first.
 *
 * @throws {InputError} invalid-features where a number is missing, infinite or too large for float32
 */
export function matrixOf(
  file: string,
  shape: readonly number[],
  values: ArrayLike<number>,
  tasks?: readonly string[],
): FeatureMatrix {
  if (shape.length < 1 || shape.some((size) => size < 0))
    throw invalid(file, `shape [${shape}]`, 'give rows × features');
  const rows = shape[0];
  const columns = shape.slice(1).reduce((product, size) => product * size, 1);
  if (columns === 0) throw invalid(file, 'rows without features', 'give at least one feature');
  const floats = values instanceof Float32Array ? values : Float32Array.from(values);
  for (let i = 0; i < floats.length; i++) {
    if (Number.isFinite(floats[i])) continue;
    const row = Math.floor(i / columns);
    const where = `row ${row}${tasks === undefined ? '' : ` (task ${shown(tasks[row])})`}, feature ${i % columns}`;
    throw invalid(file, `${values[i]} at ${where}`, 'fill in or drop what is missing, and keep numbers below 3e38');
  }
  const picture = pictureOf(shape);
  return { rows, columns, values: floats, ...(tasks === undefined ? {} : { tasks }), ...(picture ? { picture } : {}) };
}

function pictureOf(shape: readonly number[]): readonly [number, number, number] | undefined {
  if (shape.length === 3) return [1, shape[1], shape[2]];
  return shape.length === 4 ? [shape[1], shape[2], shape[3]] : undefined;
}

/**
 * Pictures made smaller: the mean of each `by` × `by` square. Rows and columns left over at the right
 * and bottom are dropped.
 *
 * @throws {InputError} invalid-features where rows are no pictures
 */
export function meanPooled(matrix: FeatureMatrix, by: number): FeatureMatrix {
  const { picture, rows, values } = matrix;
  if (picture === undefined)
    throw invalid('features', 'rows that are no pictures', 'give them as rows × height × width');
  const [channels, height, width] = picture;
  const [high, wide] = [Math.floor(height / by), Math.floor(width / by)];
  const result = new Float32Array(rows * channels * high * wide);
  let at = 0;
  for (let plane = 0; plane < rows * channels; plane++)
    for (let i = 0; i < high; i++)
      for (let j = 0; j < wide; j++) {
        let sum = 0;
        for (let p = 0; p < by; p++)
          for (let q = 0; q < by; q++) sum += values[(plane * height + i * by + p) * width + j * by + q];
        result[at++] = sum / (by * by);
      }
  return { ...matrix, columns: channels * high * wide, values: result, picture: [channels, high, wide] };
}

/** The given rows of a matrix, in the order given. */
export function chosenRows(matrix: FeatureMatrix, rows: ArrayLike<number>): FeatureMatrix {
  const { columns, values, tasks } = matrix;
  const result = new Float32Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++) {
    result.set(values.subarray(rows[i] * columns, (rows[i] + 1) * columns), i * columns);
  }
  const names = tasks === undefined ? {} : { tasks: Array.from(rows, (row) => tasks[row]) };
  return { ...matrix, rows: rows.length, values: result, ...names };
}

/** An error about a file of features. */
export function invalid(file: string, what: string, hint: string): InputError {
  return new InputError(`invalid features in ${file}: ${what}; ${hint}`, {
    code: 'invalid-features',
    path: file,
    got: what,
    hint,
  });
}
