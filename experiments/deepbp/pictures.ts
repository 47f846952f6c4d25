import { chosenRows, type FeatureMatrix } from '@assay/learn/features';
import { type Pictures, readPictures } from '../haem/protocol.ts';

/** Pullovers (class 0) and shirts (class 1) of Fashion-MNIST, 14 × 14, in the place of dogs and cats. */
export interface Garments {
  readonly train: FeatureMatrix;
  /** Rows of `train` with each class. */
  readonly rows: readonly [Uint32Array, Uint32Array];
  readonly test: FeatureMatrix;
  readonly testTruth: readonly string[];
}

const kept = ['2', '6'];

/** @throws {InputError} missing-file */
export async function readGarments(data: string): Promise<Garments> {
  return garmentsOf(await readPictures(data));
}

function garmentsOf({ train, trainLabels, test, testLabels }: Pictures): Garments {
  const rowsOf = (labels: readonly string[], label: string): Uint32Array =>
    Uint32Array.from([...labels.keys()].filter((row) => labels[row] === label));
  const both = [...testLabels.keys()].filter((row) => kept.includes(testLabels[row]));
  return {
    train,
    rows: [rowsOf(trainLabels, kept[0]), rowsOf(trainLabels, kept[1])],
    test: chosenRows(test, both),
    testTruth: both.map((row) => `${kept.indexOf(testLabels[row])}`),
  };
}

/** Pictures behind a Gaussian blur of this deviation, in their own pixels; edges are mirrored. */
export function blurred(matrix: FeatureMatrix, deviation: number): FeatureMatrix {
  const { picture } = matrix;
  if (deviation === 0 || picture === undefined) return matrix;
  const [channels, height, width] = picture;
  const down = mirrorWeights(height, deviation);
  const across = mirrorWeights(width, deviation);
  const values = new Float32Array(matrix.values.length);
  const half = new Float64Array(height * width);
  for (let plane = 0; plane < matrix.rows * channels; plane++) {
    const at = plane * height * width;
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let from = 0; from < width; from++) sum += across[j * width + from] * matrix.values[at + i * width + from];
        half[i * width + j] = sum;
      }
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        let sum = 0;
        for (let from = 0; from < height; from++) sum += down[i * height + from] * half[from * width + j];
        values[at + i * width + j] = sum;
      }
  }
  return { ...matrix, values };
}

/** Weight of each pixel of a line in each blurred one, size × size, to four deviations. */
function mirrorWeights(size: number, deviation: number): Float64Array {
  const weights = new Float64Array(size * size);
  const reach = Math.ceil(4 * deviation);
  for (let to = 0; to < size; to++) {
    let total = 0;
    for (let step = -reach; step <= reach; step++) {
      const weight = Math.exp(-0.5 * (step / deviation) ** 2);
      const unfolded = (((to + step) % (2 * size)) + 2 * size) % (2 * size);
      weights[to * size + (unfolded < size ? unfolded : 2 * size - 1 - unfolded)] += weight;
      total += weight;
    }
    for (let from = 0; from < size; from++) weights[to * size + from] /= total;
  }
  return weights;
}
