import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { InputError } from '@assay/core';
import { Kysely, type SqliteDatabase, SqliteDialect, sql } from 'kysely';
import type { Change, Database } from './database.ts';
import { keys, type LoggedTables, type Tables } from './schema.ts';

/**
 * A campaign in one file, with the SQLite inside Node: write-ahead log, and a commit returns only after the disk has
 * it (`synchronous = full`). One process serves; others may read, and write now and then.
 */
export function openSqlite(path: string): Database {
  const handle = open(path);
  const prepared = new Map<string, ReturnType<typeof prepare>>();
  const statement = (text: string): ReturnType<typeof prepare> => {
    const known = prepared.get(text) ?? prepare(handle, text);
    prepared.set(text, known);
    return known;
  };
  const db = new Kysely<Tables>({
    dialect: new SqliteDialect({
      database: { close: () => handle.close(), prepare: (text) => statement(asRun(text, handle)) },
    }),
  });

  const lookups = new Map<string, Lookup>();
  /** Row by row: a lookup costs 2 µs, unpacking its key from JSON beside others 8 to 18. */
  async function find<Table extends keyof LoggedTables>(
    table: Table,
    wanted: readonly Partial<LoggedTables[Table]>[],
  ): Promise<LoggedTables[Table][]> {
    const names: readonly (keyof LoggedTables[Table])[] = keys[table];
    const rowOf = lookups.get(table) ?? lookup(handle, table);
    lookups.set(table, rowOf);
    return wanted.flatMap((key) => rowOf(names.map((name) => key[name] as number)) ?? []) as LoggedTables[Table][];
  }

  function write({ kind, table, keys, counters, values, rows }: Change): void {
    const columns = [...counters, ...values, ...keys];
    const added = [...counters.map((name) => `"${name}" = "${name}" + ?`), ...values.map((name) => `"${name}" = ?`)];
    const { run } = statement(
      kind === 'insert'
        ? `insert into "${table}" (${columns.map((name) => `"${name}"`)}) values (${columns.map(() => '?')})`
        : `update "${table}" set ${added} where ${equal(keys)}`,
    );
    let met = 0;
    for (const row of rows as readonly Row[]) met += Number(run(columns.map((name) => row[name])).changes);
    if (met !== rows.length) throw new Error(`${rows.length} rows of ${table} were to be written, ${met} were`);
  }

  return {
    kind: 'sqlite',
    lanes: 1,
    db,
    rows: (_table, columns, rows) =>
      sql`(select ${sql.join(columns.map((name, i) => sql`value ->> ${sql.lit(i)} as ${sql.ref(name)}`))} from json_each(${cells(columns, rows)}))`,
    find,
    // There is one connection, so statements run beside Kysely are in the transaction that it began.
    transaction: (work) =>
      db.transaction().execute(async (transaction) => {
        const { result, changes } = await work({ db: transaction, load: find });
        for (const change of changes) write(change);
        return result;
      }),
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

function equal(names: readonly string[]): string {
  return names.map((name) => `"${name}" = ?`).join(' and ');
}

/** Each row as an array of its cells in the order of `columns`: JSON that SQLite takes apart without names. */
function cells(columns: readonly string[], rows: readonly object[]): string {
  return JSON.stringify(rows.map((row) => columns.map((name) => (row as Record<string, unknown>)[name])));
}

/** What to run for a statement of Kysely's. */
function asRun(text: string, handle: DatabaseSync): string {
  // A transaction that begins by reading could not become a writing one while another process writes.
  if (text === 'begin') return 'begin immediate';
  // A full disk makes SQLite roll back by itself.
  if (text === 'rollback' && !handle.isTransaction) return 'select 1';
  return text;
}

type Lookup = (key: readonly number[]) => object | undefined;

/** Finds a row by its key. Made from an array: the objects of Node's SQLite are dictionaries, three times as slow. */
function lookup(handle: DatabaseSync, table: keyof LoggedTables): Lookup {
  const statement = handle.prepare(`select * from "${table}" where ${equal(keys[table])}`);
  statement.setReturnArrays(true);
  const columns = statement.columns().map(({ name }) => name);
  return (key) => {
    const cells = statement.get(...key) as readonly unknown[] | undefined;
    if (cells === undefined) return undefined;
    const row: Record<string, unknown> = {};
    for (let i = 0; i < columns.length; i++) row[columns[i]] = cells[i];
    return row;
  };
}

/** A statement of Node's SQLite in the shape Kysely expects. */
function prepare(handle: DatabaseSync, text: string): ReturnType<SqliteDatabase['prepare']> {
  const statement = handle.prepare(text);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}

type Row = Readonly<Record<string, unknown>>;
