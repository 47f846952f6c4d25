import { InputError } from '../errors.ts';
import { normalQuantile } from '../math/normal-quantile.ts';
import type { Random } from '../math/random.ts';
import { quantileSorted } from '../quality/bootstrap.ts';
import type { NumberAnswers } from './number-answers.ts';

/** Options of {@link rateNumbers}. */
export interface RatingOptions {
  readonly random: Random;
  /** Probability intervals are meant to cover, default 0.95. */
  readonly level?: number;
  /** Draws that are kept, after half as many that are not; default 400. */
  readonly draws?: number;
}

/** What {@link rateNumbers} found. Ends of intervals are at the level asked for. */
export interface NumberRatings {
  readonly level: number;
  /** Value of each task with its interval, T. */
  readonly value: Float64Array;
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /** Plain mean and median of its answers, T; NaN without answers. */
  readonly mean: Float64Array;
  readonly median: Float64Array;
  /** Interval of the plain mean, from the spread of answers around it in all tasks, T; NaN where none has two. */
  readonly meanLo: Float64Array;
  readonly meanHi: Float64Array;
  readonly answers: Uint32Array;
  readonly workers: {
    readonly answers: Uint32Array;
    /** How much higher than others the worker's numbers are, W. */
    readonly bias: Float64Array;
    readonly biasLo: Float64Array;
    readonly biasHi: Float64Array;
    /** Standard deviation of the worker's numbers around the tasks' values, bias aside, W. */
    readonly noise: Float64Array;
    readonly noiseLo: Float64Array;
    readonly noiseHi: Float64Array;
  };
  readonly notes: readonly string[];
}

/** Shape of the inverse gamma distribution of the workers' variances; its scale is learned. */
const noiseShape = 2;

/** Below this many answers a worker's numbers say little of the worker. */
const fewAnswers = 5;

/**
 * Values of tasks from numbers that workers gave, with the bias and the noise of each worker.
 *
 * Use for ratings, estimates and measurements. A worker's numbers lie around the task's value, moved by a bias
 * and spread by a noise of the worker's own; values, biases and variances have distributions that
 * are learned with them, so that who gave few answers is taken for an ordinary worker. Intervals hold all of that
 * uncertainty. Not for scales with a few steps whose ends many answers hit, nor for outliers that are
 * mistakes of typing: the plain median, given beside, shows where they matter. An offset that all workers
 * share cannot be seen. Values are pulled to the mean of all tasks, the more the less is known. On real ratings the
 * plain mean, which is given too, is often as good or better: workers who say 0 to everything look exact.
 *
 * One worker, one task, equal answers and no answers are valid: the notes say what that leaves open.
 * Gibbs sampling of conjugate conditionals; the order of answers matters for rounding only. O(600 · N).
 *
 * Source: Raykar et al. (2010), section 5, with biases; Ok et al. (2019) for the model; the learned scale of
 * the variances and the sampler are ours.
 *
 * @throws {InputError} invalid-option for a level outside 0 to 1
 * @example
 * const answers = { tasks: dictionaryOf(['a', 'b']), workers: dictionaryOf(['ana', 'bo']), task: Uint32Array.of(0, 0, 1, 1), worker: Uint32Array.of(0, 1, 0, 1), value: Float64Array.of(1, 2, 8, 9) };
 * const { value } = rateNumbers(answers, { random: new Random(1) });
 * value[0] < 3 && value[1] > 7; // => true
 */
export function rateNumbers(answers: NumberAnswers, options: RatingOptions): NumberRatings {
  const { random, level = 0.95, draws = 400 } = options;
  if (!(level > 0 && level < 1)) {
    const hint = 'give a number between 0 and 1';
    throw new InputError(`invalid level ${level}; ${hint}`, {
      code: 'invalid-option',
      path: 'level',
      got: String(level),
      hint,
    });
  }
  const taskCount = answers.tasks.size;
  const workerCount = answers.workers.size;
  const state = new Sampler(answers, random.fork('rating'));
  const kept = {
    value: columns(taskCount, draws),
    bias: columns(workerCount, draws),
    noise: columns(workerCount, draws),
  };
  for (let draw = -Math.ceil(draws / 2); draw < draws; draw++) {
    state.next();
    if (draw < 0) continue;
    for (let t = 0; t < taskCount; t++) kept.value[t][draw] = state.unscaled(state.value[t]);
    for (let w = 0; w < workerCount; w++) {
      kept.bias[w][draw] = state.bias[w] * state.spread;
      kept.noise[w][draw] = Math.sqrt(state.variance[w]) * state.spread;
    }
  }
  const [value, bias, noise] = [summary(kept.value, level), summary(kept.bias, level), summary(kept.noise, level)];
  const plain = plainOf(answers, level);
  const perWorker = new Uint32Array(workerCount);
  for (const w of answers.worker) perWorker[w]++;
  return {
    level,
    value: value.mean,
    lo: value.lo,
    hi: value.hi,
    ...plain,
    workers: {
      answers: perWorker,
      bias: bias.mean,
      biasLo: bias.lo,
      biasHi: bias.hi,
      noise: noise.mean,
      noiseLo: noise.lo,
      noiseHi: noise.hi,
    },
    notes: notesOf(answers, perWorker, plain.answers),
  };
}

/** Draws of all unknowns, in units in which the answers have mean 0 and variance 1. */
class Sampler {
  readonly value: Float64Array;
  readonly bias: Float64Array;
  /** σ_u². */
  readonly variance: Float64Array;
  /** Standard deviation of the answers, 1 where they are all alike. */
  readonly spread: number;
  readonly #centre: number;
  readonly #x: Float64Array;
  readonly #answers: NumberAnswers;
  readonly #random: Random;
  /** Answers by worker and by task. */
  readonly #ofTask: Uint32Array;
  readonly #ofWorker: Uint32Array;
  #mean = 0;
  /** Variances of the values and of the biases, and the scale of the workers' variances. */
  #values = 1;
  #biases = 0.1;
  #scale = 1;

  constructor(answers: NumberAnswers, random: Random) {
    const { value, task, worker, tasks, workers } = answers;
    this.#answers = answers;
    this.#random = random;
    const count = Math.max(1, value.length);
    this.#centre = value.reduce((sum, each) => sum + each / count, 0);
    const square = value.reduce((sum, each) => sum + (each - this.#centre) ** 2 / count, 0);
    this.spread = square > 0 ? Math.sqrt(square) : 1;
    this.#x = value.map((each) => (each - this.#centre) / this.spread);
    this.value = new Float64Array(tasks.size);
    this.bias = new Float64Array(workers.size);
    this.variance = new Float64Array(workers.size).fill(0.5);
    this.#ofTask = sortedBy(task, worker);
    this.#ofWorker = sortedBy(worker, task);
  }

  unscaled(value: number): number {
    return this.#centre + this.spread * value;
  }

  next(): void {
    const { task, worker } = this.#answers;
    const random = this.#random;
    const x = this.#x;
    runs(this.#ofTask, task, this.value.length, (t, from, to) => {
      let [precision, sum] = [1 / this.#values, this.#mean / this.#values];
      for (let i = from; i < to; i++) {
        const e = this.#ofTask[i];
        const weight = 1 / this.variance[worker[e]];
        precision += weight;
        sum += weight * (x[e] - this.bias[worker[e]]);
      }
      this.value[t] = sum / precision + random.normal() / Math.sqrt(precision);
    });
    runs(this.#ofWorker, worker, this.bias.length, (w, from, to) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += x[this.#ofWorker[i]] - this.value[task[this.#ofWorker[i]]];
      const precision = 1 / this.#biases + (to - from) / this.variance[w];
      this.bias[w] = sum / this.variance[w] / precision + random.normal() / Math.sqrt(precision);
      let squares = 0;
      for (let i = from; i < to; i++) {
        const e = this.#ofWorker[i];
        squares += (x[e] - this.value[task[e]] - this.bias[w]) ** 2;
      }
      this.variance[w] = (this.#scale + squares / 2) / random.gamma(noiseShape + (to - from) / 2);
    });
    this.#nextHyper();
  }

  /** The distributions the unknowns come from; a little of the answers' variance keeps each from collapsing. */
  #nextHyper(): void {
    const random = this.#random;
    const [tasks, workers] = [this.value.length, this.bias.length];
    const sum = this.value.reduce((total, value) => total + value, 0);
    this.#mean = sum / (tasks + 1) + random.normal() * Math.sqrt(this.#values / (tasks + 1));
    const values = this.value.reduce((total, value) => total + (value - this.#mean) ** 2, this.#mean ** 2);
    this.#values = (0.05 + values / 2) / random.gamma(1 + (tasks + 1) / 2);
    const biases = this.bias.reduce((total, bias) => total + bias * bias, 0);
    this.#biases = (0.02 + biases / 2) / random.gamma(1 + workers / 2);
    const precision = this.variance.reduce((total, variance) => total + 1 / variance, 0);
    this.#scale = random.gamma(1 + noiseShape * workers) / (1 + precision);
  }
}

/** Places sorted by one column, ties by the other. */
function sortedBy(first: Uint32Array, second: Uint32Array): Uint32Array {
  return Uint32Array.from(first.keys()).sort((a, b) => first[a] - first[b] || second[a] - second[b] || a - b);
}

/** Calls `use` with the run of each key in a sorted order; keys without answers have empty runs. */
function runs(
  order: Uint32Array,
  keys: Uint32Array,
  count: number,
  use: (key: number, from: number, to: number) => void,
): void {
  let at = 0;
  for (let key = 0; key < count; key++) {
    const from = at;
    while (at < order.length && keys[order[at]] === key) at++;
    use(key, from, at);
  }
}

function columns(count: number, draws: number): Float64Array[] {
  return Array.from({ length: count }, () => new Float64Array(draws));
}

function summary(
  drawn: readonly Float64Array[],
  level: number,
): { mean: Float64Array; lo: Float64Array; hi: Float64Array } {
  const mean = Float64Array.from(drawn, (column) => column.reduce((sum, each) => sum + each, 0) / column.length);
  for (const column of drawn) column.sort();
  const tail = (1 - level) / 2;
  return {
    mean,
    lo: Float64Array.from(drawn, (column) => quantileSorted(column, tail)),
    hi: Float64Array.from(drawn, (column) => quantileSorted(column, 1 - tail)),
  };
}

function plainOf(
  { tasks, task, value }: NumberAnswers,
  level: number,
): Pick<NumberRatings, 'mean' | 'median' | 'meanLo' | 'meanHi' | 'answers'> {
  const lists = Array.from({ length: tasks.size }, (): number[] => []);
  for (let e = 0; e < task.length; e++) lists[task[e]].push(value[e]);
  for (const list of lists) list.sort((a, b) => a - b);
  const mean = Float64Array.from(lists, (list) => list.reduce((sum, each) => sum + each, 0) / list.length);
  let [squares, freedom] = [0, 0];
  lists.forEach((list, t) => {
    for (const each of list) squares += (each - mean[t]) ** 2;
    freedom += Math.max(0, list.length - 1);
  });
  const half = normalQuantile((1 + level) / 2) * Math.sqrt(squares / freedom);
  return {
    mean,
    meanLo: mean.map((value, t) => value - half / Math.sqrt(lists[t].length)),
    meanHi: mean.map((value, t) => value + half / Math.sqrt(lists[t].length)),
    median: Float64Array.from(lists, (list) => quantileSorted(list, 0.5)),
    answers: Uint32Array.from(lists, (list) => list.length),
  };
}

function notesOf({ value, workers }: NumberAnswers, perWorker: Uint32Array, perTask: Uint32Array): string[] {
  const notes: string[] = [];
  if (value.length === 0) notes.push('no answers: the values say nothing');
  else if (workers.size === 1) notes.push('one worker: bias and noise cannot be told from the values');
  else if (perTask.every((count) => count <= 1))
    notes.push('no task has two answers: bias and noise cannot be told from the values');
  const few = perWorker.reduce((sum, count) => sum + (count < fewAnswers ? 1 : 0), 0);
  if (few > 0 && workers.size > 1) notes.push(`workers with fewer than ${fewAnswers} answers: ${few}`);
  return notes;
}
