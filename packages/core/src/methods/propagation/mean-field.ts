import type { AnswerTable } from '../../answers/answer-table.ts';
import { dirichletOptions, dirichletPrior, presetOption } from '../bayesian/dirichlet-prior.ts';
import { dirichletWorkers } from '../bayesian/dirichlet-workers.ts';
import { variationalSweeps } from '../bayesian/variational-sweeps.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import type { WorkerEstimates } from '../estimate.ts';
import { limitNote, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { clampGold, startingPosterior } from '../votes.ts';
import { checkConfusionSize, expectedRight, interval, workerLevel } from '../worker-estimates.ts';
import { propagationEstimate } from './bp-one-coin.ts';
import { knownClasses, knownClassesOption, logTaskPrior } from './class-prior.ts';
import { type CoinMeanField, coinMeanField } from './coin-mean-field.ts';
import { coinPriorOptions } from './coin-prior.ts';
import { expectedCoinLogs, expectedRowLogs, priorPosterior } from './prior-start.ts';

const options = optionTable({
  model: {
    kind: 'choice',
    default: 'one-coin',
    choices: ['one-coin', 'dirichlet'],
    does: 'One accuracy per worker, or a confusion matrix per worker with Dirichlet rows.',
    why: 'One number can be learned from few answers.',
  },
  right: coinPriorOptions.right,
  wrong: coinPriorOptions.wrong,
  preset: presetOption('dir21', 'The published prior of the confusion form; its class parameter is not used.'),
  diagonal: dirichletOptions.diagonal,
  offDiagonal: dirichletOptions.offDiagonal,
  confusionPrior: dirichletOptions.confusionPrior,
  classPrior: knownClassesOption,
  start: {
    kind: 'choice',
    default: 'votes',
    choices: ['votes', 'prior'],
    does: 'The first posterior: vote shares, or what the prior alone makes of the answers.',
    why: 'With sparse priors the published start, prior, settles too early: votes gain up to seven points.',
  },
  maxIterations: {
    kind: 'number',
    default: 500,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most iterations.',
    why: 'Real sets settle in 10 to 100.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-8,
    min: 0,
    max: 1,
    does: 'Largest change of a posterior at which the fit has settled; 0 for never.',
    why: 'The fit is cheap, and smaller changes move no label.',
  },
});

/**
 * Mean field (Liu, Peng & Ihler; Kim et al.): variational inference with known class frequencies
 * and a prior on workers, with one accuracy each or with Dirichlet confusion rows.
 *
 * Use as the quick relative of {@link bpOneCoin}, and beside it: where the two disagree on more than
 * a few labels, suspect a worker with very many poor answers, which this method may follow. With
 * `model: 'dirichlet'` it is {@link variationalBayes} with known class frequencies.
 *
 * The objective is the evidence lower bound; it never falls. Shapes: posterior T×K, one accuracy
 * per worker (or confusion and confusionSd W×K×K) with 90 % intervals. O(N + T·K) per sweep (or
 * O(N·K + W·K²)). Gold tasks are clamped; test answers are added to the worker's prior; task priors
 * replace the class frequencies; answer weights are powers of the likelihood; soft answers count as
 * their most likely class. Tasks without answers get the class frequencies.
 *
 * Source: Liu, Peng & Ihler 2012, section 5; Kim, Cho, Kim & Ok, appendix B. The "− 1" in the
 * latter's eqs. 16, 27 and 28 is a constant and cancels. With ψ replaced by the logarithm it is
 * one-coin expectation-maximisation. Ours starts from vote shares; `start: 'prior'` is the paper's.
 *
 * @throws {InputError} invalid-option
 * @throws {BudgetError} too-many-cells for the Dirichlet model
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(meanField, table, { options: { right: 2, wrong: 1 } }).label('t1'); // => 'cat'
 */
export const meanField: Method = defineMethod({
  id: 'mean-field',
  title: 'Mean field',
  summary: 'The quick variational relative of belief propagation; watch for workers with very many answers.',
  citation: 'Liu, Peng & Ihler (2012). Variational inference for crowdsourcing. NeurIPS.',
  answers: 'categorical',
  family: 'propagation',
  options,
  monotone: true,
  *fit(table, values, { seed }) {
    const { id: method } = meanField;
    const notes = tableNotes(table);
    const { answerCount, classCount } = table;
    if (answerCount === 0 || classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    const frequencies = knownClasses(table, values.classPrior);
    const logPrior = logTaskPrior(table, frequencies);
    const starting = (expectedLog: Float64Array): Float64Array =>
      values.start === 'votes' ? startingPosterior(table) : priorPosterior(table, logPrior, expectedLog);
    let found: { posterior: Float64Array; objective: number[]; converged: boolean; workers: WorkerEstimates };
    if (values.model === 'one-coin') {
      const expected = expectedCoinLogs(values.right, values.wrong, classCount);
      const coin = yield* coinMeanField(table, logPrior, { ...values, starting: starting(expected) });
      found = { ...coin, workers: betaWorkers(table, coin) };
    } else {
      checkConfusionSize(table, method);
      const { confusion } = dirichletPrior(table, { ...values, classPrior: [1] });
      const rows = yield* variationalSweeps(table, starting(expectedRowLogs(confusion, classCount)), {
        confusionPrior: confusion,
        knownClasses: frequencies,
        maxIterations: values.maxIterations,
        tolerance: 0,
        posteriorTolerance: values.tolerance,
      });
      const { posterior, objective, beta, prior } = rows;
      const workers = dirichletWorkers(table, posterior, beta, prior);
      found = { posterior, objective, converged: rows.stopReason !== 'iteration limit', workers };
    }
    clampGold(table, found.posterior);
    if (!found.converged && values.tolerance > 0) notes.push(limitNote(values.maxIterations));
    notes.push(...swappedNotes(table, found.workers.accuracy));
    const { posterior, objective, converged, workers } = found;
    return propagationEstimate(table, frequencies, {
      method,
      options: values,
      seed,
      posterior,
      workers,
      objective,
      iterations: objective.length,
      converged,
      notes,
    });
  },
});

/** Accuracies with Beta posteriors, widened by what is open about which answers were right. */
export function betaWorkers(table: AnswerTable, { posterior, right, wrong }: CoinMeanField): WorkerEstimates {
  const { variance } = expectedRight(table, posterior);
  const accuracy = right.map((a, w) => a / (a + wrong[w]));
  const spread = accuracy.map((p, w) => {
    const mass = right[w] + wrong[w];
    return (p * (1 - p)) / (mass + 1) + variance[w] / mass ** 2;
  });
  return { accuracy, ...interval(accuracy, spread, accuracy), level: workerLevel };
}
