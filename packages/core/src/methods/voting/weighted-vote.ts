import type { AnswerTable } from '../../answers/answer-table.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { tieRules } from '../ties.ts';
import { answersPerWorker, clampGold, voteCounts } from '../votes.ts';
import { agreementWorkers, logOddsWeights, scoresToPosterior, scoresToShares } from './agreement.ts';
import { goldRecord } from './gold-record.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({
  weights: {
    kind: 'choice',
    default: 'log-odds',
    choices: ['log-odds', 'accuracy', 'given'],
    does: 'Weight of a worker: the log-odds of being right, the accuracy itself, or 1 (answer weights alone).',
    why: 'Log-odds are the best weights there are when accuracies are known and mistakes are even.',
  },
  from: {
    kind: 'choice',
    default: 'agreement',
    choices: ['agreement', 'gold'],
    does: 'Where accuracies come from: agreement with the other workers on the same tasks, or gold and test tasks.',
    why: 'Agreement needs no gold; gold-weighted-vote does more with gold.',
  },
  tie: {
    kind: 'choice',
    default: 'hashed',
    choices: tieRules,
    does: 'How a tie is decided: by hash of seed and task, first class, largest share overall, or no label.',
    why: 'A hash favours no class and does not depend on the order of rows.',
  },
});

/**
 * Weighted majority vote: one vote in which better workers weigh more.
 *
 * Use when accuracies are known or easily estimated and one transparent formula is wanted. With
 * `log-odds` the posterior is exactly that of workers with these accuracies whose mistakes are spread
 * evenly and classes equally frequent (or as the table's task priors say). `given` uses the answers'
 * own weights alone, so your own weights come in through the table's weight column; they may be
 * negative (a worker to be believed in reverse).
 *
 * Accuracies: share of agreement with the other workers on the same task, own answer left out, or
 * share of right answers to gold and test tasks; kept half an answer away from 0 and 1. Workers
 * without any get the mean. Soft answers count in parts; gold tasks keep their class; tasks without
 * answers are uniform. O(N·K).
 *
 * Source: Nitzan & Paroush 1982 (log-odds weights); Li & Yu 2014, theorem 1 for several classes.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(weightedVote, table).label('t1'); // => 'cat'
 */
export const weightedVote: Method = defineMethod({
  id: 'weighted-vote',
  title: 'Weighted majority vote',
  summary: 'One vote in which better workers weigh more; exact when accuracies are right.',
  citation:
    'Nitzan & Paroush (1982). Optimal decision rules in uncertain dichotomous choice situations. International Economic Review 23(2).',
  answers: 'categorical',
  family: 'voting',
  options,
  *fit(table, values, { seed }) {
    const { weights, from, tie } = values;
    const { classCount } = table;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || classCount < 2) return neutralEstimate(table, weightedVote.id, values, seed, notes);
    const record = from === 'gold' ? goldRecord(table) : agreementRecord(table);
    const { right, total } = record;
    let allRight = 0;
    let all = 0;
    let without = 0;
    const answered = answersPerWorker(table);
    for (let w = 0; w < right.length; w++) {
      allRight += right[w];
      all += total[w];
      if (total[w] === 0 && answered[w] > 0) without++;
    }
    const mean = all > 0 ? allRight / all : 1 / classCount;
    if (all === 0) {
      notes.push(
        `workers cannot be measured (no ${from === 'gold' ? 'gold answers' : 'tasks in common'}): all weigh the same`,
      );
    } else if (without > 0) {
      const lack = from === 'gold' ? 'no gold answer' : 'no task in common with others';
      notes.push(`${counted(without, 'worker has', 'workers have')} ${lack} and get the mean accuracy`);
    }
    const accuracy = right.map((value, w) => (total[w] > 0 ? value / total[w] : mean));
    const weight =
      weights === 'given' || all === 0
        ? new Float64Array(table.workerCount).fill(1)
        : weights === 'accuracy'
          ? accuracy.slice()
          : logOddsWeights(accuracy, total, classCount);
    const scores = voteCounts(table, weight);
    const exact = weights === 'log-odds' && all > 0;
    const posterior = exact ? scoresToPosterior(table, scores) : scoresToShares(scores, classCount);
    clampGold(table, posterior);
    return estimateOf(table, {
      method: weightedVote.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: agreementWorkers(table, posterior, accuracy, total, { weight, measuredOn: total }),
      iterations: 1,
      tieRule: tie,
      notes,
    });
  },
});

/** Agreement of each answer with the other answers to its task (or its gold), summed by worker. */
function agreementRecord(table: AnswerTable): { right: Float64Array; total: Float64Array } {
  const { taskCount, classCount, workerCount, taskStart, worker, label, weight, soft, gold } = table;
  const right = new Float64Array(workerCount);
  const total = new Float64Array(workerCount);
  const votes = voteCounts(table.with({ weight: undefined }));
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const known = gold === undefined ? -1 : gold[task];
    const others = taskStart[task + 1] - taskStart[task] - 1;
    if (others < 1 && known < 0) continue;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const power = weight === undefined ? 1 : Math.abs(weight[answer]);
      let agreed = 0;
      for (let k = 0; k < classCount; k++) {
        const said = soft === undefined ? (label[answer] === k ? 1 : 0) : soft[answer * classCount + k];
        if (said > 0) agreed += said * (known < 0 ? (votes[row + k] - said) / others : k === known ? 1 : 0);
      }
      right[worker[answer]] += power * agreed;
      total[worker[answer]] += power;
    }
  }
  return { right, total };
}
