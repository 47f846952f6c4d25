import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError, shown } from '../errors.ts';
import type { RandomAccess, Source } from '../formats/source.ts';

const chunkBytes = 1 << 18;

/**
 * A file as a {@link Source}, read in chunks; `-` is standard input. Gzip is unpacked, also when
 * several archives were written one after another.
 *
 * @throws {InputError} missing-file, invalid-directory, unreadable-file
 * @example
 * await readAnswers(await openSource('answers.csv.gz'));
 */
export async function openSource(path: string): Promise<Source> {
  if (path === '-') return { name: 'standard input', bytes: process.stdin };
  const kind = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  if (kind.isDirectory()) {
    const hint = 'give the files in it, for example all of DIRECTORY/*.csv';
    throw new InputError(`invalid file ${shown(path)}: it is a directory; ${hint}`, {
      code: 'invalid-directory',
      path,
      hint,
    });
  }
  return { name: path, bytes: fileChunks(path), random: randomAccess(path, kind.size) };
}

/**
 * The sources of several paths. A directory stands for the files directly in it that have a known
 * extension, in order of name (exports that write one file per task or per member).
 *
 * @throws {InputError} missing-file, invalid-directory, unreadable-file
 */
export async function openSources(paths: readonly string[]): Promise<Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    const isDirectory =
      path !== '-' &&
      (await stat(path).then(
        (kind) => kind.isDirectory(),
        () => false,
      ));
    if (!isDirectory) {
      sources.push(await openSource(path));
      continue;
    }
    const names = (await readdir(path)).filter((name) => !name.startsWith('.')).sort((a, b) => (a < b ? -1 : 1));
    const files: string[] = [];
    for (const name of names) {
      if ((await stat(join(path, name))).isFile()) files.push(join(path, name));
    }
    const readable = files.filter((name) => readableName.test(name) || !/\.[a-z]+$/i.test(name));
    if (readable.length === 0) {
      const hint = 'give a directory of CSV, TSV, JSON, JSON lines or Parquet files, or the files themselves';
      throw new InputError(`invalid directory ${shown(path)}: no file of answers in it; ${hint}`, {
        code: 'invalid-directory',
        path,
        hint,
      });
    }
    for (const file of readable) sources.push(await openSource(file));
  }
  return sources;
}

const readableName = /\.(csv|tsv|tab|txt|json|jsonl|ndjson|parquet|zip|manifest|npy)(\.gz)?$/i;

/** Opens the file for each read: nothing is left open when reading stops early. */
function randomAccess(path: string, size: number): RandomAccess {
  return {
    size,
    async slice(from, to): Promise<ArrayBuffer> {
      const file = await open(path);
      try {
        const buffer = new ArrayBuffer(to - from);
        const { bytesRead } = await file.read(new Uint8Array(buffer), 0, to - from, from);
        return bytesRead === to - from ? buffer : buffer.slice(0, bytesRead);
      } finally {
        await file.close();
      }
    },
  };
}

async function* fileChunks(path: string): AsyncGenerator<Uint8Array, void, void> {
  let gzip = false;
  try {
    const file = await open(path);
    const { bytesRead, buffer } = await file.read(new Uint8Array(3), 0, 3, 0);
    await file.close();
    gzip = bytesRead === 3 && buffer[0] === 0x1f && buffer[1] === 0x8b && buffer[2] === 8;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const plain = createReadStream(path, { highWaterMark: chunkBytes });
  const stream = gzip ? pipeline(plain, createGunzip({ chunkSize: chunkBytes }), () => {}) : plain;
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if (!gzip || (cause as NodeJS.ErrnoException).syscall !== undefined) throw unreadable(path, cause);
    const hint = 'copy or download the file again';
    throw new InputError(`invalid gzip in ${shown(path)}: the file is cut off or damaged; ${hint}`, {
      code: 'invalid-gzip',
      path,
      hint,
      cause,
    });
  } finally {
    plain.destroy();
  }
}

function unreadable(path: string, cause: unknown): InputError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const hint = 'check the name and the folder';
    return new InputError(`missing file ${shown(path)}; ${hint}`, {
      code: 'missing-file',
      path,
      got: path,
      hint,
      cause,
    });
  }
  const hint = 'check the permissions and the disk';
  return new InputError(`invalid file ${shown(path)}: it cannot be read (${code ?? String(cause)}); ${hint}`, {
    code: 'unreadable-file',
    path,
    hint,
    cause,
  });
}
