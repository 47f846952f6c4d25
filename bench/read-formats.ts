/**
 * Reading 1e6 answers in each big format: `node bench/read-formats.ts [--answers 1000000] [--rounds 5]`.
 *
 * 5 answers a task, 2,000 workers, 10 classes, with times. Each run is its own process; figures are
 * medians of CPU seconds and of the peak resident memory. Held to: Label Studio's JSON under 60 s and
 * 1 GB, Parquet at most CSV's CPU time.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AnswerTableBuilder } from '../packages/core/src/answers/builder.ts';
import { writeAnswers } from '../packages/core/src/formats/write.ts';
import { readAnswersFile, writeFileAtomically } from '../packages/core/src/node/index.ts';
import { median } from './runner.ts';

const files: Readonly<Record<string, string>> = {
  csv: 'answers.csv',
  'csv.gz': 'answers.csv.gz',
  parquet: 'answers.parquet',
  jsonl: 'answers.jsonl',
  'label-studio': 'label-studio.json',
};

interface Run {
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

const argument = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};

if (process.argv[2] === '--run') await runOne(process.argv[3]);
else await measure();

async function measure(): Promise<void> {
  const [answers, rounds] = [argument('--answers', 1_000_000), argument('--rounds', 5)];
  const folder = mkdtempSync(join(tmpdir(), 'assay-read-formats-'));
  try {
    await writeFiles(folder, answers);
    const runs = new Map<string, Run[]>(Object.keys(files).map((id) => [id, []]));
    for (let round = 0; round < rounds; round++) {
      for (const [id, file] of Object.entries(files)) {
        const output = execFileSync(process.execPath, [import.meta.filename, '--run', join(folder, file)], {
          encoding: 'utf8',
        });
        runs.get(id)?.push(JSON.parse(output) as Run);
      }
    }
    report(folder, answers, rounds, runs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function writeFiles(folder: string, answers: number): Promise<void> {
  const builder = new AnswerTableBuilder({ question: 'sentiment' });
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let row = 0; row < answers; row++) {
    const worker = random(400) * 5 + (row % 5);
    builder.add({
      task: String(Math.floor(row / 5)),
      worker: `worker-${worker}`,
      label: `class ${random(10)}`,
      time: 1_767_312_345_000 + row * 1000,
    });
  }
  const { table } = builder.build();
  for (const [id, file] of Object.entries(files)) {
    await writeFileAtomically(join(folder, file), writeAnswers(table, id === 'label-studio' ? id : file));
  }
}

function report(folder: string, answers: number, rounds: number, runs: ReadonlyMap<string, readonly Run[]>): void {
  const results = [...runs].map(([format, list]) => ({
    format,
    megabytes: statSync(join(folder, files[format])).size / 1e6,
    cpuSeconds: median(list.map((run) => run.cpuSeconds)),
    peakMb: median(list.map((run) => run.peakMb)),
  }));
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  const out = join(import.meta.dirname, 'results');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'read-formats.json'), `${JSON.stringify({ answers, rounds, machine, results }, null, 2)}\n`);
  const text = [
    '# Reading answers in each format',
    '',
    `\`node bench/read-formats.ts --answers ${answers} --rounds ${rounds}\`: medians; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}. Node's own start is included (about 0.2 s and 90 MB when it reads TypeScript).`,
    '',
    '| format | file, MB | CPU seconds | peak memory, MB |',
    '| --- | --- | --- | --- |',
    ...results.map(
      (r) => `| ${r.format} | ${r.megabytes.toFixed(1)} | ${r.cpuSeconds.toFixed(2)} | ${r.peakMb.toFixed(0)} |`,
    ),
    '',
  ].join('\n');
  writeFileSync(join(out, 'read-formats.md'), text);
  process.stdout.write(`${text}\n`);
}

async function runOne(file: string): Promise<void> {
  const { tables } = await readAnswersFile(file);
  if ([...tables.values()][0].table.answerCount === 0) throw new Error('nothing read');
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const run: Run = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024 };
  process.stdout.write(JSON.stringify(run));
}
