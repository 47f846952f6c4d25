import type { AnswerTable } from '../../answers/answer-table.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import type { WorkerEstimates } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { clampGold } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { interval, workerLevel } from '../worker-estimates.ts';
import { requireTwoClasses } from './binary-only.ts';
import { propagationEstimate, propagationNotes } from './bp-one-coin.ts';
import { knownClasses, knownClassesOption, logTaskPrior, messageOptions, messageRuleOption } from './class-prior.ts';
import { messageLoop } from './message-loop.ts';
import { PairMessages, type PairPosterior } from './pair-messages.ts';
import { pairPrior, pairPriorOptions } from './pair-prior.ts';

const options = optionTable({
  ...pairPriorOptions,
  classPrior: knownClassesOption,
  messages: messageRuleOption,
  ...messageOptions,
});

/**
 * Belief propagation for two classes with two accuracies per worker: one on tasks of either class.
 *
 * Use for yes/no questions where workers lean to one side (they miss what is rare, or see it
 * everywhere) and many have few answers. With more classes use {@link bpSampled} or
 * {@link variationalBayes}; without such a lean {@link bpOneCoin} needs less data. Class frequencies
 * are fixed, uniform by default.
 *
 * Model: each worker's two accuracies have independent Beta priors (or a mixture with single
 * values) and are integrated out exactly: by sums over the two numbers of right answers, O(answers²)
 * a worker, or by quadrature beyond 300 answers. Exact where the graph of tasks and workers has no
 * loops.
 *
 * Shapes: posterior T×2, confusion and confusionSd W×2×2 with 90 % intervals of the accuracy. No
 * objective; `extra.logEvidence` is the Bethe approximation (exact without loops). Gold tasks are
 * clamped; test answers are added to the worker's prior; task priors replace the class frequencies;
 * answer weights are not used; soft answers count as their most likely class.
 *
 * Source: Liu, Peng & Ihler 2012, section 4.2 (two-coin model); the sums and the fitted quadrature
 * are ours.
 *
 * @throws {InputError} binary-only for more than two classes; invalid-option
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t1', 'bo', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'no']]);
 * fit(bpTwoCoin, table).label('t1'); // => 'no'
 */
export const bpTwoCoin: Method = defineMethod({
  id: 'bp-two-coin',
  title: 'Belief propagation, two accuracies per worker',
  summary: 'For two classes: integrates out how often a worker is right on either.',
  citation: 'Liu, Peng & Ihler (2012). Variational inference for crowdsourcing. NeurIPS.',
  answers: 'binary',
  family: 'propagation',
  options,
  *fit(table, values, { seed }) {
    const { id: method } = bpTwoCoin;
    requireTwoClasses(table, method, 'bp-sampled');
    const prior = pairPrior(values);
    const notes = propagationNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    const frequencies = knownClasses(table, values.classPrior);
    const messages = new PairMessages(table, logTaskPrior(table, frequencies), prior, values.messages);
    const { iterations, converged, notes: loopNotes } = yield* messageLoop(messages, values);
    const found = messages.workers();
    const logEvidence = messages.logEvidence(found.logEvidence);
    const posterior = messages.posterior(new Float64Array(table.taskCount * 2));
    clampGold(table, posterior);
    const classes = table.taskPrior === undefined ? frequencies : meanRow(posterior, 2);
    return propagationEstimate(table, frequencies, {
      method,
      options: values,
      seed,
      posterior,
      workers: pairWorkers(table, found, classes),
      iterations,
      converged,
      notes: [...notes, ...loopNotes],
      extra: { logEvidence },
    });
  },
});

/** Confusions and accuracies from the moments of the two accuracies. */
export function pairWorkers(table: AnswerTable, found: PairPosterior, classes: Float64Array): WorkerEstimates {
  const { workerCount } = table;
  const accuracy = new Float64Array(workerCount);
  const spread = new Float64Array(workerCount);
  const confusion = new Float64Array(workerCount * 4);
  const confusionSd = new Float64Array(workerCount * 4);
  const [first, second] = classes;
  for (let w = 0; w < workerCount; w++) {
    const [s, t] = [found.mean[2 * w], found.mean[2 * w + 1]];
    const [varS, varT] = [found.variance[2 * w], found.variance[2 * w + 1]];
    accuracy[w] = first * s + second * t;
    spread[w] = Math.max(0, first ** 2 * varS + second ** 2 * varT + 2 * first * second * found.covariance[w]);
    confusion.set([s, 1 - s, 1 - t, t], 4 * w);
    confusionSd.set([Math.sqrt(varS), Math.sqrt(varS), Math.sqrt(varT), Math.sqrt(varT)], 4 * w);
  }
  return { accuracy, ...interval(accuracy, spread, accuracy), level: workerLevel, confusion, confusionSd };
}
