import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { type AnswerRow, AnswerTableBuilder, answersFrom } from '../../src/answers/builder.ts';
import { formats } from '../../src/formats/registry.ts';
import type { Sheet } from '../../src/formats/sheet.ts';
import { outputFormat, writeAnswers, writePages, writeSheet, writesInPages } from '../../src/formats/write.ts';
import { bytesOf, contentOf, read, textOf } from './support.ts';

const full: AnswerRow[] = [
  {
    task: 't,1',
    worker: 'ana "the" one',
    label: 'cat',
    weight: 2,
    time: 1767312345678,
    durationMs: 4200,
    costMicros: 50_000,
  },
  { task: 't,1', worker: 'bo', label: 'Dog\nhound', kind: 'expert', exposed: true },
  { task: ' t2', worker: 'judge@1', kind: 'ai', probabilities: { cat: 0.25, 'Dog\nhound': 0.75 } },
  { task: ' t2', worker: 'bo', label: 'cat', status: 'rejected', time: 5 },
  { task: 't3', worker: 'bo', label: null, status: 'skip' },
  { task: '01', worker: '1', label: 'é日本🙂', predictedShares: { cat: 0.25, 'é日本🙂': 0.75 } },
];

function table(rows: readonly AnswerRow[] = full, question = 'label') {
  const builder = new AnswerTableBuilder({ question });
  for (const row of rows) builder.add(row);
  builder.setGold('t,1', 'cat');
  builder.setGold('never answered', 'cat');
  return builder.build().table;
}

const tableFormats = formats.filter(({ write }) => write?.sheet !== undefined).map(({ id }) => id);

describe.each(tableFormats)('writing answers as %s', (id) => {
  it('gives the same table when read again', async () => {
    const bytes = await bytesOf(writeAnswers(table(), id));
    expect(contentOf((await read(`again.${id}`, bytes)).table)).toEqual(contentOf(table()));
  });
  it('keeps several questions apart', async () => {
    const both = [table(full, 'animal'), table(full.slice(0, 2), 'mood')];
    const { tables } = await read(`again.${id}`, await bytesOf(writeAnswers(both, id)));
    expect([...tables.keys()]).toEqual(['animal', 'mood']);
    for (const one of both) expect(contentOf(tables.get(one.question)!.table)).toEqual(contentOf(one));
  });
  it('gives any names back exactly', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((text) => text.isWellFormed());
    const label = name.filter((text) => !['NA', 'N/A', 'NaN', 'nan', 'null', 'NULL'].includes(text));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, name, label), { minLength: 1, maxLength: 20 }), async (rows) => {
        const before = answersFrom(rows);
        const again = await read(`again.${id}`, await bytesOf(writeAnswers(before, id)));
        expect(contentOf(again.table)).toEqual(contentOf(before));
      }),
      { numRuns: 60, seed: 7 },
    );
  });
});

describe.each(tableFormats)('writing pages as %s', (id) => {
  const rows = Array.from({ length: 25 }, (_, i) => ({
    task: `t,${i}`,
    label: i % 3 === 0 ? null : `say "${i}"`,
    at: 1e12 + i,
  }));
  const sheetOf = (some: typeof rows): Sheet => ({
    length: some.length,
    columns: [
      { name: 'task', kind: 'text', at: (row) => some[row].task },
      { name: 'label', kind: 'text', at: (row) => some[row].label },
      { name: 'at', kind: 'time', at: (row) => some[row].at },
    ],
  });
  const cut = async function* (...ends: readonly number[]): AsyncGenerator<Sheet> {
    for (const [i, end] of ends.entries()) yield sheetOf(rows.slice(ends[i - 1] ?? 0, end));
  };
  it.each([[[25]], [[10, 20, 25]], [[0, 24, 24, 25]], [[0]]])('gives the whole table, cut at %j', async (ends) => {
    const pages = await bytesOf(writePages(cut(...ends), id));
    const whole = await bytesOf(writeSheet(sheetOf(rows.slice(0, ends.at(-1))), id));
    if (id !== 'parquet') expect(new TextDecoder().decode(pages)).toBe(new TextDecoder().decode(whole));
    else
      expect(await parquetReadObjects({ file: pages.buffer as ArrayBuffer })).toEqual(
        await parquetReadObjects({ file: whole.buffer as ArrayBuffer }),
      );
  });
  it('asks for a page only when the one before was taken', async () => {
    let asked = 0;
    const chunks = writePages(
      (async function* () {
        for (; asked < 1000; asked++) yield sheetOf(rows);
      })(),
      id,
    );
    await chunks.next();
    expect(asked).toBeLessThan(500);
    await chunks.return();
  });
});

describe('choosing a format for output', () => {
  it('knows which formats can be written page by page', () => {
    expect(['csv', 'a.tsv.gz', 'a.parquet', 'jsonl', 'label-studio', 'hugging-face'].map(writesInPages)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(() => writePages((async function* () {})(), 'argilla')).toThrow(/^unknown format/);
  });
  it('goes by extension or id, and packs .gz', async () => {
    expect(outputFormat('out/labels.TSV', 'results').format.id).toBe('tsv');
    expect(outputFormat('jsonl', 'results').format.id).toBe('jsonl');
    expect(outputFormat('labels.label-studio.json', 'results').format.id).toBe('label-studio');
    expect(outputFormat('labels.json', 'results').format.id).toBe('json');
    const packed = await bytesOf(writeAnswers(table(), 'a.csv.gz'));
    expect([...packed.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
    expect(contentOf((await read('a.csv.gz', packed)).table)).toEqual(contentOf(table()));
  });
  it('refuses unknown extensions with the known ones', () => {
    expect(() => outputFormat('labels.xlsx', 'results')).toThrow(
      /unknown format for the results: "labels.xlsx"; .*csv/,
    );
  });
});

describe('writing the plain table', () => {
  it('writes only the columns that are used', async () => {
    const plain = answersFrom([
      ['t1', 'ana', 'cat'],
      ['t1', 'bo', 'dog, small'],
    ]);
    expect(await textOf(writeAnswers(plain, 'csv'))).toBe('task,worker,label\nt1,ana,cat\nt1,bo,"dog, small"\n');
  });
});
