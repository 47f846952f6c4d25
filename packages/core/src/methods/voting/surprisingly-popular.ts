import type { AnswerTable } from '../../answers/answer-table.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { tieRules } from '../ties.ts';
import { clampGold, voteShares } from '../votes.ts';
import { coinWorkers } from '../worker-estimates.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({
  rule: {
    kind: 'choice',
    default: 'difference',
    choices: ['difference', 'ratio'],
    does: 'Score of a class: votes minus predicted votes, or votes times the sum of ratios of conditional predictions.',
    why: 'The two agree for two classes; the ratio needs many predictions of each class.',
  },
  minAnswers: {
    kind: 'number',
    default: 5,
    min: 1,
    max: 1e6,
    integer: true,
    unit: 'answers',
    does: 'Least number of answers with predictions a task needs; others get the majority vote.',
    why: 'Mean predictions of fewer people are mostly noise.',
  },
  tie: {
    kind: 'choice',
    default: 'hashed',
    choices: tieRules,
    does: 'How a tie is decided: by hash of seed and task, first class, largest share overall, or no label.',
    why: 'A hash favours no class and does not depend on the order of rows.',
  },
});

/** Added to conditional predictions, so that a class nobody expects does not divide by zero. */
const smoothing = 0.01;

/** Φ(z) ≈ σ(1.702·z), and the scores of two classes differ by twice the gap. */
const probitSlope = 0.851;

/**
 * Surprisingly popular vote: the class more people say than people expect others to say.
 *
 * Use only where each worker was asked, besides an answer, what share of the others will say each
 * class, and where the majority may be wrong for a common reason (trick questions, rare knowledge).
 * With careless predictions it is worse than the majority vote.
 *
 * Predictions come from the table's `predicted` column. Tasks with fewer than `minAnswers` answers
 * that carry one get the majority vote and `tasks.byPrediction` 0. The posterior rises with the gap
 * in units of its standard error (difference rule) or is the share of scores (ratio rule); it is not
 * calibrated. Gold tasks keep their class; answer weights and soft answers count in the fallback
 * only. O(N·K).
 *
 * Source: Prelec, Seung & McCoy 2017, with the ratio rule of their supplement for several classes.
 * Differs: conditional predictions are smoothed by 0.01.
 *
 * @example
 * const row = (worker: string, label: string, yes: number) =>
 *   ({ task: 'Is Philadelphia the capital?', worker, label, predictedShares: { yes, no: 1 - yes } });
 * const table = answersFrom([row('a', 'yes', 0.9), row('b', 'yes', 0.8), row('c', 'yes', 0.9), row('d', 'no', 0.8), row('e', 'no', 0.7)]);
 * fit(surprisinglyPopular, table).label(0); // => 'no'
 */
export const surprisinglyPopular: Method = defineMethod({
  id: 'surprisingly-popular',
  title: 'Surprisingly popular vote',
  summary: 'The class said more often than people predict; needs each worker’s prediction of the others.',
  citation:
    'Prelec, Seung & McCoy (2017). A solution to the single-question crowd wisdom problem. Nature 541, 532-535.',
  answers: 'categorical',
  family: 'voting',
  options,
  // biome-ignore lint/correctness/useYield: one pass, nothing to report in between
  *fit(table, values, { seed }) {
    const { rule, minAnswers, tie } = values;
    const { taskCount, classCount, taskStart } = table;
    const posterior = voteShares(table);
    const byPrediction = new Float64Array(taskCount);
    const gap = new Float64Array(taskCount);
    const notes = tableNotes(table);
    let answered = 0;
    let decided = 0;
    const scorer = predictionScorer(classCount);
    for (let task = 0; task < taskCount; task++) {
      if (taskStart[task + 1] > taskStart[task]) answered++;
      if (table.predicted === undefined || classCount < 2) continue;
      const row = posterior.subarray(task * classCount, (task + 1) * classCount);
      const found = scorer(table, table.predicted, task, rule, minAnswers, row);
      if (Number.isNaN(found)) continue;
      gap[task] = found;
      byPrediction[task] = 1;
      decided++;
    }
    if (table.predicted === undefined && answered > 0) {
      notes.push('no answer carries a prediction of the others: this is the majority vote');
    } else if (decided < answered) {
      const words = counted(answered - decided, 'task has', 'tasks have');
      notes.push(`${words} fewer than ${minAnswers} answers with a prediction and got the majority vote`);
    }
    clampGold(table, posterior);
    return estimateOf(table, {
      method: surprisinglyPopular.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: coinWorkers(table, posterior),
      iterations: 1,
      tieRule: tie,
      tasks: { byPrediction, gap },
      notes,
    });
  },
});

/**
 * Makes the kernel that writes one task's probabilities into `out` and returns the gap between its
 * two best scores; it returns NaN and leaves `out` alone where predictions are too few.
 */
function predictionScorer(
  classCount: number,
): (
  table: AnswerTable,
  predicted: Float64Array,
  task: number,
  rule: 'difference' | 'ratio',
  minAnswers: number,
  out: Float64Array,
) => number {
  const votes = new Float64Array(classCount);
  const expected = new Float64Array(classCount);
  const square = new Float64Array(classCount);
  const conditional = new Float64Array(classCount * classCount);
  const scores = new Float64Array(classCount);
  return (table, predicted, task, rule, minAnswers, out) => {
    const { taskStart, label } = table;
    votes.fill(0);
    expected.fill(0);
    square.fill(0);
    conditional.fill(0);
    let count = 0;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const from = answer * classCount;
      if (Number.isNaN(predicted[from])) continue;
      count++;
      votes[label[answer]]++;
      for (let k = 0; k < classCount; k++) {
        const surprise = (label[answer] === k ? 1 : 0) - predicted[from + k];
        expected[k] += predicted[from + k];
        square[k] += surprise * surprise;
        conditional[label[answer] * classCount + k] += predicted[from + k];
      }
    }
    if (count < minAnswers) return Number.NaN;
    if (rule === 'difference') {
      let variance = 0;
      for (let k = 0; k < classCount; k++) {
        scores[k] = (votes[k] - expected[k]) / count;
        variance += (square[k] / count - scores[k] * scores[k] + 1 / count) / classCount;
      }
      const scale = probitSlope / Math.sqrt(variance / count);
      for (let k = 0; k < classCount; k++) out[k] = scores[k] * scale;
      softmaxInPlace(out, 0, classCount);
    } else {
      let total = 0;
      for (let k = 0; k < classCount; k++) {
        let ratios = 0;
        for (let l = 0; l < classCount && votes[k] > 0; l++) {
          if (votes[l] === 0) continue;
          const there = conditional[k * classCount + l] / votes[k] + smoothing;
          ratios += there / (conditional[l * classCount + k] / votes[l] + smoothing);
        }
        scores[k] = (votes[k] / count) * ratios;
        total += scores[k];
      }
      for (let k = 0; k < classCount; k++) out[k] = scores[k] / total;
    }
    let best = Number.NEGATIVE_INFINITY;
    let second = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classCount; k++) {
      if (scores[k] > best) {
        second = best;
        best = scores[k];
      } else if (scores[k] > second) second = scores[k];
    }
    return best - second;
  };
}
