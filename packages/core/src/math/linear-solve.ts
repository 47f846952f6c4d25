const EPSILON = 2.220446049250313e-16;

/**
 * Solves A X = B for a square n × n matrix A and `columns` right-hand sides (B is n × columns), all
 * row after row. Inputs are not changed.
 *
 * Gives `undefined` when A is singular to rounding (a pivot below n · 2e-16 of the greatest entry)
 * or holds something non-finite: use `pseudoInverse` there. Cost n³/3.
 *
 * Source: Gaussian elimination with partial pivoting.
 *
 * @example
 * solveLinear([2, 0, 0, 4], 2, [2, 2]); // 1, ½
 */
export function solveLinear(
  matrix: ArrayLike<number>,
  n: number,
  right: ArrayLike<number>,
  columns = 1,
): Float64Array | undefined {
  const a = Float64Array.from(matrix);
  const x = Float64Array.from(right);
  let greatest = 0;
  for (let i = 0; i < n * n; i++) greatest = Math.max(greatest, Math.abs(a[i]));
  const least = n * EPSILON * greatest;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    if (!(Math.abs(a[pivot * n + k]) > least)) return undefined;
    if (pivot !== k) {
      swapRows(a, k, pivot, n);
      swapRows(x, k, pivot, columns);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      for (let c = 0; c < columns; c++) x[i * columns + c] -= factor * x[k * columns + c];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let c = 0; c < columns; c++) {
      let sum = x[i * columns + c];
      for (let j = i + 1; j < n; j++) sum -= a[i * n + j] * x[j * columns + c];
      x[i * columns + c] = sum / a[i * n + i];
    }
  }
  return x;
}

/**
 * The inverse of a square matrix, or `undefined` when it is singular to rounding.
 *
 * To solve a system call `solveLinear`: it is cheaper and more accurate.
 *
 * @example
 * inverse([2, 0, 0, 4], 2); // ½, 0, 0, ¼
 */
export function inverse(matrix: ArrayLike<number>, n: number): Float64Array | undefined {
  const identity = new Float64Array(n * n);
  for (let i = 0; i < n; i++) identity[i * n + i] = 1;
  return solveLinear(matrix, n, identity, n);
}

/**
 * The lower triangle L with L Lᵀ = A of a symmetric positive definite matrix (only its lower
 * triangle is read), or `undefined` when A is not positive definite to rounding.
 *
 * @example
 * cholesky([4, 2, 2, 5], 2); // 2, 0, 1, 2
 */
export function cholesky(matrix: ArrayLike<number>, n: number): Float64Array | undefined {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      if (i !== j) {
        lower[i * n + j] = sum / lower[j * n + j];
        continue;
      }
      if (!(sum > n * EPSILON * Math.abs(matrix[i * n + i]))) return undefined;
      lower[i * n + i] = Math.sqrt(sum);
    }
  }
  return lower;
}

/**
 * Solves A x = b with the factor that `cholesky` gave for A. `right` is not changed.
 *
 * @example
 * const lower = cholesky([4, 2, 2, 5], 2);
 * if (lower !== undefined) choleskySolve(lower, 2, [6, 7]); // 1, 1
 */
export function choleskySolve(lower: Float64Array, n: number, right: ArrayLike<number>): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < n; i++) {
    let sum = x[i];
    for (let k = 0; k < i; k++) sum -= lower[i * n + k] * x[k];
    x[i] = sum / lower[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i];
    for (let k = i + 1; k < n; k++) sum -= lower[k * n + i] * x[k];
    x[i] = sum / lower[i * n + i];
  }
  return x;
}

function swapRows(a: Float64Array, i: number, j: number, columns: number): void {
  for (let c = 0; c < columns; c++) {
    const kept = a[i * columns + c];
    a[i * columns + c] = a[j * columns + c];
    a[j * columns + c] = kept;
  }
}
