import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { answersFrom } from '../../src/answers/builder.ts';
import { InputError } from '../../src/errors.ts';
import { readAnswers } from '../../src/formats/read.ts';
import { fileSource } from '../../src/formats/source.ts';
import { writeAnswers, writeSheet } from '../../src/formats/write.ts';
import { bytesOf, contentOf, read, rowsOf } from './support.ts';

type Columns = Parameters<typeof parquetWriteBuffer>[0];
const file = (options: Columns): Uint8Array => new Uint8Array(parquetWriteBuffer(options));

/** The root and columns of lists of whole numbers or text. */
function listSchema(
  columns: Readonly<Record<string, 'INT64' | 'TEXT' | 'DOUBLE' | 'LIST INT64' | 'LIST TEXT' | 'LIST DOUBLE'>>,
) {
  const leaf = (name: string, type: string) =>
    type === 'TEXT'
      ? { name, type: 'BYTE_ARRAY' as const, converted_type: 'UTF8' as const, repetition_type: 'OPTIONAL' as const }
      : { name, type: type as 'INT64', repetition_type: 'OPTIONAL' as const };
  return [
    { name: 'root', num_children: Object.keys(columns).length },
    ...Object.entries(columns).flatMap(([name, type]) =>
      type.startsWith('LIST ')
        ? [
            { name, repetition_type: 'OPTIONAL' as const, num_children: 1, converted_type: 'LIST' as const },
            { name: 'list', repetition_type: 'REPEATED' as const, num_children: 1 },
            leaf('element', type.slice(5)),
          ]
        : [leaf(name, type)],
    ),
  ];
}

const classNames = (column: string, feature: unknown): { key: string; value: string }[] => [
  { key: 'huggingface', value: JSON.stringify({ info: { features: { [column]: feature } } }) },
];

describe('reading Parquet', () => {
  it('reads a long table, numbers and missing values included', async () => {
    const bytes = file({
      columnData: [
        { name: 'item', data: [1, 1, 2, 2], type: 'INT32' },
        { name: 'worker', data: ['ana', 'bo', 'ana', 'bo'], type: 'STRING' },
        { name: 'label', data: ['cat', 'dog', null, 'NA'], type: 'STRING' },
        { name: 'timestamp', data: [new Date(1767312345678), null, null, null], type: 'TIMESTAMP' },
      ],
    });
    const { table, receipt } = await read('a.parquet', bytes);
    expect(rowsOf(table)).toEqual(['1 ana cat', '1 bo dog']);
    expect([receipt.missing, receipt.format, table.time?.[0]]).toEqual([2, 'parquet', 1767312345678]);
  });

  it.each(['UNCOMPRESSED', 'SNAPPY'] as const)(
    'reads cells that are absent and repeated, with and without dictionaries, over many pages, %s',
    async (codec) => {
      const rows = Array.from({ length: 3000 }, (_, i) => i);
      const label = rows.map((i) => (i % 5 === 0 ? null : `class ${i % 37}`));
      const time = rows.map((i) => (i % 3 === 0 ? null : new Date(1767312345000 + i)));
      const weight = rows.map((i) => (i % 4 === 0 ? null : i / 8));
      for (const encoding of ['PLAIN', 'RLE_DICTIONARY'] as const) {
        const bytes = file({
          columnData: [
            { name: 'task', data: rows.map((i) => `t${i >> 1}`), type: 'STRING', encoding },
            { name: 'worker', data: rows.map((i) => `w${i & 1}`), type: 'STRING', encoding },
            { name: 'label', data: label, type: 'STRING', encoding },
            { name: 'timestamp', data: time, type: 'TIMESTAMP', encoding },
            { name: 'weight', data: weight, type: 'DOUBLE', encoding },
          ],
          codec,
          pageSize: 500,
          rowGroupSize: 1300,
        });
        const { table, receipt } = await read('a.parquet', bytes);
        const kept = rows.filter((i) => label[i] !== null);
        expect(rowsOf(table)).toEqual(kept.map((i) => `t${i >> 1} w${i & 1} ${label[i]}`));
        expect(Array.from(table.time ?? [])).toEqual(kept.map((i) => time[i]?.getTime() ?? Number.NaN));
        expect(Array.from(table.weight ?? [])).toEqual(kept.map((i) => weight[i] ?? 1));
        expect(receipt.missing).toBe(600);
      }
    },
  );

  it('takes the names of classes from the metadata', async () => {
    const bytes = file({
      columnData: [
        { name: 'task', data: ['t1', 't2', 't3'], type: 'STRING' },
        { name: 'worker', data: ['ana', 'ana', 'ana'], type: 'STRING' },
        { name: 'label', data: [1n, 0n, -1n], type: 'INT64' },
      ],
      kvMetadata: classNames('label', { names: ['no', 'yes'], _type: 'ClassLabel' }),
    });
    const { table, receipt } = await read('a.parquet', bytes);
    expect([rowsOf(table), receipt.missing]).toEqual([['t1 ana yes', 't2 ana no'], 1]);
  });

  it('reads lists of labels and annotators, and lists without annotators by place', async () => {
    const schema = listSchema({ id: 'TEXT', label: 'LIST INT64', annotator_id: 'LIST TEXT', gold: 'INT64' });
    const columnData = [
      { name: 'id', data: ['t1', 't2', 't3'] },
      { name: 'label', data: [[0n, 1n], [1n], []] },
      { name: 'annotator_id', data: [['ana', 'bo'], ['ana'], []] },
      { name: 'gold', data: [1n, null, null] },
    ];
    const kvMetadata = classNames('label', [{ names: ['no', 'yes'], _type: 'ClassLabel' }]);
    const { table } = await read('a.parquet', file({ columnData, schema, kvMetadata }));
    expect([rowsOf(table), table.taskCount]).toEqual([['t1 ana no', 't1 bo yes', 't2 ana yes'], 3]);
    const bare = file({
      columnData: columnData.slice(0, 2),
      schema: listSchema({ id: 'TEXT', label: 'LIST INT64' }),
      kvMetadata,
    });
    const { table: byPlace, receipt } = await read('a.parquet', bare);
    expect(rowsOf(byPlace)).toEqual(['t1 annotator 1 no', 't1 annotator 2 yes', 't2 annotator 1 yes']);
    expect(receipt.guesses).toHaveLength(1);
  });

  it('reads lists of probabilities', async () => {
    const bytes = file({
      columnData: [
        { name: 'task', data: ['t1'] },
        { name: 'worker', data: ['judge'] },
        { name: 'p', data: [[0.25, 0.75]] },
      ],
      schema: listSchema({ task: 'TEXT', worker: 'TEXT', p: 'LIST DOUBLE' }),
      kvMetadata: classNames('p', [{ names: ['no', 'yes'] }]),
    });
    const { table } = await read('a.parquet', bytes);
    expect([rowsOf(table), Array.from(table.soft ?? [])]).toEqual([['t1 judge yes'], [0.25, 0.75]]);
  });

  it("reads Argilla's flattened records", async () => {
    const bytes = file({
      columnData: [
        { name: 'id', data: ['r1'] },
        { name: 'mood.responses', data: [['good', 'bad']] },
        { name: 'mood.responses.users', data: [['u1', 'u2']] },
        { name: 'mood.responses.status', data: [['submitted', 'discarded']] },
      ],
      schema: listSchema({
        id: 'TEXT',
        'mood.responses': 'LIST TEXT',
        'mood.responses.users': 'LIST TEXT',
        'mood.responses.status': 'LIST TEXT',
      }),
    });
    const { table } = await read('a.parquet', bytes);
    expect([rowsOf(table), table.uncounted.map(({ status }) => status)]).toEqual([['r1 u1 good'], ['skip']]);
  });

  it('names the row of an error', async () => {
    const bytes = file({
      columnData: [
        { name: 'task', data: ['t1', ''], type: 'STRING' },
        { name: 'worker', data: ['ana', 'ana'], type: 'STRING' },
        { name: 'label', data: ['cat', 'dog'], type: 'STRING' },
      ],
    });
    await expect(read('a.parquet', bytes)).rejects.toThrow(
      expect.objectContaining({ code: 'missing-task', path: 'a.parquet#row 2' }),
    );
  });

  it('reads files of a browser from any place', async () => {
    const bytes = await bytesOf(writeAnswers(answersFrom([['t1', 'ana', 'cat']]), 'parquet'));
    const blob = Object.assign(new Blob([bytes as Uint8Array<ArrayBuffer>]), { name: 'a.parquet' });
    expect(rowsOf((await readAnswers(fileSource(blob))).table)).toEqual(['t1 ana cat']);
  });

  it('never crashes on damaged files', async () => {
    const rows = Array.from(
      { length: 200 },
      (_, i) => [`t${i % 50}`, `w${i % 7}`, i % 3 === 0 ? 'cat' : 'dog'] as const,
    );
    const bytes = await bytesOf(writeAnswers(answersFrom(rows), 'parquet'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 4, max: bytes.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const damaged = bytes.slice();
          for (const [at, byte] of changes) damaged[at] = byte;
          await read('a.parquet', damaged).catch((error: unknown) => expect(error).toBeInstanceOf(InputError));
        },
      ),
      { numRuns: 150, seed: 21 },
    );
  });
});

describe('writing Parquet', () => {
  it('keeps all rows of a table of several row groups', async () => {
    const rows = Array.from(
      { length: 150_001 },
      (_, i) => [`t${i >> 2}`, `w${i & 3}`, i % 7 === 0 ? 'cat' : 'dog'] as const,
    );
    const table = answersFrom(rows);
    const again = (await read('a.parquet', await bytesOf(writeAnswers(table, 'parquet')))).table;
    expect([again.worker, again.label, again.taskStart]).toEqual([table.worker, table.label, table.taskStart]);
  });
  it('writes a table without rows', async () => {
    const sheet = { length: 0, columns: [{ name: 'task', kind: 'text' as const, at: () => null }] };
    expect((await bytesOf(writeSheet(sheet, 'empty.parquet'))).length).toBeGreaterThan(8);
  });
  it('gives everything back that the format of lists carries', async () => {
    const table = answersFrom([
      ['t1', 'ana', 'cat'],
      ['t1', 'bo', 'dog'],
      ['t2', 'ana', 'dog'],
    ]);
    const bytes = await bytesOf(writeAnswers(table, 'hugging-face'));
    expect(contentOf((await read('a.parquet', bytes)).table)).toEqual(contentOf(table));
  });
});
