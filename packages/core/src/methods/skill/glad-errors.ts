import { cholesky } from '../../math/linear-solve.ts';
import type { Random } from '../../math/random.ts';
import type { AbilityInformation } from './glad-model.ts';

/** Probes, the relative residual at which each system counts as solved, and the most steps to it. */
const probes = 16;
const solved = 1e-3;
const mostSteps = 60;

/** Standard errors of abilities. */
export interface AbilityErrors {
  readonly error: Float64Array;
  /** False where the observed information was not positive and the complete-data one was used. */
  readonly observed: boolean;
}

/**
 * Standard errors √diag(J⁻¹) of abilities from their observed information J, in which the labels'
 * uncertainty is contained.
 *
 * Inverting only the diagonal would be too sure, since abilities share the errors of labels and
 * eases. Up to `mostDense` workers J is inverted; above, the diagonal of its inverse is sampled with
 * Rademacher probes and conjugate gradients. Yields between products with J. `order` fixes who gets
 * which random sign.
 *
 * Source: Louis 1982 for the information; Hutchinson 1990 and Bekas, Kokiopoulou & Saad 2007 for the
 * sampled diagonal.
 */
export function* abilityErrors(
  information: AbilityInformation,
  order: Uint32Array,
  random: Random,
  mostDense = 600,
): Generator<unknown, AbilityErrors, void> {
  const { diagonal, complete } = information;
  if (diagonal.length <= mostDense) {
    const factor = cholesky(information.dense(), diagonal.length);
    if (factor !== undefined) return { error: rootDiagonal(factor, diagonal.length), observed: true };
  } else {
    const error = yield* sampledDiagonal(information, order, random);
    if (error !== undefined) return { error, observed: true };
  }
  return { error: complete.map((value) => 1 / Math.sqrt(value)), observed: false };
}

/** √diag of the inverse, from the Cholesky factor: columns of L⁻¹ have its squares as sums. */
function rootDiagonal(factor: Float64Array, n: number): Float64Array {
  const diagonal = new Float64Array(n);
  const column = new Float64Array(n);
  for (let j = 0; j < n; j++) {
    let total = 0;
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= factor[i * n + k] * column[k];
      column[i] = sum / factor[i * n + i];
      total += column[i] * column[i];
    }
    diagonal[j] = Math.sqrt(total);
  }
  return diagonal;
}

/** Of D^½ J⁻¹ D^½ with D = diag J: its diagonal is near 1, so few probes do. */
function* sampledDiagonal(
  information: AbilityInformation,
  order: Uint32Array,
  random: Random,
): Generator<unknown, Float64Array | undefined, void> {
  const n = information.diagonal.length;
  if (information.diagonal.some((value) => !(value > 0))) return undefined;
  const root = information.diagonal.map(Math.sqrt);
  const scaled = new Float64Array(n);
  const estimate = new Float64Array(n);
  const signs = new Float64Array(n);
  const solution = new Float64Array(n);
  const residual = new Float64Array(n);
  const direction = new Float64Array(n);
  const product = new Float64Array(n);
  for (let probe = 0; probe < probes; probe++) {
    const stream = random.fork(`errors/${probe}`);
    for (const w of order) signs[w] = stream.bernoulli(0.5) ? 1 : -1;
    solution.fill(0);
    residual.set(signs);
    direction.set(signs);
    let norm = n;
    for (let step = 0; step < mostSteps && norm > solved * solved * n; step++) {
      for (let w = 0; w < n; w++) scaled[w] = direction[w] / root[w];
      yield* information.multiply(scaled, product);
      let bend = 0;
      for (let w = 0; w < n; w++) {
        product[w] /= root[w];
        bend += direction[w] * product[w];
      }
      if (!(bend > 0)) return undefined;
      const length = norm / bend;
      let next = 0;
      for (let w = 0; w < n; w++) {
        solution[w] += length * direction[w];
        residual[w] -= length * product[w];
        next += residual[w] * residual[w];
      }
      for (let w = 0; w < n; w++) direction[w] = residual[w] + (next / norm) * direction[w];
      norm = next;
      yield;
    }
    for (let w = 0; w < n; w++) estimate[w] += (signs[w] * solution[w]) / probes;
  }
  // The diagonal of an inverse is never below the inverse of the diagonal.
  return estimate.map((value, w) => Math.sqrt(Math.max(1, value)) / root[w]);
}
