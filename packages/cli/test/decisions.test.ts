import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, filesIn, folderWith } from './support/run-cli.ts';

/** Ten workers, forty tasks; two workers in ten are always wrong, and a quarter of the tasks is close. */
const rows = Array.from({ length: 40 }, (_, t) => {
  const truth = t % 2 === 0 ? 'ham' : 'spam';
  const other = truth === 'ham' ? 'spam' : 'ham';
  return Array.from({ length: 7 }, (_, i) => {
    const worker = (t + i) % 10;
    const wrong = worker < 2 || (t % 4 === 0 && (worker + t) % 3 === 0);
    return `t${t},w${worker},${wrong ? other : truth}`;
  }).join('\n');
}).join('\n');
const answers = `task,worker,label\n${rows}\n`;
const costs = 'truth,label,cost\nham,spam,10\nspam,ham,1\n';

describe('assay aggregate: checks, costs, calibration', () => {
  const folder = folderWith({
    'answers.csv': answers,
    'costs.csv': costs,
    'wrong.csv': 'truth,label,cost\nham,eggs,1\n',
  });
  const run = (...args: string[]) => assay(['aggregate', 'answers.csv', ...args], { cwd: folder });

  it('writes the tasks to check beside the labels and takes them back as gold', () => {
    const first = run('-o', 'labels.csv', '-O', 'maxOverruled=0');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('Wrote labels.check.csv: fill in its label column and pass it with --gold');
    const [header, ...lines] = readFileSync(join(folder, 'labels.check.csv'), 'utf8').trimEnd().split('\n');
    expect(header).toBe('task,label,models_say,most_say,why');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThanOrEqual(30);
    // An unfilled list is no gold at all; a filled one is.
    expect(run('--gold', 'labels.check.csv', '-o', 'again.csv').code).toBe(0);
  });

  it('takes a filled list back under the same names, and never replaces what somebody filled in', () => {
    run('-o', 'mine.csv', '-O', 'maxOverruled=0');
    const [header, first, ...rest] = readFileSync(join(folder, 'mine.check.csv'), 'utf8').trimEnd().split('\n');
    const filled = [header, first.replace(',,', ',ham,'), ...rest].join('\n');
    writeFileSync(join(folder, 'mine.check.csv'), filled);
    for (const gold of [[], ['--gold', 'mine.check.csv']]) {
      expect(run('-o', 'mine.csv', '-O', 'maxOverruled=0', ...gold)).toMatchObject({ code: 0 });
      expect(readFileSync(join(folder, 'mine.check.csv'), 'utf8')).toBe(filled);
    }
  });

  it('labels what costs least and leaves open what costs more than that', () => {
    const plain = JSON.parse(run('-m', 'coin-shrunk', '--json').stdout);
    expect(plain.notes.join()).not.toContain('no label');
    run('-m', 'coin-shrunk', '--calibrate', '--costs', 'costs.csv', '--abstain', '0.05', '-o', 'costs-out.csv');
    const lines = readFileSync(join(folder, 'costs-out.csv'), 'utf8').trimEnd().split('\n').slice(1);
    for (const line of lines) {
      const [, label, , , , pHam, pSpam] = line.split(',');
      const least = Math.min(Number(pSpam), 10 * Number(pHam), 0.05);
      const costOf = label === 'ham' ? Number(pSpam) : label === 'spam' ? 10 * Number(pHam) : 0.05;
      expect(costOf).toBeCloseTo(least, 9);
    }
  });

  it('says what the labels of any method are worth when it calibrates', () => {
    const document = JSON.parse(run('-m', 'dawid-skene', '--calibrate', '--json').stdout);
    const { value, lo, hi } = document.expectedAccuracy;
    expect(lo).toBeLessThan(value);
    expect(value).toBeLessThan(hi);
    expect(document.notes.join()).toContain('tempered to the accuracy that auto expects');
  });

  it('refuses costs of unknown classes with their place, and writes nothing', () => {
    const before = filesIn(folder);
    const refused = run('--costs', 'wrong.csv', '-o', 'never.csv');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('wrong.csv');
    expect(refused.stderr).toContain('unknown class "eggs"');
    expect(filesIn(folder)).toEqual(before);
    expect(run('--abstain', 'cheap').code).toBe(2);
  });
});

describe('assay report', () => {
  const folder = folderWith({ 'answers.csv': answers, 'truth.csv': 'task,label\nt0,ham\nt1,spam\n' });

  it('writes one self-contained page with what matters', () => {
    const run = assay(
      ['report', 'answers.csv', '--truth', 'truth.csv', '-o', 'report.html', '--title', 'Ham <or> spam'],
      {
        cwd: folder,
      },
    );
    expect(run.code).toBe(0);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(page).toContain('Ham &lt;or&gt; spam');
    for (const text of ['expected accuracy', 'Tasks to check first', 'Krippendorff', 'w3'])
      expect(page).toContain(text);
    expect(page).not.toMatch(/(src|href)="https?:/);
  });

  it('refuses to write the page under the name of a table', () => {
    const run = assay(['report', 'answers.csv', '-o', 'labels.csv'], { cwd: folder });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('invalid output "labels.csv": the report is an HTML page');
    expect(existsSync(join(folder, 'labels.csv'))).toBe(false);
  });

  it('prints the page where no file is named', () => {
    const run = assay(['report', 'answers.csv', '-m', 'majority-vote'], { cwd: folder });
    expect(run.stdout.startsWith('<!doctype html>')).toBe(true);
  });
});

describe('assay reproduce', () => {
  it('lists experiments and refuses unknown ones with exit 2', () => {
    expect(assay(['reproduce']).stdout).toContain('turkontrol-2010');
    const unknown = assay(['reproduce', 'turkontrol-2009']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('did you mean turkontrol-20');
  });
});
