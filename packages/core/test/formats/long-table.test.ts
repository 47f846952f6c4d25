import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answersFrom } from '../../src/answers/builder.ts';
import { InputError } from '../../src/errors.ts';
import { readAnswers } from '../../src/formats/read.ts';
import { readLabels } from '../../src/formats/read-labels.ts';
import { sourceOf } from '../../src/formats/source.ts';
import { contentOf, read, rowsOf } from './support.ts';

/** The error a file is refused with. */
async function refusal(content: string | Uint8Array, options = {}, name = 'a.csv'): Promise<InputError> {
  const error: unknown = await read(name, content, options)
    .then(({ table }) => table)
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  return error as InputError;
}

describe('columns', () => {
  it.each([
    ['item,annotator,response', 'item annotator response'],
    ['Item ID;Worker-Id;Judgment', ''],
    ['doc_id\trater\tcategory', ''],
    ['question|worker|answer', ''],
    ['HITId,WorkerId,Answer', ''],
    ['text_id,model,class', ''],
  ])('understands %s', async (header) => {
    const delimiter = /[,;\t|]/.exec(header)?.[0] ?? ',';
    const { table } = await read('a.txt', [header, 't1,ana,cat', 't2,bo,dog'].join('\n').replaceAll(',', delimiter));
    expect(rowsOf(table)).toEqual(['t1 ana cat', 't2 bo dog']);
  });

  it('takes columns in any order and ignores the others', async () => {
    const { table, receipt } = await read('a.csv', 'comment,label,extra,worker,task\n"a, b",cat,1,ana,t1\n');
    expect(rowsOf(table)).toEqual(['t1 ana cat']);
    expect(receipt.columns).toEqual(expect.arrayContaining([{ from: 'worker', to: 'worker' }]));
  });

  it('reads question as the task when there is no other, else as the question', async () => {
    expect((await read('a.csv', 'question,worker,answer\nt1,ana,cat\n')).table.question).toBe('label');
    const { tables } = await read('a.csv', 'task,question,worker,answer\nt1,mood,ana,sad\nt1,animal,ana,cat\n');
    expect([...tables.keys()]).toEqual(['mood', 'animal']);
  });

  it('refuses two columns that could both be the label, and takes the one chosen', async () => {
    const text = 'task,worker,rating,choice\nt1,ana,5,cat\n';
    expect(await refusal(text)).toMatchObject({
      code: 'ambiguous-column',
      line: 1,
      hint: expect.stringContaining('--columns label='),
    });
    expect(rowsOf((await read('a.csv', text, { columns: { label: 'choice' } })).table)).toEqual(['t1 ana cat']);
  });

  it('says which column is missing, what there is, and that truth goes elsewhere', async () => {
    expect(await refusal('task,truth\nt1,cat\n')).toMatchObject({
      code: 'missing-column',
      hint: expect.stringContaining('--truth'),
    });
    expect(await refusal('task,worker,foo\nt1,ana,cat\n')).toMatchObject({
      code: 'missing-column',
      got: 'task,worker,foo',
    });
    expect(await refusal('task,worker,label\n', { columns: { label: 'lable' } })).toMatchObject({
      code: 'unknown-column',
      hint: 'did you mean label?',
    });
  });

  it('refuses pairwise comparisons by pointing to rank', async () => {
    expect(await refusal('worker,left,right,label\nana,a,b,a\n')).toMatchObject({ code: 'pairwise' });
  });

  it('guesses the columns of three without header by their distinct values, and says so', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `w${i % 5}\ttask${i % 20}\t${i % 2 === 0 ? 'yes' : 'no'}`);
    const { table, receipt } = await read('labels', `${rows.join('\n')}\n`);
    expect([table.workerCount, table.taskCount, table.classCount]).toEqual([5, 20, 2]);
    expect(receipt.guesses[0]).toContain('worker, task, label');
  });

  it('refuses to guess between columns with as many values, and headers it does not know', async () => {
    expect(await refusal('a,b,c\nd,e,f\n')).toMatchObject({ code: 'ambiguous-columns' });
    const rows = Array.from({ length: 30 }, (_, i) => `x${i % 10},y${i % 3},z${i % 2}`);
    expect(await refusal(['foo,bar,baz', ...rows].join('\n'))).toMatchObject({
      code: 'ambiguous-columns',
      got: 'foo,bar,baz',
    });
  });

  it('takes the order of columns from the user', async () => {
    const { table } = await read('gal.tsv', 'ana\tt1\tcat\nbo\tt1\tdog\n', { columns: ['worker', 'task', 'label'] });
    expect(rowsOf(table)).toEqual(['t1 ana cat', 't1 bo dog']);
  });

  it('reads NetEaseCrowd with its truth as gold and its times', async () => {
    const text =
      'tasksetId,taskId,workerId,answer,completeTime,truth,capability\n7,11,5,1,1661917345000,2,3\n7,12,5,2,1661917346000,2,3\n';
    const { table, receipt } = await read('n.csv', text);
    expect(rowsOf(table)).toEqual(['11 5 1', '12 5 2']);
    expect(Array.from(table.gold ?? [])).toEqual([1, 1]);
    expect(table.time?.[0]).toBe(1661917345000);
    expect(receipt.gold).toBe(2);
  });
});

describe('values', () => {
  it('counts NA, empty and null as missing unless they are declared', async () => {
    const text = 'task,worker,label\nt1,a,NA\nt2,a,\nt3,a,null\nt4,a,None\n';
    const { table, receipt } = await read('a.csv', text);
    expect([receipt.missing, table.taskCount, rowsOf(table)]).toEqual([3, 4, ['t4 a None']]);
    const declared = await read('a.csv', text, { classes: ['NA', 'None'] });
    expect([declared.receipt.missing, rowsOf(declared.table)]).toEqual([2, ['t1 a NA', 't4 a None']]);
  });

  it('keeps labels exactly and reports twins and padding', async () => {
    const { table, receipt } = await read(
      'a.csv',
      'task,worker,label\nt1,a,01\nt2,a,1\nt3,a,Cat\nt4,a,cat\nt5,a,cat \n',
    );
    expect(table.classes.names()).toEqual(['01', '1', 'Cat', 'cat', 'cat ']);
    expect(receipt.caseTwins).toEqual([['Cat', 'cat', 'cat ']]);
    expect(receipt.notes).toEqual([expect.stringContaining('1 label has spaces')]);
  });

  it('trims and folds case when asked', async () => {
    const text = 'task,worker,label\nt1,a,Cat\n t1 ,b,cat \nt2, b,CAT\n';
    const { table } = await read('a.csv', text, { trim: true, foldCase: true });
    expect(rowsOf(table)).toEqual(['t1 a Cat', 't1 b Cat', 't2 b Cat']);
    expect([table.taskCount, table.workerCount]).toEqual([2, 2]);
  });

  it('reads times, durations, money, weights, kinds, status and what was seen', async () => {
    const text = [
      'task,worker,label,at,lead_time,cost,weight,kind,status,saw_suggestion',
      't1,a,x,2026-01-02T03:04:05Z,4.2,$0.05,2,human,ok,true',
      't1,b,y,2026-01-02 04:04:05+01:00,,,,ai,Submitted,no',
      't2,a,x,1767323045,1,0.1,1,,rejected,',
      't2,c,y,1767323045123,1,0.1,,expert,,',
    ].join('\n');
    const { table, receipt } = await read('a.csv', text);
    expect(table.time).toEqual(Float64Array.of(1767323045000, 1767323045000, 1767323045123));
    expect(table.durationMs).toEqual(Float64Array.of(4200, Number.NaN, 1000));
    expect(table.costMicros).toEqual(Float64Array.of(50_000, Number.NaN, 100_000));
    expect(table.weight).toEqual(Float64Array.of(2, 1, 1));
    expect(table.exposed).toEqual(Uint8Array.of(1, 0, 0));
    expect(table.workers.names().map((_, w) => table.kindOf(w))).toEqual(['human', 'ai', 'expert']);
    expect(table.uncounted).toEqual([{ task: 1, worker: 0, label: 0, status: 'rejected', time: 1767323045000 }]);
    expect(receipt.uncounted).toEqual({ rejected: 1 });
  });

  it('reads probabilities as soft answers', async () => {
    const { table } = await read('a.csv', 'task,worker,p_cat,p_dog\nt1,judge,0.2,0.6\nt2,judge,,\n');
    expect(rowsOf(table)).toEqual(['t1 judge dog']);
    expect(Array.from(table.soft ?? [])).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.75, 12)]);
  });

  it('refuses labels that are not declared, with file and line', async () => {
    const error = await refusal('task,worker,label\nt1,a,cat\nt2,a,cow\nt3,a,cow\n', { classes: ['cat', 'dog'] });
    expect(error.all.map(({ code, line, path, got }) => [code, line, path, got])).toEqual([
      ['unknown-label', 3, 'a.csv', 'cow'],
      ['unknown-label', 4, 'a.csv', 'cow'],
    ]);
  });
});

describe('broken files', () => {
  it.each([
    ['ragged rows', 'task,worker,label\nt1,a,cat\nt2,a\n', 'ragged-row', 3],
    ['mixed delimiters', 'task,worker,label\nt1,a,cat\nt2;a;cat\n', 'ragged-row', 3],
    ['an empty task', 'task,worker,label\n,a,cat\n', 'missing-task', 2],
    ['an empty worker', 'task,worker,label\nt1,,cat\n', 'missing-worker', 2],
    ['one column', 'task\nt1\n', 'missing-column', 1],
    ['a bad time', 'task,worker,label,time\nt1,a,cat,yesterday\n', 'invalid-time', 2],
    ['a bad date', 'task,worker,label,time\nt1,a,cat,2026-13-02T00:00:00Z\n', 'invalid-time', 2],
    ['a bad weight', 'task,worker,label,weight\nt1,a,cat,heavy\n', 'invalid-weight', 2],
    ['a negative weight', 'task,worker,label,weight\nt1,a,cat,-1\n', 'invalid-weight', 2],
    ['probabilities of 0', 'task,worker,p_a,p_b\nt1,a,0,0\n', 'invalid-probabilities', 2],
    ['an unknown status', 'task,worker,label,status\nt1,a,cat,maybe\n', 'invalid-status', 2],
  ])('refuses %s and names the line', async (_, text, code, line) => {
    expect(await refusal(text)).toMatchObject({ code, line, path: 'a.csv', hint: expect.any(String) });
  });

  it('accepts empty cells behind the last column, as spreadsheets leave them', async () => {
    expect(rowsOf((await read('a.csv', 'task,worker,label\nt1,a,cat,,\n')).table)).toEqual(['t1 a cat']);
  });

  it('collects at most 20 errors', async () => {
    const error = await refusal(`task,worker,label\n${'t1,,cat\n'.repeat(50)}`);
    expect(error.all).toHaveLength(20);
    expect(error.all.map(({ line }) => line)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
  });

  it.each(['task', 'worker', 'label'])('names the line of broken UTF-8 in the %s', async (role) => {
    const cells = { task: 't1', worker: 'a', label: 'cat', [role]: 'caf@' };
    const text = `task,worker,label\nt0,a,cat\n${cells.task},${cells.worker},${cells.label}\n`;
    const bytes = new TextEncoder().encode(text).map((byte) => (byte === 0x40 ? 0xe9 : byte));
    expect(await refusal(bytes)).toMatchObject({ code: 'invalid-utf8', line: 3, path: 'a.csv' });
  });

  it('refuses UTF-16, empty files and files that are not text', async () => {
    const utf16 = new Uint8Array(
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('task,worker,label\n', 'utf16le')]),
    );
    expect(await refusal(utf16)).toMatchObject({ code: 'invalid-encoding' });
    expect(await refusal('')).toMatchObject({ code: 'empty-file' });
    expect(await refusal(' \n\n')).toMatchObject({ code: 'empty-file' });
    expect(await refusal(new Uint8Array(100).map((_, i) => i))).toMatchObject({ code: 'unknown-format' });
  });

  it('gives an empty table for a header without rows', async () => {
    const { table, receipt } = await read('a.csv', 'task,worker,label\n');
    expect([table.answerCount, table.taskCount, receipt.rows]).toEqual([0, 0, 0]);
  });

  it('refuses gzip that is cut off', async () => {
    const packed = gzipSync('task,worker,label\nt1,a,cat\n'.repeat(1000));
    expect(await refusal(new Uint8Array(packed.subarray(0, packed.length - 20)), {}, 'a.csv.gz')).toMatchObject({
      code: 'invalid-gzip',
      path: 'a.csv.gz',
    });
  });
});

describe('reading', () => {
  it('reads gzip by content and several files as one', async () => {
    const packed = new Uint8Array(gzipSync('task,worker,label\nt1,a,cat\n'));
    const { table, receipt } = await readAnswers([
      sourceOf('b.csv', packed),
      sourceOf('c.jsonl', '{"task":"t1","worker":"b","label":"dog"}\n'),
    ]);
    expect(rowsOf(table)).toEqual(['t1 a cat', 't1 b dog']);
    expect(receipt.sources).toEqual(['b.csv', 'c.jsonl']);
  });

  it('applies the rule for repeats over all files', async () => {
    const sources = (): ReturnType<typeof sourceOf>[] => [
      sourceOf('b.csv', 'task,worker,label\nt1,a,cat\n'),
      sourceOf('c.csv', 'task,worker,label\nt1,a,dog\n'),
    ];
    expect(rowsOf((await readAnswers(sources())).table)).toEqual(['t1 a dog']);
    expect(rowsOf((await readAnswers(sources(), { duplicates: 'first' })).table)).toEqual(['t1 a cat']);
    expect((await readAnswers(sources(), { duplicates: 'all' })).table.answerCount).toBe(2);
    await expect(readAnswers(sources(), { duplicates: 'error' })).rejects.toThrow(/repeated answer/);
  });

  it('chooses a question, and asks for one where there are several', async () => {
    const text = 'task,question,worker,label\nt1,mood,ana,sad\nt1,animal,ana,cat\n';
    expect((await read('a.csv', text, { question: 'animal' })).table.classes.names()).toEqual(['cat']);
    expect(await refusal(text)).toMatchObject({ code: 'ambiguous-question', got: 'mood,animal' });
    expect(await refusal(text, { question: 'moods' })).toMatchObject({
      code: 'unknown-question',
      hint: 'did you mean mood?',
    });
  });

  it('takes one worker for a file that names none', async () => {
    const { table } = await read('a.csv', 'task,label\nt1,cat\n', { worker: 'judge', kind: 'ai' });
    expect([rowsOf(table), table.kindOf(0)]).toEqual([['t1 judge cat'], 'ai']);
  });

  it('gives the same table on the fast path as row by row', async () => {
    const row = fc.tuple(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 30 }),
      fc.constantFrom('cat', 'dog', 'é', ''),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 700 }),
        fc.constantFrom('last', 'first', 'all'),
        async (rows, duplicates) => {
          const text = rows.map(([task, worker, label]) => `task ${task},w${worker},${label}\n`).join('');
          const { table } = await read('a.csv', `task,worker,label\n${text}`, { duplicates });
          const expected = answersFrom(
            rows.map(([task, worker, label]) => ({
              task: `task ${task}`,
              worker: `w${worker}`,
              label: label === '' ? null : label,
            })),
            { duplicates },
          );
          expect(contentOf(table)).toEqual(contentOf(expected));
          expect(table.tasks.names()).toEqual(expected.tasks.names());
        },
      ),
      { numRuns: 40, seed: 4 },
    );
  });

  it('never crashes on text of any kind', async () => {
    const piece = fc.constantFrom(
      'task',
      'worker',
      'label',
      ',',
      '\t',
      '\n',
      '"',
      'a',
      '1',
      '{',
      '}',
      '[',
      ']',
      ':',
      '"x"',
      'null',
      '\0',
      'é',
      '\uFEFF',
      'p_a',
      'time',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.boolean(), async (pieces, header) => {
        const text = `${header ? 'task,worker,label\n' : ''}${pieces.join('')}`;
        await read('a', text).then(
          ({ tables }) => expect(tables.size).toBeGreaterThanOrEqual(0),
          (error: unknown) => expect(error).toBeInstanceOf(InputError),
        );
      }),
      { numRuns: 600, seed: 5 },
    );
  });
});

describe('reading labels', () => {
  it('reads a truth file without header', async () => {
    expect(await readLabels(sourceOf('gold.tsv', 't1\tcat\nt2\tdog\n'))).toEqual(
      new Map([
        ['t1', 'cat'],
        ['t2', 'dog'],
      ]),
    );
  });
  it('takes the truth column of a file of answers', async () => {
    const text = 'task,worker,label,truth\nt1,a,cat,dog\nt1,b,dog,dog\n';
    expect(await readLabels(sourceOf('a.csv', text))).toEqual(new Map([['t1', 'dog']]));
  });
  it('refuses two labels for one task', async () => {
    await expect(readLabels(sourceOf('t.csv', 'task,label\nt1,cat\nt1,dog\n'))).rejects.toThrow(
      expect.objectContaining({ code: 'ambiguous-label', line: 3 }),
    );
  });
});
