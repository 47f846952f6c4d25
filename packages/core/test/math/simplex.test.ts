import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectOntoSimplex } from '../../src/math/simplex.ts';

describe('projectOntoSimplex', () => {
  it('gives the nearest point: feasible, and no feasible direction leads nearer', () => {
    const entry = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 9 }), (values) => {
        const point = projectOntoSimplex(Float64Array.from(values));
        expect(point.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
        expect(Math.min(...point)).toBeGreaterThanOrEqual(0);
        // Optimality: (v − p)·(e_k − p) ≤ 0 for every corner k.
        const inner = values.reduce((sum, value, i) => sum + (value - point[i]) * point[i], 0);
        for (let k = 0; k < values.length; k++) expect(values[k] - point[k] - inner).toBeLessThan(1e-9);
      }),
    );
  });

  it('keeps points of the simplex, touches only its range and knows totals', () => {
    expect([...projectOntoSimplex(Float64Array.of(2, 0))]).toEqual([1, 0]);
    expect([...projectOntoSimplex(Float64Array.of(0.25, 0.75))]).toEqual([0.25, 0.75]);
    expect([...projectOntoSimplex(Float64Array.of(9, 5, 5, 9), 1, 2, 4)]).toEqual([9, 2, 2, 9]);
    expect([...projectOntoSimplex(Float64Array.of(Number.NaN, 1))]).toEqual([0.5, 0.5]);
  });
});
