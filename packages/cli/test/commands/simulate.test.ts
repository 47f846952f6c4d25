import { describe, expect, it } from 'vitest';
import { assay, folderWith } from '../support/run-cli.ts';

const rows = Array.from({ length: 30 }, (_, task) =>
  Array.from({ length: 4 }, (_, person) => `t${task},p${person},${(task + person) % 5 === 0 ? 'no' : 'yes'}`),
).flat();
const truth = Array.from({ length: 30 }, (_, task) => `t${task},yes`);

describe('assay simulate', () => {
  const folder = folderWith({
    'answers.csv': `task,worker,label\n${rows.join('\n')}\n`,
    'truth.csv': `task,label\n${truth.join('\n')}\n`,
    'recipe.json': '{ "tasks": 40, "workers": 8, "classes": ["cat", "dog"] }',
    'other.csv': 'task,label\nunknown,yes\n',
  });

  it('replays three strategies that meet where all answers are bought', () => {
    const flags = ['--truth', 'truth.csv', '--runs', '2', '--json'];
    const run = assay(['simulate', 'answers.csv', '-m', 'majority-vote', ...flags], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(document).toMatchObject({ schema: 1, answers: 120, runs: 2, method: 'majority-vote' });
    expect(document.curves.map(({ order }: { order: string }) => order)).toEqual(['random', 'round-robin', 'adaptive']);
    for (const { accuracy, needed } of document.curves) {
      expect(accuracy).toHaveLength(20);
      expect(accuracy[19]).toBeCloseTo(document.accuracy, 12);
      expect(needed > 0 && needed <= 1).toBe(true);
    }
  });

  it('draws a crowd from a recipe and numbers set, with its truth', () => {
    const flags = ['--set', 'answers=3', '-o', 'drawn.csv', '--truth-out', 'drawn-truth.csv', '--json'];
    const run = assay(['simulate', 'recipe.json', ...flags], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(run.stdout)).toMatchObject({ schema: 1, tasks: 40, answers: 120, classes: 2 });
    const scored = assay(['aggregate', 'drawn.csv', '--truth', 'drawn-truth.csv', '--json'], { cwd: folder });
    expect(JSON.parse(scored.stdout)).toMatchObject({ answers: 120, coverage: 1 });
    const piped = assay(['simulate', '--set', 'tasks=2', '--set', 'answers=1'], { cwd: folder });
    expect(piped.stdout).toMatch(/^task,worker,label\nt1,w\d+,class \d\nt2,w\d+,class \d\n$/);
  });

  it('refuses what is no recipe, and says how to replay', () => {
    const run = assay(['simulate', 'answers.csv', '--json'], { cwd: folder });
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout).errors[0]).toMatchObject({ code: 'invalid-recipe', path: 'answers.csv' });
    expect(run.stdout).toMatch(/--truth to replay/);
    expect(assay(['simulate', '--set', 'hard=2'], { cwd: folder }).code).toBe(1);
    expect(assay(['simulate', '-o', 'drawn.xyz'], { cwd: folder }).code).toBe(2);
  });

  it('refuses a truth of other tasks', () => {
    const run = assay(['simulate', 'answers.csv', '--truth', 'other.csv', '--json'], { cwd: folder });
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout).errors[0].code).toBe('missing-truth');
  });
});
