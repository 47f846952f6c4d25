import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { InputError } from '@assay/core';
import { Kysely, type SqliteDatabase, SqliteDialect, sql } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';

/**
 * A campaign in one file, with the SQLite inside Node: write-ahead log, and a commit returns only after the disk has
 * it (`synchronous = full`). One process serves; others may read, and write now and then.
 */
export function openSqlite(path: string): Database {
  const handle = open(path);
  return {
    kind: 'sqlite',
    db: new Kysely<Tables>({ dialect: new SqliteDialect({ database: forKysely(handle) }) }),
    rows: (_table, columns, rows) =>
      sql`(select ${sql.join(columns.map((name, i) => sql`value ->> ${sql.lit(i)} as ${sql.ref(name)}`))} from json_each(${cells(columns, rows)}))`,
    // There is one writer at a time: nobody comes between.
    forUpdate: sql``,
    log: {
      after: (cursor) => sql<boolean>`id > ${Number(cursor)}`,
      order: sql`id`,
      cursor: sql<string>`cast(id as text)`,
      end: sql<string>`(select cast(ifnull(max(id), 0) as text) from event)`,
    },
    passes: () => false,
    unavailable: (error) => unavailableCodes.has(((error as { errcode?: number }).errcode ?? 0) & 0xff),
  };
}

/** SQLite's BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const unavailableCodes: ReadonlySet<number> = new Set([5, 6, 8, 10, 11, 13, 14, 15, 26]);

function open(path: string): DatabaseSync {
  try {
    const handle = new DatabaseSync(path);
    handle.exec(`
      pragma busy_timeout = 2000;
      pragma journal_mode = wal;
      pragma synchronous = full;
      pragma cache_size = -65536;
      pragma temp_store = memory;
    `);
    return handle;
  } catch (cause) {
    const hint = 'give a new file in a folder that exists, or one that Assay made';
    throw new InputError(`invalid database "${path}": ${(cause as Error).message}; ${hint}`, {
      code: 'invalid-database',
      path,
      hint,
      cause,
    });
  }
}

/** Each row as an array of its cells in the order of `columns`: JSON that SQLite takes apart without names. */
function cells(columns: readonly string[], rows: readonly object[]): string {
  return JSON.stringify(rows.map((row) => columns.map((name) => (row as Record<string, unknown>)[name])));
}

/** Node's SQLite in the shape Kysely expects, with prepared statements kept. */
function forKysely(handle: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  return {
    close: () => handle.close(),
    prepare(text) {
      // A transaction that begins by reading could not become a writing one while another process writes.
      if (text === 'begin') return prepare(handle, 'begin immediate', prepared);
      // A full disk makes SQLite roll back by itself.
      if (text === 'rollback' && !handle.isTransaction) return prepare(handle, 'select 1', prepared);
      return prepare(handle, text, prepared);
    },
  };
}

function prepare(
  handle: DatabaseSync,
  text: string,
  prepared: Map<string, ReturnType<SqliteDatabase['prepare']>>,
): ReturnType<SqliteDatabase['prepare']> {
  const known = prepared.get(text);
  if (known !== undefined) return known;
  const statement: StatementSync = handle.prepare(text);
  const fresh = {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])),
  };
  prepared.set(text, fresh);
  return fresh;
}
