import { answersFrom, fit } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { expect, it } from 'vitest';
import { workerReports } from '../../src/output/worker-report.ts';

const tasks = Array.from({ length: 12 }, (_, i) => ({ task: `t${i}`, truth: i % 3 === 0 ? 'bug' : 'question' }));
const rows = tasks.flatMap(({ task, truth }, i): [string, string, string][] => [
  [task, 'ana', truth],
  [task, 'bo', truth],
  // Cy takes bugs for questions; Di has answered two tasks.
  [task, 'cy', 'question'],
  ...(i < 2 ? [[task, 'di', truth] as [string, string, string]] : []),
]);
const table = answersFrom(rows);
const reports = workerReports(fit(methodById('dawid-skene'), table), table);
const of = (name: string): (typeof reports)[number] => reports.find(({ worker }) => worker === name) ?? reports[0];

it('names the habit of a worker who takes one class for another', () => {
  expect(of('cy').remarks).toContain('says question for bug (4 of 4)');
  expect(of('ana').remarks).toEqual([]);
});

it('says that it is too early to say below five answers', () => {
  expect(of('di').remarks).toEqual(['too few answers to say']);
});

it('gives counts, agreement with the labels, and an interval around the accuracy', () => {
  expect(of('ana')).toMatchObject({ answers: 12, agreement: 1, kind: 'human' });
  expect(of('cy').agreement).toBeCloseTo(8 / 12);
  for (const { lo, hi, accuracy } of reports) {
    expect(lo as number).toBeLessThanOrEqual(accuracy as number);
    expect(hi as number).toBeGreaterThanOrEqual(accuracy as number);
  }
});
