import { answersFrom } from '@assay/core';
import { sourceOf, writeSheet } from '@assay/core/formats';
import { hashedText, joinFeatures, readFeatures, standardisationOf, standardised } from '@assay/learn/features';
import { gzipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';

const read = (name: string, content: string | Uint8Array): ReturnType<typeof readFeatures> =>
  readFeatures(sourceOf(name, content));

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

describe('tables of features', () => {
  const expected = { rows: 2, columns: 3, values: Float32Array.of(1, 0.5, -2, 0, 4, 5), tasks: ['a', 'b'] };

  it('reads lists of numbers from JSON lines, JSON and Parquet', async () => {
    const lines = '{"task":"a","flag":true,"embedding":[0.5,-2]}\n\n{"task":"b","flag":false,"embedding":[4,5]}\n';
    expect(await read('f', lines)).toEqual(expected);
    expect(await read('f', gzipSync(new TextEncoder().encode(lines)))).toEqual(expected);
    expect(await read('f', `[${lines.trim().replace('\n\n', ',')}]`)).toEqual(expected);
    const columnData = [
      { name: 'item_id', data: ['a', 'b'] },
      { name: 'flag', data: [true, false] },
      { name: 'embedding', data: [Array.of(0.5, -2), Array.of(4, 5)] },
    ];
    expect(await read('f', new Uint8Array(parquetWriteBuffer({ columnData })))).toEqual(expected);
  });

  it('reads columns of numbers from Parquet', async () => {
    const sheet = {
      length: 2,
      columns: [
        { name: 'task', kind: 'text', at: (row: number) => 'ab'[row] },
        { name: 'x', kind: 'number', at: (row: number) => [1.5, 2][row] },
        { name: 'n', kind: 'integer', at: (row: number) => row },
      ],
    } as const;
    const file = await bytesOf(writeSheet(sheet, 'f.parquet'));
    expect(await read('f.parquet', file)).toEqual({
      rows: 2,
      columns: 2,
      values: Float32Array.of(1.5, 0, 2, 1),
      tasks: ['a', 'b'],
    });
    await expect(read('f.parquet', file.subarray(0, file.length - 9))).rejects.toThrow(
      /invalid Parquet file f\.parquet/,
    );
  });

  it('refuses what cannot be features and says where', async () => {
    const cases: [string, RegExp][] = [
      ['{"task":"a","x":1}\n{"task":"b"}\n', /"" at record 2 \(task "b"\), column "x"/],
      ['{"task":"a","x":[1,2]}\n{"task":"b","x":[1]}\n', /1 numbers at record 2 .*, 2 before/],
      ['{"task":"a","x":"high"}\n', /"high" at record 1/],
      ['{"x":1}\n', /missing task column/],
      ['{"task":"","x":1}\n', /no task in record 1/],
      ['{"task":"a","x":1}\n{"task":"a","x":2}\n', /"a" twice/],
      ['{"task":"a","truth":"cat","x":1}\n', /a column "truth"/],
      ['{"task":"a","text":["x"]}\n{"task":"b","text":"words"}\n', /object in record 1, column "text"/],
      ['{"task":"a",\n', /invalid JSON in "f" at line 1/],
      ['{"task":"a","x":1}\n7\n', /invalid JSON in "f" at line 2: record 2 is no object/],
      ['[]', /no rows/],
    ];
    for (const [content, message] of cases) await expect(read('f', content), content).rejects.toThrow(message);
  });
});

describe('text', () => {
  it('takes the text of a table alone and says what it leaves out', async () => {
    const matrix = await read('f.csv', 'id,sentence,stars,label\nt1,A good film,5,good\nt2,,1,bad\n');
    expect(matrix).toMatchObject({ rows: 2, columns: 2048, tasks: ['t1', 't2'], weighting: 'rarity' });
    expect(matrix.notes).toEqual(['f.csv: the text of sentence is taken; not stars, label']);
    const joined = joinFeatures(answersFrom([['t1', 'ana', 'x']]), matrix);
    expect(joined.notes).toContain('f.csv: the text of sentence is taken; not stars, label');
    expect(matrix.values.subarray(2048).every((value) => value === 0)).toBe(true);
    // A column called text that holds numbers is a number like others.
    expect(await read('f.csv', 'task,text\na,1\nb,2\n')).toMatchObject({ columns: 1 });
  });

  it('gives equal words equal rows of length 1, whatever case, punctuation or composition', () => {
    const { values } = hashedText(['Café, good café!', 'cafe\u0301 GOOD café', 'other words'], ['a', 'b', 'c']);
    const [a, b, c] = [0, 1, 2].map((row) => [...values.subarray(row * 2048, (row + 1) * 2048)]);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
    for (const row of [a, c]) expect(Math.hypot(...row)).toBeCloseTo(1, 6);
    // café, good, "café good", "good café": four columns, one counted twice.
    expect(a.filter((value) => value !== 0)).toHaveLength(4);
    const once = Math.min(...a.filter((value) => value !== 0).map(Math.abs));
    expect(Math.max(...a.map(Math.abs)) / once).toBeCloseTo(1 + Math.log(2), 5);
  });

  it('weighs words by how rare they are among the tasks trained on, and no others', () => {
    const matrix = hashedText(['common rare', 'common', 'common', 'unseen'], ['a', 'b', 'c', 'd']);
    const found = standardisationOf(matrix, [0, 1, 2]);
    const columnOf = (text: string): number => hashedText([text], ['x']).values.findIndex((value) => value !== 0);
    expect(found.scale[columnOf('common')]).toBeCloseTo(1, 6);
    expect(found.scale[columnOf('rare')]).toBeCloseTo(1 + Math.log(2), 6);
    expect(found.scale[columnOf('unseen')]).toBe(0);
    expect(found.constant).toBe(0);
    expect(
      standardised(matrix, found)
        .values.subarray(3 * 2048)
        .every((value) => Math.abs(value) === 0),
    ).toBe(true);
  });
});
