import { describe, expect, it } from 'vitest';
import { logBeta } from '../../src/math/gamma-functions.ts';
import { betaQuadrature, normalQuadrature, type Quadrature } from '../../src/math/quadrature.ts';

describe('betaQuadrature', () => {
  it('integrates every power up to 2n − 1 exactly', () => {
    for (const [a, b] of [
      [1, 1],
      [0.5, 0.5],
      [0.1, 0.1],
      [2, 1],
      [3.7, 0.4],
      [40, 9],
      [0.5, 1.5],
    ] as const) {
      for (const nodes of [1, 2, 5, 20]) {
        const rule = betaQuadrature(a, b, nodes);
        for (let power = 0; power < 2 * nodes; power++) {
          const exact = Math.exp(logBeta(a + power, b) - logBeta(a, b));
          expect(mean(rule, (x) => x ** power) / exact, `${a} ${b} ${nodes} ${power}`).toBeCloseTo(1, 10);
        }
        expect(Math.min(...rule.weight)).toBeGreaterThan(0);
        for (let i = 1; i < nodes; i++) expect(rule.node[i]).toBeGreaterThan(rule.node[i - 1]);
      }
    }
  });

  it('knows the two-point rule of Legendre', () => {
    const { node, weight } = betaQuadrature(1, 1, 2);
    expect(node[0]).toBeCloseTo(0.5 - 1 / Math.sqrt(12), 15);
    expect(node[1]).toBeCloseTo(0.5 + 1 / Math.sqrt(12), 15);
    expect(weight[0]).toBeCloseTo(0.5, 15);
  });
});

describe('normalQuadrature', () => {
  it('gives the moments of the normal distribution', () => {
    const rule = normalQuadrature(8);
    for (let power = 0; power < 16; power++) {
      let exact = power % 2 === 0 ? 1 : 0;
      for (let k = power - 1; k > 1; k -= 2) exact *= k;
      expect(Math.abs(mean(rule, (x) => x ** power) - exact) / Math.max(1, exact)).toBeLessThan(1e-9);
    }
    expect(mean(normalQuadrature(10, 3, 2), (x) => (x - 3) ** 2)).toBeCloseTo(4, 12);
    expect(mean(normalQuadrature(20), Math.exp)).toBeCloseTo(Math.exp(0.5), 12);
  });
});

function mean({ node, weight }: Quadrature, value: (x: number) => number): number {
  return node.reduce((sum, x, i) => sum + weight[i] * value(x), 0);
}
