import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { gibbs } from '../../../src/methods/bayesian/gibbs.ts';
import { GibbsChain } from '../../../src/methods/bayesian/gibbs-chain.ts';
import { splitRHat } from '../../../src/methods/bayesian/split-r-hat.ts';
import { variationalBayes } from '../../../src/methods/bayesian/variational-bayes.ts';
import { contentOrder } from '../../../src/methods/content-order.ts';
import { startingPosterior } from '../../../src/methods/votes.ts';
import { crowd, posteriorOf, tableOf } from '../../support/crowd.ts';
import { finished } from '../../support/finished.ts';
import { apart, dirichletRows, enumerate } from './enumeration.ts';

const ibcc = (classes: number): Float64Array =>
  Float64Array.from({ length: classes ** 2 }, (_, cell) => (cell % (classes + 1) === 0 ? 4 : 1));

const ones = (classes: number): Float64Array => new Float64Array(classes).fill(1);

/** 20,000 kept sweeps: errors are about 0.004, so 0.02 is five standard errors. */
const long = { preset: 'ibcc41', burnIn: 200, samples: 10_000, chains: 2 };

describe('Gibbs sampling', () => {
  it.each([
    ['collapsed', 2, 8],
    ['collapsed', 3, 6],
    ['uncollapsed', 2, 8],
  ])('agrees with enumeration: %s, %d classes, %d tasks', (sampler, classes, tasks) => {
    const table = tableOf({ seed: 2, tasks, workers: 4, classes, redundancy: 3, accuracy: [0.5, 0.9] });
    const truth = enumerate(table, dirichletRows(ibcc(table.classCount), table.classCount), ones(table.classCount));
    const { posterior } = fit(gibbs, table, { options: { ...long, sampler } });
    expect(apart(posterior, truth.posterior)).toBeLessThan(0.02);
  });

  it('agrees with enumeration given gold, test answers and task priors', () => {
    const table = tableOf({ seed: 3, tasks: 7, workers: 4, classes: 2, redundancy: 3, accuracy: [0.5, 0.9] });
    const testCounts = new Float64Array(16);
    testCounts.set([5, 1, 2, 6], 4);
    const taskPrior = Float64Array.from({ length: 14 }, (_, i) => (i % 2 === 0 ? 0.7 : 0.3));
    const known = table.withGold(new Map([['t1', 'c0']])).table.with({ testCounts, taskPrior });
    const truth = enumerate(
      known,
      (counts, w) =>
        dirichletRows(
          ibcc(2).map((value, cell) => value + testCounts[4 * w + cell]),
          2,
        )(counts, w),
      ones(2),
    );
    const { posterior } = fit(gibbs, known, { options: long });
    expect(apart(posterior, truth.posterior)).toBeLessThan(0.02);
  });

  it('takes a worker’s repeats on a task together', () => {
    const rows: [string, string, string][] = [];
    for (const [task, worker, label] of [
      ['t1', 'a', 'x'],
      ['t1', 'a', 'x'],
      ['t1', 'b', 'y'],
      ['t2', 'a', 'x'],
      ['t2', 'a', 'y'],
      ['t3', 'b', 'y'],
      ['t3', 'a', 'x'],
      ['t4', 'b', 'x'],
    ]) {
      rows.push([task, worker, label]);
    }
    const table = answersFrom(rows, { duplicates: 'all' });
    expect(table.answerCount).toBe(8);
    const truth = enumerate(table, dirichletRows(ibcc(2), 2), ones(2));
    expect(apart(fit(gibbs, table, { options: long }).posterior, truth.posterior)).toBeLessThan(0.02);
  });

  it('tells classes apart by renaming where the prior does not', () => {
    const table = tableOf({ seed: 5, tasks: 40, workers: 6, classes: 2, redundancy: 5, accuracy: [0.75, 0.95] });
    const options = { preset: 'uniform', burnIn: 100, samples: 300 };
    const { workers } = fit(gibbs, table, { options });
    expect(Math.min(...(workers?.accuracy ?? []))).toBeGreaterThan(0.6);
  });

  it('agrees with variational Bayes on labels of dense data, and is less sure of workers', () => {
    const { rows } = crowd({ seed: 6, tasks: 200, workers: 8, classes: 3, redundancy: 6, accuracy: [0.5, 0.9] });
    const table = answersFrom(rows);
    const sampled = fit(gibbs, table, { options: { preset: 'ibcc41', burnIn: 100, samples: 400 } });
    const bound = fit(variationalBayes, table, { options: { preset: 'ibcc41' } });
    let same = 0;
    for (let task = 0; task < 200; task++) if (sampled.labelIndex(task) === bound.labelIndex(task)) same++;
    expect(same).toBeGreaterThan(192);
    const sd = (values: Float64Array = new Float64Array()): number => values.reduce((sum, value) => sum + value, 0);
    expect(sd(sampled.workers?.confusionSd)).toBeGreaterThan(sd(bound.workers?.confusionSd));
  });

  it('runs the same chain whatever classes and workers are called and however rows are ordered', () => {
    const { rows } = crowd({ seed: 7, tasks: 30, workers: 6, classes: 3, redundancy: 4, accuracy: [0.5, 0.9] });
    const names: Record<string, string> = { c0: 'z', c1: 'y', c2: 'x' };
    const renamed = answersFrom(
      new Random(1)
        .shuffle([...rows])
        .map(([task, worker, label]) => [task, `u${9 - Number(worker.slice(1))}`, names[label]]),
    );
    const table = answersFrom(rows);
    const options = { burnIn: 20, samples: 50 };
    for (const sampler of ['collapsed', 'uncollapsed']) {
      const one = fit(gibbs, table, { options: { ...options, sampler } });
      const other = fit(gibbs, renamed, { options: { ...options, sampler } });
      for (const task of table.tasks.names()) {
        for (const label of table.classes.names()) {
          expect(posteriorOf(other, task, names[label])).toBeCloseTo(posteriorOf(one, task, label), 9);
        }
      }
    }
  });

  it('keeps its log joint in step with the labels', () => {
    const weighted: AnswerTable = answersFrom(
      crowd({ seed: 8, tasks: 20, workers: 5, classes: 2, redundancy: 3, accuracy: [0.5, 0.9] }).rows.map(
        ([task, worker, label], i) => ({ task, worker, label, weight: 1 + (i % 3) / 2 }),
      ),
    );
    const prior = { confusion: ibcc(2), classes: ones(2) };
    for (const table of [weighted, weighted.with({ weight: undefined })]) {
      const chain = new GibbsChain(table, prior, contentOrder(table), new Random(1));
      finished(chain.begin(startingPosterior(table)));
      const before = chain.counts.slice();
      for (let sweep = 0; sweep < 20; sweep++) finished(chain.sweep(undefined));
      expect(apart(chain.counts, before)).toBeGreaterThan(0.4);
      expect(chain.objective).toBeCloseTo(chain.logJoint(), 9);
    }
  });
});

describe('split-R̂', () => {
  it('is near 1 for chains alike, large for chains apart or drifting', () => {
    const random = new Random(3);
    const noise = (shift: number, drift = 0): number[] =>
      Array.from({ length: 400 }, (_, i) => random.normal() + shift + drift * i);
    expect(splitRHat([noise(0), noise(0)])).toBeLessThan(1.02);
    expect(splitRHat([noise(0), noise(3)])).toBeGreaterThan(1.5);
    expect(splitRHat([noise(0, 0.01), noise(0, 0.01)])).toBeGreaterThan(1.2);
    expect(splitRHat([[1, 1, 1, 1]])).toBe(1);
    expect(splitRHat([[1]])).toBeNaN();
  });
});
