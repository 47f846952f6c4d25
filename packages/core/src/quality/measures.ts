import type { Estimate } from '../methods/estimate.ts';
import { calibrationBins, calibrationError } from './calibration.ts';
import { mean, scoreTasks, type TaskScores } from './task-scores.ts';

/** The measures of an estimate on tasks with known truth; NaN where no task could be scored. */
export interface Measures {
  /** Share right; a tie of c classes counts 1/c. */
  readonly accuracy: number;
  /** Mean −ln p(truth), natural, p clipped at 1e-9. */
  readonly logLoss: number;
  /** Mean squared distance, 0 (perfect) to 2. */
  readonly brier: number;
  /** Expected calibration error over 15 equal-width bins of the largest probability. */
  readonly ece: number;
  /** Share of truth tasks that have a counted answer. */
  readonly coverage: number;
  /** Number of scored tasks. */
  readonly scored: number;
}

/**
 * Accuracy, log-loss, Brier score, calibration error and coverage of an estimate.
 *
 * @example
 * measure(fit(majorityVote, answersFrom([['t1', 'ana', 'cat']])), new Map([['t1', 'cat']])).accuracy; // => 1
 */
export function measure(estimate: Estimate, truth: ReadonlyMap<string, string>): Measures {
  return measureScores(scoreTasks(estimate, truth));
}

/** As {@link measure}, for scores already taken. */
export function measureScores(scores: TaskScores): Measures {
  return {
    accuracy: mean(scores.credit),
    logLoss: mean(scores.logLoss),
    brier: mean(scores.brier),
    ece: calibrationError(calibrationBins(scores.confidence, scores.credit)),
    coverage: scores.coverage,
    scored: scores.tasks.length,
  };
}
