import { defineMethod, type Method } from '../method.ts';
import { matrixOption, optionTable } from '../options.ts';
import { emOptions, priorOption, priorSmoothingOption } from './em-options.ts';
import { fitConfusions } from './fit-confusions.ts';
import { cellStep, pseudoCounts } from './steps.ts';

const options = optionTable({
  smoothing: {
    kind: 'number',
    default: 0.01,
    min: 0,
    max: 1e6,
    unit: 'answers',
    does: 'Pseudo-answers added to every cell of every confusion matrix.',
    why: 'Keeps unseen cells finite; against 0 it moves accuracy by at most a tenth of a point on most real sets.',
  },
  prior: priorOption,
  priorSmoothing: priorSmoothingOption,
  ...emOptions,
});

const citation =
  'Dawid & Skene (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm. Applied Statistics 28(1).';

/**
 * Dawid-Skene: the true labels together with a confusion matrix per worker, by
 * expectation-maximisation.
 *
 * Use when workers make different kinds of mistakes and most have 20 answers or more. With few
 * answers per worker or task prefer {@link coinShrunk} or `auto`; for intervals that include the
 * labels' uncertainty, {@link variationalBayes}. Posteriors of any such model are too sure on real
 * crowds, whose mistakes are shared.
 *
 * Shapes: posterior T×K, confusion W×K×K [worker][true][said], prior K. O(N·K + W·K²) per sweep.
 * Tasks without answers get the prior; rows of classes a worker never met are even;
 * gold tasks are clamped and teach the confusions; task priors replace the class prior; test
 * answers are added to the counts; answer weights are powers of the likelihood. Ties are flagged.
 * Soft answers count as their most likely class.
 *
 * Source: Dawid & Skene 1979, eqs. 2.3-2.5. Differs: `smoothing` 0.01 (paper: 0; set 0 to
 * reproduce). The objective (log-likelihood plus the log of the smoothing's Dirichlet density)
 * never falls.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'dog']]);
 * fit(dawidSkene, table).label('t2'); // => 'dog'
 */
export const dawidSkene: Method = defineMethod({
  id: 'dawid-skene',
  title: 'Dawid-Skene',
  summary: 'A confusion matrix per worker by expectation-maximisation; for workers with many answers.',
  citation,
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  monotone: true,
  *fit(table, values, context) {
    const added = pseudoCounts(table.classCount, values.smoothing, values.smoothing);
    const step = () => cellStep(table, added, values.prior, values.priorSmoothing);
    return yield* fitConfusions(table, step, { method: dawidSkene.id, options: values, ...values }, context);
  },
});

/**
 * Hard Dawid-Skene (fast Dawid-Skene): each sweep gives every task wholly to its likeliest class.
 *
 * Use for a quick look at very large data: it settles in 3 to 8 sweeps. Less accurate and much too
 * sure. The objective is the complete-data likelihood Σ max_k, which never falls. A tie keeps the
 * previous label, then the first class. The final posterior is one-hot.
 *
 * Source: Sinha, Rao & Balasubramanian 2018, algorithm 1.
 */
export const dawidSkeneHard: Method = defineMethod({
  id: 'dawid-skene-hard',
  title: 'Hard Dawid-Skene (fast Dawid-Skene)',
  summary: 'Dawid-Skene with hard assignments: few sweeps, one-hot posteriors.',
  citation:
    'Sinha, Rao & Balasubramanian (2018). Fast Dawid-Skene: a fast vote aggregation scheme for sentiment classification. WISDOM.',
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  *fit(table, values, context) {
    const added = pseudoCounts(table.classCount, values.smoothing, values.smoothing);
    const step = () => cellStep(table, added, values.prior, values.priorSmoothing);
    const settings = { method: dawidSkeneHard.id, options: values, hard: true, ...values };
    return yield* fitConfusions(table, step, settings, context);
  },
});

/** Share of labels changing in a sweep below which the hybrid turns soft. */
const turnsSoftBelow = 0.005;

/**
 * Hybrid Dawid-Skene: hard sweeps until fewer than half a percent of the labels change, then soft.
 *
 * Use where plain Dawid-Skene needs hundreds of sweeps. The objective of the hard sweeps is not
 * that of the soft ones, so it may fall once, at the change.
 *
 * Source: Sinha, Rao & Balasubramanian 2018, section 3.2.
 */
export const dawidSkeneHybrid: Method = defineMethod({
  id: 'dawid-skene-hybrid',
  title: 'Hybrid Dawid-Skene',
  summary: 'Hard sweeps first, soft ones to the end: Dawid-Skene in fewer sweeps.',
  citation: dawidSkeneHard.citation,
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  *fit(table, values, context) {
    const added = pseudoCounts(table.classCount, values.smoothing, values.smoothing);
    const step = () => cellStep(table, added, values.prior, values.priorSmoothing);
    const settings = {
      method: dawidSkeneHybrid.id,
      options: values,
      hardUntil: turnsSoftBelow,
      ...values,
    };
    return yield* fitConfusions(table, step, settings, context);
  },
});

const mapOptions = optionTable({
  diagonal: {
    kind: 'number',
    default: 3,
    min: 1,
    max: 1e6,
    does: 'Dirichlet parameter of a right answer, the same for every class.',
    why: 'Two pseudo-answers for being right: better than random, and soon overruled by data.',
  },
  offDiagonal: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1e6,
    does: 'Dirichlet parameter of each wrong answer.',
    why: 'No pseudo-answers for being wrong.',
  },
  confusionPrior: {
    kind: 'numbers',
    default: null,
    min: 1,
    max: 1e9,
    does: 'All K×K Dirichlet parameters by rows (truth), instead of diagonal and offDiagonal.',
    why: 'Few users know more than "better than random".',
  },
  prior: priorOption,
  priorSmoothing: priorSmoothingOption,
  ...emOptions,
});

/**
 * Dawid-Skene with a Dirichlet prior on each row of each confusion matrix, by MAP
 * expectation-maximisation.
 *
 * Use instead of {@link dawidSkene} when workers have few answers: the prior says that workers are
 * better than random, which also makes swapped classes unlikely. Parameters below 1 are refused:
 * the mode may not exist; use {@link variationalBayes} there.
 *
 * As {@link dawidSkene} in every other respect. The log-posterior never falls.
 *
 * Source: the classical MAP-EM of Dawid & Skene 1979; multi-class form of Raykar et al. 2010 (JMLR 11).
 */
export const dawidSkeneMap: Method = defineMethod({
  id: 'dawid-skene-map',
  title: 'Dawid-Skene with a Dirichlet prior (MAP)',
  summary: 'Dawid-Skene with a prior that workers are better than random; for few answers per worker.',
  citation: 'Raykar et al. (2010). Learning from crowds. Journal of Machine Learning Research 11.',
  answers: 'categorical',
  family: 'dawid-skene',
  options: mapOptions,
  monotone: true,
  *fit(table, values, context) {
    const added =
      values.confusionPrior === null
        ? pseudoCounts(table.classCount, values.diagonal - 1, values.offDiagonal - 1)
        : matrixOption('confusionPrior', values.confusionPrior, table.classCount).map((value) => value - 1);
    const step = () => cellStep(table, added, values.prior, values.priorSmoothing);
    const strength = added.reduce((sum, value) => sum + value, 0) / Math.max(1, table.classCount);
    return yield* fitConfusions(
      table,
      step,
      { method: dawidSkeneMap.id, options: values, strength, ...values },
      context,
    );
  },
});
