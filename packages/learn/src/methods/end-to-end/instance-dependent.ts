import { type AnswerTable, type Estimate, estimateOf, Random, tableNotes } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { type FeatureMatrix, standardised } from '../../features/index.ts';
import { type Architecture, gather, mlp, Network } from '../../networks/index.ts';
import { classFrequencies } from '../confusions.ts';
import { type LearnInput, needFeatures } from '../method.ts';
import { batchSize, PreparedTasks } from '../prepared.ts';
import { voteShares } from '../votes.ts';
import { workersOf } from '../workers.ts';
import { descend } from './descend.ts';
import { countedConfusions } from './end-to-end.ts';
import { InstanceLoss } from './instance-loss.ts';

/** Options of {@link learnInstanceDependent}. */
export interface InstanceOptions {
  /** H, how many numbers tell kinds of tasks apart; default 4. */
  readonly kinds?: number;
  /** Epochs in which everybody is right 4 times of 5, default 10. */
  readonly warmUp?: number;
  /** Epochs in which workers learn too, default 30. */
  readonly epochs?: number;
  /** Default 64, at most an eighth of the tasks. */
  readonly batch?: number;
  /** Default 0.002. */
  readonly rate?: number;
  /** λ of the mean accuracy, default 0.01. */
  readonly lambda?: number;
  /** Makes the network for a number of outputs; default a hidden layer of 64 with dropout 0.2. */
  readonly architecture?: (matrix: FeatureMatrix, outputs: number) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onEpoch?: (epoch: number) => void;
}

/** What {@link learnInstanceDependent} found. */
export interface InstanceResult {
  /** `tasks.reliability` is the mean probability that the workers of a task were right on it. */
  readonly estimate: Estimate;
  /** The network alone, T×K, NaN rows where it has no opinion. */
  readonly opinions: Float64Array;
  /** Probabilities for rows of features as they were read, rows × K. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * Workers who are good at some kinds of tasks and bad at others, from a crowd with features.
 *
 * Whether a worker or the tasks are to blame cannot be told in general: any confusion that depends on
 * the task explains any answers. What decides is that the network learns first, that workers have few
 * numbers, and λ. Take it only where kinds of tasks are known to differ, and compare on known labels;
 * when unsure take `ccem`, or `coinnet` to find the odd tasks.
 *
 * The posterior is the network's probabilities times the likelihood of the answers given x. Tasks
 * without features get class frequencies and the workers' accuracy at h = 0. One class, or no task with
 * features and answers: nothing is trained.
 *
 * @throws {InputError} missing-features
 * @throws {StateError} cancelled, diverged
 *
 * Source: Zhang et al. (2020), coupled networks, in a one-coin form that shares h(x) with the classifier.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes'], ['t3', 'bo', 'no']]);
 * const features = joinFeatures(table, matrixOf('lengths', [3, 1], [1, 9, 2], ['t1', 't2', 't3']));
 * (await learnInstanceDependent({ table, features })).estimate.label('t2'); // => 'yes'
 */
export async function learnInstanceDependent(
  input: LearnInput,
  options: InstanceOptions = {},
): Promise<InstanceResult> {
  const { table } = input;
  const features = needFeatures(input, 'learnInstanceDependent');
  const { kinds = 4, warmUp = 10, epochs = 30, rate = 2e-3, lambda = 0.01, seed = 0, signal, onEpoch } = options;
  const {
    architecture = (matrix: FeatureMatrix, outputs: number): Architecture => mlp(matrix.columns, outputs, 64, 0.2),
  } = options;
  const { taskCount, classCount } = table;
  const outputs = classCount + kinds;
  const prepared = new PreparedTasks(
    table,
    features,
    { architecture: (matrix) => architecture(matrix, outputs) },
    seed,
  );
  const { tasks, matrix, described } = prepared;
  const random = new Random(seed).fork('network');
  const network = Network.start(prepared.architecture, random.fork('start'));
  const loss = new InstanceLoss(table, tasks, kinds, lambda);
  const trained = classCount > 1 && tasks.length > 0;
  const losses: number[] = [];
  for (const [frozen, count] of [
    [true, warmUp],
    [false, epochs],
  ] as const) {
    if (!trained) break;
    loss.frozen = frozen;
    const training = { epochs: count, batch: batchSize({ batch: options.batch }, tasks.length), rate, decay: 0 };
    const before = losses.length;
    const context = {
      random: random.fork(frozen ? 'warm up' : 'train'),
      signal,
      onEpoch: (epoch: number) => onEpoch?.(before + epoch),
    };
    losses.push(...(await descend(network, { x: matrix.values, rows: prepared.rows(tasks) }, loss, training, context)));
  }
  const said = new Float64Array(taskCount * outputs);
  const opinions = new Float64Array(taskCount * classCount).fill(Number.NaN);
  const believed = voteShares(table);
  if (trained) {
    const z = await network.logits(gather(matrix.values, prepared.rows(described), matrix.columns), described.length);
    const f = leadingClasses(z, classCount, outputs);
    described.forEach((task, i) => {
      const own = f.subarray(i * classCount, (i + 1) * classCount);
      said.set(z.subarray(i * outputs, (i + 1) * outputs), task * outputs);
      opinions.set(own, task * classCount);
      believed.set(own, task * classCount);
    });
  }
  const { posterior, reliability } = weighed(table, loss, said, opinions, classFrequencies(table, believed));
  const prior = classFrequencies(table, posterior);
  const estimate = estimateOf(table, {
    method: 'instance-dependent',
    options: { kinds, warmUp, epochs, rate, lambda },
    seed,
    posterior,
    prior,
    workers: workersOf(table, countedConfusions(table, posterior), prior),
    objective: losses.map((value) => -value),
    stopReason: trained ? 'epochs done' : 'nothing to train',
    notes: [...tableNotes(table), ...prepared.notes, ...features.notes],
    tasks: { reliability },
  });
  const { standardisation } = prepared.classifier(network);
  const predict = async (rows: FeatureMatrix): Promise<Float64Array> =>
    leadingClasses(await network.logits(standardised(rows, standardisation).values, rows.rows), classCount, outputs);
  return { estimate, opinions, predict };
}

/** Softmax of the first K of all outputs of each row. */
function leadingClasses(z: Float32Array, classCount: number, outputs: number): Float64Array {
  const rows = z.length / outputs;
  const f = new Float64Array(rows * classCount);
  for (let row = 0; row < rows; row++) {
    f.set(z.subarray(row * outputs, row * outputs + classCount), row * classCount);
    softmaxInPlace(f, row * classCount, classCount);
  }
  return f;
}

/** Bayes with accuracies that depend on the task; gold tasks get their class. */
function weighed(
  { taskCount, classCount, taskStart, worker, label, weight, gold }: AnswerTable,
  loss: InstanceLoss,
  outputs: Float64Array,
  opinions: Float64Array,
  prior: Float64Array,
): { posterior: Float64Array; reliability: Float64Array } {
  const reliability = new Float64Array(taskCount);
  const posterior = Float64Array.from(opinions, (p, i) =>
    Math.log(Math.max(1e-30, Number.isNaN(p) ? prior[i % classCount] : p)),
  );
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const a = loss.accuracy(worker[e], outputs, task);
      const ratio = Math.log((a * Math.max(1, classCount - 1)) / (1 - a));
      posterior[row + label[e]] += (weight === undefined ? 1 : weight[e]) * ratio;
      reliability[task] += a / (taskStart[task + 1] - taskStart[task]);
    }
    softmaxInPlace(posterior, row, classCount);
    if (gold === undefined || gold[task] < 0) continue;
    posterior.fill(0, row, row + classCount);
    posterior[row + gold[task]] = 1;
  }
  return { posterior, reliability };
}
