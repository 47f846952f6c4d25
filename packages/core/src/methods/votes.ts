import type { AnswerTable } from '../answers/answer-table.ts';

/**
 * Votes per task and class, T×K: the sum of weights of the answers that say the class. Soft answers
 * are shared out by their probabilities. `workerWeight` multiplies each worker's votes and may be
 * negative.
 */
export function voteCounts(table: AnswerTable, workerWeight?: Float64Array): Float64Array {
  const { taskCount, classCount, taskStart, worker, label, weight, soft } = table;
  const votes = new Float64Array(taskCount * classCount);
  const plain = soft === undefined && weight === undefined && workerWeight === undefined;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const end = taskStart[task + 1];
    if (plain) {
      for (let answer = taskStart[task]; answer < end; answer++) votes[row + label[answer]]++;
      continue;
    }
    for (let answer = taskStart[task]; answer < end; answer++) {
      const power =
        (weight === undefined ? 1 : weight[answer]) * (workerWeight === undefined ? 1 : workerWeight[worker[answer]]);
      if (soft === undefined) votes[row + label[answer]] += power;
      else for (let k = 0; k < classCount; k++) votes[row + k] += power * soft[answer * classCount + k];
    }
  }
  return votes;
}

/**
 * Vote shares, T×K, rows sum to 1. Tasks without votes (or with none above zero) are uniform;
 * negative totals count as zero.
 */
export function voteShares(table: AnswerTable, workerWeight?: Float64Array): Float64Array {
  const { taskCount, classCount } = table;
  const shares = voteCounts(table, workerWeight);
  for (let row = 0; row < taskCount * classCount; row += classCount) {
    let total = 0;
    for (let k = 0; k < classCount; k++) total += shares[row + k] > 0 ? shares[row + k] : 0;
    for (let k = 0; k < classCount; k++)
      shares[row + k] = total > 0 ? Math.max(0, shares[row + k]) / total : 1 / classCount;
  }
  return shares;
}

/** Vote shares with gold tasks set to their known class: where most fits start. */
export function startingPosterior(table: AnswerTable): Float64Array {
  const posterior = voteShares(table);
  clampGold(table, posterior);
  return posterior;
}

/** Sets the rows of gold tasks to their known class. */
export function clampGold(table: AnswerTable, posterior: Float64Array): void {
  const { gold, classCount } = table;
  if (gold === undefined) return;
  for (let task = 0; task < gold.length; task++) {
    if (gold[task] < 0) continue;
    posterior.fill(0, task * classCount, (task + 1) * classCount);
    posterior[task * classCount + gold[task]] = 1;
  }
}

/** Number of answers of each worker, W. */
export function answersPerWorker(table: AnswerTable): Float64Array {
  return new Float64Array(table.answersPer.worker);
}

/** Does the task have a counted answer or a gold label? Only such tasks inform class frequencies. */
export function isInformed(table: AnswerTable, task: number): boolean {
  return table.taskStart[task + 1] > table.taskStart[task] || (table.gold !== undefined && table.gold[task] >= 0);
}
