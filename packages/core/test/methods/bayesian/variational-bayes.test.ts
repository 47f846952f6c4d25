import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { variationalBayes } from '../../../src/methods/bayesian/variational-bayes.ts';
import { crowd, posteriorOf, tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart, dirichletRows, enumerate } from './enumeration.ts';

const tiny = (seed: number, classes: number, tasks: number): AnswerTable =>
  tableOf({ seed, tasks, workers: 4, classes, redundancy: 3, accuracy: [0.5, 0.9] });

function square(classes: number, diagonal: number, off: number): Float64Array {
  return Float64Array.from({ length: classes ** 2 }, (_, cell) => (cell % (classes + 1) === 0 ? diagonal : off));
}

const presets: [string, (classes: number) => readonly [number, number, number]][] = [
  ['bayesgc', () => [5, 2, 1.1]],
  ['bcc', (classes) => [(7 / 3) * (classes - 1), 1, 1]],
  ['uniform', () => [1, 1, 1]],
  ['dir21', () => [2, 1, 1]],
  ['ibcc41', () => [4, 1, 1]],
];

describe('variational Bayes', () => {
  it.each(presets)('keeps the bound of %s rising and below the log evidence', (preset, parameters) => {
    for (const [seed, classes, tasks] of [
      [1, 2, 8],
      [2, 3, 7],
      [3, 2, 7],
      [4, 3, 6],
    ]) {
      const table = tiny(seed, classes, tasks);
      const [diagonal, off, frequency] = parameters(table.classCount);
      const evidence = enumerate(
        table,
        dirichletRows(square(table.classCount, diagonal, off), table.classCount),
        new Float64Array(table.classCount).fill(frequency),
      );
      const { objective } = fit(variationalBayes, table, { options: { preset, tolerance: 1e-13 } });
      expect(objective.length).toBeGreaterThan(2);
      for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-10);
      const bound = objective.at(-1) as number;
      expect(bound).toBeLessThan(evidence.logEvidence);
      expect(bound).toBeGreaterThan(evidence.logEvidence - 5);
    }
  });

  it('clamps gold tasks and stays below the evidence of the gold', () => {
    const table = tiny(1, 2, 8).withGold(
      new Map([
        ['t0', 'c1'],
        ['t1', 'c0'],
      ]),
    ).table;
    const estimate = fit(variationalBayes, table, { options: { preset: 'dir21', tolerance: 1e-13 } });
    const exact = enumerate(table, dirichletRows(square(2, 2, 1), 2), Float64Array.of(1, 1));
    expect(posteriorOf(estimate, 't0', 'c1')).toBe(1);
    expect(posteriorOf(estimate, 't1', 'c0')).toBe(1);
    expect(estimate.objective.at(-1)).toBeLessThan(exact.logEvidence);
  });

  it('is exact when every task is gold', () => {
    const { rows, truth } = crowd({ seed: 3, tasks: 8, workers: 3, classes: 2, redundancy: 3, accuracy: [0.6, 0.9] });
    const table = answersFrom(rows).withGold(truth).table;
    const estimate = fit(variationalBayes, table, { options: { preset: 'ibcc41' } });
    const exact = enumerate(table, dirichletRows(square(2, 4, 1), 2), Float64Array.of(1, 1));
    expect(estimate.objective.at(-1)).toBeCloseTo(exact.logEvidence, 10);
    expect(estimate.objective.length).toBeLessThanOrEqual(2);
  });

  it('counts answers to test questions as the prior of the worker', () => {
    const table = tiny(2, 2, 8);
    const testCounts = new Float64Array(table.workerCount * 4);
    testCounts.set([30, 2, 1, 25], 0);
    const tested = fit(variationalBayes, table.with({ testCounts }), {
      options: { preset: 'dir21', tolerance: 1e-13 },
    });
    const plain = fit(variationalBayes, table, { options: { preset: 'dir21', tolerance: 1e-13 } });
    expect(tested.workers?.accuracy[0]).toBeGreaterThan(0.85);
    expect(tested.workers?.confusionSd?.[0]).toBeLessThan(plain.workers?.confusionSd?.[0] as number);
    const exact = enumerate(
      table,
      (counts, w) =>
        dirichletRows(
          square(2, 2, 1).map((value, cell) => value + testCounts[w * 4 + cell]),
          2,
        )(counts, w),
      Float64Array.of(1, 1),
    );
    expect(tested.objective.at(-1)).toBeLessThan(exact.logEvidence);
    expect(tested.objective.at(-1)).toBeGreaterThan(exact.logEvidence - 2);
  });

  it('takes a task prior instead of the class frequencies, or multiplies them', () => {
    const table = tiny(1, 2, 8);
    const taskPrior = Float64Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0.8 : 0.2));
    const known = table.with({ taskPrior });
    const replaced = fit(variationalBayes, known, { options: { preset: 'dir21', tolerance: 1e-13 } });
    const exact = enumerate(known, dirichletRows(square(2, 2, 1), 2), Float64Array.of(1, 1));
    expect(replaced.objective.at(-1)).toBeLessThan(exact.logEvidence);
    expect(replaced.objective.at(-1)).toBeGreaterThan(exact.logEvidence - 2);
    const multiplied = fit(variationalBayes, known, { options: { preset: 'dir21', taskPriorUse: 'multiplies' } });
    expect(apart(multiplied.posterior, replaced.posterior)).toBeGreaterThan(1e-3);
  });

  it('becomes a vote weighted by known confusions as the prior grows', () => {
    const table = tiny(5, 2, 8);
    const theta = [0.9, 0.1, 0.3, 0.7];
    const size = 1e8;
    const options = { confusionPrior: theta.map((p) => p * size), classPrior: [size / 2] };
    const { posterior } = fit(variationalBayes, table, { options });
    for (let task = 0; task < table.taskCount; task++) {
      let [a, b] = [0.5, 0.5];
      for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++) {
        a *= theta[table.label[answer]];
        b *= theta[2 + table.label[answer]];
      }
      expect(posterior[task * 2]).toBeCloseTo(a / (a + b), 6);
    }
  });

  it('finds known confusions on dense data', () => {
    const random = new Random(11);
    const confusion = [0.85, 0.15, 0.3, 0.7];
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 1500; t++) {
      const z = random.integer(2);
      for (let w = 0; w < 8; w++) rows.push([`t${t}`, `w${w}`, random.uniform() < confusion[z * 2] ? 'a' : 'b']);
    }
    const { workers } = fit(variationalBayes, answersFrom(rows), { options: { preset: 'uniform' } });
    let error = 0;
    for (let cell = 0; cell < 32; cell++)
      error += Math.abs((workers?.confusion?.[cell] ?? 0) - confusion[cell % 4]) / 32;
    expect(error).toBeLessThan(0.03);
  });

  it('has intervals that cover the true accuracy of most workers', () => {
    // 60 workers of 40 answers in five crowds; at 90 % nominal, fewer than 80 % has probability below 1e-5.
    let covered = 0;
    let total = 0;
    for (let seed = 0; seed < 5; seed++) {
      const random = new Random(`coverage ${seed}`);
      const skill = Array.from({ length: 60 }, () => 0.55 + 0.4 * random.uniform());
      const rows: [string, string, string][] = [];
      for (let t = 0; t < 300; t++) {
        const z = random.integer(2);
        for (const w of random.permutation(60).subarray(0, 8)) {
          rows.push([`t${t}`, `w${w}`, random.uniform() < skill[w] ? `c${z}` : `c${1 - z}`]);
        }
      }
      const table = answersFrom(rows);
      const { workers } = fit(variationalBayes, table, { options: { preset: 'dir21' } });
      for (let w = 0; w < table.workerCount; w++) {
        const real = skill[Number(table.workers.name(w).slice(1))];
        total++;
        if (workers !== undefined && real >= workers.lo[w] && real <= workers.hi[w]) covered++;
      }
    }
    expect(covered / total).toBeGreaterThan(0.8);
  });

  it('keeps the best of several starts whatever the names of classes', () => {
    const { rows } = crowd({ seed: 9, tasks: 30, workers: 8, classes: 3, redundancy: 3, accuracy: [0.4, 0.9] });
    const names: Record<string, string> = { c0: 'z', c1: 'y', c2: 'x' };
    const renamed = answersFrom(rows.map(([task, worker, label]) => [task, worker, names[label]]));
    const table = answersFrom(rows);
    const options = { starts: 4, noise: 0.5 };
    const one = fit(variationalBayes, table, { options });
    const other = fit(variationalBayes, renamed, { options });
    for (const task of table.tasks.names()) {
      for (const label of table.classes.names()) {
        expect(posteriorOf(one, task, label)).toBeCloseTo(posteriorOf(other, task, names[label]), 7);
      }
    }
    const single = fit(variationalBayes, table, {});
    expect(one.objective.at(-1)).toBeGreaterThanOrEqual((single.objective.at(-1) as number) - 1e-9);
  });

  it('refuses a prior of the wrong length', () => {
    expect(() => fit(variationalBayes, tiny(2, 3, 6), { options: { confusionPrior: [1, 2, 3] } })).toThrow(/3×3 = 9/);
    expect(() => fit(variationalBayes, tiny(2, 3, 6), { options: { classPrior: [1, 2] } })).toThrow(
      /invalid classPrior/,
    );
  });
});

describeRealData('variational Bayes on public sets', () => {
  const eight = ['bluebird', 'temp', 'rte', 'dog', 'web', 'music', 'labelme', 'sentpol'];
  const [ibcc, empirical] = [
    [-2079.167, -1486.689, -4058.603, -6108.292, -20103.612, -5730.076, -4345.172, -14255.411],
    [-2077.674, -1486.986, -4062.25, -6107.378, -20122.745, -5717.683, -4331.628, -14259.315],
  ];

  it.each([
    ['ibcc41', ibcc, [0.8889, 0.9416, 0.9275, 0.8389, 0.7508, 0.79, 0.764, 0.915]],
    ['ibcc41-empirical', empirical, [0.8889, 0.9416, 0.9312, 0.8414, 0.7689, 0.7871, 0.786, 0.9152]],
  ])('reaches the published bounds and accuracies with %s', (preset, bounds, accuracies) => {
    eight.forEach((name, i) => {
      const { table, truth } = realSet(name);
      const estimate = fit(variationalBayes, table, { options: { preset } });
      expect(Math.abs((estimate.objective.at(-1) as number) - bounds[i]), name).toBeLessThan(5e-3);
      expect(Math.abs(measure(estimate, truth).accuracy - accuracies[i]), name).toBeLessThan(0.002);
    });
  });

  it.each([
    ['bayesgc', [0.8889, 0.9275, 0.8377, 0.7328]],
    ['bcc', [0.8889, 0.9287, 0.8377, 0.686]],
  ])('has the accuracies of %s on bluebird, rte, dog and web', (preset, accuracies) => {
    ['bluebird', 'rte', 'dog', 'web'].forEach((name, i) => {
      const { table, truth } = realSet(name);
      // Web drifts for hundreds of sweeps under a bound that hardly moves.
      const estimate = fit(variationalBayes, table, { options: { preset, tolerance: 1e-12 } });
      expect(Math.abs(measure(estimate, truth).accuracy - accuracies[i]), name).toBeLessThan(0.002);
    });
  });
});
