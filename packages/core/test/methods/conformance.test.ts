import {
  type AnswerTable,
  AnswerTableBuilder,
  answersFrom,
  Estimate,
  fit,
  fitAsync,
  type Method,
  Random,
} from '@assay/core';
import { methods } from '@assay/core/methods';
import { describe, expect, it } from 'vitest';
import { crowd, posteriorOf } from '../support/crowd.ts';

/** Sparse and uneven, but with enough answers that no fit sits on a tie. */
const example = (method: Method) =>
  crowd({
    seed: 5,
    tasks: 60,
    workers: 9,
    classes: method.answers === 'binary' ? 2 : 3,
    redundancy: 5,
    accuracy: [0.55, 0.95],
  });

/** Fewer sweeps than the defaults, so that the battery stays quick. */
const quick: Record<string, Record<string, unknown>> = {
  gibbs: { burnIn: 50, samples: 100 },
  ebcc: { starts: 2 },
  mace: { starts: 2 },
};

function fitted(method: Method, table: AnswerTable, seed = 3): Estimate {
  const wanted = quick[method.id] ?? {};
  const known = Object.fromEntries(Object.entries(wanted).filter(([name]) => name in method.options));
  return fit(method, table, { seed, options: known });
}

function expectSound(estimate: Estimate, table: AnswerTable): void {
  const { classCount } = table;
  expect(estimate.posterior.length).toBe(table.taskCount * classCount);
  for (let row = 0; row < estimate.posterior.length; row += classCount) {
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      expect(estimate.posterior[row + k]).toBeGreaterThanOrEqual(0);
      sum += estimate.posterior[row + k];
    }
    expect(sum).toBeCloseTo(1, 9);
  }
  const { workers } = estimate;
  if (workers !== undefined) {
    for (let w = 0; w < table.workerCount; w++) {
      for (const value of [workers.accuracy[w], workers.lo[w], workers.hi[w]]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
      expect(workers.lo[w]).toBeLessThanOrEqual(workers.accuracy[w] + 1e-12);
      expect(workers.hi[w]).toBeGreaterThanOrEqual(workers.accuracy[w] - 1e-12);
    }
    if (workers.confusion !== undefined) {
      for (let row = 0; row < workers.confusion.length; row += classCount) {
        let sum = 0;
        for (let l = 0; l < classCount; l++) sum += workers.confusion[row + l];
        expect(sum).toBeCloseTo(1, 6);
      }
    }
    for (const values of Object.values(workers.extra ?? {})) expect(values.some(Number.isNaN)).toBe(false);
  }
  for (const value of estimate.objective) expect(Number.isNaN(value)).toBe(false);
}

/** Largest difference between two estimates over the tasks and classes of the first. */
function furthest(one: Estimate, other: Estimate, rename: (label: string) => string = (label) => label): number {
  let largest = 0;
  for (const task of one.taskNames.names()) {
    for (const label of one.classNames.names()) {
      largest = Math.max(largest, Math.abs(posteriorOf(one, task, label) - posteriorOf(other, task, rename(label))));
    }
  }
  return largest;
}

function frozen(table: AnswerTable): string {
  return JSON.stringify([Array.from(table.taskStart), Array.from(table.worker), Array.from(table.label)]);
}

describe.each(methods.map((method) => [method.id, method] as const))('%s', (_, method) => {
  const { rows, truth } = example(method);
  const table = answersFrom(rows);

  it('gives rows that sum to 1, accuracies inside their intervals and no NaN', () => {
    const before = frozen(table);
    expectSound(fitted(method, table), table);
    expect(frozen(table)).toBe(before);
  });

  it('is right on most tasks of a good crowd', () => {
    const estimate = fitted(method, table);
    let right = 0;
    for (const [task, label] of truth) if (estimate.label(task) === label) right++;
    expect(right / truth.size).toBeGreaterThan(method.id === 'two-thirds' ? 0.5 : 0.75);
  });

  it('does not depend on the order of rows', () => {
    const shuffled = new Random(8).shuffle([...rows]);
    expect(furthest(fitted(method, table), fitted(method, answersFrom(shuffled)))).toBeLessThan(1e-9);
  });

  it('does not depend on the names of classes and workers', () => {
    const names: Record<string, string> = { c0: 'z', c1: 'y', c2: 'x' };
    const renamed = answersFrom(
      rows.map(([task, worker, label]) => [task, `u${99 - Number(worker.slice(1))}`, names[label]]),
    );
    const difference = furthest(fitted(method, table), fitted(method, renamed), (label) => names[label]);
    expect(difference).toBeLessThan(method.random === true ? 0.35 : 1e-6);
  });

  it('gives the same result for the same seed', () => {
    expect(fitted(method, table, 4).posterior).toEqual(fitted(method, table, 4).posterior);
  });

  it('survives saving and restoring', () => {
    const estimate = fitted(method, table);
    const restored = Estimate.fromJSON(JSON.parse(JSON.stringify(estimate)));
    expect(restored.posterior).toEqual(estimate.posterior);
    expect(restored.workers).toEqual(estimate.workers);
    expect(restored.notes).toEqual(estimate.notes);
    for (const task of table.tasks.names()) expect(restored.label(task)).toBe(estimate.label(task));
    expect(JSON.parse(JSON.stringify(restored))).toEqual(JSON.parse(JSON.stringify(estimate)));
  });

  if (method.monotone === true) {
    it('keeps the objective from falling', () => {
      const { objective } = fitted(method, table);
      expect(objective.length).toBeGreaterThan(1);
      for (let i = 1; i < objective.length; i++) {
        expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-9 * (1 + Math.abs(objective[i])));
      }
    });
  }

  it('can be stopped between two sweeps', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(fitAsync(method, table, { signal: stop.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('keeps gold tasks at their known class', () => {
    const gold = new Map([...truth].slice(0, 10));
    const estimate = fitted(method, table.withGold(gold).table);
    for (const [task, label] of gold) expect(estimate.label(task)).toBe(label);
  });

  it.each(degenerate())('is neutral, with a note, on %s', (_, degenerateTable) => {
    if (method.answers === 'binary' && degenerateTable.classCount > 2) return;
    const estimate = fitted(method, degenerateTable);
    expectSound(estimate, degenerateTable);
    expect(estimate.notes.length).toBeGreaterThan(0);
  });

  it('takes unanimous answers at their word', () => {
    const unanimous = answersFrom(
      Array.from({ length: 24 }, (_, i) => [`t${i % 8}`, `w${Math.floor(i / 8)}`, i % 2 === 0 ? 'a' : 'b'] as const),
    );
    const estimate = fitted(method, unanimous);
    expectSound(estimate, unanimous);
    for (let i = 0; i < 8; i++) expect(estimate.label(`t${i}`)).toBe(i % 2 === 0 ? 'a' : 'b');
  });
});

function degenerate(): [string, AnswerTable][] {
  const onlyTasks = new AnswerTableBuilder({ classes: ['a', 'b'] });
  onlyTasks.tasks.add('t1');
  onlyTasks.workers.add('idle');
  const withEmpty = new AnswerTableBuilder({ classes: ['a', 'b', 'never'], openClasses: true });
  withEmpty.tasks.add('unanswered');
  withEmpty.workers.add('idle');
  withEmpty.add({ task: 't1', worker: 'w1', label: 'a' });
  withEmpty.add({ task: 't1', worker: 'w2', label: 'b' });
  withEmpty.add({ task: 't2', worker: 'w1', label: 'a' });
  const many = Array.from(
    { length: 40 },
    (_, i) => [`t${i % 10}`, `w${Math.floor(i / 10)}`, `c${(i * 7) % 20}`] as const,
  );
  return [
    ['no rows at all', answersFrom([])],
    ['tasks and workers without answers', onlyTasks.build().table],
    [
      'one class',
      answersFrom([
        ['t1', 'a', 'x'],
        ['t1', 'b', 'x'],
        ['t2', 'a', 'x'],
      ]),
    ],
    ['one answer', answersFrom([['t1', 'a', 'x']])],
    [
      'one task',
      answersFrom([
        ['t1', 'a', 'x'],
        ['t1', 'b', 'y'],
        ['t1', 'c', 'x'],
      ]),
    ],
    [
      'one worker',
      answersFrom([
        ['t1', 'a', 'x'],
        ['t2', 'a', 'y'],
        ['t3', 'a', 'x'],
      ]),
    ],
    ['an unanswered task, an idle worker and an unused class', withEmpty.build().table],
    ['twenty classes and few answers', answersFrom(many)],
    [
      'one answer a task',
      answersFrom(Array.from({ length: 6 }, (_, i) => [`t${i}`, `w${i % 2}`, i % 3 === 0 ? 'x' : 'y'] as const)),
    ],
    ['a gold task without answers', goldWithoutAnswers()],
  ];
}

function goldWithoutAnswers(): AnswerTable {
  const builder = new AnswerTableBuilder();
  builder.add({ task: 't1', worker: 'a', label: 'x' });
  builder.add({ task: 't1', worker: 'b', label: 'y' });
  builder.setGold('t2', 'y');
  return builder.build().table;
}
