import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { answersPerWorker, clampGold, voteCounts } from '../votes.ts';
import { agreement, agreementWorkers, creditWinners, scoresToShares, tieOption } from './agreement.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({ tie: tieOption });

/**
 * Wawa, worker agreement with aggregate: a majority vote, then a second one in which each worker
 * weighs as much as the share of the first vote's labels they gave.
 *
 * Use for a quick vote that listens less to careless workers. Weights lie in [0, 1], so it cannot
 * turn a liar's answers round and stays near the majority; {@link iwmv} goes further. The
 * posterior is the share of weighted votes (not calibrated). Answer weights and soft answers count
 * in parts; gold tasks keep their class and teach the weights; tasks without answers are uniform.
 * O(N + T·K).
 *
 * Workers get their agreement as accuracy; it flatters, since their own vote is in the aggregate.
 *
 * Source: Appen (2021), "Calculating worker agreement with aggregate"; as in Crowd-Kit. Differs:
 * workers' credit for tied tasks is shared among the tied (`tie: 'first'` reproduces).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(wawa, table).label('t1'); // => 'cat'
 */
export const wawa: Method = defineMethod({
  id: 'wawa',
  title: 'Worker agreement with aggregate (Wawa)',
  summary: 'A second vote, each worker weighted by agreement with the first.',
  citation: 'Appen (2021). Calculating worker agreement with aggregate (Wawa). Success Center.',
  answers: 'categorical',
  family: 'voting',
  options,
  // biome-ignore lint/correctness/useYield: two passes, nothing to report in between
  *fit(table, { tie }, { seed }) {
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, wawa.id, { tie }, seed, notes);
    const weight = agreement(table, creditWinners(table, voteCounts(table), tie === 'first'));
    const posterior = scoresToShares(voteCounts(table, weight), table.classCount);
    clampGold(table, posterior);
    return estimateOf(table, {
      method: wawa.id,
      options: { tie },
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, table.classCount),
      workers: agreementWorkers(table, posterior, weight, answersPerWorker(table), { weight }),
      iterations: 1,
      tieRule: tie,
      notes,
    });
  },
});
