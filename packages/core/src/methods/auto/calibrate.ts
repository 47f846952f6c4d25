import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';
import type { Estimate } from '../estimate.ts';
import type { AutoReport } from './auto.ts';
import { accuracyInterval } from './calibration.ts';

/**
 * What the labels of any method are worth, judged by `auto` on the same answers: the mean of its
 * calibrated posterior over the labels, with a 90 % interval.
 *
 * Use for methods whose own probabilities claim too much. `automatic` is the estimate of `auto` for
 * the same table. Tasks without answers or without a label are left out; with nothing to judge the
 * value is NaN. Like every estimate from answers alone it assumes that most workers do not share the
 * same mistake. O(T).
 *
 * @throws {InputError} invalid-estimate when `automatic` is not an estimate of `auto` for these tasks
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'cat']]);
 * expectedAccuracyOf(fit(majorityVote, table), fit(auto, table)).value > 0.5; // => true
 */
export function expectedAccuracyOf(estimate: Estimate, automatic: Estimate): { value: number; lo: number; hi: number } {
  const sameShape = estimate.taskCount === automatic.taskCount && estimate.classCount === automatic.classCount;
  if (automatic.method !== 'auto' || !sameShape) {
    throw new InputError('invalid estimate: not that of auto for the same answers; fit auto to the same table', {
      code: 'invalid-estimate',
      got: automatic.method,
      hint: 'fit auto to the same table',
    });
  }
  const { expectedAccuracy } = automatic.extra as unknown as Partial<AutoReport>;
  let total = 0;
  let tasks = 0;
  for (let task = 0; task < estimate.taskCount; task++) {
    const label = estimate.labelIndex(task);
    if (label < 0 || estimate.answersPerTask[task] === 0) continue;
    total += automatic.posterior[task * estimate.classCount + label];
    tasks++;
  }
  const value = total / tasks;
  if (tasks === 0 || expectedAccuracy === undefined || value <= 0 || value >= 1) return { value, lo: 0, hi: 1 };
  return accuracyInterval(value, tasks);
}

/** Known labels of a table as a map, for functions that take them apart from the answers. */
export function goldLabels(table: AnswerTable): Map<string, string> {
  const labels = new Map<string, string>();
  table.gold?.forEach((known, task) => {
    if (known >= 0) labels.set(table.tasks.name(task), table.classes.name(known));
  });
  return labels;
}
