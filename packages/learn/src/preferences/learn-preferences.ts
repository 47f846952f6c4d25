import { InputError, Random } from '@assay/core';
import {
  type Comparisons,
  canonicalOrder,
  checkPairs,
  checkReliabilityPrior,
  type ReliabilityPrior,
  settleReliabilities,
} from '@assay/core/ranking';
import { type FeatureMatrix, standardisationOf, standardised } from '../features/index.ts';
import { descend } from '../methods/end-to-end/descend.ts';
import { batchSize } from '../methods/prepared.ts';
import { type Architecture, logistic, Network } from '../networks/index.ts';
import { defaultEpochs, pairRows, refuseTies } from './comparisons.ts';
import { CrowdBradleyTerryLoss } from './crowd-bradley-terry.ts';

/** Options of {@link learnPreferences}. */
export interface PreferenceOptions {
  /** `crowd` (default) learns how reliable each worker is; `plain` is Bradley-Terry. */
  readonly workers?: 'crowd' | 'plain';
  /** Beta prior of every worker's reliability, both above 0, default (4, 1). */
  readonly prior?: ReliabilityPrior;
  /** Default 60, more with few comparisons: a thousand steps. */
  readonly epochs?: number;
  /** Comparisons per step, default 32, at most an eighth of them. */
  readonly batch?: number;
  /** Default 0.01. */
  readonly rate?: number;
  /** L2 on the network's weights, default 1e-4. */
  readonly decay?: number;
  /** Makes the network, one output; default one dense layer, a linear score. */
  readonly architecture?: (inputs: number) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What {@link learnPreferences} found. */
export interface PreferenceResult {
  /** Score of each item, N; mean 0, so that σ(difference) is the chance to be preferred. */
  readonly scores: Float64Array;
  /** η of each worker, W: the chance to answer as the scores would. Below ½ an adversary. */
  readonly reliability: Float64Array;
  /** Probability of each comparison that the worker followed the scores, E. */
  readonly agreed: Float64Array;
  readonly notes: readonly string[];
  /** Minus the mean loss of each epoch. */
  readonly objective: readonly number[];
  readonly network: Network;
  /** Scores of items as their features were read, on the scale of `scores`. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * A network that scores items, learned from pairwise preferences of workers who may be careless or
 * hostile: Crowd-BT with features, or a reward model with several annotators.
 *
 * Worker u prefers x to x′ with probability η_u σ(s(x) − s(x′)) + (1 − η_u) σ(s(x′) − s(x)). Network and
 * log odds of η are trained together by Adam; at the end η is brought to its optimum given the scores.
 * Take it where a crowd says which of two is better; `workers: 'plain'` where all can be trusted, and
 * `rankComparisons` of `@assay/core/ranking` where there are no features. Needs most answers to be honest: if most workers
 * turn theirs over, so does the ranking. Workers without answers get the mean of the prior; no answers
 * leave the network at its start with a note. The same seed gives the same bits, in whatever order
 * answers come. Cost: epochs × E forward and backward passes of two items.
 *
 * @param features one row per item
 * @throws {InputError} invalid-pairs, invalid-prior, invalid-features
 * @throws {StateError} cancelled, diverged
 *
 * Source: Chen et al. (2013), with s(x) a network. Priors and anchor as in {@link CrowdBradleyTerryLoss}.
 *
 * @example
 * const comparisons = { itemCount: 3, workerCount: 1, winner: Uint32Array.of(2, 1, 2), loser: Uint32Array.of(1, 0, 0), worker: Uint32Array.of(0, 0, 0) };
 * const { predict } = await learnPreferences(comparisons, matrixOf('size', [3, 1], [1, 2, 3]));
 * const [small, large] = await predict(matrixOf('size', [2, 1], [1.5, 4]));
 * large > small; // => true
 */
export async function learnPreferences(
  comparisons: Comparisons,
  features: FeatureMatrix,
  options: PreferenceOptions = {},
): Promise<PreferenceResult> {
  const { workers = 'crowd', prior = [4, 1], rate = 1e-2, decay = 1e-4, seed = 0, signal } = options;
  const { architecture = (inputs: number): Architecture => logistic(inputs, 1) } = options;
  const { itemCount, winner, loser, worker } = checked(comparisons, prior);
  needRows(features, itemCount);
  const sorted = sortedComparisons(comparisons);
  const standardisation = standardisationOf(features, Uint32Array.from(new Set([...winner, ...loser])).sort());
  const { values: x } = standardised(features, standardisation);
  const random = new Random(seed);
  const network = Network.start(architecture(features.columns), random.fork('start'));
  const loss = new CrowdBradleyTerryLoss(sorted, prior, workers === 'plain');
  const batch = batchSize({ batch: options.batch ?? 32 }, worker.length);
  const epochs = options.epochs ?? defaultEpochs(worker.length, batch);
  const losses = await descend(
    network,
    { x, rows: pairRows(sorted.winner, sorted.loser), each: 2 },
    loss,
    { epochs, batch, rate, decay },
    { random: random.fork('train'), signal },
  );
  const raw = Float64Array.from(await network.logits(x, itemCount));
  const scores = centred(raw.slice());
  const offset = itemCount === 0 ? 0 : raw[0] - scores[0];
  const settled = settleReliabilities(comparisons, scores, loss.logOdds.values, workers, prior);
  const predict = async (matrix: FeatureMatrix): Promise<Float64Array> => {
    const rows = standardised(matrix, standardisation).values;
    return Float64Array.from(await network.logits(rows, matrix.rows), (score) => score - offset);
  };
  return { scores, ...settled, objective: losses.map((value) => -value), network, predict };
}

/** @throws {InputError} invalid-features where there is not one row per item */
export function needRows({ rows }: FeatureMatrix, itemCount: number): void {
  if (rows === itemCount) return;
  const hint = 'give one row per item';
  throw new InputError(`invalid features: ${rows} rows for ${itemCount} items; ${hint}`, {
    code: 'invalid-features',
    got: String(rows),
    hint,
  });
}

/** The comparisons in an order that does not depend on how they were listed. */
export function sortedComparisons(comparisons: Comparisons): Comparisons {
  const { winner, loser, worker } = comparisons;
  const order = canonicalOrder([worker, winner, loser]);
  return {
    ...comparisons,
    winner: order.map((e) => winner[e]),
    loser: order.map((e) => loser[e]),
    worker: order.map((e) => worker[e]),
  };
}

function checked(comparisons: Comparisons, prior: ReliabilityPrior): Comparisons {
  const { itemCount, workerCount, winner, loser, worker } = comparisons;
  checkPairs(itemCount, workerCount, [winner, loser, worker]);
  refuseTies(comparisons);
  checkReliabilityPrior(prior);
  return comparisons;
}

function centred(scores: Float64Array): Float64Array {
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  return scores.map((score) => score - mean);
}
