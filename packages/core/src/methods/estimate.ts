import type { AnswerTable } from '../answers/answer-table.ts';
import { type Dictionary, dictionaryOf } from '../answers/dictionary.ts';
import { InputError, nearNames, StateError, shown } from '../errors.ts';
import { version } from '../version.ts';
import { clearWinner, type TieRule, tiedCount, winner } from './ties.ts';

/** What a method found out about each worker. Arrays have one entry per worker unless said otherwise. */
export interface WorkerEstimates {
  /** Probability of a right answer on an average task, Σ_k prior_k · confusion[k][k] where a confusion exists. */
  readonly accuracy: Float64Array;
  /** Ends of the interval of `accuracy` at `level`; equal to it where the method knows no uncertainty. */
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /** Probability the interval is meant to cover, 0.9. */
  readonly level: number;
  /** W×K×K, [worker][true][said], rows sum to 1. */
  readonly confusion?: Float64Array;
  /** Standard deviation of each cell of `confusion`. */
  readonly confusionSd?: Float64Array;
  /** The method's own numbers by name: `weight`, `ability`, `abilityStandardError`, `competence` … */
  readonly extra?: Readonly<Record<string, Float64Array>>;
}

/** What a method hands over; {@link Estimate} adds names, labels and ties. */
export interface EstimateParts {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** T×K, rows sum to 1. */
  readonly posterior: Float64Array;
  /** False for scores that only look like probabilities (votes). */
  readonly calibrated?: boolean;
  /** Class frequencies, K. */
  readonly prior?: Float64Array;
  readonly workers?: WorkerEstimates;
  /** The objective after each sweep. */
  readonly objective?: readonly number[];
  readonly iterations?: number;
  readonly converged?: boolean;
  readonly stopReason?: string;
  readonly notes?: readonly string[];
  readonly tieRule?: TieRule;
  /** Labels by the method's own rule where it is not the largest posterior; -1 for none. */
  readonly labels?: Int32Array;
  /** The method's own numbers about each task by name: `difficulty`, … */
  readonly tasks?: Readonly<Record<string, Float64Array>>;
  /** Anything else a method reports, as JSON. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** An {@link Estimate} as JSON. Arrays of numbers are plain lists. */
export interface EstimateJson {
  readonly schema: 1;
  readonly version: string;
  readonly question: string;
  readonly tasks: readonly string[];
  readonly workers: readonly string[];
  readonly classes: readonly string[];
  readonly answersPerTask: readonly number[];
  readonly parts: Readonly<Record<string, unknown>>;
}

/**
 * What a method concludes from the answers: true labels with probabilities, workers with intervals,
 * how the fit went, and notes in plain words.
 *
 * Immutable. `posterior` is T×K, its rows sum to 1. A task without answers has the prior and no
 * label of its own. Ties (scores equal within 1e-12 of the largest) are decided by `tieRule` and
 * flagged by `isTie`. `toJSON` and `Estimate.fromJSON` save and restore.
 *
 * @example
 * const estimate = fit(majorityVote, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat']]));
 * estimate.label('t1'); // => 'cat'
 */
export class Estimate {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly version: string;
  readonly question: string;
  readonly taskNames: Dictionary;
  readonly workerNames: Dictionary;
  readonly classNames: Dictionary;
  /** Number of counted answers of each task. */
  readonly answersPerTask: Uint32Array;
  readonly posterior: Float64Array;
  readonly calibrated: boolean;
  readonly prior: Float64Array | undefined;
  readonly workers: WorkerEstimates | undefined;
  readonly objective: readonly number[];
  readonly iterations: number;
  readonly converged: boolean;
  readonly stopReason: string;
  readonly notes: readonly string[];
  readonly tieRule: TieRule;
  readonly tasks: Readonly<Record<string, Float64Array>>;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly #labels: Int32Array;

  constructor(names: EstimateNames, parts: EstimateParts) {
    this.method = parts.method;
    this.options = parts.options;
    this.seed = parts.seed;
    this.version = version;
    this.question = names.question;
    this.taskNames = names.tasks;
    this.workerNames = names.workers;
    this.classNames = names.classes;
    this.answersPerTask = names.answersPerTask;
    this.posterior = parts.posterior;
    this.calibrated = parts.calibrated ?? true;
    this.prior = parts.prior;
    this.workers = parts.workers;
    this.objective = parts.objective ?? [];
    this.iterations = parts.iterations ?? this.objective.length;
    this.converged = parts.converged ?? true;
    this.stopReason = parts.stopReason ?? 'done';
    this.notes = [...new Set(parts.notes ?? [])];
    this.tieRule = parts.tieRule ?? 'hashed';
    this.tasks = parts.tasks ?? {};
    this.extra = parts.extra ?? {};
    this.#labels = parts.labels ?? this.#largest();
  }

  get taskCount(): number {
    return this.taskNames.size;
  }
  get classCount(): number {
    return this.classNames.size;
  }

  /** The class index of a task by index, -1 where there is none (abstained, or no class at all). */
  labelIndex(task: number): number {
    return this.#labels[task];
  }

  /** The label of a task by name or index, or null where there is none. */
  label(task: string | number): string | null {
    const label = this.#labels[this.#taskIndex(task)];
    return label < 0 ? null : this.classNames.name(label);
  }

  /** The posterior probability of the chosen label; of the most likely class where none was chosen. */
  probability(task: string | number): number {
    const index = this.#taskIndex(task);
    const from = index * this.classCount;
    if (this.#labels[index] >= 0) return this.posterior[from + this.#labels[index]];
    return this.classCount === 0 ? 0 : Math.max(...this.posterior.subarray(from, from + this.classCount));
  }

  /** Is the largest posterior shared by several classes? */
  isTie(task: string | number): boolean {
    return tiedCount(this.posterior, this.#taskIndex(task) * this.classCount, this.classCount) > 1;
  }

  /** A copy with another posterior (tempered, capped, …) and what goes with it. */
  with(parts: Partial<EstimateParts>): Estimate {
    const names: EstimateNames = {
      question: this.question,
      tasks: this.taskNames,
      workers: this.workerNames,
      classes: this.classNames,
      answersPerTask: this.answersPerTask,
    };
    const labels = parts.posterior === undefined ? this.#labels : undefined;
    return new Estimate(names, { ...this, ...(labels === undefined ? {} : { labels }), ...parts });
  }

  /**
   * The estimate after one more answer: Bayes' rule on its task, with the confusions and the prior as they were found.
   *
   * Use between fits, to see at once what an answer says. The same as another E-step with the parameters held, so the order
   * of updates does not matter; confusions stay until the next fit. A new task starts from the prior, a new worker answers
   * like the average one. Possible for methods that give `workers.confusion`. O(T·K + W·K²) for the copy; follow a stream
   * with `OnlineEm`.
   *
   * @throws {StateError} no-confusion
   * @throws {InputError} unknown-class
   * @example
   * const estimate = fit(dawidSkeneMap, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'bo', 'dog']]));
   * estimate.update({ task: 't2', worker: 'ana', label: 'dog' }).probability('t2') > estimate.probability('t2'); // => true
   */
  update(answer: { readonly task: string; readonly worker: string; readonly label: string }): Estimate {
    const { classCount: count, prior, workers } = this;
    const confusion = workers?.confusion;
    if (confusion === undefined) {
      const hint = 'fit again, or choose a method with confusion matrices, such as dawid-skene-map';
      throw new StateError(`invalid update: ${this.method} gives no confusion of its workers; ${hint}`, {
        code: 'no-confusion',
        got: this.method,
        hint,
      });
    }
    const said = this.classNames.indexOf(answer.label);
    if (said < 0) {
      const near = nearNames(answer.label, this.classNames.names());
      const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'fit again to add a class';
      throw new InputError(`unknown class ${shown(answer.label)}; ${hint}`, {
        code: 'unknown-class',
        got: answer.label,
        hint,
      });
    }
    const known = this.taskNames.indexOf(answer.task);
    const task = known < 0 ? this.taskCount : known;
    const grown = known < 0 ? 1 : 0;
    const posterior = new Float64Array((this.taskCount + grown) * count);
    posterior.set(this.posterior);
    const row = posterior.subarray(task * count, (task + 1) * count);
    if (known < 0) for (let k = 0; k < count; k++) row[k] = prior?.[k] ?? 1 / count;
    const worker = this.workerNames.indexOf(answer.worker);
    const share = (k: number): number => {
      if (worker >= 0) return confusion[(worker * count + k) * count + said];
      let sum = 0;
      for (let w = 0; w < this.workerNames.size; w++) sum += confusion[(w * count + k) * count + said];
      return sum / Math.max(1, this.workerNames.size);
    };
    let mass = 0;
    for (let k = 0; k < count; k++) mass += row[k] * share(k);
    // An answer the confusions call impossible says nothing.
    if (mass > 0) for (let k = 0; k < count; k++) row[k] = (row[k] * share(k)) / mass;
    const answersPerTask = new Uint32Array(this.taskCount + grown);
    answersPerTask.set(this.answersPerTask);
    answersPerTask[task]++;
    const tasks = known < 0 ? dictionaryOf([...this.taskNames.names(), answer.task]) : this.taskNames;
    const names = { question: this.question, tasks, workers: this.workerNames, classes: this.classNames };
    // The method's own numbers about tasks have none for a new one.
    const own = known < 0 ? { tasks: {} } : {};
    return new Estimate({ ...names, answersPerTask }, { ...this, ...own, posterior });
  }

  toJSON(): EstimateJson {
    const { method, options, seed, calibrated, objective, iterations, converged, stopReason, notes, tieRule, extra } =
      this;
    const parts = {
      method,
      options,
      seed,
      calibrated,
      objective,
      iterations,
      converged,
      stopReason,
      notes,
      tieRule,
      extra,
    };
    return {
      schema: 1,
      version: this.version,
      question: this.question,
      tasks: this.taskNames.names(),
      workers: this.workerNames.names(),
      classes: this.classNames.names(),
      answersPerTask: Array.from(this.answersPerTask),
      parts: listed({
        ...parts,
        posterior: this.posterior,
        prior: this.prior,
        workers: this.workers,
        tasks: this.tasks,
        labels: this.#labels,
      }) as Record<string, unknown>,
    };
  }

  /** @throws {InputError} invalid-estimate when the document is not one {@link Estimate.toJSON} wrote. */
  static fromJSON(json: EstimateJson): Estimate {
    const parts = json?.parts as Record<string, unknown> | undefined;
    if (json?.schema !== 1 || parts === undefined || !isWhole(json, parts)) {
      throw new InputError('invalid estimate: not a document of schema 1; save one with JSON.stringify(estimate)', {
        code: 'invalid-estimate',
        hint: 'save one with JSON.stringify(estimate)',
      });
    }
    const names: EstimateNames = {
      question: json.question,
      tasks: dictionaryOf(json.tasks),
      workers: dictionaryOf(json.workers),
      classes: dictionaryOf(json.classes),
      answersPerTask: Uint32Array.from(json.answersPerTask),
    };
    const workers = parts.workers as Record<string, unknown> | undefined;
    return new Estimate(names, {
      ...(parts as unknown as EstimateParts),
      posterior: numbers(parts.posterior),
      prior: parts.prior === undefined ? undefined : numbers(parts.prior),
      labels: Int32Array.from(parts.labels as number[]),
      tasks: mapValues((parts.tasks ?? {}) as Record<string, unknown>, numbers),
      workers:
        workers === undefined
          ? undefined
          : {
              level: workers.level as number,
              accuracy: numbers(workers.accuracy),
              lo: numbers(workers.lo),
              hi: numbers(workers.hi),
              ...(workers.confusion === undefined ? {} : { confusion: numbers(workers.confusion) }),
              ...(workers.confusionSd === undefined ? {} : { confusionSd: numbers(workers.confusionSd) }),
              ...(workers.extra === undefined
                ? {}
                : { extra: mapValues(workers.extra as Record<string, unknown>, numbers) }),
            },
    });
  }

  #taskIndex(task: string | number): number {
    const index = typeof task === 'number' ? task : this.taskNames.indexOf(task);
    if (index >= 0 && index < this.taskCount) return index;
    throw new InputError(`unknown task "${task}"; the estimate has ${this.taskCount} tasks`, {
      code: 'unknown-task',
      got: String(task),
      hint: 'use a task of the answers the estimate was made from',
    });
  }

  #largest(): Int32Array {
    const count = this.classCount;
    const labels = new Int32Array(this.taskCount);
    if (count === 0) return labels.fill(-1);
    const { posterior, tieRule, seed, prior } = this;
    for (let task = 0; task < labels.length; task++) {
      labels[task] = clearWinner(posterior, task * count, count);
      if (labels[task] >= 0) continue;
      const name = (): string => this.taskNames.name(task);
      labels[task] = winner(posterior, task * count, count, tieRule, seed, name, prior);
    }
    return labels;
  }
}

/** Do the lists of a saved estimate exist and fit together? */
function isWhole(json: EstimateJson, parts: Readonly<Record<string, unknown>>): boolean {
  const { tasks, workers, classes, answersPerTask } = json;
  const lists = [tasks, workers, classes, answersPerTask, parts.posterior, parts.labels];
  if (!lists.every(Array.isArray) || answersPerTask.length !== tasks.length) return false;
  const [posterior, labels] = [parts.posterior as unknown[], parts.labels as unknown[]];
  const isLabel = (label: unknown): boolean =>
    Number.isInteger(label) && (label as number) >= -1 && (label as number) < classes.length;
  return (
    posterior.length === tasks.length * classes.length &&
    posterior.every((p) => typeof p === 'number') &&
    labels.length === tasks.length &&
    labels.every(isLabel)
  );
}

/** The names an estimate speaks of. */
export interface EstimateNames {
  readonly question: string;
  readonly tasks: Dictionary;
  readonly workers: Dictionary;
  readonly classes: Dictionary;
  readonly answersPerTask: Uint32Array;
}

/** An estimate over the tasks, workers and classes of a table. */
export function estimateOf(table: AnswerTable, parts: EstimateParts): Estimate {
  const { question, tasks, workers, classes } = table;
  const answersPerTask = table.answersPer.task;
  return new Estimate({ question, tasks, workers, classes, answersPerTask }, parts);
}

function listed(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>);
  if (Array.isArray(value)) return value.map(listed);
  if (value !== null && typeof value === 'object') return mapValues(value as Record<string, unknown>, listed);
  return value;
}

function mapValues<V>(record: Readonly<Record<string, unknown>>, change: (value: unknown) => V): Record<string, V> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** JSON writes NaN and infinities as null. */
function numbers(values: unknown): Float64Array {
  return Float64Array.from(values as ArrayLike<number | null>, (value) => value ?? Number.NaN);
}
