import { cholesky, inverse } from '@assay/core/math';

/** Keeps the matrix positive definite. */
const ridge = 1e-6;

/** A term beyond this is dropped for the batch: the matrix is close to singular and its inverse is noise. */
const mostTerm = 100;

/**
 * −λ log det(FᵀF + δI) of the probabilities F of a batch (rows × K): largest volume of the tasks.
 * Adds the derivative −2λ F(FᵀF + δI)⁻¹ to `slope` and gives the term.
 *
 * Nothing is added for batches with fewer rows than classes. O(rows · K² + K³).
 *
 * Source: Ibrahim, Nguyen & Fu (2023), eq. for GeoCrowdNet(F). The ridge is ours; the authors' code
 * drops the term where it is not finite or above 100, as we do on top of it.
 */
export function addTaskVolume(
  f: Float64Array,
  slope: Float64Array,
  rows: number,
  classCount: number,
  weight: number,
): number {
  if (rows < classCount) return 0;
  const gram = new Float64Array(classCount * classCount);
  for (let row = 0; row < rows * classCount; row += classCount)
    for (let i = 0; i < classCount; i++)
      for (let j = 0; j < classCount; j++) gram[i * classCount + j] += f[row + i] * f[row + j];
  const found = logDeterminant(gram, classCount);
  if (found === undefined) return 0;
  for (let row = 0; row < rows * classCount; row += classCount)
    for (let j = 0; j < classCount; j++) {
      let sum = 0;
      for (let i = 0; i < classCount; i++) sum += f[row + i] * found.inverse[i * classCount + j];
      slope[row + j] -= 2 * weight * sum;
    }
  return -weight * found.value;
}

/**
 * −λ log det(Σ_u A_u A_uᵀ + δI) of the workers' confusions (W×K×K, rows truth): largest volume of the
 * workers. Adds the derivative −2λ S⁻¹A_u to `slope` and gives the term. O(W · K³).
 *
 * Source: Ibrahim, Nguyen & Fu (2023), eq. for GeoCrowdNet(W), where columns are truth.
 */
export function addWorkerVolume(
  confusion: Float64Array,
  slope: Float64Array,
  classCount: number,
  weight: number,
): number {
  const block = classCount * classCount;
  const gram = new Float64Array(block);
  for (let at = 0; at < confusion.length; at += block)
    for (let i = 0; i < classCount; i++)
      for (let j = 0; j < classCount; j++) {
        let sum = 0;
        for (let l = 0; l < classCount; l++)
          sum += confusion[at + i * classCount + l] * confusion[at + j * classCount + l];
        gram[i * classCount + j] += sum;
      }
  const found = logDeterminant(gram, classCount);
  if (found === undefined) return 0;
  for (let at = 0; at < confusion.length; at += block)
    for (let k = 0; k < classCount; k++)
      for (let l = 0; l < classCount; l++) {
        let sum = 0;
        for (let j = 0; j < classCount; j++)
          sum += found.inverse[k * classCount + j] * confusion[at + j * classCount + l];
        slope[at + k * classCount + l] -= 2 * weight * sum;
      }
  return -weight * found.value;
}

/** log det and inverse of a Gram matrix with the ridge; `undefined` where they are not to be trusted. */
function logDeterminant(gram: Float64Array, size: number): { value: number; inverse: Float64Array } | undefined {
  for (let i = 0; i < size; i++) gram[i * (size + 1)] += ridge;
  const lower = cholesky(gram, size);
  const inverted = inverse(gram, size);
  if (lower === undefined || inverted === undefined) return undefined;
  let value = 0;
  for (let i = 0; i < size; i++) value += 2 * Math.log(lower[i * (size + 1)]);
  return Number.isFinite(value) && -value <= mostTerm ? { value, inverse: inverted } : undefined;
}
