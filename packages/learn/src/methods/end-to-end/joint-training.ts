import type { AnswerTable } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { Network, train } from '../../networks/index.ts';
import type { LearnContext } from '../method.ts';
import { batchSize, type PreparedTasks } from '../prepared.ts';
import { voteShares } from '../votes.ts';
import { pullBackSoftmax } from './confusion-logits.ts';
import { type Descent, descend } from './descend.ts';

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
export interface JointTraining extends Omit<Descent, 'lossRate'> {
  /** Rate of the workers' parameters as a multiple of the network's. */
  readonly workerRate: number;
  /** Epochs on the vote shares alone before workers come in. */
  readonly warmUp?: number;
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
  { random, signal, onProgress }: Pick<LearnContext, 'random' | 'signal' | 'onProgress'>,
): Promise<{ network: Network; objective: number[] }> {
  const { table, architecture, tasks } = prepared;
  const { classCount } = table;
  const { epochs, rate, decay, workerRate, warmUp = 0 } = settings;
  const network = Network.start(architecture, random.fork('start'));
  const batch = batchSize(settings, tasks.length);
  const set = prepared.trainingSet(tasks, voteShares(table));
  if (warmUp > 0) {
    await train(network, set, { rate, decay, epochs: warmUp, batch }, { random: random.fork('warm up'), signal });
  }
  const f = new Float64Array(batch * classCount);
  const slope = new Float64Array(batch * classCount);
  const evaluate = (places: Uint32Array, z: Float64Array, slopeOfLogits: Float64Array): number => {
    const length = places.length * classCount;
    f.set(z);
    for (let row = 0; row < length; row += classCount) softmaxInPlace(f, row, classCount);
    slope.fill(0);
    const own = { tasks: places.map((place) => tasks[place]), f, slope };
    const value = loss.evaluate(own) + addGold(table, own);
    pullBackSoftmax(f, slope, slopeOfLogits, classCount, length);
    return value;
  };
  const losses = await descend(
    network,
    set,
    { evaluate, step: (by) => loss.step(by) },
    { ...settings, batch, lossRate: workerRate },
    {
      random: random.fork('train'),
      signal,
      onEpoch: (epoch) => onProgress({ stage: 'epoch', done: epoch, total: epochs }),
    },
  );
  return { network, objective: losses.map((value) => -value) };
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
