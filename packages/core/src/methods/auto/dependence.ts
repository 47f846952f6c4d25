import type { AnswerTable } from '../../answers/answer-table.ts';
import { pooledShape } from './pooled-shape.ts';

/** Answers of the crowd behind each worker's row. */
export const rowStrength = 4;

/** Nothing is known of dependence, or it is at least this strong. */
export const mostDependence = 0.2;

/** Confusions of the workers with rows shrunk towards the crowd's, W×K×K, from soft counts. */
export function shrunkConfusions(counts: Float64Array, classCount: number): Float64Array {
  const crowd = pooledShape(counts, classCount);
  const block = classCount * classCount;
  const confusion = new Float64Array(counts.length);
  for (let row = 0; row < counts.length; row += classCount) {
    let mass = rowStrength;
    for (let l = 0; l < classCount; l++) mass += counts[row + l];
    for (let l = 0; l < classCount; l++)
      confusion[row + l] = (counts[row + l] + rowStrength * crowd[(row % block) + l]) / mass;
  }
  return confusion;
}

/**
 * Dependence inside tasks that per-worker models leave unexplained, 0 to 0.2.
 *
 * For each answer the surprise c of its being right or wrong and its variance s²; over pairs of
 * answers to a task, ρ = Σ[(Σc)² - Σc²] / Σ[(Σs)² - Σs²]. About 0 to 0.03 for independent workers,
 * 0.1 and more where tasks mislead many. 0.2 when no task has two answers. O(N·K).
 */
export function dependence(table: AnswerTable, posterior: Float64Array, confusion: Float64Array): number {
  const { taskCount, classCount, taskStart, worker, label } = table;
  const block = classCount * classCount;
  let numerator = 0;
  let denominator = 0;
  let pairs = false;
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task + 1] - taskStart[task] < 2) continue;
    pairs = true;
    let [sumC, sumC2, sumS, sumS2] = [0, 0, 0, 0];
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      let surprise = 0;
      let variance = 0;
      for (let k = 0; k < classCount; k++) {
        const q = posterior[task * classCount + k];
        const right = confusion[worker[answer] * block + k * (classCount + 1)];
        surprise += q * ((label[answer] === k ? 1 : 0) - right);
        variance += q * right * (1 - right);
      }
      sumC += surprise;
      sumC2 += surprise * surprise;
      sumS += Math.sqrt(variance);
      sumS2 += variance;
    }
    numerator += sumC * sumC - sumC2;
    denominator += sumS * sumS - sumS2;
  }
  if (!pairs || !(denominator > 0)) return mostDependence;
  return Math.min(mostDependence, Math.max(0, numerator / denominator));
}
