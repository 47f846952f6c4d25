/**
 * The people of the load: `node bench/server/clients.ts PORT,PORT… INVITE CLIENTS SECONDS`.
 *
 * Each client holds one card, answers it, and gets the next in the same request, without a pause between. The first ten
 * seconds warm up and do not count. Prints `{ answers, all, seconds, p50, p99, cpuMs }`, times in ms; `all` with the
 * warm-up.
 */
import { randomUUID } from 'node:crypto';
import { Connection } from '../../tools/lib/http.ts';
import { join } from '../../tools/storm/campaign.ts';
import { percentile } from './percentile.ts';

interface Reply {
  readonly results: readonly { readonly state: string }[];
  readonly leases: readonly { readonly lease: string }[];
}

const [ports, invite, clients, seconds] = process.argv.slice(2);
const choices = ['cat', 'dog', 'bird'];
const warmUpMs = 10_000;

const connections = ports.split(',').map((port) => new Connection(Number(port)));
const people = await Promise.all(
  Array.from({ length: Number(clients) }, async (_, i) => {
    const connection = connections[i % connections.length];
    return { connection, session: await join(connection, invite) };
  }),
);

const start = performance.now() + warmUpMs;
const end = start + Number(seconds) * 1000;
const times: number[] = [];
let answers = 0;
let all = 0;
let cpu = process.cpuUsage();
setTimeout(() => {
  cpu = process.cpuUsage();
}, warmUpMs);

await Promise.all(
  people.map(async ({ connection, session }, person) => {
    let held: readonly { readonly lease: string }[] = [];
    for (let turn = person; performance.now() < end; turn++) {
      const body = {
        want: 1,
        answers: held.map(({ lease }) => ({
          lease,
          submission: randomUUID(),
          value: choices[turn % choices.length],
          spentMs: 1500,
          at: Date.now(),
          instructionVersion: 0,
        })),
      };
      const sent = performance.now();
      const reply = await connection.call<Reply>('POST', '/work/next', session, body);
      const now = performance.now();
      if (reply.results.some(({ state }) => state !== 'saved')) throw new Error('an answer was refused');
      all += reply.results.length;
      if (sent >= start && now <= end) {
        answers += reply.results.length;
        times.push(now - sent);
      }
      held = reply.leases;
    }
  }),
);
const { user, system } = process.cpuUsage(cpu);
for (const connection of connections) connection.close();
times.sort((a, b) => a - b);
const result = {
  answers,
  all,
  seconds: Number(seconds),
  p50: percentile(times, 0.5),
  p99: percentile(times, 0.99),
  cpuMs: (user + system) / 1000,
};
console.log(JSON.stringify(result));
