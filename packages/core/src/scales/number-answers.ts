import { type Dictionary, dictionaryOf } from '../answers/dictionary.ts';
import type { DuplicateRule } from '../answers/receipt.ts';
import { type InputError, shown } from '../errors.ts';
import { aliases } from '../formats/columns.ts';
import { FailureList } from '../formats/failure-list.ts';
import { textOfValue } from '../formats/long-json.ts';
import { columnError, namedColumns, type TieredNames } from '../formats/named-columns.ts';
import { type FileRecord, readRecords } from '../formats/read-records.ts';
import type { Source } from '../formats/source.ts';
import { missingValues } from '../formats/values.ts';

/** Numbers that workers gave for tasks, one entry per answer. */
export interface NumberAnswers {
  readonly tasks: Dictionary;
  readonly workers: Dictionary;
  readonly task: Uint32Array;
  readonly worker: Uint32Array;
  readonly value: Float64Array;
}

/** What a column of a file of numbers can be. */
export type NumberRole = 'task' | 'worker' | 'value';
export const numberRoles: readonly NumberRole[] = ['task', 'worker', 'value'];

/** How files of numbers are read. */
export interface ReadNumbersOptions {
  /** Which column is what, by its name. */
  readonly columns?: Readonly<Partial<Record<NumberRole, string>>>;
  readonly delimiter?: string;
  /** The worker of rows that name none. */
  readonly worker?: string;
  /** Which counts where a worker answered a task twice; default `last`. */
  readonly duplicates?: DuplicateRule;
  /** Values that mean "no answer". */
  readonly missing?: readonly string[];
}

/** What was read, for the person who reads the result. */
export interface NumberReceipt {
  readonly answers: number;
  readonly tasks: number;
  readonly workers: number;
  readonly duplicates: number;
  readonly missing: number;
  readonly columns: readonly { readonly from: string; readonly to: string }[];
  readonly notes: readonly string[];
}

/** Names of the columns in tiers; the value's are those of labels, with the usual ones for numbers first. */
const names: TieredNames<NumberRole> = {
  task: aliases.task,
  worker: aliases.worker,
  value: [['value'], ['number', 'score', 'rating', 'grade'], ...aliases.label],
};

/**
 * Reads answers that are numbers: a row per answer with task, worker and value, as CSV, TSV, JSON, JSON
 * lines or Parquet, plain or gzip. Without a worker column all answers are one worker's.
 *
 * Tasks and workers are in order of name, so that nothing depends on the order of rows or files.
 *
 * @throws {InputError} with up to 20 failures in `all`: missing-column, invalid-number, missing-task, …
 * @example
 * const { answers } = await readNumbers(sourceOf('ratings.csv', 'task,worker,value\nt1,ana,3.5\n'));
 * answers.value; // => new Float64Array([3.5])
 */
export async function readNumbers(
  sources: Source | readonly Source[],
  options: ReadNumbersOptions = {},
): Promise<{ answers: NumberAnswers; receipt: NumberReceipt }> {
  const list = Array.isArray(sources) ? (sources as readonly Source[]) : [sources as Source];
  const reading = new Reading(options);
  for (const source of list) {
    let at: Partial<Record<NumberRole, string>> | undefined;
    await readRecords(
      source,
      (records) => {
        for (const record of records) {
          at ??= reading.plan(source.name, Object.keys(record.values));
          reading.take(record, at);
        }
      },
      { delimiter: options.delimiter },
    );
  }
  return reading.end();
}

class Reading {
  readonly #options: ReadNumbersOptions;
  readonly #missingWords: ReadonlySet<string>;
  readonly #rows = new Map<string, { task: string; worker: string; value: number }>();
  readonly #failures = new FailureList();
  readonly #columns = new Map<string, string>();
  readonly #notes = new Set<string>();
  #duplicates = 0;
  #missing = 0;

  constructor(options: ReadNumbersOptions) {
    this.#options = options;
    this.#missingWords = new Set(options.missing ?? missingValues);
  }

  plan(file: string, header: readonly string[]): Partial<Record<NumberRole, string>> {
    const at = namedColumns(file, header, numberRoles, names, this.#options.columns ?? {});
    for (const role of ['task', 'value'] as const) if (at[role] === undefined) throw missingColumn(file, header, role);
    for (const [role, column] of Object.entries(at)) this.#columns.set(column, role);
    if (at.worker === undefined && this.#options.worker === undefined)
      this.#notes.add(`no column names the worker in ${file}: all answers are taken as one worker's`);
    return at;
  }

  take({ values, file, line }: FileRecord, at: Partial<Record<NumberRole, string>>): void {
    const text = (role: NumberRole): string => {
      const column = at[role];
      const value = column === undefined ? null : values[column];
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : (textOfValue(value) ?? '');
    };
    const [task, said] = [text('task'), text('value').trim()];
    const named = text('worker');
    const worker = named === '' ? (this.#options.worker ?? 'unnamed') : named;
    if (this.#missingWords.has(said)) {
      this.#missing++;
      return;
    }
    const value = Number(said);
    if (task === '') this.#failures.add(file, line, 'missing-task', 'missing task', 'give every number its task', '');
    else if (!Number.isFinite(value)) {
      const hint = 'give a finite number with a decimal point; labels go to "assay aggregate"';
      this.#failures.add(file, line, 'invalid-number', `invalid number ${shown(said)}`, hint, said);
    } else this.#add(task, worker, value, file, line);
  }

  #add(task: string, worker: string, value: number, file: string, line: number): void {
    const rule = this.#options.duplicates ?? 'last';
    const key = JSON.stringify([task, worker]);
    if (!this.#rows.has(key)) {
      this.#rows.set(key, { task, worker, value });
      return;
    }
    this.#duplicates++;
    if (rule === 'error') {
      const hint = 'remove one, or choose --duplicates last, first or all';
      this.#failures.add(
        file,
        line,
        'duplicate-answer',
        `ambiguous answers of ${shown(worker)} to ${shown(task)}`,
        hint,
        task,
      );
    } else if (rule === 'last') this.#rows.set(key, { task, worker, value });
    else if (rule === 'all') this.#rows.set(`${key}${this.#duplicates}`, { task, worker, value });
  }

  end(): { answers: NumberAnswers; receipt: NumberReceipt } {
    this.#failures.refuse();
    const rows = [...this.#rows.values()];
    const tasks = dictionaryOf([...new Set(rows.map(({ task }) => task))].sort());
    const workers = dictionaryOf([...new Set(rows.map(({ worker }) => worker))].sort());
    return {
      answers: {
        tasks,
        workers,
        task: Uint32Array.from(rows, ({ task }) => tasks.indexOf(task)),
        worker: Uint32Array.from(rows, ({ worker }) => workers.indexOf(worker)),
        value: Float64Array.from(rows, ({ value }) => value),
      },
      receipt: {
        answers: rows.length,
        tasks: tasks.size,
        workers: workers.size,
        duplicates: this.#duplicates,
        missing: this.#missing,
        columns: Array.from(this.#columns, ([from, to]) => ({ from, to })),
        notes: [...this.#notes],
      },
    };
  }
}

function missingColumn(file: string, header: readonly string[], role: NumberRole): InputError {
  const hint = `rename it, or name it with --columns ${role}=NAME`;
  const alike = names[role].flat().slice(0, 5).join(', ');
  const got = header.join(',');
  const what = `missing ${role} column in ${file}: none of ${shown(got)} is called ${alike} or alike`;
  return columnError(file, 'missing-column', what, hint, got);
}
