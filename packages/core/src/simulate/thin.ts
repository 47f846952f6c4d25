import { AnswerTable } from '../answers/answer-table.ts';
import { Random } from '../math/random.ts';

/**
 * The same tasks with at most `most` randomly chosen answers each: what a smaller budget would have
 * bought.
 *
 * Use to see how a method does with fewer answers, or to choose k before a campaign. The draw of a
 * task depends on the seed and its name alone. Workers, classes and tasks keep their indices (a
 * worker may end without answers); columns that belong to answers are thinned along. O(N).
 *
 * @example
 * thin(table, 3, 1).answerCount; // at most 3 per task
 */
export function thin(table: AnswerTable, most: number, seed: number): AnswerTable {
  const { taskCount, taskStart, tasks } = table;
  const random = new Random(seed);
  const kept: number[] = [];
  const start = new Uint32Array(taskCount + 1);
  for (let task = 0; task < taskCount; task++) {
    const first = taskStart[task];
    const count = taskStart[task + 1] - first;
    if (count <= most) for (let i = 0; i < count; i++) kept.push(first + i);
    else {
      const chosen = random.fork(tasks.name(task)).permutation(count).subarray(0, most).sort();
      for (const i of chosen) kept.push(first + i);
    }
    start[task + 1] = kept.length;
  }
  return new AnswerTable({
    ...table,
    taskStart: start,
    worker: Uint32Array.from(kept, (answer) => table.worker[answer]),
    label: Uint16Array.from(kept, (answer) => table.label[answer]),
    weight: pick(table.weight, kept),
    time: pick(table.time, kept),
    durationMs: pick(table.durationMs, kept),
    costMicros: pick(table.costMicros, kept),
    exposed: table.exposed && Uint8Array.from(kept, (answer) => (table.exposed as Uint8Array)[answer]),
    soft: table.soft && softRows(table.soft, kept, table.classCount),
  });
}

function pick(column: Float64Array | undefined, kept: readonly number[]): Float64Array | undefined {
  return column && Float64Array.from(kept, (answer) => column[answer]);
}

function softRows(soft: Float64Array, kept: readonly number[], classCount: number): Float64Array {
  const rows = new Float64Array(kept.length * classCount);
  kept.forEach((answer, i) => {
    rows.set(soft.subarray(answer * classCount, (answer + 1) * classCount), i * classCount);
  });
  return rows;
}
