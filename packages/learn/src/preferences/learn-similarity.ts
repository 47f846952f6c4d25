import { InputError, Random } from '@assay/core';
import { sigmoid } from '@assay/core/math';
import { canonicalOrder, checkPairs, invalidPairs, type ReliabilityPrior } from '@assay/core/ranking';
import { type FeatureMatrix, standardisationOf, standardised } from '../features/index.ts';
import { descend } from '../methods/end-to-end/descend.ts';
import { batchSize } from '../methods/prepared.ts';
import { type Architecture, mlp, Network } from '../networks/index.ts';
import { defaultEpochs, pairRows } from './comparisons.ts';
import { needRows } from './learn-preferences.ts';
import { type SimilarityAnswers, SimilarityLoss } from './similarity-loss.ts';

/** Options of {@link learnSimilarity}. */
export interface SimilarityOptions {
  /** Beta prior of both reliabilities of every worker, both above 0, default (4, 1). */
  readonly prior?: ReliabilityPrior;
  /** Weight λ of the volume that keeps classes apart, default 0.01. */
  readonly volume?: number;
  /** Starts of which the one with the least loss is kept, default 3. */
  readonly starts?: number;
  /** Default 60, more with few answers: a thousand steps. */
  readonly epochs?: number;
  /** Answers per step, default 64, at most an eighth of them. */
  readonly batch?: number;
  /** Default 0.01. */
  readonly rate?: number;
  /** Makes the network; default one hidden layer of 32. */
  readonly architecture?: (inputs: number, classes: number) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What {@link learnSimilarity} found. */
export interface SimilarityResult {
  /** Probabilities of the network's classes for each item, N×K; classes have no names and no order. */
  readonly classes: Float64Array;
  /** Chance of each worker to say "same" of same items, W. */
  readonly sensitivity: Float64Array;
  /** Chance of each worker to say "different" of different items, W. */
  readonly specificity: Float64Array;
  /** Posterior of each answer that its two items are the same, E: the network and that answer. */
  readonly same: Float64Array;
  /** Minus the mean loss of each epoch of the start that was kept. */
  readonly objective: readonly number[];
  readonly network: Network;
  readonly notes: readonly string[];
  /** Class probabilities of items as their features were read, rows × K. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * Classes of items from answers about pairs, "the same" or "different", of workers who may be careless
 * or hostile: a network whose classes explain the answers, and two reliabilities of each worker.
 *
 * Take it where naming classes is hard but comparing is easy. Classes are known up to a permutation:
 * name them with a few labelled items (`assign` of `@assay/core/math`). The number of classes is given;
 * one that is too large leaves some empty. Training can end with two classes in one, so several starts
 * compete. Workers without answers get the mean of the prior; no answers leave the network at its start,
 * with a note. The same seed gives the same bits, in whatever order answers come. To ask more, take pairs
 * whose similarity is near one half. Cost: starts × epochs × E passes of two items.
 *
 * @param features one row per item
 * @param classCount K, at least 2
 * @throws {InputError} invalid-pairs, invalid-features, invalid-classes
 * @throws {StateError} cancelled, diverged
 *
 * Source: Hsu et al. (2019); workers of Raykar et al. (2010), learned on the marginal likelihood,
 * whose optimum is that of EM.
 *
 * @example
 * const answers = { itemCount: 3, workerCount: 1, first: Uint32Array.of(0, 0, 1), second: Uint32Array.of(1, 2, 2), worker: Uint32Array.of(0, 0, 0), same: Uint8Array.of(1, 0, 0) };
 * const { classes } = await learnSimilarity(answers, matrixOf('size', [3, 1], [1, 1.1, 9]), 2);
 * (classes[0] > 0.5) === (classes[2] > 0.5) && (classes[0] > 0.5) !== (classes[4] > 0.5); // => true
 */
export async function learnSimilarity(
  answers: SimilarityAnswers,
  features: FeatureMatrix,
  classCount: number,
  options: SimilarityOptions = {},
): Promise<SimilarityResult> {
  const { prior = [4, 1], volume = 0.01, starts = 3, rate = 1e-2, seed = 0, signal } = options;
  const { architecture = (inputs: number, classes: number): Architecture => mlp(inputs, classes, 32) } = options;
  const { itemCount, workerCount, first, second, worker, same } = answers;
  checkAnswers(answers, classCount);
  needRows(features, itemCount);
  const low = first.map((item, e) => Math.min(item, second[e]));
  const high = first.map((item, e) => Math.max(item, second[e]));
  const order = canonicalOrder([worker, low, high, same]);
  const sorted: SimilarityAnswers = {
    ...answers,
    first: order.map((e) => low[e]),
    second: order.map((e) => high[e]),
    worker: order.map((e) => worker[e]),
    same: Uint8Array.from(order, (e) => same[e]),
  };
  const standardisation = standardisationOf(features, Uint32Array.from(new Set([...low, ...high])).sort());
  const { values: x } = standardised(features, standardisation);
  const set = { x, rows: pairRows(sorted.first, sorted.second), each: 2 };
  const batch = batchSize({ batch: options.batch }, order.length);
  const epochs = options.epochs ?? defaultEpochs(order.length, batch);
  const training = { epochs, batch, rate, decay: 0 };
  let kept: { network: Network; loss: SimilarityLoss; losses: number[] } | undefined;
  for (let start = 0; start < (order.length === 0 ? 1 : Math.max(1, starts)); start++) {
    const random = new Random(seed).fork(`start ${start}`);
    const network = Network.start(architecture(features.columns, classCount), random.fork('network'));
    const loss = new SimilarityLoss(sorted, classCount, prior, volume);
    const losses = await descend(network, set, loss, training, { random: random.fork('train'), signal });
    if (kept === undefined || (losses.at(-1) ?? 0) < (kept.losses.at(-1) ?? 0)) kept = { network, loss, losses };
  }
  const { network, loss, losses } = kept as NonNullable<typeof kept>;
  const answered = new Set(worker);
  const reliability = (logOdds: Float64Array): Float64Array =>
    logOdds.map((odds, u) => (answered.has(u) ? sigmoid(odds) : prior[0] / (prior[0] + prior[1])));
  const sensitivity = reliability(loss.sensitivity.values);
  const specificity = reliability(loss.specificity.values);
  const classes = await network.probabilities(x, itemCount);
  const turned = Array.from({ length: workerCount }, (_, u) => sensitivity[u] + specificity[u] < 1 && answered.has(u));
  const adversaries = turned.filter(Boolean).length;
  return {
    classes,
    sensitivity,
    specificity,
    same: Float64Array.from(worker, (u, e) => {
      let s = 0;
      for (let k = 0; k < classCount; k++)
        s += classes[first[e] * classCount + k] * classes[second[e] * classCount + k];
      const [a, b] = [sensitivity[u], specificity[u]];
      const right = s * (same[e] === 1 ? a : 1 - a);
      const wrong = (1 - s) * (same[e] === 1 ? 1 - b : b);
      return right + wrong > 0 ? right / (right + wrong) : s;
    }),
    objective: losses.map((value) => -value),
    network,
    notes: [
      ...(order.length === 0 ? ['no answers: the classes say nothing'] : []),
      ...(adversaries > 0
        ? [`workers who say "same" more often of different items than of same ones: ${adversaries}`]
        : []),
    ],
    predict: async (matrix) => await network.probabilities(standardised(matrix, standardisation).values, matrix.rows),
  };
}

function checkAnswers(
  { itemCount, workerCount, first, second, worker, same }: SimilarityAnswers,
  classes: number,
): void {
  checkPairs(itemCount, workerCount, [first, second, worker]);
  if (same.length !== worker.length)
    throw invalidPairs(`${same.length} answers for ${worker.length} pairs`, 'give one each');
  const odd = same.find((value) => value > 1);
  if (odd !== undefined) throw invalidPairs(`answer ${odd}`, 'give 1 for the same and 0 for different');
  if (Number.isInteger(classes) && classes >= 2) return;
  const hint = 'give a whole number of at least 2';
  throw new InputError(`invalid number of classes ${classes}; ${hint}`, {
    code: 'invalid-classes',
    got: String(classes),
    hint,
  });
}
