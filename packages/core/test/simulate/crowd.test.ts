import { type CrowdRecipe, simulateCrowd } from '@assay/core/simulate';
import { describe, expect, it } from 'vitest';

/** Share of the answers of the workers let through that are right, over the tasks let through. */
function rightShare(
  { table, truth, hard }: ReturnType<typeof simulateCrowd>,
  worker: (name: string) => boolean,
  misleading: boolean,
): number {
  let [right, all] = [0, 0];
  table.label.forEach((label, answer) => {
    const task = table.answerTask[answer];
    if ((hard[task] === 1) !== misleading || !worker(table.workers.name(table.worker[answer]))) return;
    all++;
    if (label === truth[task]) right++;
  });
  return right / all;
}

describe('simulateCrowd', () => {
  it('draws what its recipe says', () => {
    // Shares of 9,000 and of 1,000 tasks: a band of .02 and of .06 is over 3.5 standard errors, once in 2,000.
    const recipe: CrowdRecipe = {
      tasks: 10_000,
      workers: 30,
      answers: 3,
      worst: 0.8,
      best: 0.8,
      spammers: 0,
      classes: 3,
    };
    const crowd = simulateCrowd(recipe, 4);
    expect(crowd.table).toMatchObject({ answerCount: 30_000, taskCount: 10_000, classCount: 3 });
    expect(Math.abs(rightShare(crowd, () => true, false) - 0.8)).toBeLessThan(0.02);
    expect(Math.abs(rightShare(crowd, () => true, true) - 0.4)).toBeLessThan(0.06);
    expect(Math.abs(crowd.hard.reduce((sum, one) => sum + one, 0) / 10_000 - 0.1)).toBeLessThan(0.02);
    // Wrong answers to a task that misleads fall on one class.
    const { table, truth, hard } = crowd;
    for (let task = 0; task < 10_000; task++) {
      if (hard[task] === 0) continue;
      const said = table.label.subarray(table.taskStart[task], table.taskStart[task + 1]);
      expect(new Set([...said].filter((label) => label !== truth[task])).size).toBeLessThanOrEqual(1);
    }
  });

  it('lets nobody answer a task twice and gives the same for the same seed', () => {
    const recipe: CrowdRecipe = { tasks: 200, workers: 6, answers: 6, activity: 3 };
    const { table } = simulateCrowd(recipe, 1);
    for (let task = 0; task < 200; task++) {
      expect(new Set(table.worker.subarray(table.taskStart[task], table.taskStart[task + 1])).size).toBe(6);
    }
    expect(simulateCrowd(recipe, 1).table.label).toEqual(table.label);
    expect(simulateCrowd(recipe, 2).table.label).not.toEqual(table.label);
    // More tasks leave the first ones as they were.
    const more = simulateCrowd({ ...recipe, tasks: 5000 }, 1);
    expect(more.table.label.subarray(0, table.answerCount)).toEqual(table.label);
  });

  it('models of one family share mistakes at the accuracy asked for', () => {
    const family = { accuracy: 0.7, family: 'f' };
    const models = [
      { name: 'a', ...family },
      { name: 'b', ...family },
      { name: 'c', accuracy: 0.7 },
    ];
    const crowd = simulateCrowd({ tasks: 4000, workers: 0, hard: 0, classes: 4, models }, 3);
    const { table, truth } = crowd;
    // 4,000 trials: .03 is over four standard errors.
    for (const { name } of models)
      expect(Math.abs(rightShare(crowd, (w) => w === name, false) - 0.7)).toBeLessThan(0.03);
    const said = (name: string): number[] =>
      Array.from({ length: 4000 }, (_, task) => table.label[table.taskStart[task] + table.workers.indexOf(name)]);
    const together = (one: string, other: string): number => {
      const [x, y] = [said(one), said(other)];
      return x.filter((label, task) => label === y[task] && label !== truth[task]).length / 4000;
    };
    // Copies: .64 · .3 and what is left by chance; strangers: .3² / 3.
    expect(together('a', 'b')).toBeGreaterThan(0.17);
    expect(together('a', 'c')).toBeLessThan(0.06);
    expect([0, 1, 2].map((worker) => table.kindOf(worker))).toEqual(['ai', 'ai', 'ai']);
  });

  it('takes a crowd of nobody', () => {
    expect(simulateCrowd({ tasks: 3, workers: 0 }).table).toMatchObject({ answerCount: 0, taskCount: 3 });
    expect(simulateCrowd({ tasks: 3, workers: 2, answers: 5 }).table.answerCount).toBe(6);
  });

  it.each([
    [{ taks: 3 }, /did you mean tasks/],
    [{ tasks: 0 }, /invalid tasks/],
    [{ classes: ['a', 'a'] }, /different names/],
    [{ prior: [1] }, /2 numbers/],
    [{ prior: [0, 0] }, /2 numbers/],
    [{ models: [{ name: 'm' }] }, /a model is/],
    [
      {
        models: [
          { name: 'm', accuracy: 1 },
          { name: 'm', accuracy: 1 },
        ],
      },
      /same name/,
    ],
    [[], /JSON object/],
  ])('refuses %o', (recipe, message) => {
    expect(() => simulateCrowd(recipe as CrowdRecipe)).toThrow(message);
  });
});
