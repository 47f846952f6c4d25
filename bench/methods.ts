/**
 * The one-coin, MACE and GLAD kernels against scalar C: `node bench/methods.ts [--quick]`.
 *
 * As bench/sweep.ts: one thread, CPU time, 1e6 answers of the `u` crowd, median of 11 interleaved
 * rounds, whole iterations with their M-step (GLAD: one pass with both gradients).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gladPass } from '../packages/core/src/kernels/glad-pass.ts';
import { maceSweep } from '../packages/core/src/kernels/mace-sweep.ts';
import { oneCoinSweep } from '../packages/core/src/kernels/one-coin-sweep.ts';
import { sweepLayout } from '../packages/core/src/kernels/sweep-layout.ts';
import { crowd, crowdBytes } from './crowd.ts';
import { compilers, median, type Runner, serve, startRunner } from './runner.ts';

const answers = 1_000_000;
const workers = 500;
type Engine = 'wasm' | 'reference';

/** One iteration of each method as its own `fit` does it, returning the log-likelihood. */
const iterations: Readonly<Record<string, (classes: number, engine: Engine) => () => number>> = {
  'one-coin': (classes, engine) => {
    const sweep = oneCoinSweep(crowdOf(classes), { engine });
    const prior = new Float64Array(classes).fill(1 / classes);
    const accuracy = new Float64Array(workers).fill(0.7);
    const right = new Float64Array(workers);
    const counts = new Float64Array(workers);
    for (const worker of crowdOf(classes).worker) counts[worker]++;
    return () => {
      sweep.setAccuracy(accuracy);
      const { logLikelihood } = sweep.sweep(prior, { store: false });
      sweep.right(right);
      for (let w = 0; w < workers; w++) accuracy[w] = (right[w] + 1) / (counts[w] + 2);
      return logLikelihood;
    };
  },
  mace: (classes, engine) => {
    const sweep = maceSweep(crowdOf(classes), { engine });
    const prior = new Float64Array(classes).fill(1 / classes);
    const know = new Float64Array(workers).fill(0.7);
    const spam = new Float64Array(workers);
    const strategy = new Float64Array(workers * classes).fill(1 / classes);
    const knowing = new Float64Array(workers);
    const guessing = new Float64Array(workers * classes);
    return () => {
      for (let w = 0; w < workers; w++) spam[w] = 1 - know[w];
      sweep.setParameters(know, spam, strategy);
      const { logLikelihood } = sweep.sweep(prior, { store: false });
      sweep.knowing(knowing);
      sweep.guessing(guessing);
      for (let w = 0; w < workers; w++) {
        let all = 0;
        for (let l = w * classes; l < (w + 1) * classes; l++) all += guessing[l] + 0.01 / classes;
        for (let l = w * classes; l < (w + 1) * classes; l++) strategy[l] = (guessing[l] + 0.01 / classes) / all;
        know[w] = (knowing[w] + 0.01) / (knowing[w] + all + 0.01);
      }
      return logLikelihood;
    };
  },
  glad: (classes, engine) => {
    const people = crowdOf(classes);
    const glad = gladPass(people, { engine });
    const prior = new Float64Array(classes).fill(1 / classes);
    const ability = new Float64Array(workers).fill(1);
    const logEase = new Float64Array(people.taskCount);
    const abilitySlope = new Float64Array(workers);
    const easeSlope = new Float64Array(people.taskCount);
    return () => {
      glad.setParameters(ability, logEase);
      const logLikelihood = glad.pass(prior);
      glad.abilityGradient(abilitySlope);
      glad.logEaseGradient(easeSlope);
      for (let w = 0; w < workers; w++) ability[w] += 1e-5 * abilitySlope[w];
      for (let t = 0; t < logEase.length; t++) logEase[t] += 1e-3 * easeSlope[t];
      return logLikelihood;
    };
  },
};
const sources: Readonly<Record<string, readonly string[]>> = {
  'one-coin': ['odds.c'],
  mace: ['odds.c', '-DMACE'],
  glad: ['glad.c'],
};

function crowdOf(classes: number): ReturnType<typeof crowd> {
  return crowd({ shape: 'u', classes, answers, workers });
}

interface Cell {
  readonly method: string;
  readonly classes: number;
  readonly wasm: number;
  readonly c: number;
  readonly typescript: number;
  readonly ratio: number;
}

async function measure(method: string, classes: number, rounds: number, folder: string): Promise<Cell> {
  const people = crowdOf(classes);
  const file = join(folder, 'sorted.crowd');
  writeFileSync(file, crowdBytes(people, sweepLayout(people.taskStart).order));
  const [source, ...definitions] = sources[method];
  const c = compilers().map((compiler) => {
    const output = join(folder, `${method}-${classes}-${compiler}`);
    const path = join(import.meta.dirname, 'c', source);
    const flags = ['-O3', '-march=native', '-std=gnu11', `-DCLASSES=${classes}`, ...definitions];
    execFileSync(compiler, [...flags, path, '-o', output, '-lm']);
    return startRunner(compiler, output, [file]);
  });
  const [wasm, typescript] = ['wasm', 'reference'].map((engine) =>
    startRunner(engine, process.execPath, [import.meta.filename, 'serve', method, engine, String(classes)]),
  );
  const all = [wasm, typescript, ...c];
  try {
    const objectives: number[] = [];
    for (const runner of all) objectives.push((await runner.run(5)).objective);
    for (const objective of objectives) {
      if (!(Math.abs(objective / objectives[0] - 1) < 1e-9)) throw new Error(`${method} differs: ${objectives}`);
    }
    const repeats = method === 'glad' ? 12 : 60;
    const times = new Map<Runner, number[]>(all.map((runner) => [runner, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [runner, found] of times) {
        const turns = runner === typescript ? Math.ceil(repeats / 4) : repeats;
        found.push((await runner.run(turns)).ns / turns / answers);
      }
    }
    const of = (runner: Runner): number => median(times.get(runner) ?? []);
    const best = Math.min(...c.map(of));
    return { method, classes, wasm: of(wasm), c: best, typescript: of(typescript), ratio: of(wasm) / best };
  } finally {
    for (const runner of all) runner.stop();
  }
}

async function main(quick: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const cells: Cell[] = [];
  try {
    for (const method of Object.keys(iterations)) {
      for (const classes of [2, 4]) cells.push(await measure(method, classes, quick ? 3 : 11, folder));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const rows = cells.map(
    (cell) =>
      `| ${cell.method} | ${cell.classes} | ${cell.wasm.toFixed(2)} | ${cell.c.toFixed(2)} | ${cell.typescript.toFixed(2)} | ${cell.ratio.toFixed(2)} |`,
  );
  const table = `| method | classes | WASM | scalar C | TypeScript | WASM / C |\n|${' --- |'.repeat(6)}\n${rows.join('\n')}`;
  console.log(table);
  if (quick) return;
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'methods.json'), `${JSON.stringify({ machine, answers, cells }, undefined, 2)}\n`);
  writeFileSync(
    join(results, 'methods.md'),
    `# One-coin, MACE and GLAD against C\n\nns per answer and iteration, CPU time, one thread, 1,000,000 answers, median of 11 interleaved rounds.\n${machine.cpu}, ${machine.cores} cores; Node ${machine.node}.\n\n${table}\n`,
  );
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'serve') await serve(iterations[rest[0]](Number(rest[2]), rest[1] as Engine));
else await main(mode === '--quick');
