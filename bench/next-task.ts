/**
 * Time from an answer to the next task of its worker: 1e5 open tasks, 4 classes, 2,000 workers, value per price.
 *
 * One round trip is: take the answer into the stream, re-place its task in the queue, decide the worker's next task under
 * the constraint that nobody gets a task twice. Prints median and 99th percentile of the round trip in milliseconds and the
 * CPU time per round trip. Run: node bench/next-task.ts (after npm run build).
 */
import { Random } from '@assay/core';
import { OnlineEm, TaskQueue, valuePerPrice } from '@assay/core/control';

const [tasks, workers, classes, warm, measured] = [100_000, 2_000, 4, 150_000, 50_000];
const random = new Random(7);
const stream = new OnlineEm({ classes, tasks, workers });
const queue = new TaskQueue(tasks, 7);
const truth = Uint8Array.from({ length: tasks }, () => random.integer(classes));
const skill = Float64Array.from({ length: workers }, () => 0.4 + 0.55 * random.uniform());
const given = Array.from({ length: workers }, () => new Set<number>());
for (let task = 0; task < tasks; task++) queue.set(task, Math.log(classes));
const policy = valuePerPrice();
const state = {
  queue,
  stream,
  may: (task: number, worker: number): boolean => !given[worker].has(task),
  priceMicros: (): number => 10_000,
};

const times = new Float64Array(measured);
let cpu = process.cpuUsage();
for (let turn = 0; turn < warm + measured; turn++) {
  if (turn === warm) cpu = process.cpuUsage();
  const worker = random.integer(workers);
  const from = performance.now();
  const assignment = policy.next(state, worker, random);
  if (assignment.kind === 'none') throw new Error(assignment.reason);
  const { task } = assignment;
  given[worker].add(task);
  const right = random.bernoulli(skill[worker]);
  const label = right ? truth[task] : (truth[task] + 1 + random.integer(classes - 1)) % classes;
  stream.add(task, worker, label);
  queue.set(task, stream.entropyOf(task));
  if (turn >= warm) times[turn - warm] = performance.now() - from;
}
const { user, system } = process.cpuUsage(cpu);
times.sort();
console.log(
  JSON.stringify({
    tasks,
    answers: warm + measured,
    medianMs: times[measured >> 1],
    p99Ms: times[Math.floor(0.99 * measured)],
    cpuMs: (user + system) / 1000 / measured,
  }),
);
