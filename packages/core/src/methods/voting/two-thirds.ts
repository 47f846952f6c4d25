import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { tieRules, winner } from '../ties.ts';
import { clampGold, voteCounts, voteShares } from '../votes.ts';
import { coinWorkers } from '../worker-estimates.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({
  share: {
    kind: 'number',
    default: 2 / 3,
    min: 0,
    above: true,
    max: 1,
    does: 'Least share of a task’s votes the leading class needs.',
    why: 'The two-thirds rule; exactly two thirds is enough.',
  },
  minVotes: {
    kind: 'number',
    default: 2,
    min: 1,
    max: 1e6,
    integer: true,
    unit: 'answers',
    does: 'Least number of answers a task needs.',
    why: 'One answer agrees with itself.',
  },
  tie: {
    kind: 'choice',
    default: 'abstain',
    choices: tieRules,
    does: 'How a tie between leading classes that reach the share is decided; possible only for shares up to a half.',
    why: 'The rule exists to leave doubtful tasks open.',
  },
});

/**
 * Two-thirds rule: the majority's label where at least two thirds agree, no label elsewhere.
 *
 * Use as a filter: to accept clear tasks and send the others back for more answers. Not for accuracy
 * over all tasks. Undecided tasks have label null and `tasks.decided` 0; the posterior still holds
 * their vote shares (not calibrated). Gold tasks are decided. Answer weights and soft answers count
 * as parts of votes. O(N + T·K).
 *
 * Source: the consensus rule of iNaturalist, as in Peerannot (Lefort et al. 2024). Differs: compared
 * without rounding; both numbers can be changed.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog']]);
 * fit(twoThirds, table).label('t1'); // => null
 */
export const twoThirds: Method = defineMethod({
  id: 'two-thirds',
  title: 'Two-thirds rule',
  summary: 'The majority’s label where two thirds agree, none elsewhere; tells which tasks need more answers.',
  citation:
    'Lefort, Charlier, Joly & Salmon (2024). Peerannot: classification for crowdsourced image datasets with Python. Computo.',
  answers: 'categorical',
  family: 'voting',
  options,
  *fit(table, values, { seed }) {
    const { share, minVotes, tie } = values;
    const { taskCount, classCount, taskStart, gold } = table;
    const posterior = voteShares(table);
    clampGold(table, posterior);
    const prior = meanRow(posterior, classCount);
    const votes = voteCounts(table);
    const labels = new Int32Array(taskCount).fill(-1);
    const decided = new Float64Array(taskCount);
    let open = 0;
    for (let task = 0; task < taskCount; task++) {
      const row = task * classCount;
      if (gold !== undefined && gold[task] >= 0) labels[task] = gold[task];
      else if (taskStart[task + 1] - taskStart[task] >= minVotes) {
        let total = 0;
        let most = 0;
        for (let k = row; k < row + classCount; k++) {
          total += votes[k];
          if (votes[k] > most) most = votes[k];
        }
        // 1e-9: a third of three votes is not exactly one vote in floating point.
        if (most > 0 && most >= (share - 1e-9) * total) {
          labels[task] = winner(votes, row, classCount, tie, seed, () => table.tasks.name(task), prior);
        }
      }
      if (labels[task] >= 0) decided[task] = 1;
      else if (taskStart[task + 1] > taskStart[task]) open++;
    }
    const notes = tableNotes(table);
    if (open > 0) notes.push(`${counted(open, 'task has', 'tasks have')} answers but no label: ask for more`);
    return estimateOf(table, {
      method: twoThirds.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior,
      workers: coinWorkers(table, posterior),
      iterations: 1,
      tieRule: tie,
      labels,
      tasks: { decided },
      notes,
    });
  },
});
