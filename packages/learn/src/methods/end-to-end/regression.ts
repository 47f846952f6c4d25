import { Random } from '@assay/core';
import { type FeatureMatrix, standardisationOf, standardised } from '../../features/index.ts';
import { type Architecture, logistic, Network } from '../../networks/index.ts';
import { batchSize } from '../prepared.ts';
import { type DescentContext, descend, type OutputLoss } from './descend.ts';
import { type NumberAnswers, type RegressionForm, RegressionLayerLoss } from './regression-layer.ts';

/** Rounds of weighing answers while the network stays as it is. */
const weighingRounds = 10;

/** Variance of a network that knows nothing, in units of the answers' variance. */
const unknown = 1e6;

/** Options of {@link learnNumbers}. */
export interface RegressionOptions {
  /** `em` (default) knows how noisy each worker is; `crowd-layer` weighs all alike while it trains. */
  readonly method?: 'em' | 'crowd-layer';
  /** How workers distort; `em` takes B. Default B. */
  readonly form?: RegressionForm;
  /** Rounds of `em`, default 10; the epochs are shared among them. */
  readonly rounds?: number;
  /** Default 100. */
  readonly epochs?: number;
  /** Default 32, at most an eighth of the tasks. */
  readonly batch?: number;
  /** Default 0.01. */
  readonly rate?: number;
  /** Makes the network, one output; default one dense layer, a linear model. */
  readonly architecture?: (inputs: number) => Architecture;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** What {@link learnNumbers} found. */
export interface RegressionResult {
  /** Posterior mean and standard deviation of each task, T: the answers and the network together. */
  readonly mean: Float64Array;
  readonly sd: Float64Array;
  /** The network alone, T. */
  readonly predicted: Float64Array;
  /** b_u, s_u and the standard deviation of each worker's answers around them, W. */
  readonly bias: Float64Array;
  readonly scale: Float64Array;
  readonly noise: Float64Array;
  /** Predictions for rows of features as they were read. */
  predict(matrix: FeatureMatrix): Promise<Float64Array>;
}

/**
 * Numbers from a crowd with features: the value of each task, the bias and noise of each worker, and a
 * network that predicts new tasks.
 *
 * `em` alternates between the posterior of every task (network and answers weighed by their precision),
 * the workers, and the network; take it unless scales matter. `crowd-layer` trains all on the squared
 * error of every answer and then weighs answers once. Values are exact up to an offset all workers
 * share. Tasks without answers get the network's value; workers without answers bias 0, scale 1 and the
 * noise of the others.
 *
 * @param features one row per task
 * @throws {StateError} cancelled, diverged
 *
 * Source: Raykar et al. (2010), section 5, with biases and a network; Rodrigues & Pereira (2018).
 *
 * @example
 * const answers = { taskCount: 2, workerCount: 1, task: Uint32Array.of(0, 1), worker: Uint32Array.of(0, 0), value: Float64Array.of(1, 3) };
 * (await learnNumbers(answers, matrixOf('f', [2, 1], [0, 1]))).mean.length; // => 2
 */
export async function learnNumbers(
  answers: NumberAnswers,
  features: FeatureMatrix,
  options: RegressionOptions = {},
): Promise<RegressionResult> {
  const { method = 'em', form = 'B', rounds = 10, epochs = 100, rate = 1e-2, seed = 0, signal } = options;
  const { architecture = linear } = options;
  const random = new Random(seed);
  const { offset, unit } = spread(answers.value);
  const scaled = { ...answers, value: answers.value.map((value) => (value - offset) / unit) };
  const tasks = answeredTasks(answers);
  const standardisation = standardisationOf(features, tasks);
  const { values: x } = standardised(features, standardisation);
  const network = Network.start(architecture(features.columns), random.fork('start'));
  const batch = batchSize({ batch: options.batch ?? 32 }, tasks.length);
  const training = { rate, decay: 0, batch };
  const context: DescentContext = { random: random.fork('train'), signal };
  const predict = async (rows: Float32Array, count: number): Promise<Float64Array> =>
    Float64Array.from(await network.logits(rows, count));
  const workers = freshWorkers(answers.workerCount);
  let predicted: Float64Array = new Float64Array(answers.taskCount);
  let posterior = posteriorOf(scaled, predicted, workers, unknown);
  if (method === 'crowd-layer') {
    const loss = new RegressionLayerLoss(scaled, tasks, form);
    await descend(network, { x, rows: tasks }, loss, { ...training, epochs }, context);
    predicted = await predict(x, answers.taskCount);
    workers.scale.set(loss.scale.values);
    loss.bias.values.forEach((bias, u) => {
      workers.bias[u] = form === 'B+S' ? bias * loss.scale.values[u] : bias;
    });
    posterior = { mean: predicted, variance: new Float64Array(answers.taskCount) };
    for (let round = 0; round < weighingRounds; round++) {
      judgeNoise(scaled, posterior, workers);
      posterior = posteriorOf(scaled, predicted, workers, networkVariance(predicted, posterior, tasks));
    }
  } else {
    const again = (variance: number): void => {
      judgeBias(scaled, posterior, workers);
      judgeNoise(scaled, posterior, workers);
      posterior = posteriorOf(scaled, predicted, workers, variance);
    };
    for (let round = 0; round < weighingRounds; round++) again(unknown);
    for (let round = 0; round < rounds; round++) {
      const loss = new SquaredError(posterior.mean, tasks);
      const each = Math.max(1, Math.round(epochs / rounds));
      await descend(network, { x, rows: tasks }, loss, { ...training, epochs: each }, context);
      predicted = await predict(x, answers.taskCount);
      again(networkVariance(predicted, posterior, tasks));
    }
  }
  return {
    mean: posterior.mean.map((value) => offset + unit * value),
    sd: posterior.variance.map((variance) => unit * Math.sqrt(variance)),
    predicted: predicted.map((value) => offset + unit * value),
    // y = s·μ + b in scaled units is s·μ + unit·b + (1 − s)·offset in those of the answers.
    bias: workers.bias.map((bias, u) => unit * bias + (1 - workers.scale[u]) * offset),
    scale: workers.scale,
    noise: workers.variance.map((variance) => unit * Math.sqrt(variance)),
    predict: async (matrix) => {
      const rows = standardised(matrix, standardisation).values;
      return (await predict(rows, matrix.rows)).map((value) => offset + unit * value);
    },
  };
}

/** What is believed of each task, T. */
interface Believed {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** What is believed of each worker, W. */
interface Workers {
  readonly bias: Float64Array;
  readonly scale: Float64Array;
  readonly variance: Float64Array;
}

/** ½ Σ (m − μ)² over the tasks of a batch, divided by their number. */
class SquaredError implements OutputLoss {
  readonly #targets: Float64Array;
  readonly #tasks: Uint32Array;

  constructor(targets: Float64Array, tasks: Uint32Array) {
    this.#targets = targets;
    this.#tasks = tasks;
  }

  evaluate(places: Uint32Array, z: Float64Array, slope: Float64Array): number {
    let loss = 0;
    for (let i = 0; i < places.length; i++) {
      const rest = z[i] - this.#targets[this.#tasks[places[i]]];
      loss += rest ** 2 / (2 * places.length);
      slope[i] = rest / places.length;
    }
    return loss;
  }

  step(): void {}
}

function linear(inputs: number): Architecture {
  return logistic(inputs, 1);
}

function freshWorkers(count: number): Workers {
  const ones = new Float64Array(count).fill(1);
  return { bias: new Float64Array(count), scale: ones, variance: ones.slice() };
}

/** Mean and deviation of all answers; 0 and 1 where they do not differ. */
function spread(values: Float64Array): { offset: number; unit: number } {
  const count = Math.max(1, values.length);
  const offset = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - offset) ** 2, 0) / count;
  return { offset, unit: variance > 0 ? Math.sqrt(variance) : 1 };
}

function answeredTasks({ task }: NumberAnswers): Uint32Array {
  return Uint32Array.from(new Set(task)).sort();
}

/** E-step: the precision-weighted mean of the network and of answers freed of bias and scale. */
function posteriorOf(
  { taskCount, task, worker, value }: NumberAnswers,
  predicted: Float64Array,
  { bias, scale, variance }: Workers,
  networkVariance: number,
): Believed {
  const precision = new Float64Array(taskCount).fill(1 / networkVariance);
  const mean = predicted.map((f) => f / networkVariance);
  for (let e = 0; e < value.length; e++) {
    const u = worker[e];
    precision[task[e]] += scale[u] ** 2 / variance[u];
    mean[task[e]] += (scale[u] * (value[e] - bias[u])) / variance[u];
  }
  return { mean: mean.map((sum, t) => sum / precision[t]), variance: precision.map((tau) => 1 / tau) };
}

/** M-step for biases, shrunk by one answer; their mean over answers is 0. */
function judgeBias({ task, worker, value }: NumberAnswers, { mean }: Believed, { bias }: Workers): void {
  const count = new Float64Array(bias.length);
  bias.fill(0);
  for (let e = 0; e < value.length; e++) {
    count[worker[e]]++;
    bias[worker[e]] += value[e] - mean[task[e]];
  }
  let shared = 0;
  for (let u = 0; u < bias.length; u++) {
    bias[u] /= count[u] + 1;
    shared += (count[u] * bias[u]) / Math.max(1, value.length);
  }
  for (let u = 0; u < bias.length; u++) if (count[u] > 0) bias[u] -= shared;
}

/** M-step for the noise of workers, with an inverse gamma (2, a quarter of the mean square) before it. */
function judgeNoise(
  { task, worker, value }: NumberAnswers,
  { mean, variance: uncertainty }: Believed,
  { bias, scale, variance }: Workers,
): void {
  const count = new Float64Array(variance.length);
  const square = new Float64Array(variance.length);
  let all = 0;
  for (let e = 0; e < value.length; e++) {
    const u = worker[e];
    const rest = value[e] - scale[u] * mean[task[e]] - bias[u];
    const expected = rest ** 2 + scale[u] ** 2 * Math.min(1, uncertainty[task[e]]);
    count[u]++;
    square[u] += expected;
    all += expected;
  }
  const pooled = Math.max(1e-9, all / Math.max(1, value.length));
  for (let u = 0; u < variance.length; u++)
    variance[u] = count[u] === 0 ? pooled : (pooled / 4 + square[u] / 2) / (3 + count[u] / 2);
}

/** How far the network is from what is believed: mean of (m − μ)² + v. */
function networkVariance(predicted: Float64Array, { mean, variance }: Believed, tasks: Uint32Array): number {
  let sum = 0;
  for (const task of tasks) sum += (mean[task] - predicted[task]) ** 2 + variance[task];
  return Math.max(1e-9, sum / Math.max(1, tasks.length));
}
