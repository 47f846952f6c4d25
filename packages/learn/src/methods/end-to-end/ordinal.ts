import { type AnswerTable, type Estimate, estimateOf, Random, tableNotes } from '@assay/core';
import { type FeatureMatrix, standardised } from '../../features/index.ts';
import { type Architecture, gather, mlp, Network } from '../../networks/index.ts';
import { classFrequencies } from '../confusions.ts';
import { type LearnInput, needFeatures } from '../method.ts';
import { batchSize, PreparedTasks } from '../prepared.ts';
import { voteShares } from '../votes.ts';
import { workersOf } from '../workers.ts';
import { ConfusionLogits, startLogits } from './confusion-logits.ts';
import { CoupledCrossEntropy } from './coupled-cross-entropy.ts';
import { CumulativeLoss, orderedClasses } from './cumulative.ts';
import { descend } from './descend.ts';
import { bayesPosterior } from './end-to-end.ts';

/** Options of {@link learnOrdinal}. */
export interface OrdinalOptions {
  /** Default 100. */
  readonly epochs?: number;
  /** Default 64, at most an eighth of the tasks. */
  readonly batch?: number;
  /** Default 0.005. */
  readonly rate?: number;
  /** Rate of thresholds and workers as a multiple of the network's, default 3. */
  readonly workerRate?: number;
  /** Makes the network, one output; default a hidden layer of 64 with dropout 0.2. */
  readonly architecture?: (matrix: FeatureMatrix) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (epoch: number) => void;
}

/** What {@link learnOrdinal} found. */
export interface OrdinalResult {
  /** `tasks.expected` is the expected place of each task on the scale, from 0: rounded, nearer to the truth than the label. */
  readonly estimate: Estimate;
  /** The network alone, T×K, NaN rows where it has no opinion. */
  readonly opinions: Float64Array;
  /** θ, K − 1: where the network passes from a class to the next. */
  readonly thresholds: Float64Array;
  /** Probabilities for rows of features as they were read, rows × K. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * Classes that are ordered, from a crowd with features: ratings, severities, ages.
 *
 * `ccem` whose network has one output and K − 1 thresholds instead of K outputs: far less to learn where
 * classes lie on one scale, wrong where they do not. Workers keep a confusion matrix each, started from
 * the votes. The order is that of the table's classes.
 *
 * Tasks without features get class frequencies in the network's place. One class, or no task with
 * features and answers: nothing is trained.
 *
 * @throws {InputError} missing-features
 * @throws {StateError} cancelled, diverged
 *
 * Source: McCullagh (1980) for the network, Ibrahim, Nguyen & Fu (2023), eq. 3 for the workers. Raykar
 * et al. (2010) have two coins per threshold; mistakes are near thresholds, which coins do not know.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', '1'], ['t2', 'ana', '2'], ['t3', 'bo', '3'], ['t3', 'ana', '3']]);
 * const features = joinFeatures(table, matrixOf('f', [3, 1], [0.1, 0.5, 0.9], ['t1', 't2', 't3']));
 * (await learnOrdinal({ table, features })).thresholds.length; // => 2
 */
export async function learnOrdinal(input: LearnInput, options: OrdinalOptions = {}): Promise<OrdinalResult> {
  const { table } = input;
  const features = needFeatures(input, 'learnOrdinal');
  const { epochs = 100, rate = 5e-3, workerRate = 3, seed = 0, signal, onEpoch } = options;
  const { architecture = ({ columns }: FeatureMatrix): Architecture => mlp(columns, 1, 64, 0.2) } = options;
  const prepared = new PreparedTasks(table, features, { architecture }, seed);
  const { tasks, matrix, described } = prepared;
  const random = new Random(seed).fork('network');
  const network = Network.start(prepared.architecture, random.fork('start'));
  const workers = new ConfusionLogits(startLogits(table, 'vote'), table.classCount);
  const loss = new CumulativeLoss(new CoupledCrossEntropy(table, workers), tasks, table.classCount);
  const set = { x: matrix.values, rows: prepared.rows(tasks) };
  const batch = batchSize({ batch: options.batch }, tasks.length);
  const trained = table.classCount > 1 && tasks.length > 0;
  const losses = trained
    ? await descend(
        network,
        set,
        loss,
        { epochs, batch, rate, decay: 0, lossRate: workerRate },
        { random: random.fork('train'), signal, onEpoch },
      )
    : [];
  const thresholds = loss.thresholds();
  const opinions = new Float64Array(table.taskCount * table.classCount).fill(Number.NaN);
  const believed = voteShares(table);
  if (trained) {
    const z = await network.logits(gather(matrix.values, prepared.rows(described), matrix.columns), described.length);
    const f = orderedClasses(z, thresholds);
    described.forEach((task, i) => {
      const own = f.subarray(i * table.classCount, (i + 1) * table.classCount);
      opinions.set(own, task * table.classCount);
      believed.set(own, task * table.classCount);
    });
  }
  const posterior = bayesPosterior({ table, opinions, believed }, workers.confusion);
  const prior = classFrequencies(table, posterior);
  const estimate = estimateOf(table, {
    method: 'ordinal',
    options: { epochs, rate, workerRate },
    seed,
    posterior,
    prior,
    workers: workersOf(table, workers.confusion, prior),
    objective: losses.map((value) => -value),
    stopReason: trained ? 'epochs done' : 'nothing to train',
    notes: [...tableNotes(table), ...prepared.notes, ...features.notes],
    tasks: { expected: expectedPlace(posterior, table) },
  });
  const { standardisation } = prepared.classifier(network);
  const predict = async (rows: FeatureMatrix): Promise<Float64Array> =>
    orderedClasses(await network.logits(standardised(rows, standardisation).values, rows.rows), thresholds);
  return { estimate, opinions, thresholds, predict };
}

function expectedPlace(posterior: Float64Array, { taskCount, classCount }: AnswerTable): Float64Array {
  const result = new Float64Array(taskCount);
  for (let i = 0; i < posterior.length; i++) result[Math.floor(i / classCount)] += (i % classCount) * posterior[i];
  return result;
}
