import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { answersPerWorker, clampGold, voteCounts } from '../votes.ts';
import { agreement, agreementWorkers, creditWinners, scoresToShares, tieOption } from './agreement.ts';
import { meanRow } from './majority-vote.ts';

const options = optionTable({
  rounds: {
    kind: 'number',
    default: 100,
    min: 1,
    max: 10_000,
    integer: true,
    does: 'Most rounds of voting and measuring.',
    why: 'Labels usually stop changing within ten; it ends when nothing moves.',
  },
  rate: {
    kind: 'number',
    default: 1,
    min: 0,
    above: true,
    max: 1,
    does: 'Share of the way a skill moves towards the measured agreement in a round.',
    why: '1 is the agreement itself: the vote iterated.',
  },
  halveEvery: {
    kind: 'number',
    default: 20,
    min: 1,
    max: 10_000,
    integer: true,
    unit: 'rounds',
    does: 'The rate is halved after so many rounds.',
    why: 'Ends the swinging of labels that decide each other.',
  },
  tie: tieOption,
});

/** Skills that move less than this have settled. */
const settled = 1e-12;

/**
 * Zero-based skill: weighted votes in rounds, each worker's weight moving to their agreement with
 * the labels of the round before.
 *
 * Use as a slightly stronger {@link wawa}, which is its first round. Skills start at 1/K, lie in
 * [0, 1] and are the workers' accuracies in the result. The posterior is the share of weighted votes
 * (not calibrated). Answer weights and soft answers count in parts; gold tasks keep their class and
 * teach the skills. Deterministic. O(N + T·K) per round.
 *
 * Source: Crowd-Kit's ZeroBasedSkill (Ustalov, Pavlichenko & Tseitlin 2024). Differs: credit for
 * tied tasks is shared among the tied (`tie: 'first'` reproduces); stops early when nothing moves.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(zeroBasedSkill, table).label('t1'); // => 'cat'
 */
export const zeroBasedSkill: Method = defineMethod({
  id: 'zero-based-skill',
  title: 'Zero-based skill',
  summary: 'Weighted votes in rounds, weights moving to the agreement with the labels.',
  citation: 'Ustalov, Pavlichenko & Tseitlin (2024). Learning from crowds with Crowd-Kit. JOSS 9(96).',
  answers: 'categorical',
  family: 'voting',
  options,
  *fit(table, values, { seed }) {
    const { rounds, rate, halveEvery, tie } = values;
    const notes = tableNotes(table);
    const { workerCount, classCount } = table;
    if (table.answerCount === 0 || classCount < 2) {
      return neutralEstimate(table, zeroBasedSkill.id, values, seed, notes);
    }
    const skill = new Float64Array(workerCount).fill(1 / classCount + 1e-5);
    const agreed = new Float64Array(workerCount);
    let iterations = 0;
    let moved = Number.POSITIVE_INFINITY;
    let step = rate;
    while (iterations < rounds && moved > settled) {
      if (iterations > 0 && iterations % halveEvery === 0) step /= 2;
      iterations++;
      agreement(table, creditWinners(table, voteCounts(table, skill), tie === 'first'), agreed);
      moved = 0;
      for (let w = 0; w < workerCount; w++) {
        const change = step * (agreed[w] - skill[w]);
        skill[w] += change;
        moved = Math.max(moved, Math.abs(change));
      }
      yield { iteration: iterations, objective: Number.NaN };
    }
    const converged = moved <= settled;
    if (!converged) notes.push(`skills still moved by up to ${moved.toPrecision(2)} after ${rounds} rounds`);
    const posterior = scoresToShares(voteCounts(table, skill), classCount);
    clampGold(table, posterior);
    return estimateOf(table, {
      method: zeroBasedSkill.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: agreementWorkers(table, posterior, skill, answersPerWorker(table), { weight: skill }),
      iterations,
      converged,
      stopReason: converged ? 'labels settled' : 'iteration limit',
      tieRule: tie,
      notes,
    });
  },
});
