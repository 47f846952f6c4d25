/**
 * The one-coin, MACE, GLAD and belief-propagation kernels against scalar C: `node bench/methods.ts [--quick]`.
 *
 * As bench/sweep.ts: one thread, CPU time, 1e6 answers of the `u` crowd, median of 11 interleaved
 * rounds, whole iterations with their M-step (GLAD: one pass with both gradients; belief propagation: one sweep of
 * messages and the posteriors).
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnswerTable } from '../packages/core/src/answers/answer-table.ts';
import { AnswerTableBuilder } from '../packages/core/src/answers/builder.ts';
import { gladPass } from '../packages/core/src/kernels/glad-pass.ts';
import { maceSweep } from '../packages/core/src/kernels/mace-sweep.ts';
import { oneCoinSweep } from '../packages/core/src/kernels/one-coin-sweep.ts';
import { sweepLayout } from '../packages/core/src/kernels/sweep-layout.ts';
import { CoinMessages } from '../packages/core/src/methods/propagation/coin-messages.ts';
import { type CoinNodes, coinNodes } from '../packages/core/src/methods/propagation/coin-prior.ts';
import { crowd, crowdBytes } from './crowd.ts';
import { compilers, median, type Runner, serve, startRunner } from './runner.ts';

const answers = 1_000_000;
const workers = 500;
type Engine = 'wasm' | 'reference';
const bpPrior = { betas: [{ weight: 1, right: 2, wrong: 1 }], atoms: [] };

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
  'bp-one-coin': (classes) => {
    const table = tableOf(crowdOf(classes));
    const logPrior = new Float64Array(table.taskCount * classes).fill(-Math.log(classes));
    const messages = new CoinMessages(table, logPrior, bpPrior, 'quadrature');
    const posterior = new Float64Array(logPrior.length);
    return () => {
      for (const _ of messages.sweep(0));
      return messages.posterior(posterior).reduce((sum, share) => sum + share * share, 0);
    };
  },
};
const sources: Readonly<Record<string, readonly string[]>> = {
  'one-coin': ['odds.c'],
  mace: ['odds.c', '-DMACE'],
  glad: ['glad.c'],
  'bp-one-coin': ['bp.c'],
};

function tableOf(people: ReturnType<typeof crowd>): AnswerTable {
  const builder = new AnswerTableBuilder();
  for (let task = 0; task < people.taskCount; task++) {
    for (let e = people.taskStart[task]; e < people.taskStart[task + 1]; e++) {
      builder.add({ task: `t${task}`, worker: `w${people.worker[e]}`, label: `c${people.label[e]}` });
    }
  }
  return builder.build().table;
}

/** The rules of quadrature of every worker, as bp.c reads them. */
function rulesOf(people: ReturnType<typeof crowd>): Uint8Array {
  const given = new Uint32Array(workers);
  for (const worker of people.worker) given[worker]++;
  const cache = new Map<number, CoinNodes>();
  const ofWorker = Array.from(given, (count) => coinNodes(bpPrior, count, cache));
  const rules = [...new Set(ofWorker)];
  const parts = rules.flatMap(({ accuracy, logWeight }) => [
    Uint32Array.of(accuracy.length),
    accuracy,
    logWeight.map(Math.exp),
  ]);
  const which = Uint32Array.from(ofWorker, (nodes) => rules.indexOf(nodes));
  return Buffer.concat([Uint32Array.of(rules.length), ...parts, which].map((part) => Buffer.from(part.buffer)));
}

function crowdOf(classes: number): ReturnType<typeof crowd> {
  return crowd({ shape: 'u', classes, answers, workers });
}

interface Cell {
  readonly method: string;
  readonly classes: number;
  readonly wasm: number;
  readonly c: number;
  readonly typescript: number | undefined;
  readonly ratio: number;
}

async function measure(method: string, classes: number, rounds: number, folder: string): Promise<Cell> {
  const people = crowdOf(classes);
  const file = join(folder, 'sorted.crowd');
  writeFileSync(file, crowdBytes(people, sweepLayout(people.taskStart).order));
  const rules = join(folder, 'rules');
  writeFileSync(rules, rulesOf(people));
  const [source, ...definitions] = sources[method];
  const c = compilers().map((compiler) => {
    const output = join(folder, `${method}-${classes}-${compiler}`);
    const path = join(import.meta.dirname, 'c', source);
    const flags = ['-O3', '-march=native', '-std=gnu11', `-DCLASSES=${classes}`, ...definitions];
    execFileSync(compiler, [...flags, path, '-o', output, '-lm']);
    return startRunner(compiler, output, method === 'bp-one-coin' ? [file, rules] : [file]);
  });
  // Belief propagation has its plain loops inside: there is no engine to choose.
  const engines = method === 'bp-one-coin' ? ['wasm'] : ['wasm', 'reference'];
  const [wasm, typescript] = engines.map((engine) =>
    startRunner(engine, process.execPath, [import.meta.filename, 'serve', method, engine, String(classes)]),
  );
  const all = [wasm, ...(typescript === undefined ? [] : [typescript]), ...c];
  try {
    const objectives: number[] = [];
    for (const runner of all) objectives.push((await runner.run(5)).objective);
    for (const objective of objectives) {
      if (!(Math.abs(objective / objectives[0] - 1) < 1e-9)) throw new Error(`${method} differs: ${objectives}`);
    }
    const repeats = { glad: 12, 'bp-one-coin': 3 }[method] ?? 60;
    const times = new Map<Runner, number[]>(all.map((runner) => [runner, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [runner, found] of times) {
        const turns = runner === typescript ? Math.ceil(repeats / 4) : repeats;
        found.push((await runner.run(turns)).ns / turns / answers);
      }
    }
    const of = (runner: Runner): number => median(times.get(runner) ?? []);
    const best = Math.min(...c.map(of));
    return {
      method,
      classes,
      wasm: of(wasm),
      c: best,
      typescript: typescript && of(typescript),
      ratio: of(wasm) / best,
    };
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
      `| ${cell.method} | ${cell.classes} | ${cell.wasm.toFixed(2)} | ${cell.c.toFixed(2)} | ${cell.typescript?.toFixed(2) ?? ''} | ${cell.ratio.toFixed(2)} |`,
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
    `# One-coin, MACE, GLAD and belief propagation against C\n\nns per answer and iteration, CPU time, one thread, 1,000,000 answers, median of 11 interleaved rounds.\n${machine.cpu}, ${machine.cores} cores; Node ${machine.node}.\n\n${table}\n`,
  );
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'serve') await serve(iterations[rest[0]](Number(rest[2]), rest[1] as Engine));
else await main(mode === '--quick');
