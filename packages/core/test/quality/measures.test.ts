import { answersFrom, fit, majorityVote, Random } from '@assay/core';
import {
  bootstrapMeans,
  calibrationBins,
  calibrationError,
  f1Scores,
  measure,
  percentileInterval,
  quantileSorted,
  scoreTasks,
} from '@assay/core/quality';
import { describe, expect, it } from 'vitest';

const table = answersFrom([
  ['t1', 'ana', 'cat'],
  ['t1', 'bo', 'cat'],
  ['t1', 'cy', 'dog'],
  ['t2', 'ana', 'cat'],
  ['t2', 'bo', 'dog'],
  ['t3', 'ana', 'dog'],
]);
const estimate = fit(majorityVote, table);

describe('measure', () => {
  it('shares the credit of a tie and counts a right and a wrong label', () => {
    const truth = new Map([
      ['t1', 'cat'],
      ['t2', 'dog'],
      ['t3', 'cat'],
    ]);
    const measures = measure(estimate, truth);
    expect(measures.accuracy).toBeCloseTo((1 + 0.5 + 0) / 3, 12);
    expect(measures.logLoss).toBeCloseTo((-Math.log(2 / 3) - Math.log(0.5) - Math.log(1e-9)) / 3, 12);
    expect(measures.brier).toBeCloseTo((2 / 9 + 0.5 + 2) / 3, 12);
    expect(measures.coverage).toBe(1);
  });

  it('lets truth tasks without answers lower only the coverage', () => {
    const measures = measure(
      estimate,
      new Map([
        ['t1', 'cat'],
        ['unseen', 'cat'],
      ]),
    );
    expect(measures).toMatchObject({ accuracy: 1, coverage: 0.5, scored: 1 });
  });

  it('counts a class nobody answered as wrong at the largest loss', () => {
    const scores = scoreTasks(estimate, new Map([['t1', 'fox']]));
    expect(scores.credit[0]).toBe(0);
    expect(scores.logLoss[0]).toBeCloseTo(-Math.log(1e-9), 9);
    expect(scores.brier[0]).toBeCloseTo(4 / 9 + 1 / 9 + 1, 12);
  });

  it('is NaN, not an error, when nothing can be scored', () => {
    const measures = measure(estimate, new Map());
    expect(measures.accuracy).toBeNaN();
    expect(measures.coverage).toBe(0);
  });
});

describe('calibration', () => {
  it('is zero where every bin is right as often as it claims', () => {
    const confidence = Float64Array.of(0.75, 0.75, 0.75, 0.75);
    expect(calibrationError(calibrationBins(confidence, Float64Array.of(1, 1, 1, 0)))).toBeCloseTo(0, 12);
  });

  it('is the claimed excess where nothing is right', () => {
    expect(calibrationError(calibrationBins(Float64Array.of(0.9, 0.6), Float64Array.of(0, 0)))).toBeCloseTo(0.75, 12);
  });

  it('puts the ends of [0, 1] into the outer bins', () => {
    const bins = calibrationBins(Float64Array.of(0, 1), Float64Array.of(0, 1));
    expect(bins[0].count).toBe(1);
    expect(bins[14].count).toBe(1);
  });
});

describe('f1Scores', () => {
  it('counts by class and averages over the classes that occur', () => {
    const { classes, macro } = f1Scores(
      estimate,
      new Map([
        ['t1', 'cat'],
        ['t3', 'cat'],
      ]),
    );
    const cat = classes.find((score) => score.class === 'cat');
    expect(cat).toMatchObject({ precision: 1, recall: 0.5, tasks: 2 });
    expect(cat?.f1).toBeCloseTo(2 / 3, 12);
    expect(macro).toBeCloseTo((2 / 3 + 0) / 2, 12);
  });
});

describe('bootstrap', () => {
  it('covers a mean about as often as it says', () => {
    // 300 experiments of 60 tasks, level 0.9: outside [0.84, 0.95] by chance below 1e-3.
    const random = new Random(11);
    let covered = 0;
    for (let experiment = 0; experiment < 300; experiment++) {
      const column = Float64Array.from({ length: 60 }, () => (random.uniform() < 0.7 ? 1 : 0));
      const [draws] = bootstrapMeans([column], 300, random);
      const { lo, hi } = percentileInterval(0.7, draws, 0.9);
      if (lo <= 0.7 && 0.7 <= hi) covered++;
    }
    expect(covered / 300).toBeGreaterThan(0.84);
    expect(covered / 300).toBeLessThan(0.95);
  });

  it('draws the same tasks in every column', () => {
    const column = Float64Array.from({ length: 20 }, (_, i) => i);
    const [a, b] = bootstrapMeans([column, column.map((x) => x + 1)], 50, new Random(1));
    for (let draw = 0; draw < 50; draw++) expect(b[draw] - a[draw]).toBeCloseTo(1, 10);
  });

  it('interpolates quantiles as R does by default', () => {
    expect(quantileSorted([1, 2, 3, 4], 0.25)).toBeCloseTo(1.75, 12);
    expect(quantileSorted([], 0.5)).toBeNaN();
  });
});
