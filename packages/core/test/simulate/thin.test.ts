import { answersFrom } from '@assay/core';
import { thin } from '@assay/core/simulate';
import { describe, expect, it } from 'vitest';
import { crowd } from '../support/crowd.ts';

describe('thin', () => {
  const { rows } = crowd({ seed: 1, tasks: 30, workers: 8, classes: 3, redundancy: 6, accuracy: [0.5, 0.9] });
  const table = answersFrom(rows);

  it('keeps at most the given number of each task’s own answers', () => {
    const thinned = thin(table, 2, 7);
    expect(thinned.answerCount).toBe(60);
    for (let task = 0; task < thinned.taskCount; task++) {
      const original = Array.from(table.worker.subarray(table.taskStart[task], table.taskStart[task + 1]));
      for (let answer = thinned.taskStart[task]; answer < thinned.taskStart[task + 1]; answer++) {
        const at = table.taskStart[task] + original.indexOf(thinned.worker[answer]);
        expect(table.label[at]).toBe(thinned.label[answer]);
      }
    }
  });

  it('changes nothing when there are no more answers than that', () => {
    expect(thin(table, 6, 1).worker).toEqual(table.worker);
  });

  it('draws by task name, not by the order of rows', () => {
    const reversed = answersFrom([...rows].reverse());
    const a = thin(table, 3, 2);
    const b = thin(reversed, 3, 2);
    for (const name of table.tasks.names()) {
      const [i, j] = [a.tasks.indexOf(name), b.tasks.indexOf(name)];
      expect(Array.from(a.worker.subarray(a.taskStart[i], a.taskStart[i + 1]))).toEqual(
        Array.from(b.worker.subarray(b.taskStart[j], b.taskStart[j + 1])),
      );
    }
  });
});
