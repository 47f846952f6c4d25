import { answersFrom } from '@assay/core';
import { sourceOf } from '@assay/core/formats';
import {
  joinFeatures,
  matrixOf,
  meanPooled,
  readFeatures,
  rowNames,
  standardisationOf,
  standardised,
} from '@assay/learn/features';
import { gzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';

function npy(descr: string, shape: readonly number[], data: ArrayBufferView, fortran = false): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${shape.join(', ')},), }\n`;
  const bytes = new Uint8Array(10 + header.length + data.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length & 255, header.length >> 8]);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return bytes;
}

const six = Float32Array.of(1, 2, 3, 4, 5, 6);
const read = (name: string, content: string | Uint8Array): ReturnType<typeof readFeatures> =>
  readFeatures(sourceOf(name, content));

describe('features', () => {
  it('reads NumPy arrays of any number type, order and packing', async () => {
    const expected = { rows: 3, columns: 2, values: six };
    expect(await read('f', npy('<f4', [3, 2], six))).toEqual(expected);
    expect(await read('f', npy('<f8', [3, 2], Float64Array.from(six)))).toEqual(expected);
    expect(await read('f', npy('|u1', [3, 2], Uint8Array.from(six)))).toEqual(expected);
    expect(await read('f', npy('<i8', [3, 2], BigInt64Array.from([...six], BigInt)))).toEqual(expected);
    expect(await read('f', npy('<f4', [3, 2], Float32Array.of(1, 3, 5, 2, 4, 6), true))).toEqual(expected);
    expect(await read('f', npy('<f2', [1, 3], Uint16Array.of(0x3c00, 0xc000, 0x3555)))).toMatchObject({
      values: Float32Array.of(1, -2, 0.333251953125),
    });
    expect(await read('f', gzipSync(npy('<f4', [3, 2], six)))).toEqual(expected);
    expect(
      await read('f', zipSync({ 'features.npy': npy('<f4', [3, 2], six), 'y.npy': npy('<f4', [1], six) })),
    ).toEqual(expected);
  });

  it('reads IDX pictures and pools them', async () => {
    const idx = gzipSync(Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4, 1, 2, 3, 4, 5, 6, 7, 8));
    const pictures = await read('train-images-idx3-ubyte.gz', idx);
    expect(pictures).toMatchObject({ rows: 1, columns: 8, picture: [1, 2, 4] });
    expect(meanPooled(pictures, 2)).toMatchObject({
      columns: 2,
      values: Float32Array.of(3.5, 5.5),
      picture: [1, 1, 2],
    });
  });

  it('reads CSV with a task column', async () => {
    const csv = await read('f.csv', 'item,x,y\na,1,2\nb,3,-4e1\n');
    expect(csv).toEqual({ rows: 2, columns: 2, values: Float32Array.of(1, 2, 3, -40), tasks: ['a', 'b'] });
  });

  it('refuses what cannot be features and says where', async () => {
    const cases: [string | Uint8Array, RegExp][] = [
      ['task,x\na,1\nb,oops\n', /"oops" at row 3 \(task "b"\), column "x"/],
      ['task,x\na,1\nb,\n', /"" at row 3/],
      ['task,x\na,NaN\n', /"NaN" at row 2/],
      ['task,x\na,1e39\n', /Infinity at row 0 \(task "a"\), feature 0/],
      ['task,x\na,1\na,2\n', /"a" twice/],
      ['task,x\na,1,2\n', /3 cells/],
      ['task,x,truth\na,1,2\n', /"truth"/],
      ['x,y\n1,2\n', /missing task column/],
      ['task\na\n', /task column only/],
      ['', /no rows/],
      [npy('<f4', [4, 2], six), /fewer numbers/],
      [npy('<f4', [3, 2], Float32Array.of(1, 2, 3, Number.NaN, 5, 6)), /NaN at row 1, feature 1/],
      [npy('<U4', [3], six), /NumPy header|type/],
      [npy('<f4', [3, 2], six).subarray(0, 12), /NumPy header/],
      [Uint8Array.of(0, 0, 8, 3, 0, 0), /IDX header/],
      [zipSync({ 'a.npy': npy('<f4', [1], six), 'b.npy': npy('<f4', [1], six) }), /2 arrays/],
      [gzipSync(npy('<f4', [3, 2], six)).subarray(0, 30), /gzip/],
    ];
    for (const [content, message] of cases) await expect(read('f', content), String(message)).rejects.toThrow(message);
  });

  const table = answersFrom([
    ['10', 'ana', 'x'],
    ['9', 'ana', 'y'],
    ['2', 'bo', 'x'],
  ]);

  it('joins rows by name, by a file, or by sorted names with a note', () => {
    const three = matrixOf('f', [3, 2], six);
    expect([...joinFeatures(table, { ...three, tasks: ['2', '9', '77'] }).rowOfTask]).toEqual([-1, 1, 0]);
    const named = rowNames('rows.csv', [
      ['row', 'task'],
      ['0', '10'],
      ['2', '2'],
    ]);
    const joined = joinFeatures(table, three, { tasks: named });
    expect([...joined.rowOfTask]).toEqual([0, -1, 2]);
    expect(joined.notes).toEqual(['1 tasks have no features: their labels come from the answers alone']);
    const sorted = joinFeatures(table, three);
    expect([...sorted.rowOfTask]).toEqual([2, 1, 0]);
    expect(sorted.notes[0]).toContain('order of their sorted names');
    const four = matrixOf('f', [4, 1], [0, 1, 2, 3]);
    expect([...joinFeatures(table, four, { truthTasks: ['10', '9', '2', '1'] }).rowOfTask]).toEqual([3, 2, 1]);
  });

  it('refuses rows nobody can match', () => {
    const two = matrixOf('f', [2, 3], six);
    expect(() => joinFeatures(table, two)).toThrow(/ambiguous rows of features: 2 rows for 3 tasks/);
    expect(() => joinFeatures(table, { ...two, tasks: ['a', 'b'] })).toThrow(/unknown tasks/);
    expect(() => joinFeatures(table, two, { tasks: new Map([[7, '9']]) })).toThrow(/invalid row 7/);
    expect(() =>
      rowNames('r', [
        ['row', 'task'],
        ['x', '1'],
      ]),
    ).toThrow(/invalid row "x"/);
    expect(() => rowNames('r', [['line', 'task']])).toThrow(/missing column/);
  });

  it('standardises by the training rows alone, constant and huge columns included', () => {
    const matrix = matrixOf('f', [4, 3], [1e8, 5, 1, 1e8 + 16, 5, 3, 1e8, 5, 1, 0, 9, 99]);
    const found = standardisationOf(matrix, [0, 1]);
    expect(found.constant).toBe(1);
    const { values } = standardised(matrix, found);
    expect([...values.subarray(0, 6)]).toEqual([-1, 0, -1, 1, 0, 1]);
    expect(values[9 + 1]).toBe(0);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});
