import { answersFrom, InputError } from '@assay/core';
import { decoded, joinFeatures, type PictureFile, readPictures } from '@assay/learn/features';
import fc from 'fast-check';
import { encode as encodePng } from 'fast-png';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';

/** A PNG of `channels` whose samples run through `values`. */
function png(
  width: number,
  height: number,
  channels: number,
  values: readonly number[],
  depth: 8 | 16 = 8,
): Uint8Array {
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  return encodePng({ width, height, data, channels, depth });
}

const one = async (bytes: Uint8Array, side: number, pixels?: 'unit' | 'signed' | 'imagenet'): Promise<number[]> =>
  Array.from((await readPictures('folder', [{ name: 'a.png', bytes }], { side, pixels })).values);

describe('pictures', () => {
  it('decodes grey, colours, opacity and 16 bits to the same four channels', async () => {
    const grey = await decoded('g', png(2, 1, 1, [0, 200]));
    expect([...grey.data]).toEqual([0, 0, 0, 255, 200, 200, 200, 255]);
    expect([...(await decoded('ga', png(1, 1, 2, [200, 100]))).data]).toEqual([200, 200, 200, 100]);
    expect([...(await decoded('rgb', png(1, 1, 3, [10, 20, 30]))).data]).toEqual([10, 20, 30, 255]);
    expect([...(await decoded('rgba', png(1, 1, 4, [10, 20, 30, 40]))).data]).toEqual([10, 20, 30, 40]);
    expect([...(await decoded('deep', png(1, 1, 3, [257, 514, 65535], 16))).data]).toEqual([1, 2, 255, 255]);
  });

  it('decodes palettes and packed bits', async () => {
    const pixelsOf = async (base64: string): Promise<number[]> =>
      Array.from((await decoded('x', Uint8Array.from(Buffer.from(base64, 'base64')))).data).filter((_, i) => i % 4 < 3);
    // Three pixels in a row, one bit each: white, black, white.
    const bits = 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAQAAAAAzmykZAAAACklEQVR4nGNYAAAAogCh3I2xzAAAAABJRU5ErkJggg==';
    expect(await pixelsOf(bits)).toEqual([255, 255, 255, 0, 0, 0, 255, 255, 255]);
    // Two bits each: entries 0, 1, 2 of a palette.
    const palette =
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEUBAgMoMjz/AADTrv8qAAAACklEQVR4nGOQAAAAGgAZLYj0NgAAAABJRU5ErkJggg==';
    expect(await pixelsOf(palette)).toEqual([1, 2, 3, 40, 50, 60, 255, 0, 0]);
  });

  it('decodes JPEG closely', async () => {
    const pixels = Uint8Array.from({ length: 16 * 16 * 4 }, (_, i) => [200, 90, 30, 255][i % 4]);
    const file = jpeg.encode({ width: 16, height: 16, data: pixels }, 95).data;
    const { width, height, data } = await decoded('a.jpg', new Uint8Array(file));
    expect([width, height]).toEqual([16, 16]);
    data.forEach((value, i) => void expect(Math.abs(value - pixels[i])).toBeLessThan(4));
  });

  it('means the area each new pixel covers, channels first, in the scale asked for', async () => {
    const rows = [0, 51, 102, 153, 204, 255, 0, 255];
    expect(await one(png(4, 2, 1, rows), 2)).toEqual(
      [...new Array(3)].flatMap(() => [25.5, 127.5, 229.5, 127.5].map((value) => Math.fround(value / 255))),
    );
    // Three pixels into two: the middle one is shared.
    const thirds = await one(png(3, 3, 1, [0, 90, 180, 0, 90, 180, 0, 90, 180]), 2);
    [30, 150, 30, 150].forEach((value, i) => void expect(thirds[i]).toBeCloseTo(value / 255, 6));
    // Larger: every new pixel lies within one old one.
    const larger = await one(png(1, 1, 3, [255, 0, 127]), 2);
    expect(larger.slice(0, 8)).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(await one(png(1, 1, 3, [255, 0, 127]), 1, 'signed')).toEqual([1, -1, Math.fround(127 / 255 / 0.5 - 1)]);
    expect((await one(png(1, 1, 3, [255, 0, 127]), 1, 'imagenet'))[0]).toBeCloseTo((1 - 0.485) / 0.229, 5);
    expect(await one(png(1, 1, 4, [0, 0, 0, 0]), 1), 'transparent is white').toEqual([1, 1, 1]);
  });

  it('names tasks by file, and finds them with or without extension', async () => {
    const files: PictureFile[] = ['cats/1.png', 'cats/2.png'].map((name) => ({ name, bytes: png(1, 1, 1, [9]) }));
    const matrix = await readPictures('folder', files, { side: 1 });
    expect(matrix).toMatchObject({ rows: 2, columns: 3, picture: [3, 1, 1], tasks: ['cats/1', 'cats/2'] });
    for (const task of ['cats/2', 'cats/2.png'])
      expect([...joinFeatures(answersFrom([[task, 'ana', 'x']]), matrix).rowOfTask]).toEqual([1]);
  });

  it('embeds a few pictures at a time', async () => {
    const sizes: number[] = [];
    const files = Array.from({ length: 70 }, (_, i) => ({ name: `${i}.png`, bytes: png(1, 1, 1, [i]) }));
    const matrix = await readPictures('folder', files, {
      side: 1,
      embed: async ({ rows, values }) => {
        sizes.push(rows);
        return { rows, columns: 1, values: Float32Array.from({ length: rows }, (_, row) => values[row * 3] * 255) };
      },
    });
    expect(sizes).toEqual([32, 32, 6]);
    expect(Array.from(matrix.values, Math.round)).toEqual(files.map((_, i) => i));
    expect(matrix.picture).toBeUndefined();
  });

  it('refuses what is no picture, with its name', async () => {
    const good = png(2, 2, 3, new Array<number>(12).fill(7));
    const huge = good.slice();
    new DataView(huge.buffer).setUint32(16, 2 ** 30);
    const cases: [PictureFile[], RegExp][] = [
      [
        [{ name: 'x.png', bytes: new TextEncoder().encode('GIF89a') }],
        /invalid picture "x\.png": neither PNG nor JPEG/,
      ],
      [[{ name: 'x.png', bytes: huge }], /more than 100 megapixels/],
      [[{ name: 'x.png', bytes: good.subarray(0, 40) }], /invalid picture "x\.png"/],
      [[{ name: 'x.jpg', bytes: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0) }], /invalid picture "x\.jpg"/],
      [
        [
          { name: 'a.png', bytes: good },
          { name: 'a.jpg', bytes: good },
        ],
        /two pictures called "a"/,
      ],
      [[], /no PNG or JPEG picture/],
    ];
    for (const [files, message] of cases) await expect(readPictures('folder', files)).rejects.toThrow(message);
  });

  it('says a clear error on any bytes, never anything else', async () => {
    const files = [png(3, 2, 3, new Array<number>(18).fill(99)), jpegOf(8)];
    const damage = fc.record({ file: fc.nat(1), at: fc.nat(), byte: fc.nat(255), end: fc.nat() });
    await fc.assert(
      fc.asyncProperty(damage, async ({ file, at, byte, end }) => {
        const bytes = files[file].slice(0, 20 + (end % files[file].length));
        bytes[at % bytes.length] = byte;
        try {
          const { width, height, data } = await decoded('x', bytes);
          expect(data).toHaveLength(width * height * 4);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});

function jpegOf(side: number): Uint8Array {
  const data = Uint8Array.from({ length: side * side * 4 }, (_, i) => (i * 37) % 256);
  return new Uint8Array(jpeg.encode({ width: side, height: side, data }, 80).data);
}
