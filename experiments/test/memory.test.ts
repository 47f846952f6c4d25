import { appendFile, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileMemory, once } from '../memory.ts';

it('remembers finished parts over runs, drops a line that was cut off, and forgets at the end', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'memory-')), 'out', 'study.partial.jsonl');
  let worked = 0;
  const work = async (): Promise<number> => ++worked;
  const first = await fileMemory(file);
  expect(await once(first, 'a', work)).toBe(1);
  expect(await once(first, 'a', work)).toBe(1);
  expect(await once(first, 'b', work)).toBe(2);
  await appendFile(file, '["c",');
  const second = await fileMemory(file);
  expect(await once(second, 'b', work)).toBe(2);
  expect(await once(second, 'c', work)).toBe(3);
  const third = await fileMemory(file);
  expect(await once(third, 'c', work)).toBe(3);
  expect(await once(undefined, 'c', work)).toBe(4);
  await third.clear();
  await expect(readFile(file)).rejects.toThrow();
});
