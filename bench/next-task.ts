/**
 * From an answer to the next task of its worker among 1e5 open tasks: `node --conditions=source bench/next-task.ts [--quick]`.
 *
 * One round trip is what a campaign does between two clicks: accept the answer of a lease and pay it, take it into the
 * stream, re-place its task in the queue, choose the worker's next task by value per price under all constraints, lease it.
 * 1e6 answers of 2,000 workers to 4 classes; every task stays open. Single trips by the clock, since CPU time comes in steps
 * of milliseconds: a busy machine only makes them longer. Writes
 * bench/results/next-task.md; `--quick` does 1e5 answers and writes nothing.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { Desk, type Lease, OnlineEm, TaskQueue, valuePerPrice } from '../packages/core/src/control/index.ts';
import { Random } from '../packages/core/src/math/random.ts';

const quick = process.argv.includes('--quick');
const [tasks, workers, classes, answers] = [100_000, 2_000, 4, quick ? 100_000 : 1_000_000];
const price = 10_000;
const limits = { medianMs: 0.2, p99Ms: 2, minutes: 1 };

const random = new Random(7);
const world = random.fork('world');
const truth = Uint8Array.from({ length: tasks }, () => world.integer(classes));
const skill = Float64Array.from({ length: workers }, () => 0.4 + 0.55 * world.uniform());
const [taskNames, workerNames] = [
  Array.from({ length: tasks }, (_, task) => `t${task}`),
  Array.from({ length: workers }, (_, worker) => `w${worker}`),
];
const stream = new OnlineEm({ classes, tasks, workers });
const queue = new TaskQueue(tasks, 7);
for (let task = 0; task < tasks; task++) queue.set(task, Math.log(classes));
const desk = new Desk({ budgetMicros: answers * price * 2, answersPerTask: workers });
const policy = valuePerPrice();
const state = {
  queue,
  stream,
  may: (task: number, worker: number): boolean =>
    desk.refusal(taskNames[task], workerNames[worker], price) === undefined,
  priceMicros: (): number => price,
};

function leased(worker: number, now: number): { lease: Lease; task: number } {
  const assignment = policy.next(state, worker, random);
  if (assignment.kind === 'none') throw new Error(assignment.reason);
  const lease = desk.offer(taskNames[assignment.task], workerNames[worker], price, now);
  if (typeof lease === 'string') throw new Error(`the policy chose a task that is ${lease}`);
  return { lease, task: assignment.task };
}

/** CPU milliseconds of this thread. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

const open = Array.from({ length: workers }, (_, worker) => leased(worker, 0));
const times = new Float64Array(answers);
const began = threadMs();
for (let turn = 0; turn < answers; turn++) {
  const worker = world.integer(workers);
  const { lease, task } = open[worker];
  const right = world.bernoulli(skill[worker]);
  const label = right ? truth[task] : (truth[task] + 1 + world.integer(classes - 1)) % classes;
  const from = performance.now();
  desk.accept(lease.id);
  stream.add(task, worker, label);
  queue.set(task, stream.entropyOf(task));
  open[worker] = leased(worker, turn);
  times[turn] = performance.now() - from;
}
const cpuSeconds = (threadMs() - began) / 1000;
times.sort();
const medianMs = times[answers >> 1];
const p99Ms = times[Math.floor(0.99 * answers)];
const worstMs = times[answers - 1];
console.log(JSON.stringify({ tasks, answers, medianMs, p99Ms, worstMs, cpuSeconds }));
if (!quick) {
  writeFileSync(
    join(import.meta.dirname, 'results/next-task.md'),
    `# From an answer to the next task of its worker

\`node --conditions=source bench/next-task.ts\`, Node ${process.versions.node}, ${cpus()[0].model.trim()}, two shared cores.
${tasks.toLocaleString('en')} open tasks, ${classes} classes, ${workers.toLocaleString('en')} workers, ${answers.toLocaleString('en')} answers; estimates, money, leases and constraints included.

| round trip | measured | limit |
| --- | ---: | ---: |
| median, ms by the clock | ${medianMs.toFixed(3)} | ${limits.medianMs} |
| 99th percentile, ms by the clock | ${p99Ms.toFixed(3)} | ${limits.p99Ms} |
| worst, ms by the clock | ${worstMs.toFixed(1)} | |
| all ${answers.toLocaleString('en')} answers, simulation included, CPU s | ${cpuSeconds.toFixed(1)} | ${60 * limits.minutes} |
`,
  );
}
if (medianMs > limits.medianMs || p99Ms > limits.p99Ms || cpuSeconds > 60 * limits.minutes) process.exitCode = 1;
