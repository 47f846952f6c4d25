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
    while (column.length < this.size - 1) column.push(absentValue(name));
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

  /** Sets what the worker of the row appended last expects others to say. */
  setPredicted(shares: Readonly<Record<string, number>>): void {
    this.#predicted.set(this.size - 1, shares);
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
    const workerRank = canonicalRanks(this.workers);
    const classRank =
      this.#classesGiven > 0 ? givenFirst(this.classes, this.#classesGiven) : canonicalRanks(this.classes);
    const rows = this.size;
    this.#worker.replace(workerRank);
    this.#label.replace(classRank);
    for (const name of extras) {
      const column = this.#extra[name];
      while (column !== undefined && column.length < rows) column.push(absentValue(name));
    }

    const { order: sorted, taskStart } = this.#sort();
    const repeats = this.#applyDuplicates(sorted, taskStart);
    const order = repeats > 0 && this.#duplicates !== 'all' ? sorted.subarray(0, rows - repeats) : sorted;
    this.#task.clear();
    const workerKind = new Uint8Array(this.workers.size);
    for (const [index, kind] of this.#kind) workerKind[workerRank[index]] = workerKinds.indexOf(kind);

    // Soft answers need the rows' labels; everything else leaves its column as it is put in order.
    const soft = this.#soft.size > 0 ? this.#softRows(order, classRank) : undefined;
    // The widest columns first, while memory is fullest.
    const [weight, time, durationMs, costMicros] = extras.map((name) => this.#extra[name]?.takeInOrder(order));
    const table = new AnswerTable({
      question: this.#question,
      tasks: this.tasks,
      workers: reordered(this.workers, workerRank),
      classes: reordered(this.classes, classRank),
      taskStart,
      worker: this.#worker.takeInOrder(order),
      label: this.#label.takeInOrder(order),
      workerKind,
      weight,
      time,
      durationMs,
      costMicros,
      exposed: this.#exposed.size > 0 ? Uint8Array.from(order, (row) => (this.#exposed.has(row) ? 1 : 0)) : undefined,
      soft,
      predicted: this.#predicted.size > 0 ? this.#predictedRows(order, classRank) : undefined,
      gold: this.#gold.size > 0 ? this.#goldColumn(classRank) : undefined,
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

  /** The rows by task, inside a task by worker, among equals as they came. */
  #sort(): { order: Uint32Array; taskStart: Uint32Array } {
    const task = this.#task;
    const worker = this.#worker;
    const taskCount = this.tasks.size;
    const taskStart = new Uint32Array(taskCount + 1);
    for (let row = 0; row < task.length; row++) taskStart[task.at(row) + 1]++;
    for (let t = 0; t < taskCount; t++) taskStart[t + 1] += taskStart[t];
    const next = taskStart.slice(0, taskCount);
    const order = new Uint32Array(task.length);
    for (let row = 0; row < order.length; row++) order[next[task.at(row)]++] = row;
    for (let t = 0; t < taskCount; t++) {
      const [from, to] = [taskStart[t], taskStart[t + 1]];
      if (to - from > longestInsertion) {
        order.subarray(from, to).sort((a, b) => worker.at(a) - worker.at(b) || a - b);
        continue;
      }
      for (let i = from + 1; i < to; i++) {
        const row = order[i];
        const key = worker.at(row);
        let j = i;
        for (; j > from && worker.at(order[j - 1]) > key; j--) order[j] = order[j - 1];
        order[j] = row;
      }
    }
    return { order, taskStart };
  }

  /**
   * Moves the rows that count to the front of `order` and makes `taskStart` fit them. Returns the
   * number of repeats.
   */
  #applyDuplicates(order: Uint32Array, taskStart: Uint32Array): number {
    const worker = this.#worker;
    const time = this.#extra.time;
    const all = this.#duplicates === 'all';
    let kept = 0;
    let repeats = 0;
    let start = 0;
    for (let t = 0; t + 1 < taskStart.length; t++) {
      const taskEnd = taskStart[t + 1];
      for (let i = start; i < taskEnd; ) {
        const who = worker.at(order[i]);
        let end = i + 1;
        while (end < taskEnd && worker.at(order[end]) === who) end++;
        repeats += end - i - 1;
        if (end - i > 1 && this.#duplicates === 'error') throw this.#repeated(t, order[i + 1]);
        let chosen = i;
        for (let j = i + 1; j < end && !all; j++) {
          const later = time === undefined || !(time.at(order[j]) < time.at(order[chosen]));
          if (this.#duplicates === 'last' ? later : !later) chosen = j;
        }
        if (!all) order[kept++] = order[chosen];
        i = end;
      }
      start = taskEnd;
      if (!all) taskStart[t + 1] = kept;
    }
    return repeats;
  }

  #repeated(task: number, row: number): InputError {
    const name = this.tasks.name(task);
    const hint = 'remove the repeat or choose a rule with --duplicates';
    return new InputError(
      `invalid repeated answer of one worker to task ${shown(name)} in row ${row + 1}; choose --duplicates last, first or all`,
      { code: 'duplicate-answer', line: row + 1, got: name, hint },
    );
  }

  #softRows(order: Uint32Array, classRank: Uint32Array): Float64Array {
    const classCount = this.classes.size;
    const soft = new Float64Array(order.length * classCount);
    order.forEach((row, answer) => {
      const given = this.#soft.get(row);
      const at = answer * classCount;
      if (given === undefined) soft[at + this.#label.at(row)] = 1;
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

/** Tasks with more answers than this are sorted by the engine's sort. */
const longestInsertion = 32;

/** What an absent number of a row is: no weight means one answer. */
function absentValue(name: Extra): number {
  return name === 'weight' ? 1 : Number.NaN;
}

type NumberArray = Uint32Array | Uint16Array | Float64Array;
/** The first chunk of a column holds 2 to this power values. */
const firstBits = 12;
const firstSize = 1 << firstBits;

/**
 * A growing typed array in chunks, each as long as all before it together, so that growth never
 * copies and a chunk is found by the highest bit of the row.
 */
class Column<A extends NumberArray> {
  #chunks: A[] = [];
  #last: A;
  #make: new (
    length: number,
  ) => A;
  /** First row of the last chunk. */
  #lastStart = 0;
  length = 0;

  constructor(make: new (length: number) => A) {
    this.#make = make;
    this.#last = new make(0);
  }

  push(value: number): void {
    let offset = this.length - this.#lastStart;
    if (offset === this.#last.length) {
      this.#last = new this.#make(Math.max(firstSize, this.length));
      this.#chunks.push(this.#last);
      this.#lastStart = this.length;
      offset = 0;
    }
    this.#last[offset] = value;
    this.length++;
  }

  at(row: number): number {
    if (row < firstSize) return this.#chunks[0][row];
    const bit = 31 - Math.clz32(row);
    return this.#chunks[bit - firstBits + 1][row - (1 << bit)];
  }

  /** Replaces each value v by `by[v]`. */
  replace(by: Uint32Array): void {
    for (const chunk of this.#chunks) {
      const used = chunk === this.#last ? this.length - this.#lastStart : chunk.length;
      for (let i = 0; i < used; i++) chunk[i] = by[chunk[i]];
    }
  }

  /** The values of the given rows as one array; the column is empty afterwards. */
  takeInOrder(order: Uint32Array): A {
    const values = new this.#make(order.length);
    for (let i = 0; i < order.length; i++) values[i] = this.at(order[i]);
    this.clear();
    return values;
  }

  /** Frees the memory at once: waiting for the garbage collector would double the peak. */
  clear(): void {
    // Gives the memory back at once; older engines leave it to their collector.
    for (const chunk of this.#chunks) (chunk.buffer as ArrayBuffer).transfer?.(0);
    this.#chunks = [];
    this.#last = new this.#make(0);
    this.#lastStart = 0;
    this.length = 0;
  }
}
