import type { AnswerTable } from '@assay/core';

/** Vote shares T×K with gold tasks set to their class; tasks without votes are uniform. */
export function voteShares(table: AnswerTable): Float64Array {
  const { taskCount, classCount, taskStart, label, weight, gold } = table;
  const shares = new Float64Array(taskCount * classCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    let total = 0;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const power = weight === undefined ? 1 : weight[e];
      shares[row + label[e]] += power;
      total += power;
    }
    for (let k = 0; k < classCount; k++) shares[row + k] = total > 0 ? shares[row + k] / total : 1 / classCount;
    if (gold === undefined || gold[task] < 0) continue;
    shares.fill(0, row, row + classCount);
    shares[row + gold[task]] = 1;
  }
  return shares;
}
