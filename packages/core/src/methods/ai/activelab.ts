import type { AnswerTable } from '../../answers/answer-table.ts';
import { argmax, crowdlab } from './crowdlab.ts';

/** What {@link activelab} found. */
export interface ActivelabResult {
  /** The lower, the sooner the task should get another answer; T. */
  readonly score: Float64Array;
  /** Tasks from the most to the least urgent, by index. */
  readonly order: readonly number[];
}

/** How {@link activelab} works. */
export interface ActivelabOptions {
  /** Temperature of every model instead of the one that fits the vote shares best. */
  readonly temperature?: number;
  readonly seed?: number;
}

/**
 * ActiveLab: which task to have answered next, whether it has answers already or not.
 *
 * One scale for asking again and asking about something new: how sure the answers and the models are
 * of the consensus, if one more average worker said each class equally often. After each round train
 * again and give out-of-sample probabilities for tasks with answers, plain ones for the others.
 *
 * `models` as in `crowdlab`. Where every answered task has one answer, all weights are 1 and nothing
 * is tempered. Ties in `order` keep the table's order. O(N + T·K·models).
 *
 * Source: Goh & Mueller (2023), "ActiveLab: Active learning with re-labeling by multiple
 * annotators". The reference package (cleanlab 2) fits its temperature to vote shares that are not
 * aligned with the classes, and so ends at 7.25 more often than it should; here they are aligned.
 *
 * @throws {InputError} invalid-predictions
 */
export function activelab(
  table: AnswerTable,
  models: readonly Float64Array[],
  { temperature, seed }: ActivelabOptions = {},
): ActivelabResult {
  const { taskCount, classCount, taskStart, worker } = table;
  const found = crowdlab(table, models, { temper: hasOverlap(table), temperature, seed });
  const { modelWeight, workerWeight } = found;
  const trust = modelWeight.reduce((sum, weight) => sum + weight, 0);
  const average = workerWeight.length === 0 ? 1 : workerWeight.reduce((sum, w) => sum + w, 0) / workerWeight.length;
  const score = new Float64Array(taskCount);
  for (let task = 0; task < taskCount; task++) {
    const answered = taskStart[task + 1] > taskStart[task];
    let weight = trust;
    let consensus = found.quality[task];
    if (answered) for (let e = taskStart[task]; e < taskStart[task + 1]; e++) weight += workerWeight[worker[e]];
    else consensus = classCount === 0 ? 0 : unanswered(found.models, modelWeight, task * classCount, classCount);
    score[task] = (consensus * weight + average / Math.max(1, classCount)) / (weight + average);
  }
  const order = Array.from({ length: taskCount }, (_, task) => task).sort((a, b) => score[a] - score[b] || a - b);
  return { score, order };
}

/** The weighted mean probability of the class most models take. */
function unanswered(
  models: readonly Float64Array[],
  weights: readonly number[],
  row: number,
  classCount: number,
): number {
  if (models.length === 0) return 1 / classCount;
  const votes = new Float64Array(classCount);
  const mean = new Float64Array(classCount);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  models.forEach((model, p) => {
    votes[argmax(model, row, classCount)]++;
    for (let k = 0; k < classCount; k++) mean[k] += (weights[p] * model[row + k]) / total;
  });
  const most = Math.max(...votes);
  return Math.max(...mean.filter((_, k) => votes[k] === most));
}

function hasOverlap({ taskCount, taskStart }: AnswerTable): boolean {
  for (let task = 0; task < taskCount; task++) if (taskStart[task + 1] - taskStart[task] > 1) return true;
  return false;
}
