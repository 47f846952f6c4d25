import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import { dirichletOptions, dirichletPrior, presetOption } from '../bayesian/dirichlet-prior.ts';
import { type ContentOrder, contentOrder } from '../content-order.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { defineMethod, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet } from '../pauses.ts';
import { clampGold } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, interval, workerLevel } from '../worker-estimates.ts';
import { propagationEstimate, propagationNotes } from './bp-one-coin.ts';
import { knownClasses, knownClassesOption, logTaskPrior, messageOptions } from './class-prior.ts';
import { coinPrior, coinPriorOptions } from './coin-prior.ts';
import { type ConfusionDraws, coinDraws, dirichletDraws, listedDraws } from './confusion-draws.ts';
import { SampledPropagation } from './sampled-propagation.ts';

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
    yield notYet;
    const { confusion: alpha } = dirichletPrior(table, { ...values, classPrior: [1] });
    const draws = drawsOf(table, values, alpha, order, random);
    const frequencies = knownClasses(table, values.classPrior);
    const redrawing =
      values.redraw && values.prior === 'dirichlet' ? { alpha, draws: values.draws, order, random } : undefined;
    yield notYet;
    const logPrior = logTaskPrior(table, frequencies);
    yield notYet;
    const propagation = new SampledPropagation(table, logPrior, draws, redrawing);
    yield notYet;
    const { messages } = propagation;
    const classes = (): Float64Array =>
      table.taskPrior === undefined
        ? frequencies
        : meanRow(messages.posterior(new Float64Array(taskCount * classCount)), classCount);
    const { iterations, converged, notes: loopNotes, found } = yield* propagation.settle(values, classes);
    // A list of matrices is meant to be short.
    if (values.prior !== 'atoms') notes.push(...propagation.notes());
    const reached: Progress = { iteration: iterations, objective: Number.NaN };
    yield reached;
    const logEvidence = messages.logEvidence(found.logEvidence);
    yield reached;
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
