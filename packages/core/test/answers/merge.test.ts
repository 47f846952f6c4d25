import { type AnswerRow, answersFrom, mergeTables } from '@assay/core';
import { expect, it } from 'vitest';

const people: AnswerRow[] = [
  { task: 't1', worker: 'ana', label: 'cat', weight: 2, time: 5 },
  { task: 't2', worker: 'bo', label: 'dog', status: 'rejected' },
  { task: 't2', worker: 'ana', label: 'dog' },
];
const model: AnswerRow[] = [
  { task: 't2', worker: 'judge', kind: 'ai', probabilities: { cat: 0.25, cow: 0.75 } },
  { task: 't3', worker: 'judge', kind: 'ai', probabilities: { cat: 1 } },
];

it('gives the table that reading all rows together would give', () => {
  const merged = mergeTables(answersFrom(people), answersFrom(model));
  const together = answersFrom([...people, ...model]);
  for (const names of ['tasks', 'workers', 'classes'] as const) {
    expect(merged[names].names()).toEqual(together[names].names());
  }
  for (const column of ['taskStart', 'worker', 'label', 'workerKind', 'weight', 'time', 'soft'] as const) {
    expect(merged[column]).toEqual(together[column]);
  }
  expect(merged.uncounted).toEqual(together.uncounted);
});

it('keeps gold and a declared order of classes', () => {
  const { table } = answersFrom(people).withGold(new Map([['t1', 'dog']]));
  const merged = mergeTables(table, answersFrom(model), ['dog', 'cat']);
  expect(merged.classes.names()).toEqual(['dog', 'cat', 'cow']);
  expect(merged.gold?.[merged.tasks.indexOf('t1')]).toBe(0);
  expect(merged.gold?.[merged.tasks.indexOf('t3')]).toBe(-1);
});
