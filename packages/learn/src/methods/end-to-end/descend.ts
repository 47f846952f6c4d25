import type { Random } from '@assay/core';
import { cancelled, diverged, inputSize, type Network } from '../../networks/index.ts';

/** A loss of what a network says, with parameters of its own. */
export interface OutputLoss {
  /**
   * The mean loss of some tasks, given by their place in the training set, from the network's outputs
   * z (B × outputs). Adds its derivative by z to `slope`, which is 0, and collects that by its own parameters.
   */
  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number;
  /** Moves its own parameters against what was collected. */
  step(rate: number): void;
}

/** Features of the tasks trained on: `rows[place]` is a row of the row-major `x`. */
export interface DescentSet {
  readonly x: Float32Array;
  readonly rows: Uint32Array;
  /** Rows of `x` per place, default 1: 2 for pairs, `rows[2 · place]` and the next, whose outputs follow each other in z. */
  readonly each?: number;
}

/** How a network and a loss are trained together, by Adam. */
export interface Descent {
  readonly epochs: number;
  /** Tasks per step. */
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  /** Rate of the loss's parameters as a multiple of the network's. */
  readonly lossRate?: number;
  /** Leave out the last batch of an epoch where it is not full. */
  readonly wholeBatches?: boolean;
}

/** What a training gets from outside. */
export interface DescentContext {
  /** Draws the order of tasks and dropout masks. */
  readonly random: Random;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (epoch: number) => void;
}

/**
 * Trains a network on any loss of its outputs, in place, and the loss's own parameters with it. Gives
 * the mean loss of each epoch.
 *
 * Tasks are shuffled anew each epoch. The same random stream gives the same bits. An empty set leaves
 * everything as it is.
 *
 * @throws {StateError} cancelled, diverged
 */
export async function descend(
  network: Network,
  { x, rows, each = 1 }: DescentSet,
  loss: OutputLoss,
  { epochs, batch, rate, decay, lossRate = 1, wholeBatches = false }: Descent,
  { random, signal, onEpoch }: DescentContext,
): Promise<number[]> {
  const { classes: outputs } = network.architecture;
  const width = inputSize(network.architecture);
  const count = rows.length / each;
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  const own = new Float32Array(batch * each * width);
  const z = new Float64Array(batch * each * outputs);
  const slope = new Float64Array(batch * each * outputs);
  const end = wholeBatches && count > batch ? count - (count % batch) : count;
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs && end > 0; epoch++) {
    onEpoch?.(epoch);
    random.shuffle(order);
    let total = 0;
    for (let from = 0; from < end; from += batch) {
      if (signal?.aborted === true) throw cancelled(signal);
      const places = order.subarray(from, Math.min(end, from + batch));
      places.forEach((place, i) => {
        for (let j = 0; j < each; j++) {
          const row = rows[place * each + j] * width;
          own.set(x.subarray(row, row + width), (i * each + j) * width);
        }
      });
      const slopeOf = (logits: Float32Array): Float32Array => {
        z.set(logits);
        slope.fill(0);
        total += places.length * loss.evaluate(places, z, slope);
        return Float32Array.from(slope.subarray(0, places.length * each * outputs));
      };
      await network.stepAlong(own, places.length * each, slopeOf, random, { rate, decay });
      loss.step(rate * lossRate);
    }
    if (!Number.isFinite(total)) throw diverged(total);
    losses.push(total / end);
  }
  return losses;
}
