import { meanFieldInference } from '@assay/core/methods';
import { defineLearnMethod, type LearnMethod } from '../method.ts';
import { alternate } from './alternate.ts';
import { propagationOptions } from './options.ts';

/**
 * deepMF: mean field in which a network is the prior of each task.
 *
 * Use when features are good and workers have few answers: every worker has a prior, and the cap on the
 * network keeps poor features from doing much harm. One sweep of mean field and one epoch of training
 * in turn, so it costs hardly more than the training. With poor features and a prior that is off it
 * follows a spammer of very many answers, as {@link meanField} does; `deepbp` does not.
 *
 * Result: labels by q, workers with 90 % intervals (and confusions with `model: confusion`), the network
 * for other tasks. Tasks without features have the class frequencies as prior, tasks without answers
 * what the network says, clipped. Models in the table are workers like any other. Gold tasks are clamped,
 * answer weights are powers of the likelihood, soft answers count as their most likely class. The
 * objective is the lower bound on the log evidence under the clipped network (eq. 15 without the
 * constant): it never falls while the network stays.
 *
 * Crowd layers and trace regularisation are this with q = f and point estimates of the confusions (the
 * paper, appendix C); here both are learned, and the labels of a task speak together.
 *
 * Source: Kim, Cho, Kim & Ok (2022), Algorithm 1. The "− 1" of eqs. 16, 27 and 28 cancels. Ours: the
 * labels before the first training, minibatches (`batch: 0` is the paper's full batch), training towards
 * q without the clip in the loss, networks out of fold (`folds: 'none'` is the paper's): on LabelMe they
 * lift the labels from .83 to .87.
 *
 * @throws {InputError} missing-features, invalid-option
 * @throws {BudgetError} too-many-cells for confusions
 * @throws {StateError} cancelled, diverged
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(deepMf, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const deepMf: LearnMethod = defineLearnMethod({
  id: 'deepmf',
  title: 'deepMF: mean field with a network',
  summary: 'A network as prior of each task, workers with priors of their own; quick, and robust with good features.',
  citation: 'Kim, Cho, Kim & Ok (2022). Robust deep learning from crowds with belief propagation. AISTATS.',
  options: propagationOptions,
  fit: (input, values, context) =>
    alternate('deepmf', input, values, context, (table, logPrior) => meanFieldInference(table, values, logPrior)),
});
