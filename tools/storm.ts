/**
 * Kills servers while people work, and looks afterwards whether anything was lost.
 *
 * 64 clients label 10,000 tasks, 3 answers each, over HTTP: on SQLite with one server process, then on PostgreSQL
 * with three. Clients die holding leases, requests are sent twice, and servers are killed with SIGKILL at random
 * moments and started again. Afterwards every acknowledged answer must be in the database, every task must have
 * exactly 3 counted answers, no worker may have answered a task twice, counters must agree with rows, and replaying
 * the log must give the same tables.
 *
 * Usage: `node tools/storm.ts [--kills 100] [--tasks 10000] [--clients 64] [--stores sqlite,postgres] [--seed 1]
 * [--write]`. `--write` keeps the result in docs/results/storm.md. Exits 1 when anything is wrong.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '@assay/core/math';
import { openStore } from '@assay/server';
import { freePort, noPostgres, startCluster } from '../packages/server/test/support/postgres.ts';
import { Connection } from './lib/http.ts';
import { prepareCampaign } from './storm/campaign.ts';
import { type Acknowledged, workAtDesk } from './storm/client.ts';
import { Served } from './storm/served.ts';
import { problemsAfter } from './storm/verdict.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    tasks: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '64' },
    stores: { type: 'string', default: 'sqlite,postgres' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const k = 3;
const kills = Number(values.kills);
const tasks = Number(values.tasks);
const clients = Number(values.clients);

interface Outcome {
  readonly store: string;
  readonly processes: number;
  readonly seconds: number;
  readonly acknowledged: number;
  readonly kills: number;
  readonly startMs: number;
  readonly problems: readonly string[];
}

async function storm(name: string, url: string, processes: number): Promise<Outcome> {
  const draws = new Random(Number(values.seed));
  const random = () => draws.uniform();
  const servers: Served[] = [];
  for (let i = 0; i < processes; i++) servers.push(new Served(url, await freePort()));
  for (const server of servers) await server.start();
  const connections = servers.map(({ port }) => new Connection(port));
  const anyConnection = () => connections[Math.floor(random() * connections.length)];
  try {
    // Leases of the dead come back soon, so that the storm ends.
    const settings = { k, adaptive: null, goldShare: 0, concurrency: 10, leaseMs: 4000 };
    const { campaign, invite, owner } = await prepareCampaign(url, () => connections[0], { tasks, settings });

    const acknowledged: Acknowledged[] = [];
    const mostWork = tasks * k * 0.98;
    let ended = false;
    const start = performance.now();
    const desks = Array.from({ length: clients }, () =>
      workAtDesk({
        connection: anyConnection,
        invite,
        random,
        onAcknowledged: (answer) => acknowledged.push(answer),
        ended: () => ended,
      }),
    );
    const work = Promise.all(desks);
    work.catch(() => {
      ended = true;
    });

    let killed = 0;
    const revived: Promise<void>[] = [];
    while (!ended) {
      await new Promise((later) => setTimeout(later, 5 + 20 * random()));
      const alive = servers.filter(({ ready }) => ready);
      if (
        alive.length > 0 &&
        acknowledged.length < mostWork &&
        acknowledged.length >= ((killed + random()) / kills) * mostWork
      ) {
        // At a moment that has nothing to do with what the server does, and never when the work is done.
        const victim = alive[Math.floor(random() * alive.length)];
        revived.push(victim.kill().then(() => victim.start()));
        killed++;
      } else if (acknowledged.length >= mostWork && alive.length === servers.length) {
        const progress = await connections[0].call<{ open: number }>('GET', `/campaigns/${campaign}/progress`, owner);
        if (progress.open === 0) ended = true;
        await new Promise((later) => setTimeout(later, 200));
      }
      if ((performance.now() - start) / 1000 > 60 + kills * 10 + (tasks * k) / 100)
        throw new Error(`no end after ${acknowledged.length} answers`);
    }
    await work;
    await Promise.all(revived);
    const seconds = (performance.now() - start) / 1000;
    for (const server of servers) await server.stop();

    const store = await openStore(url, { now: Date.now });
    // Leases of clients that died last are still held.
    await store.expire(Number.MAX_SAFE_INTEGER);
    const problems = await problemsAfter(store, { campaign, tasks, k, acknowledged });
    await store[Symbol.asyncDispose]();
    const starts = servers.flatMap((server) => server.starts).sort((a, b) => a - b);
    return {
      store: name,
      processes,
      seconds,
      acknowledged: acknowledged.length,
      kills: killed,
      startMs: starts[starts.length >> 1],
      problems,
    };
  } finally {
    for (const server of servers) await server.stop();
    for (const connection of connections) connection.close();
  }
}

// Ends by `exit`, so that the cluster and what it holds are removed.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

const outcomes: Outcome[] = [];
for (const store of values.stores.split(',')) {
  if (store === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'assay-storm-'));
    outcomes.push(await storm('SQLite', join(folder, 'storm.db'), 1));
    rmSync(folder, { recursive: true, force: true });
  } else {
    if (noPostgres !== undefined) throw new Error(noPostgres);
    const cluster = await startCluster();
    try {
      outcomes.push(await storm('PostgreSQL', cluster.database('storm'), 3));
    } finally {
      cluster.remove();
    }
  }
  const { problems, ...numbers } = outcomes[outcomes.length - 1];
  console.log(JSON.stringify(numbers));
  for (const problem of problems.slice(0, 20)) console.log(`  ${problem}`);
}

const wrong = outcomes.reduce((sum, { problems }) => sum + problems.length, 0);
if (values.write) writeFileSync('docs/results/storm.md', page());
console.log(wrong === 0 ? 'nothing lost, nothing twice' : `${wrong} problems`);
process.exitCode = wrong === 0 ? 0 : 1;

function page(): string {
  const rows = outcomes.map(
    (each) =>
      `| ${each.store} | ${each.processes} | ${each.acknowledged.toLocaleString('en')} | ${each.kills} | ${each.problems.length} | ${each.seconds.toFixed(0)} s |`,
  );
  return `# Storms

\`node tools/storm.ts --kills ${kills} --write\`: ${clients} clients, ${tasks.toLocaleString('en')} tasks, ${k} answers each,
over HTTP to real server processes. Servers are killed with SIGKILL at random moments and started again; clients die
holding leases, requests are sent twice. Afterwards: every acknowledged answer is stored as it was acknowledged, every
task has exactly ${k} counted answers, nobody answered a task twice, counters agree with rows, and the log replayed
into an empty store gives the same tables. Each breach counts as a problem.

| store | server processes | acknowledged answers | kills | problems | time |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Machine: ${cpus().length} × ${cpus()[0].model.trim()}, Node ${process.versions.node}, shared with other work. A server
that was killed answers again after ${outcomes.map(({ startMs }) => `${startMs} ms`).join(' and ')} of CPU time.
`;
}
