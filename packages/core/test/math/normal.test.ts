import { describe, expect, it } from 'vitest';
import { erf, erfc, normalCdf } from '../../src/math/normal.ts';
import { normalQuantile } from '../../src/math/normal-quantile.ts';

// x, erf, erfc, Φ from mpmath 1.3 with 50 digits.
const REFERENCES: readonly [number, number, number, number][] = [
  [-30, -1.0, 2.0, 4.906713927148187e-198],
  [-8, -1.0, 2.0, 6.220960574271784e-16],
  [-3, -0.9999779095030014, 1.9999779095030015, 0.0013498980316300946],
  [-1, -0.8427007929497149, 1.8427007929497148, 0.15865525393145705],
  [-0.1, -0.1124629160182849, 1.1124629160182848, 0.460172162722971],
  [0, 0.0, 1.0, 0.5],
  [0.5, 0.5204998778130465, 0.4795001221869535, 0.6914624612740131],
  [2, 0.9953222650189527, 0.004677734981047266, 0.9772498680518208],
  [6, 1.0, 2.1519736712498913e-17, 0.9999999990134123],
];

// p, Φ⁻¹(p), same origin (p as the nearest double).
const QUANTILES: readonly [number, number][] = [
  [1e-20, -9.262340089798407],
  [1e-6, -4.753424308822899],
  [0.001, -3.0902323061678136],
  [0.025, -1.9599639845400543],
  [0.2, -0.8416212335729142],
  [0.5, 0.0],
  [0.6, 0.2533471031357997],
  [0.975, 1.9599639845400538],
  [0.9999, 3.7190164854557084],
];

/** Relative difference; 0 when both are equal, absolute when the reference is 0. */
function miss(got: number, want: number): number {
  return got === want ? 0 : Math.abs(got - want) / (want === 0 ? 1 : Math.abs(want));
}

describe('normal distribution', () => {
  it('agrees with 50-digit references, tails included', () => {
    for (const [x, one, other, share] of REFERENCES) {
      expect(miss(erf(x), one), `erf(${x})`).toBeLessThan(1e-14);
      expect(miss(erfc(x), other), `erfc(${x})`).toBeLessThan(1e-13);
      expect(miss(normalCdf(x), share), `Φ(${x})`).toBeLessThan(1e-13);
    }
  });

  it('has the quantiles of the references', () => {
    for (const [p, want] of QUANTILES) expect(miss(normalQuantile(p), want), `Φ⁻¹(${p})`).toBeLessThan(2e-15);
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
    expect(normalQuantile(Number.NaN)).toBeNaN();
  });

  it('is undone by its quantile', () => {
    for (let x = -20; x <= 0; x += 0.37) {
      expect(normalQuantile(normalCdf(x))).toBeCloseTo(x, 11);
      expect(normalCdf(x) + normalCdf(-x)).toBe(1);
    }
  });
});
