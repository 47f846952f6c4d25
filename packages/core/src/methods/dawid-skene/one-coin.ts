import type { AnswerTable } from '../../answers/answer-table.ts';
import { objectiveSettled, type StopReason } from '../convergence.ts';
import { type Estimate, estimateOf } from '../estimate.ts';
import { defineMethod, type FitContext, type Method, type Progress } from '../method.ts';
import { optionTable } from '../options.ts';
import { tableNotes } from '../table-notes.ts';
import { clampGold, isInformed } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { coinWorkers } from '../worker-estimates.ts';
import { emOptions, posteriorTolerance, priorOption } from './em-options.ts';
import { neutralEstimate } from './fit-confusions.ts';
import { type Start, startFrom } from './starts.ts';
import { type PriorRule, updatePrior } from './steps.ts';

/** Accuracies stay this far from 0 and 1: nobody becomes a dictator. */
const leastShare = 1e-6;

const options = optionTable({
  right: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1e9,
    does: 'Beta parameter of a right answer.',
    why: 'Maximum likelihood; 2 with wrong 1 says workers are better than half right.',
  },
  wrong: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1e9,
    does: 'Beta parameter of a wrong answer.',
    why: 'Maximum likelihood.',
  },
  prior: priorOption,
  ...emOptions,
});

/**
 * One coin per worker: an accuracy each, wrong answers even over the other classes, by
 * expectation-maximisation.
 *
 * Use with very few answers per worker, or with so many classes that a confusion matrix each would
 * not fit. It cannot see that a class is missed or two classes are swapped, and fails where crowds
 * are biased (on bluebird it is below majority vote). One number per worker: W memory.
 *
 * Posterior T×K; workers get `accuracy` with a 90 % interval. Gold tasks are clamped, task priors
 * replace the class prior, weights are powers. Tasks without answers get the prior. O(N + T·K) per
 * sweep. The log-posterior never falls.
 *
 * Source: Dawid & Skene 1979 with one parameter per observer (Ghosh et al. 2011; the one-coin model
 * of Zhang et al. 2014).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog']]);
 * fit(oneCoin, table).label('t1'); // => 'cat'
 */
export const oneCoin: Method = defineMethod({
  id: 'one-coin',
  title: 'One-coin Dawid-Skene',
  summary: 'One accuracy per worker; for very few answers per worker or very many classes.',
  citation:
    'Zhang, Chen, Zhou & Jordan (2016). Spectral methods meet EM. Journal of Machine Learning Research 17 (one-coin model).',
  answers: 'categorical',
  family: 'dawid-skene',
  options,
  monotone: true,
  *fit(table, values, context) {
    return yield* fitCoins(
      table,
      { method: oneCoin.id, values, ...values, accuracy: undefined, tolerance: values.tolerance },
      context,
    );
  },
});

const zenCrowdOptions = optionTable({
  accuracy: {
    kind: 'number',
    default: 0.8,
    min: 0,
    max: 1,
    above: true,
    does: 'Accuracy every worker starts with.',
    why: 'The published value.',
  },
  iterations: {
    kind: 'number',
    default: 20,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Number of sweeps.',
    why: 'The published value.',
  },
});

/**
 * ZenCrowd: one-coin expectation-maximisation from equal accuracies, with uniform class
 * frequencies and a fixed number of sweeps.
 *
 * Use to compare with published figures; otherwise {@link oneCoin} says when it has settled.
 * As {@link oneCoin} in every other respect.
 *
 * Source: Demartini, Difallah & Cudré-Mauroux 2012, section 4, without the links between entities.
 */
export const zenCrowd: Method = defineMethod({
  id: 'zencrowd',
  title: 'ZenCrowd',
  summary: 'One accuracy per worker, uniform class frequencies, twenty sweeps from 0.8.',
  citation:
    'Demartini, Difallah & Cudré-Mauroux (2012). ZenCrowd: leveraging probabilistic reasoning and crowdsourcing for entity linking. WWW.',
  answers: 'categorical',
  family: 'dawid-skene',
  options: zenCrowdOptions,
  monotone: true,
  *fit(table, values, context) {
    const settings = {
      right: 1,
      wrong: 1,
      prior: 'uniform',
      start: 'votes',
      starts: 1,
      maxIterations: values.iterations,
      tolerance: 0,
    } as const;
    return yield* fitCoins(table, { method: zenCrowd.id, values, ...settings, accuracy: values.accuracy }, context);
  },
});

interface CoinSettings {
  readonly method: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly right: number;
  readonly wrong: number;
  readonly prior: PriorRule;
  readonly start: Start;
  readonly starts: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  /** Equal accuracies to start from instead of `start`. */
  readonly accuracy: number | undefined;
}

interface CoinFit {
  readonly posterior: Float64Array;
  readonly accuracy: Float64Array;
  readonly prior: Float64Array;
  readonly objective: number[];
  readonly stopReason: StopReason;
}

function* fitCoins(
  table: AnswerTable,
  settings: CoinSettings,
  context: FitContext,
): Generator<Progress, Estimate, void> {
  const { method, values } = settings;
  const notes = tableNotes(table);
  if (table.answerCount === 0 || table.classCount < 2)
    return neutralEstimate(table, method, values, context.seed, notes);
  let best: CoinFit | undefined;
  for (let attempt = 0; attempt < settings.starts; attempt++) {
    const start = yield* startFrom(table, attempt === 0 ? settings.start : 'random', context.random.fork(attempt));
    const found = yield* coinEm(table, start, settings);
    if (best === undefined || last(found.objective) > last(best.objective)) best = found;
  }
  const kept = best as CoinFit;
  if (kept.stopReason === 'iteration limit' && settings.tolerance > 0) {
    notes.push(`stopped at the limit of ${settings.maxIterations} iterations before it settled; raise maxIterations`);
  }
  const below = kept.accuracy.filter((value) => value < 1 / table.classCount).length;
  if (below * 2 > table.workerCount)
    notes.push('most workers are worse than chance: the classes may be swapped; add gold tasks');
  const workers = coinWorkers(table, kept.posterior, kept.accuracy);
  return estimateOf(table, {
    method,
    options: values,
    seed: context.seed,
    posterior: kept.posterior,
    prior: table.taskPrior === undefined ? kept.prior : meanRow(kept.posterior, table.classCount),
    workers,
    objective: kept.objective,
    converged: kept.stopReason !== 'iteration limit' || settings.tolerance === 0,
    stopReason: kept.stopReason,
    notes,
  });
}

/** One-coin EM. The objective is the log-likelihood plus the Beta priors, at the parameters used. */
function* coinEm(table: AnswerTable, start: Float64Array, settings: CoinSettings): Generator<Progress, CoinFit, void> {
  const { taskCount, workerCount, classCount } = table;
  const posterior = start;
  const accuracy = new Float64Array(workerCount);
  const prior = new Float64Array(classCount).fill(1 / classCount);
  const weightOf = workerWeights(table);
  const totals = new Float64Array(classCount);
  const objective: number[] = [];
  let stopReason: StopReason = 'iteration limit';
  for (let iteration = 1; iteration <= settings.maxIterations; iteration++) {
    if (iteration === 1 && settings.accuracy !== undefined) accuracy.fill(settings.accuracy);
    else updateAccuracies(table, posterior, weightOf, settings, accuracy);
    totals.fill(0);
    for (let task = 0; task < taskCount; task++) {
      if (!isInformed(table, task)) continue;
      for (let k = 0; k < classCount; k++) totals[k] += posterior[task * classCount + k];
    }
    let added = updatePrior(table, settings.prior, 0, totals, prior);
    if (settings.right !== 1 || settings.wrong !== 1) {
      for (const a of accuracy) added += (settings.right - 1) * Math.log(a) + (settings.wrong - 1) * Math.log(1 - a);
    }
    const { logLikelihood, change } = updatePosteriors(table, accuracy, prior, posterior);
    objective.push(logLikelihood + added);
    yield { iteration, objective: last(objective) };
    if (settings.tolerance === 0) continue;
    if (objectiveSettled(objective, settings.tolerance)) stopReason = 'objective settled';
    else if (iteration > 1 && change <= posteriorTolerance) stopReason = 'posterior settled';
    else continue;
    break;
  }
  return { posterior, accuracy, prior, objective, stopReason };
}

/** Sum of answer weights of each worker, W. */
function workerWeights(table: AnswerTable): Float64Array {
  const totals = new Float64Array(table.workerCount);
  for (let answer = 0; answer < table.answerCount; answer++) {
    totals[table.worker[answer]] += table.weight === undefined ? 1 : table.weight[answer];
  }
  return totals;
}

function updateAccuracies(
  table: AnswerTable,
  posterior: Float64Array,
  total: Float64Array,
  settings: CoinSettings,
  accuracy: Float64Array,
): void {
  const { taskCount, classCount, taskStart, worker, label, weight } = table;
  const right = new Float64Array(accuracy.length);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      right[worker[answer]] += posterior[row + label[answer]] * (weight === undefined ? 1 : weight[answer]);
    }
  }
  for (let w = 0; w < accuracy.length; w++) {
    const mass = total[w] + settings.right + settings.wrong - 2;
    // A worker without answers keeps the accuracy of guessing: nothing depends on it.
    const share = mass > 0 ? (right[w] + settings.right - 1) / mass : 1 / classCount;
    accuracy[w] = Math.min(1 - leastShare, Math.max(leastShare, share));
  }
}

function updatePosteriors(
  table: AnswerTable,
  accuracy: Float64Array,
  prior: Float64Array,
  posterior: Float64Array,
): { logLikelihood: number; change: number } {
  const { taskCount, classCount, taskStart, worker, label, weight, gold, taskPrior } = table;
  const logOdds = accuracy.map((a) => Math.log(((classCount - 1) * a) / (1 - a)));
  const logWrong = accuracy.map((a) => Math.log((1 - a) / (classCount - 1)));
  const logPrior = prior.map(Math.log);
  const scores = new Float64Array(classCount);
  let logLikelihood = 0;
  let change = 0;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const known = gold === undefined ? -1 : gold[task];
    let common = 0;
    for (let k = 0; k < classCount; k++) {
      scores[k] = taskPrior === undefined || known >= 0 ? logPrior[k] : Math.log(taskPrior[row + k]);
    }
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const power = weight === undefined ? 1 : weight[answer];
      scores[label[answer]] += power * logOdds[worker[answer]];
      common += power * logWrong[worker[answer]];
    }
    if (known >= 0) {
      logLikelihood += scores[known] + common;
      continue;
    }
    let most = scores[0];
    for (let k = 1; k < classCount; k++) if (scores[k] > most) most = scores[k];
    let sum = 0;
    for (let k = 0; k < classCount; k++) {
      scores[k] = Math.exp(scores[k] - most);
      sum += scores[k];
    }
    for (let k = 0; k < classCount; k++) {
      const p = scores[k] / sum;
      const moved = Math.abs(p - posterior[row + k]);
      if (moved > change) change = moved;
      posterior[row + k] = p;
    }
    if (taskStart[task + 1] > taskStart[task]) logLikelihood += most + Math.log(sum) + common;
  }
  clampGold(table, posterior);
  return { logLikelihood, change };
}

function last(values: readonly number[]): number {
  return values[values.length - 1];
}
