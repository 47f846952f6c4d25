import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, filesIn, folderWith, root } from '../support/run-cli.ts';

const captions = join(root, 'examples/captions');
const ballots = join(captions, 'ballots.csv');
const descriptions = join(captions, 'descriptions.csv');
const prices = ['--worth', '3', '--improvement-price', '0.05', '--ballot-price', '0.01'];

describe('assay control', () => {
  const folder = folderWith({
    'not.json': 'x',
    'bad.csv': 'pair,worker,vote\np,ana,maybe\n',
    'none.csv': 'artifact\n',
  });
  const learned = assay(
    ['control', 'learn', ballots, '--improvements', descriptions, ...prices, '-o', 'model.json', '--json'],
    { cwd: folder },
  );

  it('learns a model from the example and finds who votes with care', () => {
    expect(learned.code).toBe(0);
    const document = JSON.parse(learned.stdout);
    expect(Object.keys(document).sort()).toEqual(['improvers', 'model', 'report', 'schema', 'voters']);
    const gamma = new Map<string, number>(
      document.report.voters.map((voter: { worker: string; gamma: number }) => [voter.worker, voter.gamma]),
    );
    for (const careful of ['gil', 'hana', 'ivo']) {
      for (const careless of ['nia', 'otto']) expect(gamma.get(careful)).toBeLessThan(gamma.get(careless) ?? 0);
    }
    const { a, b } = document.model.initial;
    expect(a / (a + b)).toBeLessThan(0.25);
    const written = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
    expect(written.model).toEqual(document.model);
    expect(learned.stderr).toBe('');
  });

  it('solves the model in words, with the honest schedule beside it', () => {
    const run = assay(['control', 'solve', 'model.json', '--rows', '4'], { cwd: folder });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('Ask for an improvement. An improvement costs 0.05 and is worth');
    expect(run.stdout).toMatch(/best schedule +\d+ improvements? × \d+ ballots?: worth/);
    const json = JSON.parse(
      assay(['control', 'solve', 'model.json', '--rows', '2', '--budget', '30', '--tasks', '100', '--json'], {
        cwd: folder,
      }).stdout,
    );
    expect(json.policy).toHaveLength(2);
    expect(json.budget.summary.spent.mean).toBeLessThanOrEqual(0.3);
  });

  it('simulates controllers side by side', () => {
    const run = assay(['control', 'simulate', 'model.json', '--trials', '60', '--json'], { cwd: folder });
    expect(run.code).toBe(0);
    const { summaries } = JSON.parse(run.stdout);
    expect(summaries.map((one: { controller: string }) => one.controller.replace(/-\d+x\d+$/, ''))).toEqual([
      'fixed',
      'fixed-informed',
      'lookahead-3',
    ]);
    expect(assay(['control', 'simulate', 'model.json', '--trials', '60', '--json'], { cwd: folder }).stdout).toBe(
      run.stdout,
    );
  });

  it('refuses wrong input with 1 and wrong usage with 2, writing nothing', () => {
    const before = filesIn(folder);
    const wrong = (args: string[]): number => assay(['control', ...args], { cwd: folder }).code;
    expect(wrong(['solve', 'not.json'])).toBe(1);
    expect(wrong(['solve', 'missing.json'])).toBe(1);
    expect(wrong(['learn', 'bad.csv', '--improvements', 'none.csv', ...prices, '-o', 'out.json'])).toBe(1);
    expect(wrong(['learn', ballots, '--improvements', descriptions])).toBe(2);
    expect(wrong(['learn', ballots, '--improvements', descriptions, '--worth', 'much'])).toBe(2);
    expect(wrong(['solve', 'model.json', '--budget', '3'])).toBe(2);
    expect(wrong(['simulate', 'model.json', '--controllers', 'lookhead-3'])).toBe(2);
    expect(filesIn(folder)).toEqual(before);
    const failure = JSON.parse(
      assay(['control', 'learn', 'bad.csv', '--improvements', 'none.csv', ...prices, '--json'], { cwd: folder }).stdout,
    );
    expect(failure.errors[0]).toMatchObject({ code: 'invalid-vote', line: 2 });
  });

  it('learns a documented neutral model from empty logs', () => {
    const run = assay(['control', 'learn', 'none.csv', '--improvements', 'none.csv', ...prices], { cwd: folder });
    expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('missing column')]);
    const empty = folderWith({ 'b.csv': 'pair,worker,vote\n', 'a.csv': 'artifact\n' });
    const neutral = assay(['control', 'learn', 'b.csv', '--improvements', 'a.csv', ...prices], { cwd: empty });
    expect(neutral.code).toBe(0);
    expect(neutral.stderr).toContain('no ballots');
  });
});
