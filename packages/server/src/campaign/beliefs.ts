import { OnlineEm } from '@assay/core/control';
import type { Value } from '../protocol/index.ts';
import type { Anchor, FitAnswers } from './fits.ts';

/**
 * What is believed of the labels and workers of a campaign whose question has classes: a stream that takes every answer
 * at once, caught up with an exact fit in the background.
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

  /** All answers, for a fit of so many tasks and workers. O(answers): about 25 ms for 3e5. */
  answers(tasks: number, workers: number): FitAnswers {
    const { taskStart, worker, label } = this.stream.answerColumns();
    const known = {
      tasks,
      workers,
      classes: this.stream.classes,
      taskStart: taskStart.slice(0, tasks + 1),
      worker,
      label,
    };
    if (this.#gold.size === 0) return known;
    const gold = new Int32Array(tasks).fill(-1);
    for (const [task, label] of this.#gold) gold[task] = label;
    return { ...known, gold };
  }

  /** Makes the stream exact again by a batch fit, which is waited for while answers go on coming. */
  async anchor(fit: () => Promise<Anchor>): Promise<void> {
    const { answers } = this.stream;
    this.#touched = new Set();
    try {
      const { posterior, prior, confusion } = await fit();
      if (confusion === undefined) return;
      this.stream.anchor({ posterior, prior, workers: { confusion } });
      for (const task of this.#touched) this.stream.refresh(task);
      this.#anchoredAt = answers;
    } finally {
      this.#touched = undefined;
    }
  }
}
