import { createHash } from 'node:crypto';
import { type AnswerTable, answersFrom, dawidSkeneMap, emptyReceipt, fit, majorityVote } from '@assay/core';
import { type ReportInput, report } from '@assay/figures/report';
import { describe, expect, it } from 'vitest';
import { expectedConfusion, leastCertain, votesOf } from '../../src/report/crowd.ts';
import { sortScript, sortScriptHash } from '../../src/report/script.ts';
import { crowd, fullInput } from '../helpers/crowd.ts';
import { hostile } from '../helpers/figures.ts';
import { everyElement, parseXml, textOf, type XmlElement } from '../helpers/xml.ts';

const small = crowd({ tasks: 120, workers: 14, classes: ['bug', 'praise', 'question'], answersPerTask: 4 });

/** The page as a tree: the markup is XML but for the doctype, and the texts of style and script. */
function parsed(page: string): XmlElement {
  expect(page.startsWith('<!doctype html>\n')).toBe(true);
  const body = page.slice('<!doctype html>\n'.length).trimEnd();
  return parseXml(body.replace(/(<(style|script)>)[\s\S]*?(<\/\2>)/g, '$1$3'));
}

function all(root: XmlElement, name: string): XmlElement[] {
  return [...everyElement(root)].filter((element) => element.name === name);
}

function inputOf(table: AnswerTable, extra: Partial<ReportInput> = {}): ReportInput {
  return {
    title: 'A report',
    receipt: emptyReceipt(),
    table,
    estimate: fit(majorityVote, table),
    method: majorityVote,
    ...extra,
  };
}

describe('report', () => {
  it('is one well-formed page with every section, and links that lead to them', () => {
    const root = parsed(report(fullInput(small)));
    const ids = [...everyElement(root)].flatMap((element) => element.attributes.get('id') ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = all(root, 'a').map((link) => link.attributes.get('href')?.slice(1));
    expect(targets).toHaveLength(1 + all(root, 'section').length);
    for (const target of targets) expect(ids).toContain(target);
    expect(all(root, 'section').map((section) => section.attributes.get('id'))).toEqual([
      'quality',
      'notes',
      'checks',
      'labels',
      'workers',
      'confusions',
      'agreement',
      'reading',
      'method',
    ]);
  });

  it('shows what was measured and under which assumption', () => {
    const words = textOf(parsed(report(fullInput(small))));
    expect(words).toContain('This holds if workers err independently');
    expect(words).toContain('93.0%');
    expect(words).toContain('90.0% to 95.0%, 90% interval');
    expect(words).toContain("Krippendorff's alpha");
    expect(words).toContain('12 tasks have one answer only.');
    expect(words).toContain('ticket → task');
    expect(words).toContain('Raykar');
    expect(words).toMatch(/Labels for 120 tasks were inferred from 480 answers of 14 workers \(3 classes\)/);
    expect(words).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('loads nothing from outside and allows its own script only', () => {
    const page = report(fullInput(small));
    expect(page.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|src=|@import|url\(/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain(`default-src 'none'`.replaceAll("'", '&#39;'));
    expect(sortScriptHash).toBe(`sha256-${createHash('sha256').update(sortScript).digest('base64')}`);
  });

  it('cannot be broken by hostile names', () => {
    const nasty = hostile.filter((name) => name.trim() !== '');
    const recipe = { tasks: 60, workers: nasty.length, classes: nasty.slice(0, 6), answersPerTask: 4 };
    const worker = (index: number): string => nasty[index];
    const task = (index: number): string => `${index} ${nasty[index % nasty.length]}`;
    const input = fullInput(crowd({ ...recipe, workerName: worker, taskName: task }));
    const [evil] = nasty;
    const page = report({
      ...input,
      title: nasty[1],
      why: evil,
      notes: nasty,
      methodsParagraph: evil,
      citations: nasty,
      made: evil,
      checkCommand: evil,
      files: { workers: evil, labels: evil, checks: evil },
      checkList: [{ task: `0 ${nasty[0]}`, candidates: [{ label: evil, probability: 0.5 }], why: evil }],
      agreement: [{ name: evil, value: 0.5, sentence: evil }],
      receipt: {
        ...input.receipt,
        sources: nasty,
        guesses: nasty,
        caseTwins: [nasty],
        columns: [{ from: evil, to: 'task' }],
        format: evil,
      },
    });
    const root = parsed(page);
    expect(all(root, 'script')).toHaveLength(1);
    expect(all(root, 'img')).toHaveLength(0);
    for (const element of everyElement(root)) {
      for (const name of element.attributes.keys()) expect(name).not.toMatch(/^on|^style$|^src$/);
    }
    expect(textOf(root)).toContain('<script>alert(1)</script>');
    expect(page.length).toBeLessThan(600_000);
  });

  it('is a page for every degenerate input', () => {
    const tables: Record<string, AnswerTable> = {
      empty: answersFrom([]),
      'one answer': answersFrom([['t', 'w', 'a']]),
      'one class': answersFrom([
        ['t', 'w', 'a'],
        ['u', 'w', 'a'],
        ['t', 'v', 'a'],
      ]),
      'one worker': answersFrom([
        ['t', 'w', 'a'],
        ['u', 'w', 'b'],
      ]),
      'a tie': answersFrom([
        ['t', 'w', 'a'],
        ['t', 'v', 'b'],
      ]),
      'classes without answers': answersFrom([['t', 'w', 'a']], { classes: ['a', 'b', 'c'] }),
    };
    for (const [name, table] of Object.entries(tables)) {
      for (const method of [majorityVote, dawidSkeneMap]) {
        const root = parsed(report({ ...inputOf(table), estimate: fit(method, table), method }));
        expect(textOf(root), name).not.toMatch(/NaN|undefined|Infinity|\[object/);
        expect(all(root, 'section').length, name).toBeGreaterThanOrEqual(4);
      }
    }
  });

  it('says where only a part of the workers is shown', () => {
    const page = report(fullInput(small), { workers: 5, matrices: 2 });
    const words = textOf(parsed(page));
    expect(words).toContain('Showing 5 of 14 workers, those with the most answers; all of them are in workers.csv.');
    expect(words).toContain('Showing 2 of 14 workers, those with the most answers.');
  });

  it('says so when the method was given gold labels', () => {
    const input = fullInput(small);
    expect(textOf(parsed(report(input)))).toContain('The method did not see the truth.');
    const { table } = small.table.withGold(new Map([...small.truth].slice(0, 7)));
    expect(textOf(parsed(report({ ...input, table })))).toContain('The method was given 7 gold labels');
  });

  it('takes a check list instead of the least certain tasks', () => {
    const checkList = [
      {
        task: 'task-3',
        candidates: [
          { label: 'bug', probability: 0.6 },
          { label: 'praise', probability: 0.4 },
        ],
        why: 'two groups of workers see it differently',
      },
    ];
    const words = textOf(parsed(report({ ...fullInput(small), checkList })));
    expect(words).toContain('Tasks to check first');
    expect(words).not.toContain('The least certain tasks');
    expect(words).toContain('two groups of workers see it differently');
    expect(words).toContain('praise 40.0%');
  });

  it('is the same text for the same input', () => {
    expect(report(fullInput(small))).toBe(report(fullInput(small)));
  });

  it('refuses an estimate of other answers', () => {
    const other = answersFrom([['t', 'w', 'a']]);
    expect(() => report({ ...fullInput(small), table: other })).toThrow(
      /invalid estimate: got "120 tasks, 3 classes"; give the estimate of this table/,
    );
  });

  it('takes 100,000 answers in under 2 MB and 3 s of CPU time', () => {
    const big = crowd({
      tasks: 20_000,
      workers: 10_000,
      classes: Array.from({ length: 20 }, (_, k) => `class ${k}`),
      answersPerTask: 5,
    });
    const input: ReportInput = { ...fullInput(big, fit(majorityVote, big.table)), method: majorityVote };
    const before = process.cpuUsage();
    const page = report(input);
    const { user, system } = process.cpuUsage(before);
    expect(page.length).toBeLessThan(2_000_000);
    expect((user + system) / 1e6).toBeLessThan(3);
    expect(textOf(parsed(page))).toContain('Showing 200 of ');
  });
});

describe('the expected confusion', () => {
  const estimate = fit(dawidSkeneMap, small.table);

  it('adds the posterior of the task to the column of every answer', () => {
    const { table } = small;
    const K = table.classCount;
    const brute = Array.from({ length: K }, () => new Array<number>(K).fill(0));
    for (let answer = 0; answer < table.answerCount; answer++) {
      const task = table.answerTask[answer];
      for (let k = 0; k < K; k++) brute[k][table.label[answer]] += estimate.posterior[task * K + k];
    }
    const { pooled } = expectedConfusion(table, estimate, []);
    pooled.forEach((row, k) => {
      row.forEach((count, said) => {
        expect(count).toBeCloseTo(brute[k][said], 9);
      });
    });
  });

  it('of all workers adds up to the pooled one', () => {
    const { table } = small;
    const { pooled, single } = expectedConfusion(
      table,
      estimate,
      Array.from({ length: table.workerCount }, (_, w) => w),
    );
    pooled.forEach((row, k) => {
      row.forEach((count, said) => {
        expect(single.reduce((sum, matrix) => sum + matrix[k][said], 0)).toBeCloseTo(count, 9);
      });
    });
  });

  it('adds rare classes up and loses no answer', () => {
    const many = crowd({
      tasks: 300,
      workers: 10,
      classes: Array.from({ length: 40 }, (_, k) => `c${k}`),
      answersPerTask: 3,
    });
    const { classes, pooled } = expectedConfusion(many.table, fit(majorityVote, many.table), [], 8);
    expect(classes).toHaveLength(8);
    expect(classes[7]).toBe('33 others');
    expect(pooled.flat().reduce((sum, count) => sum + count, 0)).toBeCloseTo(many.table.answerCount, 6);
  });
});

describe('tasks to look at', () => {
  const table = answersFrom([
    ['sure', 'a', 'x'],
    ['sure', 'b', 'x'],
    ['open', 'a', 'x'],
    ['open', 'b', 'y'],
    ['open', 'c', 'x'],
    ['tied', 'a', 'x'],
    ['tied', 'b', 'y'],
  ]);

  it('come with the least certain first', () => {
    const estimate = fit(majorityVote, table);
    expect(leastCertain(estimate, 2).map((task) => table.tasks.name(task))).toEqual(['tied', 'open']);
  });

  it('show what was answered', () => {
    expect(votesOf(table, table.tasks.indexOf('open'))).toBe('2 × x, 1 × y');
  });
});
