import type { AnswerTable } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { Dirichlets } from './dirichlets.ts';

/** What is believed of workers and classes before any answer. */
export interface CrowdPrior {
  /** A row of confusions for each true class, or one accuracy with the mistakes spread evenly. */
  readonly workers: 'rows' | 'coin';
  /** Dirichlet parameters of a right and of each wrong answer; of right and wrong for coins. */
  readonly right: number;
  readonly wrong: number;
  /** Dirichlet parameter of each class frequency. */
  readonly frequency: number;
}

/**
 * q(y) q(ν) q(π): labels, workers and class frequencies in mean field, given what a network says of
 * each task. The generative half of BayesDGC; alone (every log-prior 0) it is mean-field Dawid-Skene.
 *
 * Labels are updated for any list of tasks by {@link local} (eq. 14); {@link memoise} and {@link
 * follow} then move the rest. Answer weights are powers of the likelihood, gold tasks have their
 * class, answers to test questions count as the worker's prior. Needs two classes or more.
 *
 * Source: Li, Huang & Chen (2021), eqs. 10 to 18, with E ln ν summed over workers in eq. 14 (the
 * printed sum over tasks and the missing logarithm are slips) and exponents for the products of
 * indicators in eqs. 2 and 3.
 */
export class CrowdPosterior {
  /** T×K. Zero for tasks that have not been updated yet. */
  readonly q: Float64Array;
  /** W×K rows of K, or W coins of (right, wrong). */
  readonly workers: Dirichlets;
  readonly classes: Dirichlets;
  readonly #table: AnswerTable;
  /** One accuracy per worker, or rows? */
  readonly coin: boolean;
  /** Tasks whose prior has the class frequencies in it. */
  readonly #usesClasses: Uint8Array;
  readonly #workerStatistics: Float64Array;
  readonly #classStatistics: Float64Array;
  readonly #row: Float64Array;

  constructor(table: AnswerTable, prior: CrowdPrior, usesClasses: Uint8Array) {
    const { taskCount, classCount } = table;
    this.#table = table;
    this.coin = prior.workers === 'coin';
    this.#usesClasses = usesClasses;
    this.q = new Float64Array(taskCount * classCount);
    this.workers = new Dirichlets(workerPrior(table, prior), this.coin ? 2 : classCount);
    this.classes = new Dirichlets(new Float64Array(classCount).fill(prior.frequency), classCount);
    this.#workerStatistics = new Float64Array(this.workers.parameters.length);
    this.#classStatistics = new Float64Array(classCount);
    this.#row = new Float64Array(classCount);
  }

  /**
   * Updates q(y) of tasks: ln q = ln f + E ln π + Σ E ln ν + constant (eq. 14). Gives Σ ln of the
   * normalisers, what these tasks add to the bound.
   *
   * @param logPrior ln f of these tasks, tasks.length × K
   * @param keep false only evaluates the bound
   */
  local(tasks: readonly number[], logPrior: Float64Array, keep = true): number {
    const { classCount, gold } = this.#table;
    const row = this.#row;
    const logClasses = this.classes.expectedLog;
    let total = 0;
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i];
      for (let k = 0; k < classCount; k++)
        row[k] = logPrior[i * classCount + k] + (this.#usesClasses[task] === 1 ? logClasses[k] : 0);
      this.#addAnswers(task, row);
      if (gold !== undefined && gold[task] >= 0) {
        total += row[gold[task]];
        row.fill(0);
        row[gold[task]] = 1;
      } else total += softmaxInPlace(row, 0, classCount);
      if (keep) this.q.set(row, task * classCount);
    }
    return total;
  }

  /**
   * Coordinate ascent with memory: what tasks said when last seen is replaced by what they say now,
   * and all parameters are set exactly. Call `change` is {@link local}.
   *
   * Source: Hughes & Sudderth (2013), "Memoized online variational inference for Dirichlet process
   * mixture models". The memory is q itself: a batch need not be the same tasks each time.
   */
  memoise(tasks: readonly number[], change: () => void): void {
    this.#count(tasks, -1);
    change();
    this.#count(tasks, 1);
    this.workers.step(this.#workerStatistics);
    this.classes.step(this.#classStatistics);
  }

  /** A natural-gradient step of size `rate` (eqs. 17, 18) by tasks that stand for `scale` times as many. */
  follow(tasks: readonly number[], rate: number, scale: number): void {
    this.#workerStatistics.fill(0);
    this.#classStatistics.fill(0);
    this.#count(tasks, 1);
    this.workers.step(this.#workerStatistics, rate, scale);
    this.classes.step(this.#classStatistics, rate, scale);
  }

  /** What workers and class frequencies cost the bound. */
  divergence(): number {
    return this.workers.divergence() + this.classes.divergence();
  }

  #addAnswers(task: number, row: Float64Array): void {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const logs = this.workers.expectedLog;
    const others = Math.log(classCount - 1);
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const power = weight === undefined ? 1 : weight[e];
      if (this.coin) {
        const right = logs[2 * worker[e]];
        const wrong = logs[2 * worker[e] + 1] - others;
        for (let k = 0; k < classCount; k++) row[k] += power * (k === label[e] ? right : wrong);
        continue;
      }
      const cell = worker[e] * classCount * classCount + label[e];
      for (let k = 0; k < classCount; k++) row[k] += power * logs[cell + k * classCount];
    }
  }

  /** Adds the expected statistics of tasks `sign` times. */
  #count(tasks: readonly number[], sign: number): void {
    const { classCount, taskStart, worker, label, weight } = this.#table;
    const { q } = this;
    const counts = this.#workerStatistics;
    for (const task of tasks) {
      const row = task * classCount;
      if (this.#usesClasses[task] === 1)
        for (let k = 0; k < classCount; k++) this.#classStatistics[k] += sign * q[row + k];
      for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
        const power = sign * (weight === undefined ? 1 : weight[e]);
        if (this.coin) {
          for (let k = 0; k < classCount; k++) counts[2 * worker[e] + (k === label[e] ? 0 : 1)] += power * q[row + k];
          continue;
        }
        const cell = worker[e] * classCount * classCount + label[e];
        for (let k = 0; k < classCount; k++) counts[cell + k * classCount] += power * q[row + k];
      }
    }
  }
}

/** β⁰ with the worker's own answers to test questions: W×K×K for rows, W×2 for coins. */
function workerPrior({ workerCount, classCount, testCounts }: AnswerTable, prior: CrowdPrior): Float64Array {
  const block = classCount * classCount;
  const coin = prior.workers === 'coin';
  const parameters = new Float64Array(workerCount * (coin ? 2 : block));
  for (let i = 0; i < parameters.length; i++) {
    const right = coin ? i % 2 === 0 : (i % block) % (classCount + 1) === 0;
    parameters[i] = right ? prior.right : prior.wrong;
  }
  testCounts?.forEach((count, cell) => {
    const right = (cell % block) % (classCount + 1) === 0;
    parameters[coin ? 2 * Math.floor(cell / block) + (right ? 0 : 1) : cell] += count;
  });
  return parameters;
}
