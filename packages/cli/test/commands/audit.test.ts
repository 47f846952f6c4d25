import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, filesIn, folderWith, root } from '../support/run-cli.ts';

const example = join(root, 'examples/applications');
const flags = ['answers.csv', '--attributes', 'people.csv', '--positive', 'fit', '-m', 'majority-vote'];
const copies = Object.fromEntries(
  ['answers.csv', 'people.csv', 'truth.csv'].map((name) => [name, readFileSync(join(example, name), 'utf8')]),
);

describe('assay audit of workers', () => {
  it('names who guesses and who copies, in words, as JSON and as a file', () => {
    const rows = copies['answers.csv'].trimEnd().split('\n');
    const added = rows.slice(1).flatMap((row, i) => {
      const [task, worker, label] = row.split(',');
      const always = i % 5 === 0 ? [`${task},hans,fit`] : [];
      return worker === 'abe' ? [...always, `${task},twin,${label}`] : always;
    });
    const folder = folderWith({ 'answers.csv': `${[...rows, ...added].join('\n')}\n` });
    const args = ['audit', 'answers.csv', '-m', 'coin-shrunk'];
    const text = assay([...args, '-o', 'workers.csv'], { cwd: folder });
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(
      /^Guessing: 1 of 14 workers to look at.*\n.*\nhans +600 .* guesses: answers hardly depend/,
    );
    expect(text.stdout).toContain('Together: abe, twin');
    expect(text.stderr).toContain('percent agreement');
    const lines = readFileSync(join(folder, 'workers.csv'), 'utf8').trimEnd().split('\n');
    expect(lines[0]).toBe('worker,answers,score,lo,hi,direction,direction_lo,direction_hi,verdict,together');
    expect(lines.filter((line) => line.endsWith(',1')).map((line) => line.split(',')[0])).toEqual(['abe', 'twin']);
    const document = JSON.parse(assay([...args, '--json'], { cwd: folder }).stdout);
    expect(Object.keys(document)).toEqual(['schema', 'method', 'seed', 'agreement', 'workers', 'copying', 'notes']);
    expect(document.copying).toMatchObject({ groups: [['abe', 'twin']], pairs: [{ agreement: 1 }] });
    expect(document.workers).toHaveLength(14);
  });
});

describe('assay audit of groups', () => {
  const folder = folderWith(copies);

  it('prints one JSON document with exactly the documented keys', () => {
    const run = assay(['audit', ...flags, '--truth', 'truth.csv', '--json'], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(Object.keys(document)).toEqual([
      ...['schema', 'method', 'seed', 'agreement', 'workers', 'copying', 'positive', 'attributes', 'notes'],
    ]);
    const [age, region] = document.attributes;
    expect([age.attribute, region.attribute]).toEqual(['age', 'region']);
    for (const audit of document.attributes) {
      expect(Object.keys(audit)).toEqual(['attribute', 'decisions', 'crowd', 'workers']);
      expect(Object.keys(audit.decisions)).toEqual(['groups', 'gaps']);
      expect(Object.keys(audit.decisions.gaps)).toEqual([
        ...['demographicParity', 'equalOpportunity', 'falsePositive', 'equalisedOdds', 'accuracy'],
      ]);
      expect(Object.keys(audit.decisions.gaps.accuracy)).toEqual([
        ...['value', 'lo', 'hi', 'high', 'low', 'ratio', 'pValue', 'flagged'],
      ]);
    }
    expect(age.decisions.gaps.equalOpportunity).toMatchObject({ high: 'old', low: 'young', flagged: true });
    expect(region.decisions.gaps.equalOpportunity.flagged).toBe(false);
    const suspected = (audit: typeof age): string[] =>
      audit.workers.flatMap(({ worker, suspected }: { worker: string; suspected: string[] }) =>
        suspected.length > 0 ? [worker] : [],
      );
    expect(suspected(age)).toEqual(['gia', 'hugo', 'kim']);
    expect(suspected(region)).toEqual([]);
  });

  it('compares only what labels say where no truth is known, and says what that hides', () => {
    const run = assay(['audit', ...flags, '--attribute', 'age'], { cwd: folder });
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('Gap of "says fit where it is true": too little is known to say');
    expect(run.stdout).toContain('What cannot be said: who is wronged. Without --truth');
    expect(run.stderr).toContain('gaps are too small, and shared ones disappear');
  });

  it('writes rates, and labels by thresholds of each group', () => {
    const own = folderWith(copies);
    const more = ['--attribute', 'age', '--truth', 'truth.csv', '--equalise', 'true-positive-rate'];
    const run = assay(['audit', ...flags, ...more, '--rates-out', 'rates.csv', '--labels-out', 'labels.csv'], {
      cwd: own,
    });
    expect(run.code).toBe(0);
    expect(filesIn(own)).toEqual(['answers.csv', 'labels.csv', 'people.csv', 'rates.csv', 'truth.csv']);
    const rates = readFileSync(join(own, 'rates.csv'), 'utf8').split('\n');
    expect(rates[0]).toMatch(/^attribute,of,worker,group,positive_rate,positive_rate_lo,/);
    // Two groups of the labels, of all answers and of each worker.
    expect(rates.filter((line) => line !== '')).toHaveLength(1 + 2 * (2 + 12));
    expect(readFileSync(join(own, 'labels.csv'), 'utf8')).toMatch(/^task,label,/);
    const [, before, after] = /the gap goes from (\S+) to (\S+),/.exec(run.stdout) ?? [];
    expect(Number(after)).toBeLessThan(Number(before) / 2);
  });

  it('takes gold as the truth of workers', () => {
    const gold = ['audit', ...flags, '--attribute', 'age', '--gold', 'truth.csv', '--json'];
    const { attributes } = JSON.parse(assay(gold, { cwd: folder }).stdout);
    expect(attributes[0].decisions.gaps.equalOpportunity.value).toBe(null);
    expect(attributes[0].crowd.gaps.equalOpportunity.low).toBe('young');
  });

  it('is neutral where no task has a group', () => {
    const own = folderWith({ ...copies, 'others.csv': 'task,age\nz1,old\nz2,young\n' });
    const args = ['audit', 'answers.csv', '--attributes', 'others.csv', '--positive', 'fit', '-m', 'wawa', '--json'];
    const { attributes } = JSON.parse(assay(args, { cwd: own }).stdout);
    expect(attributes[0].decisions.gaps.demographicParity).toMatchObject({ value: null, flagged: false });
  });

  const own = folderWith({
    ...copies,
    'twice.csv': 'task,age\na001,old\na001,young\n',
    'none.csv': 'task\na001\n',
    'nameless.csv': 'x,y\n1,2\n',
    'many.csv': `task,age\n${Array.from({ length: 30 }, (_, i) => `a${i},${i}\n`).join('')}`,
  });
  const before = filesIn(own);
  const with_ = (file: string): string[] => ['answers.csv', '--attributes', file, '--positive', 'fit', '-o', 'o.csv'];
  const wrong: readonly (readonly [what: string, args: readonly string[], code: number, id: string])[] = [
    ['missing attributes', ['answers.csv', '--positive', 'fit'], 2, 'missing-attributes'],
    ['rates without attributes', ['answers.csv', '--rates-out', 'r.csv'], 2, 'missing-attributes'],
    ['a missing positive label', ['answers.csv', '--attributes', 'people.csv'], 2, 'missing-positive'],
    ['labels without a rate', [...with_('people.csv'), '--labels-out', 'l.csv'], 2, 'missing-equalise'],
    ['an unknown rate', [...with_('people.csv'), '--equalise', 'luck'], 2, 'invalid-argument'],
    ['an unknown label', ['answers.csv', '--attributes', 'people.csv', '--positive', 'fat'], 1, 'unknown-label'],
    ['an unknown attribute', [...with_('people.csv'), '--attribute', 'aeg'], 1, 'unknown-column'],
    [
      'several attributes to equalise',
      [...with_('people.csv'), '--equalise', 'positive-rate'],
      1,
      'ambiguous-attribute',
    ],
    ['two groups of a task', with_('twice.csv'), 1, 'ambiguous-group'],
    ['a file without attributes', with_('none.csv'), 1, 'missing-column'],
    ['a file without tasks', with_('nameless.csv'), 1, 'missing-column'],
    ['measurements', with_('many.csv'), 1, 'invalid-attribute'],
    ['standard input used twice', ['-', '--attributes', '-', '--positive', 'fit'], 1, 'ambiguous-input'],
  ];
  it.each(wrong)('refuses %s and writes nothing', (_what, args, code, id) => {
    const plain = assay(['audit', ...args], { cwd: own });
    expect(plain).toMatchObject({ code, stdout: '' });
    expect(plain.stderr).toMatch(/^assay: (\S+: )?(missing|unknown|invalid|ambiguous) .*; ./);
    const json = assay(['audit', '--json', ...args], { cwd: own });
    expect(JSON.parse(json.stdout).errors[0].code).toBe(id);
    expect(filesIn(own)).toEqual(before);
  });
});
