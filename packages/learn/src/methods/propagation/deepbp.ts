import { beliefInference, coinPriorOptions, messageOptions } from '@assay/core/methods';
import { defineLearnMethod, type LearnMethod } from '../method.ts';
import { alternate } from './alternate.ts';
import { propagationOptions } from './options.ts';

const { model, right, wrong, confusionPrior, ...rest } = propagationOptions;

/**
 * deepBP: belief propagation in which a network is the prior of each task.
 *
 * Use when workers have few answers each, some may be spammers with very many, and the features may be
 * poor: it integrates each worker's accuracy out instead of fixing a value. Where features are good
 * `deepmf` is as good and simpler. With confused classes rather than careless workers take `aggnet`.
 *
 * After each epoch of training messages go between tasks and workers until they settle, from where they
 * were. `model: one-coin` is exact for any number of classes, `model: confusion` for two; with
 * `messages: sampled` workers are drawn from the prior as in the paper, for any number: O(N·K·draws) a
 * sweep, with draws of their own for workers of many answers (as in {@link bpSampled}).
 *
 * Result: labels by q, workers with 90 % intervals, the network for other tasks, `extra.logEvidence`
 * (Bethe approximation). Tasks without features have the class frequencies as prior, tasks without
 * answers what the network says, clipped. Models in the table are workers like any other. Gold tasks are
 * clamped; answer weights are not used; soft answers count as their most likely class. Nothing here is a
 * bound that rises: the objective is how well the network explains the labels, mean Σ q ln f.
 *
 * Source: Kim, Cho, Kim & Ok (2022), Algorithm 2 (the product in its eq. 20 must leave the receiving task
 * out). Ours: exact messages instead of 400 draws, or draws made once (the public code draws in every
 * sweep, so that messages never settle); the labels before the first training; minibatches (`batch: 0`
 * is the paper's full batch); training towards q without the clip in the loss; networks out of fold
 * (`folds: 'none'` is the paper's).
 *
 * @throws {InputError} missing-features, invalid-option; binary-only for exact confusions of more classes
 * @throws {BudgetError} too-many-cells for sampled confusions
 * @throws {StateError} cancelled, diverged
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(deepBp, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const deepBp: LearnMethod = defineLearnMethod({
  id: 'deepbp',
  title: 'deepBP: belief propagation with a network',
  summary: 'A network as prior of each task, workers integrated out; robust to spammers, wrong priors, poor features.',
  citation: 'Kim, Cho, Kim & Ok (2022). Robust deep learning from crowds with belief propagation. AISTATS.',
  options: {
    model: { ...model, default: 'one-coin', why: 'Exact for any number of classes, and learned from few answers.' },
    right,
    wrong,
    mixture: coinPriorOptions.mixture,
    atoms: coinPriorOptions.atoms,
    confusionPrior,
    messages: {
      kind: 'choice',
      default: 'exact',
      choices: ['exact', 'sampled'],
      does: 'Workers integrated out exactly, or over draws from the prior.',
      why: 'Exact is faster too; only confusions of more than two classes need draws.',
    },
    draws: {
      kind: 'number',
      default: 400,
      min: 2,
      max: 1e6,
      integer: true,
      does: 'Workers drawn to stand for the prior.',
      why: 'The paper’s; the error of a probability is about 0.02.',
    },
    maxIterations: { ...messageOptions.maxIterations, does: 'Most sweeps after each epoch.' },
    tolerance: {
      ...messageOptions.tolerance,
      default: 1e-3,
      why: 'Messages go on from where they were; the network moves them more.',
    },
    damping: messageOptions.damping,
    ...rest,
  },
  fit: (input, values, context) =>
    alternate('deepbp', input, values, context, (table, logPrior) =>
      beliefInference(table, values, values, logPrior, context.random.fork('messages')),
    ),
});
