/**
 * CPU time of whole Dawid-Skene fits against crowd-kit's: `node bench/fit.ts [--quick]`.
 *
 * 20 iterations on 1e6 answers in 4 classes: start, sweeps, posteriors, labels, confusions, accuracies,
 * notes; in a row of their own the workers' intervals, which are found when first read. In each of 11
 * rounds textbook C, fits in processes that have done some and one fit in a fresh process run in turn,
 * on the crowds `u` (500 workers) and `p` (10,000 workers of uneven activity). CPU time is that of the
 * whole process, compiler and collector included.
 *
 * crowd-kit 1.4.1 took 57 s for the same on a crowd like `p`, where textbook C took 25.7 ns per answer
 * and iteration; its time here is 57 s times what textbook C takes here over that.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AnswerTable } from '../packages/core/src/answers/answer-table.ts';
import { dictionaryOf } from '../packages/core/src/answers/dictionary.ts';
import { dawidSkene } from '../packages/core/src/methods/dawid-skene/dawid-skene.ts';
import type { Estimate } from '../packages/core/src/methods/estimate.ts';
import { fit } from '../packages/core/src/methods/method.ts';
import { type Crowd, crowd, crowdBytes } from './crowd.ts';
import { compilers, median, type Runner, startRunner } from './runner.ts';

const answers = 1_000_000;
const classes = 4;
const iterations = 20;
const workersOf = { u: 500, p: 10_000 } as const;
type Shape = keyof typeof workersOf;
/** Seconds of crowd-kit, and ns per answer and iteration of textbook C on that machine. */
const peer = { seconds: 57, textbook: 25.7 };
/** Fits of a warm turn: CPU time moves in steps of up to 4 ms. */
const fitsOfTurn = 8;

function crowdOf(shape: Shape): Crowd {
  return crowd({ shape, classes, answers, workers: workersOf[shape] });
}

function names(prefix: string, count: number): ReturnType<typeof dictionaryOf> {
  return dictionaryOf(Array.from({ length: count }, (_, i) => `${prefix}${i}`));
}

/** CPU milliseconds of this process. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function fitOf(table: AnswerTable): Estimate {
  return fit(dawidSkene, table, { options: { maxIterations: iterations, tolerance: 0 } });
}

/** Makes tables over the same answers: none has been fitted, so nothing about them is known yet. */
function tableMaker(shape: Shape): () => AnswerTable {
  const { taskStart, worker, label, taskCount, workerCount } = crowdOf(shape);
  const dictionaries = { tasks: names('t', taskCount), workers: names('w', workerCount), classes: names('c', classes) };
  return () => new AnswerTable({ question: 'bench', ...dictionaries, taskStart: taskStart.slice(), worker, label });
}

/** What a process fits in its turns. */
const kinds = {
  new: 'of a new table',
  intervals: 'and the intervals',
  same: 'of the same again',
} as const;
type Kind = keyof typeof kinds;

/** The Node side of a turn of N fits, each of a new table or all of the same. */
async function serveFits(kind: Kind, shape: Shape): Promise<void> {
  const make = tableMaker(shape);
  const same = make();
  for await (const line of createInterface({ input: process.stdin })) {
    const tables = Array.from({ length: Number(line) }, kind === 'same' ? () => same : make);
    const start = cpuMs();
    let objective = 0;
    for (const table of tables) {
      const estimate = fitOf(table);
      objective = estimate.objective[iterations - 1];
      if (kind === 'intervals') objective += 0 * (estimate.workers?.lo[0] ?? 0);
    }
    process.stdout.write(`${(cpuMs() - start) * 1e6} ${objective}\n`);
  }
}

/** The first fit of a process, in milliseconds. */
function fitOnce(shape: Shape): void {
  const table = tableMaker(shape)();
  const start = cpuMs();
  fitOf(table);
  process.stdout.write(`${cpuMs() - start}\n`);
}

interface Row {
  readonly shape: Shape;
  readonly fit: string;
  /** CPU milliseconds per fit, median of the rounds. */
  readonly ms: number;
  readonly textbookNs: number;
  readonly crowdKitSeconds: number;
  /** crowd-kit's time over ours: median of the quotients of the rounds. */
  readonly quotient: number;
}

async function measure(shape: Shape, rounds: number, folder: string): Promise<Row[]> {
  const people = crowdOf(shape);
  const file = join(folder, `${shape}.crowd`);
  writeFileSync(file, crowdBytes(people, [...people.taskStart.subarray(1).keys()]));
  const textbooks = compilers().map((compiler) => {
    const output = join(folder, `textbook-${compiler}`);
    const source = join(import.meta.dirname, 'c', 'textbook.c');
    const flags = ['-O3', '-march=native', '-std=gnu11', `-DCLASSES=${classes}`];
    execFileSync(compiler, [...flags, source, '-o', output, '-lm']);
    return startRunner(compiler, output, [file]);
  });
  const node = (mode: string): [string, ...string[]] => [process.execPath, import.meta.filename, mode, shape];
  const warm = Object.keys(kinds).map((kind) => startRunner(kind, node(kind)[0], node(kind).slice(1)));
  const found = new Map<string, { ms: number; textbook: number }[]>();
  try {
    // The first turn of each is warming up.
    for (let round = -1; round < rounds; round++) {
      const textbook = Math.min(...(await inTurn(textbooks, iterations)).map((ns) => ns / iterations / answers));
      const cold = Number(execFileSync(process.execPath, node('once').slice(1), { encoding: 'utf8' }));
      const times = (await inTurn(warm, fitsOfTurn)).map((ns) => ns / fitsOfTurn / 1e6);
      if (round < 0) continue;
      for (const [i, name] of [...Object.values(kinds), 'first of a process'].entries()) {
        found.set(name, [...(found.get(name) ?? []), { ms: times[i] ?? cold, textbook }]);
      }
    }
  } finally {
    for (const runner of [...textbooks, ...warm]) runner.stop();
  }
  return [...found].map(([name, turns]) => {
    const textbookNs = median(turns.map(({ textbook }) => textbook));
    return {
      shape,
      fit: name,
      ms: median(turns.map(({ ms }) => ms)),
      textbookNs,
      crowdKitSeconds: (peer.seconds * textbookNs) / peer.textbook,
      quotient: median(turns.map(({ ms, textbook }) => (peer.seconds * 1000 * textbook) / peer.textbook / ms)),
    };
  });
}

async function inTurn(runners: readonly Runner[], turns: number): Promise<number[]> {
  const found: number[] = [];
  for (const runner of runners) found.push((await runner.run(turns)).ns);
  return found;
}

async function main(quick: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const rows: Row[] = [];
  try {
    for (const shape of Object.keys(workersOf) as Shape[]) rows.push(...(await measure(shape, quick ? 3 : 11, folder)));
  } finally {
    rmSync(folder, { recursive: true });
  }
  const head = ['crowd', 'workers', 'fit', 'ms of CPU', 'textbook C, ns', 'crowd-kit here, s', 'quotient'];
  const lines = rows.map((row) => [
    row.shape,
    workersOf[row.shape].toLocaleString('en'),
    row.fit,
    row.ms.toFixed(1),
    row.textbookNs.toFixed(2),
    row.crowdKitSeconds.toFixed(1),
    row.quotient.toFixed(0),
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  console.log(table);
  if (quick) return;
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  const results = join(import.meta.dirname, 'results');
  writeFileSync(
    join(results, 'fit.json'),
    `${JSON.stringify({ machine, answers, classes, iterations, peer, rows }, undefined, 2)}\n`,
  );
  writeFileSync(
    join(results, 'fit.md'),
    `# A whole Dawid-Skene fit against crowd-kit

${answers.toLocaleString('en')} answers, ${classes} classes, ${iterations} iterations; CPU time of the whole process per fit, median of 11 rounds. *First*: in a
fresh process, compiling included; the others in a process that has done some. The intervals of the workers are found when
first read, so they have a row; *the same again* knows its tasks' order and counts. crowd-kit's time is its ${peer.seconds} s scaled by
textbook C, here over ${peer.textbook} ns there; how, and what the crowds are, is in the [README](../README.md).

${machine.cpu}, ${machine.cores} cores; Node ${machine.node}.

${table}
`,
  );
}

const [mode, shape] = process.argv.slice(2);
if (mode !== undefined && mode in kinds) await serveFits(mode as Kind, shape as Shape);
else if (mode === 'once') fitOnce(shape as Shape);
else await main(mode === '--quick');
