import type { AnswerTable } from '../../answers/answer-table.ts';

/** How each worker did where the truth is known. */
export interface GoldRecord {
  /** Right answers of each worker, W; soft and weighted answers count in parts. */
  readonly right: Float64Array;
  /** Answers of each worker to gold and test tasks, W. */
  readonly total: Float64Array;
}

/** Each worker's record on the table's gold tasks and on its test questions. O(N + W·K²). */
export function goldRecord(table: AnswerTable): GoldRecord {
  const { taskCount, classCount, workerCount, taskStart, worker, label, weight, soft, gold, testCounts } = table;
  const right = new Float64Array(workerCount);
  const total = new Float64Array(workerCount);
  for (let task = 0; gold !== undefined && task < taskCount; task++) {
    const known = gold[task];
    if (known < 0) continue;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const power = weight === undefined ? 1 : weight[answer];
      const said = soft === undefined ? (label[answer] === known ? 1 : 0) : soft[answer * classCount + known];
      right[worker[answer]] += power * said;
      total[worker[answer]] += power;
    }
  }
  for (let cell = 0; testCounts !== undefined && cell < testCounts.length; cell++) {
    const w = Math.floor(cell / (classCount * classCount));
    const inside = cell % (classCount * classCount);
    total[w] += testCounts[cell];
    if (Math.floor(inside / classCount) === inside % classCount) right[w] += testCounts[cell];
  }
  return { right, total };
}
