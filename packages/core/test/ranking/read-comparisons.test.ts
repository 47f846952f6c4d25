import { gzipSync } from 'node:zlib';
import { InputError } from '@assay/core';
import { sourceOf } from '@assay/core/formats';
import { type ComparisonsRead, type ReadComparisonsOptions, readComparisons } from '@assay/core/ranking';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const read = (text: string, options: ReadComparisonsOptions = {}, name = 'pairs.csv'): Promise<ComparisonsRead> =>
  readComparisons(sourceOf(name, text), options);

/** Each comparison as text: who preferred what. */
function told({ comparisons }: ComparisonsRead): string[] {
  const { items, workers, winner, loser, worker, tied } = comparisons;
  return Array.from(winner, (item, e) => {
    const sign = tied[e] === 1 ? '=' : '>';
    return `${workers.name(worker[e])}: ${items.name(item)} ${sign} ${items.name(loser[e])}`;
  });
}

async function failures(text: string, options: ReadComparisonsOptions = {}): Promise<readonly InputError[]> {
  const error = await read(text, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof InputError)) throw new Error('nothing was refused');
  return error.all;
}

describe('readComparisons', () => {
  it('reads winners by name, by side and by letter alike', async () => {
    const names = await read('worker,left,right,winner\nana,x,y,x\nbo,y,x,x\nbo,x,z,tie\n');
    expect(told(names)).toEqual(['ana: x > y', 'bo: x > y', 'bo: x = z']);
    expect(Array.from(names.comparisons.winnerFirst ?? [])).toEqual([1, 0, 1]);
    expect(names.receipt).toMatchObject({ comparisons: 3, ties: 1, items: 3, workers: 2, missing: 0 });
    for (const [left, right] of [
      ['left', 'right'],
      ['A', 'B'],
      ['1', '2'],
      ['model_a', 'model_b'],
    ]) {
      const sides = await read(
        `judge,model_a,model_b,winner\nana,x,y,${left}\nbo,y,x,${right}\nbo,x,z,tie (bothbad)\n`,
      );
      expect(told(sides)).toEqual(told(names));
    }
  });

  it('reads winner and loser, without sides', async () => {
    const found = await read('{"chosen":"x","rejected":"y","annotator":"ana"}\n', {}, 'pairs.jsonl');
    expect(told(found)).toEqual(['ana: x > y']);
    expect(found.comparisons.winnerFirst).toBeUndefined();
  });

  it('takes a ranking for all its pairs, and equal ranks for ties', async () => {
    const found = await read('worker,task,item,rank\nana,q1,x,1\nana,q1,y,2\nana,q1,z,2\nbo,q1,y,1\n');
    expect(told(found)).toEqual(['ana: x > y', 'ana: x > z', 'ana: y = z']);
    expect(found.receipt.notes).toEqual(['each ranking counts as all pairs of its items']);
  });

  it('reads names of items before sides, and says where both would do', async () => {
    const found = await read('worker,left,right,winner\nana,2,1,1\nana,1,2,1\n');
    expect(told(found)).toEqual(['ana: 1 > 2', 'ana: 1 > 2']);
    expect(found.receipt.notes[0]).toMatch(/^winners in pairs.csv could be sides or items/);
  });

  it('settles repeated answers on a task by the rule; without a task all count', async () => {
    const text = 'worker,prompt,left,right,winner\nana,p,x,y,x\nana,p,y,x,y\nana,q,x,y,x\n';
    expect(told(await read(text))).toEqual(['ana: y > x', 'ana: x > y']);
    expect(told(await read(text, { duplicates: 'first' }))).toEqual(['ana: x > y', 'ana: x > y']);
    expect((await read(text, { duplicates: 'all' })).receipt).toMatchObject({ comparisons: 3, duplicates: 1 });
    await expect(read(text, { duplicates: 'error' })).rejects.toThrow(/^ambiguous answers: "ana" compared "x" and "y"/);
    const bare = await read('worker,left,right,winner\nana,x,y,x\nana,x,y,y\n');
    expect(bare.receipt).toMatchObject({ comparisons: 2, duplicates: 0 });
    expect(bare.receipt.notes[0]).toMatch(/^comparisons that repeat a worker's own: 1; all count/);
  });

  it('takes rows that name no worker as those of one, and leaves rows without a winner out', async () => {
    const found = await read('left,right,winner\nx,y,x\nx,y,\n');
    expect(found.receipt).toMatchObject({ comparisons: 1, missing: 1, workers: 1 });
    expect(found.receipt.notes[0]).toMatch(/^no column names the worker/);
    expect(told(await read('left,right,winner\nx,y,x\n', { worker: 'ana' }))).toEqual(['ana: x > y']);
  });

  it('reads other names of columns by choice, gzip, and several files as one', async () => {
    const columns = { left: 'p', right: 'q', winner: 'w', worker: 'u' } as const;
    expect(told(await read('u,p,q,w\nana,x,y,y\n', { columns }))).toEqual(['ana: y > x']);
    const packed = gzipSync('left,right,winner,worker\nx,y,y,ana\n');
    const both = await readComparisons([
      sourceOf('a.csv.gz', new Uint8Array(packed)),
      sourceOf('b.csv', 'worker,left,right,winner\nbo,z,x,z\n'),
    ]);
    expect(told(both)).toEqual(['ana: y > x', 'bo: z > x']);
  });

  it('refuses what it cannot understand, with file, line and what to do', async () => {
    const [first, second] = await failures('worker,left,right,winner\nana,x,y,x\nana,x,y,z\nana,x,x,x\n');
    expect(first).toMatchObject({ code: 'invalid-pair', path: 'pairs.csv', line: 4 });
    expect(second).toMatchObject({ code: 'unknown-winner', line: 3, got: 'z' });
    expect(second.message).toBe('unknown winner "z": neither "x" nor "y"; give the name of one of the two, or tie');
    const one = async (text: string, options?: ReadComparisonsOptions): Promise<InputError> =>
      (await failures(text, options))[0];
    expect(await one('a,b\n1,2\n')).toMatchObject({ code: 'missing-column', line: 1 });
    expect(
      await one('left,a,right,winner,choice,preferred\nx,y,z,x,x,x\n', { columns: { left: 'lft' } }),
    ).toMatchObject({ code: 'unknown-column', got: 'lft' });
    expect(await one('left,right,choice,chosen\nx,y,x,x\n')).toMatchObject({ code: 'ambiguous-column' });
    expect(await one('item,rank\nx,best\n')).toMatchObject({ code: 'invalid-rank', line: 2, got: 'best' });
    expect(await one('item,rank\nx,1\nx,2\n')).toMatchObject({ code: 'duplicate-item', line: 3 });
    expect(await one('left,right,winner\n,y,y\n')).toMatchObject({ code: 'missing-item', line: 2 });
    const json = await readComparisons(sourceOf('p.jsonl', '{"left":{"a":1},"right":"y","winner":"y"}\n')).catch(
      (thrown: unknown) => thrown,
    );
    expect(json).toMatchObject({ path: 'p.jsonl', line: 1 });
    expect(await failures(`left,right,winner\n${'x,y,z\n'.repeat(50)}`)).toHaveLength(20);
  });

  it('does not depend on the order of rows', async () => {
    const row = fc.record({
      worker: fc.constantFrom('ana', 'bo'),
      pair: fc.constantFrom('x,y', 'y,z', 'z,x'),
      winner: fc.constantFrom('left', 'right', 'tie'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 12 }), async (rows) => {
        const lines = rows.map(({ worker, pair, winner }) => `${worker},${pair},${winner}`);
        const text = (list: readonly string[]): string => `worker,left,right,winner\n${list.join('\n')}\n`;
        const found = await read(text(lines));
        const turned = await read(text([...lines].reverse()));
        expect(told(turned).sort()).toEqual(told(found).sort());
        expect(turned.comparisons.items.names()).toEqual(found.comparisons.items.names());
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});
