import { answersFrom, fit } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { chiSquareQuantile } from '../../../src/math/incomplete.ts';
import { catd } from '../../../src/methods/optimisation/catd.ts';
import { pm } from '../../../src/methods/optimisation/pm.ts';
import { crowd, tableOf } from '../../support/crowd.ts';

const weightOf = (estimate: ReturnType<typeof fit>): Float64Array => estimate.workers?.extra?.weight as Float64Array;

/** Ana is never with the majority's losers, bo once in four, cy always on the other side of ana and bo. */
const table = answersFrom([
  ['t1', 'ana', 'a'],
  ['t1', 'bo', 'a'],
  ['t1', 'cy', 'b'],
  ['t2', 'ana', 'b'],
  ['t2', 'bo', 'b'],
  ['t2', 'cy', 'a'],
  ['t3', 'ana', 'a'],
  ['t3', 'bo', 'a'],
  ['t3', 'cy', 'b'],
  ['t4', 'ana', 'b'],
  ['t4', 'bo', 'a'],
  ['t4', 'cy', 'b'],
]);

describe('PM', () => {
  it('weighs workers by minus the log of their share of the largest loss', () => {
    const [ana, bo, cy] = weightOf(fit(pm, table));
    expect(ana).toBeCloseTo(-Math.log(1e-8 / 0.75), 9);
    expect(bo).toBeCloseTo(-Math.log(0.25 / 0.75), 9);
    expect(cy).toBeGreaterThan(0);
    expect(cy).toBeLessThan(1e-8);
  });

  it('never raises the weighted loss under the paper’s normaliser', () => {
    for (let seed = 0; seed < 8; seed++) {
      const messy = tableOf({ seed, tasks: 120, workers: 15, classes: 3, redundancy: 4, accuracy: [0.2, 0.9] });
      const { objective } = fit(pm, messy, { options: { loss: 'sum', scale: 'sum' } });
      for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-6);
    }
  });

  it('does not lose the lone answers of the worst worker', () => {
    const rows = [...crowd({ seed: 1, tasks: 20, workers: 4, classes: 2, redundancy: 4, accuracy: [0.8, 0.9] }).rows];
    for (let t = 0; t < 20; t++)
      rows.push([`t${t}`, 'bad', rows.filter((row) => row[0] === `t${t}`)[0][2] === 'c0' ? 'c1' : 'c0']);
    rows.push(['alone', 'bad', 'c1']);
    expect(fit(pm, answersFrom(rows)).label('alone')).toBe('c1');
  });
});

describe('CATD', () => {
  it('weighs workers by the quantile of their answers over their misses', () => {
    const [, bo, cy] = weightOf(fit(catd, table));
    expect(bo).toBeCloseTo(chiSquareQuantile(0.975, 4) / 1, 5);
    expect(cy).toBeCloseTo(chiSquareQuantile(0.975, 4) / 3, 5);
  });

  it('trusts a good record over many answers more than over few', () => {
    const rows: [string, string, string][] = [];
    // Both miss one answer in five.
    for (let t = 0; t < 50; t++) {
      for (const w of ['x', 'y', 'z']) rows.push([`t${t}`, w, 'a']);
      rows.push([`t${t}`, 'many', t % 5 === 0 ? 'b' : 'a']);
      if (t < 5) rows.push([`t${t}`, 'few', t % 5 === 0 ? 'b' : 'a']);
    }
    const estimate = fit(catd, answersFrom(rows));
    const weight = weightOf(estimate);
    const names = estimate.workerNames;
    expect(weight[names.indexOf('few')] / 5).toBeGreaterThan(weight[names.indexOf('many')] / 50);
    expect(weight[names.indexOf('few')]).toBeGreaterThan(weight[names.indexOf('many')]);
    const plain = 5 / 1 / (50 / 10);
    expect(weight[names.indexOf('few')] / weight[names.indexOf('many')]).toBeGreaterThan(plain);
  });
});
