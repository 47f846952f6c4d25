import { Random } from '@assay/core';
import { matrixOf } from '@assay/learn/features';
import { describe, expect, it } from 'vitest';
import { answerValues, nextTasks, type SelectionStrategy } from '../../src/methods/selection.ts';

const random = new Random(12);
const rows = (count: number, classCount: number): Float64Array =>
  Float64Array.from(
    Array.from({ length: count }, () => [...random.dirichlet(new Float64Array(classCount).fill(0.7))]).flat(),
  );

describe('what an answer is worth', () => {
  it('is the expected rise of the largest posterior, by enumeration', () => {
    const posterior = rows(20, 3);
    const confusion = rows(3, 3);
    const gains = answerValues('gain', { posterior, classCount: 3, confusion });
    const information = answerValues('information', { posterior, classCount: 3, confusion });
    for (let task = 0; task < 20; task++) {
      const q = posterior.subarray(task * 3, task * 3 + 3);
      let [rise, bits] = [-Math.max(...q), 0];
      for (const l of [0, 1, 2]) {
        const joint = q.map((p, k) => p * confusion[k * 3 + l]);
        const chance = joint.reduce((sum, p) => sum + p, 0);
        rise += chance * Math.max(...joint.map((p) => p / chance));
        joint.forEach((p, k) => {
          if (p > 0) bits += p * Math.log(p / (q[k] * chance));
        });
      }
      expect(gains[task]).toBeCloseTo(Math.max(0, rise), 12);
      expect(information[task]).toBeCloseTo(bits, 12);
    }
  });

  it('is nothing from a worker who guesses, and everything open from one who knows', () => {
    const posterior = rows(10, 4);
    const guess = new Float64Array(16).fill(0.25);
    for (const strategy of ['gain', 'information'] as const)
      answerValues(strategy, { posterior, classCount: 4, confusion: guess }).forEach((value) => {
        expect(value).toBeCloseTo(0, 12);
      });
    const entropy = answerValues('entropy', { posterior, classCount: 4 });
    answerValues('information', { posterior, classCount: 4 }).forEach((value, task) => {
      expect(value).toBeCloseTo(entropy[task], 12);
    });
    const unsure = answerValues('least-sure', { posterior, classCount: 4 });
    answerValues('gain', { posterior, classCount: 4 }).forEach((value, task) => {
      expect(value).toBeCloseTo(unsure[task], 12);
    });
  });

  it.each<SelectionStrategy>(['entropy', 'margin', 'least-sure', 'gain', 'information'])(
    '%s puts an even task before a settled one',
    (strategy) => {
      const posterior = Float64Array.of(1, 0, 0.5, 0.5, 0.8, 0.2);
      expect(nextTasks(answerValues(strategy, { posterior, classCount: 2 }), 3)).toEqual([1, 2, 0]);
      expect(answerValues(strategy, { posterior: new Float64Array(0), classCount: 0 })).toHaveLength(0);
    },
  );
});

describe('a batch of tasks', () => {
  it('takes the most urgent that are open', () => {
    const values = Float64Array.of(0.1, 0.9, 0.8, 0.7);
    expect(nextTasks(values, 2, { open: (task) => task !== 1 })).toEqual([2, 3]);
    expect(nextTasks(values, 9)).toHaveLength(4);
    expect(nextTasks(new Float64Array(0), 3)).toEqual([]);
  });

  it('spreads over the features where they are given', () => {
    // Four urgent tasks that are nearly the same, and two others far away.
    const matrix = matrixOf('f', [6, 1], [0, 0.1, 0.2, 0.3, 10, -10]);
    const features = { matrix, rowOfTask: Int32Array.of(0, 1, 2, 3, 4, 5), notes: [] };
    const values = Float64Array.of(0.9, 0.89, 0.88, 0.87, 0.5, 0.4);
    expect(nextTasks(values, 3)).toEqual([0, 1, 2]);
    expect(nextTasks(values, 3, { features })).toEqual([0, 4, 5]);
    expect(nextTasks(values, 3, { features, pool: 1 })).toEqual([0, 2, 1]);
    expect(nextTasks(values, 9, { features })).toHaveLength(6);
  });
});
