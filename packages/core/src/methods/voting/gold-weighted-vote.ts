import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { tieRules } from '../ties.ts';
import { answersPerWorker, clampGold, voteCounts } from '../votes.ts';
import { interval, workerLevel } from '../worker-estimates.ts';
import { logOddsWeight, scoresToPosterior, scoresToShares } from './agreement.ts';
import { goldRecord } from './gold-record.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({
  weights: {
    kind: 'choice',
    default: 'log-odds',
    choices: ['log-odds', 'accuracy'],
    does: 'Weight of a worker: log-odds of the shrunk gold accuracy, or the plain share of right gold answers.',
    why: 'Log-odds gain 1 to 5 points where gold is scarce, since workers without gold keep a vote.',
  },
  shrinkage: {
    kind: 'number',
    default: 3,
    min: 0,
    above: true,
    max: 1e6,
    unit: 'answers',
    does: 'Answers of average quality that each worker is credited with.',
    why: 'A handful of gold answers says little about one worker.',
  },
  expected: {
    kind: 'number',
    default: 0.7,
    min: 0,
    above: true,
    max: 0.999999,
    does: 'Accuracy expected before any gold answer; the crowd’s own gold accuracy soon replaces it.',
    why: 'Typical of crowds that were given instructions.',
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
 * Gold-weighted vote: one vote, each worker weighted by how they did where the truth is known.
 *
 * Use when there is gold and workers have too few answers for a model of each: it learns nothing
 * from tasks without gold. Where workers have many answers, Dawid-Skene with the same gold is better.
 *
 * `log-odds`: accuracy shrunk towards the crowd's by `shrinkage` answers, weight
 * ln((K − 1)·p / (1 − p)), which may be negative; the posterior is that of one accuracy per worker.
 * `accuracy`: the share of right gold answers, 0 without any; the posterior is a share of votes.
 * Neither is calibrated. Without gold it is the majority vote, with a note. Test answers count as
 * gold, answer weights and soft answers in parts. Tasks without answers are uniform. O(N + W·K²).
 *
 * Source: `accuracy` is Crowd-Kit's GoldMajorityVote (Ustalov et al. 2024); shrunk log-odds are ours.
 *
 * @example
 * const { table } = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'cat']])
 *   .withGold(new Map([['t1', 'cat']]));
 * fit(goldWeightedVote, table).label('t2'); // => 'dog'
 */
export const goldWeightedVote: Method = defineMethod({
  id: 'gold-weighted-vote',
  title: 'Gold-weighted vote',
  summary: 'One vote, workers weighted by their record on gold tasks; for gold and few answers per worker.',
  citation: 'Ustalov, Pavlichenko & Tseitlin (2024). Learning from crowds with Crowd-Kit. JOSS 9(96).',
  answers: 'categorical',
  family: 'voting',
  options,
  *fit(table, values, { seed }) {
    const { weights, shrinkage, expected, tie } = values;
    const { classCount, workerCount } = table;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || classCount < 2) {
      return neutralEstimate(table, goldWeightedVote.id, values, seed, notes);
    }
    const { right, total } = goldRecord(table);
    const allRight = right.reduce((sum, value) => sum + value, 0);
    const all = total.reduce((sum, value) => sum + value, 0);
    const answered = answersPerWorker(table);
    const without = total.reduce((count, value, w) => count + (value === 0 && answered[w] > 0 ? 1 : 0), 0);
    if (all === 0) notes.push('no answer to a gold or test task: this is the majority vote');
    else if (without > 0) notes.push(`${counted(without, 'worker has', 'workers have')} no gold answer`);

    const crowd = (allRight + shrinkage * expected) / (all + shrinkage);
    const accuracy = right.map((value, w) => (value + shrinkage * crowd) / (total[w] + shrinkage));
    const weight = new Float64Array(workerCount).fill(1);
    for (let w = 0; w < workerCount && all > 0; w++) {
      if (weights === 'log-odds') weight[w] = logOddsWeight(accuracy[w], classCount);
      else weight[w] = total[w] > 0 ? right[w] / total[w] : 0;
    }
    const scores = voteCounts(table, weight);
    const posterior =
      weights === 'log-odds' && all > 0 ? scoresToPosterior(table, scores) : scoresToShares(scores, classCount);
    clampGold(table, posterior);
    const spread = accuracy.map((p, w) => (p * (1 - p)) / (total[w] + shrinkage + 1));
    return estimateOf(table, {
      method: goldWeightedVote.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: {
        accuracy,
        ...interval(accuracy, spread, accuracy),
        level: workerLevel,
        extra: { weight, goldAnswers: total, goldRight: right },
      },
      iterations: 1,
      tieRule: tie,
      notes,
    });
  },
});
