import { mix32 } from '../../math/hash.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { answersPerWorker, clampGold, voteCounts } from '../votes.ts';
import {
  agreement,
  agreementWorkers,
  creditWinners,
  logOddsWeights,
  scoresToPosterior,
  scoresToShares,
  tieOption,
} from './agreement.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({
  weights: {
    kind: 'choice',
    default: 'linear',
    choices: ['linear', 'log'],
    does: 'Weight of a worker with agreement a: K·a − 1, or ln((K − 1)·a / (1 − a)).',
    why: 'The linear weight is the paper’s; the log weight is sharper and less stable.',
  },
  rounds: {
    kind: 'number',
    default: 100,
    min: 1,
    max: 10_000,
    integer: true,
    does: 'Most rounds of voting and measuring.',
    why: 'Real sets settle in 3 to 15.',
  },
  tie: tieOption,
});

/**
 * Iterative weighted majority voting: vote, weigh each worker by agreement with the labels, vote
 * again, until no label changes.
 *
 * Use when workers differ much in accuracy but not in the kind of mistakes, and an answer in
 * milliseconds is wanted. Workers worse than chance get negative weights: their answers count
 * against the class they say. It can go astray where most workers are biased the same way.
 *
 * The posterior is a share of weighted votes for `linear` and the one-coin posterior for `log`;
 * neither is calibrated. Answer weights and soft answers count in parts; gold tasks keep their class
 * and teach the weights. When labels return to an earlier state without settling, the fit stops with
 * a note. O(N + T·K) per round.
 *
 * Source: Li & Yu 2014, algorithm 1. Differs: credit for tied tasks is shared among the tied
 * (`tie: 'first'` reproduces); log weights are kept finite by half an answer.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(iwmv, table, { options: { weights: 'log' } }).label('t1'); // => 'cat'
 */
export const iwmv: Method = defineMethod({
  id: 'iwmv',
  title: 'Iterative weighted majority voting (IWMV)',
  summary: 'Votes and worker weights in turn until no label changes; fast, one number per worker.',
  citation:
    'Li & Yu (2014). Error rate bounds and iterative weighted majority voting for crowdsourcing. arXiv:1411.4086.',
  answers: 'categorical',
  family: 'voting',
  options,
  *fit(table, values, { seed }) {
    const { weights, rounds, tie } = values;
    const notes = tableNotes(table);
    const { classCount } = table;
    if (table.answerCount === 0 || classCount < 2) return neutralEstimate(table, iwmv.id, values, seed, notes);
    const answered = answersPerWorker(table);
    const agreed = new Float64Array(table.workerCount);
    let credits = creditWinners(table, voteCounts(table), tie === 'first');
    let weight: Float64Array = new Float64Array(table.workerCount);
    let stopReason: 'labels settled' | 'labels in a cycle' | 'iteration limit' = 'iteration limit';
    const seen = new Set<string>([fingerprint(credits)]);
    let iterations = 0;
    while (iterations < rounds && stopReason === 'iteration limit') {
      iterations++;
      agreement(table, credits, agreed);
      weight =
        weights === 'linear' ? agreed.map((a) => classCount * a - 1) : logOddsWeights(agreed, answered, classCount);
      const next = creditWinners(table, voteCounts(table, weight), tie === 'first');
      const print = fingerprint(next);
      if (next.every((credit, i) => credit === credits[i])) stopReason = 'labels settled';
      else if (seen.has(print)) stopReason = 'labels in a cycle';
      seen.add(print);
      credits = next;
      yield { iteration: iterations, objective: Number.NaN };
    }
    if (stopReason === 'labels in a cycle') notes.push('labels went round in a cycle; the last state was kept');
    if (stopReason === 'iteration limit') notes.push(`labels still changed after ${rounds} rounds; raise rounds`);
    const against = weight.reduce((count, value, w) => count + (value < 0 && answered[w] > 0 ? 1 : 0), 0);
    if (against > 0)
      notes.push(`${counted(against, 'worker counts', 'workers count')} against what they say: worse than chance`);
    const scores = voteCounts(table, weight);
    const posterior = weights === 'linear' ? scoresToShares(scores, classCount) : scoresToPosterior(table, scores);
    clampGold(table, posterior);
    return estimateOf(table, {
      method: iwmv.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: agreementWorkers(table, posterior, agreed, answered, { weight }),
      iterations,
      converged: stopReason === 'labels settled',
      stopReason,
      tieRule: tie,
      notes,
    });
  },
});

/** Credits in short, to notice a state that was there before. */
function fingerprint(credits: Float64Array): string {
  let first = 0;
  let second = 0;
  for (let i = 0; i < credits.length; i++) {
    if (credits[i] === 0) continue;
    first = (first + mix32(i, 1) * credits[i]) % 4294967296;
    second = (second + mix32(i, 2) * credits[i]) % 4294967296;
  }
  return `${first}/${second}`;
}
