import type { AnswerTable } from '../../answers/answer-table.ts';
import { leader } from './cap.ts';

/** Keeps shares positive where all weights vanish. */
const trace = 1e-9;

/**
 * Shares of votes weighted by how often each worker agrees with the majority, ties of the majority
 * shared: the member `wawa`. O(N + T·K).
 */
export function wawaShares(table: AnswerTable, votes: Float64Array): Float64Array {
  const { taskCount, workerCount, classCount, taskStart, worker, label } = table;
  const agreed = new Float64Array(workerCount);
  const answered = new Float64Array(workerCount);
  for (let task = 0; task < taskCount; task++) {
    const { label: first, tied } = leader(votes, task, classCount);
    if (tied === 0) continue;
    const top = votes[task * classCount + first];
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      answered[worker[answer]]++;
      if (votes[task * classCount + label[answer]] === top) agreed[worker[answer]] += 1 / tied;
    }
  }
  const shares = new Float64Array(taskCount * classCount).fill(trace);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      shares[row + label[answer]] += agreed[worker[answer]] / answered[worker[answer]];
    }
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += shares[row + k];
    for (let k = 0; k < classCount; k++) shares[row + k] /= sum;
  }
  return shares;
}
