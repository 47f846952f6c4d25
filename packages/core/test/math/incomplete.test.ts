import { describe, expect, it } from 'vitest';
import {
  betaQuantile,
  chiSquareQuantile,
  chiSquareUpperTail,
  gammaQuantile,
  incompleteBeta,
  incompleteGammaLower,
  incompleteGammaUpper,
} from '../../src/math/incomplete.ts';

// x, a, b, Iₓ(a, b) from mpmath 1.3 with 50 digits.
const BETA: readonly [number, number, number, number][] = [
  [0.3, 0.5, 0.5, 0.36901011956554536],
  [0.01, 2, 30, 0.03838951459523545],
  [0.5, 10, 10, 0.5],
  [0.72, 81, 21, 0.03896042800972126],
  [0.999, 1000, 0.5, 0.15724727426672383],
  [0.2, 0.05, 3, 0.9750891059953337],
  [0.45, 450, 600, 0.9193330525652897],
  [1e-5, 3, 4, 1.9999550003599994e-14],
  [0.9, 20, 1.5, 0.23412711029493324],
];

// a, x, P(a, x), Q(a, x), same origin.
const GAMMA: readonly [number, number, number, number][] = [
  [0.5, 0.3, 0.5614219739190002, 0.4385780260809999],
  [0.01, 0.001, 0.938570652526129, 0.061429347473871014],
  [1, 2, 0.8646647167633873, 0.1353352832366127],
  [3.5, 10, 0.9944303169270544, 0.005569683072945571],
  [10, 3, 0.0011024881301154798, 0.9988975118698845],
  [100, 80, 0.017108313035133115, 0.9828916869648668],
  [100, 150, 0.9999940754596646, 5.924540335483916e-6],
  [5000, 5100, 0.9206711189223811, 0.07932888107761897],
  [2, 1e-6, 4.999996666667916e-13, 0.9999999999995],
  [0.25, 20, 0.9999999999419685, 5.803147475369233e-11],
];

const SHAPES: readonly number[] = [0.05, 0.5, 1, 2.5, 17, 300, 20000];
const SHARES: readonly number[] = [1e-12, 1e-4, 0.025, 0.3, 0.5];

/** Relative difference; 0 when both are equal, absolute when the reference is 0. */
function miss(got: number, want: number): number {
  return got === want ? 0 : Math.abs(got - want) / (want === 0 ? 1 : Math.abs(want));
}

describe('incomplete beta', () => {
  it('agrees with 50-digit references', () => {
    for (const [x, a, b, want] of BETA) {
      expect(miss(incompleteBeta(x, a, b), want), `I(${x}; ${a}, ${b})`).toBeLessThan(1e-12);
    }
  });

  it('equals the tail of a binomial, summed exactly', () => {
    const n = 24;
    const p = 0.375; // a multiple of 1/8, so every term is an exact fraction of 8^n
    let choose = 1n;
    let tail = 0n;
    for (let k = n; k >= 10; k--) {
      tail += choose * 3n ** BigInt(k) * 5n ** BigInt(n - k);
      choose = (choose * BigInt(k)) / BigInt(n - k + 1);
    }
    const want = Number((tail * 10n ** 20n) / 8n ** BigInt(n)) / 1e20;
    expect(miss(incompleteBeta(p, 10, n - 10 + 1), want)).toBeLessThan(1e-14);
  });

  it('is symmetric, rises with x and ends at 0 and 1', () => {
    for (const a of SHAPES) {
      for (const b of SHAPES) {
        let previous = 0;
        for (let x = 0; x <= 1; x += 1 / 64) {
          const share = incompleteBeta(x, a, b);
          expect(share).toBeGreaterThanOrEqual(previous);
          expect(share + incompleteBeta(1 - x, b, a)).toBeCloseTo(1, 13);
          previous = share;
        }
        expect([incompleteBeta(-1, a, b), incompleteBeta(1, a, b), incompleteBeta(2, a, b)]).toEqual([0, 1, 1]);
      }
    }
  });

  it('is undone by its quantile', () => {
    for (const a of SHAPES) {
      for (const b of SHAPES) {
        for (const p of SHARES) {
          const low = betaQuantile(p, a, b);
          const high = betaQuantile(1 - p, b, a);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeCloseTo(1 - low, p < 1e-3 ? 3 : 10);
          // Below the smallest double, or so near 1 that a double cannot say where, there is nothing to undo.
          if (low < 1e-290 || low > 1 - 1e-4) continue;
          expect(miss(incompleteBeta(low, a, b), p), `${p} ${a} ${b}`).toBeLessThan(a + b > 1e4 ? 1e-11 : 1e-12);
        }
      }
    }
    expect([betaQuantile(0, 2, 3), betaQuantile(1, 2, 3), betaQuantile(-1, 2, 3)]).toEqual([0, 1, 0]);
    expect(betaQuantile(Number.NaN, 2, 3)).toBeNaN();
  });
});

describe('incomplete gamma', () => {
  it('agrees with 50-digit references in both tails', () => {
    for (const [a, x, lower, upper] of GAMMA) {
      expect(miss(incompleteGammaLower(a, x), lower), `P(${a}, ${x})`).toBeLessThan(1e-12);
      expect(miss(incompleteGammaUpper(a, x), upper), `Q(${a}, ${x})`).toBeLessThan(1e-12);
    }
  });

  it('equals a sum of Poisson terms for whole shapes', () => {
    for (const [n, x] of [
      [3, 2],
      [8, 20],
      [40, 31],
    ] as const) {
      let term = Math.exp(-x);
      let sum = 0;
      for (let k = 0; k < n; k++) {
        sum += term;
        term *= x / (k + 1);
      }
      expect(miss(incompleteGammaUpper(n, x), sum)).toBeLessThan(1e-13);
    }
  });

  it('is undone by its quantile in both tails', () => {
    for (const shape of SHAPES) {
      for (const p of SHARES) {
        const low = gammaQuantile(p, shape);
        if (low > 1e-290) expect(miss(incompleteGammaLower(shape, low), p), `${p} ${shape}`).toBeLessThan(1e-11);
        const upper = 1 - (1 - p); // what a double keeps of p
        expect(miss(incompleteGammaUpper(shape, gammaQuantile(1 - p, shape)), upper)).toBeLessThan(1e-11);
      }
    }
    expect([gammaQuantile(0, 2), gammaQuantile(1, 2)]).toEqual([0, Infinity]);
  });

  it('knows the table of chi-square', () => {
    expect(chiSquareQuantile(0.95, 1)).toBeCloseTo(3.841458820694124, 12);
    expect(chiSquareQuantile(0.99, 10)).toBeCloseTo(23.209251158954356, 11);
    expect(chiSquareQuantile(0.5, 2)).toBeCloseTo(2 * Math.LN2, 14);
    expect(chiSquareUpperTail(3.841458820694124, 1)).toBeCloseTo(0.05, 14);
    expect(miss(chiSquareUpperTail(700, 2), Math.exp(-350))).toBeLessThan(1e-12);
    expect([chiSquareUpperTail(0, 3), chiSquareUpperTail(Infinity, 3)]).toEqual([1, 0]);
  });
});
