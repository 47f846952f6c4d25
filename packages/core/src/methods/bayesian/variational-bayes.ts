import { contentOrder } from '../content-order.ts';
import { emOptions } from '../dawid-skene/em-options.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { estimateOf } from '../estimate.ts';
import { limitNote, startsNotes, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet } from '../pauses.ts';
import { tableNotes } from '../table-notes.ts';
import { startingPosterior } from '../votes.ts';
import { checkConfusionSize } from '../worker-estimates.ts';
import { dirichletOptions, dirichletPrior, presetOption } from './dirichlet-prior.ts';
import { dirichletWorkers } from './dirichlet-workers.ts';
import { noisyStart } from './noisy-start.ts';
import { taskPriorUses, type VariationalFit, variationalSweeps } from './variational-sweeps.ts';

const options = optionTable({
  preset: presetOption('bayesgc', 'The prior of Li, Huang & Chen; mildly better than random.'),
  ...dirichletOptions,
  starts: emOptions.starts,
  noise: {
    kind: 'number',
    default: 0.1,
    min: 0,
    max: 1,
    does: 'Share of random noise mixed into the vote shares at the starts after the first.',
    why: 'Enough to leave a poor optimum; more often ends in a worse one.',
  },
  taskPriorUse: {
    kind: 'choice',
    default: 'replaces',
    choices: taskPriorUses,
    does: 'Whether what is known of a task beforehand replaces the class frequencies or multiplies them.',
    why: 'A classifier trained on such tasks has the frequencies in its word already.',
  },
  maxIterations: emOptions.maxIterations,
  tolerance: emOptions.tolerance,
});

/**
 * Variational Bayes for Dawid-Skene (BayesGC, iBCC): confusion matrices with Dirichlet priors,
 * posteriors for labels, workers and class frequencies together.
 *
 * Use instead of {@link dawidSkene} when workers have few answers or when their uncertainty
 * matters: every worker has a mean confusion, a standard deviation of each cell and an interval.
 * The prior matters: on sparse data with many classes compare presets. For exact averages on small
 * data see {@link gibbs}; with one answer per task nothing helps.
 *
 * Model: z_i ~ π, y ~ θ_worker[z_i], θ rows ~ Dirichlet(preset or options), π ~ Dirichlet. The
 * objective is the evidence lower bound (ELBO); it never falls and never exceeds the log evidence.
 *
 * Shapes: posterior T×K, confusion and confusionSd W×K×K [worker][true][said], prior K. O(N·K + W·K²)
 * per sweep. Gold tasks are clamped; test answers are added to the worker's prior; task priors
 * replace the class frequencies (or multiply them, `taskPriorUse`); answer weights are powers of the
 * likelihood; soft answers count as their most likely class. Tasks without answers get the mean
 * class frequencies, workers without answers the prior mean. Several starts keep the best bound.
 *
 * Source: Simpson, Roberts, Psorakis & Smith 2013; Li, Huang & Chen, "Crowdsourcing Aggregation
 * with Deep Bayesian Learning", eqs. 10-16 without the network. In its eq. 14 the likelihood term
 * must be E ln ν summed over workers (the printed sum over tasks and the missing logarithm are
 * slips), and the Dirichlet normaliser has the gamma function of the sum. With full batches and
 * step 1 its natural-gradient step is the coordinate update used here. Presets: bcc from Venanzi et
 * al. 2014, dir21 from Kim, Cho, Kim & Ok, ibcc41 from Li, Rubinstein & Cohn 2019 (theirs stops at
 * a change of 1e-3; ours goes on).
 *
 * @throws {BudgetError} too-many-cells
 * @throws {InputError} invalid-option for lists of the wrong length
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'cat']]);
 * const estimate = fit(variationalBayes, table, { options: { preset: 'ibcc41' } });
 * estimate.label('t1'); // => 'cat'
 */
export const variationalBayes: Method = defineMethod({
  id: 'variational-bayes',
  title: 'Variational Bayes (BayesGC, iBCC)',
  summary: 'Dawid-Skene with Dirichlet priors and full uncertainty about workers; for few answers per worker.',
  citation:
    'Simpson, Roberts, Psorakis & Smith (2013). Dynamic Bayesian combination of multiple imperfect classifiers. Decision Making and Imperfection.',
  answers: 'categorical',
  family: 'bayesian',
  options,
  monotone: true,
  *fit(table, values, { seed, random }) {
    const { id: method } = variationalBayes;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    checkConfusionSize(table, method);
    const prior = dirichletPrior(table, values);
    const settings = { ...values, confusionPrior: prior.confusion, classPrior: prior.classes };
    const order = values.starts > 1 ? contentOrder(table) : undefined;
    yield notYet;
    let best: VariationalFit | undefined;
    const ends: number[] = [];
    for (let attempt = 0; attempt < values.starts; attempt++) {
      const start =
        attempt === 0 || order === undefined
          ? startingPosterior(table)
          : yield* noisyStart(table, order, values.noise, random.fork(attempt));
      const found = yield* variationalSweeps(table, start, settings);
      ends.push(found.objective[found.objective.length - 1]);
      if (best === undefined || ends[attempt] > best.objective[best.objective.length - 1]) best = found;
    }
    const kept = best as VariationalFit;
    const workers = dirichletWorkers(table, kept.posterior, kept.beta, kept.prior);
    if (kept.stopReason === 'iteration limit') notes.push(limitNote(values.maxIterations));
    notes.push(...startsNotes(ends), ...swappedNotes(table, workers.accuracy));
    return estimateOf(table, {
      method,
      options: values,
      seed,
      posterior: kept.posterior,
      prior: kept.prior,
      workers,
      objective: kept.objective,
      iterations: kept.iterations,
      converged: kept.stopReason !== 'iteration limit',
      stopReason: kept.stopReason,
      notes,
    });
  },
});
