import type { Kysely, RawBuilder } from 'kysely';
import type { DatabaseKind } from './migrations.ts';
import type { Tables } from './schema.ts';

/** What differs between SQLite and PostgreSQL; everything else is written once, in Kysely. */
export interface Database {
  readonly kind: DatabaseKind;
  readonly db: Kysely<Tables>;

  /** Rows as a table expression with these columns, from one parameter: the statement stays the same for any number. */
  rows<Table extends keyof Tables>(
    table: Table,
    columns: readonly (string & keyof Tables[Table])[],
    rows: readonly object[],
  ): RawBuilder<unknown>;

  /** Adds rows to a table. */
  insert(db: Kysely<Tables>, table: keyof Tables, columns: readonly string[], rows: readonly object[]): Promise<void>;
  /** Changes rows of a table found by their keys; returns how many were found. */
  update(db: Kysely<Tables>, table: keyof Tables, columns: ChangedColumns, rows: readonly object[]): Promise<number>;

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

/** How an update finds and changes a row. */
export interface ChangedColumns {
  readonly keys: readonly string[];
  /** The row's value is added to what the database has. */
  readonly counters: readonly string[];
  /** The row's value replaces what the database has. */
  readonly values: readonly string[];
}
