import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, dataFolder, filesIn, folderWith } from '../support/run-cli.ts';

const pairs = `worker,left,right,winner
ana,x,y,x
bo,x,y,x
cy,y,x,x
ana,y,z,y
bo,y,z,tie
cy,x,z,x
ana,x,z,x
`;

const itemKeys = [
  ...['item', 'score', 'lo', 'hi', 'rank', 'rankLo', 'rankHi', 'maybeFirst'],
  ...['comparisons', 'wins', 'losses', 'ties', 'group'],
];

describe('assay rank', () => {
  const folder = folderWith({ 'pairs.csv': pairs });

  it('prints one JSON document with exactly the documented keys', () => {
    const run = assay(['rank', 'pairs.csv', '--json'], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(Object.keys(document)).toEqual([
      ...[
        'schema',
        'method',
        'seed',
        'level',
        'comparisons',
        'ties',
        'duplicates',
        'skipped',
        'groups',
        'designEffect',
      ],
      ...['converged', 'iterations', 'objective', 'elapsedMs', 'cpuMs', 'items', 'workers', 'notes'],
    ]);
    expect(document).toMatchObject({ schema: 1, method: 'crowd-bradley-terry', comparisons: 7, ties: 1, groups: 1 });
    expect(document.items.map(({ item }: { item: string }) => item)).toEqual(['x', 'y', 'z']);
    for (const item of document.items) {
      expect(Object.keys(item)).toEqual(itemKeys);
      expect(item.lo).toBeLessThan(item.score);
      expect(item.rankLo).toBeLessThanOrEqual(item.rank);
      expect(item.rankHi).toBeGreaterThanOrEqual(item.rank);
    }
    expect(Object.keys(document.workers[0])).toEqual([
      ...['worker', 'comparisons', 'ties', 'reliability', 'lo', 'hi', 'agreement', 'firstShare', 'remarks'],
    ]);
  });

  it('prints the ranking on stdout and everything else on stderr', () => {
    const run = assay(['rank', 'pairs.csv'], { cwd: folder });
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('item,score,lo,hi,rank,rank_lo,rank_hi,maybe_first,comparisons,wins,losses,ties,group');
    expect(lines).toHaveLength(4);
    expect(run.stderr).toContain('Read 7 comparisons · 3 items · 3 workers · 1 tie');
  });

  it('writes files by their extension and tells a person', () => {
    const own = folderWith({ 'pairs.csv': pairs });
    const run = assay(['rank', 'pairs.csv', '-o', 'ranking.jsonl', '--workers-out', 'workers.csv'], { cwd: own });
    expect(run.code).toBe(0);
    expect(filesIn(own)).toEqual(['pairs.csv', 'ranking.jsonl', 'workers.csv']);
    expect(JSON.parse(readFileSync(join(own, 'ranking.jsonl'), 'utf8').split('\n')[0])).toMatchObject({
      item: 'x',
      rank: 1,
    });
    expect(run.stdout).toMatch(/^rank +ranks +item/);
    expect(run.stdout).toContain('First: x; ');
    expect(run.stdout).toContain('Wrote ranking.jsonl');
  });

  it('writes the pairs to ask about next, those that link groups first', () => {
    const own = folderWith({ 'pairs.csv': `${pairs}ana,p,q,p\n` });
    const run = assay(['rank', 'pairs.csv', '--next-out', 'next.csv', '--next', '3'], { cwd: own });
    expect(run.code).toBe(0);
    const [head, first, ...rest] = readFileSync(join(own, 'next.csv'), 'utf8').trimEnd().split('\n');
    expect(head).toBe('left,right,why');
    expect(first).toMatch(/^([pq],[xyz]|[xyz],[pq]),links groups$/);
    expect(rest).toHaveLength(2);
    for (const line of rest) expect(line).toMatch(/,tells most$/);
    const wrong = assay(['rank', 'pairs.csv', '--next', '0', '--json'], { cwd: own });
    expect(JSON.parse(wrong.stdout).errors[0].code).toBe('invalid-argument');
  });

  it('reads several files as one, and gives the same for the same seed in any order', () => {
    const [head, ...rows] = pairs.trimEnd().split('\n');
    const own = folderWith({
      'a.csv': `${head}\n${rows.slice(3).reverse().join('\n')}\n`,
      'b.csv': `${head}\n${rows.slice(0, 3).join('\n')}\n`,
    });
    const whole = assay(['rank', '-', '--seed', '3'], { input: pairs }).stdout;
    expect(assay(['rank', 'a.csv', 'b.csv', '--seed', '3'], { cwd: own }).stdout).toBe(whole);
  });

  it('trusts a single worker and says so', () => {
    const { stdout } = assay(['rank', '-', '--json'], { input: 'left,right,winner\nx,y,x\n' });
    const document = JSON.parse(stdout);
    expect(document.method).toBe('bradley-terry');
    expect(document.workers[0].reliability).toBe(null);
    expect(document.notes.join('\n')).toContain('all answers are trusted');
  });

  it('ranks nothing where nothing was compared', () => {
    const run = assay(['rank', '-', '--json'], { input: 'worker,left,right,winner\n' });
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ comparisons: 0, items: [], workers: [] });
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], code: number, id: string])[] = [
    ['an unknown method', ['pairs.csv', '-m', 'elo'], 2, 'invalid-argument'],
    ['a level above 1', ['pairs.csv', '--level', '95'], 2, 'invalid-argument'],
    ['an unknown role', ['pairs.csv', '--columns', 'lft=left'], 2, 'invalid-argument'],
    ['an extension nobody writes', ['pairs.csv', '-o', 'out.xlsx'], 2, 'unknown-format'],
    ['a missing file', ['nowhere.csv'], 1, 'missing-file'],
    ['an unknown column', ['pairs.csv', '--columns', 'left=lft', '-o', 'out.csv'], 1, 'unknown-column'],
    ['an output that is the input', ['pairs.csv', '-o', 'pairs.csv'], 1, 'invalid-output'],
  ];
  it.each(wrong)('refuses %s and writes nothing', (_what, args, code, id) => {
    const plain = assay(['rank', ...args], { cwd: folder });
    expect(plain).toMatchObject({ code, stdout: '' });
    expect(plain.stderr).toMatch(/^assay: (\S+:\d+: )?(missing|unknown|invalid|ambiguous) .*; ./);
    const json = assay(['rank', '--json', ...args], { cwd: folder });
    expect(JSON.parse(json.stdout).errors[0].code).toBe(id);
    expect(filesIn(folder)).toEqual(['pairs.csv']);
  });

  it('says which line of a file it does not understand', () => {
    const run = assay(['rank', '-', '--json'], { input: `${pairs}ana,x,y,q\nana,x,x,x\n` });
    expect(run.code).toBe(1);
    const { errors } = JSON.parse(run.stdout);
    expect(errors.map(({ code, line }: { code: string; line: number }) => [code, line])).toEqual([
      ['invalid-pair', 10],
      ['unknown-winner', 9],
    ]);
  });
});

const judged = join(dataFolder, 'llmfao');
describe.skipIf(!existsSync(judged))('assay rank on real comparisons (docs/data.md says where to get them)', () => {
  it('finds the order of the published Bradley-Terry scores, and the judge that prefers what comes first', () => {
    const people = join(judged, 'labels_with_ties.csv');
    const { items } = JSON.parse(assay(['rank', people, '-m', 'bradley-terry', '--json']).stdout);
    const reference = new Map<string, number>();
    for (const line of readFileSync(join(judged, 'reference_scores.csv'), 'utf8').split('\n')) {
      const [, item, score] = /^bradley_terry,"?(.*?)"?,([^,]*)$/.exec(line) ?? [];
      if (item !== undefined) reference.set(item, Number(score));
    }
    const scores: number[] = items.map(({ item }: { item: string }) => reference.get(item));
    let agreed = 0;
    for (let i = 0; i < scores.length; i++) for (let j = 0; j < i; j++) if (scores[j] > scores[i]) agreed++;
    expect(scores).toHaveLength(59);
    expect(agreed / ((59 * 58) / 2)).toBeGreaterThan(0.995);
    const both = JSON.parse(assay(['rank', people, join(judged, 'ai_labels.csv'), '--json']).stdout);
    const remarks = (name: string): string =>
      both.workers.find(({ worker }: { worker: string }) => worker === name).remarks.join();
    expect(remarks('gpt3')).toContain('prefers what is shown first (1,352 of 1,945)');
  });
});
