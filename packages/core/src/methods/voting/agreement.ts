import type { AnswerTable } from '../../answers/answer-table.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import type { WorkerEstimates } from '../estimate.ts';
import type { ChoiceOption } from '../options.ts';
import { type TieRule, tieRules, tieTolerance } from '../ties.ts';
import { clampGold } from '../votes.ts';
import { expectedRight, interval, workerLevel } from '../worker-estimates.ts';

/** The `tie` option of votes that measure workers against their own labels. */
export const tieOption: ChoiceOption<TieRule> = {
  kind: 'choice',
  default: 'hashed',
  choices: tieRules,
  does: 'How a tie between classes is decided at the end. In between tied classes share the credit, unless it is "first".',
  why: 'Sharing favours no class; most published codes take the first class throughout.',
};

/**
 * Turns T×K scores into credits, in place: 1 for the winner of each task, shared among the tied.
 *
 * Gold tasks credit their known class; tasks with neither answers nor gold credit nobody.
 * `firstOnly` gives a tie wholly to its first class.
 */
export function creditWinners(table: AnswerTable, scores: Float64Array, firstOnly: boolean): Float64Array {
  const { taskCount, classCount, taskStart } = table;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    if (taskStart[task + 1] === taskStart[task]) {
      scores.fill(0, row, row + classCount);
      continue;
    }
    let most = Number.NEGATIVE_INFINITY;
    let scale = 0;
    for (let k = row; k < row + classCount; k++) {
      if (scores[k] > most) most = scores[k];
      if (Math.abs(scores[k]) > scale) scale = Math.abs(scores[k]);
    }
    // The tolerance is of the largest magnitude: a sum of positive and negative weights rounds at that scale.
    const least = most - tieTolerance * scale;
    let tied = 0;
    for (let k = row; k < row + classCount; k++) if (scores[k] >= least) tied++;
    let left = firstOnly ? 1 : tied;
    const share = 1 / left;
    for (let k = row; k < row + classCount; k++) scores[k] = scores[k] >= least && left-- > 0 ? share : 0;
  }
  clampGold(table, scores);
  return scores;
}

/**
 * Share of each worker's answers that get credit, W, weighted by the answers' weights.
 *
 * Soft answers count in parts. Workers without counted answers get the mean over all answers, `1 / K`
 * where there are none at all.
 */
export function agreement(table: AnswerTable, credits: Float64Array, out?: Float64Array): Float64Array {
  const { taskCount, classCount, workerCount, taskStart, worker, label, weight, soft } = table;
  const agreed = out ?? new Float64Array(workerCount);
  agreed.fill(0);
  const total = new Float64Array(workerCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const power = weight === undefined ? 1 : weight[answer];
      let credit = 0;
      if (soft === undefined) credit = credits[row + label[answer]];
      else for (let k = 0; k < classCount; k++) credit += soft[answer * classCount + k] * credits[row + k];
      agreed[worker[answer]] += power * credit;
      total[worker[answer]] += power;
    }
  }
  let all = 0;
  let count = 0;
  for (let w = 0; w < workerCount; w++) {
    all += agreed[w];
    count += total[w];
  }
  const mean = count > 0 ? all / count : 1 / Math.max(1, classCount);
  for (let w = 0; w < workerCount; w++) agreed[w] = total[w] > 0 ? agreed[w] / total[w] : mean;
  return agreed;
}

/** ln((K − 1)·a / (1 − a)): the weight of a worker who is right with probability `a`, else wrong anyhow. */
export function logOddsWeight(accuracy: number, classCount: number): number {
  return Math.log(((classCount - 1) * accuracy) / (1 - accuracy));
}

/**
 * Log-odds weights of measured accuracies, W. Each accuracy is kept 1 / (2r + 2) away from 0 and 1,
 * r its number of answers, so that a perfect record does not become a dictator.
 */
export function logOddsWeights(accuracy: Float64Array, answered: Float64Array, classCount: number): Float64Array {
  return accuracy.map((value, w) => {
    const margin = 1 / (2 * answered[w] + 2);
    return logOddsWeight(Math.min(1 - margin, Math.max(margin, value)), classCount);
  });
}

/**
 * Scores as shares, in place: rows sum to 1. A row with negative scores is first raised until its
 * least is zero, so that the order of classes stays; a flat row is uniform.
 */
export function scoresToShares(scores: Float64Array, classCount: number): Float64Array {
  for (let row = 0; row < scores.length; row += classCount) {
    let least = 0;
    let most = Number.NEGATIVE_INFINITY;
    let scale = 0;
    for (let k = row; k < row + classCount; k++) {
      if (scores[k] < least) least = scores[k];
      if (scores[k] > most) most = scores[k];
      if (Math.abs(scores[k]) > scale) scale = Math.abs(scores[k]);
    }
    let total = 0;
    for (let k = row; k < row + classCount; k++) {
      // Scores a rounding apart are equal, or a difference would decide what is a tie.
      scores[k] = (most - scores[k] <= tieTolerance * scale ? most : scores[k]) - least;
      total += scores[k];
    }
    for (let k = row; k < row + classCount; k++) scores[k] = total > 0 ? scores[k] / total : 1 / classCount;
  }
  return scores;
}

/** Sums of log-odds as probabilities, in place; the table's task priors are added where there are any. */
export function scoresToPosterior(table: AnswerTable, scores: Float64Array): Float64Array {
  const { taskPrior, classCount } = table;
  if (taskPrior !== undefined) {
    for (let i = 0; i < scores.length; i++) scores[i] += Math.log(Math.max(taskPrior[i], 1e-300));
  }
  for (let row = 0; row < scores.length; row += classCount) softmaxInPlace(scores, row, classCount);
  return scores;
}

/**
 * Workers by their agreement with labels: the share as accuracy, with a 90 % interval.
 *
 * The interval is that of a Beta with Jeffreys' half answers, widened by how unsure `posterior`
 * (T×K) is of the labels the workers were held against.
 */
export function agreementWorkers(
  table: AnswerTable,
  posterior: Float64Array,
  agreed: Float64Array,
  answered: Float64Array,
  extra: Readonly<Record<string, Float64Array>>,
): WorkerEstimates {
  const { variance } = expectedRight(table, posterior);
  const mean = agreed.map((share, w) => (share * answered[w] + 0.5) / (answered[w] + 1));
  const spread = mean.map((p, w) => (p * (1 - p)) / (answered[w] + 2) + variance[w] / (answered[w] + 1) ** 2);
  return { accuracy: agreed, ...interval(mean, spread, agreed), level: workerLevel, extra };
}
