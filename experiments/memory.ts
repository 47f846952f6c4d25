import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Finished parts of a long experiment, so that a run that was stopped goes on where it was. */
export interface Memory {
  recall(key: string): unknown;
  keep(key: string, value: unknown): Promise<void>;
  /** Forgets everything: the experiment is done. */
  clear(): Promise<void>;
}

/**
 * A memory in a file of JSON lines. A last line that was cut off is ignored.
 *
 * Keys must hold everything a part depends on but the code: delete the file after changing that.
 */
export async function fileMemory(path: string): Promise<Memory> {
  const found = new Map<string, unknown>();
  const text = await readFile(path, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    try {
      const [key, value] = JSON.parse(line) as [string, unknown];
      found.set(key, value);
    } catch {
      // An empty line, or the one that was being written when the run was stopped.
    }
  }
  if (text !== '' && !text.endsWith('\n')) await appendFile(path, '\n');
  return {
    recall: (key) => found.get(key),
    async keep(key, value) {
      found.set(key, value);
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, `${JSON.stringify([key, value])}\n`);
    },
    clear: () => rm(path, { force: true }),
  };
}

/** What `work` gives for a key: from memory where it was kept, else worked out and kept. */
export async function once<T>(memory: Memory | undefined, key: string, work: () => Promise<T>): Promise<T> {
  const known = memory?.recall(key);
  if (known !== undefined) return known as T;
  const value = await work();
  await memory?.keep(key, value);
  return value;
}
