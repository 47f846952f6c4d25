import { type AnswerTable, AnswerTableBuilder, fit, type Random } from '@assay/core';
import { methodById } from '@assay/core/methods';
import type { TaskFeatures } from '@assay/learn/features';
import { learn, learnMethodById } from '@assay/learn/methods';

/** Is it this class or not: one of the binary tasks a set is taken apart into. */
export interface BinaryTask {
  readonly table: AnswerTable;
  readonly features: TaskFeatures;
  /** T: is the class the truth? */
  readonly positive: Uint8Array;
}

/** One class against the rest, with the first `share` of the answers in a random order. */
export function oneAgainstRest(
  whole: AnswerTable,
  features: TaskFeatures,
  truth: ReadonlyMap<string, string>,
  name: string,
  share: number,
  random: Random,
): BinaryTask {
  const { taskCount, taskStart, tasks, workers, worker, label, classes } = whole;
  const of = new Uint32Array(whole.answerCount);
  for (let task = 0; task < taskCount; task++) of.fill(task, taskStart[task], taskStart[task + 1]);
  const builder = new AnswerTableBuilder({ classes: ['rest', name] });
  for (const task of tasks.names()) builder.tasks.add(task);
  const chosen = random.permutation(whole.answerCount).subarray(0, Math.round(share * whole.answerCount));
  const said = classes.indexOf(name);
  for (const e of chosen.sort())
    builder.add({
      task: tasks.name(of[e]),
      worker: workers.name(worker[e]),
      label: label[e] === said ? name : 'rest',
    });
  const positive = Uint8Array.from(tasks.names(), (task) => (truth.get(task) === name ? 1 : 0));
  return { table: builder.build().table, features, positive };
}

/** One method of the comparison. */
export interface Contender {
  readonly name: string;
  readonly method: string;
  /** Does it learn from features? */
  readonly learns: boolean;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Posterior of the class for every task. */
export async function positiveScores(
  { method, learns, options }: Contender,
  { table, features }: BinaryTask,
  seed: number,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const estimate = learns
    ? (await learn(learnMethodById(method), { table, features }, { options, seed, signal })).estimate
    : fit(methodById(method), table, { options, seed });
  return Float64Array.from({ length: table.taskCount }, (_, task) => estimate.posterior[2 * task + 1]);
}

/**
 * Accuracy and F1 when the k likeliest tasks are called positive, k the number of true ones (the paper's
 * measure for uneven classes). Tasks tied at the border count with the expectation of a random choice.
 */
export function topK(score: Float64Array, positive: Uint8Array): { accuracy: number; f1: number } {
  const k = positive.reduce((sum, value) => sum + value, 0);
  const border = score.toSorted()[score.length - k];
  let [above, hits, tied, tiedHits] = [0, 0, 0, 0];
  for (let task = 0; task < score.length; task++) {
    if (score[task] > border) {
      above++;
      hits += positive[task];
    } else if (score[task] === border) {
      tied++;
      tiedHits += positive[task];
    }
  }
  const right = hits + (tied === 0 ? 0 : ((k - above) * tiedHits) / tied);
  return { accuracy: 1 - (2 * (k - right)) / score.length, f1: k === 0 ? 1 : right / k };
}
