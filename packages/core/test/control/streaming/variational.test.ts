import { answersFrom } from '@assay/core';
import { confusionDrift, StreamingVariational } from '@assay/core/control';
import { describe, expect, it } from 'vitest';
import { crowd } from '../../support/crowd.ts';

const batch = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 2, 0],
  [1, 0, 0],
  [2, 1, 0],
  [2, 2, 1],
  [0, 2, 0],
  [3, 0, 1],
  [3, 1, 1],
  [2, 0, 0],
].map(([task, worker, label]) => ({ task, worker, label }));

describe('StreamingVariational', () => {
  it('takes the textbook step to the worked numbers', () => {
    const stream = new StreamingVariational({ classes: 2, workers: 3, tasks: 1000, scale: 'textbook' });
    const posteriors = stream.addBatch(batch);
    [0.26894142, 0.88079708, 0.73105858, 0.11920292].forEach((q, task) => {
      expect(posteriors.get(task)?.[0]).toBeCloseTo(q, 7);
    });
    [
      [77.212717, 19.111666, 19.111666, 77.212717],
      [36.112795, 19.111666, 13.549396, 77.212717],
      [55.649318, 35.112795, 40.675065, 14.549396],
    ].forEach((rows, worker) => {
      rows.forEach((value, i) => {
        expect(stream.rows[worker * 4 + i]).toBeCloseTo(value, 5);
      });
    });
    expect(Array.from(stream.shares, (share) => Number(share.toFixed(7)))).toEqual([94.3243824, 94.3243824]);
  });

  it('leaves workers alone who are not in a batch, unless told otherwise', () => {
    const absent = (scale: 'own' | 'textbook'): boolean => {
      const stream = new StreamingVariational({ classes: 2, workers: 3, tasks: 100, scale });
      stream.addBatch(batch);
      const before = stream.confusionOf(2);
      for (let i = 0; i < 5; i++) stream.addBatch(batch.filter(({ worker }) => worker !== 2));
      return stream.confusionOf(2).every((share, cell) => Math.abs(share - before[cell]) < 1e-12);
    };
    expect(absent('own')).toBe(true);
    expect(absent('textbook')).toBe(false);
  });

  it('learns a long stream as well as it can be learned', () => {
    const recipe = { seed: 3, tasks: 3000, workers: 20, classes: 3, redundancy: 5, accuracy: [0.4, 0.9] as const };
    const { rows, truth } = crowd(recipe);
    const table = answersFrom(rows);
    const stream = new StreamingVariational({ classes: 3, workers: 20, tasks: 3000 });
    let right = 0;
    for (let from = 0; from < 3000; from += 50) {
      const answers = [];
      for (let e = table.taskStart[from]; e < table.taskStart[from + 50]; e++) {
        answers.push({ task: table.answerTask[e], worker: table.worker[e], label: table.label[e] });
      }
      for (const [task, q] of stream.addBatch(answers)) {
        if (table.classes.name(q.indexOf(Math.max(...q))) === truth.get(table.tasks.name(task))) right++;
      }
    }
    // .780 here, the first batches included; a plain vote is right on .751 and a batch fit on .791 of the same answers.
    expect(right / 3000).toBeGreaterThan(0.765);
  });

  it('is unmoved by nothing and refuses what is no stream', () => {
    const stream = new StreamingVariational({ classes: 2, workers: 1, tasks: 10 });
    expect(stream.addBatch([]).size).toBe(0);
    expect(Array.from(stream.shares)).toEqual([1, 1]);
    expect(() => new StreamingVariational({ classes: 1, workers: 1, tasks: 1 })).toThrow(/invalid stream/);
  });
});

describe('confusionDrift', () => {
  it('is the likelihood-ratio test of two tables', () => {
    expect(confusionDrift(Float64Array.of(9, 1, 2, 8), Float64Array.of(9, 1, 2, 8))).toEqual({
      statistic: 0,
      freedom: 2,
      chance: 1,
    });
    // Rows 20/10 against 10/20: G² = 2(2 · 20 ln(4/3) + 2 · 10 ln(2/3)) = 6.796.
    const { statistic, freedom, chance } = confusionDrift(Float64Array.of(20, 10, 0, 5), Float64Array.of(10, 20, 0, 0));
    expect(statistic).toBeCloseTo(2 * (40 * Math.log(4 / 3) + 20 * Math.log(2 / 3)), 10);
    expect([freedom, chance < 0.01, chance > 0.005]).toEqual([1, true, true]);
    expect(confusionDrift(new Float64Array(4), new Float64Array(4)).chance).toBe(1);
  });
});
