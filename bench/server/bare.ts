/**
 * What the machine can commit: `node bench/server/bare.ts DATABASE CLIENTS SECONDS`.
 *
 * As many connections as the load has clients, each inserting one row of an answer's size in a transaction of its own,
 * again and again; nothing is computed, no page is served. SQLite has one writer, so there the clients stand in line.
 * Prints as clients.ts does.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { percentile } from './percentile.ts';

const [url, clients, seconds] = process.argv.slice(2);
const create = 'create table if not exists bare (task bigint, worker bigint, submission text, value text, at bigint)';
const warmUpMs = 1000;

const times: number[] = [];
let answers = 0;
let start = 0;
let end = 0;
/** One client: `insert` until the end. */
async function run(insert: (values: unknown[]) => unknown): Promise<void> {
  for (let task = 0; performance.now() < end; task++) {
    const sent = performance.now();
    await insert([task, 1, randomUUID(), '"cat"', Date.now()]);
    const now = performance.now();
    if (sent < start || now > end) continue;
    answers++;
    times.push(now - sent);
  }
}
function begin(): void {
  start = performance.now() + warmUpMs;
  end = start + Number(seconds) * 1000;
}

if (url.startsWith('postgres:')) {
  const pool = new pg.Pool({ connectionString: url, max: Number(clients) });
  await pool.query(create);
  const connections = await Promise.all(Array.from({ length: Number(clients) }, () => pool.connect()));
  begin();
  const text = 'insert into bare values ($1, $2, $3, $4, $5)';
  await Promise.all(connections.map((connection) => run((values) => connection.query({ name: 'bare', text, values }))));
  for (const connection of connections) connection.release();
  await pool.end();
} else {
  const database = new DatabaseSync(url);
  database.exec(`pragma journal_mode = wal; pragma synchronous = full; ${create}`);
  const insert = database.prepare('insert into bare values (?, ?, ?, ?, ?)');
  begin();
  await Promise.all(
    Array.from({ length: Number(clients) }, () =>
      run(async (values) => {
        await new Promise((turn) => setImmediate(turn));
        insert.run(...(values as string[]));
      }),
    ),
  );
  database.close();
}
times.sort((a, b) => a - b);
const result = { answers, seconds: Number(seconds), p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
console.log(JSON.stringify(result));
