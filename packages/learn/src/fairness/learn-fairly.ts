import { InputError, Random } from '@assay/core';
import { type FeatureMatrix, standardisationOf, standardised } from '../features/index.ts';
import { descend } from '../methods/end-to-end/descend.ts';
import { batchSize } from '../methods/prepared.ts';
import { type Architecture, mlp, Network } from '../networks/index.ts';
import { FairLoss, type FairnessCriterion, type GroupedTargets } from './fair-loss.ts';

/** Options of {@link learnFairly}. */
export interface FairOptions {
  /** Default `parity`. */
  readonly criterion?: FairnessCriterion;
  /** The class whose share is to be alike, default 1. */
  readonly favourable?: number;
  /** Weight λ of the penalty, default 5; 0 trains without it. */
  readonly weight?: number;
  /** Items trained on, default all. */
  readonly items?: Uint32Array;
  /** Default 60. */
  readonly epochs?: number;
  /** Items per step, default 128, at most an eighth of them: group means are of one batch. */
  readonly batch?: number;
  /** Default 0.005. */
  readonly rate?: number;
  /** L2 on the network's weights, default 1e-4. */
  readonly decay?: number;
  /** Makes the network; default one hidden layer of 32. */
  readonly architecture?: (inputs: number, classes: number) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What {@link learnFairly} found. */
export interface FairResult {
  /** Probabilities of the network for each item, N×K. */
  readonly probabilities: Float64Array;
  /** Minus the mean loss of each epoch. */
  readonly objective: readonly number[];
  readonly network: Network;
  /** Probabilities of items as their features were read, rows × K; needs no groups. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * A classifier trained on what is believed of items, which treats groups of items more alike than the
 * answers do: cross entropy with the posterior plus λ Σ_g (m_g − m)², see {@link addGroupPenalty}.
 *
 * Take it where workers or the past favour a group and the classifier must not. `parity` asks for equal
 * shares whatever the truth; `opportunity` and `odds` compare items that are believed to be alike, so a
 * biased posterior hides the bias from them. Groups need not be a feature, and are not asked for to
 * predict. What it costs in accuracy and what it does to gaps must be measured on held-out items: the
 * penalty holds soft shares on the items trained on together, not labels after a threshold. No items
 * leave the network at its start. The same seed gives the same bits. Cost: that of training.
 *
 * @param features one row per item
 * @throws {InputError} invalid-groups, invalid-class
 * @throws {StateError} cancelled, diverged
 *
 * Source: Kamishima et al. (2012) for a penalty in training; the one here is that of {@link addGroupPenalty}.
 *
 * @example
 * const targets = { posterior: Float64Array.of(1, 0, 0, 1), classCount: 2, group: [0, 1] };
 * const { probabilities } = await learnFairly(targets, matrixOf('size', [2, 1], [1, 2]), { weight: 100 });
 * Math.abs(probabilities[1] - probabilities[3]) < 0.2; // => true
 */
export async function learnFairly(
  targets: GroupedTargets,
  features: FeatureMatrix,
  options: FairOptions = {},
): Promise<FairResult> {
  const { criterion = 'parity', favourable = 1, weight = 5, epochs = 60, rate = 5e-3, decay = 1e-4 } = options;
  const { seed = 0, signal, items = Uint32Array.from({ length: features.rows }, (_, i) => i) } = options;
  const { architecture = (inputs: number, classes: number): Architecture => mlp(inputs, classes, 32) } = options;
  check(targets, features.rows, favourable);
  const { classCount } = targets;
  const random = new Random(seed);
  const standardisation = standardisationOf(features, items);
  const { values: x } = standardised(features, standardisation);
  const network = Network.start(architecture(features.columns, classCount), random.fork('start'));
  const losses = await descend(
    network,
    { x, rows: items },
    new FairLoss(targets, items, criterion, favourable, weight),
    { epochs, batch: batchSize({ batch: options.batch ?? 128 }, items.length), rate, decay },
    { random: random.fork('train'), signal },
  );
  return {
    probabilities: await network.probabilities(x, features.rows),
    objective: losses.map((value) => -value),
    network,
    predict: async (matrix) => network.probabilities(standardised(matrix, standardisation).values, matrix.rows),
  };
}

function check({ posterior, classCount, group }: GroupedTargets, rows: number, favourable: number): void {
  const refuse = (what: string, hint: string, code: string): InputError =>
    new InputError(`invalid ${what}; ${hint}`, { code, got: what, hint });
  if (group.length !== rows || posterior.length !== rows * classCount)
    throw refuse(
      `groups: ${group.length} and ${posterior.length} probabilities for ${rows} rows of ${classCount} classes`,
      'give one group and one row of probabilities per row of features',
      'invalid-groups',
    );
  for (let i = 0; i < rows; i++)
    if (!Number.isInteger(group[i]) || group[i] < -1)
      throw refuse(`group ${group[i]} of item ${i}`, 'count groups from 0, −1 where it is not known', 'invalid-groups');
  if (Number.isInteger(favourable) && favourable >= 0 && favourable < classCount) return;
  throw refuse(`class ${favourable} of ${classCount}`, 'give the number of a class from 0', 'invalid-class');
}
