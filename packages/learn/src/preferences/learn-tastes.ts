import { InputError, Random } from '@assay/core';
import { logSumExp, sigmoid, softmaxInPlace, softplus } from '@assay/core/math';
import { type Comparisons, checkPairs } from '@assay/core/ranking';
import { type FeatureMatrix, standardisationOf, standardised } from '../features/index.ts';
import { descend, type OutputLoss } from '../methods/end-to-end/descend.ts';
import { batchSize } from '../methods/prepared.ts';
import { type Architecture, logistic, Network } from '../networks/index.ts';
import { defaultEpochs, pairRows, refuseTies } from './comparisons.ts';
import { needRows, sortedComparisons } from './learn-preferences.ts';

/** Options of {@link learnTastes}. */
export interface TasteOptions {
  /** Rounds of EM, default 20; the epochs are shared among them. */
  readonly rounds?: number;
  /** Starts of which the likeliest is kept, default 3. */
  readonly starts?: number;
  /** Default 60, more with few comparisons: a thousand steps. */
  readonly epochs?: number;
  /** Comparisons per step, default 32, at most an eighth of them. */
  readonly batch?: number;
  /** Default 0.01. */
  readonly rate?: number;
  /** L2 on the network's weights, default 1e-4. */
  readonly decay?: number;
  /** Makes the network, one output per taste; default one dense layer. */
  readonly architecture?: (inputs: number, tastes: number) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What {@link learnTastes} found. */
export interface TasteResult {
  /** Score of each item to each taste, N×C; the mean of each taste is 0. */
  readonly scores: Float64Array;
  /** The least score of each item over tastes, N: choose by it to please also those it pleases least. */
  readonly worst: Float64Array;
  /** Probability that each worker has each taste, W×C. */
  readonly taste: Float64Array;
  /** Share of workers with each taste, C. */
  readonly share: Float64Array;
  /** log-likelihood of the answers, tastes summed out. */
  readonly logLikelihood: number;
  readonly network: Network;
  /** Mean log-probability of other comparisons of the same items and workers: choose the number of tastes by it. */
  foretell(comparisons: Comparisons): number;
  /** Scores of items as their features were read, rows × C, on the scale of `scores`. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * Mean over comparisons of Σ_c ρ_uc · −log σ(h_c): Bradley-Terry of each output of the network, weighted by
 * the probability that the worker has that taste. z holds the outputs of the winner, then the loser's.
 *
 * Source: Chakraborty et al. (2024), MaxMin-RLHF, M-step of the mixture of reward models.
 */
export class TasteLoss implements OutputLoss {
  /** ρ, W×C; set it before each round. */
  readonly taste: Float64Array;
  readonly #worker: Uint32Array;
  readonly #tastes: number;

  constructor({ worker, workerCount }: Comparisons, tastes: number) {
    this.taste = new Float64Array(workerCount * tastes).fill(1 / tastes);
    this.#worker = worker;
    this.#tastes = tastes;
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    const tastes = this.#tastes;
    let loss = 0;
    for (let i = 0; i < places.length; i++) {
      const own = this.#worker[places[i]] * tastes;
      const [won, lost] = [2 * i * tastes, (2 * i + 1) * tastes];
      for (let c = 0; c < tastes; c++) {
        const h = z[won + c] - z[lost + c];
        const weight = this.taste[own + c] / places.length;
        const pull = weight * (sigmoid(h) - 1);
        loss += weight * softplus(-h);
        slope[won + c] += pull;
        slope[lost + c] -= pull;
      }
    }
    return loss;
  }

  step(): void {}
}

/**
 * Scores of items for groups of workers with different tastes, and who has which: a mixture of reward
 * models, one output of a network each.
 *
 * Take it where workers disagree because they want different things, not because some err: with
 * `tastes` = 1 it is Bradley-Terry. Tastes have no names; two that are alike stand for one. Choose their
 * number by `foretell` on comparisons put aside. A worker needs some answers to be placed; one without
 * has the shares of all. No comparisons leave the network at its start. EM finds the nearest optimum, so
 * several starts compete. The same seed gives the same bits, in whatever order answers come.
 * Cost: starts × epochs × E passes of two items.
 *
 * @param features one row per item
 * @param tastes C, at least 1
 * @throws {InputError} invalid-pairs, invalid-features, invalid-tastes
 * @throws {StateError} cancelled, diverged
 *
 * Source: Chakraborty et al. (2024), MaxMin-RLHF. Deviations: responsibilities are soft, and shares have one
 * worker of each taste added.
 *
 * @example
 * const comparisons = { itemCount: 2, workerCount: 2, winner: Uint32Array.of(0, 1), loser: Uint32Array.of(1, 0), worker: Uint32Array.of(0, 1) };
 * (await learnTastes(comparisons, matrixOf('size', [2, 1], [1, 2]), 2)).taste.length; // => 4
 */
export async function learnTastes(
  comparisons: Comparisons,
  features: FeatureMatrix,
  tastes: number,
  options: TasteOptions = {},
): Promise<TasteResult> {
  const { rounds = 20, starts = 3, rate = 1e-2, decay = 1e-4, seed = 0, signal } = options;
  const { architecture = (inputs: number, outputs: number): Architecture => logistic(inputs, outputs) } = options;
  const { itemCount, workerCount, worker } = comparisons;
  checkTastes(comparisons, tastes);
  needRows(features, itemCount);
  const sorted = sortedComparisons(comparisons);
  const rows = pairRows(sorted.winner, sorted.loser);
  const standardisation = standardisationOf(features, Uint32Array.from(new Set(rows)).sort());
  const { values: x } = standardised(features, standardisation);
  const batch = batchSize({ batch: options.batch ?? 32 }, worker.length);
  const all = options.epochs ?? defaultEpochs(worker.length, batch);
  const training = { epochs: Math.max(1, Math.round(all / rounds)), batch, rate, decay };
  let kept: (Placed & { network: Network; z: Float64Array }) | undefined;
  for (let start = 0; start < (worker.length === 0 ? 1 : Math.max(1, starts)); start++) {
    const random = new Random(seed).fork(`start ${start}`);
    const network = Network.start(architecture(features.columns, tastes), random.fork('network'));
    const loss = new TasteLoss(sorted, tastes);
    for (let u = 0; u < workerCount; u++)
      random
        .fork(`worker ${u}`)
        .dirichlet(new Float64Array(tastes).fill(1), loss.taste.subarray(u * tastes, (u + 1) * tastes));
    const context = { random: random.fork('train'), signal };
    let z = Float64Array.from(await network.logits(x, itemCount));
    let placed: Placed | undefined;
    for (let round = 0; round < Math.max(1, rounds); round++) {
      await descend(network, { x, rows, each: 2 }, loss, training, context);
      z = Float64Array.from(await network.logits(x, itemCount));
      placed = place(sorted, z, sharesOf(loss.taste, tastes), tastes);
      loss.taste.set(placed.taste);
    }
    if (placed !== undefined && (kept === undefined || placed.logLikelihood > kept.logLikelihood))
      kept = { ...placed, network, z };
  }
  const { network, z, taste, logLikelihood } = kept as NonNullable<typeof kept>;
  const offset = new Float64Array(tastes);
  for (let at = 0; at < z.length; at++) offset[at % tastes] += z[at] / itemCount;
  const scores = z.map((score, at) => score - offset[at % tastes]);
  return {
    scores,
    worst: Float64Array.from({ length: itemCount }, (_, i) =>
      scores
        .subarray(i * tastes, (i + 1) * tastes)
        .reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY),
    ),
    taste,
    share: sharesOf(taste, tastes),
    logLikelihood,
    network,
    foretell: (others) => {
      checkTastes({ ...others, itemCount, workerCount }, tastes);
      let sum = 0;
      for (let e = 0; e < others.worker.length; e++) {
        let p = 0;
        for (let c = 0; c < tastes; c++)
          p +=
            taste[others.worker[e] * tastes + c] *
            sigmoid(scores[others.winner[e] * tastes + c] - scores[others.loser[e] * tastes + c]);
        sum += Math.log(Math.max(1e-300, p));
      }
      return sum / Math.max(1, others.worker.length);
    },
    predict: async (matrix) =>
      Float64Array.from(
        await network.logits(standardised(matrix, standardisation).values, matrix.rows),
        (score, at) => score - offset[at % tastes],
      ),
  };
}

/** What the E-step finds. */
interface Placed {
  readonly taste: Float64Array;
  readonly logLikelihood: number;
}

/** E-step: ρ_uc ∝ w_c Π_e σ(h_c). */
function place(
  { workerCount, winner, loser, worker }: Comparisons,
  z: Float64Array,
  share: Float64Array,
  tastes: number,
): Placed {
  const taste = Float64Array.from({ length: workerCount * tastes }, (_, at) => Math.log(share[at % tastes]));
  for (let e = 0; e < worker.length; e++)
    for (let c = 0; c < tastes; c++)
      taste[worker[e] * tastes + c] -= softplus(z[loser[e] * tastes + c] - z[winner[e] * tastes + c]);
  let logLikelihood = 0;
  for (let row = 0; row < taste.length; row += tastes) {
    logLikelihood += logSumExp(taste.subarray(row, row + tastes));
    softmaxInPlace(taste, row, tastes);
  }
  return { taste, logLikelihood };
}

/** w_c: mean responsibilities, with one worker of each taste added. */
function sharesOf(taste: Float64Array, tastes: number): Float64Array {
  const share = new Float64Array(tastes).fill(1);
  for (let at = 0; at < taste.length; at++) share[at % tastes] += taste[at];
  return share.map((sum) => sum / (tastes + taste.length / tastes));
}

function checkTastes(comparisons: Comparisons, tastes: number): void {
  const { itemCount, workerCount, winner, loser, worker } = comparisons;
  checkPairs(itemCount, workerCount, [winner, loser, worker]);
  refuseTies(comparisons);
  if (Number.isInteger(tastes) && tastes >= 1) return;
  const hint = 'give a whole number of at least 1';
  throw new InputError(`invalid number of tastes ${tastes}; ${hint}`, {
    code: 'invalid-tastes',
    got: String(tastes),
    hint,
  });
}
