import { answersFrom, fit } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { variationalBayes } from '../../../src/methods/bayesian/variational-bayes.ts';
import { bpOneCoin } from '../../../src/methods/propagation/bp-one-coin.ts';
import { coinPrior } from '../../../src/methods/propagation/coin-prior.ts';
import { meanField } from '../../../src/methods/propagation/mean-field.ts';
import { tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart, dirichletRows, enumerate } from '../bayesian/enumeration.ts';
import { coinEvidence } from './forests.ts';

describe('mean field', () => {
  it('keeps the bound rising and below the log evidence, for both models', () => {
    for (const [seed, classes, tasks] of [
      [1, 2, 8],
      [2, 3, 7],
    ]) {
      const table = tableOf({ seed, tasks, workers: 4, classes, redundancy: 3, accuracy: [0.5, 0.9] });
      const known = new Float64Array(classes).fill(1 / classes);
      const coin = coinEvidence(coinPrior({ right: 2, wrong: 1, mixture: null, atoms: null }), classes);
      const rows = dirichletRows(
        Float64Array.from({ length: classes ** 2 }, (_, cell) => (cell % (classes + 1) === 0 ? 2 : 1)),
        classes,
      );
      for (const [model, evidence] of [
        ['one-coin', coin],
        ['dirichlet', rows],
      ] as const) {
        const { objective } = fit(meanField, table, { options: { model, tolerance: 1e-12 } });
        for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-10);
        const { logEvidence } = enumerate(table, evidence, { known });
        expect(objective.at(-1)).toBeLessThan(logEvidence);
        expect(objective.at(-1)).toBeGreaterThan(logEvidence - 3);
      }
    }
  });

  it('is exact when every task is gold', () => {
    const table = tableOf({ seed: 4, tasks: 6, workers: 3, classes: 3, redundancy: 2, accuracy: [0.5, 0.9] });
    const gold = new Map(table.tasks.names().map((task, i) => [task, `c${i % 3}`]));
    const golden = table.withGold(gold).table;
    const prior = coinPrior({ right: 2, wrong: 1, mixture: null, atoms: null });
    const { logEvidence } = enumerate(golden, coinEvidence(prior, 3), { known: Float64Array.of(1, 1, 1) });
    expect(fit(meanField, golden).objective.at(-1)).toBeCloseTo(logEvidence, 9);
  });

  it('with Dirichlet rows is variational Bayes with certain class frequencies', () => {
    const table = tableOf({ seed: 6, tasks: 50, workers: 8, classes: 3, redundancy: 4, accuracy: [0.5, 0.95] });
    const one = fit(meanField, table, { options: { model: 'dirichlet' } });
    const other = fit(variationalBayes, table, { options: { preset: 'dir21', classPrior: [1e9], tolerance: 1e-12 } });
    expect(apart(one.posterior, other.posterior)).toBeLessThan(1e-4);
  });

  it('is the majority vote as the prior becomes one accuracy for all', () => {
    const table = tableOf({ seed: 5, tasks: 40, workers: 9, classes: 3, redundancy: 5, accuracy: [0.4, 0.9] });
    const sharp = fit(meanField, table, { options: { right: 7e5, wrong: 3e5 } });
    const point = fit(bpOneCoin, table, { options: { atoms: [1, 0.7] } });
    expect(apart(sharp.posterior, point.posterior)).toBeLessThan(1e-3);
  });

  it('counts weights as repeated evidence', () => {
    const rows = [
      { task: 't', worker: 'a', label: 'x', weight: 1 },
      { task: 't', worker: 'b', label: 'y', weight: 3 },
      { task: 's', worker: 'a', label: 'x', weight: 1 },
      { task: 's', worker: 'b', label: 'x', weight: 1 },
    ];
    expect(fit(meanField, answersFrom(rows)).label('t')).toBe('y');
  });
});

describeRealData('mean field on public sets', () => {
  it('has the published accuracies', () => {
    const expected = { bluebird: 0.7222, rte: 0.925, dog: 0.8302, web: 0.8379 };
    for (const [name, accuracy] of Object.entries(expected)) {
      const { table, truth } = realSet(name);
      expect(Math.abs(measure(fit(meanField, table), truth).accuracy - accuracy), name).toBeLessThan(0.002);
    }
  });
});
