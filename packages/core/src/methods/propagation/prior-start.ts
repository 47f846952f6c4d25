import type { AnswerTable } from '../../answers/answer-table.ts';
import { digamma } from '../../math/gamma-functions.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import { clampGold } from '../votes.ts';

/**
 * Posteriors T×K from the answers with every worker at its prior, where the published mean field
 * starts: ln q(k) = ln f(k) + Σ E ln θ[k][said]. `expectedLog` is E ln θ, K×K by rows (truth).
 */
export function priorPosterior(table: AnswerTable, logPrior: Float64Array, expectedLog: Float64Array): Float64Array {
  const { taskCount, classCount, taskStart, label, weight } = table;
  const posterior = logPrior.slice();
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const power = weight === undefined ? 1 : weight[e];
      for (let k = 0; k < classCount; k++) posterior[row + k] += power * expectedLog[k * classCount + label[e]];
    }
    softmaxInPlace(posterior, row, classCount);
  }
  clampGold(table, posterior);
  return posterior;
}

/** E ln θ, K×K, of one accuracy ~ Beta(right, wrong) with the errors spread evenly. */
export function expectedCoinLogs(right: number, wrong: number, classCount: number): Float64Array {
  const all = digamma(right + wrong);
  const [said, other] = [digamma(right) - all, digamma(wrong) - all - Math.log(classCount - 1)];
  return Float64Array.from({ length: classCount ** 2 }, (_, cell) => (cell % (classCount + 1) === 0 ? said : other));
}

/** E ln θ, K×K, of Dirichlet rows with these parameters. */
export function expectedRowLogs(alpha: Float64Array, classCount: number): Float64Array {
  const logs = alpha.map(digamma);
  for (let row = 0; row < logs.length; row += classCount) {
    let sum = 0;
    for (let l = 0; l < classCount; l++) sum += alpha[row + l];
    const all = digamma(sum);
    for (let l = 0; l < classCount; l++) logs[row + l] -= all;
  }
  return logs;
}
