import type { AnswerTable } from '@assay/core';
import { logDirichletMultinomial, logSumExp } from '@assay/core/math';

/** Everything about a tiny table by adding up all K^T label assignments. */
export interface Enumerated {
  readonly logEvidence: number;
  /** T×K marginals. */
  readonly posterior: Float64Array;
}

/** Log probability of a worker's answers, given as (truth, said) counts K×K, with the worker integrated out. */
export type WorkerEvidence = (counts: Float64Array, worker: number) => number;

/** Dirichlet rows with the same K×K parameters for every worker. */
export function dirichletRows(alpha: Float64Array, classCount: number): WorkerEvidence {
  return (counts) => {
    let log = 0;
    for (let k = 0; k < classCount; k++) {
      log += logDirichletMultinomial(counts, alpha, k * classCount, classCount, k * classCount);
    }
    return log;
  };
}

/**
 * Adds up all assignments. `classPrior` are Dirichlet parameters of the class frequencies, or
 * `{ known }` frequencies; `taskPrior` T×K replaces both.
 */
export function enumerate(
  table: AnswerTable,
  workerEvidence: WorkerEvidence,
  classPrior: Float64Array | { readonly known: Float64Array },
): Enumerated {
  const { taskCount, classCount, workerCount, taskStart, worker, label, gold, taskPrior } = table;
  const states = classCount ** taskCount;
  const logs: number[] = [];
  const kept: number[][] = [];
  for (let state = 0; state < states; state++) {
    const z = Array.from({ length: taskCount }, (_, task) => Math.floor(state / classCount ** task) % classCount);
    if (gold !== undefined && z.some((k, task) => gold[task] >= 0 && gold[task] !== k)) continue;
    const totals = new Float64Array(classCount);
    const counts = Array.from({ length: workerCount }, () => new Float64Array(classCount ** 2));
    let log = 0;
    for (let task = 0; task < taskCount; task++) {
      totals[z[task]]++;
      if (taskPrior !== undefined) log += Math.log(taskPrior[task * classCount + z[task]]);
      else if ('known' in classPrior) log += Math.log(classPrior.known[z[task]]);
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        counts[worker[answer]][z[task] * classCount + label[answer]]++;
      }
    }
    if (taskPrior === undefined && !('known' in classPrior)) log += logDirichletMultinomial(totals, classPrior);
    counts.forEach((count, w) => {
      log += workerEvidence(count, w);
    });
    logs.push(log);
    kept.push(z);
  }
  const logEvidence = logSumExp(logs);
  const posterior = new Float64Array(taskCount * classCount);
  kept.forEach((z, i) => {
    const p = Math.exp(logs[i] - logEvidence);
    z.forEach((k, task) => {
      posterior[task * classCount + k] += p;
    });
  });
  return { logEvidence, posterior };
}

/** Largest absolute difference. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.NaN;
  for (let i = 0; i < b.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = difference;
  }
  return most;
}
