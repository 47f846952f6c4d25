import { type AnswerTable, answersFrom, Random } from '@assay/core';
import { logSumExp } from '@assay/core/math';
import { type CoinPrior, logRightCounts } from '../../../src/methods/propagation/coin-prior.ts';
import type { WorkerEvidence } from '../bayesian/enumeration.ts';

/**
 * Answers whose graph of tasks and workers is a tree: every node but the first hangs on an earlier
 * one of the other kind. All classes occur.
 */
export function treeOf(seed: number, tasks: number, workers: number, classes: number): AnswerTable {
  const random = new Random(`tree ${seed}`);
  const rows: [string, string, string][] = [];
  const say = (): string => `c${random.integer(classes)}`;
  let [haveTasks, haveWorkers] = [1, 0];
  while (haveTasks < tasks || haveWorkers < workers) {
    const addWorker = haveWorkers === 0 || (haveWorkers < workers && random.uniform() < 0.5) || haveTasks === tasks;
    if (addWorker) rows.push([`t${random.integer(haveTasks)}`, `w${haveWorkers++}`, say()]);
    else rows.push([`t${haveTasks++}`, `w${random.integer(haveWorkers)}`, say()]);
  }
  return answersFrom(rows, { classes: Array.from({ length: classes }, (_, k) => `c${k}`) });
}

/** One accuracy per worker, integrated out exactly. */
export function coinEvidence(prior: CoinPrior, classes: number): WorkerEvidence {
  return (counts) => {
    let right = 0;
    let all = 0;
    counts.forEach((count, cell) => {
      all += count;
      if (cell % (classes + 1) === 0) right += count;
    });
    return logRightCounts(prior, all, classes, 0, 0)[right];
  };
}

/** Confusions from a list of (probability, K×K rows). */
export function atomEvidence(atoms: readonly (readonly [number, readonly number[]])[]): WorkerEvidence {
  return (counts) =>
    logSumExp(
      atoms.map(([weight, theta]) => {
        let log = Math.log(weight);
        counts.forEach((count, cell) => {
          if (count > 0) log += count * Math.log(theta[cell]);
        });
        return log;
      }),
    );
}
