import type { AnswerTable, Estimate } from '@assay/core';

/** Expected confusion counts over at most a few classes; the rarer ones are one last class. */
export interface FoldedConfusion {
  readonly classes: readonly string[];
  /** Summed over all workers, [true][said]. */
  readonly pooled: readonly (readonly number[])[];
  /** Of single workers, in the order asked for. */
  readonly single: readonly (readonly (readonly number[])[])[];
}

/**
 * Expected confusion counts: each answer counts in the row of every class with that class's posterior probability.
 *
 * `most` limits the classes, rarer ones by what was said are added up. Cost O(T·K + N·min(K, most)), memory
 * O((1 + workers asked for) · most²).
 */
export function expectedConfusion(
  table: AnswerTable,
  estimate: Estimate,
  workers: readonly number[],
  most = 30,
): FoldedConfusion {
  const { classCount, taskCount, taskStart, worker, label } = table;
  const { classes, slotOf } = foldedClasses(table, most);
  const slots = classes.length;
  const area = slots * slots;
  const sums = new Float64Array(area * (1 + workers.length));
  const place = new Int32Array(table.workerCount).fill(-1);
  workers.forEach((w, index) => {
    place[w] = (index + 1) * area;
  });
  const shares = new Float64Array(slots);
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task] === taskStart[task + 1]) continue;
    shares.fill(0);
    for (let k = 0; k < classCount; k++) shares[slotOf[k]] += estimate.posterior[task * classCount + k];
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const said = slotOf[label[answer]];
      const own = place[worker[answer]];
      for (let k = 0; k < slots; k++) {
        sums[k * slots + said] += shares[k];
        if (own >= 0) sums[own + k * slots + said] += shares[k];
      }
    }
  }
  const matrix = (from: number): number[][] =>
    Array.from({ length: slots }, (_, k) => Array.from(sums.subarray(from + k * slots, from + (k + 1) * slots)));
  return { classes, pooled: matrix(0), single: workers.map((_, index) => matrix((index + 1) * area)) };
}

function foldedClasses(table: AnswerTable, most: number): { classes: string[]; slotOf: Int32Array } {
  const { classCount } = table;
  if (classCount <= most) {
    return { classes: table.classes.names(), slotOf: Int32Array.from({ length: classCount }, (_, k) => k) };
  }
  const said = saidCounts(table);
  const kept = Array.from(said.keys())
    .sort((a, b) => said[b] - said[a] || a - b)
    .slice(0, most - 1)
    .sort((a, b) => a - b);
  const slotOf = new Int32Array(classCount).fill(most - 1);
  kept.forEach((k, slot) => {
    slotOf[k] = slot;
  });
  return { classes: [...kept.map((k) => table.classes.name(k)), `${classCount - kept.length} others`], slotOf };
}

/** How often each class was said, K. */
export function saidCounts(table: AnswerTable): Float64Array {
  const said = new Float64Array(table.classCount);
  for (const label of table.label) said[label]++;
  return said;
}

/** Number of counted answers of each worker, W. */
export function answersOfWorkers(table: AnswerTable): Float64Array {
  const counts = new Float64Array(table.workerCount);
  for (const worker of table.worker) counts[worker]++;
  return counts;
}

/** What a task's answers say: `3 × cat, 1 × dog`, most first, at most `most` classes. */
export function votesOf(table: AnswerTable, task: number, most = 4): string {
  const votes = new Map<number, number>();
  for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++) {
    const label = table.label[answer];
    votes.set(label, (votes.get(label) ?? 0) + 1);
  }
  const sorted = [...votes].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const parts = sorted.slice(0, most).map(([label, number]) => `${number} × ${shortened(table.classes.name(label))}`);
  if (sorted.length > most) parts.push(`${sorted.length - most} others`);
  return parts.length === 0 ? 'no answer' : parts.join(', ');
}

function shortened(name: string): string {
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}

/** The probability of each task's label, for tasks with at least one answer. */
export function confidences(estimate: Estimate): Float64Array {
  const values: number[] = [];
  for (let task = 0; task < estimate.taskCount; task++) {
    if (estimate.answersPerTask[task] > 0) values.push(estimate.probability(task));
  }
  return Float64Array.from(values);
}

/** The tasks whose label is least certain, fewest first; ties by name. Tasks without answers are left out. */
export function leastCertain(estimate: Estimate, most: number): number[] {
  const tasks: number[] = [];
  for (let task = 0; task < estimate.taskCount; task++) if (estimate.answersPerTask[task] > 0) tasks.push(task);
  const sure = Float64Array.from(tasks, (task) => estimate.probability(task));
  const order = tasks.map((_, index) => index).sort((a, b) => sure[a] - sure[b] || tasks[a] - tasks[b]);
  return order.slice(0, most).map((index) => tasks[index]);
}

/** The classes of a task by falling probability. */
export function candidatesOf(
  estimate: Estimate,
  task: number,
  most: number,
): { readonly label: string; readonly probability: number }[] {
  const K = estimate.classCount;
  const row = estimate.posterior.subarray(task * K, (task + 1) * K);
  return Array.from(row, (probability, k) => ({ k, probability }))
    .sort((a, b) => b.probability - a.probability || a.k - b.k)
    .slice(0, most)
    .map(({ k, probability }) => ({ label: estimate.classNames.name(k), probability }));
}
