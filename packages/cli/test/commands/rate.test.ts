import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, dataFolder, filesIn, folderWith } from '../support/run-cli.ts';

const values = 'task,worker,value\na,ana,1\na,bo,2\nb,ana,7\nb,bo,9\nb,cy,8\n';

describe('assay rate', () => {
  const folder = folderWith({ 'values.csv': values, 'truth.csv': 'task,value\na,1.5\nb,8.5\nz,1\n' });

  it('prints one JSON document with exactly the documented keys', () => {
    const run = assay(['rate', 'values.csv', '--truth', 'truth.csv', '--json'], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(Object.keys(document)).toEqual([
      ...[
        'schema',
        'method',
        'seed',
        'level',
        'answers',
        'duplicates',
        'skipped',
        'scores',
        'tasks',
        'workers',
        'notes',
      ],
    ]);
    expect(document.tasks.map(({ value }: { value: number }) => value)).toEqual([1.5, 8]);
    expect(document.scores).toMatchObject({ tasks: 2, mae: 0.25, covered: 1 });
    expect(Object.keys(document.workers[0])).toEqual([
      ...['worker', 'answers', 'bias', 'biasLo', 'biasHi', 'noise', 'noiseLo', 'noiseHi'],
    ]);
  });

  it('prints values on stdout, writes files and says so', () => {
    const own = folderWith({ 'values.csv': values });
    expect(assay(['rate', 'values.csv', '-m', 'median'], { cwd: own }).stdout).toBe(
      'task,value,lo,hi,answers\na,1.5,,,2\nb,8,,,3\n',
    );
    const run = assay(['rate', 'values.csv', '-m', 'gaussian', '-o', 'v.json', '--workers-out', 'w.csv'], { cwd: own });
    expect(run.code).toBe(0);
    expect(filesIn(own)).toEqual(['v.json', 'values.csv', 'w.csv']);
    const [first] = JSON.parse(readFileSync(join(own, 'v.json'), 'utf8'));
    expect(first.lo).toBeLessThan(first.value);
    expect(run.stdout).toContain('Wrote v.json');
  });

  const wrong: readonly (readonly [what: string, args: readonly string[], code: number, id: string])[] = [
    ['an unknown method', ['values.csv', '-m', 'mode'], 2, 'invalid-argument'],
    ['an unknown role', ['values.csv', '--columns', 'valeu=value'], 2, 'invalid-argument'],
    ['an extension nobody writes', ['values.csv', '-o', 'v.xls'], 2, 'unknown-format'],
    ['a missing file', ['nowhere.csv'], 1, 'missing-file'],
    ['labels', ['-', '-o', 'v.csv'], 1, 'invalid-number'],
  ];
  it.each(wrong)('refuses %s and writes nothing', (_what, args, code, id) => {
    const before = filesIn(folder);
    const input = 'task,worker,label\na,ana,cat\n';
    const plain = assay(['rate', ...args], { cwd: folder, input });
    expect(plain).toMatchObject({ code, stdout: '' });
    expect(plain.stderr).toMatch(/^assay: (.*:\d+: )?(missing|unknown|invalid|ambiguous) .*; ./);
    expect(JSON.parse(assay(['rate', '--json', ...args], { cwd: folder, input }).stdout).errors[0].code).toBe(id);
    expect(filesIn(folder)).toEqual(before);
  });
});

const emotion = join(dataFolder, 'emotion');
describe.skipIf(!existsSync(emotion))('assay rate on real ratings (docs/data.md says where to get them)', () => {
  it('has the published errors of mean and median', () => {
    const scores = (method: string): { mae: number; rmse: number } => {
      const args = ['rate', join(emotion, 'labels.csv'), '--truth', join(emotion, 'truth.csv'), '-m', method, '--json'];
      return JSON.parse(assay(args).stdout).scores;
    };
    // N_Emotion in Zheng et al. (2017), VLDB: 12.02 and 17.84, 13.53 and 21.26.
    expect(scores('mean').mae).toBeCloseTo(12.02, 2);
    expect(scores('mean').rmse).toBeCloseTo(17.84, 2);
    expect(scores('median').mae).toBeCloseTo(13.53, 2);
    expect(scores('median').rmse).toBeCloseTo(21.26, 2);
  });
});
