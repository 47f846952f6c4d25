import type { AnswerTable } from '../../answers/answer-table.ts';
import { type ActivelabOptions, activelab } from '../../methods/ai/activelab.ts';
import { TaskQueue } from './task-queue.ts';

/**
 * Open tasks in the order of ActiveLab: the queue to hand to a policy where a classifier exists.
 *
 * Answered and unanswered tasks on one scale. Fill it anew after each training; between trainings the order stays.
 *
 * @throws {InputError} invalid-predictions
 * @example
 * // Class probabilities of the tasks t1 and t2, by a classifier trained without them.
 * const queue = activelabQueue(table, [Float64Array.of(0.9, 0.1, 0.5, 0.5)]);
 * queue.best(2, () => true); // => [0, 1]
 */
export function activelabQueue(
  table: AnswerTable,
  models: readonly Float64Array[],
  options: ActivelabOptions = {},
): TaskQueue {
  const queue = new TaskQueue(table.taskCount, options.seed);
  activelab(table, models, options).score.forEach((score, task) => {
    queue.set(task, -score);
  });
  return queue;
}
