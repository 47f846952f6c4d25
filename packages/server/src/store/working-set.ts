import { apply } from './apply.ts';
import type { Change, Transaction } from './database.ts';
import type { Happening } from './events.ts';
import type {
  AssignmentRow,
  CampaignRow,
  ContentRow,
  InstructionRow,
  LoggedTables,
  Tables,
  TaskRow,
  WorkerRow,
} from './schema.ts';
import { keys } from './schema.ts';
import type { AssignmentKey } from './types.ts';

type TaskKey = Pick<AssignmentKey, 'campaign' | 'task'>;
type WorkerKey = Pick<AssignmentKey, 'campaign' | 'worker'>;

/**
 * The columns that change after a row was inserted. Counters are written as differences, so that the database adds
 * them to what it has and its CHECKs judge the sum; the others are written as they are.
 */
const changing: {
  readonly [Table in keyof LoggedTables]: {
    readonly counters: readonly (string & keyof LoggedTables[Table])[];
    readonly values: readonly (string & keyof LoggedTables[Table])[];
  };
} = {
  campaign: { counters: ['tasks', 'workers', 'instructions'], values: ['name', 'status', 'question', 'settings'] },
  instruction: { counters: [], values: [] },
  task: {
    counters: ['open_leases', 'accepted'],
    values: ['role', 'k', 'status', 'reason', 'reason_values', 'policy_version', 'closed_at'],
  },
  content: { counters: [], values: ['hash', 'content', 'gold', 'explanation'] },
  worker: {
    counters: ['open_leases', 'accepted', 'surplus', 'skipped', 'rejected'],
    values: ['name', 'paused', 'lapses'],
  },
  assignment: {
    counters: [],
    values: [
      'state',
      'leased_at',
      'expires_at',
      'answered_at',
      'submission',
      'correction',
      'value',
      'spent_ms',
      'instruction_version',
      'saw_suggestion',
      'skip_reason',
      'note',
      'propensity',
      'cost_micros',
    ],
  },
};

/**
 * The rows one transaction works on: loaded and locked at once, changed in memory by events, written back at once.
 *
 * A batch of any size costs the same few statements. Locks are always taken in the order campaign, task, worker and
 * by number inside each, so two transactions never wait for each other in a ring.
 */
export class WorkingSet {
  readonly transaction: Transaction;
  readonly campaigns: Rows<'campaign', CampaignRow> = new Rows('campaign');
  readonly instructions: Rows<'instruction', InstructionRow> = new Rows('instruction');
  readonly tasks: Rows<'task', TaskRow> = new Rows('task');
  readonly contents: Rows<'content', ContentRow> = new Rows('content');
  readonly workers: Rows<'worker', WorkerRow> = new Rows('worker');
  readonly assignments: Rows<'assignment', AssignmentRow> = new Rows('assignment');
  readonly #events: Happening[] = [];

  constructor(transaction: Transaction) {
    this.transaction = transaction;
  }

  loadCampaigns(wanted: readonly { readonly campaign: number }[]): Promise<void> {
    return this.#load(this.campaigns, wanted, true);
  }
  /** Without the lock, to look at only: campaigns are looked at by everything that happens in them. */
  readCampaigns(wanted: readonly { readonly campaign: number }[]): Promise<void> {
    return this.#load(this.campaigns, wanted, false);
  }
  loadTasks(wanted: readonly TaskKey[]): Promise<void> {
    return this.#load(this.tasks, wanted, true);
  }
  loadWorkers(wanted: readonly WorkerKey[]): Promise<void> {
    return this.#load(this.workers, wanted, true);
  }
  /** Content and assignments are guarded by the lock on their task: load that first. */
  loadContents(wanted: readonly TaskKey[]): Promise<void> {
    return this.#load(this.contents, wanted, false);
  }
  loadAssignments(wanted: readonly AssignmentKey[]): Promise<void> {
    return this.#load(this.assignments, wanted, false);
  }

  /** Lets something happen: it goes to the log and changes the rows. */
  record(event: Happening): void {
    this.#events.push(event);
    apply(event, this);
  }

  /** The changed rows and the events, to be written. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const rows of [
      this.campaigns,
      this.instructions,
      this.tasks,
      this.contents,
      this.workers,
      this.assignments,
    ] as readonly Rows<keyof LoggedTables, object>[])
      changes.push(...rows.changes());
    const events = this.#events.map((event) => ({ ...event, data: JSON.stringify(event.data) }));
    if (events.length > 0) changes.push(insertion('event', events));
    return changes;
  }

  async #load<Table extends keyof LoggedTables, Row extends LoggedTables[Table]>(
    rows: Rows<Table, Row>,
    wanted: readonly Partial<Row>[],
    lock: boolean,
  ): Promise<void> {
    const missing = rows.missing(wanted);
    if (missing.length > 0) rows.loaded((await this.transaction.load(rows.table, missing, lock)) as Row[]);
  }
}

/** Rows of equal columns to be added. Restored events bring their numbers, others get one. */
function insertion(table: keyof Tables, rows: readonly object[]): Change {
  return { kind: 'insert', table, keys: Object.keys(rows[0]), counters: [], values: [], rows };
}

interface Held<Row> {
  readonly row: Row;
  /** As the database has it; undefined while unchanged, null for a new row. */
  before: Row | null | undefined;
}

/** Some rows of one table by key. */
export class Rows<Table extends keyof LoggedTables, Row extends object> {
  readonly table: Table;
  readonly #held = new Map<string, Held<Row> | null>();

  constructor(table: Table) {
    this.table = table;
  }

  /** The row, to be read; undefined when there is none. */
  get(first: number, second?: number, third?: number): Readonly<Row> | undefined {
    const key = nameOf(first, second, third);
    const held = this.#held.get(key);
    if (held === undefined) throw new Error(`the ${this.table} ${key} was not loaded`);
    return held?.row;
  }

  /** The row, to be changed. */
  change(first: number, second?: number, third?: number): Row {
    const key = nameOf(first, second, third);
    const held = this.#held.get(key);
    if (!held) throw new Error(`there is no ${this.table} ${key}`);
    if (held.before === undefined) held.before = { ...held.row };
    return held.row;
  }

  add(row: Row): void {
    const key = this.#keyOf(row);
    if (this.#held.get(key)) throw new Error(`the ${this.table} ${key} is there already`);
    this.#held.set(key, { row, before: null });
  }

  /** Those of the keys that were not asked for yet, once each; they count as absent until `loaded`. */
  missing(wanted: readonly Partial<Row>[]): Partial<Row>[] {
    return wanted.filter((key) => {
      const name = this.#keyOf(key);
      if (this.#held.has(name)) return false;
      this.#held.set(name, null);
      return true;
    });
  }

  loaded(rows: readonly Row[]): void {
    for (const row of rows) this.#held.set(this.#keyOf(row), { row, before: undefined });
  }

  /** The rows to add, and the rows to change: those of which only counters differ apart from the others. */
  changes(): Change[] {
    const { counters, values } = changing[this.table];
    const added: Row[] = [];
    const counted: object[] = [];
    const revised: object[] = [];
    for (const held of this.#held.values()) {
      if (!held || held.before === undefined) continue;
      const { row, before } = held as Held<Record<string, unknown>>;
      if (!before) {
        added.push(held.row);
        continue;
      }
      const change: Record<string, unknown> = {};
      for (const name of keys[this.table]) change[name] = row[name];
      for (const name of counters) change[name] = (row[name] as number) - (before[name] as number);
      if (values.every((name) => row[name] === before[name])) {
        counted.push(change);
        continue;
      }
      for (const name of values) change[name] = row[name];
      revised.push(change);
    }
    const update = { kind: 'update', table: this.table, keys: keys[this.table], counters } as const;
    return [
      ...(added.length > 0 ? [insertion(this.table, added)] : []),
      ...(counted.length > 0 ? [{ ...update, values: [], rows: counted }] : []),
      ...(revised.length > 0 ? [{ ...update, values, rows: revised }] : []),
    ];
  }

  #keyOf(row: Partial<Row>): string {
    const [first, second, third] = keys[this.table] as readonly (keyof Row)[];
    return nameOf(row[first] as number, row[second] as number | undefined, row[third] as number | undefined);
  }
}

function nameOf(first: number, second?: number, third?: number): string {
  if (third !== undefined) return `${first},${second},${third}`;
  return second !== undefined ? `${first},${second}` : `${first}`;
}
