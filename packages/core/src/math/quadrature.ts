import { symmetricEigen } from './symmetric-eigen.ts';

/** An integral as a weighted sum: E f(X) ≈ Σ weight[i] · f(node[i]). */
export interface Quadrature {
  /** Where to evaluate, rising. */
  readonly node: Float64Array;
  /** Positive, summing to 1. */
  readonly weight: Float64Array;
}

/**
 * The Gauss–Jacobi rule for the mean over a Beta(a, b) variable on (0, 1): exact for polynomials up
 * to degree 2 · nodes − 1.
 *
 * For averaging a likelihood over a worker's unknown accuracy with few evaluations. a and b positive,
 * at least one node. Cost O(nodes³); make it once and keep it.
 *
 * Source: Golub & Welsch 1969 on the recurrence of the Jacobi polynomials (DLMF 18.9).
 *
 * @example
 * betaQuadrature(1, 1, 2).node; // ½ ∓ 1/√12
 */
export function betaQuadrature(a: number, b: number, nodes: number): Quadrature {
  // Weight (1 − t)^α (1 + t)^β on (−1, 1) with t = 2x − 1.
  const alpha = b - 1;
  const beta = a - 1;
  const sum = alpha + beta;
  const diagonal = new Float64Array(nodes);
  const off = new Float64Array(nodes);
  for (let k = 0; k < nodes; k++) {
    const twice = 2 * k + sum;
    // k = 0 apart: the general form is 0/0 when alpha + beta is 0.
    diagonal[k] = k === 0 ? (beta - alpha) / (sum + 2) : (beta * beta - alpha * alpha) / (twice * (twice + 2));
    if (k === 0) continue;
    const square =
      k === 1
        ? (4 * (1 + alpha) * (1 + beta)) / ((2 + sum) * (2 + sum) * (3 + sum))
        : (4 * k * (k + alpha) * (k + beta) * (k + sum)) / (twice * twice * (twice + 1) * (twice - 1));
    off[k] = Math.sqrt(square);
  }
  const rule = golubWelsch(diagonal, off);
  for (let i = 0; i < nodes; i++) rule.node[i] = Math.min(1, Math.max(0, 0.5 + 0.5 * rule.node[i]));
  return rule;
}

/**
 * The Gauss–Hermite rule for the mean over a normal variable with the given mean and sd: exact for
 * polynomials up to degree 2 · nodes − 1.
 *
 * Source: Golub & Welsch 1969 on the recurrence of the (probabilists') Hermite polynomials.
 *
 * @example
 * normalQuadrature(2).node; // −1, 1
 */
export function normalQuadrature(nodes: number, mean = 0, sd = 1): Quadrature {
  const off = Float64Array.from({ length: nodes }, (_, k) => Math.sqrt(k));
  const rule = golubWelsch(new Float64Array(nodes), off);
  for (let i = 0; i < nodes; i++) rule.node[i] = mean + sd * rule.node[i];
  return rule;
}

/** Nodes are the eigenvalues of the Jacobi matrix, weights the squared first entries of its vectors. */
function golubWelsch(diagonal: Float64Array, off: Float64Array): Quadrature {
  const n = diagonal.length;
  const matrix = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    matrix[k * n + k] = diagonal[k];
    if (k > 0) matrix[k * n + k - 1] = off[k];
  }
  const { values, vectors } = symmetricEigen(matrix, n);
  const weight = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    weight[n - 1 - i] = vectors[i * n] * vectors[i * n];
    sum += weight[n - 1 - i];
  }
  for (let i = 0; i < n; i++) weight[i] /= sum;
  return { node: values.reverse(), weight };
}
