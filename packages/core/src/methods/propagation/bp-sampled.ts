import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import { dirichletOptions, dirichletPrior, presetOption } from '../bayesian/dirichlet-prior.ts';
import { type ContentOrder, contentOrder } from '../content-order.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { counted } from '../table-notes.ts';
import { clampGold, startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, interval, workerLevel } from '../worker-estimates.ts';
import { propagationEstimate, propagationNotes } from './bp-one-coin.ts';
import { knownClasses, knownClassesOption, logTaskPrior, messageOptions } from './class-prior.ts';
import { coinPrior, coinPriorOptions } from './coin-prior.ts';
import {
  type ConfusionDraws,
  coinDraws,
  dirichletDraws,
  listedDraws,
  withTestAnswers,
  workerDraws,
} from './confusion-draws.ts';
import { messageLoop } from './message-loop.ts';
import { SampledMessages } from './sampled-messages.ts';

/** Workers with fewer effective draws get draws of their own. */
const fewDraws = 20;
/** Times that poor draws are replaced after the messages have settled. */
const mostRounds = 3;
/** The most numbers that workers' own draws may hold together: 512 MB of float64. */
const mostOwnNumbers = 2 ** 26;

const options = optionTable({
  prior: {
    kind: 'choice',
    default: 'dirichlet',
    choices: ['dirichlet', 'one-coin', 'atoms'],
    does: 'Confusion rows with Dirichlet priors, one accuracy with a Beta prior, or a list of matrices.',
    why: 'Other methods are exact for one accuracy; this one is for confusions.',
  },
  draws: {
    kind: 'number',
    default: 400,
    min: 2,
    max: 1e6,
    integer: true,
    does: 'Confusion matrices drawn to stand for the prior.',
    why: 'The paper’s; the error of a probability is about 0.02.',
  },
  redraw: {
    kind: 'boolean',
    default: true,
    does: 'Draw again around workers for whom fewer than 20 draws count.',
    why: 'With many answers few draws fit a worker.',
  },
  preset: presetOption('dir21', 'The paper’s prior; its class parameter is not used.'),
  diagonal: dirichletOptions.diagonal,
  offDiagonal: dirichletOptions.offDiagonal,
  confusionPrior: dirichletOptions.confusionPrior,
  right: coinPriorOptions.right,
  wrong: coinPriorOptions.wrong,
  mixture: coinPriorOptions.mixture,
  atoms: {
    kind: 'numbers',
    default: null,
    min: 0,
    max: 1e6,
    does: 'For prior atoms: a weight and K×K cells by rows (truth) for each matrix, one after the other.',
    why: 'Few crowds consist of a few known types.',
  },
  classPrior: knownClassesOption,
  maxIterations: { ...messageOptions.maxIterations, default: 60 },
  tolerance: {
    ...messageOptions.tolerance,
    default: 1e-4,
    why: 'Far below the error of the draws.',
  },
  damping: messageOptions.damping,
});

/**
 * Belief propagation with sampled workers: any prior on confusion matrices, any number of classes.
 *
 * Use for what {@link bpOneCoin} and {@link bpTwoCoin} cannot do exactly: confusion matrices for
 * more than two classes, or a crowd of a few known types (`prior: 'atoms'`, then exact where the
 * graph has no loops). Costs O(N·K·draws) per sweep: 1e5 answers of five classes take about 1 s a
 * sweep at 400 draws. {@link variationalBayes} is far cheaper and often as good.
 *
 * The prior is replaced by draws, taken once and shared by all workers (for one accuracy by evenly
 * spaced quantiles), so that messages settle; each message is a weighted mean over them. Workers
 * for whom fewer than 20 draws count (effective number of draws) get draws of their own around their
 * expected answers, with importance weights; a note says how many, and how many still have few.
 *
 * Shapes: posterior T×K, confusion and confusionSd W×K×K with 90 % intervals of the accuracy,
 * `extra.effectiveDraws` per worker. No objective; `extra.logEvidence` is the Bethe approximation.
 * Gold tasks are clamped; test answers weight the draws; task priors replace the class frequencies;
 * answer weights are not used; soft answers count as their most likely class.
 *
 * Source: Kim, Cho, Kim & Ok, "Robust Deep Learning from Crowds with Belief Propagation", eq. 42.
 * Differs: draws are shared and fixed (fresh ones would keep the messages jittering), and redrawn
 * around workers where they degenerate.
 *
 * @throws {BudgetError} too-many-cells
 * @throws {InputError} invalid-option
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(bpSampled, table, { options: { draws: 200 } }).label('t1'); // => 'cat'
 */
export const bpSampled: Method = defineMethod({
  id: 'bp-sampled',
  title: 'Belief propagation with sampled workers',
  summary: 'Integrates confusion matrices out by sampling; any prior, any number of classes.',
  citation: 'Kim, Cho, Kim & Ok (2022). Robust deep learning from crowds with belief propagation. AISTATS.',
  answers: 'categorical',
  family: 'propagation',
  options,
  random: true,
  *fit(table, values, { seed, random }) {
    const { id: method } = bpSampled;
    const notes = propagationNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    checkConfusionSize(table, method);
    const { taskCount, classCount } = table;
    const order = contentOrder(table);
    const { confusion: alpha } = dirichletPrior(table, { ...values, classPrior: [1] });
    const draws = drawsOf(table, values, alpha, order, random);
    const frequencies = knownClasses(table, values.classPrior);
    const messages = new SampledMessages(table, logTaskPrior(table, frequencies), draws);
    const redraws = values.redraw && values.prior === 'dirichlet';
    const redrawn = new Set<number>();
    let times = 0;
    const drawAgain = (effective: Float64Array, posterior?: Float64Array): number => {
      times++;
      const poor = poorWorkers(table, draws.size, effective);
      for (const w of poor) {
        const counts = messages.expectedCounts(w, alpha, posterior);
        if (table.testCounts !== undefined) {
          for (let cell = 0; cell < counts.length; cell++) counts[cell] += table.testCounts[w * counts.length + cell];
        }
        const stream = random.fork(`worker ${order.workerKeys[w]}`).fork(times);
        messages.setDraws(w, withTestAnswers(workerDraws(alpha, counts, values.draws, order, stream), table, w));
        redrawn.add(w);
      }
      return poor.length;
    };
    const classes = (): Float64Array =>
      table.taskPrior === undefined
        ? frequencies
        : meanRow(messages.posterior(new Float64Array(taskCount * classCount)), classCount);
    // Before the first message the votes say where busy workers are; afterwards the messages do.
    const votes = startingPosterior(table);
    if (redraws) drawAgain(messages.effectiveAt(votes), votes);
    let { iterations, converged, notes: loopNotes } = yield* messageLoop(messages, values);
    let found = messages.workers(classes());
    for (let round = 0; redraws && round < mostRounds && drawAgain(found.effective) > 0; round++) {
      const again = yield* messageLoop(messages, values);
      iterations += again.iterations;
      converged = again.converged;
      loopNotes = again.notes;
      found = messages.workers(classes());
    }
    if (redrawn.size > 0) {
      notes.push(`${counted(redrawn.size, 'worker', 'workers')} with many answers got draws of their own`);
    }
    // A list of matrices or a handful of draws is meant to be short.
    const few =
      values.prior === 'atoms'
        ? 0
        : found.effective.filter((effective) => effective < Math.min(fewDraws, draws.size / 2)).length;
    if (few > 0) {
      notes.push(
        `for ${counted(few, 'worker', 'workers')} fewer than ${fewDraws} draws count; raise draws, or use variational-bayes`,
      );
    }
    const logEvidence = messages.logEvidence(found.logEvidence);
    const posterior = messages.posterior(new Float64Array(taskCount * classCount));
    clampGold(table, posterior);
    const { accuracy, variance, confusion, confusionSd, effective } = found;
    return propagationEstimate(table, frequencies, {
      method,
      options: values,
      seed,
      posterior,
      workers: {
        accuracy,
        ...interval(accuracy, variance, accuracy),
        level: workerLevel,
        confusion,
        confusionSd,
        extra: { effectiveDraws: effective },
      },
      iterations,
      converged,
      notes: [...notes, ...loopNotes],
      extra: { logEvidence },
    });
  },
});

function drawsOf(
  table: AnswerTable,
  values: Parameters<typeof coinPrior>[0] & {
    readonly prior: 'dirichlet' | 'one-coin' | 'atoms';
    readonly draws: number;
  },
  alpha: Float64Array,
  order: ContentOrder,
  random: Random,
): ConfusionDraws {
  const { classCount } = table;
  if (values.prior === 'atoms') return listedDraws(values.atoms ?? [], classCount);
  if (values.prior === 'one-coin') return coinDraws(coinPrior({ ...values, atoms: null }), values.draws, classCount);
  return dirichletDraws(alpha, values.draws, order, random.fork('draws'));
}

/** Workers whose draws have degenerated, those with most answers first as far as memory goes. */
function poorWorkers(table: AnswerTable, drawCount: number, effective: Float64Array): number[] {
  const { start } = table.byWorker;
  const poor = Array.from(effective.keys()).filter((w) => effective[w] < fewDraws && start[w + 1] > start[w]);
  poor.sort((a, b) => start[b + 1] - start[b] - (start[a + 1] - start[a]) || effective[a] - effective[b]);
  return poor.slice(0, Math.floor(mostOwnNumbers / (drawCount * table.classCount ** 2)));
}
