import { describe, expect, it } from 'vitest';
import { dirichletKl, logDirichletMultinomial, logDirichletNormaliser } from '../../src/math/dirichlet.ts';
import { logBeta } from '../../src/math/gamma-functions.ts';
import { Random } from '../../src/math/random.ts';

describe('logDirichletNormaliser', () => {
  it('is ln B for two entries and reads only its range', () => {
    const alpha = Float64Array.of(99, 2.5, 0.75, 99);
    expect(logDirichletNormaliser(alpha, 1, 2)).toBeCloseTo(logBeta(2.5, 0.75), 14);
    expect(logDirichletNormaliser([1, 1, 1])).toBeCloseTo(-Math.LN2, 15);
  });
});

describe('dirichletKl', () => {
  it('is zero for equal parameters and positive otherwise', () => {
    const b = Float64Array.of(0.2, 3, 41);
    expect(dirichletKl(b, b)).toBe(0);
    expect(dirichletKl(b, Float64Array.of(0.2, 3, 42))).toBeGreaterThan(0);
    expect(dirichletKl([2, 1], [1, 1])).toBeCloseTo(Math.LN2 - 0.5, 14);
  });

  it('equals the mean log-ratio of the densities over draws', () => {
    const b = Float64Array.of(9, 2.5, 1, 4, 7);
    const c = Float64Array.of(1, 1, 3);
    const random = new Random(11);
    const draws = 40_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < draws; i++) {
      const p = random.dirichlet(b.subarray(1, 4));
      let ratio = logDirichletNormaliser(c) - logDirichletNormaliser(b, 1, 3);
      for (let k = 0; k < 3; k++) ratio += (b[1 + k] - c[k]) * Math.log(p[k]);
      sum += ratio;
      squares += ratio * ratio;
    }
    const mean = sum / draws;
    const error = Math.sqrt((squares / draws - mean * mean) / draws);
    // Five standard errors: false alarm 6e-7.
    expect(Math.abs(mean - dirichletKl(b, c, 1, 3, 0)) / error).toBeLessThan(5);
  });
});

describe('logDirichletMultinomial', () => {
  it('is the chain of predictive probabilities', () => {
    const alpha = [0.7, 2, 0.3];
    const sequence = [0, 2, 2, 1, 0, 0];
    const counts = [0, 0, 0];
    let log = 0;
    for (const drawn of sequence) {
      const total = counts.reduce((sum, n) => sum + n, 0);
      log += Math.log((counts[drawn] + alpha[drawn]) / (total + 3));
      counts[drawn]++;
    }
    expect(logDirichletMultinomial(counts, alpha)).toBeCloseTo(log, 13);
    expect(logDirichletMultinomial([0, 0, 0], alpha)).toBe(0);
    expect(logDirichletMultinomial([8, ...counts], alpha, 1, 3, 0)).toBeCloseTo(log, 13);
  });
});
