import { describe, expect, it } from 'vitest';
import { mostUncertain } from '../../../src/control/assignment/policy.ts';
import { TaskQueue } from '../../../src/control/assignment/task-queue.ts';
import { OnlineEm } from '../../../src/control/streaming/online-em.ts';
import { Random } from '../../../src/math/random.ts';

const answers: readonly (readonly [task: number, worker: number, label: number])[] = [
  [0, 0, 1],
  [1, 2, 0],
  [0, 2, 1],
  [3, 1, 0],
  [0, 1, 0],
  [4, 3, 1],
];

describe('a stream that grows', () => {
  it('is the same whether there was room from the beginning or not', () => {
    const roomy = new OnlineEm({ classes: 2, tasks: 5, workers: 4 });
    const growing = new OnlineEm({ classes: 2, tasks: 1, workers: 1 });
    for (const [task, worker, label] of answers) {
      growing.grow(task + 1, worker + 1);
      roomy.add(task, worker, label);
      growing.add(task, worker, label);
    }
    expect(growing.posterior).toEqual(roomy.posterior);
    expect(growing.confusion).toEqual(roomy.confusion);
  });

  it('gives its answers in the order of a table', () => {
    const stream = new OnlineEm({ classes: 2, tasks: 5, workers: 4 });
    for (const answer of answers) stream.add(...answer);
    expect(stream.answerColumns()).toEqual({
      taskStart: Uint32Array.of(0, 3, 4, 4, 5, 6),
      worker: Uint32Array.of(0, 1, 2, 2, 1, 3),
      label: Uint16Array.of(1, 0, 1, 0, 0, 1),
    });
  });

  it('forgets an answer that is taken back and follows one that is corrected', () => {
    const stream = new OnlineEm({ classes: 2, tasks: 5, workers: 4 });
    for (const answer of answers) stream.add(...answer);
    const before = stream.posterior[1];
    expect(stream.change(0, 1)).toBe(true);
    expect(stream.posterior[1]).toBeGreaterThan(before);
    expect(stream.change(0, 1)).toBe(false);
    stream.change(0, 0, 0);
    expect(stream.posterior[1]).toBeLessThan(before + 0.2);
    expect(stream.answerColumns().label.slice(0, 2)).toEqual(Uint16Array.of(0, 1));
  });

  it('keeps a settled task certain and learns from it who is right', () => {
    const stream = new OnlineEm({ classes: 2, tasks: 40, workers: 2 });
    for (let task = 0; task < 40; task++) {
      stream.settle(task, task % 2);
      stream.add(task, 0, task % 2);
      stream.add(task, 1, 1 - (task % 2));
    }
    expect(stream.posterior.slice(0, 4)).toEqual(Float64Array.of(1, 0, 0, 1));
    expect(stream.reliability(0)).toBeGreaterThan(0.9);
    expect(stream.reliability(1)).toBeLessThan(0.1);
  });
});

describe('a queue that grows', () => {
  it('gives the same order whether there was room from the beginning or not', () => {
    const roomy = new TaskQueue(50, 7);
    const growing = new TaskQueue(1, 7);
    for (let task = 0; task < 50; task++) {
      growing.grow(task + 1);
      roomy.set(task, task % 5);
      growing.set(task, task % 5);
    }
    expect(growing.best(50, () => true)).toEqual(roomy.best(50, () => true));
  });

  it('lets workers meet tasks of equal score in different orders', () => {
    const queue = new TaskQueue(20);
    for (let task = 0; task < 20; task++) queue.set(task, task === 3 ? 2 : 1);
    const state = {
      queue,
      stream: new OnlineEm({ classes: 2, tasks: 20, workers: 1 }),
      may: (task: number): boolean => task !== 3,
      priceMicros: (): number => 1,
    };
    const policy = mostUncertain({ explore: 0, shuffle: 8 });
    const random = new Random(1);
    const tasksOf = (may: (task: number) => boolean): Set<unknown> =>
      new Set(
        Array.from({ length: 60 }, () => policy.next({ ...state, may }, 0, random)).map((a) => 'task' in a && a.task),
      );
    expect(tasksOf(state.may).size).toBeGreaterThan(3);
    expect(tasksOf(() => true)).toEqual(new Set([3]));
  });
});
