import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, dataFolder, filesIn, folderWith, mainFile, root } from './support/run-cli.ts';

const answers = `task,worker,label
t1,ana,cat
t1,bo,cat
t1,cy,dog
t2,ana,dog
t2,bo,dog
t3,ana,cat
t3,cy,dog
`;
const truth = 'task,label\nt1,cat\nt2,dog\nt3,cat\nt9,cat\n';
const files = { 'answers.csv': answers, 'truth.csv': truth };

const aggregateKeys = [
  'schema',
  'method',
  'seed',
  'tasks',
  'workers',
  'classes',
  'answers',
  'duplicates',
  'skipped',
  'converged',
  'iterations',
  'objective',
  'elapsedMs',
  'cpuMs',
  'notes',
];

describe('assay aggregate', () => {
  const folder = folderWith(files);

  it('prints one JSON document with exactly the documented keys', () => {
    const run = assay(['aggregate', 'answers.csv', '-m', 'dawid-skene', '--json'], { cwd: folder });
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(Object.keys(document).sort()).toEqual([...aggregateKeys].sort());
    expect(document).toMatchObject({
      schema: 1,
      tasks: 3,
      workers: 3,
      classes: 2,
      answers: 7,
      duplicates: 0,
      skipped: 0,
    });
  });

  it('chooses the method by itself, and says what accuracy to expect with an interval', () => {
    const { stdout } = assay(['aggregate', 'examples/tickets/answers.csv', '--json']);
    const document = JSON.parse(stdout);
    expect(document.method).toBe('auto');
    const { value, lo, hi } = document.expectedAccuracy;
    expect(Object.keys(document.expectedAccuracy)).toEqual(['value', 'lo', 'hi']);
    expect(0 <= lo && lo < value && value < hi && hi <= 1).toBe(true);
  });

  it('adds the scores when the truth is given', () => {
    const run = assay(['aggregate', 'answers.csv', '-m', 'majority-vote', '--truth', 'truth.csv', '--json'], {
      cwd: folder,
    });
    const document = JSON.parse(run.stdout);
    expect(Object.keys(document).sort()).toEqual([...aggregateKeys, 'accuracy', 'logLoss', 'ece', 'coverage'].sort());
    // t1 and t2 are right, t3 is a tie of two, t9 has no answer.
    expect(document).toMatchObject({ accuracy: 2.5 / 3, coverage: 0.75, method: 'majority-vote' });
  });

  it('prints labels on stdout and everything else on stderr', () => {
    const run = assay(['aggregate', 'answers.csv'], { cwd: folder });
    const lines = run.stdout.trimEnd().split('\n');
    expect(lines[0]).toBe('task,label,probability,tie,answers,p_cat,p_dog');
    expect(lines).toHaveLength(4);
    expect(run.stderr).toContain('Read 7 answers · 3 tasks · 3 workers · 2 labels');
  });

  it('writes both files and says so', () => {
    const own = folderWith(files);
    const run = assay(['aggregate', 'answers.csv', '-o', 'labels.csv', '--workers-out', 'workers.csv'], { cwd: own });
    expect(run.code).toBe(0);
    expect(filesIn(own)).toEqual(['answers.csv', 'labels.csv', 'truth.csv', 'workers.csv']);
    expect(readFileSync(join(own, 'workers.csv'), 'utf8')).toMatch(/^worker,kind,answers,accuracy,lo,hi,/);
    expect(run.stdout).toContain('Wrote labels.csv');
    expect(run.stdout).toContain('Next: ');
  });

  it.each(['csv', 'tsv', 'jsonl', 'json'])('writes .%s by the extension', (extension) => {
    const own = folderWith(files);
    assay(['aggregate', 'answers.csv', '-o', `labels.${extension}`], { cwd: own });
    const text = readFileSync(join(own, `labels.${extension}`), 'utf8');
    const first =
      extension === 'json'
        ? JSON.parse(text)[0]
        : extension === 'jsonl'
          ? JSON.parse(text.split('\n')[0])
          : text.split('\n')[1].split(extension === 'csv' ? ',' : '\t')[0];
    expect(typeof first === 'string' ? first : first.task).toBe('t1');
  });

  it('replaces an existing file whole and leaves no temporary file', () => {
    const own = folderWith({ ...files, 'labels.csv': 'old' });
    assay(['aggregate', 'answers.csv', '-o', 'labels.csv'], { cwd: own });
    expect(readFileSync(join(own, 'labels.csv'), 'utf8')).toMatch(/^task,label/);
    expect(filesIn(own)).toEqual(['answers.csv', 'labels.csv', 'truth.csv']);
  });

  it('reads standard input, several files and another column order', () => {
    const [head, ...rows] = answers.trimEnd().split('\n');
    const own = folderWith({
      'a.csv': `${head}\n${rows.slice(0, 3).join('\n')}\n`,
      'b.csv': `${head}\n${rows.slice(3).join('\n')}\n`,
      'odd.csv': `who;item;said\n${rows
        .map((row) => row.split(','))
        .map(([t, w, l]) => `${w};${t};${l}`)
        .join('\n')}\n`,
      'bare.tsv': `${rows
        .map((row) => row.split(','))
        .map(([t, w, l]) => `${w}\t${t}\t${l}`)
        .join('\n')}\n`,
    });
    const whole = assay(['aggregate', '-'], { cwd: own, input: answers }).stdout;
    expect(whole).toMatch(/^task,label.*\nt1,cat/);
    expect(assay(['aggregate', 'a.csv', 'b.csv'], { cwd: own }).stdout).toBe(whole);
    expect(assay(['aggregate', 'odd.csv', '--columns', 'worker=who,task=item,label=said'], { cwd: own }).stdout).toBe(
      whole,
    );
    expect(assay(['aggregate', 'bare.tsv', '--columns', 'worker,task,label'], { cwd: own }).stdout).toBe(whole);
  });

  it('settles repeated answers by the rule and counts them', () => {
    const repeated = `${answers}t2,bo,cat\n`;
    const count = (rule: string): { duplicates: number; answers: number } => {
      const { stdout } = assay(['aggregate', '-', '--json', '--duplicates', rule], { input: repeated });
      return JSON.parse(stdout);
    };
    expect(count('last')).toMatchObject({ duplicates: 1, answers: 7 });
    expect(count('first')).toMatchObject({ duplicates: 1, answers: 7 });
    expect(count('all')).toMatchObject({ duplicates: 1, answers: 8 });
    const refused = assay(['aggregate', '-', '--json', '--duplicates', 'error'], { input: repeated });
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout).errors[0].code).toBe('duplicate-answer');
  });

  it('takes the predictions of a model as an AI worker, whatever their form', () => {
    const own = folderWith({
      ...files,
      'labels.csv': 'task,label\nt1,cat\nt2,dog\nt3,dog\n',
      'soft.csv': 'task,p_cat,p_dog\nt1,0.9,0.1\nt2,0.2,0.8\nt3,0.4,0.6\n',
    });
    for (const file of ['labels.csv', 'soft.csv']) {
      const args = ['aggregate', 'answers.csv', '--predictions', `judge=${file}`, '--json', '--workers-out', 'w.csv'];
      const run = assay(args, { cwd: own });
      expect(JSON.parse(run.stdout)).toMatchObject({ workers: 4, answers: 10, tasks: 3 });
      expect(readFileSync(join(own, 'w.csv'), 'utf8')).toContain('judge,ai,3,');
    }
  });

  it('points numbers to where they are taken for numbers', () => {
    const rows = Array.from({ length: 30 }, (_, t) => `t${t % 10},w${Math.floor(t / 10)},${t * 1.5}`);
    const numbers = assay(['aggregate', '-', '-m', 'wawa', '--json'], {
      input: `task,worker,value\n${rows.join('\n')}\n`,
    });
    expect(JSON.parse(numbers.stdout).notes[0]).toMatch(/^the labels are 30 different numbers.*"assay rate"/);
    const grades = assay(['aggregate', '-', '-m', 'wawa', '--json'], {
      input: 'task,worker,label\nt1,ana,1\nt1,bo,2\n',
    });
    expect(JSON.parse(grades.stdout).notes.join()).not.toContain('assay rate');
  });

  it('passes options on to the method and gold to it', () => {
    const own = folderWith({ ...files, 'gold.csv': 'task,label\nt3,dog\n' });
    const few = assay(['aggregate', 'answers.csv', '-m', 'dawid-skene', '-O', 'maxIterations=1', '--json'], {
      cwd: own,
    });
    expect(JSON.parse(few.stdout).iterations).toBe(1);
    const told = assay(['aggregate', 'answers.csv', '-m', 'dawid-skene', '--gold', 'gold.csv'], { cwd: own });
    expect(told.stdout).toMatch(/^t3,dog,1,/m);
  });

  it('keeps the seed, and gives the same result for the same seed and order of rows', () => {
    const [head, ...rows] = answers.trimEnd().split('\n');
    const shuffled = `${[head, ...rows.reverse()].join('\n')}\n`;
    // Sums run in another order, which may change the last digits.
    const labels = (input: string): string[] => {
      const { stdout } = assay(['aggregate', '-', '--seed', '7'], { input });
      const rounded = stdout.replace(/\d\.\d{10,}/g, (number) => Number(number).toFixed(9));
      return rounded.trimEnd().split('\n').sort();
    };
    expect(labels(shuffled)).toEqual(labels(answers));
    expect(JSON.parse(assay(['aggregate', '-', '--seed', '7', '--json'], { input: answers }).stdout).seed).toBe(7);
  });

  it('shows the options of the chosen method in its help', () => {
    const run = assay(['aggregate', '-m', 'dawid-skene', '--help']);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('-O maxIterations=');
  });
});

describe('assay compare', () => {
  const folder = folderWith(files);

  it('prints every chosen method with the documented keys', () => {
    const run = assay(
      ['compare', 'answers.csv', '--truth', 'truth.csv', '--methods', 'majority-vote,dawid-skene', '--json'],
      {
        cwd: folder,
      },
    );
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const document = JSON.parse(run.stdout);
    expect(Object.keys(document).sort()).toEqual(['results', 'schema', 'tasks']);
    expect(document).toMatchObject({ schema: 1, tasks: 3 });
    expect(document.results.map(({ method }: { method: string }) => method)).toEqual(['majority-vote', 'dawid-skene']);
    for (const result of document.results) {
      const keys = ['method', 'accuracy', 'lo', 'hi', 'deltaVote', 'logLoss', 'ece', 'elapsedMs', 'converged'];
      expect(Object.keys(result).sort()).toEqual(keys.sort());
      expect(Object.keys(result.deltaVote)).toEqual(['value', 'lo', 'hi']);
      expect(result.lo).toBeLessThanOrEqual(result.accuracy);
      expect(result.hi).toBeGreaterThanOrEqual(result.accuracy);
    }
    expect(document.results[0].deltaVote).toEqual({ value: 0, lo: 0, hi: 0 });
  });

  it('runs all methods as a table', () => {
    const run = assay(['compare', 'answers.csv', '--truth', 'truth.csv', '--methods', 'all'], { cwd: folder });
    expect(run.code).toBe(0);
    expect(run.stdout.split('\n')[0]).toMatch(/^method +accuracy +minus vote +log-loss/);
    const ids = JSON.parse(assay(['methods', '--json']).stdout).methods.map(({ id }: { id: string }) => id);
    for (const id of ids) expect(run.stdout).toMatch(new RegExp(`^${id} `, 'm'));
  });

  it('runs a method once even if it is named twice', () => {
    const args = ['compare', 'answers.csv', '--truth', 'truth.csv', '--methods', 'wawa,wawa', '--json'];
    expect(JSON.parse(assay(args, { cwd: folder }).stdout).results).toHaveLength(1);
  });

  it('does not score the tasks whose label it gave to the methods', () => {
    const args = ['compare', 'answers.csv', '--truth', 'truth.csv', '--methods', 'wawa', '--json', '--gold', '-'];
    const some = assay(args, { cwd: folder, input: 'task,label\nt1,cat\n' });
    expect(JSON.parse(some.stdout).tasks).toBe(2);
    const all = assay(args, { cwd: folder, input: truth });
    expect(all.code).toBe(1);
    expect(all.stderr).toContain('every task of it is gold');
  });

  it('refuses truth about other tasks', () => {
    const args = ['compare', 'answers.csv', '--truth', '-', '--methods', 'wawa', '--json'];
    const run = assay(args, { cwd: folder, input: 'task,label\nq1,cat\n' });
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout).errors[0]).toMatchObject({ code: 'invalid-truth', path: '-', got: 'q1' });
    expect(run.stderr).toContain('"q1"');
  });

  it('wants the truth', () => {
    expect(assay(['compare', 'answers.csv'], { cwd: folder })).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('assay workers', () => {
  it('reports every worker with an interval', () => {
    const folder = folderWith(files);
    const run = assay(['workers', 'answers.csv', '--json'], { cwd: folder });
    const document = JSON.parse(run.stdout);
    expect(document).toMatchObject({ schema: 1, level: 0.9 });
    expect(document.workers).toHaveLength(3);
    for (const worker of document.workers) {
      expect(Object.keys(worker).slice(0, 6)).toEqual(['worker', 'kind', 'answers', 'accuracy', 'lo', 'hi']);
      expect(worker.lo).toBeLessThanOrEqual(worker.hi);
    }
    expect(assay(['workers', 'answers.csv'], { cwd: folder }).stdout).toMatch(/^worker +kind +answers/);
  });
});

describe('assay methods, formats, completion', () => {
  it('lists the methods with their sources and options', () => {
    const { methods } = JSON.parse(assay(['methods', '--json']).stdout);
    expect(methods.length).toBeGreaterThan(3);
    for (const { id, title, citation, summary } of methods)
      for (const text of [id, title, citation, summary]) expect(text).not.toBe('');
    expect(assay(['methods', 'dawid-skene']).stdout).toContain('-O maxIterations=');
  });

  it('lists the formats', () => {
    const { formats } = JSON.parse(assay(['formats', '--json']).stdout);
    expect(formats.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(['csv', 'tsv', 'jsonl']));
  });

  it.each(['bash', 'zsh', 'fish'])('prints a completion script for %s that knows commands and methods', (shell) => {
    const run = assay(['completion', shell]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    for (const word of ['aggregate', 'compare', 'dawid-skene', 'duplicates', 'worth-from'])
      expect(run.stdout).toContain(word);
  });

  it('completes commands, flags and methods in bash', () => {
    const folder = folderWith({ 'assay.bash': assay(['completion', 'bash']).stdout, 'my answers.csv': '' });
    const complete = (...words: string[]): string[] => {
      const list = ['assay', ...words].map((word) => `'${word}'`).join(' ');
      const script = `source ./assay.bash; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _assay; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' }).stdout.trimEnd().split('\n');
    };
    expect(complete('aggregate', 'my')).toEqual(['my answers.csv']);
    expect(complete('control', 'so')).toEqual(['solve']);
    expect(complete('control', 'learn', '--worth-')).toEqual(['--worth-from']);
    expect(complete('control', 'learn', 'my')).toEqual(['my answers.csv']);
    expect(complete('help', 'comp')).toEqual(['compare', 'completion']);
    expect(complete('learn', 'x', '-m', 'crowd-l')).toEqual(['crowd-layer']);
    expect(complete('comp')).toEqual(['compare', 'completion']);
    expect(complete('aggregate', '--dup')).toEqual(['--duplicates']);
    expect(complete('aggregate', '--duplicates', 'l')).toEqual(['last']);
    expect(complete('compare', '--methods', 'dawid-skene-m')).toEqual(['dawid-skene-map']);
    expect(complete('aggregate', 'ass')).toEqual(['assay.bash']);
  });

  it('prints help and version', () => {
    expect(assay([]).stdout).toContain('Usage: assay');
    expect(assay(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(assay(['help', 'aggregate']).stdout).toContain('--workers-out');
    expect(assay(['--version']).stdout).toBe(
      `${JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8')).version}\n`,
    );
  });
});

describe('wrong usage', () => {
  const folder = folderWith(files);
  const wrong: readonly (readonly [what: string, args: readonly string[], code: string])[] = [
    ['an unknown command', ['agregate', 'answers.csv'], 'unknown-command'],
    ['an unknown flag', ['aggregate', 'answers.csv', '--sed', '1'], 'unknown-option'],
    ['a missing argument', ['aggregate'], 'missing-argument'],
    ['a flag without its value', ['aggregate', 'answers.csv', '-o'], 'option-missing-argument'],
    ['an unknown method', ['aggregate', 'answers.csv', '-m', 'dawid-sken', '-o', 'out.csv'], 'unknown-method'],
    [
      'an unknown method to compare',
      ['compare', 'answers.csv', '--truth', 'truth.csv', '--methods', 'majority-vote,nope'],
      'unknown-method',
    ],
    [
      'an unknown method option',
      ['aggregate', 'answers.csv', '-m', 'dawid-skene', '-O', 'maxIteration=3', '-o', 'out.csv'],
      'unknown-option',
    ],
    [
      'a method option out of range',
      ['aggregate', 'answers.csv', '-m', 'dawid-skene', '-O', 'maxIterations=-3', '-o', 'out.csv'],
      'invalid-option',
    ],
    [
      'a method option that is no number',
      ['aggregate', 'answers.csv', '-m', 'dawid-skene', '-O', 'maxIterations=NaN', '-o', 'out.csv'],
      'invalid-option',
    ],
    [
      'an engine that is not here',
      ['aggregate', 'answers.csv', '--engine', 'duckdb', '-o', 'out.csv'],
      'unknown-engine',
    ],
    ['an extension nobody writes', ['aggregate', 'answers.csv', '-o', 'out.xlsx'], 'unknown-format'],
    ['a seed that is no number', ['aggregate', 'answers.csv', '--seed', 'x', '-o', 'out.csv'], 'invalid-argument'],
    [
      'an unknown rule for duplicates',
      ['aggregate', 'answers.csv', '--duplicates', 'some', '-o', 'out.csv'],
      'invalid-argument',
    ],
    ['an unknown role of a column', ['aggregate', 'answers.csv', '--columns', 'tusk=task'], 'invalid-argument'],
    ['a class declared twice', ['aggregate', 'answers.csv', '--classes', 'cat,cat,dog'], 'invalid-argument'],
    ['a class without a name', ['aggregate', 'answers.csv', '--classes', ''], 'invalid-argument'],
    ['too many arguments', ['formats', 'csv'], 'excess-arguments'],
    ['a missing flag', ['compare', 'answers.csv'], 'missing-mandatory-option-value'],
    ['help for an unknown command', ['help', 'agregate'], 'unknown-command'],
  ];

  it.each(wrong)('exits 2 on %s, in words on stderr and as JSON on stdout', (_what, args, code) => {
    const plain = assay(args, { cwd: folder });
    expect(plain).toMatchObject({ code: 2, stdout: '' });
    expect(plain.stderr).toMatch(/^assay: (missing|unknown|invalid|ambiguous) .*; ./);
    const json = assay([...args.slice(0, 1), '--json', ...args.slice(1)], { cwd: folder });
    expect(json.code).toBe(2);
    const document = JSON.parse(json.stdout);
    expect(Object.keys(document)).toEqual(['schema', 'errors']);
    expect(Object.keys(document.errors[0])).toEqual(['code', 'path', 'line', 'got', 'hint']);
    expect(document.errors[0].code).toBe(code);
    expect(filesIn(folder)).toEqual(['answers.csv', 'truth.csv']);
  });

  it('names the near ones', () => {
    expect(assay(['aggregate', 'answers.csv', '-m', 'dawid-sken'], { cwd: folder }).stderr).toContain('dawid-skene');
    expect(assay(['agregate'], { cwd: folder }).stderr).toContain('aggregate');
    const part = assay(['campaign', 'pauze'], { cwd: folder });
    expect(part).toMatchObject({ code: 2, stdout: '' });
    expect(part.stderr).toContain('unknown command "pauze"; did you mean pause?');
  });
});

describe('wrong input', () => {
  const latin1 = Buffer.from('task,worker,label\nt1,ana,caf\xe9\n', 'latin1');
  const folder = folderWith({
    ...files,
    'columns.csv': 'a,b\n1,2\n',
    'empty.csv': '',
    'header.csv': 'task,worker,label\n',
    'ragged.csv': 'task,worker,label\nt1,ana,cat\nt2,bo\n',
    'latin1.csv': latin1,
    'binary.csv': Buffer.from([0, 1, 2, 3, 0, 255, 254, 0]),
    'broken.jsonl': '{"task":"t1","worker":"ana","label":"cat"}\n{"task":\n',
    'gold.csv': 'task,label\nt1,cow\n',
    'cow.csv': 'task,label\nt1,cow\n',
    'costs.csv': 'truth,label,cost\ncat,cow,1\n',
    'twice.csv': 'task,label\nt1,cat\nt1,dog\n',
    'soft.csv': 'task,worker,p_cat,p_dog\nt1,ana,x,0.3\n',
    'weights.csv': 'task,worker,label,weight\nt1,ana,cat,-1\n',
  });
  mkdirSync(join(folder, 'hollow'));
  const before = filesIn(folder);
  const wrong: readonly (readonly [what: string, args: readonly string[], says: RegExp])[] = [
    ['a missing file', ['nowhere.csv'], /missing file "nowhere.csv"/],
    ['an empty folder', ['hollow'], /hollow/],
    ['a file without the needed columns', ['columns.csv'], /columns.csv:1: ambiguous columns/],
    ['an empty file', ['empty.csv'], /empty/],
    ['rows of unequal length', ['ragged.csv'], /ragged.csv.*3/],
    ['text that is not UTF-8', ['latin1.csv'], /latin1.csv.*UTF-8/],
    ['a binary file', ['binary.csv'], /unknown format of binary.csv/],
    ['broken JSON', ['broken.jsonl'], /broken.jsonl/],
    ['probabilities that are no numbers', ['soft.csv'], /soft.csv/],
    ['negative weights', ['weights.csv'], /weights.csv/],
    ['gold labels nobody could give', ['answers.csv', '--gold', 'gold.csv'], /gold.csv.*cow/],
    ['two gold labels for a task', ['answers.csv', '--gold', 'twice.csv'], /twice.csv.*t1/],
    ['a missing truth file', ['answers.csv', '--truth', 'nowhere.csv'], /missing file "nowhere.csv"/],
    ['an output folder that is not there', ['answers.csv', '--workers-out', 'no/where.csv'], /no folder/],
    ['an output that is the input', ['answers.csv', '--workers-out', './answers.csv'], /it is the input/],
    ['labels outside the declared classes', ['answers.csv', '--classes', 'cat,cow'], /unknown label "dog"/],
    ['standard input used twice', ['-', '--truth', '-'], /standard input/],
    ['standard input used for costs too', ['-', '--costs', '-'], /standard input/],
    ['costs of unknown classes', ['answers.csv', '--costs', 'costs.csv'], /^assay: costs.csv:2: unknown class "cow"/],
    [
      'predictions outside the declared classes',
      ['answers.csv', '--classes', 'cat,dog', '--predictions', 'm=cow.csv'],
      /cow.csv: unknown label "cow"/,
    ],
    ['one file for two results', ['answers.csv', '--workers-out', './out.csv'], /same file name/],
    ['predictions under the name of a worker', ['answers.csv', '--predictions', 'ana=truth.csv'], /"ana"/],
  ];

  it.each(wrong)('exits 1 on %s and writes nothing', (_what, args, says) => {
    const plain = assay(['aggregate', ...args, '-o', 'out.csv'], { cwd: folder, input: answers });
    expect(plain).toMatchObject({ code: 1, stdout: '' });
    expect(plain.stderr).toMatch(says);
    expect(plain.stderr).not.toMatch(/\n {4}at |unexpected failure/);
    const json = assay(['aggregate', ...args, '-o', 'out.csv', '--json'], { cwd: folder, input: answers });
    expect(json.code).toBe(1);
    const { schema, errors } = JSON.parse(json.stdout);
    expect(schema).toBe(1);
    expect(Object.keys(errors[0])).toEqual(['code', 'path', 'line', 'got', 'hint']);
    expect(errors[0].hint).toBeTruthy();
    const after = filesIn(folder);
    rmSync(join(folder, 'out.csv'), { force: true });
    expect(after).toEqual(before);
  });

  it('collects several errors before it stops, at most twenty', () => {
    const rows = Array.from({ length: 30 }, (_, i) => `t${i},bo`).join('\n');
    const run = assay(['aggregate', '-', '--json'], { input: `task,worker,label\nt1,ana,cat\n${rows}\n` });
    const { errors } = JSON.parse(run.stdout);
    expect(errors).toHaveLength(20);
    expect(errors[0]).toMatchObject({ line: 3 });
  });
});

describe('standard output', () => {
  it.skipIf(!existsSync('/dev/full'))('says that the disk is full, without a stack (needs /dev/full)', () => {
    const folder = folderWith(files);
    const script = `"${process.execPath}" "${mainFile}" aggregate answers.csv -m wawa > /dev/full`;
    const run = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('missing space on the disk');
    expect(run.stderr).not.toMatch(/\n {4}at /);
  });
});

describe('small and one-sided input', () => {
  const cases: Readonly<Record<string, string>> = {
    'one class': 'task,worker,label\nt1,ana,cat\nt1,bo,cat\nt2,ana,cat\n',
    'one worker': 'task,worker,label\nt1,ana,cat\nt2,ana,dog\n',
    'one answer': 'task,worker,label\nt1,ana,cat\n',
    'only missing values': 'task,worker,label\nt1,ana,NA\nt2,bo,\n',
    'only a header': 'task,worker,label\n',
  };
  const ids: string[] = JSON.parse(assay(['methods', '--json']).stdout).methods.map(({ id }: { id: string }) => id);

  it.each(Object.entries(cases))('gives a neutral result and no NaN for %s', (_what, input) => {
    for (const id of ids.filter((_id, index) => index % 4 === 0)) {
      const run = assay(['aggregate', '-', '-m', id, '--json'], { input });
      expect([run.code, run.stderr]).toEqual([0, '']);
      expect(JSON.parse(run.stdout).method).toBe(id);
      expect(assay(['aggregate', '-', '-m', id], { input }).stdout).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

describe('real data', () => {
  it.skipIf(!existsSync(dataFolder) && process.env.ASSAY_REQUIRE_ALL !== '1')(
    'finds the published accuracy of Dawid-Skene on rte (needs the data folder, see docs/data.md)',
    () => {
      const [labels, known] = [join(dataFolder, 'rte/labels.csv'), join(dataFolder, 'rte/truth.csv')];
      const run = assay(['aggregate', labels, '-m', 'dawid-skene', '--truth', known, '--json']);
      expect(JSON.parse(run.stdout)).toMatchObject({ accuracy: 0.9275, coverage: 1, tasks: 800, workers: 164 });
    },
  );
});
