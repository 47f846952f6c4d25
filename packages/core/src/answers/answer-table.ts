import { InputError, shown } from '../errors.ts';
import type { Dictionary } from './dictionary.ts';

/** What a worker is. `rule` is a labelling function, `expert` a person whose answers are trusted more. */
export type WorkerKind = 'human' | 'ai' | 'rule' | 'expert';
export const workerKinds: readonly WorkerKind[] = ['human', 'ai', 'rule', 'expert'];

/** What became of an answer. Only `ok` answers count; the others are kept, never dropped. */
export type AnswerStatus = 'ok' | 'skip' | 'abstain' | 'rejected' | 'surplus' | 'draft';
export const answerStatuses: readonly AnswerStatus[] = ['ok', 'skip', 'abstain', 'rejected', 'surplus', 'draft'];

/** One answer that does not count, with the reason. */
export interface UncountedAnswer {
  readonly task: number;
  readonly worker: number;
  /** The class that was said, or -1 when nothing was said. */
  readonly label: number;
  readonly status: Exclude<AnswerStatus, 'ok'>;
  /** Milliseconds since 1970 UTC, or NaN. */
  readonly time: number;
}

/** The columns of an {@link AnswerTable}. Per-answer columns are in table order. */
export interface AnswerColumns {
  readonly question: string;
  readonly tasks: Dictionary;
  readonly workers: Dictionary;
  readonly classes: Dictionary;
  readonly taskStart: Uint32Array;
  readonly worker: Uint32Array;
  readonly label: Uint16Array;
  readonly workerKind?: Uint8Array;
  readonly weight?: Float64Array;
  readonly time?: Float64Array;
  readonly durationMs?: Float64Array;
  readonly costMicros?: Float64Array;
  readonly exposed?: Uint8Array;
  readonly soft?: Float64Array;
  readonly predicted?: Float64Array;
  readonly gold?: Int32Array;
  readonly taskPrior?: Float64Array;
  readonly testCounts?: Float64Array;
  readonly uncounted?: readonly UncountedAnswer[];
}

/**
 * All counted answers to one question: immutable, indexed, sorted by task and, inside a task, by
 * worker.
 *
 * Shapes: T tasks, W workers, K classes, N answers. The answers of task `t` are
 * `taskStart[t] … taskStart[t + 1] - 1`; answer `e` was given by worker `worker[e]` and says class
 * `label[e]`. Workers and classes are in canonical order (numbers by value, then text), tasks in
 * order of first appearance, so results do not depend on the order of rows. Tasks without counted
 * answers are allowed.
 *
 * Build one with `answersFrom`, `AnswerTableBuilder` or a reader of `@assay/core/formats`. Memory
 * is about 10 bytes per answer and the bytes of the names.
 */
export class AnswerTable {
  readonly question: string;
  readonly tasks: Dictionary;
  readonly workers: Dictionary;
  readonly classes: Dictionary;
  /** T + 1 offsets into the answers. */
  readonly taskStart: Uint32Array;
  /** Worker of each answer, N. */
  readonly worker: Uint32Array;
  /** Class said in each answer, N. */
  readonly label: Uint16Array;
  /** Index into {@link workerKinds} of each worker, W. */
  readonly workerKind: Uint8Array;
  /** Weight of each answer, N; undefined means 1. */
  readonly weight: Float64Array | undefined;
  /** When each answer was given, milliseconds since 1970 UTC, NaN if unknown; N. */
  readonly time: Float64Array | undefined;
  /** How long each answer took, NaN if unknown; N. */
  readonly durationMs: Float64Array | undefined;
  /** Money paid for each answer in whole micro-units, NaN if unknown; N. */
  readonly costMicros: Float64Array | undefined;
  /** 1 where the worker saw a suggestion before answering; N. */
  readonly exposed: Uint8Array | undefined;
  /** Probabilities of each answer, N×K, rows sum to 1; hard answers are one-hot. */
  readonly soft: Float64Array | undefined;
  /** What each worker expects the others to say, N×K, rows sum to 1, NaN where not asked. */
  readonly predicted: Float64Array | undefined;
  /** Known class of each task, or -1; T. Methods may use it. */
  readonly gold: Int32Array | undefined;
  /** What is known of each task before its answers (from a classifier), T×K, rows sum to 1. */
  readonly taskPrior: Float64Array | undefined;
  /** Answers to test questions that are not tasks here, counted W×K×K [worker][true][said]. */
  readonly testCounts: Float64Array | undefined;
  readonly uncounted: readonly UncountedAnswer[];
  #byWorker: WorkerIndex | undefined;
  #answerTask: Uint32Array | undefined;
  #counts: AnswerCounts | undefined;

  constructor(columns: AnswerColumns) {
    this.question = columns.question;
    this.tasks = columns.tasks;
    this.workers = columns.workers;
    this.classes = columns.classes;
    this.taskStart = columns.taskStart;
    this.worker = columns.worker;
    this.label = columns.label;
    this.workerKind = columns.workerKind ?? new Uint8Array(columns.workers.size);
    this.weight = columns.weight;
    this.time = columns.time;
    this.durationMs = columns.durationMs;
    this.costMicros = columns.costMicros;
    this.exposed = columns.exposed;
    this.soft = columns.soft;
    this.predicted = columns.predicted;
    this.gold = columns.gold;
    this.taskPrior = columns.taskPrior;
    this.testCounts = columns.testCounts;
    this.uncounted = columns.uncounted ?? [];
  }

  get taskCount(): number {
    return this.tasks.size;
  }
  get workerCount(): number {
    return this.workers.size;
  }
  get classCount(): number {
    return this.classes.size;
  }
  get answerCount(): number {
    return this.worker.length;
  }

  /** The answers by worker: built at the first use, O(N). */
  get byWorker(): WorkerIndex {
    this.#byWorker ??= indexByWorker(this.worker, this.workerCount);
    return this.#byWorker;
  }

  /** Task of each answer, N: built at the first use. */
  get answerTask(): Uint32Array {
    if (this.#answerTask === undefined) {
      this.#answerTask = new Uint32Array(this.answerCount);
      for (let task = 0; task < this.taskCount; task++) {
        this.#answerTask.fill(task, this.taskStart[task], this.taskStart[task + 1]);
      }
    }
    return this.#answerTask;
  }

  /** How many answers each task, worker and class has: counted at the first use, O(N). */
  get answersPer(): AnswerCounts {
    this.#counts ??= countAnswers(this);
    return this.#counts;
  }

  /** The kind of a worker. */
  kindOf(worker: number): WorkerKind {
    return workerKinds[this.workerKind[worker]];
  }

  /** A copy that shares all columns but those given. */
  with(columns: Partial<AnswerColumns>): AnswerTable {
    return new AnswerTable({ ...this, ...columns });
  }

  /**
   * A copy whose gold labels are the given ones: a map from task name to class name.
   *
   * Tasks the table does not know are ignored and counted in the second result; a class nobody
   * answered is an {@link InputError}, since no worker could be right.
   */
  withGold(labels: ReadonlyMap<string, string>): { table: AnswerTable; unknownTasks: number } {
    const gold = new Int32Array(this.taskCount).fill(-1);
    let unknownTasks = 0;
    for (const [task, label] of labels) {
      const index = this.tasks.indexOf(task);
      const known = this.classes.indexOf(label);
      if (known < 0) {
        throw new InputError(
          `unknown gold label ${shown(label)} for task ${shown(task)}; the classes are ${this.classes.names().slice(0, 12).join(', ')}`,
          { code: 'unknown-label', got: label, hint: 'correct the label, or declare the class with --classes' },
        );
      }
      if (index < 0) unknownTasks++;
      else gold[index] = known;
    }
    return { table: this.with({ gold }), unknownTasks };
  }
}

/** Numbers of answers. */
export interface AnswerCounts {
  /** T */
  readonly task: Uint32Array;
  /** W */
  readonly worker: Uint32Array;
  /** K */
  readonly class: Uint32Array;
}

function countAnswers({ taskStart, worker, label, taskCount, workerCount, classCount }: AnswerTable): AnswerCounts {
  const perTask = new Uint32Array(taskCount);
  const perWorker = new Uint32Array(workerCount);
  const perClass = new Uint32Array(classCount);
  for (let task = 0; task < taskCount; task++) perTask[task] = taskStart[task + 1] - taskStart[task];
  for (let answer = 0; answer < worker.length; answer++) {
    perWorker[worker[answer]]++;
    perClass[label[answer]]++;
  }
  return { task: perTask, worker: perWorker, class: perClass };
}

/** The answers of worker `w` are `answers[start[w]] … answers[start[w + 1] - 1]`, by task. */
export interface WorkerIndex {
  readonly start: Uint32Array;
  readonly answers: Uint32Array;
}

function indexByWorker(worker: Uint32Array, workerCount: number): WorkerIndex {
  const start = new Uint32Array(workerCount + 1);
  for (let answer = 0; answer < worker.length; answer++) start[worker[answer] + 1]++;
  for (let w = 0; w < workerCount; w++) start[w + 1] += start[w];
  const next = start.slice(0, workerCount);
  const answers = new Uint32Array(worker.length);
  for (let answer = 0; answer < worker.length; answer++) answers[next[worker[answer]]++] = answer;
  return { start, answers };
}
