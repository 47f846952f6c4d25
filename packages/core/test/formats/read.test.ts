import { describe, expect, it } from 'vitest';
import { readAnswers } from '../../src/formats/read.ts';
import { readLabels } from '../../src/formats/read-labels.ts';
import { sourceOf } from '../../src/formats/source.ts';

const rows = (table: {
  tasks: { name(i: number): string };
  workers: { name(i: number): string };
  classes: { name(i: number): string };
  answerTask: Uint32Array;
  worker: Uint32Array;
  label: Uint16Array;
}): string[] =>
  Array.from(
    table.worker,
    (w, e) => `${table.tasks.name(table.answerTask[e])} ${table.workers.name(w)} ${table.classes.name(table.label[e])}`,
  );

describe('reading answers', () => {
  it('reads the plain table', async () => {
    const { table, receipt } = await readAnswers(
      sourceOf('a.csv', 'task,worker,label\nt1,ana,cat\nt1,bo,dog\nt2,ana,dog\n'),
    );
    expect(rows(table)).toEqual(['t1 ana cat', 't1 bo dog', 't2 ana dog']);
    expect(receipt).toMatchObject({
      rows: 3,
      answers: 3,
      tasks: 2,
      workers: 2,
      classes: 2,
      format: 'csv',
      sources: ['a.csv'],
    });
  });
  it('reads JSON lines and JSON arrays', async () => {
    const lines = '{"item":1,"annotator":"ana","label":"cat"}\n{"item":2,"annotator":"bo","label":null}\n';
    const { table, receipt } = await readAnswers(sourceOf('a.jsonl', lines));
    expect(rows(table)).toEqual(['1 ana cat']);
    expect(receipt).toMatchObject({ rows: 2, answers: 1, missing: 1, format: 'jsonl' });
    const array = `[${lines.trim().replace('\n', ',\n')}]`;
    expect(rows((await readAnswers(sourceOf('a.json', array))).table)).toEqual(['1 ana cat']);
  });
  it('reads labels under any of their names', async () => {
    for (const name of ['label', 'truth', 'value', 'gold']) {
      expect(await readLabels(sourceOf('t.csv', `task,${name}\nt1,cat\nt2,NA\n`))).toEqual(new Map([['t1', 'cat']]));
    }
  });
});
