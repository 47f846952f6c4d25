import { describe, expect, it } from 'vitest';
import {
  cholesky,
  choleskySolve,
  inverse,
  pseudoInverse,
  singularValues,
  solveLinear,
  symmetricEigen,
} from '../../src/math/linear.ts';
import { Random } from '../../src/math/random.ts';

describe('symmetricEigen', () => {
  it('gives orthonormal vectors that the matrix only stretches', () => {
    const random = new Random(1);
    for (const n of [1, 2, 3, 4, 7, 25, 90]) {
      const matrix = symmetric(random, n);
      const { values, vectors } = symmetricEigen(matrix, n);
      const images = multiply(vectors, matrix, n, n, n);
      for (let j = 0; j < n; j++) {
        if (j > 0) expect(values[j]).toBeLessThanOrEqual(values[j - 1]);
        for (let i = 0; i < n; i++) images[j * n + i] -= values[j] * vectors[j * n + i];
      }
      expect(greatest(images)).toBeLessThan(1e-14 * n * (1 + Math.abs(values[0])));
      expect(distanceToIdentity(multiply(vectors, transpose(vectors, n, n), n, n, n), n)).toBeLessThan(2e-15 * (n + 2));
    }
  });

  it('knows the spectrum of the path graph', () => {
    const n = 12;
    const matrix = new Float64Array(n * n);
    for (let i = 1; i < n; i++) matrix[i * n + i - 1] = 1;
    const { values } = symmetricEigen(matrix, n);
    for (let j = 0; j < n; j++) expect(values[j]).toBeCloseTo(2 * Math.cos((Math.PI * (j + 1)) / (n + 1)), 13);
  });

  it('handles repeated and zero eigenvalues, extreme scales and rank one', () => {
    const ones = new Float64Array(36).fill(1);
    const flat = symmetricEigen(ones, 6);
    expect(flat.values[0]).toBeCloseTo(6, 13);
    expect(greatest(flat.values.subarray(1))).toBeLessThan(1e-14);
    expect(distanceToIdentity(multiply(flat.vectors, transpose(flat.vectors, 6, 6), 6, 6, 6), 6)).toBeLessThan(1e-14);
    expect([...symmetricEigen([0, 0, 0, 0], 2).values]).toEqual([0, 0]);
    for (const scale of [1e-150, 1e150]) {
      const { values } = symmetricEigen([2 * scale, scale, scale, 2 * scale], 2);
      expect(values[0] / scale).toBeCloseTo(3, 13);
      expect(values[1] / scale).toBeCloseTo(1, 13);
    }
    expect(symmetricEigen([], 0).values).toHaveLength(0);
    expect(symmetricEigen([1, 0, Number.NaN, 1], 2).values).toEqual(Float64Array.of(Number.NaN, Number.NaN));
  });

  it('fixes the sign of vectors and leaves its input alone', () => {
    const matrix = symmetric(new Random(2), 9);
    const before = matrix.slice();
    const { vectors } = symmetricEigen(matrix, 9);
    expect(matrix).toEqual(before);
    for (let j = 0; j < 9; j++) {
      const vector = [...vectors.subarray(j * 9, j * 9 + 9)];
      expect(Math.max(...vector)).toBe(Math.max(...vector.map(Math.abs)));
    }
  });
});

describe('singularValues', () => {
  it('puts tall, wide and square matrices together again from orthonormal parts', () => {
    const random = new Random(3);
    for (const [rows, columns] of [
      [1, 1],
      [5, 5],
      [40, 7],
      [6, 31],
    ] as const) {
      const matrix = Float64Array.from({ length: rows * columns }, () => random.normal());
      const { values, left, right, rank } = singularValues(matrix, rows, columns);
      expect(rank).toBe(Math.min(rows, columns));
      const scaled = left.map((entry, at) => entry * values[Math.floor(at / rows)]);
      const again = multiply(transpose(scaled, rank, rows), right, rows, rank, columns);
      expect(greatest(again.map((entry, at) => entry - matrix[at]))).toBeLessThan(1e-13);
      for (const [part, length] of [
        [left, rows],
        [right, columns],
      ] as const) {
        const products = multiply(part, transpose(part, rank, length), rank, length, rank);
        expect(distanceToIdentity(products, rank)).toBeLessThan(1e-13);
      }
    }
  });

  it('keeps small singular values that squaring would lose', () => {
    // Lauchli's matrix: singular values √(2 + e²) and e; e² is below rounding of the products.
    const e = 1e-9;
    const { values, rank } = singularValues([1, 1, e, 0, 0, e], 3, 2);
    expect(values[0]).toBeCloseTo(Math.SQRT2, 14);
    expect(values[1] / e).toBeCloseTo(1, 6);
    expect(rank).toBe(2);
  });

  it('counts the rank and zeroes what is rounding', () => {
    const outer = Float64Array.from({ length: 20 }, (_, at) => (1 + Math.floor(at / 4)) * (0.3 + (at % 4)));
    const { values, rank, left } = singularValues(outer, 5, 4);
    expect(rank).toBe(1);
    expect([...values.subarray(1)]).toEqual([0, 0, 0]);
    expect(greatest(left.subarray(5))).toBe(0);
    expect(singularValues([0, 0, 0, 0], 2, 2).rank).toBe(0);
    expect(singularValues([1, Infinity], 1, 2).values[0]).toBeNaN();
    expect(singularValues([1e200, 0, 0, 1e-200], 2, 2).values[0]).toBe(1e200);
  });
});

describe('pseudoInverse', () => {
  it('meets the four conditions of Penrose, for full and deficient rank', () => {
    const random = new Random(4);
    for (const [rows, columns, rank] of [
      [6, 4, 4],
      [4, 6, 4],
      [7, 5, 2],
    ] as const) {
      const first = Float64Array.from({ length: rows * rank }, () => random.normal());
      const second = Float64Array.from({ length: rank * columns }, () => random.normal());
      const a = multiply(first, second, rows, rank, columns);
      const p = pseudoInverse(a, rows, columns);
      const ap = multiply(a, p, rows, columns, rows);
      const pa = multiply(p, a, columns, rows, columns);
      const apa = multiply(ap, a, rows, rows, columns);
      const pap = multiply(pa, p, columns, columns, rows);
      expect(greatest(apa.map((entry, at) => entry - a[at]))).toBeLessThan(1e-12);
      expect(greatest(pap.map((entry, at) => entry - p[at]))).toBeLessThan(1e-12);
      expect(greatest(transpose(ap, rows, rows).map((entry, at) => entry - ap[at]))).toBeLessThan(1e-12);
      expect(greatest(transpose(pa, columns, columns).map((entry, at) => entry - pa[at]))).toBeLessThan(1e-12);
    }
    expect([...pseudoInverse([2, 0, 0, 0], 2, 2)]).toEqual([0.5, 0, 0, 0]);
    expect([...pseudoInverse([2, 0, 0, 1e-3], 2, 2, 0.01)]).toEqual([0.5, 0, 0, 0]);
  });
});

describe('solving', () => {
  it('solves, inverts and factors', () => {
    const random = new Random(5);
    for (const n of [1, 2, 6, 30]) {
      const matrix = Float64Array.from({ length: n * n }, () => random.normal());
      const want = Float64Array.from({ length: n * 2 }, () => random.normal());
      const got = solveLinear(matrix, n, multiply(matrix, want, n, n, 2), 2);
      expect(greatest(got!.map((entry, at) => entry - want[at]))).toBeLessThan(1e-10);
      expect(distanceToIdentity(multiply(matrix, inverse(matrix, n)!, n, n, n), n)).toBeLessThan(1e-10);
      const positive = multiply(matrix, transpose(matrix, n, n), n, n, n);
      for (let i = 0; i < n; i++) positive[i * n + i] += 1;
      const lower = cholesky(positive, n)!;
      expect(
        greatest(multiply(lower, transpose(lower, n, n), n, n, n).map((entry, at) => entry - positive[at])),
      ).toBeLessThan(1e-12 * n);
      const half = want.subarray(0, n);
      const solved = choleskySolve(lower, n, multiply(positive, half, n, n, 1));
      expect(greatest(solved.map((entry, at) => entry - half[at]))).toBeLessThan(1e-11);
    }
  });

  it('says when there is no unique answer', () => {
    expect(solveLinear([1, 2, 2, 4], 2, [1, 1])).toBeUndefined();
    expect(solveLinear([0], 1, [1])).toBeUndefined();
    expect(solveLinear([Number.NaN], 1, [1])).toBeUndefined();
    expect(inverse([0, 1, 1, 0], 2)).toEqual(Float64Array.of(0, 1, 1, 0));
    expect(cholesky([1, 2, 2, 1], 2)).toBeUndefined();
    expect(cholesky([1, 1, 1, 1], 2)).toBeUndefined();
  });
});

function symmetric(random: Random, n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      matrix[i * n + j] = random.normal();
      matrix[j * n + i] = matrix[i * n + j];
    }
  }
  return matrix;
}

function multiply(a: Float64Array, b: Float64Array, rows: number, inner: number, columns: number): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const row = Math.floor(at / columns);
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[row * inner + k] * b[k * columns + (at % columns)];
    return sum;
  });
}

function transpose(a: Float64Array, rows: number, columns: number): Float64Array {
  return a.map((_, at) => a[(at % rows) * columns + Math.floor(at / rows)]);
}

function distanceToIdentity(a: Float64Array, n: number): number {
  return greatest(a.map((entry, at) => entry - (at % (n + 1) === 0 ? 1 : 0)));
}

function greatest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
