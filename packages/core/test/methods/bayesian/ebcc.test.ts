import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { logDirichletMultinomial, logSumExp } from '@assay/core/math';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { ebcc, type Subtype } from '../../../src/methods/bayesian/ebcc.ts';
import { EbccState } from '../../../src/methods/bayesian/ebcc-sweep.ts';
import { variationalBayes } from '../../../src/methods/bayesian/variational-bayes.ts';
import { posteriorOf, tableOf } from '../../support/crowd.ts';
import { finished } from '../../support/finished.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart } from './enumeration.ts';

const alpha = (classes: number): Float64Array =>
  Float64Array.from({ length: classes ** 2 }, (_, cell) => (cell % (classes + 1) === 0 ? 4 : 1));

/** ln p(answers) by adding up all classes and subtypes of all tasks. */
function logEvidence(table: AnswerTable, subtypes: number, concentration: number): number {
  const { taskCount, classCount, workerCount, taskStart, worker, label } = table;
  const cells = classCount * subtypes;
  const logs: number[] = [];
  for (let state = 0; state < cells ** taskCount; state++) {
    const classes = new Float64Array(classCount);
    const within = new Float64Array(cells);
    const counts = new Float64Array(workerCount * cells * classCount);
    for (let task = 0; task < taskCount; task++) {
      const cell = Math.floor(state / cells ** task) % cells;
      classes[Math.floor(cell / subtypes)]++;
      within[cell]++;
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        counts[(worker[e] * cells + cell) * classCount + label[e]]++;
      }
    }
    let log = logDirichletMultinomial(classes, new Float64Array(classCount).fill(1));
    const flat = new Float64Array(subtypes).fill(concentration / subtypes);
    for (let k = 0; k < classCount; k++) log += logDirichletMultinomial(within, flat, k * subtypes, subtypes, 0);
    for (let row = 0; row < workerCount * cells; row++) {
      const k = Math.floor((row % cells) / subtypes);
      log += logDirichletMultinomial(counts, alpha(classCount), row * classCount, classCount, k * classCount);
    }
    logs.push(log);
  }
  return logSumExp(logs);
}

describe('EBCC', () => {
  it.each([
    [1, 2, 2, 6],
    [2, 2, 3, 5],
    [3, 3, 2, 5],
  ])(
    'keeps the bound rising and below the log evidence (seed %d, %d classes, %d subtypes)',
    (seed, classes, subtypes, tasks) => {
      const table = tableOf({ seed, tasks, workers: 3, classes, redundancy: 3, accuracy: [0.5, 0.9] });
      const options = { preset: 'ibcc41', subtypes, starts: 5, tolerance: 1e-9 };
      const { objective } = fit(ebcc, table, { options });
      for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-9);
      const evidence = logEvidence(table, subtypes, 0.1);
      expect(objective.at(-1)).toBeLessThan(evidence);
      expect(objective.at(-1)).toBeGreaterThan(evidence - 5);
    },
  );

  it('with one subtype is variational Bayes', () => {
    const table = tableOf({ seed: 4, tasks: 40, workers: 7, classes: 3, redundancy: 4, accuracy: [0.4, 0.9] });
    const common = { preset: 'ibcc41', maxIterations: 25, tolerance: 0 };
    const one = fit(ebcc, table, { options: { ...common, subtypes: 1, starts: 1 } });
    const other = fit(variationalBayes, table, { options: common });
    expect(apart(one.posterior, other.posterior)).toBeLessThan(1e-12);
    expect(apart(one.objective, other.objective)).toBeLessThan(1e-9);
    expect(apart(one.workers?.confusion ?? [], other.workers?.confusion ?? [])).toBeLessThan(1e-12);
  });

  it('does not care which subtype is called first', () => {
    const table = tableOf({ seed: 5, tasks: 20, workers: 5, classes: 2, redundancy: 3, accuracy: [0.5, 0.9] });
    const random = new Random(6);
    const joint = new Float64Array(20 * 4);
    for (let task = 0; task < 20; task++) joint.set(random.dirichlet([1, 1, 1, 1]), task * 4);
    const swapped = joint.map((_, i) => joint[i ^ 1]);
    const prior = { confusion: alpha(2), classes: Float64Array.of(1, 1) };
    const one = new EbccState(table, prior, 2, 0.1, joint);
    const other = new EbccState(table, prior, 2, 0.1, swapped);
    for (let sweep = 0; sweep < 20; sweep++) {
      expect(finished(one.sweep()).bound).toBeCloseTo(finished(other.sweep()).bound, 9);
    }
    expect(apart(one.posterior(), other.posterior())).toBeLessThan(1e-9);
  });

  it('finds a hard subtype that workers share, and names its tasks', () => {
    // 35 % of each class is hard: the same 12 of 30 workers are right with 0.2 there, the others with 0.8.
    const random = new Random('subtypes');
    const rows: [string, string, string][] = [];
    const truth = new Map<string, string>();
    for (let t = 0; t < 1000; t++) {
      const z = random.integer(2);
      const hard = random.uniform() < 0.35;
      truth.set(`${hard ? 'hard' : 'easy'}${t}`, `c${z}`);
      for (const w of random.permutation(30).subarray(0, 7)) {
        const right = random.uniform() < (hard ? (w < 12 ? 0.2 : 0.8) : 0.85);
        rows.push([`${hard ? 'hard' : 'easy'}${t}`, `w${w}`, `c${right ? z : 1 - z}`]);
      }
    }
    const table = answersFrom(rows);
    const found = fit(ebcc, table, { options: { preset: 'ibcc41', subtypes: 3, starts: 6 } });
    const plain = fit(variationalBayes, table, { options: { preset: 'ibcc41' } });
    expect(measure(found, truth).accuracy).toBeGreaterThan(measure(plain, truth).accuracy + 0.003);
    expect(found.objective.at(-1)).toBeGreaterThan(plain.objective.at(-1) as number);
    const subtypes = found.extra.subtypes as Subtype[];
    expect(subtypes.some(({ examples }) => examples.every((task) => task.startsWith('hard')))).toBe(true);
    for (const label of ['c0', 'c1']) {
      const shares = subtypes.filter((subtype) => subtype.class === label).map(({ share }) => share);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 1);
    }
  });

  it('keeps gold tasks at their class', () => {
    const table = tableOf({ seed: 5, tasks: 20, workers: 5, classes: 3, redundancy: 3, accuracy: [0.5, 0.9] });
    const estimate = fit(ebcc, table.withGold(new Map([['t3', 'c2']])).table, { options: { starts: 2 } });
    expect(posteriorOf(estimate, 't3', 'c2')).toBe(1);
  });
});

describeRealData('EBCC on public sets', () => {
  // [set, best bound of ten starts published, accuracy]; random starts move the bound by up to 0.5.
  it.each([
    ['bluebird', -2073.54, [0.796, 0.889]],
    ['temp', -1492.66, [0.941, 0.943]],
    ['rte', -4068.02, [0.929, 0.933]],
    ['dog', -6118.6, [0.838, 0.842]],
    ['labelme', -4353.85, [0.784, 0.788]],
  ] as const)('reaches the published bound on %s', (name, bound, [lowest, highest]) => {
    const { table, truth } = realSet(name);
    const estimate = fit(ebcc, table, { seed: 1 });
    expect(estimate.objective.at(-1)).toBeGreaterThan(bound - 0.5);
    const { accuracy } = measure(estimate, truth);
    expect(accuracy).toBeGreaterThanOrEqual(lowest);
    expect(accuracy).toBeLessThanOrEqual(highest);
  });
});
