import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, shown } from '@assay/core';
import { readCells } from '@assay/core/formats';
import { openSource } from '@assay/core/node';
import type { FeatureMatrix, PictureFile, PixelScale } from '@assay/learn/features';
import { readFeatures, readPictures, rowNames, sortedNames } from '@assay/learn/features';
import { OnnxModel } from '@assay/learn/networks';
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Flags about features, shared by the commands that read them. */
export interface FeatureFlags {
  readonly features?: string;
  readonly featureTasks?: string;
  readonly embedding?: string;
  readonly pictureSize?: number;
  readonly pixels?: PixelScale;
}

/** What `--features` takes, for the help. */
export const featuresHelp =
  'what describes the tasks: .npy, .npz, IDX, CSV, JSON lines or Parquet of numbers or text, or a folder of pictures';

/** Adds the flags of {@link FeatureFlags} but for `--features` itself. */
export function withFeatureFlags(command: Command): Command {
  return command
    .option('--feature-tasks <FILE>', 'which row describes which task: columns row (from 0) and task')
    .option('--embedding <MODEL>', 'an .onnx model that turns the rows or pictures into features first')
    .addOption(
      new Option('--picture-size <PIXELS>', 'height and width pictures are brought to')
        .argParser(pixelsOf)
        .default(undefined, 'what the embedding wants, else 32'),
    )
    .addOption(
      new Option('--pixels <SCALE>', 'pixels from 0 to 1, from -1 to 1, or as trained on ImageNet')
        .choices(['unit', 'signed', 'imagenet'])
        .default('unit'),
    );
}

function pixelsOf(text: string): number {
  const pixels = Number(text);
  if (Number.isInteger(pixels) && pixels >= 1 && pixels <= 4096) return pixels;
  throw new InvalidArgumentError('Give a whole number from 1 to 4096.');
}

/** Features with the task of each row where another file says it. */
export interface FeaturesRead {
  readonly matrix: FeatureMatrix;
  readonly tasks: ReadonlyMap<number, string> | undefined;
}

/**
 * Reads features from a file, or from a folder of pictures, through the embedding where one is given.
 *
 * @throws {InputError} and {EngineError} as `readFeatures`, `readPictures` and `OnnxModel`
 */
export async function featuresFrom(path: string, flags: FeatureFlags): Promise<FeaturesRead> {
  const { featureTasks, embedding, pictureSize, pixels } = flags;
  const model = embedding === undefined ? undefined : await OnnxModel.open(await modelBytes(embedding), embedding);
  const embed =
    model &&
    (async (rows: FeatureMatrix): Promise<FeatureMatrix> => {
      const { picture, weighting, ...rest } = rows;
      return { ...rest, ...(await model.embed(rows)) };
    });
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  const side = pictureSize ?? model?.side ?? 32;
  const read = isFolder
    ? await readPictures(path, pictureFiles(path), { side, pixels, embed })
    : await readFeatures(await openSource(path));
  const matrix = isFolder || embed === undefined ? read : await embed(read);
  const tasks =
    featureTasks === undefined ? undefined : rowNames(featureTasks, await readCells(await openSource(featureTasks)));
  return { matrix, tasks };
}

/** The pictures of a folder and the folders in it, in the order of their names. */
async function* pictureFiles(folder: string): AsyncGenerator<PictureFile, void, void> {
  const names = await readdir(folder, { recursive: true });
  for (const name of names.filter((each) => /\.(png|jpe?g)$/i.test(each)).sort()) {
    yield { name: name.replaceAll('\\', '/'), bytes: await readFile(join(folder, name)) };
  }
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
