import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { AnswerTable } from '../../src/answers/answer-table.ts';
import { type AnswerRow, AnswerTableBuilder } from '../../src/answers/builder.ts';
import { InputError } from '../../src/errors.ts';
import type { Format } from '../../src/formats/format.ts';
import { readAnswers } from '../../src/formats/read.ts';
import { formats } from '../../src/formats/registry.ts';
import { sourceOf } from '../../src/formats/source.ts';
import { writeAnswers } from '../../src/formats/write.ts';
import { bytesOf, contentOf, read, rowsOf, textOf } from './support.ts';

const folder = join(import.meta.dirname, 'fixtures');
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));

/** Every fixture with the format that must be found in it. */
const fixtures: Readonly<Record<string, string>> = {
  'label-studio.json': 'label-studio',
  'label-studio-storage.json': 'label-studio',
  'label-studio.csv': 'label-studio-flat',
  'label-studio-min.json': 'label-studio-flat',
  'argilla-nested.json': 'argilla',
  'argilla-flat.jsonl': 'argilla',
  'prodigy.jsonl': 'prodigy',
  'ana.jsonl': 'doccano',
  'bo.csv': 'doccano',
  'mturk.csv': 'mturk',
  'mturk-crowd-html.csv': 'mturk',
  'mturk-radio.csv': 'mturk',
  'toloka.tsv': 'toloka',
  'sagemaker-consolidation.json': 'sagemaker',
  'sagemaker-output.manifest': 'sagemaker',
  'zooniverse.csv': 'zooniverse',
  'pybossa.json': 'pybossa',
  'cleanlab.csv': 'cleanlab',
  'mace.csv': 'mace',
  'peerannot.json': 'peerannot',
  'snorkel.csv': 'snorkel',
  'batch-output.jsonl': 'batch-output',
  'inspect.csv': 'inspect',
  'judge.jsonl': 'jsonl',
  'get-another-label.txt': 'tsv',
  'crowd-kit.csv': 'csv',
};

describe.each(Object.entries(fixtures))('%s', (name, id) => {
  it(`is found to be ${id} and gives the answers on record`, async () => {
    const { tables } = await read(name, fixture(name));
    const all = [...tables.values()];
    expect(all[0].receipt.format).toBe(id);
    const text = await textOf(
      writeAnswers(
        all.map(({ table }) => table),
        'csv',
      ),
    );
    await expect(text).toMatchFileSnapshot(join(folder, 'golden', `${name}.csv`));
  });

  it('gives the same tables when written in the long form and read again', async () => {
    const { tables } = await read(name, fixture(name));
    const all = [...tables.values()].map(({ table }) => table);
    const again = await read('again.csv', await bytesOf(writeAnswers(all, 'csv')));
    for (const table of all) {
      // A class only a set-aside repeat named is not written.
      expect({ ...contentOf(again.tables.get(table.question)!.table), classes: [] }).toEqual({
        ...contentOf(table),
        classes: [],
      });
    }
  });

  it('is refused or read, never crashed on, when bytes are lost or changed', async () => {
    const bytes = fixture(name);
    const damage = fc.array(
      fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.constantFrom(0x22, 0x2c, 0x7b, 0x5d, 0x0a, 0x41, 0xff, 0x30)),
      { maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(damage, fc.nat({ max: bytes.length }), fc.boolean(), async (changes, length, force) => {
        const damaged = bytes.slice(0, length);
        for (const [at, byte] of changes) if (at < length) damaged[at] = byte;
        await read(name, damaged, force ? { format: id } : {}).catch((error: unknown) =>
          expect(error).toBeInstanceOf(InputError),
        );
      }),
      { numRuns: 30, seed: 11 },
    );
  });
});

it('has a fixture for every format, Parquet and archives apart', () => {
  const covered = new Set([...Object.values(fixtures), 'json', 'zip', 'parquet', 'hugging-face']);
  expect(formats.map(({ id }) => id).filter((id) => !covered.has(id))).toEqual([]);
  expect(readdirSync(folder).filter((name) => name !== 'golden' && !(name in fixtures))).toEqual([]);
});

/** Answers with everything a format may carry. Classes are numbers so that matrices can hold them. */
function sample(question = 'label'): AnswerTable {
  const rows: AnswerRow[] = [
    { task: '7', worker: 'ana@x.test', label: '0', time: 1767323045000, durationMs: 4200 },
    { task: '7', worker: '12', label: '1', kind: 'expert' },
    { task: '7', worker: 'judge-1', label: '1', kind: 'ai' },
    { task: 'x"1', worker: 'judge-1', label: '0', kind: 'ai' },
    { task: 'x"1', worker: 'judge-2', label: '1', kind: 'ai' },
    { task: 'x"1', worker: 'rule', label: '1', kind: 'rule' },
    { task: 'x"1', worker: '12', label: '1', status: 'rejected' },
    { task: '07', worker: 'ana@x.test', label: null, status: 'skip' },
    { task: '07', worker: 'judge-2', label: null, status: 'abstain' },
    { task: '07', worker: '12', label: '0', status: 'draft' },
    { task: '07', worker: '12', label: '0', status: 'surplus', time: 1767323045000 },
    { task: '07', worker: '12', label: '0' },
  ];
  const builder = new AnswerTableBuilder({ question });
  for (const row of rows) builder.add(row);
  builder.setGold('7', '1');
  return builder.build().table;
}

/** What a format says it carries; the rest may be lost. */
function carried(table: AnswerTable, { carries }: Format): unknown {
  const plain = table.with({
    workerKind: carries.kind ? table.workerKind : new Uint8Array(table.workerCount),
    gold: carries.gold ? table.gold : undefined,
    time: carries.time ? table.time : undefined,
    durationMs: carries.duration ? table.durationMs : undefined,
    uncounted: carries.status
      ? table.uncounted.map((answer) => (carries.time ? answer : { ...answer, time: Number.NaN }))
      : [],
  });
  return contentOf(plain);
}

describe.each(
  formats.filter(({ write }) => write?.answers !== undefined).map((format) => [format.id, format] as const),
)('writing answers as %s', (id, format) => {
  it('gives everything back that the format carries', async () => {
    const bytes = await bytesOf(writeAnswers(sample(), id));
    const again = await read(`again.${format.extensions[0]}`, bytes, { format: id });
    const table = [...again.tables.values()][0].table;
    expect(carried(table.with({ question: 'label' }), format)).toEqual(carried(sample(), format));
  });
  // A Parquet file is read by its columns, whichever of the two ids wrote it.
  if (id !== 'hugging-face')
    it('is found again by its content', async () => {
      const bytes = await bytesOf(writeAnswers(sample(), id));
      const { tables } = await read(`again.${format.extensions[0]}`, bytes);
      expect([...tables.values()][0].receipt.format).toBe(id);
    });
  if (format.carries.questions)
    it('keeps several questions apart', async () => {
      const both = [sample('animal'), sample('mood')];
      const { tables } = await read(`again.${format.extensions[0]}`, await bytesOf(writeAnswers(both, id)));
      for (const table of both)
        expect(carried(tables.get(table.question)!.table, format)).toEqual(carried(table, format));
    });
});

describe('several choices in one answer', () => {
  it('are one label that names the set', async () => {
    const { table } = await read('a.json', fixture('label-studio.json'), { question: 'topics' });
    expect(rowsOf(table)).toEqual(['7 12 clothes + praise']);
  });
  it('are a yes/no question each when asked', async () => {
    const { tables } = await read('a.json', fixture('label-studio-min.json'), { several: 'each' });
    expect([...tables.keys()]).toEqual(['sentiment', 'topics: clothes', 'topics: praise']);
    expect(rowsOf(tables.get('topics: praise')!.table)).toEqual(['7 12 yes', '7 15 no']);
    expect(tables.get('topics: praise')!.receipt.missing).toBe(1);
    const one = await read('a.json', fixture('label-studio-min.json'), {
      several: 'each',
      question: 'topics: clothes',
    });
    expect(rowsOf(one.table)).toEqual(['7 12 yes', '7 15 yes']);
  });
});

describe('choosing what names a task', () => {
  it.each([
    ['label-studio.json', 'ref', 'sentiment', 'a-7'],
    ['mturk.csv', 'HITId', 'sentiment', 'H1'],
    ['mturk.csv', 'text', 'sentiment', 'nice hat'],
    ['toloka.tsv', 'ASSIGNMENT:task_id', 'result', 'k1'],
    ['argilla-nested.json', 'text', 'sentiment', 'nice hat'],
    ['prodigy.jsonl', 'text', 'label', 'nice hat'],
  ])('%s by %s', async (name, task, question, first) => {
    expect((await read(name, fixture(name), { question, columns: { task } })).table.tasks.name(0)).toBe(first);
  });
});

describe('archives', () => {
  const members = {
    'export/ana.jsonl': fixture('ana.jsonl'),
    'export/bo.csv': fixture('bo.csv'),
    '__MACOSX/x': new Uint8Array(3),
  };
  it('are read member by member, the worker from the name', async () => {
    const { table, receipt } = await read('doccano.zip', zipSync(members));
    expect(rowsOf(table)).toEqual([
      '1 ana positive',
      '1 bo positive',
      '2 ana neutral + question',
      '2 bo neutral + question',
    ]);
    expect(receipt.sources).toEqual(['doccano.zip', 'doccano.zip/export/ana.jsonl', 'doccano.zip/export/bo.csv']);
  });
  it.each([
    ['names that leave the archive', { '../ana.jsonl': fixture('ana.jsonl') }, 'invalid-name'],
    ['absolute names', { '/etc/ana.jsonl': fixture('ana.jsonl') }, 'invalid-name'],
    ['archives in archives', { 'a.zip': zipSync(members) }, 'invalid-zip'],
    ['members that unpack to a thousand times their size', { 'ana.jsonl': new Uint8Array(64 << 20) }, 'zip-too-big'],
    ['no member at all', {}, 'empty-file'],
  ])('refuses %s', async (_, files, code) => {
    await expect(read('a.zip', zipSync(files as Record<string, Uint8Array>))).rejects.toThrow(
      expect.objectContaining({ code }),
    );
  });
  it('never crashes on damaged archives', async () => {
    const bytes = zipSync(members);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }),
        fc.nat({ max: bytes.length }),
        async (changes, length) => {
          const damaged = bytes.slice(0, length);
          for (const [at, byte] of changes) if (at >= 4 && at < length) damaged[at] = byte;
          await read('a.zip', damaged).catch((error: unknown) => expect(error).toBeInstanceOf(InputError));
        },
      ),
      { numRuns: 200, seed: 12 },
    );
  });
});

describe('traps', () => {
  it('reads all members of a folder as one', async () => {
    const sources = ['ana.jsonl', 'bo.csv'].map((name) => sourceOf(`dir/${name}`, fixture(name)));
    expect((await readAnswers(sources)).table.workers.names()).toEqual(['ana', 'bo']);
  });
  it('counts an annotation that two storage files repeat once', async () => {
    const sources = ['1.json', '2.json'].map((name) => sourceOf(name, fixture('label-studio-storage.json')));
    const { table, receipt } = await readAnswers(sources, { duplicates: 'all' });
    expect([table.answerCount, receipt.notes]).toEqual([
      1,
      [expect.stringContaining('1 annotation was exported more than once')],
    ]);
  });
  it('names the JSON path of a broken annotation', async () => {
    const text = '[{"id":1,"data":{},"annotations":[{"id":1,"result":[]},{"id":2,"result":7}]}]';
    await expect(read('a.json', text)).rejects.toThrow(
      expect.objectContaining({ path: 'a.json#$[0].annotations[1]', line: 1 }),
    );
  });
  it('reads a NumPy matrix with -1 for abstain', async () => {
    const header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }".padEnd(63, ' ');
    const bytes = new Uint8Array([
      0x93,
      ...Buffer.from('NUMPY'),
      1,
      0,
      64,
      0,
      ...Buffer.from(`${header}\n`),
      1,
      255,
      0,
      1,
    ]);
    const { table } = await read('L.npy', bytes);
    expect(rowsOf(table)).toEqual(['0 function 1 1', '1 function 1 0', '1 function 2 1']);
    expect(table.uncounted).toHaveLength(1);
  });
  it('keeps an unknown truth column of Toloka as gold', async () => {
    const { table, receipt } = await read('toloka.tsv', fixture('toloka.tsv'));
    expect([receipt.gold, table.tasks.name(Array.from(table.gold!).findIndex((label) => label >= 0))]).toEqual([
      1,
      'b.png',
    ]);
  });
  it('finds no matrix in tables of features', async () => {
    const rows = Array.from(
      { length: 30 },
      (_, i) => `t${i},${(i * 0.37).toFixed(3)},${(i * 0.91).toFixed(3)},${i % 5 === 0 ? '' : i}`,
    );
    await expect(read('features.csv', ['id,f1,f2,f3', ...rows].join('\n'))).rejects.toThrow(InputError);
  });
});
