import { answersFrom, fit } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { bwa } from '../../../src/methods/bayesian/bwa.ts';
import { voteShares } from '../../../src/methods/votes.ts';
import { crowd, tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart } from './enumeration.ts';

const table = tableOf({ seed: 4, tasks: 60, workers: 10, classes: 3, redundancy: 5, accuracy: [0.4, 0.95] });

describe('Bayesian weighted average', () => {
  it('keeps the log posterior of the scores from falling, also with weights and gold', () => {
    const { rows, truth } = crowd({ seed: 5, tasks: 50, workers: 8, classes: 3, redundancy: 4, accuracy: [0.4, 0.9] });
    const weighted = answersFrom(
      rows.map(([task, worker, label], i) => ({ task, worker, label, weight: 0.5 + (i % 4) })),
    ).withGold(new Map([...truth].slice(0, 8))).table;
    for (const answers of [table, weighted]) {
      const { objective } = fit(bwa, answers, { options: { tolerance: 1e-10 } });
      expect(objective.length).toBeGreaterThan(5);
      for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-9);
    }
  });

  it('gives every task the same score as the pull grows', () => {
    const { posterior } = fit(bwa, table, { options: { pull: 1e9 } });
    for (let row = 3; row < posterior.length; row += 3) {
      for (let k = 0; k < 3; k++) expect(posterior[row + k]).toBeCloseTo(posterior[k], 6);
    }
  });

  it('is the vote as workers become alike', () => {
    const { posterior } = fit(bwa, table, { options: { shape: 1e12, pull: 0 } });
    expect(apart(posterior, voteShares(table))).toBeLessThan(1e-9);
  });

  it('gives better workers more weight', () => {
    const { rows } = crowd({ seed: 7, tasks: 200, workers: 6, classes: 2, redundancy: 5, accuracy: [0.9, 0.95] });
    const bad = rows.map(([task], i) => [task, 'zz', `c${i % 2}`] as [string, string, string]);
    const { workers, workerNames } = fit(bwa, answersFrom([...rows, ...bad]));
    const weight = workers?.extra?.weight as Float64Array;
    const spammer = workerNames.indexOf('zz');
    expect(weight[spammer]).toBeLessThan(0.7);
    expect(weight.every((value, w) => w === spammer || value > 1.3 * weight[spammer])).toBe(true);
  });
});

describeRealData('Bayesian weighted average on public sets', () => {
  it.each([
    [{}, [0.7593, 0.9394, 0.9275, 0.8315, 0.8225, 0.7857, 0.774, 0.917]],
    [{ correction: false }, [0.75, 0.9372, 0.93, 0.8364, 0.7697, 0.7943, 0.766, 0.9166]],
  ])('has the published accuracies with %j', (options, expected) => {
    ['bluebird', 'temp', 'rte', 'dog', 'web', 'music', 'labelme', 'sentpol'].forEach((name, i) => {
      const set = realSet(name);
      const { accuracy } = measure(fit(bwa, set.table, { options }), set.truth);
      expect(Math.abs(accuracy - expected[i]), `${name}: ${accuracy}`).toBeLessThan(0.001);
    });
  });
});
