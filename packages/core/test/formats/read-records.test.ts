import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { type FileRecord, readRecords } from '../../src/formats/read-records.ts';
import { sourceOf } from '../../src/formats/source.ts';
import { writeSheet } from '../../src/formats/write.ts';

async function recordsOf(name: string, content: string | Uint8Array, format?: string): Promise<FileRecord[]> {
  const all: FileRecord[] = [];
  await readRecords(sourceOf(name, content), (records) => void all.push(...records), { format });
  return all;
}

const rows = [
  { id: 'a', text: 'one' },
  { id: 'b', text: 'two' },
];
const csv = 'id,text\na,one\nb,two\n';

async function parquet(): Promise<Uint8Array> {
  const columns = (['id', 'text'] as const).map((name) => ({
    name,
    kind: 'text' as const,
    at: (row: number): string => rows[row][name],
  }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSheet({ length: rows.length, columns }, 'parquet')) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('reading records', () => {
  it('reads the same rows of every kind of file', async () => {
    const files: readonly (readonly [string, string | Uint8Array])[] = [
      ['t.csv', csv],
      ['t.tsv', csv.replaceAll(',', '\t')],
      ['t.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')],
      ['t.json', JSON.stringify(rows, null, 2)],
      ['t.parquet', await parquet()],
      ['t.zip', zipSync({ 'inner/t.csv': new TextEncoder().encode(csv) })],
    ];
    for (const [name, content] of files) {
      expect(
        (await recordsOf(name, content)).map(({ values }) => ({ ...values })),
        name,
      ).toEqual(rows);
    }
  });

  it('says the line of every record', async () => {
    const records = await recordsOf('t.csv', 'id,text\na,"one\nmore"\nb,two\n');
    expect(records.map(({ line }) => line)).toEqual([2, 4]);
  });

  it('keeps a column named __proto__ as an ordinary column', async () => {
    const [record] = await recordsOf('t.csv', '__proto__,text\nx,y\n');
    expect(Object.keys(record.values)).toEqual(['__proto__', 'text']);
  });

  it('refuses what is no table of records, with its line', async () => {
    await expect(recordsOf('t.csv', 'id,id\n1,2\n')).rejects.toMatchObject({ code: 'duplicate-column', line: 1 });
    await expect(recordsOf('t.csv', 'id,text\n1\n')).rejects.toMatchObject({ code: 'ragged-row', line: 2 });
    await expect(recordsOf('t.json', '[{"id":1},\n3]')).rejects.toMatchObject({ code: 'invalid-record', line: 2 });
    await expect(recordsOf('t.csv', '')).rejects.toMatchObject({ code: 'empty-file' });
    await expect(recordsOf('t.bin', Uint8Array.of(1, 0, 2, 0))).rejects.toMatchObject({ code: 'unknown-format' });
    await expect(recordsOf('t.csv', csv, 'parquet')).rejects.toMatchObject({ code: 'wrong-format' });
  });
});
