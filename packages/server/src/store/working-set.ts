import { type Kysely, type RawBuilder, sql } from 'kysely';
import { apply } from './apply.ts';
import type { Change, Database } from './database.ts';
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
  readonly transaction: Kysely<Tables>;
  readonly campaigns: Rows<'campaign', CampaignRow> = new Rows('campaign');
  readonly instructions: Rows<'instruction', InstructionRow> = new Rows('instruction');
  readonly tasks: Rows<'task', TaskRow> = new Rows('task');
  readonly contents: Rows<'content', ContentRow> = new Rows('content');
  readonly workers: Rows<'worker', WorkerRow> = new Rows('worker');
  readonly assignments: Rows<'assignment', AssignmentRow> = new Rows('assignment');
  readonly #database: Database;
  readonly #events: Happening[] = [];

  constructor(database: Database, transaction: Kysely<Tables>) {
    this.#database = database;
    this.transaction = transaction;
  }

  loadCampaigns(wanted: readonly { readonly campaign: number }[]): Promise<void> {
    return this.#load(this.campaigns, wanted, this.#database.forUpdate);
  }
  /** Without the lock, to look at only: campaigns are looked at by everything that happens in them. */
  readCampaigns(wanted: readonly { readonly campaign: number }[]): Promise<void> {
    return this.#load(this.campaigns, wanted, sql``);
  }
  loadTasks(wanted: readonly TaskKey[]): Promise<void> {
    return this.#load(this.tasks, wanted, this.#database.forUpdate);
  }
  loadWorkers(wanted: readonly WorkerKey[]): Promise<void> {
    return this.#load(this.workers, wanted, this.#database.forUpdate);
  }
  /** Content and assignments are guarded by the lock on their task: load that first. */
  loadContents(wanted: readonly TaskKey[]): Promise<void> {
    return this.#load(this.contents, wanted, sql``);
  }
  loadAssignments(wanted: readonly AssignmentKey[]): Promise<void> {
    return this.#load(this.assignments, wanted, sql``);
  }

  /** Lets something happen: it goes to the log and changes the rows. */
  record(event: Happening): void {
    this.#events.push(event);
    apply(event, this);
  }

  /** Writes the changed rows and the events. */
  async write(): Promise<void> {
    const changes: Change[] = [];
    for (const rows of [
      this.campaigns,
      this.instructions,
      this.tasks,
      this.contents,
      this.workers,
      this.assignments,
    ] as readonly Rows<keyof LoggedTables, object>[]) {
      const { table } = rows;
      changes.push(insertion(table, rows.added()));
      const { counters, values } = changing[table];
      changes.push({ kind: 'update', table, keys: keys[table], counters, values, rows: rows.changes(counters) });
    }
    changes.push(
      insertion(
        'event',
        this.#events.map((event) => ({ ...event, data: JSON.stringify(event.data) })),
      ),
    );
    const wanted = changes.filter(({ rows }) => rows.length > 0);
    if (wanted.length === 0) return;
    const met = await this.#database.write(this.transaction, wanted);
    wanted.forEach(({ table, rows }, i) => {
      if (met[i] !== rows.length) throw new Error(`${rows.length} rows of ${table} were to be written, ${met[i]} were`);
    });
  }

  async #load<Table extends keyof LoggedTables, Row extends object>(
    rows: Rows<Table, Row>,
    wanted: readonly object[],
    lock: RawBuilder<unknown>,
  ): Promise<void> {
    const missing = rows.missing(wanted as readonly Row[]);
    if (missing.length === 0) return;
    const table = sql.table(rows.table);
    const names = keys[rows.table];
    const found = await sql<Row>`
      select wanted_row.* from ${this.#database.rows(rows.table, names, missing)} as r
      join ${table} as wanted_row on ${same('wanted_row', names)}
      order by ${sql.join(names.map((name) => sql.ref(`wanted_row.${name}`)))} ${lock}`.execute(this.transaction);
    rows.loaded(found.rows);
  }
}

/** Rows of equal columns to be added. Restored events bring their numbers, others get one. */
function insertion(table: keyof Tables, rows: readonly object[]): Change {
  return { kind: 'insert', table, keys: Object.keys(rows[0] ?? {}), counters: [], values: [], rows };
}

/** `table.key = r.key` for every column of the key. */
function same(table: string, names: readonly string[]): RawBuilder<boolean> {
  return sql.join<boolean>(
    names.map((name) => sql`${sql.ref(`${table}.${name}`)} = ${sql.ref(`r.${name}`)}`),
    sql` and `,
  );
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
  get(...key: readonly number[]): Readonly<Row> | undefined {
    const held = this.#held.get(key.join());
    if (held === undefined) throw new Error(`the ${this.table} ${key.join()} was not loaded`);
    return held?.row;
  }

  /** The row, to be changed. */
  change(...key: readonly number[]): Row {
    const held = this.#held.get(key.join());
    if (!held) throw new Error(`there is no ${this.table} ${key.join()}`);
    if (held.before === undefined) held.before = { ...held.row };
    return held.row;
  }

  add(row: Row): void {
    const key = this.#keyOf(row);
    if (this.#held.get(key)) throw new Error(`the ${this.table} ${key} is there already`);
    this.#held.set(key, { row, before: null });
  }

  /** Those of the keys that were not asked for yet, once each; they count as absent until `loaded`. */
  missing(wanted: readonly Row[]): Row[] {
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

  added(): Row[] {
    return [...this.#held.values()].filter((held) => held?.before === null).map((held) => held!.row);
  }

  /** The changed rows with their counters as differences. */
  changes(counters: readonly string[]): object[] {
    const changes: object[] = [];
    for (const held of this.#held.values()) {
      if (!held?.before) continue;
      const change = { ...held.row } as Record<string, unknown>;
      const before = held.before as Record<string, unknown>;
      for (const name of counters) change[name] = (change[name] as number) - (before[name] as number);
      changes.push(change);
    }
    return changes;
  }

  #keyOf(row: Row): string {
    return keys[this.table].map((name) => (row as Record<string, unknown>)[name]).join();
  }
}
