import type { AnswerTable } from '../../answers/answer-table.ts';
import { type ConfusionSweep, confusionSweep } from '../../kernels/confusion-sweep.ts';
import { taskFactors } from '../../kernels/sweep-layout.ts';
import { objectiveSettled, type StopReason } from '../convergence.ts';
import type { Progress } from '../method.ts';
import { isInformed, startingPosterior } from '../votes.ts';
import { softCounts } from '../worker-estimates.ts';

/** The M-step of a model with a confusion matrix per worker. */
export interface ConfusionStep {
  /**
   * Writes the next confusions (W×K×K, [worker][true][said], in (0, 1]) from the soft counts of the
   * same shape, and the next class prior (K) from the class totals. Both arrays hold the present
   * values on entry. Returns what the prior distributions add to the objective.
   */
  update(counts: Float64Array, classTotals: Float64Array, confusion: Float64Array, prior: Float64Array): number;
  /** The same where it is only adding K×K positive pseudo-answers: then the sweep does it in place. */
  readonly plain?: {
    readonly added: Float64Array;
    updatePrior(classTotals: Float64Array, prior: Float64Array): number;
  };
}

export interface ConfusionEmSettings {
  readonly maxIterations: number;
  /** Relative change of the objective that counts as settled; 0 for never. */
  readonly tolerance: number;
  /** Largest change of a posterior that counts as settled; never if not given. */
  readonly posteriorTolerance?: number;
  /** After each E-step, replace posteriors by their largest class (hard EM) while this says so. */
  readonly hard?: boolean;
  /** Hard until fewer than this share of the labels change, then soft. */
  readonly hardUntil?: number;
}

export interface ConfusionFit {
  readonly posterior: Float64Array;
  readonly confusion: Float64Array;
  /** Soft counts of the posterior, W×K×K. */
  readonly counts: Float64Array;
  readonly prior: Float64Array;
  readonly objective: number[];
  readonly iterations: number;
  readonly stopReason: StopReason;
}

/**
 * Expectation-maximisation over confusion matrices, shared by the whole family.
 *
 * Each iteration is one M-step and one E-step; the objective is evaluated with the parameters that
 * produced it. Stops when the objective or the posteriors settle, whichever is allowed first.
 * `starting` is T×K and is not changed, or says to start from votes. Gold labels and task priors of the table are respected.
 * O(N·K + W·K²) per iteration.
 */
export function* confusionEm(
  table: AnswerTable,
  starting: Float64Array | 'votes',
  step: ConfusionStep,
  settings: ConfusionEmSettings,
): Generator<Progress, ConfusionFit, void> {
  const { workerCount, classCount, taskCount } = table;
  // Posteriors are stored only where a sweep needs them: not storing is up to a fifth faster.
  const watched = settings.posteriorTolerance !== undefined;
  const sweep = confusionSweep(table, { taskPrior: taskFactors(table) });
  const cells = workerCount * classCount * classCount;
  const confusion = new Float64Array(cells).fill(1 / classCount);
  const prior = new Float64Array(classCount).fill(1 / classCount);
  const counts = new Float64Array(cells);
  const totals = new Float64Array(classCount);
  const posterior = new Float64Array(taskCount * classCount);
  const objective: number[] = [];
  let hard = settings.hard === true || settings.hardUntil !== undefined;
  let labels = new Int32Array(hard ? taskCount : 0).fill(-1);
  let stopReason: StopReason = 'iteration limit';
  const plain = hard || sweep.engine === 'reference' ? undefined : step.plain;

  const { gold, soft, weight } = table;
  if (starting === 'votes' && gold === undefined && soft === undefined && weight === undefined) {
    sweep.scatterVotes();
    sweep.classTotals(totals);
  } else {
    const start = starting === 'votes' ? startingPosterior(table) : starting;
    sweep.scatter(start);
    informedTotals(table, start, totals);
  }
  if (plain === undefined) sweep.counts(counts);
  let iteration = 0;
  while (iteration < settings.maxIterations) {
    iteration++;
    let added: number;
    if (plain === undefined) {
      added = step.update(counts, totals, confusion, prior);
      sweep.setTable(confusion);
    } else {
      added = plain.updatePrior(totals, prior);
      sweep.normalise(plain.added);
      added += sweep.logDensity(plain.added);
    }
    const { logLikelihood, maxChange } = sweep.sweep(prior, { store: watched || hard });
    if (hard) {
      const next = hardLabels(sweep, posterior, labels, classCount);
      const changed = next.changed / Math.max(1, taskCount);
      labels = next.labels;
      softCounts(table, posterior, counts);
      informedTotals(table, posterior, totals);
      objective.push(next.logComplete(logLikelihood) + added);
      yield { iteration, objective: objective[objective.length - 1] };
      if (settings.hardUntil !== undefined && changed < settings.hardUntil) hard = false;
      else if (changed === 0) {
        stopReason = 'labels settled';
        break;
      }
      continue;
    }
    if (plain === undefined) sweep.counts(counts);
    sweep.classTotals(totals);
    objective.push(logLikelihood + added);
    yield { iteration, objective: objective[objective.length - 1] };
    if (settings.tolerance > 0 && objectiveSettled(objective, settings.tolerance)) {
      stopReason = 'objective settled';
      break;
    }
    if (settings.posteriorTolerance !== undefined && iteration > 1 && maxChange <= settings.posteriorTolerance) {
      stopReason = 'posterior settled';
      break;
    }
  }
  if (plain !== undefined) {
    sweep.table(confusion);
    sweep.counts(counts);
  }
  if (!hard) {
    if (watched) sweep.posterior(posterior);
    else sweep.writePosterior(prior, posterior);
  }
  sweep.dispose();
  return { posterior, confusion, counts, prior, objective, iterations: iteration, stopReason };
}

/** Σ of the posteriors of tasks with an answer or a gold label, K. */
function informedTotals(table: AnswerTable, posterior: Float64Array, totals: Float64Array): void {
  const { taskCount, classCount } = table;
  totals.fill(0);
  for (let task = 0; task < taskCount; task++) {
    if (!isInformed(table, task)) continue;
    for (let k = 0; k < classCount; k++) totals[k] += posterior[task * classCount + k];
  }
}

/** One-hot posteriors from the stored ones; a tie keeps the previous label, then the lowest class. */
function hardLabels(
  sweep: ConfusionSweep,
  posterior: Float64Array,
  previous: Int32Array,
  classCount: number,
): { labels: Int32Array<ArrayBuffer>; changed: number; logComplete: (logLikelihood: number) => number } {
  sweep.posterior(posterior);
  const labels = new Int32Array(previous.length);
  let changed = 0;
  let logTop = 0;
  for (let task = 0; task < labels.length; task++) {
    const row = task * classCount;
    let best = previous[task] < 0 ? 0 : previous[task];
    for (let k = 0; k < classCount; k++) if (posterior[row + k] > posterior[row + best] * (1 + 1e-12)) best = k;
    logTop += Math.log(posterior[row + best]);
    labels[task] = best;
    if (best !== previous[task]) changed++;
    posterior.fill(0, row, row + classCount);
    posterior[row + best] = 1;
  }
  // max_k L = ln Σ exp L + ln max q, summed over tasks: the complete-data likelihood of hard EM.
  return { labels, changed, logComplete: (logLikelihood) => logLikelihood + logTop };
}
