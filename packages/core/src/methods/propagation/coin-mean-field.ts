import type { AnswerTable } from '../../answers/answer-table.ts';
import { dirichletKl } from '../../math/dirichlet.ts';
import { digamma } from '../../math/gamma-functions.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import type { Progress } from '../method.ts';
import { isInformed, startingPosterior } from '../votes.ts';
import { testTotals } from './coin-messages.ts';

export interface CoinMeanFieldSettings {
  /** Beta parameters of every worker's accuracy. */
  readonly right: number;
  readonly wrong: number;
  readonly maxIterations: number;
  /** Largest change of a posterior that counts as settled; 0 for never. */
  readonly tolerance: number;
  /** T×K, not changed: the first Beta parameters are set from it. Default the vote shares. */
  readonly starting?: Float64Array;
}

export interface CoinMeanField {
  readonly posterior: Float64Array;
  /** Beta parameters of each worker's accuracy. */
  readonly right: Float64Array;
  readonly wrong: Float64Array;
  readonly objective: number[];
  readonly converged: boolean;
}

/**
 * Mean field with one accuracy per worker: q(z) q(w), class frequencies known.
 *
 * One iteration sets the Beta parameters from the expected right answers, then all q(z) at once
 * (tasks meet only through workers, so this is coordinate ascent); the bound is evaluated right
 * after. O(N + T·K) per iteration.
 */
export function* coinMeanField(
  table: AnswerTable,
  logPrior: Float64Array,
  settings: CoinMeanFieldSettings,
): Generator<Progress, CoinMeanField, void> {
  const { taskCount, workerCount, classCount, taskStart, worker, label, weight } = table;
  const logOthers = Math.log(classCount - 1);
  const tests = testTotals(table);
  const priorRight = new Float64Array(workerCount).fill(settings.right);
  const priorWrong = new Float64Array(workerCount).fill(settings.wrong);
  const answered = new Float64Array(workerCount);
  for (let e = 0; e < worker.length; e++) answered[worker[e]] += weight === undefined ? 1 : weight[e];
  for (let w = 0; w < workerCount; w++) {
    priorRight[w] += tests === undefined ? 0 : tests.right[w];
    priorWrong[w] += tests === undefined ? 0 : tests.wrong[w];
  }
  const right = new Float64Array(workerCount);
  const wrong = new Float64Array(workerCount);
  const push = new Float64Array(workerCount);
  const posterior = settings.starting?.slice() ?? startingPosterior(table);
  const row = new Float64Array(classCount);
  const after = new Float64Array(2);
  const before = new Float64Array(2);
  const objective: number[] = [];
  let converged = false;

  for (let iteration = 1; iteration <= settings.maxIterations && !converged; iteration++) {
    right.fill(0);
    for (let task = 0; task < taskCount; task++) {
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        right[worker[e]] += posterior[task * classCount + label[e]] * (weight === undefined ? 1 : weight[e]);
      }
    }
    let bound = 0;
    for (let w = 0; w < workerCount; w++) {
      // Sums of posteriors may pass the number of answers by rounding.
      wrong[w] = priorWrong[w] + Math.max(0, answered[w] - right[w]);
      right[w] += priorRight[w];
      const expectWrong = digamma(wrong[w]) - digamma(right[w] + wrong[w]);
      push[w] = digamma(right[w]) - digamma(wrong[w]) + logOthers;
      after[0] = right[w];
      after[1] = wrong[w];
      before[0] = priorRight[w];
      before[1] = priorWrong[w];
      bound += answered[w] * (expectWrong - logOthers) - dirichletKl(after, before, 0, 2);
    }
    let change = 0;
    for (let task = 0; task < taskCount; task++) {
      const at = task * classCount;
      for (let k = 0; k < classCount; k++) row[k] = logPrior[at + k];
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        row[label[e]] += push[worker[e]] * (weight === undefined ? 1 : weight[e]);
      }
      const logSum = softmaxInPlace(row, 0, classCount);
      if (isInformed(table, task)) bound += logSum;
      for (let k = 0; k < classCount; k++) {
        change = Math.max(change, Math.abs(row[k] - posterior[at + k]));
        posterior[at + k] = row[k];
      }
    }
    objective.push(bound);
    yield { iteration, objective: bound };
    converged = settings.tolerance > 0 && change <= settings.tolerance;
  }
  return { posterior, right, wrong, objective, converged };
}
