import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, folderWith } from '../support/run-cli.ts';

/** 40 tasks, five people: four of them right on three tasks of four, and a model that is right nine times of ten. */
function pilot(): { answers: string; gold: string } {
  const rows = ['task,worker,label'];
  const gold = ['task,label'];
  for (let task = 0; task < 40; task++) {
    const truth = task % 2 === 0 ? 'cat' : 'dog';
    const other = truth === 'cat' ? 'dog' : 'cat';
    gold.push(`t${task},${truth}`);
    for (let person = 0; person < 5; person++) {
      rows.push(`t${task},p${person},${(task * 7 + person * 3) % 4 === 0 ? other : truth}`);
    }
    rows.push(`t${task},bot,${task % 10 === 0 ? other : truth}`);
  }
  return { answers: `${rows.join('\n')}\n`, gold: `${gold.join('\n')}\n` };
}

describe('assay plan', () => {
  const { answers, gold } = pilot();
  const folder = folderWith({
    'answers.csv': answers,
    'gold.csv': gold,
    'prices.csv': 'who,price\nhuman,0.05\nbot,0.001\n',
  });

  it('prints one JSON document with people, AI and mixed plans and a recommendation', () => {
    const run = assay(
      [
        'plan',
        'answers.csv',
        '--budget',
        '6',
        '--prices',
        'prices.csv',
        '--gold',
        'gold.csv',
        '--draws',
        '4',
        '--json',
      ],
      { cwd: folder },
    );
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(document).toMatchObject({ schema: 1, tasks: 40, budgetMicros: 6_000_000, goldTasks: 40, upperBound: false });
    const names = document.points.map(({ name }: { name: string }) => name);
    expect(names).toContain('3 people');
    expect(names).toContain('bot');
    expect(names).toContain('bot, 3 people below 0.95');
    expect(document.points[document.recommended].affordable).toBe(true);
    expect(document.warnings.join(' ')).toContain('40 known labels');
  });

  it('draws the frontier and says in words what it assumes', () => {
    const flags = ['--budget', '6', '--prices', 'human=0.05,bot=0.001', '--draws', '2', '-o', 'plan.svg'];
    const run = assay(['plan', 'answers.csv', ...flags], { cwd: folder });
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^plan +cost +accuracy/);
    expect(run.stderr).toContain('upper bound');
    expect(run.stderr).toContain('Assumes: ');
    expect(readFileSync(join(folder, 'plan.svg'), 'utf8')).toMatch(/^<svg/);
  });

  it('refuses prices it cannot use before anything is computed', () => {
    const wrong = assay(['plan', 'answers.csv', '--budget', '6', '--prices', 'human=cheap', '--json'], { cwd: folder });
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.stdout).errors[0].code).toBe('invalid-price');
    const missing = assay(['plan', 'answers.csv', '--budget', '6', '--prices', 'bot=0.1', '--json'], { cwd: folder });
    expect(JSON.parse(missing.stdout).errors[0]).toMatchObject({ code: 'missing-price', got: 'human' });
    expect(assay(['plan', 'answers.csv', '--budget', 'much', '--prices', 'human=1'], { cwd: folder }).code).toBe(2);
  });
});
