import { InputError, Random } from '@assay/core';
import { lbfgs, sigmoid, softplus } from '@assay/core/math';
import { type FeatureMatrix, standardisationOf, standardised } from '../features/index.ts';
import { descend } from '../methods/end-to-end/descend.ts';
import { batchSize } from '../methods/prepared.ts';
import { type Architecture, logistic, Network } from '../networks/index.ts';
import { type Comparisons, canonicalOrder, checkPairs, defaultEpochs, pairRows } from './comparisons.ts';
import {
  addReliabilityPrior,
  CrowdBradleyTerryLoss,
  certainLogit,
  crowdComparison,
  type ReliabilityPrior,
  startLogit,
} from './crowd-bradley-terry.ts';

/** Rounds in which reliabilities follow the final scores. */
const finalRounds = 100;

/** Options of {@link rankComparisons} and {@link learnPreferences}. */
export interface RankingOptions {
  /** `crowd` (default) learns how reliable each worker is; `plain` is Bradley-Terry. */
  readonly workers?: 'crowd' | 'plain';
  /** Beta prior of every worker's reliability, both above 0, default (4, 1). */
  readonly prior?: ReliabilityPrior;
}

/** Options of {@link learnPreferences}. */
export interface PreferenceOptions extends RankingOptions {
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

/** What {@link rankComparisons} found. */
export interface RankingResult {
  /** Score of each item, N; mean 0, so that σ(difference) is the chance to be preferred. */
  readonly scores: Float64Array;
  /** η of each worker, W: the chance to answer as the scores would. Below ½ an adversary. */
  readonly reliability: Float64Array;
  /** Probability of each comparison that the worker followed the scores, E. */
  readonly agreed: Float64Array;
  readonly notes: readonly string[];
}

/** What {@link learnPreferences} found. */
export interface PreferenceResult extends RankingResult {
  /** Minus the mean loss of each epoch. */
  readonly objective: readonly number[];
  readonly network: Network;
  /** Scores of items as their features were read, on the scale of `scores`. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * Scores of items from pairwise preferences of workers who may be careless or hostile, without features:
 * Crowd-BT on a table of scores.
 *
 * Take it to rank what was compared; with features, {@link learnPreferences} needs far fewer answers and
 * scores new items too. Every item also plays half a win and half a loss against an opponent of score 0,
 * which keeps scores finite; items never compared get the mean of that opponent. Workers without answers
 * get the mean of the prior. No answers: all scores 0. The order of answers does not matter.
 *
 * One minimisation by L-BFGS, O(E + N + W) a step, no runtime needed.
 *
 * @throws {InputError} invalid-pairs, invalid-prior
 *
 * Source: Chen, Bennett, Collins-Thompson & Horvitz (2013), with their virtual opponent (λ = 0.5).
 * Deviations: a Beta prior on reliabilities, and all unknowns at once instead of one answer at a time.
 *
 * @example
 * const comparisons = { itemCount: 3, workerCount: 1, winner: Uint32Array.of(0, 0, 1), loser: Uint32Array.of(1, 2, 2), worker: Uint32Array.of(0, 0, 0) };
 * const { scores } = rankComparisons(comparisons);
 * scores[0] > scores[1] && scores[1] > scores[2]; // => true
 */
export function rankComparisons(comparisons: Comparisons, options: RankingOptions = {}): RankingResult {
  const { workers = 'crowd', prior = [4, 1] } = options;
  const { itemCount, workerCount, winner, loser, worker } = checked(comparisons, prior);
  const order = canonicalOrder([worker, winner, loser]);
  const start = new Float64Array(itemCount + workerCount);
  start.fill(workers === 'plain' ? certainLogit : startLogit, itemCount);
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    for (const e of order) {
      const own = crowdComparison(x[winner[e]] - x[loser[e]], x[itemCount + worker[e]]);
      loss += own.loss;
      gradient[winner[e]] += own.byMargin;
      gradient[loser[e]] -= own.byMargin;
      gradient[itemCount + worker[e]] += own.byLogOdds;
    }
    for (let i = 0; i < itemCount; i++) {
      loss += (softplus(x[i]) + softplus(-x[i])) / 2;
      gradient[i] += sigmoid(x[i]) - 0.5;
    }
    if (workers === 'plain') gradient.fill(0, itemCount);
    else loss += addReliabilityPrior(x.subarray(itemCount), prior, 1, gradient.subarray(itemCount));
    return loss;
  };
  const { x } = lbfgs(objective, start, { maxIterations: 1000 });
  return resultOf(comparisons, centred(x.slice(0, itemCount)), x.slice(itemCount), workers, prior);
}

/**
 * A network that scores items, learned from pairwise preferences of workers who may be careless or
 * hostile: Crowd-BT with features, or a reward model with several annotators.
 *
 * Worker u prefers x to x′ with probability η_u σ(s(x) − s(x′)) + (1 − η_u) σ(s(x′) − s(x)). Network and
 * log odds of η are trained together by Adam; at the end η is brought to its optimum given the scores.
 * Take it where a crowd says which of two is better; `workers: 'plain'` where all can be trusted, and
 * {@link rankComparisons} where there are no features. Needs most answers to be honest: if most workers
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
  const result = resultOf(comparisons, scores, loss.logOdds.values, workers, prior);
  const predict = async (matrix: FeatureMatrix): Promise<Float64Array> => {
    const rows = standardised(matrix, standardisation).values;
    return Float64Array.from(await network.logits(rows, matrix.rows), (score) => score - offset);
  };
  return { ...result, objective: losses.map((value) => -value), network, predict };
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

function checked(comparisons: Comparisons, [a, b]: ReliabilityPrior): Comparisons {
  const { itemCount, workerCount, winner, loser, worker } = comparisons;
  checkPairs(itemCount, workerCount, [winner, loser, worker]);
  if (a > 0 && b > 0 && Number.isFinite(a + b)) return comparisons;
  const hint = 'give two finite numbers above 0';
  throw new InputError(`invalid prior (${a}, ${b}); ${hint}`, { code: 'invalid-prior', got: `${a}, ${b}`, hint });
}

function centred(scores: Float64Array): Float64Array {
  const mean = scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length);
  return scores.map((score) => score - mean);
}

/** Reliabilities at their optimum given the scores, by EM from where they are. */
function resultOf(
  { workerCount, winner, loser, worker }: Comparisons,
  scores: Float64Array,
  logOdds: Float64Array,
  workers: 'crowd' | 'plain',
  [a, b]: ReliabilityPrior,
): RankingResult {
  const count = new Float64Array(workerCount);
  for (const u of worker) count[u]++;
  const reliability = logOdds.map(sigmoid);
  const held = logOdds.slice();
  const agreed = new Float64Array(worker.length);
  const expect = (): void => {
    for (let e = 0; e < agreed.length; e++) agreed[e] = sigmoid(held[worker[e]] + scores[winner[e]] - scores[loser[e]]);
  };
  expect();
  for (let round = 0; round < finalRounds && workers === 'crowd'; round++) {
    reliability.fill(a);
    for (let e = 0; e < agreed.length; e++) reliability[worker[e]] += agreed[e];
    for (let u = 0; u < workerCount; u++) {
      reliability[u] /= a + b + count[u];
      held[u] = Math.log(reliability[u]) - Math.log1p(-reliability[u]);
    }
    expect();
  }
  const notes: string[] = [];
  if (worker.length === 0) notes.push('no comparisons: the scores say nothing');
  const turned = reliability.reduce((sum, eta, u) => sum + (count[u] > 0 && eta < 0.5 ? 1 : 0), 0);
  if (turned > 0) notes.push(`workers who answer against the others, whose answers count turned over: ${turned}`);
  return { scores, reliability, agreed, notes };
}
