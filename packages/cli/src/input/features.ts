import { readFile } from 'node:fs/promises';
import { InputError, shown } from '@assay/core';
import { readCells } from '@assay/core/formats';
import { openSource } from '@assay/core/node';
import type { FeatureMatrix } from '@assay/learn/features';
import { readFeatures, rowNames, sortedNames } from '@assay/learn/features';

/** Features of a file, with the task of each row where another file says it. */
export async function featuresFrom(
  path: string,
  tasksPath: string | undefined,
): Promise<{ matrix: FeatureMatrix; tasks: ReadonlyMap<number, string> | undefined }> {
  const matrix = await readFeatures(await openSource(path));
  const tasks = tasksPath === undefined ? undefined : rowNames(tasksPath, await readCells(await openSource(tasksPath)));
  return { matrix, tasks };
}

/**
 * True classes of rows of features: a file of `row,label`, or of `task,label` where the features name
 * their tasks or there are as many labels as rows (then in the order of sorted tasks).
 *
 * @throws {InputError} ambiguous-rows, unknown-label, missing-column
 */
export async function rowTruth(path: string, matrix: FeatureMatrix, classes: readonly string[]): Promise<Int32Array> {
  const cells = await readCells(await openSource(path));
  const header = (cells[0] ?? []).map((name) => name.trim().toLowerCase());
  const column = header.find((name) => ['label', 'truth', 'gold', 'value'].includes(name)) ?? 'label';
  const truth = new Int32Array(matrix.rows).fill(-1);
  const put = (row: number | undefined, label: string): void => {
    if (row === undefined || row >= matrix.rows) return;
    const known = classes.indexOf(label);
    // A class nobody said counts as a mistake, never as unknown.
    truth[row] = known < 0 ? classes.length : known;
  };
  if (header.includes('row')) {
    for (const [row, label] of rowNames(path, cells, column)) put(row, label);
    return truth;
  }
  const task = header.findIndex((name) => ['task', 'item', 'id', 'unit'].includes(name));
  const label = header.indexOf(column);
  const rows = cells.slice(1);
  const names = matrix.tasks ?? (rows.length === matrix.rows ? sortedNames(rows.map((row) => row[task])) : undefined);
  if (task < 0 || label < 0 || names === undefined) {
    const hint = 'give a file with columns row and label';
    throw new InputError(
      `ambiguous rows of ${shown(path)}: they cannot be matched to ${matrix.rows} rows of features; ${hint}`,
      {
        code: 'ambiguous-rows',
        path,
        hint,
      },
    );
  }
  const rowOf = new Map(names.map((name, row) => [name, row]));
  for (const row of rows) put(rowOf.get(row[task]), row[label]);
  return truth;
}

/** Share of rows whose likeliest class is the true one, and the mean −log probability of it. */
export function testMeasures(
  p: Float64Array,
  truth: Int32Array,
  classes: number,
): { testAccuracy: number; testLogLoss: number; testRows: number } {
  let [rows, right, loss] = [0, 0, 0];
  truth.forEach((known, row) => {
    if (known < 0) return;
    rows++;
    const own = p.subarray(row * classes, (row + 1) * classes);
    const most = Math.max(...own);
    const tied = own.filter((value) => value >= most - 1e-12).length;
    if (known < classes && own[known] >= most - 1e-12) right += 1 / tied;
    loss -= Math.log(Math.max(known < classes ? own[known] : 0, 1e-9));
  });
  return { testAccuracy: right / rows, testLogLoss: loss / rows, testRows: rows };
}

/** The bytes of a model file. */
export async function modelBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const hint = 'give a .onnx file, for example one of "assay learn --model"';
    throw new InputError(`missing model: cannot read ${shown(path)}; ${hint}`, {
      code: 'missing-file',
      path,
      hint,
      cause,
    });
  }
}
