import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { InputError, shown } from '../errors.ts';

/**
 * Writes a file so that it appears whole or not at all: the chunks go to a temporary file beside it
 * that takes its name at the end. An existing file is replaced. `-` writes to standard output.
 *
 * @throws {InputError} unwritable-file; whatever `chunks` throws, with nothing written
 */
export async function writeFileAtomically(
  path: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  if (path === '-') {
    for await (const chunk of chunks)
      if (!process.stdout.write(chunk)) await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
    return;
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
  let created = false;
  try {
    const file = await open(temporary, 'wx').catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
    created = true;
    const stream = file.createWriteStream({ highWaterMark: 1 << 18 });
    try {
      for await (const chunk of chunks)
        if (!stream.write(chunk)) await new Promise<void>((resolve) => stream.once('drain', resolve));
      stream.end();
      await finished(stream);
    } finally {
      stream.destroy();
    }
    await rename(temporary, path).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
  } catch (error) {
    if (created) await rm(temporary, { force: true });
    throw error;
  }
}

function unwritable(path: string, cause: unknown): InputError {
  const { code } = cause as NodeJS.ErrnoException;
  const hint =
    code === 'ENOENT'
      ? 'make the folder first'
      : 'check that the folder can be written to and the name is no directory';
  return new InputError(`invalid output ${shown(path)}: it cannot be written (${code ?? String(cause)}); ${hint}`, {
    code: 'unwritable-file',
    path,
    got: path,
    hint,
    cause,
  });
}
