import type { AnswerTable } from '../../answers/answer-table.ts';
import { type Estimate, estimateOf } from '../estimate.ts';
import type { FitContext, Progress } from '../method.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { answersPerWorker, startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, coinWorkers, confusionWorkers } from '../worker-estimates.ts';
import { type ConfusionEmSettings, type ConfusionFit, type ConfusionStep, confusionEm } from './confusion-em.ts';
import { type Start, startFrom } from './starts.ts';

/** Fits that reach objectives this close (relative) count as the same optimum. */
const sameOptimum = 1e-6;

export interface ConfusionMethodSettings extends ConfusionEmSettings {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly start: Start;
  /** Pseudo-answers of the method's prior behind each row, for the workers' intervals. */
  readonly strength?: number;
  /** Number of starts: the first as said, the others random; the best objective is kept. */
  readonly starts: number;
}

/**
 * The common body of the methods with a confusion matrix per worker: degenerate input, several
 * starts, notes, workers with intervals.
 */
export function* fitConfusions(
  table: AnswerTable,
  step: () => ConfusionStep,
  settings: ConfusionMethodSettings,
  context: FitContext,
): Generator<Progress, Estimate, void> {
  const { method, options } = settings;
  const { seed, random } = context;
  const notes = tableNotes(table);
  if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, options, seed, notes);
  checkConfusionSize(table, method);

  let best: ConfusionFit | undefined;
  const ends: number[] = [];
  for (let attempt = 0; attempt < settings.starts; attempt++) {
    const wanted = attempt === 0 ? settings.start : 'random';
    const start = wanted === 'votes' ? wanted : yield* startFrom(table, wanted, random.fork(attempt));
    const found = yield* confusionEm(table, start, step(), settings);
    ends.push(found.objective[found.objective.length - 1]);
    if (best === undefined || ends[attempt] > best.objective[best.objective.length - 1]) best = found;
  }
  const kept = best as ConfusionFit;
  if (kept.stopReason === 'iteration limit') {
    notes.push(`stopped at the limit of ${settings.maxIterations} iterations before it settled; raise maxIterations`);
  }
  const reached = kept.objective[kept.objective.length - 1];
  const apart = ends.filter((end) => reached - end > sameOptimum * (1 + Math.abs(reached)));
  if (apart.length > 0) {
    notes.push(
      `${counted(apart.length, 'start', 'starts')} of ${settings.starts} ended in a worse optimum; the best was kept`,
    );
  }
  const prior = table.taskPrior === undefined ? kept.prior : meanRow(kept.posterior, table.classCount);
  const workers = confusionWorkers(table, kept.posterior, kept.confusion, prior, settings.strength ?? 0, kept.counts);
  const answered = answersPerWorker(table);
  const inverted = workers.accuracy.reduce((sum, a, w) => sum + (a - 1 / table.classCount) * answered[w], 0);
  if (inverted < 0)
    notes.push(
      'most answers come from workers the fit takes for worse than chance: the classes may be swapped; add gold tasks',
    );
  return estimateOf(table, {
    method,
    options,
    seed,
    posterior: kept.posterior,
    prior,
    workers,
    objective: kept.objective,
    iterations: kept.iterations,
    converged: kept.stopReason !== 'iteration limit',
    stopReason: kept.stopReason,
    notes,
  });
}

/** The result where nothing can be fitted: vote shares, or the only class, with the notes. */
export function neutralEstimate(
  table: AnswerTable,
  method: string,
  options: Readonly<Record<string, unknown>>,
  seed: number,
  notes: readonly string[],
): Estimate {
  const posterior = startingPosterior(table);
  return estimateOf(table, {
    method,
    options,
    seed,
    posterior,
    prior: meanRow(posterior, table.classCount),
    workers: coinWorkers(table, posterior),
    iterations: 0,
    stopReason: 'nothing to fit',
    notes,
  });
}
