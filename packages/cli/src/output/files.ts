import { randomBytes } from 'node:crypto';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError } from '@assay/core';

/** A file to be written, in chunks. */
export interface PendingFile {
  readonly path: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Text or bytes that are there already, as the content of a {@link PendingFile}. */
export async function* chunksOf(content: string | Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield typeof content === 'string' ? new TextEncoder().encode(content) : content;
}

/**
 * Writes all files or none: each goes to a temporary neighbour first and all are renamed at the end,
 * so that an interrupted run leaves what was there before.
 */
export async function writeAll(files: readonly PendingFile[]): Promise<void> {
  const written: { from: string; to: string }[] = [];
  try {
    for (const { path, content } of files) {
      const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
      const file = await open(temporary, 'wx');
      written.push({ from: temporary, to: path });
      try {
        for await (const chunk of content) await file.appendFile(chunk);
      } finally {
        await file.close();
      }
    }
    while (written.length > 0) {
      const { from, to } = written[0];
      await rename(from, to);
      written.shift();
    }
  } finally {
    for (const { from } of written) await rm(from, { force: true });
  }
}

/** Refuses output paths that cannot work before anything is read or computed. */
export async function checkWritable(paths: readonly string[], inputs: readonly string[]): Promise<void> {
  for (const path of paths) {
    const refuse = (problem: string, hint: string): never => {
      throw new InputError(`invalid output "${path}": ${problem}; ${hint}`, { code: 'invalid-output', path, hint });
    };
    const folder = await stat(dirname(path)).catch(() => undefined);
    if (folder?.isDirectory() !== true) refuse(`there is no folder "${dirname(path)}"`, 'make the folder first');
    const existing = await stat(path).catch(() => undefined);
    if (existing?.isDirectory() === true) refuse('it is a folder', 'name a file');
    for (const input of inputs) {
      const source = input === '-' ? undefined : await stat(input).catch(() => undefined);
      if (existing !== undefined && source?.ino === existing.ino && source.dev === existing.dev) {
        refuse(`it is the input "${input}"`, 'choose another name');
      }
    }
  }
  if (new Set(paths.map((path) => resolve(path))).size < paths.length) {
    throw new InputError('ambiguous output: two results have the same file name; give each its own', {
      code: 'invalid-output',
      hint: 'give each output its own name',
    });
  }
}
