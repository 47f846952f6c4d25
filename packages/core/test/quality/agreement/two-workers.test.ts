import { Random } from '@assay/core';
import { cohenKappa, type KappaWeights, scottPi } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';

const graded = [
  [11, 4, 1],
  [3, 8, 5],
  [1, 2, 9],
];

describe('cohenKappa', () => {
  it('has the textbook value of a two by two table', () => {
    const { value, observed, expected, shared } = cohenKappa([
      [20, 5],
      [10, 15],
    ]);
    expect([value, observed, expected, shared].map((x) => Number(x.toFixed(12)))).toEqual([0.4, 0.7, 0.5, 50]);
  });

  it('weights near misses linearly and quadratically', () => {
    // By hand: 1 − Σ distance·observed / Σ distance·expected.
    const byHand = (power: number): number => {
      const total = graded.flat().reduce((sum, n) => sum + n, 0);
      let seen = 0;
      let chance = 0;
      graded.forEach((row, k) => {
        row.forEach((count, l) => {
          const distance = Math.abs(k - l) ** power;
          const rowTotal = row.reduce((sum, n) => sum + n, 0);
          const columnTotal = graded.reduce((sum, other) => sum + other[l], 0);
          seen += distance * count;
          chance += (distance * rowTotal * columnTotal) / total;
        });
      });
      return 1 - seen / chance;
    };
    expect(cohenKappa(graded, { weights: 'linear' }).value).toBeCloseTo(byHand(1), 12);
    expect(cohenKappa(graded, { weights: 'quadratic' }).value).toBeCloseTo(byHand(2), 12);
  });

  it('has the standard error of the delta method', () => {
    for (const weights of ['none', 'linear', 'quadratic'] satisfies KappaWeights[]) {
      const total = graded.flat().reduce((sum, n) => sum + n, 0);
      const step = 1e-6;
      const gradient: number[] = [];
      graded.forEach((row, k) => {
        row.forEach((_, l) => {
          // Moving mass to one cell with the others shrunk to keep the sum gives the influence of the cell.
          const moved = (sign: number): number[][] =>
            graded.map((r, i) =>
              r.map((n, j) => n * (1 - sign * step) + (i === k && j === l ? sign * step * total : 0)),
            );
          const up = cohenKappa(moved(1), { weights }).value;
          const down = cohenKappa(moved(-1), { weights }).value;
          gradient.push((up - down) / (2 * step));
        });
      });
      const variance = graded.flat().reduce((sum, n, i) => sum + (n / total) * gradient[i] ** 2, 0);
      expect(cohenKappa(graded, { weights }).standardError).toBeCloseTo(Math.sqrt(variance / total), 5);
    }
  });

  it('covers the true kappa with its interval', () => {
    // 400 samples at level .95: outside 360 to 395 less than once in 1e4 seeds.
    const random = new Random(3);
    const shares = Float64Array.from(graded.flat());
    const truth = cohenKappa(graded).value;
    let covered = 0;
    for (let sample = 0; sample < 400; sample++) {
      const counts = graded.map((row) => row.map(() => 0));
      for (let i = 0; i < 200; i++) {
        const cell = random.categorical(shares);
        counts[Math.floor(cell / 3)][cell % 3]++;
      }
      const { lo, hi } = cohenKappa(counts);
      if (lo <= truth && truth <= hi) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(360);
    expect(covered).toBeLessThanOrEqual(395);
  });

  it('is undefined when both say one class only or share nothing', () => {
    expect(
      cohenKappa([
        [5, 0],
        [0, 0],
      ]).value,
    ).toBeNaN();
    expect(
      cohenKappa([
        [5, 0],
        [0, 0],
      ]).lo,
    ).toBeNaN();
    expect(
      cohenKappa([
        [0, 0],
        [0, 0],
      ]).value,
    ).toBeNaN();
    expect(cohenKappa([]).value).toBeNaN();
    expect(
      scottPi([
        [5, 0],
        [0, 0],
      ]),
    ).toBeNaN();
  });

  it('refuses a matrix that is not square or has negative counts', () => {
    expect(() => cohenKappa([[1, 2]])).toThrow(/invalid counts in row 1/);
    expect(() =>
      scottPi([
        [1, -2],
        [1, 1],
      ]),
    ).toThrow(/invalid counts in row 1/);
  });
});

describe('scottPi', () => {
  it('differs from Cohen’s kappa when the two have different habits', () => {
    expect(
      scottPi([
        [20, 5],
        [10, 15],
      ]),
    ).toBeCloseTo((0.7 - 0.505) / 0.495, 12);
    expect(scottPi(graded)).toBeLessThan(cohenKappa(graded).value);
  });
});
