import { type AnswerTable, estimateOf, tableNotes } from '@assay/core';
import { classFrequencies } from '../confusions.ts';
import { defineLearnMethod, type LearnMethod, needFeatures } from '../method.ts';
import { networkOptions, networkSettings } from '../options.ts';
import { batchSize, PreparedTasks } from '../prepared.ts';
import { voteShares } from '../votes.ts';
import { runBayesdgc } from './variational-learning.ts';
import { dirichletReport } from './worker-report.ts';

/** Training stops by the bound, not by held-out tasks. */
const { patience: _patience, ...network } = networkOptions;

/**
 * BayesDGC: a network and Dawid-Skene with Dirichlet priors, learned together by natural-gradient
 * variational inference.
 *
 * Every worker has a posterior, not a point: workers with few answers stay near the prior, and the
 * report has credible intervals of every cell. Take it where answers per worker are few and their
 * uncertainty matters; with one-coin workers (`workers: 'coin'`, `right` and `wrong` 1) it is among
 * the best where mistakes are evenly spread, and loses where classes are confused in particular ways.
 *
 * Each batch: what the network says (without dropout, no class above `clip`) and the answers give
 * q(y); the network makes one step towards q; workers move to what q says of them. The objective is the
 * bound on the log evidence after each epoch; it rises up to the noise of training the network. Tasks
 * without features have the class frequencies as their prior, tasks without answers get what the
 * network says, clipped. Models whose answers are in the table are workers like any other. Gold tasks
 * are clamped, answer weights are powers of the likelihood, soft answers count as their most likely
 * class. Cost per epoch: two forward passes and one backward, O(N·K) for the answers and
 * O(W·K²) a batch (memoised: only workers of the batch).
 *
 * Source: Li, Huang & Chen (2021), algorithm 1. Literal: `classPrior`, `updates: 'stochastic'`, `clip`
 * 1. The product of network and class prior is not normalised and counts the balance of classes
 * twice: the network learns it from q, π learns it from q, and each strengthens the other until one
 * class has everything (on a crowd of ten even classes: accuracy .10). So by default the network is the
 * only prior. The authors give no step sizes; with memory there are none. Their two corrections of
 * signs and indices are noted at {@link CrowdPosterior}. Without a network it is BayesGC:
 * `variational-bayes` of the core.
 *
 * @throws {StateError} cancelled, diverged
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learn(bayesdgc, { table, features })).estimate.label('t2'); // => 'yes'
 */
export const bayesdgc: LearnMethod = defineLearnMethod({
  id: 'bayesdgc',
  title: 'BayesDGC: deep Bayesian learning',
  summary: 'A network and workers with Dirichlet posteriors, learned together; for few answers per worker.',
  citation:
    'Li, Huang & Chen (2021). Crowdsourcing aggregation with deep Bayesian learning. Science China Information Sciences 64.',
  options: {
    workers: {
      kind: 'choice',
      default: 'rows',
      choices: ['rows', 'coin'],
      does: 'A confusion matrix for each worker, or one accuracy with mistakes spread evenly.',
      why: 'Real crowds confuse particular classes.',
    },
    right: {
      kind: 'number',
      default: 5,
      min: 1e-3,
      max: 1e9,
      does: 'Dirichlet parameter of a right answer.',
      why: 'As published.',
    },
    wrong: {
      kind: 'number',
      default: 2,
      min: 1e-3,
      max: 1e9,
      does: 'Dirichlet parameter of each wrong answer.',
      why: 'As published.',
    },
    frequency: {
      kind: 'number',
      default: 1.1,
      min: 1e-3,
      max: 1e9,
      does: 'Dirichlet parameter of each class frequency.',
      why: 'As published.',
    },
    classPrior: {
      kind: 'boolean',
      default: false,
      does: 'Multiply what the network says by the class frequencies, as published.',
      why: 'The product counts the balance of classes twice and may end in one class.',
    },
    updates: {
      kind: 'choice',
      default: 'memoised',
      choices: ['memoised', 'stochastic'],
      does: 'Exact updates that remember the other batches, or steps by each batch alone, as published.',
      why: 'Workers without answers in a batch are not pulled to the prior.',
    },
    step: {
      kind: 'number',
      default: 0,
      min: 0,
      max: 1,
      does: 'Size of stochastic steps; 0 for (t + delay)^−forget.',
      why: 'Falling steps settle.',
    },
    delay: {
      kind: 'number',
      default: 1,
      min: 1,
      max: 1e9,
      does: 'Steps by which the falling sizes are late.',
      why: 'Hoffman et al. (2013).',
    },
    forget: {
      kind: 'number',
      default: 0.6,
      min: 0.5,
      max: 1,
      does: 'How fast step sizes fall.',
      why: 'Slow enough to forget the first steps.',
    },
    clip: {
      kind: 'number',
      default: 0.9,
      min: 0,
      max: 1,
      does: 'Largest probability the network may give a class; 1/K or less leaves the features out.',
      why: 'A network is surer than it should be of tasks it was trained on.',
    },
    ...network,
    batch: { ...network.batch, min: 0, does: 'Tasks per step, at most an eighth of all; 0 for all at once.' },
    tolerance: {
      kind: 'number',
      default: 1e-4,
      min: 0,
      max: 1,
      does: 'Stop when the bound changes by less over an epoch, relatively; 0 for all epochs.',
      why: 'Labels no longer change.',
    },
  },
  async fit(input, values, context) {
    const { table } = input;
    const features = needFeatures(input, 'bayesdgc');
    const prepared = new PreparedTasks(table, features, networkSettings({ ...values, patience: 0 }, 0), context.seed);
    const batch = values.batch === 0 ? table.taskCount : batchSize(values, prepared.tasks.length);
    const found = await runBayesdgc(prepared, { ...values, batch }, context);
    const { posterior, objective, settled, opinions } = found;
    const prior = classFrequencies(table, posterior);
    return {
      estimate: estimateOf(table, {
        method: 'bayesdgc',
        options: values,
        seed: context.seed,
        posterior,
        prior,
        workers: dirichletReport(table, found.crowd, posterior, prior),
        objective,
        converged: settled,
        stopReason: settled ? 'objective settled' : 'epochs done',
        notes: [...tableNotes(table), ...prepared.notes, ...features.notes, ...collapseNotes(table, posterior)],
      }),
      classifier: found.network === undefined ? undefined : prepared.classifier(found.network),
      opinions,
    };
  },
});

/** A class prior that multiplies the network may end with one class: say so. */
function collapseNotes(table: AnswerTable, posterior: Float64Array): string[] {
  const sizes = classFrequencies(table, posterior);
  const voted = classFrequencies(table, voteShares(table));
  const most = sizes.indexOf(Math.max(...sizes));
  if (table.classCount < 2 || sizes[most] < 0.95 || voted[most] > 0.8) return [];
  const [took, had] = [sizes[most], voted[most]].map((share) => `${(100 * share).toFixed(0)} %`);
  return [`one class took ${took} of the tasks with ${had} of the votes: leave classPrior off, or lower clip`];
}
