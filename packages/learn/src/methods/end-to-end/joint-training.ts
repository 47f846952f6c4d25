import type { AnswerTable } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { cancelled, diverged, inputSize, Network, train } from '../../networks/index.ts';
import type { LearnContext } from '../method.ts';
import { batchSize, type PreparedTasks } from '../prepared.ts';
import { voteShares } from '../votes.ts';
import { pullBackSoftmax } from './confusion-logits.ts';

/** Some tasks with what the network thinks of them. */
export interface Batch {
  /** Tasks of the table, B. */
  readonly tasks: Uint32Array;
  /** Probabilities of the network, B×K; there may be room behind them. */
  readonly f: Float64Array;
  /** dL/df, B×K: a loss adds to it. */
  readonly slope: Float64Array;
}

/** A loss of the network's probabilities and of the answers, with parameters of the workers. */
export interface CrowdLoss {
  /** The loss of a batch. Adds its derivative by f to `slope` and collects that by its own parameters. */
  evaluate(batch: Batch): number;
  /** Moves its own parameters against what was collected. */
  step(rate: number): void;
}

/** How network and workers are trained. */
export interface JointTraining {
  readonly epochs: number;
  /** Tasks per step; at most an eighth of all. */
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  /** Rate of the workers' parameters as a multiple of the network's. */
  readonly workerRate: number;
  /** Epochs on the vote shares alone before workers come in. */
  readonly warmUp?: number;
  /** Leave out the last batch of an epoch where it is not full. */
  readonly wholeBatches?: boolean;
}

/**
 * Trains a network and the parameters of workers together, by Adam, on one loss of both.
 *
 * Tasks with gold add the cross entropy of their class, as the answer of an expert. Gives the network
 * and minus the mean loss of each epoch. The same random stream gives the same bits.
 *
 * @throws {StateError} cancelled, diverged
 */
export async function trainJointly(
  prepared: PreparedTasks,
  loss: CrowdLoss,
  settings: JointTraining,
  context: Pick<LearnContext, 'random' | 'signal' | 'onProgress'>,
): Promise<{ network: Network; objective: number[] }> {
  const { table, architecture, matrix, tasks, rowOfTask } = prepared;
  const { classCount } = table;
  const { epochs, rate, decay, workerRate, warmUp = 0, wholeBatches = false } = settings;
  const { random, signal } = context;
  const draws = random.fork('train');
  const network = Network.start(architecture, random.fork('start'));
  const size = batchSize(settings, tasks.length);
  const order = Uint32Array.from(tasks);
  const width = inputSize(architecture);
  const x = new Float32Array(size * width);
  const f = new Float64Array(size * classCount);
  const slope = new Float64Array(size * classCount);
  const gradient = new Float64Array(size * classCount);
  const objective: number[] = [];
  if (warmUp > 0) {
    const training = { rate, decay, epochs: warmUp, batch: size };
    await train(network, prepared.trainingSet(tasks, voteShares(table)), training, {
      random: random.fork('warm up'),
      signal,
    });
  }
  for (let epoch = 0; epoch < epochs && order.length > 0; epoch++) {
    context.onProgress({ stage: 'epoch', done: epoch, total: epochs });
    draws.shuffle(order);
    const end = wholeBatches && order.length > size ? order.length - (order.length % size) : order.length;
    let total = 0;
    for (let from = 0; from < end; from += size) {
      if (signal?.aborted === true) throw cancelled(signal);
      const batch = { tasks: order.subarray(from, Math.min(end, from + size)), f, slope };
      const count = batch.tasks.length;
      batch.tasks.forEach((task, i) => {
        x.set(matrix.values.subarray(rowOfTask[task] * width, (rowOfTask[task] + 1) * width), i * width);
      });
      const slopeOfLogits = (logits: Float32Array): Float32Array => {
        f.set(logits);
        for (let row = 0; row < count * classCount; row += classCount) softmaxInPlace(f, row, classCount);
        slope.fill(0);
        gradient.fill(0);
        total += count * (loss.evaluate(batch) + addGold(table, batch));
        pullBackSoftmax(f, slope, gradient, classCount, count * classCount);
        return Float32Array.from(gradient.subarray(0, count * classCount));
      };
      await network.stepAlong(x, count, slopeOfLogits, draws, { rate, decay });
      loss.step(rate * workerRate);
    }
    objective.push(-total / end);
    if (!Number.isFinite(total)) throw diverged(total);
  }
  return { network, objective };
}

/** Mean over the batch of −log f of the known class of gold tasks. */
function addGold({ gold, classCount }: AnswerTable, { tasks, f, slope }: Batch): number {
  if (gold === undefined) return 0;
  let loss = 0;
  for (let i = 0; i < tasks.length; i++) {
    if (gold[tasks[i]] < 0) continue;
    const at = i * classCount + gold[tasks[i]];
    const p = Math.max(1e-12, f[at]);
    loss -= Math.log(p) / tasks.length;
    slope[at] -= 1 / (p * tasks.length);
  }
  return loss;
}
