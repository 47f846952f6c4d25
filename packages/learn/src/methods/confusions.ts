import type { AnswerTable } from '@assay/core';

/** How confusion matrices are estimated from soft counts. */
export type ConfusionRule = 'coin-shrunk' | 'raw' | 'coin';

/** No cell is below this in logs. */
const leastCell = 1e-10;

/** Soft counts n[w][k][l] of the answers, W×K×K, given probabilities of the truth T×K. */
export function answerCounts(table: AnswerTable, q: Float64Array): Float64Array {
  const { taskCount, classCount, taskStart, worker, label, weight } = table;
  const counts = new Float64Array(table.workerCount * classCount * classCount);
  for (let task = 0; task < taskCount; task++) {
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const cell = worker[e] * classCount * classCount + label[e];
      const power = weight === undefined ? 1 : weight[e];
      for (let k = 0; k < classCount; k++) counts[cell + k * classCount] += power * q[task * classCount + k];
    }
  }
  return counts;
}

/**
 * Confusion matrices from soft counts, in place, one K×K block per worker.
 *
 * `raw`: rows normalised, rows without counts uniform. `coin`: one accuracy (right + 1)/(all + 2), the
 * rest shared evenly. `coin-shrunk`: rows with `strength` answers of the worker's coin added.
 */
export function normaliseConfusions(
  counts: Float64Array,
  classCount: number,
  rule: ConfusionRule,
  strength: number,
): void {
  const block = classCount * classCount;
  for (let at = 0; at < counts.length; at += block) {
    let [right, total] = [0, 0];
    for (let k = 0; k < classCount; k++) right += counts[at + k * (classCount + 1)];
    for (let i = at; i < at + block; i++) total += counts[i];
    const accuracy = (right + 1) / (total + 2);
    const wrong = (1 - accuracy) / Math.max(1, classCount - 1);
    for (let k = 0; k < classCount; k++) {
      const row = at + k * classCount;
      let mass = 0;
      for (let l = 0; l < classCount; l++) mass += counts[row + l];
      for (let l = 0; l < classCount; l++) {
        const coin = l === k ? accuracy : wrong;
        if (rule === 'coin') counts[row + l] = coin;
        else if (rule === 'raw')
          counts[row + l] = mass > 0 ? Math.max(leastCell, counts[row + l] / mass) : 1 / classCount;
        else counts[row + l] = mass + strength > 0 ? (counts[row + l] + strength * coin) / (mass + strength) : coin;
      }
    }
  }
}

/** Class frequencies: the mean of the rows of tasks with answers; uniform without any. */
export function classFrequencies({ taskCount, classCount, taskStart }: AnswerTable, q: Float64Array): Float64Array {
  const prior = new Float64Array(classCount);
  let tasks = 0;
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task] === taskStart[task + 1]) continue;
    tasks++;
    for (let k = 0; k < classCount; k++) prior[k] += q[task * classCount + k];
  }
  return tasks === 0 ? prior.fill(1 / Math.max(1, classCount)) : prior.map((value) => value / tasks);
}

/**
 * Bayes: `logPrior` (T×K, changed in place into the posterior) times the likelihood of the answers.
 * Gold tasks get their class. Gives the log-likelihood Σ_i log Σ_k of tasks with answers.
 */
export function posteriorInPlace(table: AnswerTable, logPrior: Float64Array, confusion: Float64Array): number {
  const { taskCount, classCount, taskStart, worker, label, weight, gold } = table;
  const logs = confusion.map((cell) => Math.log(Math.max(leastCell, cell)));
  let total = 0;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const cell = worker[e] * classCount * classCount + label[e];
      const power = weight === undefined ? 1 : weight[e];
      for (let k = 0; k < classCount; k++) logPrior[row + k] += power * logs[cell + k * classCount];
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) most = Math.max(most, logPrior[row + k]);
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += logPrior[row + k] = Math.exp(logPrior[row + k] - most);
    for (let k = 0; k < classCount; k++) logPrior[row + k] /= sum;
    if (taskStart[task + 1] > taskStart[task]) total += most + Math.log(sum);
    if (gold !== undefined && gold[task] >= 0) {
      logPrior.fill(0, row, row + classCount);
      logPrior[row + gold[task]] = 1;
    }
  }
  return total;
}

/** T×K logs of the class frequencies. */
export function logFrequencies(prior: Float64Array, taskCount: number): Float64Array {
  const logs = prior.map((value) => Math.log(Math.max(leastCell, value)));
  const result = new Float64Array(taskCount * prior.length);
  for (let i = 0; i < result.length; i++) result[i] = logs[i % prior.length];
  return result;
}

/** Largest change a posterior may still make when a fit has settled. */
const settled = 1e-6;

/** Dawid-Skene with an estimator of confusions, from vote shares: people alone. */
export function peopleAlone(
  table: AnswerTable,
  start: Float64Array,
  rule: ConfusionRule,
  strength: number,
  sweeps = 30,
): { q: Float64Array; confusion: Float64Array } {
  let q = start;
  let confusion: Float64Array = new Float64Array(0);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    confusion = answerCounts(table, q);
    normaliseConfusions(confusion, table.classCount, rule, strength);
    const next = logFrequencies(classFrequencies(table, q), table.taskCount);
    posteriorInPlace(table, next, confusion);
    let change = 0;
    for (let i = 0; i < q.length; i++) change = Math.max(change, Math.abs(next[i] - q[i]));
    q = next;
    if (change < settled) break;
  }
  return { q, confusion };
}
