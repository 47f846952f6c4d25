import type { AnswerTable } from '../../answers/answer-table.ts';
import { contentOrder } from '../content-order.ts';
import type { StopReason } from '../convergence.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet, showingProgress } from '../pauses.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { tieRules, tieTolerance } from '../ties.ts';
import { answersPerWorker, clampGold, voteCounts } from '../votes.ts';
import { agreement, agreementWorkers, scoresToShares } from '../voting/agreement.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { MarginMachine } from './margin-machine.ts';

const options = optionTable({
  penalty: {
    kind: 'number',
    default: 0.01,
    min: 0,
    above: true,
    max: 1e9,
    does: 'Cost of a missed margin against the size of the weights (C); near 0 leaves the weights at the centre.',
    why: 'Best on average over eight real sets; a tenth of it went astray on two of them.',
  },
  margin: {
    kind: 'number',
    default: 1,
    min: 0,
    above: true,
    max: 1e9,
    does: 'By how much the chosen class should lead every other (Δ).',
    why: 'Sets the unit of the weights.',
  },
  centre: {
    kind: 'number',
    default: 0,
    min: -1e6,
    max: 1e6,
    does: 'Weight that workers are drawn to: 0 as in the paper, 1 for the majority vote.',
    why: 'The paper’s.',
  },
  rounds: {
    kind: 'number',
    default: 20,
    min: 1,
    max: 10_000,
    integer: true,
    does: 'Most rounds of weighing and labelling.',
    why: 'Real sets settle in 2 to 10.',
  },
  epochs: {
    kind: 'number',
    default: 200,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most passes over the tasks for the weights of one round.',
    why: 'Enough for a duality gap of a thousandth.',
  },
  tie: {
    kind: 'choice',
    default: 'hashed',
    choices: tieRules,
    does: 'How a tie is decided at the end: by hash of seed and task, first class, largest share overall, or no label.',
    why: 'A hash favours no class and does not depend on the order of rows.',
  },
});

/** Relative duality gap at which the weights of a round have settled. */
const gapTolerance = 1e-4;

/**
 * Max-margin majority vote: weights under which the chosen class leads every other by a margin
 * wherever possible, as in a support vector machine whose labels are found along with it.
 *
 * Use as a weighted vote that makes no assumption on how workers err beyond one weight each, which
 * may be negative. The penalty matters and there is no likelihood to choose it by; hold out answers
 * or use gold. The posterior is the share of weighted votes (not calibrated).
 *
 * Gold tasks keep their class and teach the weights. Answer weights multiply answers; soft answers
 * count as their most likely class in the margins and in parts in the final vote. Tasks without
 * answers are uniform. Inside the rounds a tie goes to the class with more votes overall. The
 * objective is minus the regularised hinge loss; it never falls. O(N + T·K) per epoch.
 *
 * Source: Tian & Zhu 2015, section 3 (the max-margin majority vote without its Bayesian form).
 * Differs: the inner machine (Crammer & Singer 2001) is solved by dual coordinate ascent to a
 * duality gap of 1e-4; penalty 0.01.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(maxMarginVote, table).label('t1'); // => 'cat'
 */
export const maxMarginVote: Method = defineMethod({
  id: 'max-margin-vote',
  title: 'Max-margin majority vote',
  summary: 'One weight per worker by a large margin between the chosen class and the others.',
  citation: 'Tian & Zhu (2015). Max-margin majority voting for learning from crowds. NIPS 28.',
  answers: 'categorical',
  family: 'optimisation',
  options,
  monotone: true,
  *fit(table, values, { seed }) {
    const notes = tableNotes(table);
    const { classCount } = table;
    if (table.answerCount === 0 || classCount < 2) return neutralEstimate(table, maxMarginVote.id, values, seed, notes);
    const rank = new Uint32Array(classCount);
    const order = contentOrder(table);
    order.classes.forEach((k, place) => {
      rank[k] = place;
    });
    const machine = new MarginMachine(table, order, values.penalty, values.margin, values.centre);
    yield notYet;
    let labels = leaders(table, voteCounts(table), rank);
    yield notYet;
    let stopReason: StopReason = 'iteration limit';
    const objective: number[] = [];
    let iterations = 0;
    while (iterations < values.rounds && stopReason === 'iteration limit') {
      iterations++;
      machine.setLabels(labels);
      const [before, kept] = [machine.primal(), machine.weights.slice()];
      let primal = before;
      yield { iteration: iterations - 1, objective: -before };
      for (let epoch = 0; epoch < values.epochs; epoch++) {
        const gap = yield* showingProgress(machine.epoch(), { iteration: iterations - 1, objective: -primal });
        primal = machine.primal();
        yield { iteration: iterations, objective: -primal };
        if (gap <= gapTolerance * (1 + primal)) break;
      }
      if (primal > before) {
        // Nothing better within the gap: the weights before were already as good.
        machine.weights.set(kept);
        stopReason = 'objective settled';
        break;
      }
      const next = leaders(table, hardVotes(table, machine.weights), rank, labels);
      if (next.every((label, task) => label === labels[task])) stopReason = 'labels settled';
      labels = next;
      machine.setLabels(labels);
      objective.push(-machine.primal());
    }
    if (stopReason === 'iteration limit')
      notes.push(`labels still changed after ${values.rounds} rounds; raise rounds`);
    const weight = machine.weights.slice();
    const answered = answersPerWorker(table);
    const against = weight.reduce((count, value, w) => count + (value < 0 && answered[w] > 0 ? 1 : 0), 0);
    if (against > 0) notes.push(`${counted(against, 'worker counts', 'workers count')} against what they say`);
    const posterior = scoresToShares(voteCounts(table, weight), classCount);
    clampGold(table, posterior);
    const credits = new Float64Array(posterior.length);
    labels.forEach((label, task) => {
      if (label >= 0) credits[task * classCount + label] = 1;
    });
    return estimateOf(table, {
      method: maxMarginVote.id,
      options: values,
      seed,
      posterior,
      calibrated: false,
      prior: meanRow(posterior, classCount),
      workers: agreementWorkers(table, posterior, agreement(table, credits), answered, {
        weight,
      }),
      objective,
      iterations,
      converged: stopReason !== 'iteration limit',
      stopReason,
      tieRule: values.tie,
      notes,
    });
  },
});

/** Votes of the answers' most likely classes, T×K, with workers' weights. */
function hardVotes(table: AnswerTable, workerWeight: Float64Array): Float64Array {
  return voteCounts(table.soft === undefined ? table : table.with({ soft: undefined }), workerWeight);
}

/** The best class of each task: gold, else the previous one if still among the best, else the first in rank; -1 without answers. */
function leaders(table: AnswerTable, scores: Float64Array, rank: Uint32Array, previous?: Int32Array): Int32Array {
  const { taskCount, classCount, taskStart, gold } = table;
  const labels = new Int32Array(taskCount).fill(-1);
  for (let task = 0; task < taskCount; task++) {
    const known = gold === undefined ? -1 : gold[task];
    if (known >= 0 || taskStart[task + 1] === taskStart[task]) {
      labels[task] = taskStart[task + 1] === taskStart[task] ? -1 : known;
      continue;
    }
    const row = task * classCount;
    let most = Number.NEGATIVE_INFINITY;
    let scale = 0;
    for (let k = row; k < row + classCount; k++) {
      if (scores[k] > most) most = scores[k];
      if (Math.abs(scores[k]) > scale) scale = Math.abs(scores[k]);
    }
    const least = most - 1e3 * tieTolerance * scale;
    if (previous !== undefined && scores[row + previous[task]] >= least) labels[task] = previous[task];
    else {
      for (let k = 0; k < classCount; k++) {
        if (scores[row + k] >= least && (labels[task] < 0 || rank[k] < rank[labels[task]])) labels[task] = k;
      }
    }
  }
  return labels;
}
