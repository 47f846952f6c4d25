import type { AnswerTable } from '../../answers/answer-table.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { type Estimate, type EstimateParts, estimateOf } from '../estimate.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { showingProgress } from '../pauses.ts';
import { tableNotes } from '../table-notes.ts';
import { clampGold } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { interval, workerLevel } from '../worker-estimates.ts';
import { knownClasses, knownClassesOption, logTaskPrior, messageOptions, messageRuleOption } from './class-prior.ts';
import { CoinMessages } from './coin-messages.ts';
import { coinPrior, coinPriorOptions } from './coin-prior.ts';
import { messageLoop } from './message-loop.ts';

const options = optionTable({
  ...coinPriorOptions,
  classPrior: knownClassesOption,
  messages: messageRuleOption,
  ...messageOptions,
});

/**
 * Belief propagation with one accuracy per worker (Liu, Peng & Ihler), for any number of classes.
 *
 * Use when workers have few answers each and differ mainly in how often they are right: it
 * integrates each worker's accuracy out instead of fixing a value, and so keeps its head where a
 * spammer with very many answers misleads {@link meanField} and one-coin expectation-maximisation.
 * Not when classes are confused in particular ways (see {@link bpTwoCoin}, {@link bpSampled},
 * {@link variationalBayes}) or when the class frequencies are far from the given ones: they are
 * fixed, uniform by default.
 *
 * Model: accuracy ~ Beta(right, wrong), or a mixture of Betas and single values; a wrong answer is
 * any other class with equal chance. Exact where the graph of tasks and workers has no loops;
 * elsewhere the usual loopy approximation. Messages to and from all tasks and workers in turn, each
 * computed exactly: by a sum over the number of right answers, O(answers²) a worker, or by
 * Gauss–Jacobi quadrature, O(answers · nodes), chosen by the number of answers.
 *
 * Shapes: posterior T×K, one accuracy per worker with the 90 % interval of its posterior given the
 * tasks' messages. There is no objective that rises; `extra.logEvidence` is the Bethe approximation
 * (exact without loops). Gold tasks are clamped; test answers are added to the worker's prior; task
 * priors replace the class frequencies. Answer weights are not used (a note says so); soft answers
 * count as their most likely class. Tasks without answers get the class frequencies.
 *
 * Source: Liu, Peng & Ihler 2012, section 4; Kim, Cho, Kim & Ok, "Robust Deep Learning from Crowds
 * with Belief Propagation", eqs. 19-20 (the product in its eq. 20 must leave the receiving task out,
 * as its eq. 36 does). The dynamic programme and the quadrature are ours: the paper's fast Fourier
 * transform loses all digits beyond 50 answers.
 *
 * @throws {InputError} invalid-option
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(bpOneCoin, table, { options: { right: 2, wrong: 1 } }).label('t1'); // => 'cat'
 */
export const bpOneCoin: Method = defineMethod({
  id: 'bp-one-coin',
  title: 'Belief propagation, one accuracy per worker',
  summary: 'Integrates each worker’s accuracy out; robust to spammers with many answers.',
  citation: 'Liu, Peng & Ihler (2012). Variational inference for crowdsourcing. NeurIPS.',
  answers: 'categorical',
  family: 'propagation',
  options,
  *fit(table, values, { seed }) {
    const { id: method } = bpOneCoin;
    const prior = coinPrior(values);
    const notes = propagationNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    const frequencies = knownClasses(table, values.classPrior);
    const messages = new CoinMessages(table, logTaskPrior(table, frequencies), prior, values.messages);
    const { iterations, converged, notes: loopNotes } = yield* messageLoop(messages, values);
    const { mean, variance, logEvidence } = yield* showingProgress(messages.workers(), {
      iteration: iterations,
      objective: Number.NaN,
    });
    const bethe = messages.logEvidence(logEvidence);
    const posterior = messages.posterior(new Float64Array(table.taskCount * table.classCount));
    clampGold(table, posterior);
    return propagationEstimate(table, frequencies, {
      method,
      options: values,
      seed,
      posterior,
      workers: { accuracy: mean, ...interval(mean, variance, mean), level: workerLevel },
      iterations,
      converged,
      notes: [...notes, ...loopNotes],
      extra: { logEvidence: bethe },
    });
  },
});

/** The usual notes, and one where answer weights would be ignored. */
export function propagationNotes(table: AnswerTable): string[] {
  return [...tableNotes(table), ...weightNotes(table)];
}

/** A note where answer weights are ignored. */
export function weightNotes(table: AnswerTable): string[] {
  return table.weight === undefined ? [] : ['answer weights are not used by belief propagation'];
}

/** What all propagation methods say of class frequencies and of why they stopped. */
export function propagationEstimate(table: AnswerTable, frequencies: Float64Array, parts: EstimateParts): Estimate {
  const prior = table.taskPrior === undefined ? frequencies : meanRow(parts.posterior, table.classCount);
  const stopReason = parts.converged === true ? 'posterior settled' : 'iteration limit';
  return estimateOf(table, { prior, stopReason, ...parts });
}
