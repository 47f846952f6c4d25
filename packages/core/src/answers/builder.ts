import { BudgetError, InputError, shown } from '../errors.ts';
import {
  type AnswerStatus,
  AnswerTable,
  answerStatuses,
  type UncountedAnswer,
  type WorkerKind,
  workerKinds,
} from './answer-table.ts';
import { canonicalRanks, type Dictionary, DictionaryBuilder, dictionaryOf } from './dictionary.ts';
import { caseTwins, type DuplicateRule, emptyReceipt, type Receipt } from './receipt.ts';

/** One answer on its way into a table. */
export interface AnswerRow {
  readonly task: string;
  readonly worker: string;
  /** The class said; null or undefined where the worker said none. */
  readonly label?: string | null;
  readonly status?: AnswerStatus;
  readonly kind?: WorkerKind;
  readonly weight?: number;
  readonly time?: number;
  readonly durationMs?: number;
  readonly costMicros?: number;
  readonly exposed?: boolean;
  /** Probability of each class by name; they are normalised. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Share of the others this worker expects to say each class, by name; of two classes one is enough. */
  readonly predictedShares?: Readonly<Record<string, number>>;
}

export interface BuilderOptions {
  readonly question?: string;
  /** The classes in the user's order. Others that appear are an error unless `openClasses`. */
  readonly classes?: readonly string[];
  readonly openClasses?: boolean;
  readonly duplicates?: DuplicateRule;
}

/** The most classes a table can hold: labels are 16-bit. */
export const mostClasses = 65_535;

/** Numbers a row may carry besides its label; columns exist only when used. */
const extras = ['weight', 'time', 'durationMs', 'costMicros'] as const;
type Extra = (typeof extras)[number];

/**
 * Collects answers row by row and builds an {@link AnswerTable} with its {@link Receipt}.
 *
 * `add` takes names; readers of big files call `append` with the indices that `tasks`, `workers`
 * and `classes` gave for the bytes, which costs no string. Cost O(1) a row, `build` O(N + W log W).
 * Rows may come in any order.
 *
 * @example
 * const builder = new AnswerTableBuilder();
 * builder.add({ task: 't1', worker: 'ana', label: 'cat' });
 * const { table, receipt } = builder.build();
 */
export class AnswerTableBuilder {
  readonly tasks: DictionaryBuilder = new DictionaryBuilder();
  readonly workers: DictionaryBuilder = new DictionaryBuilder();
  readonly classes: DictionaryBuilder = new DictionaryBuilder();
  readonly receipt: Receipt;
  readonly #question: string;
  readonly #duplicates: DuplicateRule;
  readonly #classesGiven: number;
  readonly #classesClosed: boolean;
  readonly #task = new Column(Uint32Array);
  readonly #worker = new Column(Uint32Array);
  readonly #label = new Column(Uint16Array);
  readonly #extra: Partial<Record<Extra, Column<Float64Array>>> = {};
  readonly #exposed = new Set<number>();
  readonly #soft = new Map<number, Readonly<Record<string, number>>>();
  readonly #predicted = new Map<number, Readonly<Record<string, number>>>();
  readonly #uncounted: UncountedAnswer[] = [];
  readonly #kind = new Map<number, WorkerKind>();
  readonly #gold = new Map<number, number>();

  constructor(options: BuilderOptions = {}) {
    this.#question = options.question ?? 'label';
    this.#duplicates = options.duplicates ?? 'last';
    this.receipt = emptyReceipt(this.#duplicates);
    for (const name of options.classes ?? []) this.classes.add(name);
    this.#classesGiven = this.classes.size;
    this.#classesClosed = options.classes !== undefined && options.openClasses !== true;
  }

  /** Number of counted rows so far. */
  get size(): number {
    return this.#task.length;
  }

  /** Adds one answer by names. A row without a label counts as missing unless a status says more. */
  add(row: AnswerRow): void {
    const task = this.tasks.add(row.task);
    const worker = this.workers.add(row.worker);
    if (row.kind !== undefined) this.#kind.set(worker, row.kind);
    const said = row.label ?? mostLikely(row.probabilities);
    const label = said === undefined ? -1 : this.classOf(said);
    const status = row.status ?? 'ok';
    if (status !== 'ok') {
      this.receipt.rows++;
      this.setAside({ task, worker, label, status, time: row.time ?? Number.NaN });
      return;
    }
    if (label < 0) {
      this.receipt.rows++;
      this.receipt.missing++;
      return;
    }
    const at = this.size;
    this.append(task, worker, label);
    for (const name of extras) {
      const value = row[name];
      if (value !== undefined) this.setExtra(name, value);
    }
    if (row.exposed === true) this.#exposed.add(at);
    if (row.probabilities !== undefined) this.#soft.set(at, row.probabilities);
    if (row.predictedShares !== undefined) this.#predicted.set(at, row.predictedShares);
  }

  /** Adds one counted answer by the indices of the builder's dictionaries. */
  append(task: number, worker: number, label: number): void {
    this.receipt.rows++;
    this.#task.push(task);
    this.#worker.push(worker);
    this.#label.push(label);
  }

  /** Sets a number of the row appended last. */
  setExtra(name: Extra, value: number): void {
    let column = this.#extra[name];
    if (column === undefined) {
      column = new Column(Float64Array);
      this.#extra[name] = column;
    }
    const absent = name === 'weight' ? 1 : Number.NaN;
    while (column.length < this.size - 1) column.push(absent);
    column.push(value);
  }

  /** Keeps an answer that does not count. */
  setAside(answer: UncountedAnswer): void {
    this.#uncounted.push(answer);
    this.receipt.uncounted[answer.status] = (this.receipt.uncounted[answer.status] ?? 0) + 1;
  }

  /** Counts a row that has no answer. Its task and worker exist if the reader added them. */
  countMissing(): void {
    this.receipt.rows++;
    this.receipt.missing++;
  }

  /** Marks the row appended last as given after a suggestion was seen. */
  setExposed(): void {
    this.#exposed.add(this.size - 1);
  }

  /** Sets the probabilities of the row appended last. */
  setProbabilities(probabilities: Readonly<Record<string, number>>): void {
    this.#soft.set(this.size - 1, probabilities);
  }

  /** Sets the kind of a worker by its index in `workers`. */
  setKind(worker: number, kind: WorkerKind): void {
    this.#kind.set(worker, kind);
  }

  /** Declares the true class of a task by the indices in `tasks` and `classes`. */
  setGoldIndex(task: number, label: number): void {
    this.#gold.set(task, label);
  }

  setWorkerKind(worker: string, kind: WorkerKind): void {
    this.#kind.set(this.workers.add(worker), kind);
  }

  /** Declares the true class of a task, which is added when it is new. */
  setGold(task: string, label: string): void {
    this.#gold.set(this.tasks.add(task), this.classOf(label));
  }

  /** The index of a class, which is added when classes are open. */
  classOf(name: string): number {
    const known = this.classes.add(name);
    if (this.#classesClosed && known >= this.#classesGiven) {
      throw new InputError(
        `unknown label ${shown(name)}; the declared classes are ${this.classes.names().slice(0, this.#classesGiven).join(', ')}`,
        { code: 'unknown-label', got: name, hint: 'correct the label or add it to the declared classes' },
      );
    }
    if (known >= mostClasses) {
      throw new BudgetError(
        `invalid number of classes: more than ${mostClasses}; check that the label column is not an id or free text`,
        { code: 'too-many-classes', got: String(known + 1), hint: 'choose the label column with --columns' },
      );
    }
    return known;
  }

  /** Sorts, applies the duplicates rule and returns the table. The builder is spent afterwards. */
  build(): { table: AnswerTable; receipt: Receipt } {
    const taskCount = this.tasks.size;
    const workerRank = canonicalRanks(this.workers);
    const classRank =
      this.#classesGiven > 0 ? givenFirst(this.classes, this.#classesGiven) : canonicalRanks(this.classes);
    const rows = this.size;
    const task = this.#task.take();
    const worker = this.#worker.take();
    const label = this.#label.take();
    for (let row = 0; row < rows; row++) worker[row] = workerRank[worker[row]];
    for (let row = 0; row < rows; row++) label[row] = classRank[label[row]];
    const extra: Partial<Record<Extra, Float64Array>> = {};
    for (const name of extras) {
      const column = this.#extra[name];
      if (column === undefined) continue;
      while (column.length < rows) column.push(name === 'weight' ? 1 : Number.NaN);
      extra[name] = column.take();
    }

    let order = orderByTaskAndWorker(task, worker, taskCount, this.workers.size);
    const repeats = this.#applyDuplicates(order, task, worker, extra.time);
    if (repeats > 0 && this.#duplicates !== 'all') order = order.subarray(0, rows - repeats);

    const taskStart = new Uint32Array(taskCount + 1);
    for (const row of order) taskStart[task[row] + 1]++;
    for (let t = 0; t < taskCount; t++) taskStart[t + 1] += taskStart[t];
    const workerKind = new Uint8Array(this.workers.size);
    for (const [index, kind] of this.#kind) workerKind[workerRank[index]] = workerKinds.indexOf(kind);

    const table = new AnswerTable({
      question: this.#question,
      tasks: this.tasks,
      workers: reordered(this.workers, workerRank),
      classes: reordered(this.classes, classRank),
      taskStart,
      worker: gather(worker, order),
      label: gather(label, order),
      workerKind,
      ...Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, gather(values, order)])),
      ...(this.#exposed.size > 0 ? { exposed: Uint8Array.from(order, (row) => (this.#exposed.has(row) ? 1 : 0)) } : {}),
      ...(this.#soft.size > 0 ? { soft: this.#softRows(order, label, classRank) } : {}),
      ...(this.#predicted.size > 0 ? { predicted: this.#predictedRows(order, classRank) } : {}),
      ...(this.#gold.size > 0 ? { gold: this.#goldColumn(classRank) } : {}),
      uncounted: this.#uncounted.map((answer) => ({
        ...answer,
        worker: workerRank[answer.worker],
        label: answer.label < 0 ? -1 : classRank[answer.label],
      })),
    });
    Object.assign(this.receipt, {
      answers: table.answerCount,
      tasks: table.taskCount,
      workers: table.workerCount,
      classes: table.classCount,
      duplicates: repeats,
      caseTwins: table.classCount <= 2000 ? caseTwins(table.classes.names()) : [],
      gold: this.#gold.size,
    });
    return { table, receipt: this.receipt };
  }

  /**
   * Moves the rows that do not count to the end of `order`, keeping the others in place.
   * Returns the number of repeats.
   */
  #applyDuplicates(order: Uint32Array, task: Uint32Array, worker: Uint32Array, time: Float64Array | undefined): number {
    let kept = 0;
    let repeats = 0;
    for (let i = 0; i < order.length; ) {
      let end = i + 1;
      while (end < order.length && task[order[end]] === task[order[i]] && worker[order[end]] === worker[order[i]])
        end++;
      repeats += end - i - 1;
      if (end - i > 1 && this.#duplicates === 'error') {
        const [taskName, row] = [this.tasks.name(task[order[i]]), order[i + 1] + 1];
        throw new InputError(
          `invalid repeated answer of one worker to task ${shown(taskName)} in row ${row}; choose --duplicates last, first or all`,
          {
            code: 'duplicate-answer',
            line: row,
            got: taskName,
            hint: 'remove the repeat or choose a rule with --duplicates',
          },
        );
      }
      if (this.#duplicates === 'all') {
        i = end;
        continue;
      }
      let chosen = i;
      for (let j = i + 1; j < end; j++) {
        const later = time === undefined || !(time[order[j]] < time[order[chosen]]);
        if (this.#duplicates === 'last' ? later : !later) chosen = j;
      }
      order[kept++] = order[chosen];
      i = end;
    }
    return repeats;
  }

  #softRows(order: Uint32Array, label: Uint16Array, classRank: Uint32Array): Float64Array {
    const classCount = this.classes.size;
    const soft = new Float64Array(order.length * classCount);
    order.forEach((row, answer) => {
      const given = this.#soft.get(row);
      const at = answer * classCount;
      if (given === undefined) soft[at + label[row]] = 1;
      else {
        let total = 0;
        for (const value of Object.values(given)) total += value;
        for (const [name, value] of Object.entries(given)) {
          const index = this.classes.indexOf(name);
          if (index >= 0) soft[at + classRank[index]] = value / total;
        }
      }
    });
    return soft;
  }

  #predictedRows(order: Uint32Array, classRank: Uint32Array): Float64Array {
    const classCount = this.classes.size;
    const rows = new Float64Array(order.length * classCount).fill(Number.NaN);
    order.forEach((row, answer) => {
      const given = this.#predicted.get(row);
      if (given === undefined) return;
      const shares = rows.subarray(answer * classCount, (answer + 1) * classCount).fill(0);
      let total = 0;
      let named = 0;
      for (const [name, value] of Object.entries(given)) {
        const index = this.classes.indexOf(name);
        if (index < 0) continue;
        shares[classRank[index]] = value;
        total += value;
        named++;
      }
      // One number is the share of one class of two.
      if (classCount === 2 && named === 1 && total <= 1) {
        const one = shares[0] > 0 ? 0 : 1;
        shares[1 - one] = 1 - shares[one];
      } else for (let k = 0; k < classCount; k++) shares[k] = total > 0 ? shares[k] / total : Number.NaN;
    });
    return rows;
  }

  #goldColumn(classRank: Uint32Array): Int32Array {
    const gold = new Int32Array(this.tasks.size).fill(-1);
    for (const [task, label] of this.#gold) gold[task] = classRank[label];
    return gold;
  }
}

/**
 * A table from rows of [task, worker, label] or full {@link AnswerRow}s: the shortest way in.
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog'], ['t2', 'ana', 'dog']]);
 * table.answerCount; // => 3
 */
export function answersFrom(
  rows: Iterable<readonly [task: string, worker: string, label: string] | AnswerRow>,
  options: BuilderOptions = {},
): AnswerTable {
  const builder = new AnswerTableBuilder(options);
  for (const row of rows) builder.add('task' in row ? row : { task: row[0], worker: row[1], label: row[2] });
  return builder.build().table;
}

/** Is this one of the statuses an answer can have? */
export function isAnswerStatus(text: string): text is AnswerStatus {
  return (answerStatuses as readonly string[]).includes(text);
}

function mostLikely(probabilities: Readonly<Record<string, number>> | undefined): string | undefined {
  if (probabilities === undefined) return undefined;
  let best: string | undefined;
  for (const [name, value] of Object.entries(probabilities)) {
    if (best === undefined || value > probabilities[best] || (value === probabilities[best] && name < best))
      best = name;
  }
  return best;
}

/** Declared classes keep their place; the rest follow in canonical order. */
function givenFirst(classes: DictionaryBuilder, given: number): Uint32Array {
  const ranks = canonicalRanks(classes);
  const later = Array.from({ length: classes.size - given }, (_, i) => given + i).sort((a, b) => ranks[a] - ranks[b]);
  const result = new Uint32Array(classes.size);
  for (let index = 0; index < given; index++) result[index] = index;
  later.forEach((index, i) => {
    result[index] = given + i;
  });
  return result;
}

function reordered(dictionary: DictionaryBuilder, rank: Uint32Array): Dictionary {
  const names = new Array<string>(rank.length);
  for (let index = 0; index < rank.length; index++) names[rank[index]] = dictionary.name(index);
  return dictionaryOf(names);
}

/** Rows sorted by task, then worker, then row: two stable counting sorts. */
function orderByTaskAndWorker(
  task: Uint32Array,
  worker: Uint32Array,
  taskCount: number,
  workerCount: number,
): Uint32Array {
  const byWorker = countingSort(worker, workerCount, undefined);
  return countingSort(task, taskCount, byWorker);
}

function countingSort(key: Uint32Array, size: number, input: Uint32Array | undefined): Uint32Array {
  const next = new Uint32Array(size + 1);
  for (let row = 0; row < key.length; row++) next[key[row] + 1]++;
  for (let k = 0; k < size; k++) next[k + 1] += next[k];
  const order = new Uint32Array(key.length);
  for (let i = 0; i < key.length; i++) {
    const row = input === undefined ? i : input[i];
    order[next[key[row]]++] = row;
  }
  return order;
}

function gather<A extends Uint32Array | Uint16Array | Float64Array>(values: A, order: Uint32Array): A {
  const result = new (values.constructor as new (length: number) => A)(order.length);
  for (let i = 0; i < order.length; i++) result[i] = values[order[i]];
  return result;
}

type NumberArray = Uint32Array | Uint16Array | Float64Array;
const chunkBits = 16;
const chunkSize = 1 << chunkBits;

/** A growing typed array in chunks, so that growth never copies and never needs twice the memory. */
class Column<A extends NumberArray> {
  #chunks: A[] = [];
  #make: new (
    length: number,
  ) => A;
  length = 0;

  constructor(make: new (length: number) => A) {
    this.#make = make;
  }

  push(value: number): void {
    const offset = this.length & (chunkSize - 1);
    if (offset === 0) this.#chunks.push(new this.#make(chunkSize));
    this.#chunks[this.length >>> chunkBits][offset] = value;
    this.length++;
  }

  /** The values as one array; the column is empty afterwards. */
  take(): A {
    const all = new this.#make(this.length);
    for (let chunk = 0; chunk < this.#chunks.length; chunk++) {
      const from = chunk * chunkSize;
      all.set(this.#chunks[chunk].subarray(0, Math.min(chunkSize, this.length - from)), from);
    }
    this.#chunks = [];
    this.length = 0;
    return all;
  }
}
