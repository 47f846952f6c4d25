import { answersFrom, fit, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { bpOneCoin } from '../../../src/methods/propagation/bp-one-coin.ts';
import { bpSampled } from '../../../src/methods/propagation/bp-sampled.ts';
import { bpTwoCoin } from '../../../src/methods/propagation/bp-two-coin.ts';
import { crowd, posteriorOf, tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart, dirichletRows, enumerate } from '../bayesian/enumeration.ts';
import { atomEvidence, treeOf } from './forests.ts';

const exact = { tolerance: 1e-14, maxIterations: 200 };

/** Three random matrices for K classes with weights .5, .3 and .2. */
function threeAtoms(classes: number): (readonly [number, readonly number[]])[] {
  const random = new Random(`atoms ${classes}`);
  return [0.5, 0.3, 0.2].map((weight, i) => {
    const rows: number[] = [];
    for (let k = 0; k < classes; k++) {
      rows.push(...random.dirichlet(Array.from({ length: classes }, (_, l) => (k === l ? 4 - i : 1))));
    }
    return [weight, rows] as const;
  });
}

describe('belief propagation with sampled workers', () => {
  it.each([
    [1, 2, 8],
    [2, 2, 8],
    [3, 3, 7],
    [4, 3, 6],
    [5, 4, 5],
  ])('is exact on trees for a prior of listed matrices (tree %d, %d classes)', (seed, classes, tasks) => {
    const table = treeOf(seed, tasks, 5, classes);
    const atoms = threeAtoms(classes);
    const truth = enumerate(table, atomEvidence(atoms), { known: new Float64Array(classes).fill(1 / classes) });
    const options = { prior: 'atoms', atoms: atoms.flatMap(([weight, rows]) => [weight, ...rows]), ...exact };
    const estimate = fit(bpSampled, table, { options });
    expect(apart(estimate.posterior, truth.posterior)).toBeLessThan(1e-12);
    expect(estimate.extra.logEvidence).toBeCloseTo(truth.logEvidence, 10);
  });

  it('is exact on a tree with gold, task priors and test answers', () => {
    const plain = treeOf(6, 7, 4, 3);
    const atoms = threeAtoms(3);
    const random = new Random(3);
    const taskPrior = new Float64Array(21);
    for (let task = 0; task < 7; task++) taskPrior.set(random.dirichlet([1, 1, 1]), task * 3);
    const testCounts = new Float64Array(4 * 9);
    testCounts.set([3, 1, 0, 0, 2, 0, 1, 0, 4], 9);
    const table = plain.withGold(new Map([['t2', 'c1']])).table.with({ taskPrior, testCounts });
    const evidence = atomEvidence(atoms);
    const truth = enumerate(
      table,
      (counts, w) => evidence(w === 1 ? counts.map((count, cell) => count + testCounts[9 + cell]) : counts, w),
      { known: Float64Array.of(1, 1, 1) },
    );
    const options = { prior: 'atoms', atoms: atoms.flatMap(([weight, rows]) => [weight, ...rows]), ...exact };
    expect(apart(fit(bpSampled, table, { options }).posterior, truth.posterior)).toBeLessThan(1e-12);
  });

  it('comes closer to the exact marginals of a tree with more draws', () => {
    // Published errors of one run each: 0.035 at 100 draws, 0.023 at 400, 0.005 at 4,000, 0.002 at 40,000.
    const table = treeOf(7, 7, 5, 2);
    const truth = enumerate(table, dirichletRows(Float64Array.of(2, 1, 1, 2), 2), { known: Float64Array.of(0.5, 0.5) });
    const error = (draws: number): number => {
      let worst = 0;
      for (let seed = 0; seed < 3; seed++) {
        const options = { draws, redraw: false, tolerance: 1e-10 };
        worst += apart(fit(bpSampled, table, { options, seed }).posterior, truth.posterior) / 3;
      }
      return worst;
    };
    const [few, some, many] = [error(100), error(4000), error(40_000)];
    expect(few).toBeLessThan(0.2);
    expect(some).toBeLessThan(0.03);
    expect(many).toBeLessThan(0.01);
    expect(many).toBeLessThan(few);
  });

  it('with one accuracy agrees with exact propagation to the third digit', () => {
    const table = tableOf({ seed: 3, tasks: 100, workers: 15, classes: 3, redundancy: 4, accuracy: [0.4, 0.95] });
    const sampled = fit(bpSampled, table, { options: { prior: 'one-coin', tolerance: 1e-8 } });
    expect(apart(sampled.posterior, fit(bpOneCoin, table).posterior)).toBeLessThan(2e-3);
  });

  it('agrees with exact propagation for workers of a thousand answers by drawing again', () => {
    const table = tableOf({ seed: 4, tasks: 1500, workers: 8, classes: 2, redundancy: 5, accuracy: [0.55, 0.95] });
    const truth = fit(bpTwoCoin, table);
    const again = fit(bpSampled, table);
    const first = fit(bpSampled, table, { options: { redraw: false } });
    const far = (a: Float64Array, b: Float64Array): number =>
      a.reduce((sum, p, i) => sum + Math.abs(p - b[i]), 0) / a.length;
    expect(far(again.posterior, truth.posterior)).toBeLessThan(0.01);
    expect(far(again.posterior, truth.posterior)).toBeLessThan(far(first.posterior, truth.posterior) / 2);
    expect(again.notes.some((note) => note.includes('draws of their own'))).toBe(true);
    expect(first.notes.some((note) => note.includes('fewer than 20 draws count'))).toBe(true);
    expect(Math.min(...(again.workers?.extra?.effectiveDraws ?? []))).toBeGreaterThan(20);
    expect(apart(again.workers?.accuracy ?? [], truth.workers?.accuracy ?? [])).toBeLessThan(0.02);
  });

  it('does not depend on names or on the order of rows', () => {
    const { rows } = crowd({ seed: 7, tasks: 40, workers: 6, classes: 3, redundancy: 4, accuracy: [0.5, 0.9] });
    const names: Record<string, string> = { c0: 'z', c1: 'y', c2: 'x' };
    const renamed = answersFrom(
      new Random(1)
        .shuffle([...rows])
        .map(([task, worker, label]) => [task, `u${9 - Number(worker.slice(1))}`, names[label]]),
    );
    const table = answersFrom(rows);
    const [one, other] = [fit(bpSampled, table), fit(bpSampled, renamed)];
    for (const task of table.tasks.names()) {
      for (const label of table.classes.names()) {
        expect(posteriorOf(other, task, names[label])).toBeCloseTo(posteriorOf(one, task, label), 9);
      }
    }
  });

  it('refuses matrices of the wrong size', () => {
    const table = tableOf({ seed: 1, tasks: 9, workers: 4, classes: 3, redundancy: 3, accuracy: [0.5, 0.9] });
    const options = { prior: 'atoms', atoms: [1, 0.9, 0.1, 0.2, 0.8] };
    expect(() => fit(bpSampled, table, { options })).toThrow(/invalid atoms: 5 values; give a weight and 3×3 cells/);
  });
});

describeRealData('belief propagation with sampled workers on public sets', () => {
  it('is about as accurate as exact propagation on bluebird and rte, and runs with four classes', () => {
    for (const [name, least] of [
      ['bluebird', 0.88],
      ['rte', 0.92],
      ['dog', 0.83],
    ] as const) {
      const { table, truth } = realSet(name);
      expect(measure(fit(bpSampled, table), truth).accuracy, name).toBeGreaterThan(least);
    }
  });
});
