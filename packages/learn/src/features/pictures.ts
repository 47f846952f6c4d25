import { InputError, shown } from '@assay/core';
import { type FeatureMatrix, invalid } from './matrix.ts';

/** A picture as it lies in a folder. */
export interface PictureFile {
  /** Path below the folder; without its extension it is the name of the task. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How the numbers of pixels are scaled: 0 to 1, −1 to 1, or as networks trained on ImageNet expect. */
export type PixelScale = 'unit' | 'signed' | 'imagenet';

/** How pictures become features. */
export interface PictureOptions {
  /** Height and width every picture is brought to, in pixels; default 32. */
  readonly side?: number;
  /** Default `unit`. */
  readonly pixels?: PixelScale;
  /** Turns pictures into other features, for example an embedding model; a few pictures at a time. */
  readonly embed?: (pictures: FeatureMatrix) => Promise<FeatureMatrix>;
}

/** A decoded picture: red, green, blue, opacity per pixel, 0 to 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Pictures of more pixels are refused: their pixels alone would take 400 MB. */
const mostPixels = 1e8;

/** Pictures held as pixels at a time while others are embedded. */
const together = 32;

/**
 * Pictures (PNG, JPEG) as features: red, green and blue of `side` × `side` pixels, channels first, or
 * what `embed` makes of them.
 *
 * A picture is stretched to a square, each new pixel being the mean of the area it covers; transparent
 * parts become white, grey ones three equal channels, turns that a camera noted (EXIF) are not made.
 * Tasks are the names of the files without extension. Memory: 12 bytes a pixel kept, or the embedding.
 *
 * @throws {InputError} invalid-picture, with the file; invalid-features where there is none
 */
export async function readPictures(
  folder: string,
  files: AsyncIterable<PictureFile> | Iterable<PictureFile>,
  { side = 32, pixels = 'unit', embed }: PictureOptions = {},
): Promise<FeatureMatrix> {
  const parts: FeatureMatrix[] = [];
  let [names, held]: [string[], Float32Array[]] = [[], []];
  const flush = async (): Promise<void> => {
    if (names.length === 0) return;
    const values = new Float32Array(names.length * 3 * side * side);
    held.forEach((picture, i) => void values.set(picture, i * picture.length));
    const matrix = { rows: names.length, columns: 3 * side * side, values, picture: [3, side, side] as const };
    parts.push({ ...(embed === undefined ? matrix : await embed(matrix)), files: names });
    [names, held] = [[], []];
  };
  for await (const { name, bytes } of files) {
    held.push(planes(resized(await decoded(name, bytes), side), side, pixels));
    names.push(name);
    if (names.length === together) await flush();
  }
  await flush();
  if (parts.length === 0) throw invalid(folder, 'no PNG or JPEG picture', 'give a folder of them');
  return stacked(folder, parts);
}

function stacked(folder: string, parts: readonly FeatureMatrix[]): FeatureMatrix {
  const [{ columns, picture }] = parts;
  const files = parts.flatMap((part) => part.files ?? []);
  const values = new Float32Array(files.length * columns);
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  const tasks = files.map((name) => name.replace(/\.[^./\\]*$/, ''));
  const twice = tasks.find((task, index) => tasks.indexOf(task) !== index);
  if (twice !== undefined) throw invalid(folder, `two pictures called ${shown(twice)}`, 'keep one of them');
  return { rows: files.length, columns, values, tasks, files, ...(picture === undefined ? {} : { picture }) };
}

/**
 * The pixels of a PNG or JPEG file, whatever its depth and colours; the content decides, not the name.
 *
 * @throws {InputError} invalid-picture where it is damaged, of another kind or larger than 100 megapixels
 */
export async function decoded(name: string, bytes: Uint8Array): Promise<Pixels> {
  try {
    if (bytes[0] === 0x89 && bytes[1] === 0x50) return await fromPng(bytes);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return await fromJpeg(bytes);
  } catch (cause) {
    throw refused(name, (cause as Error).message, cause);
  }
  throw refused(name, 'neither PNG nor JPEG');
}

async function fromJpeg(bytes: Uint8Array): Promise<Pixels> {
  const { default: jpeg } = await import('jpeg-js');
  const options = { useTArray: true, maxResolutionInMP: mostPixels / 1e6, maxMemoryUsageInMB: 2048 } as const;
  const { width, height, data } = jpeg.decode(bytes, options);
  return { width, height, data };
}

async function fromPng(bytes: Uint8Array): Promise<Pixels> {
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33 || size.getUint32(16) * size.getUint32(20) > mostPixels)
    throw new RangeError('cut off, or more than 100 megapixels');
  const { convertIndexedToRgb, decode } = await import('fast-png');
  const png = decode(bytes);
  const { width, height, depth, channels } = png;
  // Fewer than eight bits a pixel are packed as entries of a palette are: grey is a palette of greys.
  const levels = 2 ** depth - 1;
  const greys = Array.from({ length: Math.min(256, levels + 1) }, (_, i) =>
    new Array<number>(3).fill((255 * i) / levels),
  );
  const palette = png.palette ?? (depth < 8 ? greys : undefined);
  const flat =
    palette === undefined ? png.data : convertIndexedToRgb({ ...png, palette: palette as typeof png.palette });
  const count = palette === undefined ? channels : palette[0].length;
  const scale = palette === undefined && depth === 16 ? 255 / 65535 : 1;
  const data = new Uint8Array(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const from = pixel * count;
    for (let channel = 0; channel < 3; channel++)
      data[pixel * 4 + channel] = scale * flat[from + (count >= 3 ? channel : 0)];
    data[pixel * 4 + 3] = count % 2 === 0 ? scale * flat[from + count - 1] : 255;
  }
  return { width, height, data };
}

function refused(name: string, why: string, cause?: unknown): InputError {
  const hint = 'save it as PNG or JPEG again, or take it out';
  return new InputError(`invalid picture ${shown(name)}: ${why}; ${hint}`, {
    code: 'invalid-picture',
    path: name,
    hint,
    cause,
  });
}

/** `side` × `side` × 3 numbers from 0 to 255 on white: rows first, then columns, by the area each new pixel covers. */
function resized({ width, height, data }: Pixels, side: number): Float64Array {
  const rows = new Float64Array(side * width * 3);
  areas(height, side, (to, from, share) => {
    for (let x = 0; x < width; x++) {
      const pixel = (from * width + x) * 4;
      const opacity = data[pixel + 3] / 255;
      for (let channel = 0; channel < 3; channel++) {
        const colour = opacity * data[pixel + channel] + (1 - opacity) * 255;
        rows[(to * width + x) * 3 + channel] += share * colour;
      }
    }
  });
  const result = new Float64Array(side * side * 3);
  areas(width, side, (to, from, share) => {
    for (let y = 0; y < side; y++)
      for (let channel = 0; channel < 3; channel++)
        result[(y * side + to) * 3 + channel] += share * rows[(y * width + from) * 3 + channel];
  });
  return result;
}

/** The share of each old cell in the mean of each new one. */
function areas(before: number, after: number, use: (to: number, from: number, share: number) => void): void {
  const width = before / after;
  for (let to = 0; to < after; to++) {
    const [start, end] = [to * width, (to + 1) * width];
    for (let from = Math.floor(start); from < end && from < before; from++) {
      const covered = Math.min(end, from + 1) - Math.max(start, from);
      if (covered > 0) use(to, from, covered / width);
    }
  }
}

/** What is subtracted and divided by, per channel, once pixels lie between 0 and 1. */
const scales: Readonly<
  Record<PixelScale, { readonly mean: readonly number[]; readonly deviation: readonly number[] }>
> = {
  unit: { mean: [0, 0, 0], deviation: [1, 1, 1] },
  signed: { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
};

/** Channels first, scaled. */
function planes(rgb: Float64Array, side: number, pixels: PixelScale): Float32Array {
  const { mean, deviation } = scales[pixels];
  const area = side * side;
  return Float32Array.from({ length: 3 * area }, (_, i) => {
    const channel = Math.floor(i / area);
    return (rgb[(i % area) * 3 + channel] / 255 - mean[channel]) / deviation[channel];
  });
}
