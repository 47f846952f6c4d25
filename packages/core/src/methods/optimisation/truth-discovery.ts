import type { AnswerTable } from '../../answers/answer-table.ts';
import type { StopReason } from '../convergence.ts';
import { type Estimate, estimateOf } from '../estimate.ts';
import type { Progress } from '../method.ts';
import type { NumberOption } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import type { TieRule } from '../ties.ts';
import { clampGold, voteCounts } from '../votes.ts';
import { agreement, agreementWorkers, creditWinners, scoresToShares } from '../voting/agreement.ts';
import { meanRow } from '../voting/majority-vote.ts';

/** The `rounds` option of methods that turn between labels and weights. */
export const roundsOption: NumberOption = {
  kind: 'number',
  default: 100,
  min: 1,
  max: 10_000,
  integer: true,
  does: 'Most rounds of voting and weighing.',
  why: 'Real sets settle in 3 to 20.',
};

/** How a worker's weight follows from how often they missed. */
export interface LossWeights {
  /**
   * Writes the weights (W, not negative) for the summed losses (W, weighted count of answers beside
   * the label) and the summed answer weights (W). Returns the objective, NaN where there is none.
   */
  weigh(loss: Float64Array, total: Float64Array, weight: Float64Array): number;
}

/** Part of the least positive weight that workers of weight 0 keep, so that nobody's lone answer is lost. */
const leastWeight = 1e-9;

/**
 * Truth discovery with the 0/1 loss, the common body of PM and CATD: labels by weighted vote, weights
 * by each worker's loss against the labels, in turns from the majority vote until no label changes.
 */
export function* discoverTruth(
  table: AnswerTable,
  rule: LossWeights,
  settings: {
    readonly method: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly seed: number;
    readonly rounds: number;
    readonly tie: TieRule;
  },
): Generator<Progress, Estimate, void> {
  const { method, options, seed, rounds, tie } = settings;
  const { workerCount, classCount } = table;
  const notes = tableNotes(table);
  const total = new Float64Array(workerCount);
  for (let answer = 0; answer < table.answerCount; answer++) {
    total[table.worker[answer]] += table.weight === undefined ? 1 : table.weight[answer];
  }
  const agreed = new Float64Array(workerCount);
  const loss = new Float64Array(workerCount);
  const weight = new Float64Array(workerCount);
  const objective: number[] = [];
  let credits = creditWinners(table, voteCounts(table), tie === 'first');
  let stopReason: StopReason = 'iteration limit';
  let iterations = 0;
  while (iterations < rounds && stopReason === 'iteration limit') {
    iterations++;
    agreement(table, credits, agreed);
    for (let w = 0; w < workerCount; w++) loss[w] = Math.max(0, (1 - agreed[w]) * total[w]);
    const value = rule.weigh(loss, total, weight);
    if (!Number.isNaN(value)) objective.push(value);
    const least = weight.reduce((low, one) => (one > 0 ? Math.min(low, one) : low), Number.POSITIVE_INFINITY);
    for (let w = 0; w < workerCount; w++) {
      if (!(weight[w] > 0)) weight[w] = least === Number.POSITIVE_INFINITY ? 1 : leastWeight * least;
    }
    const next = creditWinners(table, voteCounts(table, weight), tie === 'first');
    if (next.every((credit, i) => credit === credits[i])) stopReason = 'labels settled';
    credits = next;
    yield { iteration: iterations, objective: value };
  }
  if (stopReason === 'iteration limit') {
    notes.push(`labels still changed after ${rounds} rounds, perhaps in a cycle; the last were kept`);
  }
  const posterior = scoresToShares(voteCounts(table, weight), classCount);
  clampGold(table, posterior);
  return estimateOf(table, {
    method,
    options,
    seed,
    posterior,
    calibrated: false,
    prior: meanRow(posterior, classCount),
    workers: agreementWorkers(table, posterior, agreed, total, { weight }),
    objective,
    iterations,
    converged: stopReason === 'labels settled',
    stopReason,
    tieRule: tie,
    notes,
  });
}
