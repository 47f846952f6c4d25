import { answersFrom, coinShrunk, fit } from '@assay/core';
import { firstAnswers, type ReplayOrder, replayOrder } from '@assay/core/simulate';
import { expect, it } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { describeRealData, realSet } from '../support/real-data.ts';

const orders: ReplayOrder[] = ['random', 'round-robin', 'adaptive'];
const table = answersFrom(
  crowd({ seed: 2, tasks: 40, workers: 10, classes: 3, redundancy: 5, accuracy: [0.4, 0.95] }).rows,
);

it.each(orders)('%s buys every answer once, the same for the same seed', (order) => {
  const bought = replayOrder(table, { order, seed: 3 });
  expect([...bought].sort((a, b) => a - b)).toEqual([...Array(table.answerCount).keys()]);
  expect(replayOrder(table, { order, seed: 3 })).toEqual(bought);
  expect(replayOrder(table, { order, seed: 4 })).not.toEqual(bought);
});

it.each(['round-robin', 'adaptive'] as const)('%s gives every task one answer before any gets two', (order) => {
  const first = firstAnswers(table, replayOrder(table, { order, seed: 1 }), 40);
  for (let task = 0; task < 40; task++) expect(first.taskStart[task + 1] - first.taskStart[task]).toBe(1);
});

it('the first answers keep tasks, workers and labels together', () => {
  const some = firstAnswers(table, replayOrder(table, { order: 'random', seed: 1 }), 57);
  expect(some.answerCount).toBe(57);
  const all = new Set(Array.from(table.worker, (w, a) => `${table.answerTask[a]} ${w} ${table.label[a]}`));
  some.worker.forEach((w, a) => {
    expect(all.has(`${some.answerTask[a]} ${w} ${some.label[a]}`)).toBe(true);
  });
});

it('a table of one class is replayed without questions', () => {
  const one = answersFrom([
    ['t1', 'a', 'x'],
    ['t2', 'b', 'x'],
  ]);
  expect(replayOrder(one, { order: 'adaptive', seed: 0 })).toHaveLength(2);
});

describeRealData('adaptive replay', () => {
  // Differences of .03 and more at these shares in 20 seeds; the sign is wrong by chance less than once in 1e6.
  it.each([
    ['temp', 0.4],
    ['rte', 0.6],
  ] as const)('is more accurate on %s at the share %d of its answers', (name, share) => {
    const { table: real, truth } = realSet(name);
    const accuracy = (order: ReplayOrder): number => {
      let right = 0;
      for (const seed of [1, 2]) {
        const some = firstAnswers(real, replayOrder(real, { order, seed }), Math.round(share * real.answerCount));
        const estimate = fit(coinShrunk, some);
        for (const [task, label] of truth) if (estimate.label(task) === label) right++;
      }
      return right;
    };
    expect(accuracy('adaptive')).toBeGreaterThan(accuracy('random'));
  });
});
