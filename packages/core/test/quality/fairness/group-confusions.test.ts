import { answersFrom, coinShrunk, fit, Random } from '@assay/core';
import { auditDecisions, fitByGroup, groupConfusions, measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { type BiasedCrowd, biasedCrowd } from './crowd.ts';

function certain({ table, truth }: BiasedCrowd): Float64Array {
  const posterior = new Float64Array(table.taskCount * 2);
  for (let t = 0; t < table.taskCount; t++) posterior[2 * t + (truth.get(table.tasks.name(t)) === 'yes' ? 1 : 0)] = 1;
  return posterior;
}

describe('confusions by group', () => {
  it('shrinks counts to the worker’s own matrix, as worked out by hand', () => {
    // Ana: in a 2 right of 2 "no", in b 1 wrong of 1 "no"; nothing of "yes".
    const table = answersFrom(
      [
        ['t1', 'ana', 'no'],
        ['t2', 'ana', 'no'],
        ['t3', 'ana', 'yes'],
      ],
      { classes: ['no', 'yes'] },
    );
    const groups = new Map([
      ['t1', 'a'],
      ['t2', 'a'],
      ['t3', 'b'],
    ]);
    const posterior = Float64Array.of(1, 0, 1, 0, 1, 0);
    const { pooled, byGroup } = groupConfusions(table, posterior, groups, { borrow: 'worker' });
    const coin = (2 + 1) / (3 + 2);
    const own = (2 + 10 * coin) / 13;
    expect(pooled[0]).toBeCloseTo(own, 12);
    expect(pooled[3]).toBeCloseTo(coin, 12);
    expect(byGroup[0][0]).toBeCloseTo((2 + 10 * own) / 12, 12);
    expect(byGroup[1][0]).toBeCloseTo((10 * own) / 11, 12);
    expect(byGroup[1][3]).toBeCloseTo(coin, 12);
  });

  it.each(['worker', 'shift', 'crowd'] as const)(
    'returns the pooled matrices where groups are alike (%s)',
    (borrow) => {
      const crowd = biasedCrowd(4000, 5, 0, 1);
      const { pooled, byGroup } = groupConfusions(crowd.table, certain(crowd), crowd.groups, { borrow });
      // Rows of about 250 answers a group: standard error .027, 80 of them.
      for (const matrix of byGroup)
        for (let i = 0; i < matrix.length; i++) expect(Math.abs(matrix[i] - pooled[i])).toBeLessThan(0.1);
    },
  );

  it.each(['worker', 'shift', 'crowd'] as const)('finds what a crowd does in one group (%s)', (borrow) => {
    const crowd = biasedCrowd(4000, 5, 0.2, 2);
    const { byGroup, groups } = groupConfusions(crowd.table, certain(crowd), crowd.groups, { borrow });
    expect(groups).toEqual(['a', 'b']);
    const falseAlarms = byGroup.map((matrix) => {
      let sum = 0;
      for (let w = 0; w < 20; w++) sum += matrix[4 * w + 1] / 20;
      return sum;
    });
    expect(falseAlarms[0]).toBeCloseTo(0.25, 1);
    expect(falseAlarms[1]).toBeCloseTo(0.45, 1);
  });

  it('takes a shared bias out of the labels, for at most two points of accuracy', () => {
    let [before, after, price] = [0, 0, 0];
    for (const seed of [1, 2]) {
      const { table, truth, groups } = biasedCrowd(2000, 5, 0.25, seed);
      const gold = new Map([...truth].slice(0, 300));
      const rest = new Map([...truth].slice(300));
      const known = table.withGold(gold).table;
      const plain = fit(coinShrunk, known);
      const fair = fitByGroup(known, groups);
      expect(fair.converged).toBe(true);
      const gap = (estimate: typeof fair): number =>
        auditDecisions(estimate, groups, 'yes', { truth: rest, random: new Random(1), draws: 10 }).falsePositive.value;
      before += gap(plain) / 2;
      after += gap(fair) / 2;
      price += (measure(plain, rest).accuracy - measure(fair, rest).accuracy) / 2;
    }
    expect(before).toBeGreaterThan(0.3);
    expect(after).toBeLessThan(0.7 * before);
    expect(price).toBeLessThan(0.02);
  });

  it('does not depend on the order of rows', () => {
    const { table, groups } = biasedCrowd(100, 3, 0.2, 3);
    const rows: [string, string, string][] = [];
    for (let task = 0; task < table.taskCount; task++)
      for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++)
        rows.push([
          table.tasks.name(task),
          table.workers.name(table.worker[answer]),
          table.classes.name(table.label[answer]),
        ]);
    const one = fitByGroup(table, groups);
    const other = fitByGroup(answersFrom(rows.reverse()), groups);
    for (const [task] of groups) expect(other.probability(task)).toBeCloseTo(one.probability(task), 6);
  });

  it('takes empty, one-class and ungrouped tables', () => {
    expect(fitByGroup(answersFrom([]), new Map()).taskCount).toBe(0);
    expect(fitByGroup(answersFrom([['t1', 'ana', 'yes']]), new Map([['t1', 'a']])).label('t1')).toBe('yes');
    const { table } = biasedCrowd(50, 3, 0, 4);
    const ungrouped = fitByGroup(table, new Map());
    expect(ungrouped.posterior.every((p) => p >= 0 && p <= 1)).toBe(true);
    expect(ungrouped.notes.join()).toContain('no gold');
  });

  it('refuses a strength that is none', () => {
    expect(() => fitByGroup(answersFrom([]), new Map(), { strength: 0 })).toThrow(/invalid strength "0"/);
  });
});
