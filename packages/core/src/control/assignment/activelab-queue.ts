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
 * const queue = activelabQueue(table, [probabilities]);
 * mostUncertain().next({ queue, stream, may, priceMicros }, worker, random);
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
