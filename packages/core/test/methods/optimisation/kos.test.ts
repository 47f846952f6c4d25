import { answersFrom, fit, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { kos } from '../../../src/methods/optimisation/kos.ts';
import { crowd } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';

/** A regular crowd of spammers and hammers: every task has `d` answers, every worker too. */
function regular(tasks: number, d: number, hammers: number) {
  const random = new Random(31);
  const sockets = random.permutation(tasks * d);
  const right = Array.from({ length: tasks }, () => random.uniform() < hammers);
  const rows: [string, string, string][] = [];
  const truth = new Map<string, string>();
  for (let t = 0; t < tasks; t++) {
    const real = random.integer(2);
    truth.set(`t${t}`, `c${real}`);
    for (let i = 0; i < d; i++) {
      const w = Math.floor(sockets[t * d + i] / d);
      rows.push([`t${t}`, `w${w}`, `c${right[w] ? real : random.integer(2)}`]);
    }
  }
  return { table: answersFrom(rows), truth };
}

describe('KOS', () => {
  it.each([true, false])(
    'beats the majority on a regular crowd of spammers and hammers (normalised %s)',
    (normalised) => {
      const { table, truth } = regular(600, 7, 0.5);
      const found = measure(fit(kos, table, { options: { normalised } }), truth).accuracy;
      expect(found).toBeGreaterThan(0.97);
    },
  );

  it('is the plain recursion of the paper', () => {
    const { rows } = crowd({ seed: 7, tasks: 30, workers: 8, classes: 2, redundancy: 3, accuracy: [0.4, 0.9] });
    const table = answersFrom(rows);
    const edges = Array.from(table.worker, (w, e) => ({ w, t: table.answerTask[e], a: table.label[e] === 0 ? 1 : -1 }));
    let y = edges.map(() => 1);
    for (let round = 0; round < 4; round++) {
      const x = edges.map((e, i) => edges.reduce((s, f, j) => (f.t === e.t && j !== i ? s + f.a * y[j] : s), 0));
      y = edges.map((e, i) => edges.reduce((s, f, j) => (f.w === e.w && j !== i ? s + f.a * x[j] : s), 0));
    }
    const estimate = fit(kos, table, { options: { normalised: false, iterations: 4 } });
    for (let t = 0; t < table.taskCount; t++) {
      const mine = edges.map((e, i) => (e.t === t ? e.a * y[i] : 0));
      const score = mine.reduce((s, v) => s + v, 0);
      const size = mine.reduce((s, v) => s + Math.abs(v), 0);
      expect(estimate.posterior[2 * t]).toBeCloseTo(0.5 + (0.5 * score) / size, 10);
    }
  });

  it('lets known classes speak', () => {
    const rows: [string, string, string][] = [];
    // Two camps of equal size that always disagree: gold says which one to believe.
    for (let t = 0; t < 12; t++) {
      for (let w = 0; w < 4; w++) rows.push([`t${t}`, `w${w}`, (t % 2 === 0) === w < 2 ? 'a' : 'b']);
    }
    const { table } = answersFrom(rows).withGold(
      new Map([
        ['t0', 'b'],
        ['t1', 'a'],
        ['t2', 'b'],
      ]),
    );
    const estimate = fit(kos, table);
    for (let t = 3; t < 12; t++) expect(estimate.label(`t${t}`)).toBe(t % 2 === 0 ? 'b' : 'a');
  });

  it('holds one class against the rest when there are several', () => {
    const { rows, truth } = crowd({
      seed: 2,
      tasks: 200,
      workers: 12,
      classes: 4,
      redundancy: 6,
      accuracy: [0.4, 0.95],
    });
    expect(measure(fit(kos, answersFrom(rows)), truth).accuracy).toBeGreaterThan(0.9);
  });
});

describeRealData('figures of KOS', () => {
  it.each(['ones', 'random'])('bluebird as published by Crowd-Kit, from %s', (start) => {
    const { table, truth } = realSet('bluebird');
    const estimate = fit(kos, table, { options: { start, normalised: false } });
    expect(Math.abs(measure(estimate, truth).accuracy - 0.7222)).toBeLessThan(0.002);
  });

  it('goes astray on rte as the paper has it, and says so', () => {
    const { table, truth } = realSet('rte');
    const estimate = fit(kos, table, { options: { normalised: false } });
    expect(Math.abs(measure(estimate, truth).accuracy - 0.5)).toBeLessThan(0.02);
    expect(estimate.notes.join()).toContain('may have gone astray');
    expect(measure(fit(kos, table), truth).accuracy).toBeGreaterThan(0.91);
  });
});
