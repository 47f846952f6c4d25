import { type AnswerTable, estimateOf, tableNotes } from '@assay/core';
import { knownClasses, type LabelInference, type LabelUpdate, logTaskPrior } from '@assay/core/methods';
import { cancelled } from '../../networks/index.ts';
import { NetworkCoWorker } from '../co-workers.ts';
import { classFrequencies } from '../confusions.ts';
import { type LearnContext, type LearnInput, type LearnResult, needFeatures } from '../method.ts';
import { foldsOf, type NetworkValues, networkSettings } from '../options.ts';
import { voteShares } from '../votes.ts';
import { workersOf } from '../workers.ts';
import { clipInto } from './clip.ts';

/** What {@link alternate} needs of the options, all of which the estimate keeps. */
export interface AlternateValues extends Omit<NetworkValues, 'patience'> {
  readonly clip: number;
  readonly folds: string;
  readonly classPrior: readonly number[] | null;
}

/**
 * Alternates between the labels and the network: inference with the network's clipped probabilities as
 * the priors of the tasks, then an epoch of training towards the posteriors.
 *
 * Algorithms 1 and 2 of Kim, Cho, Kim & Ok (2022), but for the first labels, which come before any
 * training with all classes equally likely, not from the noise of an untrained network. All workers
 * count alike, people and models.
 *
 * The objective is the lower bound after each inference, or where there is none the mean of
 * Σ_k q ln f over the tasks with an opinion: how well the network explains the labels.
 */
export async function alternate(
  method: string,
  input: LearnInput,
  values: AlternateValues & Readonly<Record<string, unknown>>,
  context: LearnContext,
  inferenceOf: (table: AnswerTable, logPrior: Float64Array) => LabelInference,
): Promise<LearnResult> {
  const { table } = input;
  const { taskCount, classCount, gold } = table;
  const features = needFeatures(input, method);
  const notes = [...tableNotes(table), ...features.notes];
  const parts = { method, options: values, seed: context.seed };
  if (classCount < 2 || table.answerCount === 0) {
    const posterior = voteShares(table);
    const prior = classFrequencies(table, posterior);
    const workers = workersOf(table, new Float64Array(0), prior);
    return { estimate: estimateOf(table, { ...parts, posterior, prior, workers, notes }) };
  }
  const frequencies = knownClasses(table, values.classPrior);
  const logPrior = logTaskPrior(table, frequencies);
  const inference = inferenceOf(table, logPrior);
  const folds = foldsOf(values.folds, taskCount);
  const settings = { ...networkSettings({ ...values, patience: 0 }, folds, 1), warm: true };
  const network = new NetworkCoWorker(table, features, settings, { ...context, onProgress: () => {} });
  let found = await settled(inference.update(logPrior), context.signal);
  let opinions: Float64Array = new Float64Array(taskCount * classCount).fill(Number.NaN);
  const trains = Array.from(features.rowOfTask).some((row, task) => row >= 0 && isInformed(table, task));
  if (!trains) notes.push('no task has features and answers: nothing was trained');
  const objective: number[] = [];
  for (let epoch = 1; epoch <= values.epochs; epoch++) {
    context.onProgress({ stage: 'epoch', done: epoch - 1, total: values.epochs });
    if (trains) {
      // Out of fold, the network for other tasks trains along: it could not catch up in the last epoch.
      opinions = await network.opinions(found.posterior, folds > 1 || epoch === values.epochs);
      clipInto(logPrior, opinions, values.clip, classCount, gold);
    }
    found = await settled(inference.update(logPrior), context.signal);
    objective.push(Number.isNaN(found.bound) ? explained(found.posterior, opinions, classCount) : found.bound);
  }
  const { posterior } = found;
  const prior = classFrequencies(table, posterior);
  const { workers, logEvidence, notes: last } = inference.conclude(prior);
  return {
    estimate: estimateOf(table, {
      ...parts,
      posterior,
      prior,
      workers,
      objective,
      iterations: objective.length,
      stopReason: 'epochs done',
      notes: [...notes, ...network.notes, ...last],
      extra: { logEvidence },
    }),
    classifier: network.classifier,
    ...(trains ? { opinions } : {}),
  };
}

/** Is anything known of the task that a network could be trained on? */
function isInformed({ taskStart, gold }: AnswerTable, task: number): boolean {
  return taskStart[task + 1] > taskStart[task] || (gold !== undefined && gold[task] >= 0);
}

/** Longest stretch of work between two looks at the event loop. */
const sliceMs = 12;

/** Runs an update to its end, giving way to other work at its pauses. */
async function settled(update: Generator<unknown, LabelUpdate, void>, signal?: AbortSignal): Promise<LabelUpdate> {
  for (let pause = performance.now() + sliceMs; ; ) {
    if (signal?.aborted === true) throw cancelled(signal);
    const step = update.next();
    if (step.done === true) return step.value;
    if (performance.now() < pause) continue;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    pause = performance.now() + sliceMs;
  }
}

/** Mean Σ_k q ln f of the rows with an opinion. */
function explained(q: Float64Array, opinions: Float64Array, classCount: number): number {
  let [sum, rows] = [0, 0];
  for (let row = 0; row < q.length; row += classCount) {
    if (Number.isNaN(opinions[row])) continue;
    rows++;
    for (let k = row; k < row + classCount; k++) sum += q[k] === 0 ? 0 : q[k] * Math.log(Math.max(1e-12, opinions[k]));
  }
  return rows === 0 ? 0 : sum / rows;
}
