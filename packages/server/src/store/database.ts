import type { Kysely, RawBuilder } from 'kysely';
import type { DatabaseKind } from './migrations.ts';
import type { LoggedTables, Tables } from './schema.ts';

/** What differs between SQLite and PostgreSQL; everything else is written once, in Kysely. */
export interface Database {
  readonly kind: DatabaseKind;
  readonly db: Kysely<Tables>;
  /** Transactions of one process under way at once. */
  readonly lanes: number;

  /** Rows as a table expression with these columns, from one parameter: the statement stays the same for any number. */
  rows<Table extends keyof Tables>(
    table: Table,
    columns: readonly (string & keyof Tables[Table])[],
    rows: readonly object[],
  ): RawBuilder<unknown>;

  /** The rows with these keys that are there. */
  find<Table extends keyof LoggedTables>(
    table: Table,
    wanted: readonly Partial<LoggedTables[Table]>[],
  ): Promise<readonly LoggedTables[Table][]>;

  /**
   * One transaction: what `work` wants changed is written and committed when it has returned, and nothing happens when
   * it throws.
   */
  transaction<Result>(work: (transaction: Transaction) => Promise<Decided<Result>>): Promise<Result>;

  /** Events that no running transaction can precede, and the cursor after them. */
  readonly log: {
    after(cursor: string): RawBuilder<boolean>;
    readonly order: RawBuilder<unknown>;
    readonly cursor: RawBuilder<string>;
    readonly end: RawBuilder<string>;
  };

  /** Whether this failure passes when the same transaction runs again at once. */
  passes(error: unknown): boolean;
  /** Whether this failure is the database's (full, locked, away) and not the caller's. */
  unavailable(error: unknown): boolean;
}

/** An open transaction. */
export interface Transaction {
  /** For questions that are asked now and then. */
  readonly db: Kysely<Tables>;
  /**
   * The rows with these keys that are there. `lock` keeps other transactions from changing them until this one ends.
   * Several calls may be made before the first is answered: they travel together.
   */
  load<Table extends keyof LoggedTables>(
    table: Table,
    wanted: readonly Partial<LoggedTables[Table]>[],
    lock: boolean,
  ): Promise<readonly LoggedTables[Table][]>;
}

/** What the work of a transaction came to. */
export interface Decided<Result> {
  readonly result: Result;
  readonly changes: readonly Change[];
}

/** Rows to add to a table, or to change in it; every row of an update has to be there. */
export interface Change {
  readonly kind: 'insert' | 'update';
  readonly table: keyof Tables;
  /** By which columns an update finds a row; for an insert those that are set. */
  readonly keys: readonly string[];
  /** The row's value is added to what the database has. */
  readonly counters: readonly string[];
  /** The row's value replaces what the database has. */
  readonly values: readonly string[];
  readonly rows: readonly object[];
}
