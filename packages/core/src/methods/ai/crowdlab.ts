import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError } from '../../errors.ts';
import { type Estimate, estimateOf } from '../estimate.ts';
import { tableNotes } from '../table-notes.ts';
import { winner } from '../ties.ts';
import { voteCounts } from '../votes.ts';
import { coinWorkers } from '../worker-estimates.ts';
import { bestTemperature, tempered } from './temperature.ts';

/** Weights and errors never go below this. */
const least = 1e-6;

/** How {@link crowdlab} works. */
export interface CrowdlabOptions {
  /** Temper each model's probabilities to fit the vote shares first. Default false. */
  readonly temper?: boolean;
  /** Temper every model by this instead. */
  readonly temperature?: number;
  /** Decides what is tied in every other respect. Default 0. */
  readonly seed?: number;
}

/** What {@link crowdlab} found, in numbers; classes and tasks by index. */
export interface CrowdlabResult {
  /** T×K, rows sum to 1. */
  readonly posterior: Float64Array;
  /** Consensus class of each task; the likeliest of the models where there is no answer; T. */
  readonly consensus: Int32Array;
  /** Probability of the consensus, T. */
  readonly quality: Float64Array;
  /** Probability of what was said, by answer, N. */
  readonly answerQuality: Float64Array;
  /** Probability that a worker is right, W; NaN for workers without answers. */
  readonly workerQuality: Float64Array;
  readonly workerWeight: Float64Array;
  /** Weight and temperature of each model. */
  readonly modelWeight: readonly number[];
  readonly temperature: readonly number[];
  /** Models' probabilities as they were used, each T×K. */
  readonly models: readonly Float64Array[];
  /** Does some task have two answers? Without one, no weight can be told and all are 1. */
  readonly overlap: boolean;
}

/**
 * CROWDLAB: a weighted mean of the models' probabilities and what the workers said.
 *
 * Use with any model or language model that gives probabilities: nothing is trained, and one pass is
 * enough. Models trained on these answers must give out-of-sample probabilities. It knows one
 * trust per worker and no confusions, so with many answers per worker confusion methods are better;
 * and it is never more confident than its most confident member.
 *
 * `models`: T×K each, row-major; a row with a NaN means the model has no opinion there and counts as
 * uniform. Tasks without answers get the models' mean. Without any task of two answers all weights
 * are 1 and the quality is what the models say of the label. O(N + T·K·models), twice.
 *
 * Source: Goh, Tkachenko & Mueller (2022), "CROWDLAB: Supervised learning to infer consensus labels
 * and quality scores for data with multiple annotators"; constants and ties as in cleanlab's
 * `multiannotator`. Ensembles: Σ over models in place of the one model.
 *
 * @throws {InputError} invalid-predictions when a model has not T×K numbers
 * @example
 * import { crowdlab } from '@assay/core/ai';
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog'], ['t2', 'ana', 'cat'], ['t2', 'bo', 'cat']]);
 * [...crowdlab(table, [Float64Array.of(0.9, 0.1, 0.7, 0.3)]).consensus]; // => [0, 0]
 */
export function crowdlab(
  table: AnswerTable,
  models: readonly Float64Array[],
  { temper = false, temperature: given, seed = 0 }: CrowdlabOptions = {},
): CrowdlabResult {
  const { taskCount, classCount, workerCount, taskStart, label } = table;
  for (const model of models) checkModel(model, taskCount * classCount);
  const votes = voteCounts(table.weight === undefined && table.soft === undefined ? table : plain(table));
  const clean = models.map((model) => withoutGaps(model, classCount));
  const temperature = clean.map((model) => given ?? (temper ? bestTemperature(model, votes, classCount) : 1));
  const used = clean.map((model, index) => tempered(model, temperature[index], classCount));
  const mean = meanOf(used, taskCount, classCount);
  const counted = (task: number): number => taskStart[task + 1] - taskStart[task];
  let overlap = false;
  for (let task = 0; task < taskCount; task++) if (counted(task) > 1) overlap = true;

  const agreement = agreements(table, votes);
  let consensus = majority(table, votes, mean, agreement, seed);
  let found: Pooled = { posterior: mean, workerWeight: ones(workerCount), modelWeight: models.map(() => 1) };
  if (overlap) {
    const first = pool(table, votes, used, mean, agreement, consensus);
    consensus = largest(table, first.posterior, consensus);
    found = pool(table, votes, used, mean, agreement, consensus);
    consensus = largest(table, found.posterior, consensus);
  }
  const { posterior } = found;
  const quality = Float64Array.from(consensus, (k, task) => (k < 0 ? Number.NaN : posterior[task * classCount + k]));
  const answerQuality = new Float64Array(label.length);
  for (let task = 0; task < taskCount; task++)
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++)
      answerQuality[e] = posterior[task * classCount + label[e]];
  const workerQuality = qualities(table, answerQuality, consensus, found);
  return { ...found, consensus, quality, answerQuality, workerQuality, temperature, models: used, overlap };
}

/**
 * {@link crowdlab} as an estimate, with names, ties and notes. Worker weights are in
 * `workers.extra.weight`, the quality of each worker in `workers.accuracy`.
 */
export function crowdlabEstimate(
  table: AnswerTable,
  models: readonly Float64Array[],
  options: CrowdlabOptions = {},
): Estimate {
  const found = crowdlab(table, models, options);
  const notes = tableNotes(table);
  if (!found.overlap && table.answerCount > 0)
    notes.push('no task has two answers: workers and models could not be weighed');
  const accuracy = found.workerQuality.map((value) => (Number.isNaN(value) ? 1 / table.classCount : value));
  return estimateOf(table, {
    method: 'crowdlab',
    options: { ...options },
    seed: options.seed ?? 0,
    posterior: found.posterior,
    labels: found.consensus,
    workers: coinWorkers(table, found.posterior, accuracy, { weight: found.workerWeight }),
    iterations: 2,
    notes,
    extra: { modelWeight: found.modelWeight, temperature: found.temperature },
  });
}

interface Pooled {
  readonly posterior: Float64Array;
  readonly workerWeight: Float64Array;
  readonly modelWeight: readonly number[];
}

/** Steps 2 to 6: weights by agreement with the consensus, and the weighted mean. */
function pool(
  table: AnswerTable,
  votes: Float64Array,
  models: readonly Float64Array[],
  mean: Float64Array,
  agreement: Float64Array,
  consensus: Int32Array,
): Pooled {
  const { taskCount, classCount, workerCount, taskStart, worker, label } = table;
  const frequency = new Float64Array(classCount);
  let [tasks, share, answered, answers] = [0, 0, 0, 0];
  for (let task = 0; task < taskCount; task++) {
    const count = taskStart[task + 1] - taskStart[task];
    if (count > 0) answered++;
    answers += count;
    if (count < 2) continue;
    tasks++;
    share += votes[task * classCount + consensus[task]] / count;
    frequency[consensus[task]]++;
  }
  const right = share / tasks;
  const wrong = (1 - right) / Math.max(1, classCount - 1);
  const baseline = Math.max(least, 1 - Math.max(...frequency) / tasks);
  const workerWeight = agreement.map((agrees) => Math.max(least, 1 - (1 - agrees) / baseline));
  const modelWeight = models.map((model) => {
    let errors = 0;
    for (let task = 0; task < taskCount; task++) {
      if (taskStart[task + 1] - taskStart[task] < 2) continue;
      if (argmax(model, task * classCount, classCount) !== consensus[task]) errors++;
    }
    return Math.sqrt(answers / answered) * Math.max(least, 1 - errors / tasks / baseline);
  });
  const posterior = new Float64Array(taskCount * classCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    if (taskStart[task] === taskStart[task + 1]) {
      posterior.set(mean.subarray(row, row + classCount), row);
      continue;
    }
    let total = 0;
    models.forEach((model, p) => {
      total += modelWeight[p];
      for (let k = 0; k < classCount; k++) posterior[row + k] += modelWeight[p] * model[row + k];
    });
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const weight = workerWeight[worker[e]];
      total += weight;
      for (let k = 0; k < classCount; k++) posterior[row + k] += weight * (label[e] === k ? right : wrong);
    }
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += posterior[row + k] /= total;
    // One class has no off-consensus share, and rounding: rows sum to 1 exactly enough.
    for (let k = 0; k < classCount; k++) posterior[row + k] /= sum;
  }
  return { posterior, workerWeight: workerCount === 0 ? new Float64Array(0) : workerWeight, modelWeight };
}

/** How often each worker agrees with the others of the same task; the mean of the rest where there are none. */
function agreements(table: AnswerTable, votes: Float64Array): Float64Array {
  const { taskCount, classCount, workerCount, taskStart, worker, label } = table;
  const same = new Float64Array(workerCount);
  const pairs = new Float64Array(workerCount);
  for (let task = 0; task < taskCount; task++) {
    const others = taskStart[task + 1] - taskStart[task] - 1;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      same[worker[e]] += votes[task * classCount + label[e]] - 1;
      pairs[worker[e]] += others;
    }
  }
  return filled(same.map((value, w) => (pairs[w] > 0 ? value / pairs[w] : Number.NaN)));
}

/** NaN replaced by the mean of the rest, or 1 where there is no rest. */
function filled(values: Float64Array): Float64Array {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.length === 0 ? 1 : known.reduce((sum, value) => sum + value, 0) / known.length;
  return values.map((value) => (Number.isNaN(value) ? mean : value));
}

/** Majority label; ties by the models, then the rarer class, then the agreement of the voters, then by hash. */
function majority(
  table: AnswerTable,
  votes: Float64Array,
  mean: Float64Array,
  agreement: Float64Array,
  seed: number,
): Int32Array {
  const { taskCount, classCount, taskStart, worker, label } = table;
  const frequency = new Float64Array(classCount);
  for (let i = 0; i < votes.length; i++) frequency[i % classCount] += votes[i];
  const result = new Int32Array(taskCount).fill(-1);
  const scores = new Float64Array(classCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    let tied = Array.from({ length: classCount }, (_, k) => k);
    const keep = (score: (k: number) => number): void => {
      if (tied.length < 2) return;
      const most = Math.max(...tied.map(score));
      tied = tied.filter((k) => score(k) >= most);
    };
    keep((k) => votes[row + k]);
    keep((k) => mean[row + k]);
    keep((k) => -frequency[k]);
    if (tied.length > 1) {
      scores.fill(0);
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++)
        scores[label[e]] += agreement[worker[e]] / votes[row + label[e]];
      keep((k) => scores[k]);
    }
    scores.fill(0);
    for (const k of tied) scores[k] = 1;
    if (classCount > 0) result[task] = winner(scores, 0, classCount, 'hashed', seed, () => table.tasks.name(task));
  }
  return result;
}

/** Largest posterior; where it is tied, what the consensus was if that is among the tied. */
function largest({ taskCount, classCount }: AnswerTable, posterior: Float64Array, before: Int32Array): Int32Array {
  const result = new Int32Array(taskCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const best = argmax(posterior, row, classCount);
    result[task] = posterior[row + before[task]] >= posterior[row + best] ? before[task] : best;
  }
  return result;
}

/** Step 8: the mean quality of what a worker said, and how often it was the consensus, by the models' weight. */
function qualities(
  { taskCount, workerCount, taskStart, worker, label, answerCount }: AnswerTable,
  answerQuality: Float64Array,
  consensus: Int32Array,
  { workerWeight, modelWeight }: Pooled,
): Float64Array {
  const [sum, count, same, overlaps] = [0, 0, 0, 0].map(() => new Float64Array(workerCount));
  let answered = 0;
  for (let task = 0; task < taskCount; task++) {
    const answers = taskStart[task + 1] - taskStart[task];
    if (answers > 0) answered++;
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      sum[worker[e]] += answerQuality[e];
      count[worker[e]]++;
      if (answers < 2) continue;
      overlaps[worker[e]]++;
      if (label[e] === consensus[task]) same[worker[e]]++;
    }
  }
  const agrees = filled(same.map((value, w) => (overlaps[w] > 0 ? value / overlaps[w] : Number.NaN)));
  const models = modelWeight.reduce((total, weight) => total + weight, 0);
  const people = workerWeight.reduce((total, weight) => total + weight, 0);
  const share = models / (models + (answerCount / Math.max(1, answered) / Math.max(1, workerCount)) * people);
  return sum.map((value, w) => {
    if (count[w] === 0) return Number.NaN;
    return (models > 0 ? share : 0) * (value / count[w]) + (models > 0 ? 1 - share : 1) * agrees[w];
  });
}

/** The mean of the models, uniform without any. */
export function meanOf(models: readonly Float64Array[], taskCount: number, classCount: number): Float64Array {
  const mean = new Float64Array(taskCount * classCount);
  if (models.length === 0) return mean.fill(1 / Math.max(1, classCount));
  for (const model of models) for (let i = 0; i < mean.length; i++) mean[i] += model[i] / models.length;
  return mean;
}

/** Index of the largest of `count` values, counted from `from`. */
export function argmax(values: ArrayLike<number>, from: number, count: number): number {
  let best = 0;
  for (let k = 1; k < count; k++) if (values[from + k] > values[from + best]) best = k;
  return best;
}

function withoutGaps(model: Float64Array, classCount: number): Float64Array {
  const result = model.slice();
  for (let row = 0; row < result.length; row += classCount) {
    let sum = 0;
    for (let k = 0; k < classCount; k++) sum += result[row + k];
    for (let k = 0; k < classCount; k++) result[row + k] = sum > 0 ? result[row + k] / sum : 1 / classCount;
  }
  return result;
}

/** Weights and soft answers are not part of the method: every answer counts once. */
function plain(table: AnswerTable): AnswerTable {
  return table.with({ weight: undefined, soft: undefined });
}

function ones(count: number): Float64Array {
  return new Float64Array(count).fill(1);
}

function checkModel(model: Float64Array, expected: number): void {
  if (model.length === expected) return;
  const hint = 'give tasks × classes probabilities, by rows';
  throw new InputError(`invalid predictions: ${model.length} numbers instead of ${expected}; ${hint}`, {
    code: 'invalid-predictions',
    got: String(model.length),
    hint,
  });
}
