import { dictionaryOf } from '../answers/dictionary.ts';
import type { DuplicateRule } from '../answers/receipt.ts';
import { InputError, shown } from '../errors.ts';
import { folded } from '../formats/columns.ts';
import { FailureList } from '../formats/failure-list.ts';
import { textOfValue } from '../formats/long-json.ts';
import { type FileRecord, readRecords } from '../formats/read-records.ts';
import type { Source } from '../formats/source.ts';
import { missingValues } from '../formats/values.ts';
import { type ComparisonPlan, type ComparisonRole, planComparisons } from './comparison-columns.ts';
import type { NamedComparisons } from './comparisons.ts';

/** How files of comparisons are read. */
export interface ReadComparisonsOptions {
  /** Which column is what, by its name. */
  readonly columns?: Readonly<Partial<Record<ComparisonRole, string>>>;
  readonly delimiter?: string;
  /** The worker of rows that name none. */
  readonly worker?: string;
  /** Which counts where a worker compared the same two twice on one task; default `last`. */
  readonly duplicates?: DuplicateRule;
  /** Winners that mean "no answer". */
  readonly missing?: readonly string[];
}

/** What was read, for the person who reads the ranking. */
export interface ComparisonReceipt {
  readonly comparisons: number;
  readonly ties: number;
  readonly items: number;
  readonly workers: number;
  /** Repeated comparisons that do not count, and rows without an answer. */
  readonly duplicates: number;
  readonly missing: number;
  readonly columns: readonly { readonly from: string; readonly to: string }[];
  readonly notes: readonly string[];
}

export interface ComparisonsRead {
  readonly comparisons: NamedComparisons;
  readonly receipt: ComparisonReceipt;
}

/** One comparison by name. */
interface Pair {
  readonly winner: string;
  readonly loser: string;
  readonly worker: string;
  readonly task: string | undefined;
  readonly tied: boolean;
  readonly winnerFirst: boolean | undefined;
}

/** A row that shows two items side by side, before it is known how winners are named. */
interface Row {
  readonly left: string;
  readonly right: string;
  readonly winner: string;
  readonly worker: string;
  readonly task: string | undefined;
  readonly line: number;
}

const leftWords = new Set(['left', 'a', '1', 'first', 'itema', 'item1', 'modela', 'model1', 'optiona', 'responsea']);
const rightWords = new Set(['right', 'b', '2', 'second', 'itemb', 'item2', 'modelb', 'model2', 'optionb', 'responseb']);
const tieWords = new Set([
  ...['tie', 'tied', 'ties', 'draw', 'equal', 'same', 'both', 'neither', 'nopreference'],
  ...['tie(bothbad)', 'tie(bothgood)', 'bothbad', 'bothgood'],
]);

/**
 * Reads pairwise preferences from files: CSV, TSV, JSON, JSON lines or Parquet, plain or gzip, in one of
 * three layouts: two items side by side and the winner (its name, `left`/`right`, `a`/`b`, `1`/`2`, or
 * `tie`); winner and loser; or items with their ranks, where each ranking of a worker counts as all its
 * pairs. A column for the worker is optional, one for the task (the prompt or question the two were
 * compared on) tells a repeated answer from an answer to another question.
 *
 * Items and workers are in order of name, so that nothing depends on the order of rows or files.
 *
 * @throws {InputError} with up to 20 failures in `all`: missing-column, unknown-winner, invalid-pair, …
 * @example
 * const { comparisons } = await readComparisons(sourceOf('pairs.csv', 'worker,left,right,winner\nana,x,y,x\n'));
 * comparisons.items.name(comparisons.winner[0]); // => 'x'
 */
export async function readComparisons(
  sources: Source | readonly Source[],
  options: ReadComparisonsOptions = {},
): Promise<ComparisonsRead> {
  const list = Array.isArray(sources) ? (sources as readonly Source[]) : [sources as Source];
  const reading = new Reading(options);
  for (const source of list) {
    const file = new ComparisonFile(source.name, options, reading);
    await readRecords(
      source,
      (records) => {
        for (const record of records) file.attempt(record);
      },
      { delimiter: options.delimiter },
    );
    file.end();
  }
  return reading.end();
}

/** What the files have in common. */
class Reading {
  readonly pairs: Pair[] = [];
  readonly failures: FailureList = new FailureList();
  readonly columns = new Map<string, string>();
  readonly notes = new Set<string>();
  missing = 0;
  nameless = 0;
  readonly #rule: DuplicateRule;

  constructor({ duplicates = 'last' }: ReadComparisonsOptions) {
    this.#rule = duplicates;
  }

  end(): ComparisonsRead {
    this.failures.refuse();
    const { pairs, duplicates } = this.#withoutRepeats();
    const items = dictionaryOf([...new Set(pairs.flatMap(({ winner, loser }) => [winner, loser]))].sort());
    const workers = dictionaryOf([...new Set(pairs.map(({ worker }) => worker))].sort());
    const sides = pairs.length > 0 && pairs.every(({ winnerFirst }) => winnerFirst !== undefined);
    const ties = pairs.reduce((sum, { tied }) => sum + (tied ? 1 : 0), 0);
    const comparisons: NamedComparisons = {
      itemCount: items.size,
      workerCount: workers.size,
      items,
      workers,
      winner: Uint32Array.from(pairs, ({ winner }) => items.indexOf(winner)),
      loser: Uint32Array.from(pairs, ({ loser }) => items.indexOf(loser)),
      worker: Uint32Array.from(pairs, ({ worker }) => workers.indexOf(worker)),
      tied: Uint8Array.from(pairs, ({ tied }) => (tied ? 1 : 0)),
      ...(sides ? { winnerFirst: Uint8Array.from(pairs, ({ winnerFirst }) => (winnerFirst ? 1 : 0)) } : {}),
    };
    return {
      comparisons,
      receipt: {
        comparisons: pairs.length,
        ties,
        items: items.size,
        workers: workers.size,
        duplicates,
        missing: this.missing,
        columns: Array.from(this.columns, ([from, to]) => ({ from, to })),
        notes: [...this.notes],
      },
    };
  }

  /** Repeated answers of a worker to the same two on the same task are settled by the rule. */
  #withoutRepeats(): { pairs: readonly Pair[]; duplicates: number } {
    const kept = new Map<string, Pair>();
    let [duplicates, unclear] = [0, 0];
    const seen = new Set<string>();
    for (const pair of this.pairs) {
      const both = pair.winner < pair.loser ? [pair.winner, pair.loser] : [pair.loser, pair.winner];
      const key = JSON.stringify([pair.worker, pair.task, ...both]);
      if (pair.task === undefined) {
        if (seen.has(key)) unclear++;
        seen.add(key);
        kept.set(`${key}${kept.size}`, pair);
        continue;
      }
      if (!kept.has(key)) {
        kept.set(key, pair);
        continue;
      }
      duplicates++;
      if (this.#rule === 'error') {
        const hint = 'remove one, or choose --duplicates last, first or all';
        const who = `${shown(pair.worker)} compared ${shown(both[0])} and ${shown(both[1])} twice on task ${shown(pair.task)}`;
        throw new InputError(`ambiguous answers: ${who}; ${hint}`, {
          code: 'duplicate-answer',
          got: pair.worker,
          hint,
        });
      }
      if (this.#rule === 'last') kept.set(key, pair);
      else if (this.#rule === 'all') kept.set(`${key}${duplicates}`, pair);
    }
    if (unclear > 0 && this.nameless === 0)
      this.notes.add(
        `comparisons that repeat a worker's own: ${unclear}; all count (a task column would tell a repeated answer from another question)`,
      );
    return { pairs: [...kept.values()], duplicates };
  }
}

/** One file on its way in. */
class ComparisonFile {
  readonly #name: string;
  readonly #options: ReadComparisonsOptions;
  readonly #reading: Reading;
  readonly #missing: ReadonlySet<string>;
  readonly #rows: Row[] = [];
  readonly #ranks = new Map<string, { worker: string; task: string | undefined; items: Map<string, number> }>();
  #plan: ComparisonPlan | undefined;

  constructor(name: string, options: ReadComparisonsOptions, reading: Reading) {
    this.#name = name;
    this.#options = options;
    this.#reading = reading;
    this.#missing = new Set(options.missing ?? missingValues);
  }

  /** Takes a record; what is wrong with it is kept with its line. */
  attempt(record: FileRecord): void {
    try {
      this.#take(record);
    } catch (error) {
      if (!(error instanceof InputError) || error.path !== undefined) throw error;
      const { code, message, got = '', hint = 'give text or a number' } = error;
      this.#fail(record.line, code, message.replace(`; ${hint}`, ''), hint, got);
    }
  }

  #take({ values, line }: FileRecord): void {
    const { at, layout } = this.#planned(values);
    const text = (role: ComparisonRole): string => {
      const column = at[role];
      return column === undefined ? '' : (textOfValue(values[column]) ?? '');
    };
    const named = text('worker');
    const worker = named === '' ? (this.#options.worker ?? '') : named;
    if (worker === '') this.#reading.nameless++;
    const task = at.task === undefined ? undefined : text('task');
    const who = { worker: worker === '' ? 'unnamed' : worker, task };
    if (layout === 'ranks') {
      this.#rank(text('item'), text('rank'), who.worker, task, line);
      return;
    }
    const winner = text('winner');
    if (this.#missing.has(winner)) {
      this.#reading.missing++;
      return;
    }
    const [left, right] = layout === 'sides' ? [text('left'), text('right')] : [winner, text('loser')];
    if (left === '' || right === '') {
      this.#fail(line, 'missing-item', 'missing item of a comparison', 'name both items in every row', '');
    } else if (left === right) {
      this.#fail(
        line,
        'invalid-pair',
        `invalid pair: ${shown(left)} beside itself`,
        'compare two different items',
        left,
      );
    } else if (layout === 'sides') this.#rows.push({ left, right, winner, ...who, line });
    else this.#reading.pairs.push({ winner, loser: right, ...who, tied: false, winnerFirst: undefined });
  }

  end(): void {
    const decided = this.#rows.filter(
      ({ left, right, winner }) => winner === left || winner === right || !isTie(winner),
    );
    const byName = decided.filter(({ left, right, winner }) => winner === left || winner === right).length;
    const bySide = decided.filter(({ winner }) => sideOf(winner) !== undefined).length;
    // Names come first: items may well be called 1 and 2, or a and b.
    const names = byName >= bySide;
    if (byName > 0 && byName === bySide)
      this.#reading.notes.add(`winners in ${this.#name} could be sides or items; they are read as names of items`);
    for (const { left, right, winner, worker, task, line } of this.#rows) {
      const tied = winner !== left && winner !== right && isTie(winner);
      const first = tied ? true : names ? nameOf(winner, left, right) : sideOf(winner);
      if (first === undefined) {
        const hint = names ? 'give the name of one of the two, or tie' : 'give left, right or tie, as other rows do';
        const what = `unknown winner ${shown(winner)}: neither ${shown(left)} nor ${shown(right)}`;
        this.#fail(line, 'unknown-winner', what, hint, winner);
        continue;
      }
      const pair = first ? { winner: left, loser: right } : { winner: right, loser: left };
      this.#reading.pairs.push({ ...pair, worker, task, tied, winnerFirst: first });
    }
    for (const { worker, task, items } of this.#ranks.values()) this.#addRanking(worker, task, [...items]);
  }

  /** All pairs of a ranking; equal ranks are ties. */
  #addRanking(worker: string, task: string | undefined, items: readonly (readonly [string, number])[]): void {
    for (let i = 0; i < items.length; i++) {
      for (let j = i + 1; j < items.length; j++) {
        const [[one, own], [other, others]] = [items[i], items[j]];
        const pair = own <= others ? { winner: one, loser: other } : { winner: other, loser: one };
        this.#reading.pairs.push({ ...pair, worker, task, tied: own === others, winnerFirst: undefined });
      }
    }
    this.#reading.notes.add('each ranking counts as all pairs of its items');
  }

  #rank(item: string, rank: string, worker: string, task: string | undefined, line: number): void {
    if (this.#missing.has(rank)) {
      this.#reading.missing++;
      return;
    }
    const place = Number(rank);
    if (item === '') {
      this.#fail(line, 'missing-item', 'missing item of a ranking', 'name the item in every row', '');
    } else if (!Number.isFinite(place)) {
      this.#fail(line, 'invalid-rank', `invalid rank ${shown(rank)}`, 'give a number, 1 for the best', rank);
    } else {
      const key = JSON.stringify([worker, task]);
      const list = this.#ranks.get(key) ?? { worker, task, items: new Map<string, number>() };
      if (list.items.has(item)) {
        const hint = 'give each list of a worker its own task';
        this.#fail(line, 'duplicate-item', `ambiguous rank of ${shown(item)}: it stands in the list twice`, hint, item);
      }
      list.items.set(item, place);
      this.#ranks.set(key, list);
    }
  }

  #planned(values: FileRecord['values']): ComparisonPlan {
    if (this.#plan !== undefined) return this.#plan;
    this.#plan = planComparisons(this.#name, Object.keys(values), this.#options.columns ?? {});
    for (const [role, column] of Object.entries(this.#plan.at)) this.#reading.columns.set(column, role);
    if (this.#plan.at.worker === undefined && this.#options.worker === undefined)
      this.#reading.notes.add(`no column names the worker in ${this.#name}: all answers are taken as one worker's`);
    return this.#plan;
  }

  #fail(line: number, code: string, what: string, hint: string, got: string): void {
    this.#reading.failures.add(this.#name, line, code, what, hint, got);
  }
}

function isTie(word: string): boolean {
  return tieWords.has(folded(word));
}

/** Does a word mean the first side? */
function sideOf(word: string): boolean | undefined {
  const name = folded(word);
  return leftWords.has(name) ? true : rightWords.has(name) ? false : undefined;
}

function nameOf(winner: string, left: string, right: string): boolean | undefined {
  return winner === left ? true : winner === right ? false : undefined;
}
