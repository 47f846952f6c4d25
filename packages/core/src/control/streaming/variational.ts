import { InputError } from '../../errors.ts';
import { digamma } from '../../math/gamma-functions.ts';

export interface StreamingVariationalOptions {
  readonly classes: number;
  readonly workers: number;
  /** Tasks the whole stream is expected to have: what a batch is scaled up to. */
  readonly tasks: number;
  /** ρ_t = (delay + t)^−forgetting; defaults 10 and 0.7. */
  readonly delay?: number;
  readonly forgetting?: number;
  /** Pseudo-counts of right and of each wrong answer of a worker, default 2 and 1; of each class 1. */
  readonly right?: number;
  readonly wrong?: number;
  /**
   * `own` (default): every worker steps by her own batches, scaled by her own answers. `textbook`: one step and one scale for
   * all, as published: it drags workers who are absent from a batch towards the prior.
   */
  readonly scale?: 'own' | 'textbook';
}

/** One answer of a batch: task is any number that tells the batch's tasks apart. */
export interface BatchAnswer {
  readonly task: number;
  readonly worker: number;
  readonly label: number;
}

/**
 * Dawid-Skene for streams too long to keep: stochastic variational inference over batches of finished tasks.
 *
 * Use where answers cannot be stored or refitted; {@link OnlineEm} is better while they can. A batch has all answers of its
 * tasks; they are forgotten afterwards. Memory W·K² + K whatever the length; O(K · answers of the batch) a batch; nothing
 * random. A batch without answers changes nothing.
 *
 * Source: Hoffman, Blei, Wang & Paisley (2013), JMLR 14, with Dirichlet rows per worker; a step and a scale of each
 * worker's own are ours.
 *
 * @throws {InputError} invalid-option
 * @example
 * const stream = new StreamingVariational({ classes: 2, workers: 3, tasks: 1000 });
 * stream.addBatch([{ task: 0, worker: 2, label: 1 }]).get(0)[1] > 0.5; // => true
 */
export class StreamingVariational {
  readonly classes: number;
  /** λ, W×K×K [worker][true][said]: Dirichlet parameters. */
  readonly rows: Float64Array;
  /** ν, K. */
  readonly shares: Float64Array;
  /** Answers seen of each worker. */
  readonly answersOfWorker: Float64Array;
  readonly #options: Required<StreamingVariationalOptions>;
  readonly #stepsOfWorker: Uint32Array;
  readonly #prior: Float64Array;
  #steps = 0;
  #tasksSeen = 0;

  constructor(options: StreamingVariationalOptions) {
    const all = { delay: 10, forgetting: 0.7, right: 2, wrong: 1, scale: 'own' as const, ...options };
    const { classes, workers, delay, forgetting, right, wrong } = all;
    if (!(classes >= 2) || !(delay >= 0) || !(forgetting > 0.5 && forgetting <= 1) || !(right > 0) || !(wrong > 0)) {
      const hint = 'give 2 classes or more, a forgetting in (0.5, 1], and pseudo-counts above 0';
      throw new InputError(`invalid stream options; ${hint}`, { code: 'invalid-option', hint });
    }
    this.#options = all;
    this.classes = classes;
    const block = classes * classes;
    this.#prior = Float64Array.from({ length: block }, (_, i) => (i % (classes + 1) === 0 ? right : wrong));
    this.rows = Float64Array.from({ length: workers * block }, (_, i) => this.#prior[i % block]);
    this.shares = new Float64Array(classes).fill(1);
    this.answersOfWorker = new Float64Array(workers);
    this.#stepsOfWorker = new Uint32Array(workers);
  }

  /** Takes all answers of some tasks and returns their posteriors by task. */
  addBatch(answers: readonly BatchAnswer[]): Map<number, Float64Array> {
    const { classes } = this;
    const posteriors = this.#posteriors(answers);
    if (posteriors.size === 0) return posteriors;
    const block = classes * classes;
    const counts = new Map<number, Float64Array>();
    for (const { task, worker, label } of answers) {
      const q = posteriors.get(task) as Float64Array;
      const mine = counts.get(worker) ?? new Float64Array(block);
      for (let k = 0; k < classes; k++) mine[k * classes + label] += q[k];
      counts.set(worker, mine);
      this.answersOfWorker[worker]++;
    }
    const classCounts = new Float64Array(classes);
    for (const q of posteriors.values()) for (let k = 0; k < classes; k++) classCounts[k] += q[k];
    const { tasks, scale } = this.#options;
    const step = this.#step(this.#steps++ + 1);
    const up = tasks / posteriors.size;
    this.#tasksSeen += posteriors.size;
    for (let k = 0; k < classes; k++) {
      this.shares[k] = (1 - step) * this.shares[k] + step * (1 + up * classCounts[k]);
    }
    const workers = scale === 'own' ? counts.keys() : this.#stepsOfWorker.keys();
    for (const worker of workers) {
      const mine = counts.get(worker);
      const inBatch = mine === undefined ? 0 : mine.reduce((sum, mass) => sum + mass, 0);
      const own = scale === 'own';
      const rate = own ? this.#step(++this.#stepsOfWorker[worker]) : step;
      // What the worker will have given by the end of the stream, at her pace so far.
      const expected = this.answersOfWorker[worker] * Math.max(1, tasks / this.#tasksSeen);
      const worth = own ? expected / inBatch : up;
      for (let i = 0; i < block; i++) {
        const at = worker * block + i;
        const target = this.#prior[i] + (mine === undefined ? 0 : worth * mine[i]);
        this.rows[at] = (1 - rate) * this.rows[at] + rate * target;
      }
    }
    return posteriors;
  }

  /** The mean confusion of a worker, K×K. */
  confusionOf(worker: number): Float64Array {
    const { classes } = this;
    const block = classes * classes;
    const rows = this.rows.slice(worker * block, (worker + 1) * block);
    for (let row = 0; row < block; row += classes) {
      let sum = 0;
      for (let y = 0; y < classes; y++) sum += rows[row + y];
      for (let y = 0; y < classes; y++) rows[row + y] /= sum;
    }
    return rows;
  }

  /** q ∝ exp(E ln π_k + Σ E ln A[k][y]). */
  #posteriors(answers: readonly BatchAnswer[]): Map<number, Float64Array> {
    const { classes, rows, shares } = this;
    const block = classes * classes;
    const allShares = digamma(shares.reduce((sum, share) => sum + share, 0));
    const logShares = shares.map((share) => digamma(share) - allShares);
    const logs = new Map<number, Float64Array>();
    const expected = new Map<number, Float64Array>();
    for (const { task, worker, label } of answers) {
      let mine = expected.get(worker);
      if (mine === undefined) {
        mine = expectedLogs(rows.subarray(worker * block, (worker + 1) * block), classes);
        expected.set(worker, mine);
      }
      const log = logs.get(task) ?? logShares.slice();
      for (let k = 0; k < classes; k++) log[k] += mine[k * classes + label];
      logs.set(task, log);
    }
    for (const log of logs.values()) {
      const most = Math.max(...log);
      let sum = 0;
      for (let k = 0; k < classes; k++) {
        log[k] = Math.exp(log[k] - most);
        sum += log[k];
      }
      for (let k = 0; k < classes; k++) log[k] /= sum;
    }
    return logs;
  }

  #step(t: number): number {
    return (this.#options.delay + t) ** -this.#options.forgetting;
  }
}

function expectedLogs(rows: Float64Array, classes: number): Float64Array {
  const logs = new Float64Array(rows.length);
  for (let row = 0; row < rows.length; row += classes) {
    let sum = 0;
    for (let y = 0; y < classes; y++) sum += rows[row + y];
    const all = digamma(sum);
    for (let y = 0; y < classes; y++) logs[row + y] = digamma(rows[row + y]) - all;
  }
  return logs;
}
