import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AnswerTable, AnswerTableBuilder, InputError } from '@assay/core';
import { readCells } from '@assay/core/formats';
import { openSource, readAnswersFile, readLabelsFile } from '@assay/core/node';
import { measure } from '@assay/core/quality';
import {
  chosenRows,
  type FeatureMatrix,
  joinFeatures,
  matrixOf,
  meanPooled,
  readFeatures,
  readIdx,
  type TaskFeatures,
} from '@assay/learn/features';
import { learn, learnMethodById } from '@assay/learn/methods';

/** A crowd with features, the truth of its tasks, and other tasks to test a network on. */
export interface Study {
  readonly table: AnswerTable;
  readonly truth: ReadonlyMap<string, string>;
  readonly features: TaskFeatures;
  readonly testMatrix: FeatureMatrix;
  readonly testTruth: readonly string[];
}

/** Accuracy of the labels and, of a network, on the test tasks. */
export interface Outcome {
  readonly inference: number;
  readonly test: number | null;
}

const debianFolder = '/usr/share/datasets/fashion-mnist';

/** Pixels of Fashion-MNIST, divided by 255 and pooled to 14 × 14, with its classes. */
export interface Pictures {
  readonly train: FeatureMatrix;
  readonly trainLabels: readonly string[];
  readonly test: FeatureMatrix;
  readonly testLabels: readonly string[];
}

/** Reads Fashion-MNIST from `DATA/fashion-mnist` or where Debian's package puts it. */
export async function readPictures(data: string): Promise<Pictures> {
  const read = async (name: string): Promise<ReturnType<typeof readIdx>> => {
    for (const folder of [join(data, 'fashion-mnist'), debianFolder]) {
      const bytes = await readFile(join(folder, name)).catch(() => undefined);
      if (bytes !== undefined) return readIdx(name, bytes);
    }
    const hint = 'install Debian’s dataset-fashion-mnist, or put its four files into DATA/fashion-mnist';
    throw new InputError(`missing file "${name}" of Fashion-MNIST; ${hint}`, {
      code: 'missing-file',
      path: name,
      hint,
    });
  };
  const pooled = ({ shape, values }: ReturnType<typeof readIdx>): FeatureMatrix =>
    meanPooled(
      matrixOf(
        'Fashion-MNIST',
        shape,
        values.map((pixel) => pixel / 255),
      ),
      2,
    );
  const train = pooled(await read('train-images-idx3-ubyte.gz'));
  const test = pooled(await read('t10k-images-idx3-ubyte.gz'));
  const labels = async (name: string): Promise<string[]> => Array.from((await read(name)).values, String);
  const trainLabels = await labels('train-labels-idx1-ubyte.gz');
  const testLabels = await labels('t10k-labels-idx1-ubyte.gz');
  return { train, trainLabels, test, testLabels };
}

/** Crowd `seed` of the drawn ones: 5,000 pictures, 200 workers of whom 60 % are always right, two answers each. */
export async function drawnStudy(data: string, pictures: Pictures, seed: number): Promise<Study> {
  const cells = async (name: string): Promise<string[][]> =>
    (await readCells(await openSource(join(data, `fmnist-crowd/hs_r2_seed${seed}_${name}.csv`)))).slice(1);
  const items = await cells('items');
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: 10 }, (_, k) => String(k)) });
  for (const [task] of items) builder.tasks.add(task);
  for (const [task, worker, label] of await cells('labels')) builder.add({ task, worker, label });
  const { table } = builder.build();
  const rows = new Map(items.map(([task], row) => [row, task]));
  const matrix = chosenRows(
    pictures.train,
    items.map(([, index]) => Number(index)),
  );
  return {
    table,
    truth: new Map(items.map(([task, , label]) => [task, label])),
    features: joinFeatures(table, matrix, { tasks: rows }),
    testMatrix: pictures.test,
    testTruth: pictures.testLabels,
  };
}

/** A real crowd with features: `music` or `labelme`. */
export async function realStudy(data: string, set: string): Promise<Study> {
  const file = (name: string): string => join(data, set, name);
  const { table } = await readAnswersFile(file('labels.csv'));
  const truth = await readLabelsFile(file('truth.csv'));
  const matrix = await readFeatures(await openSource(file('features.npy')));
  const testMatrix = await readFeatures(await openSource(file('features_test.npy')));
  const testTruth = (await readCells(await openSource(file('truth_test.csv')))).slice(1).map(([, label]) => label);
  return {
    table,
    truth,
    features: joinFeatures(table, matrix, { truthTasks: [...truth.keys()] }),
    testMatrix,
    testTruth,
  };
}

/** The same with pictures halved once more: what the logistic model of the protocol sees. */
export function halved(study: Study): Study {
  const matrix = meanPooled(study.features.matrix, 2);
  return { ...study, features: { ...study.features, matrix }, testMatrix: meanPooled(study.testMatrix, 2) };
}

/** One method on one study. */
export async function outcome(
  study: Study,
  id: string,
  options: Readonly<Record<string, unknown>>,
  seed: number,
  signal?: AbortSignal,
): Promise<Outcome> {
  const { table, features, truth, testMatrix, testTruth } = study;
  const { estimate, classifier } = await learn(learnMethodById(id), { table, features }, { options, seed, signal });
  const inference = measure(estimate, truth).accuracy;
  if (classifier === undefined) return { inference, test: null };
  const p = await classifier.predict(testMatrix);
  const { classes } = classifier;
  const right = testTruth.filter((label, row) => {
    const own = p.subarray(row * classes.length, (row + 1) * classes.length);
    return classes[own.indexOf(Math.max(...own))] === label;
  });
  return { inference, test: right.length / testTruth.length };
}

/** Mean of the outcomes that have a value. */
export function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
