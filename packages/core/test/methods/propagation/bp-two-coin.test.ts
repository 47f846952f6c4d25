import { fit } from '@assay/core';
import { logBeta } from '@assay/core/math';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { bpOneCoin } from '../../../src/methods/propagation/bp-one-coin.ts';
import { bpTwoCoin } from '../../../src/methods/propagation/bp-two-coin.ts';
import { tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart, dirichletRows, enumerate, type WorkerEvidence } from '../bayesian/enumeration.ts';
import { atomEvidence, treeOf } from './forests.ts';

const exact = { tolerance: 1e-14, maxIterations: 200 };
const even = { known: Float64Array.of(0.5, 0.5) };

/** Two Betas: a1, a2 on the first class, b1, b2 on the second. */
function pairEvidence(a1: number, a2: number, b1: number, b2: number): WorkerEvidence {
  return ([n00, n01, n10, n11]) =>
    logBeta(a1 + n00, a2 + n01) - logBeta(a1, a2) + logBeta(b1 + n11, b2 + n10) - logBeta(b1, b2);
}

describe('two-coin belief propagation', () => {
  it.each([1, 2, 3, 4, 5, 6])('is exact on tree %d with Betas, by sums and by quadrature', (seed) => {
    const table = treeOf(seed, 8, 5, 2);
    const truth = enumerate(table, pairEvidence(2, 1, 3, 1.5), even);
    for (const messages of ['dynamic-programme', 'quadrature']) {
      const estimate = fit(bpTwoCoin, table, { options: { right: [2, 3], wrong: [1, 1.5], ...exact, messages } });
      expect(apart(estimate.posterior, truth.posterior)).toBeLessThan(1e-12);
      expect(estimate.extra.logEvidence).toBeCloseTo(truth.logEvidence, 10);
    }
  });

  it('is exact on trees with atoms, with gold and with test answers', () => {
    const table = treeOf(8, 8, 4, 2);
    const atoms = atomEvidence([
      [0.5, [0.9, 0.1, 0.2, 0.8]],
      [0.3, [0.5, 0.5, 0.5, 0.5]],
      [0.2, [0.1, 0.9, 0.3, 0.7]],
    ]);
    for (const messages of ['dynamic-programme', 'quadrature']) {
      const found = fit(bpTwoCoin, table, {
        options: { atoms: [0.5, 0.9, 0.8, 0.3, 0.5, 0.5, 0.2, 0.1, 0.7], ...exact, messages },
      });
      expect(apart(found.posterior, enumerate(table, atoms, even).posterior)).toBeLessThan(1e-12);

      const golden = table.withGold(new Map([['t2', 'c1']])).table;
      const clamped = fit(bpTwoCoin, golden, { options: { ...exact, messages } });
      const truth = enumerate(golden, pairEvidence(2, 1, 2, 1), even);
      expect(apart(clamped.posterior, truth.posterior)).toBeLessThan(1e-12);

      const testCounts = new Float64Array(16);
      testCounts.set([7, 1, 2, 3], 4);
      const tested = fit(bpTwoCoin, table.with({ testCounts }), { options: { ...exact, messages } });
      const known = enumerate(
        table,
        (counts, w) => (w === 1 ? pairEvidence(9, 2, 5, 3) : pairEvidence(2, 1, 2, 1))(counts, w),
        even,
      );
      expect(apart(tested.posterior, known.posterior)).toBeLessThan(1e-12);
    }
  });

  it('has the prior of uniform Dirichlet rows as a special case', () => {
    const table = treeOf(9, 7, 4, 2);
    const truth = enumerate(table, dirichletRows(Float64Array.of(2, 1, 1, 2), 2), even);
    expect(apart(fit(bpTwoCoin, table, { options: exact }).posterior, truth.posterior)).toBeLessThan(1e-12);
  });

  it('gives the same by sums and by quadrature for workers of many answers', () => {
    const table = tableOf({ seed: 2, tasks: 500, workers: 7, classes: 2, redundancy: 5, accuracy: [0.55, 0.95] });
    const sums = fit(bpTwoCoin, table, { options: { ...exact, messages: 'dynamic-programme' } });
    const nodes = fit(bpTwoCoin, table, { options: { tolerance: 1e-9, messages: 'quadrature' } });
    expect(apart(nodes.posterior, sums.posterior)).toBeLessThan(1e-5);
    expect(apart(nodes.workers?.accuracy ?? [], sums.workers?.accuracy ?? [])).toBeLessThan(1e-5);
  });

  it('is the one-coin form when both accuracies are the same single values', () => {
    const table = tableOf({ seed: 3, tasks: 50, workers: 8, classes: 2, redundancy: 4, accuracy: [0.5, 0.95] });
    const one = fit(bpOneCoin, table, { options: { atoms: [0.4, 0.55, 0.6, 0.9] } });
    const two = fit(bpTwoCoin, table, { options: { atoms: [0.4, 0.55, 0.55, 0.6, 0.9, 0.9] } });
    expect(apart(two.posterior, one.posterior)).toBeLessThan(1e-9);
  });

  it('refuses three classes and names a method that takes them', () => {
    const table = tableOf({ seed: 1, tasks: 9, workers: 4, classes: 3, redundancy: 3, accuracy: [0.5, 0.9] });
    expect(() => fit(bpTwoCoin, table)).toThrow(/invalid number of classes.*use bp-sampled/);
  });
});

describeRealData('two-coin belief propagation on public sets', () => {
  it('has the published accuracies', () => {
    for (const [name, accuracy] of [
      ['bluebird', 0.8981],
      ['rte', 0.9287],
    ] as const) {
      const { table, truth } = realSet(name);
      expect(Math.abs(measure(fit(bpTwoCoin, table), truth).accuracy - accuracy), name).toBeLessThan(0.002);
    }
  });
});
