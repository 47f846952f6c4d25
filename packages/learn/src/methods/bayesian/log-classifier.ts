import { clipRow } from '../propagation/clip.ts';

/**
 * Log-probabilities of logits, rows × K in float64, no class above `clip`: 1 changes nothing, 1/K or
 * less makes every row uniform. Rows that need no clip are logits − ln Σ exp, exact also where a
 * probability would round to 0.
 */
export function clippedLogs(logits: ArrayLike<number>, classCount: number, clip: number): Float64Array {
  const logs = Float64Array.from(logits);
  if (clip * classCount <= 1) return logs.fill(-Math.log(classCount));
  for (let from = 0; from < logs.length; from += classCount) {
    const row = logs.subarray(from, from + classCount);
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) most = Math.max(most, row[k]);
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += Math.exp(row[k] - most);
    const normaliser = most + Math.log(sum);
    for (let k = 0; k < classCount; k++) row[k] -= normaliser;
    if (most - normaliser <= Math.log(clip)) continue;
    for (let k = 0; k < classCount; k++) row[k] = Math.exp(row[k]);
    clipRow(row, clip);
    for (let k = 0; k < classCount; k++) row[k] = Math.log(row[k]);
  }
  return logs;
}
