import { InputError } from '../../errors.ts';
import { entropy } from '../stopping/belief.ts';

export interface OnlineEmOptions {
  readonly classes: number;
  readonly tasks: number;
  readonly workers: number;
  /** Power of the step sizes, in (0.5, 1]; default 0.6. */
  readonly decay?: number;
  /** Answers a worker is taken to have given before; default 10. */
  readonly head?: number;
  /** Whose answers count down a worker's steps: `own` (default), or `all`, the published form, which learns late workers slowly. */
  readonly counter?: 'own' | 'all';
  /** Accuracy of an unknown worker; default 0.7. */
  readonly accuracy?: number;
  /** Smoothing of shares; default 0.01. */
  readonly smoothing?: number;
  /** The step of a worker is never below this: above 0 old answers are forgotten; default 0. */
  readonly leastStep?: number;
}

/** The parts of an estimate that a stream catches up with. */
export interface ExactFit {
  /** T×K. */
  readonly posterior: Float64Array;
  /** K. */
  readonly prior?: Float64Array;
  readonly workers?: { /** W×K×K. */ readonly confusion?: Float64Array };
}

/**
 * Dawid-Skene, one answer at a time: posteriors and confusions that are ready at any moment of a campaign.
 *
 * `add` refreshes the answered task's posterior with the confusions of now, then steps the worker's and the classes'
 * statistics. Posteriors of tasks touched earlier are stale by design until {@link refresh}. Within 0.02 accuracy of a
 * batch fit on the same answers in our streams; every few thousand answers {@link anchor} a batch fit, which makes it
 * exact again. O(K · answers of the task + K²) an answer, memory O(T·K + W·K² + answers); no randomness.
 *
 * Source: stepwise EM (Cappé & Moulines 2009, JRSS-B 71) with steps t^−0.6 per worker; the form is ours: a counter per
 * worker, since a global one wipes the start and learns late workers too slowly.
 *
 * @example
 * const stream = new OnlineEm({ classes: 2, tasks: 10, workers: 3 });
 * stream.add(0, 2, 1); // task 0, worker 2, class 1
 * stream.posterior[1]; // P(task 0 is of class 1)
 */
export class OnlineEm {
  readonly classes: number;
  /** T×K; rows of untouched tasks are the class prior of the start. */
  posterior: Float64Array;
  /** W×K×K, [worker][true][said]. */
  confusion: Float64Array;
  /** K. */
  readonly prior: Float64Array;
  answersOfWorker: Uint32Array;
  answersOfTask: Uint32Array;
  #answers = 0;
  #joint: Float64Array;
  readonly #shares: Float64Array;
  readonly #decay: number;
  readonly #head: number;
  readonly #ownCounter: boolean;
  readonly #smoothing: number;
  readonly #leastStep: number;
  /** Answers of a task as a list from the newest on: index + 1 of the next, 0 at the end. */
  #newest: Uint32Array;
  #next: Uint32Array = new Uint32Array(1024);
  #worker: Uint32Array = new Uint32Array(1024);
  #label: Uint16Array = new Uint16Array(1024);
  readonly #log: Float64Array;
  readonly #accuracy: number;
  /** Class + 1 of tasks whose label is known, 0 else. */
  #known: Uint16Array;

  constructor(options: OnlineEmOptions) {
    const { classes, tasks, workers, decay = 0.6, head = 10, accuracy = 0.7, smoothing = 0.01 } = options;
    if (!(classes >= 2) || !(decay > 0.5 && decay <= 1) || !(head >= 0) || !(accuracy > 0 && accuracy < 1)) {
      const hint = 'give 2 classes or more, a decay in (0.5, 1], a head of 0 or more and an accuracy in (0, 1)';
      throw new InputError(`invalid stream options; ${hint}`, { code: 'invalid-option', hint });
    }
    this.classes = classes;
    this.#decay = decay;
    this.#head = head;
    this.#ownCounter = options.counter !== 'all';
    this.#smoothing = smoothing;
    this.#leastStep = options.leastStep ?? 0;
    this.posterior = new Float64Array(tasks * classes).fill(1 / classes);
    this.prior = new Float64Array(classes).fill(1 / classes);
    this.#shares = new Float64Array(classes).fill(1 / classes);
    const block = classes * classes;
    this.#accuracy = accuracy;
    this.confusion = new Float64Array(workers * block);
    this.#startWorkers(0);
    this.#joint = this.confusion.map((share) => share / classes);
    this.answersOfWorker = new Uint32Array(workers);
    this.answersOfTask = new Uint32Array(tasks);
    this.#newest = new Uint32Array(tasks);
    this.#known = new Uint16Array(tasks);
    this.#log = new Float64Array(classes);
  }

  /** Makes room for tasks and workers that came since; the new ones are as at the start. Never shrinks. */
  grow(tasks: number, workers: number): void {
    const { classes } = this;
    const [oldTasks, oldWorkers] = [this.answersOfTask.length, this.answersOfWorker.length];
    if (tasks > oldTasks) {
      this.posterior = extended(this.posterior, new Float64Array(tasks * classes).fill(1 / classes));
      this.answersOfTask = extended(this.answersOfTask, new Uint32Array(tasks));
      this.#newest = extended(this.#newest, new Uint32Array(tasks));
      this.#known = extended(this.#known, new Uint16Array(tasks));
    }
    if (workers > oldWorkers) {
      const block = classes * classes;
      this.answersOfWorker = extended(this.answersOfWorker, new Uint32Array(workers));
      this.confusion = extended(this.confusion, new Float64Array(workers * block));
      this.#startWorkers(oldWorkers);
      const joint = this.confusion.map((share) => share / classes);
      this.#joint = extended(this.#joint, joint);
    }
  }

  /** Fixes the label of a task, as gold: its posterior is certain and teaches about its workers from now on. */
  settle(task: number, label: number): void {
    this.#known[task] = label + 1;
    this.refresh(task);
  }

  #startWorkers(from: number): void {
    const { classes } = this;
    const block = classes * classes;
    const { confusion } = this;
    confusion.fill((1 - this.#accuracy) / (classes - 1), from * block);
    for (let i = from * block; i < confusion.length; i += block) {
      for (let k = 0; k < classes; k++) confusion[i + k * (classes + 1)] = this.#accuracy;
    }
  }

  get answers(): number {
    return this.#answers;
  }

  /** Takes one answer into account. */
  add(task: number, worker: number, label: number): void {
    const { classes, posterior, prior, confusion } = this;
    const at = this.#answers++;
    if (at === this.#next.length) this.#grow();
    this.#next[at] = this.#newest[task];
    this.#worker[at] = worker;
    this.#label[at] = label;
    this.#newest[task] = at + 1;
    this.answersOfTask[task]++;
    this.refresh(task);
    const from = task * classes;
    const given = ++this.answersOfWorker[worker];
    const counted = this.#ownCounter ? given : this.#answers;
    const step = Math.max(this.#leastStep, (counted + this.#head) ** -this.#decay);
    const start = worker * classes * classes;
    const joint = this.#joint;
    for (let k = 0; k < classes; k++) {
      let mass = 0;
      const row = start + k * classes;
      for (let y = 0; y < classes; y++) {
        joint[row + y] *= 1 - step;
        if (y === label) joint[row + y] += step * posterior[from + k];
        mass += joint[row + y];
      }
      const scale = 1 / (mass + classes * this.#smoothing);
      for (let y = 0; y < classes; y++) confusion[row + y] = (joint[row + y] + this.#smoothing) * scale;
    }
    const classStep = (this.#answers + this.#head) ** -this.#decay;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      this.#shares[k] = (1 - classStep) * this.#shares[k] + classStep * posterior[from + k];
      sum += this.#shares[k];
    }
    for (let k = 0; k < classes; k++) {
      prior[k] = (this.#shares[k] + this.#smoothing) / (sum + classes * this.#smoothing);
    }
  }

  /**
   * Takes an answer back, or replaces it where `label` is given. The task's posterior follows at once, what the answer
   * taught about its worker at the next {@link anchor}. False where there is no such answer. O(answers of the task).
   */
  change(task: number, worker: number, label?: number): boolean {
    let before = 0;
    for (let answer = this.#newest[task]; answer !== 0; before = answer, answer = this.#next[answer - 1]) {
      if (this.#worker[answer - 1] !== worker) continue;
      if (label !== undefined) this.#label[answer - 1] = label;
      else {
        if (before === 0) this.#newest[task] = this.#next[answer - 1];
        else this.#next[before - 1] = this.#next[answer - 1];
        this.answersOfTask[task]--;
        this.answersOfWorker[worker]--;
      }
      this.refresh(task);
      return true;
    }
    return false;
  }

  /** All answers in the order of a table, for a batch fit: by task and, inside a task, by worker. O(answers). */
  answerColumns(): { readonly taskStart: Uint32Array; readonly worker: Uint32Array; readonly label: Uint16Array } {
    const tasks = this.answersOfTask.length;
    const taskStart = new Uint32Array(tasks + 1);
    for (let task = 0; task < tasks; task++) taskStart[task + 1] = taskStart[task] + this.answersOfTask[task];
    const worker = new Uint32Array(taskStart[tasks]);
    const label = new Uint16Array(taskStart[tasks]);
    for (let task = 0; task < tasks; task++) {
      let end = taskStart[task];
      for (let answer = this.#newest[task]; answer !== 0; answer = this.#next[answer - 1]) {
        const [who, said] = [this.#worker[answer - 1], this.#label[answer - 1]];
        let at = end++;
        for (; at > taskStart[task] && worker[at - 1] > who; at--) {
          worker[at] = worker[at - 1];
          label[at] = label[at - 1];
        }
        worker[at] = who;
        label[at] = said;
      }
    }
    return { taskStart, worker, label };
  }

  /** The posterior of a task with the confusions of now. */
  refresh(task: number): void {
    const { classes, posterior, prior, confusion } = this;
    const log = this.#log;
    const from = task * classes;
    if (this.#known[task] > 0) {
      posterior.fill(0, from, from + classes);
      posterior[from + this.#known[task] - 1] = 1;
      return;
    }
    for (let k = 0; k < classes; k++) log[k] = Math.log(prior[k]);
    for (let answer = this.#newest[task]; answer !== 0; answer = this.#next[answer - 1]) {
      const cell = this.#worker[answer - 1] * classes * classes + this.#label[answer - 1];
      for (let k = 0; k < classes; k++) log[k] += Math.log(confusion[cell + k * classes]);
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) if (log[k] > most) most = log[k];
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      const mass = Math.exp(log[k] - most);
      posterior[from + k] = mass;
      sum += mass;
    }
    for (let k = 0; k < classes; k++) posterior[from + k] /= sum;
  }

  refreshAll(): void {
    for (let task = 0; task < this.answersOfTask.length; task++) if (this.answersOfTask[task] > 0) this.refresh(task);
  }

  /** −Σ q ln q of a task's last posterior, in nats. */
  entropyOf(task: number): number {
    return entropy(this.posterior.subarray(task * this.classes, (task + 1) * this.classes));
  }

  /** Σ_k prior_k confusion[k][k]. */
  reliability(worker: number): number {
    const { classes } = this;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      sum += this.prior[k] * this.confusion[worker * classes * classes + k * (classes + 1)];
    }
    return sum;
  }

  /**
   * Catches up with a batch fit of the same answers, exactly: its posteriors, confusions and prior become the stream's.
   *
   * The estimate must have the same tasks, workers and classes in the same order; tasks and workers that came after the
   * fit may be missing at the end and stay as they are. Refresh the tasks that were answered since.
   *
   * @throws {InputError} invalid-estimate
   */
  anchor(estimate: ExactFit): void {
    const confusion = estimate.workers?.confusion;
    const { classes } = this;
    const fits = (part: Float64Array | undefined, whole: Float64Array, row: number): part is Float64Array =>
      part !== undefined && part.length <= whole.length && part.length % row === 0;
    if (!fits(confusion, this.confusion, classes ** 2) || !fits(estimate.posterior, this.posterior, classes)) {
      const hint = 'fit a method with confusion matrices to the same tasks, workers and classes';
      throw new InputError(`invalid estimate to catch up with; ${hint}`, { code: 'invalid-estimate', hint });
    }
    this.posterior.set(estimate.posterior);
    this.confusion.set(confusion);
    if (estimate.prior !== undefined) this.prior.set(estimate.prior);
    this.#shares.set(this.prior);
    for (let row = 0; row < confusion.length; row++) {
      this.#joint[row] = this.confusion[row] * this.prior[Math.floor(row / classes) % classes];
    }
  }

  #grow(): void {
    const size = this.#next.length * 2;
    this.#next = extended(this.#next, new Uint32Array(size));
    this.#worker = extended(this.#worker, new Uint32Array(size));
    this.#label = extended(this.#label, new Uint16Array(size));
  }
}

/** The longer array with the shorter one's content at its beginning. */
function extended<A extends Float64Array | Uint32Array | Uint16Array>(old: A, made: A): A {
  made.set(old);
  return made;
}

/**
 * Streaming Bayesian inference for binary answers of workers with one accuracy: one pass, nothing to tune.
 *
 * Source: Manino, Tran-Thanh & Jennings (2019), streaming Bayesian inference for crowdsourced classification.
 */
export class StreamingVotes {
  /** Log-odds of class 1, per task. */
  readonly logOdds: Float64Array;
  readonly #tasks: Map<number, number>[] = [];
  readonly #prior: readonly [number, number];

  constructor(tasks: number, workers: number, prior: readonly [right: number, wrong: number] = [2, 1], logOdds = 0) {
    this.logOdds = new Float64Array(tasks).fill(logOdds);
    this.#prior = prior;
    for (let w = 0; w < workers; w++) this.#tasks.push(new Map());
  }

  /** Takes an answer and returns the accuracy of its worker as judged by the worker's other tasks. */
  add(task: number, worker: number, positive: boolean): number {
    const [a, b] = this.#prior;
    const mine = this.#tasks[worker];
    let right = a;
    for (const [other, sign] of mine) if (other !== task) right += 1 / (1 + Math.exp(-sign * this.logOdds[other]));
    const accuracy = right / (mine.size - (mine.has(task) ? 1 : 0) + a + b);
    const sign = positive ? 1 : -1;
    this.logOdds[task] += sign * Math.log(accuracy / (1 - accuracy));
    mine.set(task, sign);
    return accuracy;
  }
}
