import { type Random, StateError } from '@assay/core';
import { inputSize } from './layers.ts';
import { type Network, type StepOptions, softmaxRows } from './network.ts';

/** How a network is trained. */
export interface TrainingOptions extends StepOptions {
  /** Passes over the rows, default 20. */
  readonly epochs?: number;
  /** Rows per step, default 128. */
  readonly batch?: number;
  /**
   * Stop when the loss on rows held out has not fallen for this many epochs, and go back to the best
   * epoch; 0 (default) trains all epochs on all rows.
   */
  readonly patience?: number;
  /** Share of the rows held out when `patience` is set, default 0.1. */
  readonly heldOut?: number;
}

/** Rows with soft targets. */
export interface TrainingSet {
  /** All features, row-major. */
  readonly x: Float32Array;
  /** Which rows of `x` are trained on. */
  readonly rows: Uint32Array;
  /** Targets of those rows, rows.length × K. */
  readonly targets: Float64Array;
  /** Weight of each of those rows, default 1. */
  readonly weights?: Float64Array;
}

export interface TrainingContext {
  /** Draws held-out rows, the order of rows and dropout masks. */
  readonly random: Random;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (epoch: number, loss: number) => void;
}

/** How training went. */
export interface TrainingReport {
  readonly epochs: number;
  /** Mean loss of each epoch; of the held-out rows when there are any. */
  readonly losses: readonly number[];
  /** The epoch whose parameters the network has, from 1. */
  readonly best: number;
}

/**
 * Trains a network by soft-target cross entropy, in place.
 *
 * Rows are shuffled anew each epoch; the last batch may be smaller. The same random stream gives the
 * same bits. No rows leave the network as it is.
 *
 * @throws {StateError} cancelled, diverged (the loss is not a number: a smaller rate helps)
 */
export async function train(
  network: Network,
  set: TrainingSet,
  options: TrainingOptions,
  { random, signal, onEpoch }: TrainingContext,
): Promise<TrainingReport> {
  const { epochs = 20, batch = 128, patience = 0, heldOut = 0.1 } = options;
  const { classes } = network.architecture;
  const width = inputSize(network.architecture);
  const order = Uint32Array.from(set.rows, (_row, index) => index);
  const losses: number[] = [];
  if (order.length === 0) return { epochs: 0, losses, best: 0 };
  random.shuffle(order);
  const apart = patience > 0 ? Math.min(order.length - 1, Math.round(order.length * heldOut)) : 0;
  const validation = order.slice(0, apart);
  const training = order.slice(apart);
  const x = new Float32Array(batch * width);
  const targets = new Float32Array(batch * classes);
  const weights = new Float32Array(batch);
  let kept: { network: Network; loss: number; epoch: number } | undefined;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    random.shuffle(training);
    let total = 0;
    for (let from = 0; from < training.length; from += batch) {
      if (signal?.aborted === true) throw cancelled(signal);
      const count = Math.min(batch, training.length - from);
      for (let i = 0; i < count; i++) {
        const index = training[from + i];
        const row = set.rows[index] * width;
        x.set(set.x.subarray(row, row + width), i * width);
        for (let k = 0; k < classes; k++) targets[i * classes + k] = set.targets[index * classes + k];
        weights[i] = set.weights?.[index] ?? 1;
      }
      total += count * (await network.stepTowards(x, targets, weights.subarray(0, count), count, random, options));
    }
    const loss = apart > 0 ? await lossOf(network, set, validation) : total / training.length;
    if (!Number.isFinite(loss)) throw diverged(loss);
    losses.push(loss);
    onEpoch?.(epoch, loss);
    if (apart === 0) continue;
    if (kept === undefined || loss < kept.loss) kept = { network: network.clone(), loss, epoch };
    else if (epoch - kept.epoch >= patience) break;
  }
  if (kept !== undefined) network.become(kept.network);
  return { epochs: losses.length, losses, best: kept?.epoch ?? losses.length };
}

/** Mean weighted cross entropy of rows the network is not trained on. */
async function lossOf(network: Network, set: TrainingSet, indices: Uint32Array): Promise<number> {
  const { classes } = network.architecture;
  const x = gather(
    set.x,
    indices.map((index) => set.rows[index]),
    inputSize(network.architecture),
  );
  const p = softmaxRows(await network.logits(x, indices.length), classes);
  let loss = 0;
  indices.forEach((index, i) => {
    const weight = set.weights?.[index] ?? 1;
    for (let k = 0; k < classes; k++) {
      const target = set.targets[index * classes + k];
      if (target > 0) loss -= weight * target * Math.log(Math.max(p[i * classes + k], 1e-12));
    }
  });
  return loss / indices.length;
}

/** The rows of a row-major matrix, in the order given. */
export function gather(x: Float32Array, rows: Uint32Array, width: number): Float32Array {
  const result = new Float32Array(rows.length * width);
  rows.forEach((row, i) => void result.set(x.subarray(row * width, (row + 1) * width), i * width));
  return result;
}

/** The error of a training that was stopped from outside. */
export function cancelled(signal: AbortSignal): StateError {
  const hint = 'run it again to start over';
  const message = `cancelled training before it finished; nothing was kept; ${hint}`;
  return new StateError(message, { code: 'cancelled', cause: signal.reason, hint });
}

/** The error of a loss that is not finite. */
export function diverged(loss: number): StateError {
  const hint = 'lower the learning rate, or standardise the features';
  return new StateError(`invalid loss ${loss} in training; ${hint}`, { code: 'diverged', got: String(loss), hint });
}
