import {
  AnswerTable,
  type AutoReport,
  auto,
  type Dictionary,
  dawidSkeneMap,
  type Estimate,
  fitAsync,
} from '@assay/core';
import { OnlineEm } from '@assay/core/control';
import type { Value } from '../protocol/index.ts';

/** What is known of the labels at some moment, by the default method. */
export interface Report {
  readonly estimate: Estimate;
  /** Accuracy of the labels of answered tasks, with a 90 % interval; undefined where the method cannot say. */
  readonly expectedAccuracy: AutoReport['expectedAccuracy'] | undefined;
}

/**
 * What is believed of the labels and workers of a campaign whose question has classes: a stream that takes every answer
 * at once, caught up with an exact fit in the background.
 *
 * Fits run in slices of 12 ms between other work; at most one at a time.
 */
export class Beliefs {
  readonly classes: readonly string[];
  readonly stream: OnlineEm;
  readonly #index: ReadonlyMap<string, number>;
  readonly #gold: Map<number, number> = new Map();
  /** Tasks touched while a fit runs: the fit does not know it. */
  #touched: Set<number> | undefined;
  #anchoredAt = 0;
  /** Grows with every change of the answers. */
  changes = 0;

  constructor(classes: readonly string[]) {
    this.classes = classes;
    this.stream = new OnlineEm({ classes: Math.max(2, classes.length), tasks: 0, workers: 0 });
    this.#index = new Map(classes.map((name, index) => [name, index]));
  }

  /** The class of an answer's value, or -1. */
  classOf(value: unknown): number {
    return this.#index.get(String(value)) ?? -1;
  }

  grow(tasks: number, workers: number): void {
    const { answersOfTask, answersOfWorker } = this.stream;
    // Twice the room, so that tasks and workers that come one by one cost nothing.
    const room = (wanted: number, there: number): number => (wanted > there ? Math.max(wanted, 2 * there, 16) : there);
    this.stream.grow(room(tasks, answersOfTask.length), room(workers, answersOfWorker.length));
  }

  settle(task: number, gold: Value): void {
    const known = this.classOf(gold);
    if (known < 0) return;
    this.changes++;
    this.#gold.set(task, known);
    this.stream.settle(task, known);
  }

  add(task: number, worker: number, value: unknown): void {
    const said = this.classOf(value);
    if (said < 0) return;
    this.changes++;
    this.stream.add(task, worker, said);
    this.#touched?.add(task);
  }

  /** Takes an answer back, or replaces it where a value is given. */
  change(task: number, worker: number, value?: unknown): void {
    this.changes++;
    this.stream.change(task, worker, value === undefined ? undefined : this.classOf(value));
    this.#touched?.add(task);
  }

  posterior(task: number): Float64Array {
    const { classes } = this.stream;
    return this.stream.posterior.subarray(task * classes, (task + 1) * classes);
  }

  /** Have enough answers come since the last exact fit that another is worth it? */
  get isStale(): boolean {
    const { answers } = this.stream;
    return answers - this.#anchoredAt >= Math.max(50, 0.1 * answers);
  }

  /** All answers as a table, tasks and workers by number under the names given. */
  table(tasks: Dictionary, workers: Dictionary, classes: Dictionary): AnswerTable {
    const { taskStart, worker, label } = this.stream.answerColumns();
    const gold = new Int32Array(tasks.size).fill(-1);
    for (const [task, known] of this.#gold) gold[task] = known;
    return new AnswerTable({
      question: 'label',
      tasks,
      workers,
      classes,
      taskStart: taskStart.subarray(0, tasks.size + 1),
      worker,
      label,
      ...(this.#gold.size > 0 ? { gold } : {}),
    });
  }

  /** Makes the stream exact again by a batch fit. */
  async anchor(table: AnswerTable, signal: AbortSignal): Promise<void> {
    const { answers } = this.stream;
    this.#touched = new Set();
    try {
      const estimate = await fitAsync(dawidSkeneMap, table, { signal });
      if (estimate.workers?.confusion === undefined) return;
      this.stream.anchor(estimate);
      for (const task of this.#touched) this.stream.refresh(task);
      this.#anchoredAt = answers;
    } finally {
      this.#touched = undefined;
    }
  }
}

/** The labels of a table by the default method, with what they are worth. */
export async function reportOn(table: AnswerTable, signal?: AbortSignal): Promise<Report> {
  const estimate = await fitAsync(auto, table, { signal });
  const { expectedAccuracy } = estimate.extra as unknown as Partial<AutoReport>;
  const usable = expectedAccuracy !== undefined && Number.isFinite(expectedAccuracy.value);
  return { estimate, expectedAccuracy: usable ? expectedAccuracy : undefined };
}
