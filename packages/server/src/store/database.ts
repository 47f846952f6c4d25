import type { Kysely, RawBuilder } from 'kysely';
import type { DatabaseKind } from './migrations.ts';
import type { Tables } from './schema.ts';

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

  /** Adds and changes rows, in as few statements as there can be; returns how many rows each change met. */
  write(db: Kysely<Tables>, changes: readonly Change[]): Promise<readonly number[]>;

  /** Ends a `select` whose rows are about to change: what others must wait for, where they could come between. */
  readonly forUpdate: RawBuilder<unknown>;
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

/** Rows to add to a table, or to change in it. */
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
