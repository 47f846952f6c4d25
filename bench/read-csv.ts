/**
 * Reading a big CSV of answers, against DuckDB:
 * `npm install --prefix bench && node bench/read-csv.ts [--rows 10000000] [--rounds 11]`.
 *
 * The file has columns task,worker,label,timestamp: 5 answers a task, 20,000 workers, 10 classes,
 * rows in random order of tasks, times in ISO 8601. Each contestant does the same: read the file, give
 * tasks, workers and labels dense numbers, and hold the four columns as typed arrays beside the
 * names. Assay's table is sorted by task and worker besides and without repeats; DuckDB is measured
 * without that and with it. Each run is its own process; rounds are interleaved; a figure is the
 * median over the rounds of CPU seconds (user and system, all threads) and of the peak resident
 * memory.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAnswersFile } from '../packages/core/src/node/index.ts';
import { median } from './runner.ts';

const contestants = ['assay', 'duckdb', 'duckdb, sorted', 'duckdb, 1 thread'] as const;
type Contestant = (typeof contestants)[number];

interface Run {
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly answers: number;
  readonly tasks: number;
}

const argument = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};

if (process.argv[2] === '--run') await runOne(process.argv[3] as Contestant, process.argv[4]);
else await compare();

async function compare(): Promise<void> {
  const [rows, rounds] = [argument('--rows', 10_000_000), argument('--rounds', 11)];
  const folder = mkdtempSync(join(tmpdir(), 'assay-read-csv-'));
  const file = join(folder, 'answers.csv');
  try {
    await writeAnswersFile(file, rows);
    const runs = new Map<Contestant, Run[]>(contestants.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const name of contestants) {
        const output = execFileSync(process.execPath, [import.meta.filename, '--run', name, file], {
          encoding: 'utf8',
        });
        const run = JSON.parse(output) as Run;
        runs.get(name)?.push(run);
        process.stderr.write(`${name}: ${run.cpuSeconds.toFixed(2)} s, ${run.peakMb.toFixed(0)} MB\n`);
      }
    }
    report(rows, rounds, runs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function report(rows: number, rounds: number, runs: ReadonlyMap<Contestant, readonly Run[]>): void {
  const results = [...runs].map(([name, list]) => ({
    name,
    cpuSeconds: median(list.map((run) => run.cpuSeconds)),
    peakMb: median(list.map((run) => run.peakMb)),
    answers: list[0].answers,
    tasks: list[0].tasks,
  }));
  const [own, ...others] = results;
  const machine = { cpu: cpus()[0].model, cores: cpus().length, node: process.version };
  const best = {
    cpuSeconds: Math.min(...others.map((r) => r.cpuSeconds)),
    peakMb: Math.min(...others.map((r) => r.peakMb)),
  };
  const ratio = { cpu: own.cpuSeconds / best.cpuSeconds, memory: own.peakMb / best.peakMb };
  const folder = join(import.meta.dirname, 'results');
  if (!existsSync(folder)) mkdirSync(folder);
  writeFileSync(
    join(folder, 'read-csv.json'),
    `${JSON.stringify({ rows, rounds, machine, results, ratioToBestDuckdb: ratio }, null, 2)}\n`,
  );
  const table = results.map(
    (r) => `| ${r.name} | ${r.cpuSeconds.toFixed(2)} | ${r.peakMb.toFixed(0)} | ${r.answers} | ${r.tasks} |`,
  );
  const text = [
    '# Reading a CSV of answers',
    '',
    `\`node bench/read-csv.ts --rows ${rows} --rounds ${rounds}\`: medians; ${machine.cpu}, ${machine.cores} cores, Node ${machine.node}, DuckDB 1.5.5.`,
    '',
    '| | CPU seconds | peak memory, MB | answers | tasks |',
    '| --- | --- | --- | --- | --- |',
    ...table,
    '',
    `Assay needs ${ratio.cpu.toFixed(2)} times the CPU time and ${ratio.memory.toFixed(2)} times the memory of the best DuckDB run in each column. Node alone takes about 45 MB.`,
    '',
  ];
  writeFileSync(join(folder, 'read-csv.md'), text.join('\n'));
  process.stdout.write(`${text.join('\n')}\n`);
}

/** Deterministic rows; the stride visits all tasks in scattered order. */
async function writeAnswersFile(path: string, rows: number): Promise<void> {
  const tasks = Math.max(1, Math.floor(rows / 5));
  const file = await open(path, 'w');
  let text = 'task,worker,label,timestamp\n';
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let row = 0; row < rows; row++) {
    const task = (row * 1_000_003) % tasks;
    const worker = (random(4000) * 5 + Math.floor(row / tasks)) % 20_000;
    const time = new Date(1_767_312_345_000 + row * 1000).toISOString();
    text += `item-${task},w${worker},class-${random(10)},${time}\n`;
    if (text.length > 1 << 20) {
      await file.write(text);
      text = '';
    }
  }
  await file.write(text);
  await file.close();
}

async function runOne(name: Contestant, file: string): Promise<void> {
  const counts = name === 'assay' ? await assay(file) : await duckdb(file, name);
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const run: Run = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMb: maxRSS / 1024, ...counts };
  process.stdout.write(JSON.stringify(run));
}

async function assay(file: string): Promise<{ answers: number; tasks: number }> {
  const { table } = await readAnswersFile(file);
  if (table.time === undefined || Number.isNaN(table.time[0])) throw new Error('no times');
  return { answers: table.answerCount, tasks: table.taskCount };
}

async function duckdb(file: string, name: Contestant): Promise<{ answers: number; tasks: number }> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', name === 'duckdb, 1 thread' ? { threads: '1' } : {});
  const connection = await instance.connect();
  await connection.run('SET preserve_insertion_order = false');
  const columns = "{'task': 'VARCHAR', 'worker': 'VARCHAR', 'label': 'VARCHAR', 'timestamp': 'TIMESTAMP'}";
  await connection.run(`CREATE TABLE raw AS SELECT * FROM read_csv('${file}', header = true, columns = ${columns})`);
  for (const column of ['task', 'worker', 'label']) {
    await connection.run(
      `CREATE TABLE ${column}s AS SELECT name, (row_number() OVER () - 1)::INTEGER AS id FROM (SELECT DISTINCT ${column} AS name FROM raw)`,
    );
  }
  const order = name === 'duckdb, sorted' ? ' ORDER BY 1, 2' : '';
  const count = Number((await (await connection.run('SELECT count(*) FROM raw')).getRows())[0][0]);
  const result = await connection.stream(
    `SELECT t.id, w.id, l.id, epoch_ms(timestamp)::DOUBLE FROM raw
     JOIN tasks t ON t.name = raw.task JOIN workers w ON w.name = raw.worker JOIN labels l ON l.name = raw.label${order}`,
  );
  const [task, worker, label, time] = [
    new Uint32Array(count),
    new Uint32Array(count),
    new Uint16Array(count),
    new Float64Array(count),
  ];
  let at = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const vectors = [0, 1, 2, 3].map(
      (column) => (chunk.getColumnVector(column) as unknown as { items: ArrayLike<number> }).items,
    );
    task.set(vectors[0], at);
    worker.set(vectors[1], at);
    label.set(vectors[2], at);
    time.set(vectors[3], at);
    at += chunk.rowCount;
  }
  if (at !== count) throw new Error(`${at} of ${count} rows`);
  const names = await connection.run('SELECT name FROM tasks ORDER BY id');
  let tasks = 0;
  for (;;) {
    const chunk = await names.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    tasks += chunk.rowCount;
  }
  return { answers: at, tasks };
}
