import { answersFrom, dawidSkeneMap, estimateOf, fit, majorityVote } from '@assay/core';
import { measure, riskCoverage } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { crowd } from '../../support/crowd.ts';

describe('riskCoverage', () => {
  it('keeps the surest tasks first and those of equal confidence together', () => {
    const table = answersFrom(
      ['t1', 't2', 't3', 't4'].flatMap((t): [string, string, string][] => [
        [t, 'a', 'x'],
        [t, 'b', 'y'],
      ]),
    );
    const posterior = Float64Array.of(0.9, 0.1, 0.2, 0.8, 0.8, 0.2, 0.6, 0.4);
    const estimate = estimateOf(table, { method: 'test', options: {}, seed: 0, posterior });
    const truth = new Map([
      ['t1', 'x'],
      ['t2', 'x'],
      ['t3', 'x'],
      ['t4', 'y'],
    ]);
    const { coverage, accuracy, threshold, area, tasks } = riskCoverage(estimate, truth);
    expect(Array.from(coverage)).toEqual([0.25, 0.75, 1]);
    expect(Array.from(accuracy)).toEqual([1, 2 / 3, 0.5]);
    expect(Array.from(threshold)).toEqual([0.9, 0.8, 0.6]);
    expect(area).toBeCloseTo((0 + 2 * (1 / 3) + 0.5) / 4, 12);
    expect(tasks).toBe(4);
  });

  it('ends at the accuracy of all tasks and does not change under tempering', () => {
    const { rows, truth } = crowd({ seed: 5, tasks: 200, workers: 8, classes: 3, redundancy: 3, accuracy: [0.5, 0.9] });
    const estimate = fit(dawidSkeneMap, answersFrom(rows));
    const curve = riskCoverage(estimate, truth);
    expect(curve.accuracy.at(-1)).toBeCloseTo(measure(estimate, truth).accuracy, 12);
    expect(curve.coverage.at(-1)).toBe(1);
    expect(curve.accuracy[0]).toBeGreaterThan(curve.accuracy.at(-1) ?? 1);
    const sooner = curve.accuracy[Math.floor(curve.accuracy.length / 4)];
    expect(sooner).toBeGreaterThan(curve.accuracy.at(-1) ?? 1);
  });

  it('is empty without known labels', () => {
    const estimate = fit(majorityVote, answersFrom([['t1', 'a', 'x']]));
    const { coverage, area, tasks } = riskCoverage(estimate, new Map());
    expect([coverage.length, area, tasks]).toEqual([0, Number.NaN, 0]);
  });
});
