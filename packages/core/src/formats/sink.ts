import type { AnswerStatus, AnswerTable, WorkerKind } from '../answers/answer-table.ts';
import { AnswerTableBuilder } from '../answers/builder.ts';
import { DictionaryBuilder, runningHash } from '../answers/dictionary.ts';
import type { Receipt } from '../answers/receipt.ts';
import { InputError, shown } from '../errors.ts';
import type { ReadOptions } from './options.ts';
import type { Source } from './source.ts';
import { isUtf8, missingValues, textOf } from './values.ts';

/** One answer as a format's reader hands it over. */
export interface AnswerRecord {
  readonly task: string;
  readonly worker: string;
  /** What was said; null or undefined for nothing, a list for several choices. */
  readonly label?: string | readonly string[] | null;
  /** Default `label`. */
  readonly question?: string;
  readonly status?: AnswerStatus;
  readonly kind?: WorkerKind;
  readonly weight?: number;
  readonly time?: number;
  readonly durationMs?: number;
  readonly costMicros?: number;
  readonly exposed?: boolean;
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Share of others the worker expects to say each class. */
  readonly predictedShares?: Readonly<Record<string, number>>;
}

/** The most errors collected before reading stops. */
export const mostErrors = 20;

/** The question of answers that name none. */
export const defaultQuestion = 'label';

/**
 * Where readers put what they find: one table per question, errors, guesses and notes.
 *
 * Labels are compared byte for byte; missing values, trimming, folding of case and declared classes
 * are decided once per distinct label, not per row.
 */
export class AnswerSink {
  readonly options: ReadOptions;
  readonly #questions = new Map<string, QuestionSink>();
  readonly #errors: InputError[] = [];
  readonly #notes = new Map<string, number>();
  readonly #seen = new Map<string, Set<string>>();
  readonly guesses: Set<string> = new Set();
  readonly columns: Map<string, string> = new Map();
  readonly sources: string[] = [];
  /** Questions that were not asked for. */
  readonly passedOver: Set<string> = new Set();
  readonly formats: Set<string> = new Set();

  readonly #held: Placed[] = [];
  readonly #heldGold: Placed[] = [];
  readonly #everywhere: Placed[] = [];

  constructor(options: ReadOptions = {}) {
    this.options = options;
  }

  /** The table of a question. */
  question(name: string = defaultQuestion): QuestionSink {
    let found = this.#questions.get(name);
    if (found === undefined) {
      found = new QuestionSink(name, this.options);
      this.#questions.set(name, found);
    }
    return found;
  }

  /** Is this question wanted? */
  wants(question: string): boolean {
    if (this.options.question === undefined || this.options.question === question) return true;
    this.passedOver.add(question);
    return false;
  }

  /** Reads another source into this sink: the members of an archive. */
  readMember: (source: Source) => Promise<void> = () => Promise.resolve();
  /** Number of answers handed over so far, wanted or not. */
  answered = 0;

  /** Adds one answer. `place` says where it stands, for errors. */
  answer(record: AnswerRecord, place: Place): void {
    this.answered++;
    if (this.options.several === 'each') this.#held.push({ record, place });
    else this.#add(record, place);
  }

  /** Declares the true label of a task, or its several true labels. */
  gold(question: string, task: string, label: string | readonly string[], place: Place): void {
    if (this.options.several === 'each') this.#heldGold.push({ record: { task, worker: '', label, question }, place });
    else this.#addGold(question, task, label, place);
  }

  #add(record: AnswerRecord, place: Place): void {
    const name = record.question ?? defaultQuestion;
    if (this.wants(name)) this.attempt(place, () => this.question(name).answer(record));
  }

  #addGold(question: string, task: string, label: string | readonly string[], place: Place): void {
    const text = typeof label === 'string' ? label : setName(label);
    if (text !== null && this.wants(question)) this.attempt(place, () => this.question(question).gold(task, text));
  }

  /**
   * Adds a row that belongs to all questions of the files, known only at the end: a task nobody
   * answered (without worker), or an annotation skipped as a whole.
   */
  everywhere(record: Omit<AnswerRecord, 'question'>, place: Place): void {
    this.#everywhere.push({ record, place });
  }

  /** Questions with an answer of several choices become a yes/no question for each class. */
  #splitSets(): void {
    const classes = new Map<string, Set<string>>();
    const questionOf = ({ record }: Placed): string => record.question ?? defaultQuestion;
    const listed = (label: AnswerRecord['label']): readonly string[] =>
      typeof label === 'string' ? [label] : (label ?? []);
    for (const held of this.#held) {
      if (listed(held.record.label).length > 1) classes.set(questionOf(held), new Set(this.options.classes));
    }
    for (const held of [...this.#held, ...this.#heldGold]) {
      for (const label of listed(held.record.label)) classes.get(questionOf(held))?.add(label);
    }
    const each = (held: Placed, use: (record: AnswerRecord) => void): void => {
      const question = questionOf(held);
      const { record } = held;
      const chosen = new Set(listed(record.label));
      for (const name of classes.get(question) ?? []) {
        const label = chosen.size === 0 ? null : chosen.has(name) ? 'yes' : 'no';
        use({ ...record, question: `${question}: ${name}`, label });
      }
      if (!classes.has(question)) use(record);
    };
    for (const held of this.#held) each(held, (record) => this.#add(record, held.place));
    for (const held of this.#heldGold) {
      each(held, ({ question, task, label }) =>
        this.#addGold(question ?? defaultQuestion, task, label ?? [], held.place),
      );
    }
  }

  #spreadEverywhere(): void {
    if (this.#everywhere.length === 0) return;
    const { question } = this.options;
    const names = this.#questions.size > 0 ? [...this.#questions.keys()] : [question ?? defaultQuestion];
    for (const { record, place } of this.#everywhere) {
      for (const name of names) {
        if (record.worker === '') this.question(name).taskOf(record.task);
        else this.#add({ ...record, question: name }, place);
      }
    }
  }

  /** Is this the first time the key is seen? Formats drop repeats that an export wrote twice. */
  first(space: string, key: string): boolean {
    let seen = this.#seen.get(space);
    if (seen === undefined) {
      seen = new Set();
      this.#seen.set(space, seen);
    }
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  }

  /** Collects an error; throws when there are too many to go on. */
  fail(error: InputError): void {
    this.#errors.push(error);
    if (this.#errors.length >= mostErrors) this.#throw();
  }

  /** Does something that may fail because of what the file says at a place. */
  attempt(place: Place, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failAt(error, place);
    }
  }

  /** As {@link fail} for an error that does not know where it happened; others are thrown on. */
  failAt(error: unknown, place: Place): void {
    if (!(error instanceof InputError)) throw error;
    const { code, got, hint } = error;
    if (error.path !== undefined) this.fail(error);
    else
      this.fail(
        new InputError(`${error.message} (${placeInWords(place)})`, {
          code,
          got,
          hint,
          path: pathOf(place),
          line: place.line,
        }),
      );
  }

  /** Adds to a note that is given once with a count: `%` stands for the number, `{is|are}` for one or many. */
  note(text: string, count = 1): void {
    this.#notes.set(text, (this.#notes.get(text) ?? 0) + count);
  }

  /** All tables with their receipts. @throws {InputError} the errors collected */
  finish(): Map<string, { table: AnswerTable; receipt: Receipt }> {
    this.#splitSets();
    this.#spreadEverywhere();
    if (this.#errors.length > 0) this.#throw();
    const result = new Map<string, { table: AnswerTable; receipt: Receipt }>();
    for (const [name, question] of this.#questions) {
      const { table, receipt } = question.build();
      receipt.format = [...this.formats].join(', ');
      receipt.sources.push(...this.sources);
      receipt.columns.push(...[...this.columns].map(([from, to]) => ({ from, to })));
      receipt.guesses.push(...this.guesses);
      for (const [text, count] of this.#notes) receipt.notes.push(counted(text, count));
      result.set(name, { table, receipt });
    }
    return result;
  }

  #throw(): never {
    const [first, ...others] = this.#errors;
    const { message, code, path, line, got, hint } = first;
    throw new InputError(message, { code, path, line, got, hint }, others);
  }
}

/** Where in a file something stands: a line, or a path inside a JSON document. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly json?: string;
}

function counted(text: string, count: number): string {
  const chosen = text.replace(/\{([^|}]*)\|([^}]*)\}/g, (_, one: string, many: string) => (count === 1 ? one : many));
  return chosen.replace('%', count.toLocaleString('en'));
}

interface Placed {
  readonly record: AnswerRecord;
  readonly place: Place;
}

function placeInWords({ file, line, json }: Place): string {
  return `${file}${line === undefined ? '' : `, line ${line}`}${json === undefined ? '' : `, ${json}`}`;
}

/** The `path` of an error at a place. */
export function pathOf({ file, json }: Place): string {
  return json === undefined ? file : `${file}#${json}`;
}

/** The answers to one question on their way into a table. */
export class QuestionSink {
  readonly name: string;
  readonly builder: AnswerTableBuilder;
  readonly #options: ReadOptions;
  readonly #missing: ReadonlySet<string>;
  readonly #rawLabels = new DictionaryBuilder();
  readonly #rawTasks: DictionaryBuilder | undefined;
  readonly #rawWorkers: DictionaryBuilder | undefined;
  readonly #taskOfRaw: number[] = [];
  readonly #workerOfRaw: number[] = [];
  /** Class of each distinct label as written; -1 for a missing value. */
  readonly #classOfRaw: number[] = [];
  readonly #folded = new Map<string, string>();
  /** Why a label is not allowed, by its index as written. */
  readonly #refused = new Map<number, unknown>();
  padded = 0;

  constructor(name: string, options: ReadOptions) {
    this.name = name;
    this.#options = options;
    const { classes, openClasses, duplicates } = options;
    this.builder = new AnswerTableBuilder({
      question: name,
      classes: options.several === 'each' && name.includes(': ') ? ['no', 'yes'] : classes,
      openClasses,
      duplicates,
    });
    const declared = new Set(classes);
    this.#missing = new Set((options.missing ?? missingValues).filter((value) => !declared.has(value)));
    if (options.trim === true) {
      this.#rawTasks = new DictionaryBuilder();
      this.#rawWorkers = new DictionaryBuilder();
    }
    for (const label of classes ?? []) this.#folded.set(label.toLowerCase(), label);
  }

  /** The task whose name is these bytes; -1 when they are empty. */
  task(bytes: Uint8Array, from: number, to: number, running: number): number {
    if (from === to) return -1;
    if (this.#rawTasks !== undefined)
      return trimmedIndex(this.#rawTasks, this.#taskOfRaw, this.builder.tasks, 'task', bytes, from, to, running);
    return newIndex(this.builder.tasks, 'task', bytes, from, to, running);
  }

  /** The worker whose name is these bytes; -1 when they are empty. */
  worker(bytes: Uint8Array, from: number, to: number, running: number): number {
    if (from === to) return -1;
    const { workers } = this.builder;
    if (this.#rawWorkers !== undefined)
      return trimmedIndex(this.#rawWorkers, this.#workerOfRaw, workers, 'worker', bytes, from, to, running);
    const before = workers.size;
    const index = newIndex(workers, 'worker', bytes, from, to, running);
    if (workers.size !== before) this.#newWorker(index);
    return index;
  }

  /** The class of these bytes; -1 when they mean "no answer". */
  label(bytes: Uint8Array, from: number, to: number, running: number): number {
    const raw = this.#rawLabels.addHashed(bytes, from, to, running);
    if (raw >= this.#classOfRaw.length) return this.#newLabel(raw, bytes, from, to);
    const known = this.#classOfRaw[raw];
    return known === refusedLabel ? this.#refuse(raw) : known;
  }

  /** The index of the task, worker or label with these bytes; -1 for an empty name or no answer. */
  indexOfBytes(role: 'task' | 'worker' | 'label', bytes: Uint8Array, from = 0, to: number = bytes.length): number {
    return this[role](bytes, from, to, runningHash(bytes, from, to));
  }

  /** The class of a text; -1 when it means "no answer". */
  labelOf(text: string): number {
    const raw = this.#rawLabels.add(text);
    if (raw >= this.#classOfRaw.length) return this.#decide(raw, text);
    const known = this.#classOfRaw[raw];
    return known === refusedLabel ? this.#refuse(raw) : known;
  }

  taskOf(text: string): number {
    const name = this.#options.trim === true ? text.trim() : text;
    return name === '' ? -1 : this.builder.tasks.add(name);
  }

  workerOf(text: string): number {
    const name = this.#options.trim === true ? text.trim() : text;
    if (name === '') return -1;
    const before = this.builder.workers.size;
    const index = this.builder.workers.add(name);
    if (this.builder.workers.size !== before) this.#newWorker(index);
    return index;
  }

  /** Adds a worker who may have no answers. */
  nameWorker(name: string, kind: WorkerKind | undefined): void {
    const worker = this.workerOf(name);
    if (worker >= 0 && kind !== undefined) this.builder.setKind(worker, kind);
  }

  /** Adds one answer by its names. */
  answer(record: AnswerRecord): void {
    const { builder } = this;
    const task = this.taskOf(record.task);
    if (task < 0) throw missingCell('task');
    const worker = this.workerOf(record.worker);
    if (worker < 0) throw missingCell('worker');
    if (record.kind !== undefined) builder.setKind(worker, record.kind);
    const said = labelText(record);
    const label = said === null || said === undefined ? -1 : this.labelOf(said);
    this.row(task, worker, label, record.status ?? 'ok', record.time ?? Number.NaN);
    if (label < 0 || (record.status ?? 'ok') !== 'ok') return;
    if (record.weight !== undefined) builder.setExtra('weight', record.weight);
    if (record.time !== undefined) builder.setExtra('time', record.time);
    if (record.durationMs !== undefined) builder.setExtra('durationMs', record.durationMs);
    if (record.costMicros !== undefined) builder.setExtra('costMicros', record.costMicros);
    if (record.exposed === true) builder.setExposed();
    if (record.predictedShares !== undefined) {
      for (const name of Object.keys(record.predictedShares)) this.labelOf(name);
      builder.setPredicted(record.predictedShares);
    }
    if (record.probabilities !== undefined) {
      for (const name of Object.keys(record.probabilities)) this.labelOf(name);
      builder.setProbabilities(record.probabilities);
    }
  }

  /** Adds one answer by the indices of its names; extras of the row follow when it counts. */
  row(task: number, worker: number, label: number, status: AnswerStatus, time: number): void {
    if (status !== 'ok') {
      this.builder.receipt.rows++;
      this.builder.setAside({ task, worker, label, status, time });
    } else if (label < 0) this.builder.countMissing();
    else this.builder.append(task, worker, label);
  }

  /** Declares the true class of a task. */
  gold(task: string, label: string): void {
    const index = this.taskOf(task);
    if (index < 0) throw missingCell('task');
    const known = this.labelOf(label);
    if (known >= 0) this.builder.setGoldIndex(index, known);
  }

  build(): { table: AnswerTable; receipt: Receipt } {
    const built = this.builder.build();
    if (this.padded > 0) {
      const some = this.padded === 1 ? '1 label has' : `${this.padded} labels have`;
      built.receipt.notes.push(`${some} spaces around the text; they are kept unless trimmed (--trim)`);
    }
    return built;
  }

  #newWorker(index: number): void {
    if (this.#options.kind !== undefined) this.builder.setKind(index, this.#options.kind);
  }

  #newLabel(raw: number, bytes: Uint8Array, from: number, to: number): number {
    if (!isUtf8(bytes, from, to)) throw notUtf8('label', bytes, from, to);
    return this.#decide(raw, textOf(bytes, from, to));
  }

  /** What a label means, decided the first time it is seen; later rows look it up. */
  #decide(raw: number, text: string): number {
    let name = text;
    if (this.#options.trim === true) name = name.trim();
    else if (name !== name.trim() && name.trim() !== '') this.padded++;
    let index = -1;
    if (!this.#missing.has(name)) {
      if (this.#options.foldCase === true) {
        const key = name.toLowerCase();
        if (!this.#folded.has(key)) this.#folded.set(key, name);
        name = this.#folded.get(key) as string;
      }
      try {
        index = this.builder.classOf(name);
      } catch (error) {
        this.#refused.set(raw, error);
        index = refusedLabel;
      }
    }
    this.#classOfRaw[raw] = index;
    return index === refusedLabel ? this.#refuse(raw) : index;
  }

  #refuse(raw: number): never {
    throw this.#refused.get(raw);
  }
}

/** Marks a label that is not among the declared classes. */
const refusedLabel = -2;

function labelText({ label, probabilities }: AnswerRecord): string | null | undefined {
  if (label === undefined && probabilities !== undefined) return likeliest(probabilities);
  if (label === null || label === undefined || typeof label === 'string') return label;
  return setName(label);
}

/** One label for several choices: sorted, so that order does not matter, and joined by ` + `. */
function setName(labels: readonly string[]): string | null {
  if (labels.length <= 1) return labels[0] ?? null;
  return [...new Set(labels)].sort((a, b) => (a < b ? -1 : 1)).join(' + ');
}

/** The class with the largest probability, the first by name among equals. */
export function likeliest(probabilities: Readonly<Record<string, number>>): string | undefined {
  let best: string | undefined;
  for (const [name, value] of Object.entries(probabilities)) {
    if (best === undefined || value > probabilities[best] || (value === probabilities[best] && name < best))
      best = name;
  }
  return best;
}

function missingCell(role: 'task' | 'worker'): InputError {
  const hint =
    role === 'task' ? 'give every answer its task' : 'give every answer its worker, or name one for all with --worker';
  return new InputError(`missing ${role}; ${hint}`, { code: `missing-${role}`, got: '', hint });
}

/** The error of a cell that is not UTF-8. */
export function notUtf8(what: string, bytes: Uint8Array, from: number, to: number): InputError {
  const text = textOf(bytes, from, to);
  return new InputError(`invalid UTF-8 in ${what} ${shown(text)}; save the file as UTF-8`, {
    code: 'invalid-utf8',
    got: text.slice(0, 60),
    hint: 'save the file as UTF-8',
  });
}

function newIndex(
  names: DictionaryBuilder,
  what: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  running: number,
): number {
  const before = names.size;
  const index = names.addHashed(bytes, from, to, running);
  if (names.size !== before && !isUtf8(bytes, from, to)) throw notUtf8(what, bytes, from, to);
  return index;
}

function trimmedIndex(
  raw: DictionaryBuilder,
  known: number[],
  names: DictionaryBuilder,
  what: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  running: number,
): number {
  const index = newIndex(raw, what, bytes, from, to, running);
  if (index === known.length) {
    const text = textOf(bytes, from, to).trim();
    known.push(text === '' ? -1 : names.add(text));
  }
  return known[index];
}
