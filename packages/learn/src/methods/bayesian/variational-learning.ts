import type { Random } from '@assay/core';
import { cancelled, diverged, gather, Network } from '../../networks/index.ts';
import type { LearnContext } from '../method.ts';
import type { PreparedTasks } from '../prepared.ts';
import { voteShares } from '../votes.ts';
import { CrowdPosterior, type CrowdPrior } from './crowd-posterior.ts';
import { clippedLogs } from './log-classifier.ts';

/** How labels, workers and network are learned together. */
export interface BayesdgcSettings extends CrowdPrior {
  /** Does the class prior multiply what the network says? */
  readonly classPrior: boolean;
  readonly updates: 'memoised' | 'stochastic';
  /** Size of stochastic steps; 0 for (t + delay)^−forget. */
  readonly step: number;
  readonly delay: number;
  readonly forget: number;
  readonly clip: number;
  readonly epochs: number;
  /** Tasks per step. */
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  /** Relative change of the bound over an epoch that counts as settled; 0 for never. */
  readonly tolerance: number;
}

/** What {@link runBayesdgc} found. */
export interface BayesdgcFit {
  /** T×K. */
  readonly posterior: Float64Array;
  /** Posteriors of the workers; absent, as the network, where there was nothing to learn. */
  readonly crowd?: CrowdPosterior;
  /** The bound on the log evidence after each epoch, up to the normaliser of the product prior. */
  readonly objective: readonly number[];
  readonly settled: boolean;
  readonly network?: Network;
  /** What the network says of each task, T×K, NaN rows without features; not clipped. */
  readonly opinions?: Float64Array;
}

/**
 * Algorithm 1 of Li, Huang & Chen over prepared tasks.
 *
 * The bound after each epoch is that of eq. 15: every q(y) at its optimum for what is believed of
 * workers and network then. One class or no answers: vote shares and no network.
 */
export async function runBayesdgc(
  prepared: PreparedTasks,
  settings: BayesdgcSettings,
  { random: drawn, onProgress, signal }: LearnContext,
): Promise<BayesdgcFit> {
  const { table, rowOfTask, described } = prepared;
  const { taskCount, classCount } = table;
  const { updates, batch, epochs, clip, tolerance } = settings;
  const order = trainingOrder(prepared);
  if (classCount < 2 || order.length === 0) return { posterior: voteShares(table), objective: [], settled: true };
  const usesClasses = Uint8Array.from(rowOfTask, (row) => (row < 0 || settings.classPrior ? 1 : 0));
  const crowd = new CrowdPosterior(table, settings, usesClasses);
  const random = drawn.fork('network');
  const network = Network.start(prepared.architecture, random.fork('start'));
  const objective: number[] = [];
  let settled = false;
  let steps = 0;
  for (let epoch = 0; epoch < epochs && !settled; epoch++) {
    onProgress({ stage: 'epoch', done: epoch, total: epochs });
    const ofEpoch = random.fork(`epoch/${epoch}`);
    ofEpoch.shuffle(order);
    for (let from = 0; from < order.length; from += batch) {
      if (signal?.aborted === true) throw cancelled(signal);
      const tasks = order.slice(from, from + batch);
      const logs = await logPriors(prepared, network, tasks, clip);
      if (updates === 'memoised') crowd.memoise(tasks, () => void crowd.local(tasks, logs));
      else {
        crowd.local(tasks, logs);
        crowd.follow(tasks, stepSize(settings, steps++), order.length / tasks.length);
      }
      await stepTowards(prepared, network, crowd.q, tasks, ofEpoch, settings);
    }
    const logs = await logPriors(prepared, network, order, clip);
    const bound = crowd.local(order, logs, false) - crowd.divergence();
    if (!Number.isFinite(bound)) throw diverged(bound);
    settled = epoch > 0 && Math.abs(bound - objective[epoch - 1]) < tolerance * Math.abs(bound);
    objective.push(bound);
  }
  const all = Array.from({ length: taskCount }, (_, task) => task);
  crowd.local(all, await logPriors(prepared, network, all, clip));
  const opinions = new Float64Array(taskCount * classCount).fill(Number.NaN);
  await prepared.ask(network, described, opinions);
  return { posterior: crowd.q, crowd, objective, settled, network, opinions };
}

/** ρ of step t, from 0: (t + delay)^−forget, Hoffman, Blei, Wang & Paisley (2013). */
function stepSize({ step, delay, forget }: BayesdgcSettings, t: number): number {
  return step > 0 ? step : (t + delay) ** -forget;
}

/** Tasks with answers or gold in an order that names and seed decide: first those with features. */
function trainingOrder({ table, tasks, rowOfTask }: PreparedTasks): number[] {
  const { taskStart, gold, tasks: names } = table;
  const others = Array.from(rowOfTask.keys()).filter(
    (task) => rowOfTask[task] < 0 && (taskStart[task + 1] > taskStart[task] || (gold !== undefined && gold[task] >= 0)),
  );
  return [...tasks, ...others.sort((a, b) => (names.name(a) < names.name(b) ? -1 : 1))];
}

/** ln f of tasks, clipped, tasks.length × K; 0 for those without features. */
async function logPriors(
  prepared: PreparedTasks,
  network: Network,
  tasks: readonly number[],
  clip: number,
): Promise<Float64Array> {
  const { table, rowOfTask } = prepared;
  const { classCount } = table;
  const described = tasks.filter((task) => rowOfTask[task] >= 0);
  const logits = await network.logits(inputsOf(prepared, described), described.length);
  const known = clippedLogs(logits, classCount, clip);
  const logs = new Float64Array(tasks.length * classCount);
  let at = 0;
  tasks.forEach((task, i) => {
    if (rowOfTask[task] < 0) return;
    logs.set(known.subarray(at, at + classCount), i * classCount);
    at += classCount;
  });
  return logs;
}

/** Features of tasks as the network gets them. */
function inputsOf(prepared: PreparedTasks, tasks: readonly number[]): Float32Array {
  return gather(prepared.matrix.values, prepared.rows(tasks), prepared.matrix.columns);
}

/**
 * One step of soft-target cross entropy towards q of the tasks with features. That is the gradient of
 * the bound: the second term of eq. 16 vanishes at the optimal q, for ln f and the raw logits of eq. 12
 * differ by a constant per task; so nothing goes back through q.
 */
async function stepTowards(
  prepared: PreparedTasks,
  network: Network,
  q: Float64Array,
  tasks: readonly number[],
  random: Random,
  { rate, decay }: BayesdgcSettings,
): Promise<void> {
  const { classCount } = prepared.table;
  const described = tasks.filter((task) => prepared.rowOfTask[task] >= 0);
  if (described.length === 0) return;
  const targets = new Float32Array(described.length * classCount);
  described.forEach((task, i) => {
    for (let k = 0; k < classCount; k++) targets[i * classCount + k] = q[task * classCount + k];
  });
  const weights = new Float32Array(described.length).fill(1);
  await network.stepTowards(inputsOf(prepared, described), targets, weights, described.length, random, { rate, decay });
}
