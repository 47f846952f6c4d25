import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSource, readAnswersFile, readLabelsFile, writeFileAtomically } from '../../src/node/index.ts';

const csv = 'task,worker,label\nt1,ana,cat\n';
let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('reading files', () => {
  it('reads plain and gzip, also gzip of several members', async () => {
    writeFileSync(join(folder, 'a.csv'), csv);
    writeFileSync(join(folder, 'b.csv.gz'), Buffer.concat([gzipSync(csv), gzipSync('t2,bo,dog\n')]));
    expect((await readAnswersFile(join(folder, 'a.csv'))).table.answerCount).toBe(1);
    expect((await readAnswersFile(join(folder, 'b.csv.gz'))).table.answerCount).toBe(2);
    expect(await readLabelsFile(join(folder, 'a.csv'))).toEqual(new Map([['t1', 'cat']]));
  });
  it('takes a folder for its files in order of name', async () => {
    const several = join(folder, 'several');
    mkdirSync(several);
    writeFileSync(join(several, '2.csv'), 'task,worker,label\nt1,ana,dog\n');
    writeFileSync(join(several, '1.csv'), csv);
    writeFileSync(join(several, 'notes.pdf'), 'x');
    const { table, receipt } = await readAnswersFile(several);
    expect(table.classes.name(table.label[0])).toBe('dog');
    expect(receipt.sources).toEqual([join(several, '1.csv'), join(several, '2.csv')]);
  });
  it.each([
    ['missing.csv', 'missing-file'],
    ['a.csv/b', 'missing-file'],
  ])('refuses %s', async (name, code) => {
    const path = join(folder, name);
    await expect(readAnswersFile(path)).rejects.toThrow(expect.objectContaining({ code, path }));
  });
  it('refuses a folder without files of answers, and a folder where a file is needed', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await expect(readAnswersFile(empty)).rejects.toThrow(expect.objectContaining({ code: 'invalid-directory' }));
    await expect(openSource(empty)).rejects.toThrow(expect.objectContaining({ code: 'invalid-directory' }));
  });
  it('refuses gzip that is cut off', async () => {
    const path = join(folder, 'cut.csv.gz');
    const packed = gzipSync(csv.repeat(100));
    writeFileSync(path, packed.subarray(0, packed.length - 12));
    await expect(readAnswersFile(path)).rejects.toThrow(expect.objectContaining({ code: 'invalid-gzip', path }));
  });
});

describe('writing files', () => {
  const chunk = (text: string): Uint8Array => new TextEncoder().encode(text);
  it('writes all chunks and replaces what was there', async () => {
    const path = join(folder, 'out.csv');
    writeFileSync(path, 'old');
    await writeFileAtomically(path, [chunk('a'), chunk('b')]);
    expect(readFileSync(path, 'utf8')).toBe('ab');
  });
  it('leaves the old file and nothing else when the chunks fail', async () => {
    const path = join(folder, 'kept.csv');
    writeFileSync(path, 'old');
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield chunk('half');
      throw new Error('no more');
    };
    await expect(writeFileAtomically(path, failing())).rejects.toThrow('no more');
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
  it('refuses a folder that does not exist', async () => {
    const path = join(folder, 'nowhere', 'out.csv');
    await expect(writeFileAtomically(path, [])).rejects.toThrow(
      expect.objectContaining({ code: 'unwritable-file', path }),
    );
  });
});
