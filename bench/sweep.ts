/**
 * How close the confusion sweep comes to C: `node bench/sweep.ts [--quick] [--only u:2,s:10]`
 * (`--only` renews those lines of the results).
 *
 * One thread, doubles, CPU time, 1e6 answers, whole Dawid-Skene iterations (E-step, counts,
 * normalised tables). In each of 11 rounds every program runs in turn; a figure is the median of its
 * rounds. Columns: the WASM kernel; the same algorithm in C, the best of the builds (compiler, vector
 * width, one or two tasks at a time); the best build with 128-bit vectors; textbook C with tables of
 * logarithms; the TypeScript reference; and C again with rows padded to whole vectors. See README.md.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { confusionSweep } from '../packages/core/src/kernels/confusion-sweep.ts';
import { sweepLayout } from '../packages/core/src/kernels/sweep-layout.ts';
import { type Crowd, crowd, crowdBytes } from './crowd.ts';
import { compilers, median, type Runner, serve, startRunner } from './runner.ts';

const answers = 1_000_000;
const workersOf = { u: 500, s: 10_000 } as const;
type Shape = keyof typeof workersOf;
/** Classes measured, with the ratio to C the project holds itself to on `u`. */
const targets: ReadonlyMap<number, number> = new Map([
  [2, 1.2],
  [3, 1.2],
  [4, 1.5],
  [8, 2.0],
  [10, 1.6],
  [12, 2.0],
  [16, 2.0],
  [20, 2.7],
]);

interface Cell {
  readonly shape: Shape;
  readonly classes: number;
  /** ns per answer and iteration, median of the rounds. */
  readonly wasm: number;
  /** Best C build with rows of exactly `classes` doubles. */
  readonly c: number;
  readonly cBuild: string;
  /** Best C build of all, rows padded to whole vectors included. */
  readonly cPadded: number;
  readonly cPaddedBuild: string;
  readonly c128: number;
  readonly textbook: number;
  readonly typescript: number;
  /** wasm / c, and the same from each one's best round. */
  readonly ratio: number;
  readonly ratioOfBest: number;
  readonly ratioPadded: number;
  readonly ratio128: number;
  readonly target: number | undefined;
}

/** One build of bench/c/sweep.c. */
interface Build {
  readonly compiler: string;
  readonly lanes: number;
  readonly width: number;
  readonly pairs: 0 | 1;
}

function builds(classes: number): Build[] {
  const found: Build[] = [];
  for (const compiler of compilers()) {
    for (const lanes of [2, 4, 8]) {
      const widths = new Set([classes, 2 * Math.ceil(classes / 2), lanes * Math.ceil(classes / lanes)]);
      for (const width of widths) {
        if (width < lanes) continue;
        found.push({ compiler, lanes, width, pairs: 0 });
        if (width <= 4 * lanes) found.push({ compiler, lanes, width, pairs: 1 });
      }
    }
  }
  return found;
}

/** The pieces of a row: full vectors, then halves as they fit. */
function pieces({ lanes, width }: Build): string[] {
  const all: { lanes: number; text: string }[] = [];
  let offset = 0;
  for (let piece = lanes; piece >= 1; piece /= 2) {
    for (; width - offset >= piece; offset += piece) {
      all.push({ lanes: piece, text: `F(${all.length},${piece},${offset})` });
    }
  }
  const full = all.filter((piece) => piece.lanes === lanes).map((piece) => piece.text);
  const tail = all.filter((piece) => piece.lanes < lanes).map((piece) => piece.text);
  return [`-DFULL(F)=${full.join(' ')}`, `-DREST(F)=${full.slice(1).join(' ')}`, `-DTAIL(F)=${tail.join(' ')}`];
}

function compile(compiler: string, source: string, output: string, definitions: readonly string[]): string {
  const path = join(import.meta.dirname, 'c', source);
  execFileSync(compiler, ['-O3', '-march=native', '-std=gnu11', ...definitions, path, '-o', output, '-lm']);
  return output;
}

async function measure(shape: Shape, classes: number, rounds: number, folder: string): Promise<Cell> {
  const recipe = { shape, classes, answers, workers: workersOf[shape] };
  const people = crowd(recipe);
  const sortedFile = join(folder, 'sorted.crowd');
  const fileOrder = join(folder, 'plain.crowd');
  writeFileSync(sortedFile, crowdBytes(people, sweepLayout(people.taskStart).order));
  writeFileSync(
    fileOrder,
    crowdBytes(
      people,
      Array.from({ length: people.taskCount }, (_, task) => task),
    ),
  );

  const node = (engine: string): Runner =>
    startRunner(engine, process.execPath, [import.meta.filename, 'serve', engine, shape, String(classes)]);
  const c = builds(classes).map((build, i) => {
    const { compiler, lanes, width, pairs } = build;
    const definitions = [
      `-DCLASSES=${classes}`,
      `-DWIDTH=${width}`,
      `-DLANES=${lanes}`,
      `-DPAIRS=${pairs}`,
      ...pieces(build),
    ];
    const name = `${compiler}, ${64 * lanes} bits, rows of ${width}${pairs ? ', pairs of tasks' : ''}`;
    return {
      lanes,
      width,
      runner: startRunner(name, compile(compiler, 'sweep.c', join(folder, `c${i}`), definitions), [sortedFile]),
    };
  });
  const textbooks = compilers().map((compiler) =>
    startRunner(
      `textbook, ${compiler}`,
      compile(compiler, 'textbook.c', join(folder, `textbook-${compiler}`), [`-DCLASSES=${classes}`]),
      [fileOrder],
    ),
  );
  const wasm = node('wasm');
  const typescript = node('reference');
  const all = [wasm, typescript, ...textbooks, ...c.map(({ runner }) => runner)];
  try {
    const objectives: number[] = [];
    for (const runner of all) objectives.push((await runner.run(8)).objective);
    for (const [i, objective] of objectives.entries()) {
      if (!(Math.abs(objective / objectives[0] - 1) < 1e-9)) {
        throw new Error(`${all[i].name} reached ${objective}, ${all[0].name} ${objectives[0]}`);
      }
    }
    // CPU time in Node moves in steps of up to 4 ms, so one turn has to take some 200.
    const iterations = Math.max(20, Math.round(300 / classes));
    // Leave out the C builds that are clearly slower than the best of their kind.
    const trial = new Map<Runner, number>();
    for (let round = 0; round < 3; round++) {
      for (const { runner } of c) {
        const { ns } = await runner.run(20);
        trial.set(runner, Math.min(ns, trial.get(runner) ?? Number.POSITIVE_INFINITY));
      }
    }
    const leaders = (kind: readonly { runner: Runner }[]): Runner[] =>
      kind
        .map(({ runner }) => runner)
        .sort((a, b) => (trial.get(a) ?? 0) - (trial.get(b) ?? 0))
        .slice(0, 2);
    const natural = leaders(c.filter(({ width }) => width === classes));
    const padded = [...natural, ...leaders(c.filter(({ width }) => width > classes))];
    const best128 = leaders(c.filter(({ lanes }) => lanes === 2));
    const measured = new Map<Runner, number[]>(
      [wasm, ...padded, ...best128, ...textbooks, typescript].map((r) => [r, []]),
    );
    for (let round = 0; round < rounds; round++) {
      for (const [runner, times] of measured) {
        const repeats = runner === typescript || textbooks.includes(runner) ? Math.ceil(iterations / 5) : iterations;
        times.push((await runner.run(repeats)).ns / repeats / answers);
      }
    }
    const times = (runner: Runner): number[] => measured.get(runner) ?? [];
    const fastest = (kind: readonly Runner[]): Runner =>
      kind.reduce((a, b) => (median(times(b)) < median(times(a)) ? b : a));
    const winner = fastest(natural);
    const winnerPadded = fastest(padded);
    const winner128 = fastest(best128);
    return {
      shape,
      classes,
      wasm: median(times(wasm)),
      c: median(times(winner)),
      cBuild: winner.name,
      cPadded: median(times(winnerPadded)),
      cPaddedBuild: winnerPadded.name,
      c128: median(times(winner128)),
      textbook: median(times(fastest(textbooks))),
      typescript: median(times(typescript)),
      ratio: median(times(wasm)) / median(times(winner)),
      ratioOfBest: Math.min(...times(wasm)) / Math.min(...natural.flatMap(times)),
      ratioPadded: median(times(wasm)) / median(times(winnerPadded)),
      ratio128: median(times(wasm)) / median(times(winner128)),
      target: shape === 'u' ? targets.get(classes) : undefined,
    };
  } finally {
    for (const runner of all) runner.stop();
  }
}

/** The Node side of a measurement: Dawid-Skene iterations as the method does them. */
async function serveEngine(engine: string, shape: Shape, classes: number): Promise<void> {
  const people: Crowd = crowd({ shape, classes, answers, workers: workersOf[shape] });
  const sweep = confusionSweep(people, { engine: engine === 'wasm' ? 'wasm' : 'reference' });
  if (sweep.engine !== engine) throw new Error(sweep.note);
  const wrong = 0.3 / (classes - 1);
  const start = new Float64Array(people.workerCount * classes * classes).fill(wrong);
  for (let i = 0; i < start.length; i++) {
    if (Math.floor(i / classes) % classes === i % classes) start[i] = 0.7;
  }
  sweep.setTable(start);
  const prior = new Float64Array(classes).fill(1 / classes);
  const added = new Float64Array(classes * classes).fill(0.01);
  await serve(() => {
    const { logLikelihood } = sweep.sweep(prior, { store: false });
    sweep.normalise(added);
    return logLikelihood;
  });
}

function table(cells: readonly Cell[]): string {
  const columns: readonly [string, (cell: Cell) => string | number][] = [
    ['crowd', (cell) => cell.shape],
    ['classes', (cell) => cell.classes],
    ['WASM', (cell) => cell.wasm.toFixed(2)],
    ['C', (cell) => cell.c.toFixed(2)],
    ['C, 128 bits', (cell) => cell.c128.toFixed(2)],
    ['textbook C', (cell) => cell.textbook.toFixed(2)],
    ['TypeScript', (cell) => cell.typescript.toFixed(2)],
    ['WASM / C', (cell) => cell.ratio.toFixed(2)],
    ['target', (cell) => cell.target ?? ''],
    ['of best rounds', (cell) => cell.ratioOfBest.toFixed(2)],
    ['WASM / C, 128 bits', (cell) => cell.ratio128.toFixed(2)],
    ['WASM / C, padded', (cell) => cell.ratioPadded.toFixed(2)],
    ['C build', (cell) => cell.cBuild],
    ['padded', (cell) => cell.cPaddedBuild],
  ];
  const row = (parts: readonly (string | number)[]): string => `| ${parts.join(' | ')} |`;
  return [
    row(columns.map(([title]) => title)),
    `|${' --- |'.repeat(columns.length)}`,
    ...cells.map((cell) => row(columns.map(([, value]) => value(cell)))),
  ].join('\n');
}

async function main(parameters: readonly string[]): Promise<void> {
  const quick = parameters.includes('--quick');
  const only = parameters[parameters.indexOf('--only') + 1]?.split(',');
  const wanted = (['u', 's'] as const).flatMap((shape) => [...targets.keys()].map((classes) => ({ shape, classes })));
  const cells: Cell[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    for (const { shape, classes } of wanted) {
      if (parameters.includes('--only') && !only?.includes(`${shape}:${classes}`)) continue;
      cells.push(await measure(shape, classes, quick ? 3 : 11, folder));
      console.log(
        table(cells.slice(-1))
          .split('\n')
          .slice(cells.length === 1 ? 0 : 2)
          .join('\n'),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  if (quick) return;
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version, compilers: compilerVersions() };
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  const all = merged(join(results, 'sweep.json'), cells);
  writeFileSync(join(results, 'sweep.json'), `${JSON.stringify({ machine, answers, cells: all }, undefined, 2)}\n`);
  const text = [
    '# Confusion sweep against C',
    `ns per answer and iteration, CPU time, one thread, ${answers.toLocaleString('en')} answers, median of 11 interleaved rounds; what the columns mean is in the [README](../README.md).`,
    `${machine.cpu}, ${machine.cores} cores; Node ${machine.node}; ${machine.compilers.join('; ')}.`,
    table(all),
  ];
  writeFileSync(join(results, 'sweep.md'), `${text.join('\n\n')}\n`);
}

/** The new cells among those of earlier runs, in order. */
function merged(path: string, cells: readonly Cell[]): Cell[] {
  const kept: Cell[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).cells : [];
  const isNew = (old: Cell): boolean => cells.some((cell) => cell.shape === old.shape && cell.classes === old.classes);
  return [...cells, ...kept.filter((old) => !isNew(old))].sort((a, b) =>
    a.shape === b.shape ? a.classes - b.classes : a.shape < b.shape ? 1 : -1,
  );
}

function compilerVersions(): string[] {
  return compilers().map((name) => execFileSync(name, ['--version'], { encoding: 'utf8' }).split('\n')[0]);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'serve') await serveEngine(rest[0], rest[1] as Shape, Number(rest[2]));
else await main(process.argv.slice(2));
