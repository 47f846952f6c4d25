import { answersFrom, Random } from '@assay/core';
import {
  alphaInterval,
  brennanPrediger,
  fleissKappa,
  gwetAc1,
  krippendorffAlpha,
  patternsOfCounts,
  percentAgreement,
  scales,
  scottPi,
  taskAgreement,
  votePatterns,
} from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../support/crowd.ts';
import { alphaByDefinition, differences, krippendorffExample, unevenRows, unitsOf } from './brute-force.ts';

/** Fleiss (1971) as reprinted widely: 10 tasks, 14 workers, 5 classes. */
const fleissTable = [
  [0, 0, 0, 0, 14],
  [0, 2, 6, 4, 2],
  [0, 0, 3, 5, 6],
  [0, 3, 9, 2, 0],
  [2, 2, 8, 1, 1],
  [7, 7, 0, 0, 0],
  [3, 2, 6, 3, 0],
  [2, 5, 3, 2, 2],
  [6, 5, 2, 1, 0],
  [0, 2, 2, 3, 7],
];

describe('krippendorffAlpha', () => {
  it('has the values of the worked example on all four scales', () => {
    const table = krippendorffExample();
    const values = scales.map((scale) => Number(krippendorffAlpha(table, { scale }).toFixed(3)));
    expect(values).toEqual([0.743, 0.815, 0.849, 0.797]);
  });

  it('equals the definition over all pairs of answers', () => {
    for (let seed = 0; seed < 20; seed++) {
      const table = answersFrom(unevenRows(seed));
      const units = unitsOf(table);
      const by = differences(units, table.classes.names().map(Number));
      for (const scale of scales) {
        expect(krippendorffAlpha(table, { scale })).toBeCloseTo(alphaByDefinition(units, by[scale]), 12);
      }
    }
  });

  it('keeps its digits when values are large and close together', () => {
    const near = answersFrom(unevenRows(3));
    const far = answersFrom(unevenRows(3).map(([t, w, l]) => [t, w, String(1e9 + Number(l))]));
    const alpha = krippendorffAlpha(near, { scale: 'interval' });
    expect(krippendorffAlpha(far, { scale: 'interval' })).toBeCloseTo(alpha, 10);
  });

  it('takes the values behind classes that are words', () => {
    const words = ['none', 'some', 'much', 'all', 'more'];
    const named = unevenRows(4).map(([t, w, l]): [string, string, string] => [t, w, words[Number(l) - 1]]);
    const table = answersFrom(named);
    const values = table.classes.names().map((name) => words.indexOf(name) + 1);
    const numbers = answersFrom(unevenRows(4));
    expect(krippendorffAlpha(table, { scale: 'ratio', values })).toBeCloseTo(
      krippendorffAlpha(numbers, { scale: 'ratio' }),
      12,
    );
    expect(() => krippendorffAlpha(table, { scale: 'interval' })).toThrow(/invalid class "all" for the interval scale/);
    expect(() => krippendorffAlpha(table, { scale: 'ratio', values: [1, 2, 3, 4, -1] })).toThrow(/invalid class/);
    expect(() => krippendorffAlpha(table, { scale: 'ratio', values: [1] })).toThrow(/invalid values/);
  });

  it('comes close to Scott’s pi of two workers as tasks grow', () => {
    for (const tasks of [20, 200, 2000]) {
      const table = tableOf({ seed: 5, tasks, workers: 2, classes: 3, redundancy: 2, accuracy: [0.6, 0.8] });
      const counts = [0, 1, 2].map(() => [0, 0, 0]);
      for (const [first, second] of unitsOf(table)) counts[first][second]++;
      expect(fleissKappa(table)).toBeCloseTo(scottPi(counts), 12);
      expect(Math.abs(krippendorffAlpha(table) - scottPi(counts))).toBeLessThan(1 / tasks);
    }
  });

  it('refuses a ratio scale with too many classes to compare pair by pair', () => {
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 40; t++) rows.push([`t${t}`, 'a', String(t)], [`t${t}`, 'b', String(t)]);
    const table = answersFrom(rows);
    expect(krippendorffAlpha(table, { scale: 'ratio' })).toBe(1);
    const resample = (): unknown => alphaInterval(table, { scale: 'ratio', draws: 2e7, random: new Random(1) });
    expect(resample).toThrow(/invalid size for the ratio scale: 40² pairs of classes/);
  });
});

describe('chance-corrected coefficients', () => {
  it('have the published Fleiss kappa', () => {
    expect(fleissKappa(patternsOfCounts(fleissTable))).toBeCloseTo(0.2099, 4);
  });

  it('equal their definitions over tasks with unequal numbers of answers', () => {
    const table = answersFrom(unevenRows(7));
    const units = unitsOf(table).filter((unit) => unit.length > 1);
    const classCount = table.classCount;
    const agreed = units.map((unit) => {
      let same = 0;
      for (let i = 0; i < unit.length; i++) for (let j = 0; j < i; j++) if (unit[i] === unit[j]) same++;
      return same / ((unit.length * (unit.length - 1)) / 2);
    });
    const observed = agreed.reduce((sum, share) => sum + share, 0) / units.length;
    const classes = Array.from({ length: classCount }, (_, k) => k);
    const pooled = classes.map((k) => units.flat().filter((l) => l === k).length / units.flat().length);
    const meanShare = classes.map(
      (k) => units.reduce((sum, unit) => sum + unit.filter((l) => l === k).length / unit.length, 0) / units.length,
    );
    const beyond = (chance: number): number => (observed - chance) / (1 - chance);
    expect(percentAgreement(table)).toBeCloseTo(observed, 12);
    expect(fleissKappa(table)).toBeCloseTo(beyond(pooled.reduce((sum, p) => sum + p * p, 0)), 12);
    const doubtful = meanShare.reduce((sum, p) => sum + p * (1 - p), 0) / (classCount - 1);
    expect(gwetAc1(table)).toBeCloseTo(beyond(doubtful), 12);
    expect(brennanPrediger(table)).toBeCloseTo(beyond(1 / classCount), 12);
    const byTask = Array.from(taskAgreement(table)).filter((share) => !Number.isNaN(share));
    expect(byTask).toHaveLength(units.length);
    byTask.forEach((share, i) => {
      expect(share).toBeCloseTo(agreed[i], 12);
    });
  });

  it('are 1 when workers always agree and differ in what they say', () => {
    const table = answersFrom(
      Array.from({ length: 30 }, (_, i): [string, string, string] => [`t${i >> 1}`, `w${i & 1}`, `c${(i >> 1) % 3}`]),
    );
    for (const coefficient of [percentAgreement, krippendorffAlpha, fleissKappa, gwetAc1, brennanPrediger]) {
      expect(coefficient(table)).toBeCloseTo(1, 12);
    }
  });

  it('are near 0 for answers at random', () => {
    // 3,000 tasks × 3 answers: the standard error of each is below 0.008; five at 0.03 pass but once in 1e3 seeds.
    const random = new Random(11);
    const rows = Array.from({ length: 9000 }, (_, i): [string, string, string] => [
      `t${Math.floor(i / 3)}`,
      `w${i % 3}`,
      `c${random.integer(4)}`,
    ]);
    const table = answersFrom(rows);
    for (const coefficient of [krippendorffAlpha, fleissKappa, gwetAc1, brennanPrediger]) {
      expect(Math.abs(coefficient(table))).toBeLessThan(0.03);
    }
  });

  it('are undefined, never 1, when all say one class, and when no task has two answers', () => {
    const same = answersFrom([
      ['t1', 'a', 'x'],
      ['t1', 'b', 'x'],
      ['t2', 'a', 'x'],
      ['t2', 'b', 'x'],
      ['t3', 'a', 'y'],
    ]);
    const apart = answersFrom([
      ['t1', 'a', 'x'],
      ['t2', 'b', 'y'],
    ]);
    for (const coefficient of [krippendorffAlpha, fleissKappa, gwetAc1, brennanPrediger]) {
      expect(coefficient(same)).toBeNaN();
      expect(coefficient(apart)).toBeNaN();
      expect(coefficient(answersFrom([]))).toBeNaN();
    }
    expect(percentAgreement(same)).toBe(1);
    expect(percentAgreement(apart)).toBeNaN();
    const equalValues = answersFrom([
      ['t1', 'a', '1'],
      ['t1', 'b', '1.0'],
      ['t2', 'a', '1.0'],
      ['t2', 'b', '1'],
    ]);
    expect(krippendorffAlpha(equalValues, { scale: 'interval' })).toBeNaN();
  });

  it('do not change with the order of rows or the names of tasks, workers and nominal classes', () => {
    const rows = unevenRows(9);
    const renamed = rows.map(([t, w, l]): [string, string, string] => [`x${t}`, `y${w}`, `z${9 - Number(l)}`]);
    const shuffled = new Random(1).shuffle(renamed);
    for (const coefficient of [percentAgreement, krippendorffAlpha, fleissKappa, gwetAc1, brennanPrediger]) {
      expect(coefficient(answersFrom(shuffled))).toBeCloseTo(coefficient(answersFrom(rows)), 12);
    }
  });
});

describe('votePatterns', () => {
  it('counts tasks of equal votes together, in one order whatever the order of rows', () => {
    const rows = unevenRows(2, 400, 4, 3);
    const patterns = votePatterns(answersFrom(rows));
    const again = votePatterns(answersFrom(new Random(4).shuffle(rows.slice())));
    expect(patterns.patternCount).toBeLessThan(patterns.taskCount / 3);
    for (const column of ['start', 'class', 'count', 'size', 'times'] as const) {
      expect(Array.from(again[column])).toEqual(Array.from(patterns[column]));
    }
    expect(patterns.times.reduce((sum, times) => sum + times, 0)).toBe(patterns.taskCount);
  });

  it('gives each task the votes it has, also beyond a thousand patterns', () => {
    const table = answersFrom(unevenRows(6, 3000, 9, 9));
    const patterns = votePatterns(table);
    expect(patterns.patternCount).toBeGreaterThan(1024);
    unitsOf(table).forEach((unit, task) => {
      const pattern = patterns.taskPattern[task];
      const listed: number[] = [];
      expect(pattern >= 0).toBe(unit.length > 1);
      if (pattern < 0) return;
      for (let i = patterns.start[pattern]; i < patterns.start[pattern + 1]; i++) {
        listed.push(...new Array<number>(patterns.count[i]).fill(patterns.class[i]));
      }
      expect(listed).toEqual(unit.slice().sort((a, b) => a - b));
    });
  });

  it('refuses counts that are not whole numbers or rows of unequal length', () => {
    expect(() => patternsOfCounts([[1, 2], [1]])).toThrow(/invalid counts in row 2: "1 columns"/);
    expect(() => patternsOfCounts([[1.5, 2]])).toThrow(/invalid counts in row 1: "1.5"/);
  });
});
