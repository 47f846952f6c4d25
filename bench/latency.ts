/**
 * How long a fit keeps the thread to itself: `node bench/latency.ts [--quick] [method …]`.
 *
 * A fit can be cancelled, and shows progress, only where its generator yields. This runs every method
 * for a few iterations on 1e5 and 1e6 answers (`u` crowd, 4 classes, 5,000 workers) and takes the
 * longest CPU time of the thread between two yields, set-up before the first and results after the
 * last included. Best of three fits at 1e5, so that a compiler's or collector's pause does not
 * count as the method's; one at 1e6. `--quick` leaves out 1e6 and writes nothing.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { AnswerTable } from '../packages/core/src/answers/answer-table.ts';
import { AnswerTableBuilder } from '../packages/core/src/answers/builder.ts';
import { Random } from '../packages/core/src/math/random.ts';
import type { Method } from '../packages/core/src/methods/method.ts';
import { parseOptions } from '../packages/core/src/methods/options.ts';
import { methods } from '../packages/core/src/methods/registry.ts';
import { crowd } from './crowd.ts';

const classes = 4;
const workers = 5000;

/** Few iterations of each kind: the longest stretch does not depend on their number. */
const few: Readonly<Record<string, number>> = {
  maxIterations: 4,
  iterations: 4,
  rounds: 4,
  starts: 2,
  sweepsPerStart: 3,
  chains: 2,
  burnIn: 2,
  samples: 4,
};

interface Stretch {
  readonly first: number;
  readonly between: number;
  readonly last: number;
}

function tableOf(answers: number): AnswerTable {
  const people = crowd({ shape: 'u', classes, answers, workers });
  const builder = new AnswerTableBuilder();
  for (let task = 0; task < people.taskCount; task++) {
    for (let e = people.taskStart[task]; e < people.taskStart[task + 1]; e++) {
      builder.add({ task: `t${task}`, worker: `w${people.worker[e]}`, label: `c${people.label[e]}` });
    }
  }
  return builder.build().table;
}

/** CPU milliseconds of this thread. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function stretches(method: Method, table: AnswerTable, detail: Readonly<Record<string, unknown>> = {}): Stretch {
  const given = Object.fromEntries(Object.entries(few).filter(([name]) => Object.hasOwn(method.options, name)));
  const options = parseOptions(method.options, { ...given, ...detail });
  const context = { seed: 0, random: new Random(0), now: () => performance.now(), onNote: (): void => {} };
  const found: number[] = [];
  let from = threadMs();
  const running = method.fit(table, options, context);
  for (;;) {
    const step = running.next();
    const now = threadMs();
    found.push(now - from);
    from = now;
    if (step.done === true) break;
  }
  return { first: found[0], between: Math.max(0, ...found.slice(1, -1)), last: found[found.length - 1] };
}

const least = (a: Stretch, b: Stretch): Stretch => ({
  first: Math.min(a.first, b.first),
  between: Math.min(a.between, b.between),
  last: Math.min(a.last, b.last),
});

const chosen = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const quick = process.argv.includes('--quick');
const sizes = quick ? [100_000] : [100_000, 1_000_000];
const variants: [string, Method, Readonly<Record<string, unknown>>][] = methods.flatMap((method) => [
  [method.id, method, {}],
  ...(method.id === 'glad' ? [['glad, integrated', method, { eases: 'integrated' }] as const] : []),
]) as [string, Method, Readonly<Record<string, unknown>>][];
const rows = new Map<string, Stretch[]>();
for (const answers of sizes) {
  const table = tableOf(answers);
  for (const [name, method, detail] of variants) {
    if (method.answers === 'binary' || (chosen.length > 0 && !chosen.includes(method.id))) continue;
    let best = stretches(method, table, detail);
    for (let again = 1; again < (answers > 100_000 || quick ? 1 : 3); again++)
      best = least(best, stretches(method, table, detail));
    rows.set(name, [...(rows.get(name) ?? []), best]);
    console.log(
      `${answers} ${name.padEnd(22)} ${[best.first, best.between, best.last].map((ms) => ms.toFixed(0).padStart(6)).join('')}`,
    );
  }
}

if (!quick && chosen.length === 0) {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const cells = (found: Stretch): string =>
    [found.first, found.between, found.last].map((ms) => ms.toFixed(0)).join(' | ');
  writeFileSync(
    join(folder, 'latency.md'),
    `# Longest stretch of work between two yields

\`node bench/latency.ts\`, Node ${process.versions.node}, ${cpus()[0].model.trim()}; CPU milliseconds of the thread. ${classes} classes,
${workers} workers, 5 answers a task. *First*: set-up before the first yield; *between*: the longest afterwards;
*last*: from the last yield to the result. A fit can be cancelled after each. At 1e6 answers one fit, with the compiler's
and the collector's work of a first one in it.

| method | 1e5: first | between | last | 1e6: first | between | last |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${[...rows].map(([name, found]) => `| \`${name}\` | ${found.map(cells).join(' | ')} |`).join('\n')}
`,
  );
}
