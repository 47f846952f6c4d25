/**
 * How many answers a second the campaign server keeps: `node bench/server.ts [--quick] [--stores sqlite,postgres]`.
 *
 * Real server processes, a campaign of 1e5 open tasks with routing by uncertainty, 64 clients in a process of their
 * own, everything on this machine together: SQLite with one server process, PostgreSQL with one and with three. An
 * answer counts when the client has the reply, and then it is on disk. Before each round the same number of clients
 * only insert and commit a row, which is what the machine could do at most; on PostgreSQL its own benchmark runs too,
 * whose transaction changes three rows and adds one. Three rounds, medians.
 *
 * `--quick` takes one short round and writes nothing. Needs PostgreSQL's programs and `npm run build`.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Cluster, freePort, startCluster } from '../packages/server/test/support/postgres.ts';
import { Connection } from '../tools/lib/http.ts';
import { prepareCampaign } from '../tools/storm/campaign.ts';
import { Served } from '../tools/storm/served.ts';
import { median } from './runner.ts';
import { percentile } from './server/percentile.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    stores: { type: 'string', default: 'sqlite,postgres' },
  },
});
const clients = 64;
const tasks = 100_000;
const seconds = values.quick ? 4 : 10;
const rounds = values.quick ? 1 : 3;

interface Measured {
  readonly answers: number;
  /** With those of the warm-up, which costs CPU too. */
  readonly all?: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs?: number;
}
interface Round {
  readonly load: Measured;
  readonly bare: Measured;
  readonly serverCpuMs: number;
  readonly pgbench?: Measured;
}

async function program(name: string, ...parameters: readonly string[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'server', name),
    ...parameters,
  ]);
  return JSON.parse(stdout);
}

/** PostgreSQL's own benchmark, its standard transaction (similar to TPC-B) with as many clients. */
async function pgbench({ programs, database }: Cluster): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-pgbench-'));
  const run = (...parameters: string[]): Promise<unknown> =>
    promisify(execFile)(join(programs, 'pgbench'), [...parameters, database('pgbench')], { cwd: folder });
  try {
    await run('-i', '-q', '-s', '10');
    await run('-c', String(clients), '-j', '2', '-M', 'prepared', '-T', String(seconds), '-l');
    // A line for each transaction; its third number is the time it took in µs.
    const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
    const times = lines.map((line) => Number(line.split(' ')[2]) / 1000).sort((a, b) => a - b);
    return { answers: times.length, seconds, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(
  name: string,
  processes: number,
  database: (name: string) => string,
  cluster?: Cluster,
): Promise<string> {
  const url = database(`load${processes}`);
  const servers: Served[] = [];
  for (let i = 0; i < processes; i++) servers.push(new Served(url, await freePort()));
  for (const server of servers) await server.start();
  const done: Round[] = [];
  try {
    const connection = new Connection(servers[0].port);
    const settings = { k: 5, adaptive: null, goldShare: 0.05 };
    const { invite } = await prepareCampaign(url, () => connection, { tasks, settings });
    // Other processes hear of the campaign by the log.
    await new Promise((later) => setTimeout(later, 2000));
    const ports = servers.map(({ port }) => port).join();
    for (let round = 0; round < rounds; round++) {
      const bare = await program('bare.ts', database(`bare${processes}`), String(clients), String(seconds));
      const before = servers.map((server) => server.cpuMs());
      const load = await program('clients.ts', ports, invite, String(clients), String(seconds));
      const serverCpuMs = servers.reduce((sum, server, i) => sum + server.cpuMs() - before[i], 0);
      done.push({ load, bare, serverCpuMs, pgbench: cluster && (await pgbench(cluster)) });
      console.log(name, processes, JSON.stringify(done[round]), `load average ${loadavg()[0].toFixed(1)}`);
    }
    connection.close();
  } finally {
    for (const server of servers) await server.stop();
  }
  const of = (pick: (round: Round) => number): number => median(done.map(pick));
  const rate = ({ answers, seconds }: Measured): number => answers / seconds;
  const against = (loop: 'bare' | 'pgbench'): string[] => [
    of((round) => rate(round[loop]!)).toFixed(0),
    of((round) => round[loop]!.p99).toFixed(1),
    `${(100 * of((round) => rate(round.load) / rate(round[loop]!))).toFixed(0)} %`,
    of((round) => round.load.p99 / round[loop]!.p99).toFixed(2),
  ];
  const cells = [
    name,
    String(processes),
    of(({ load }) => rate(load)).toFixed(0),
    of(({ load }) => load.p50).toFixed(1),
    of(({ load }) => load.p99).toFixed(1),
    ...against('bare'),
    ...(cluster === undefined ? ['', '', '', ''] : against('pgbench')),
    of(({ load, serverCpuMs }) => (1000 * serverCpuMs) / load.all!).toFixed(0),
    of(({ load }) => (1000 * load.cpuMs!) / load.answers).toFixed(0),
  ];
  return `| ${cells.join(' | ')} |`;
}

// Ends by `exit`, so that the cluster and what it holds are removed.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const rows: string[] = [];
if (values.stores.includes('sqlite')) {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    rows.push(await measure('SQLite', 1, (name) => join(folder, `${name}.db`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
if (values.stores.includes('postgres')) {
  const cluster = await startCluster();
  try {
    for (const processes of [1, 3])
      rows.push(await measure('PostgreSQL', processes, (name) => cluster.database(name), cluster));
  } finally {
    cluster.remove();
  }
}
const loops = ['one-row commits', 'pgbench'].flatMap((loop) => [`${loop}/s`, 'p99 ms', 'rate / rate', 'p99 / p99']);
const columns = ['answers/s', 'p50 ms', 'p99 ms', ...loops, 'server CPU µs/answer', 'clients CPU µs/answer'];
const table = `| store | server processes | ${columns.join(' | ')} |
| --- | ---: |${columns.map(() => ' ---: |').join('')}
${rows.join('\n')}`;
console.log(table);
if (!values.quick) {
  const path = join(import.meta.dirname, 'results/server.md');
  const old = readFileSync(path, 'utf8');
  const machine = `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model.trim()}, load average ${loadavg()[0].toFixed(1)}`;
  writeFileSync(
    path,
    old.replace(/<!-- table -->[\s\S]*<!-- \/table -->/, `<!-- table -->\n${machine}\n\n${table}\n<!-- /table -->`),
  );
}
