/**
 * What it costs to export a campaign of 1e6 answers while it is served: CPU time, the memory it takes at most beyond
 * what the server holds anyway, and the longest it works on it before others have their turn.
 *
 * Usage: `node --conditions=source bench/export.ts [--quick]`. Makes a database of 200,000 tasks with 5 answers each by
 * 2,000 workers, then exports from a real server in another process, format by format, to a reader that takes all it
 * can. `--quick` makes a tenth and writes nothing. Needs Linux for the peak of memory.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { Random } from '@assay/core/math';
import { createCampaign, hashOf, openStore } from '@assay/server';

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const tasks = values.quick ? 20_000 : 200_000;
const answersPerTask = 5;
const workers = 2000;
const choices = ['cat', 'dog', 'bird', 'fish'];
const secret = 'assay_of-the-bench';
const wanted = [
  'answers csv',
  'answers tsv',
  'answers jsonl',
  'answers json',
  'answers parquet',
  'answers csv.gz',
  'labels csv',
];

/** What the serving process says of one export. */
interface Cost {
  readonly cpuMs: number;
  readonly restMb: number;
  readonly peakMb: number;
  readonly stallMs: number;
}

/** A campaign that is done, written past the store: a million answers through it would take minutes. */
async function prepare(path: string): Promise<number> {
  const store = await openStore(path, { now: Date.now });
  await store.access.addToken({ hash: hashOf(secret), name: 'bench', role: 'owner' });
  const question = { kind: 'choice', prompt: 'Which animal?', choices: choices.map((value) => ({ value })) } as const;
  const { id } = await createCampaign(
    store,
    { name: 'Bench', question, settings: { k: answersPerTask }, seed: 1 },
    'bench',
  );
  for (let from = 0; from < tasks; from += 5000) {
    const some = Array.from({ length: 5000 }, (_, i) => `picture-${from + i}`);
    await store.addTasks(
      id,
      some.map((name) => ({ name, hash: name, content: { text: name }, role: 'task', k: answersPerTask })),
      'bench',
    );
  }
  for (let worker = 0; worker < workers; worker++) {
    await store.addWorker(id, { name: `Person ${worker}`, kind: 'human', platformId: `p${worker}` }, 'bench');
  }
  await store[Symbol.asyncDispose]();
  const database = new DatabaseSync(path);
  const random = new Random(7);
  const insert = database.prepare(`insert into assignment
    (campaign, task, worker, state, leased_at, expires_at, answered_at, submission, value, spent_ms, instruction_version, saw_suggestion, propensity)
    values (?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, 1, 0, 0.5)`);
  database.exec('begin');
  for (let task = 0; task < tasks; task++) {
    const first = random.integer(workers);
    for (let i = 0; i < answersPerTask; i++) {
      const at = 1_780_000_000_000 + task * 1000 + i;
      const said = choices[random.uniform() < 0.8 ? task % choices.length : random.integer(choices.length)];
      const name = `submission-${task}-${i}-of-the-bench`;
      insert.run(
        id,
        task,
        (first + i * 37) % workers,
        at - 5000,
        at + 60_000,
        at,
        name,
        JSON.stringify(said),
        4000 + (task % 997),
      );
    }
  }
  database.exec(`update task set accepted = ${answersPerTask}, status = 'closed', reason = 'answers'`);
  database.exec(
    `update worker set accepted = (select count(*) from assignment where assignment.worker = worker.worker)`,
  );
  database.exec('commit');
  database.close();
  return id;
}

/** Reads an export as fast as it comes and keeps nothing. */
function drained(port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${secret}` };
    request({ host: '127.0.0.1', port, path: `/api/v1${path}`, headers }, (reply) => {
      let bytes = 0;
      reply.on('data', (part: Buffer) => {
        bytes += part.length;
      });
      reply.on('end', () =>
        reply.statusCode === 200 ? resolve(bytes) : reject(new Error(`status ${reply.statusCode}`)),
      );
      reply.on('error', reject);
    })
      .on('error', reject)
      .end();
  });
}

const folder = mkdtempSync(join(tmpdir(), 'assay-export-'));
try {
  const path = join(folder, 'assay.db');
  const campaign = await prepare(path);
  const lines: string[] = [];
  for (const each of wanted) {
    const [what, format] = each.split(' ');
    // A process for each, so that no export profits from the memory of the one before.
    const child = fork(join(import.meta.dirname, 'server/exporting.ts'), [path]);
    const port = (await once(child, 'message'))[0] as number;
    await drained(port, `/campaigns/${campaign}`);
    child.send('begin');
    await once(child, 'message');
    const query = new URLSearchParams({ what, format: format.includes('.') ? `file.${format}` : format });
    const bytes = await drained(port, `/campaigns/${campaign}/export?${query}`);
    child.send('end');
    const { cpuMs, restMb, peakMb, stallMs } = (await once(child, 'message'))[0] as Cost;
    child.kill();
    lines.push(
      `| ${what} | ${format} | ${(bytes / 1e6).toFixed(1)} | ${(cpuMs / 1000).toFixed(2)} | ${restMb.toFixed(0)} | ${(peakMb - restMb).toFixed(0)} | ${stallMs.toFixed(0)} |`,
    );
    console.log(lines.at(-1));
  }
  if (!values.quick) {
    const text = `# Exports of a campaign that is being served

\`node --conditions=source bench/export.ts\` · ${(tasks * answersPerTask).toLocaleString('en')} answers, ${tasks.toLocaleString('en')} tasks, ${workers.toLocaleString('en')} workers, SQLite · ${cpus()[0].model}, Node ${process.versions.node}, load average ${loadavg()[0].toFixed(1)}

The last three columns: what the server holds before, how much more it holds at most during the export, and the longest it
works on it (CPU of its thread) before others have their turn. The first page of each is slower than the others: nothing has
run before.

| what | format | MB sent | CPU s | MB before | MB more | longest stall, ms |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`;
    writeFileSync(join(import.meta.dirname, 'results/export.md'), text);
  }
} finally {
  rmSync(folder, { recursive: true });
}
