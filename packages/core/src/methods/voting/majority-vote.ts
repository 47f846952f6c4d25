import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { tieRules } from '../ties.ts';
import { clampGold, voteShares } from '../votes.ts';
import { coinWorkers } from '../worker-estimates.ts';

const options = optionTable({
  tie: {
    kind: 'choice',
    default: 'hashed',
    choices: tieRules,
    does: 'How a tie is decided: by hash of seed and task, first class, largest share overall, or no label.',
    why: 'A hash favours no class and does not depend on the order of rows.',
  },
});

/**
 * Majority vote: the class most workers said.
 *
 * Use as the baseline every other method is held against, or with one or two answers a task. It
 * treats all workers alike and cannot see a bias. The posterior is the share of votes (not
 * calibrated); answer weights and soft answers count as parts of votes. Gold tasks keep their known
 * class. Tasks without answers are uniform. O(N + T·K).
 *
 * Workers get the share of their answers that agree with the vote shares: their own vote is in it,
 * so it flatters workers on tasks with few answers.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(majorityVote, table).label('t1'); // => 'cat'
 */
export const majorityVote: Method = defineMethod({
  id: 'majority-vote',
  title: 'Majority vote',
  summary: 'The class most workers said; the baseline.',
  citation: 'Condorcet (1785). Essai sur l’application de l’analyse à la probabilité des décisions. Paris.',
  answers: 'categorical',
  family: 'voting',
  options,
  // biome-ignore lint/correctness/useYield: one pass, nothing to report in between
  *fit(table, { tie }, { seed }) {
    const posterior = voteShares(table);
    clampGold(table, posterior);
    return estimateOf(table, {
      method: majorityVote.id,
      options: { tie },
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, table.classCount),
      workers: coinWorkers(table, posterior),
      iterations: 1,
      tieRule: tie,
      notes: tableNotes(table),
    });
  },
});

/** The mean of the rows of a T×K array; uniform when there are none. */
export function meanRow(rows: Float64Array, classCount: number): Float64Array {
  const mean = new Float64Array(classCount);
  const count = rows.length / classCount;
  if (rows.length === 0) return mean.fill(1 / classCount);
  for (let i = 0; i < rows.length; i++) mean[i % classCount] += rows[i];
  return mean.map((total) => total / count);
}
