import type { Duplex } from 'node:stream';
import { EngineError } from '@assay/core';
import { CompiledQuery, Kysely, PostgresDialect, type RawBuilder, sql } from 'kysely';
import type { Pool as PostgresPool } from 'pg';
import type { Change, Database } from './database.ts';
import { keys, type LoggedTables, type Tables } from './schema.ts';

/** Campaigns in PostgreSQL (13 or newer), for several server processes at once. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = await connect(url);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const [begin, commit, rollback] = ['begin', 'commit', 'rollback'].map((text) => CompiledQuery.raw(text));
  return {
    kind: 'postgres',
    lanes: 2,
    db,
    rows: given,
    find: (table, wanted) => lookUp(db, table, wanted, false),
    // Two journeys: what is asked goes with the beginning, what is written with the end. The connection answers in
    // order, so a later answer says that the earlier statements are done; after a failure it refuses the rest.
    transaction: (work) =>
      db.connection().execute(async (connection) => {
        const begun = connection.executeQuery(begin);
        begun.catch(() => {});
        const places: Places = new Map();
        try {
          const { result, changes } = await work({
            db: connection,
            async load(table, wanted, lock) {
              const rows = await lookUp(connection, table, wanted, lock);
              for (const row of rows) places.set(placeName(table, keys[table], row), row.place);
              return rows;
            },
          });
          await begun;
          const written = changes.length === 0 ? undefined : connection.executeQuery(writing(changes, places));
          await together(written, connection.executeQuery(commit));
          return result;
        } catch (error) {
          await connection.executeQuery(rollback).catch(() => {});
          throw error;
        }
      }),
    log: {
      // Transactions before the oldest running one are all visible; none can still appear among them.
      after: (cursor) => {
        const [transaction, id] = cursor === '' ? ['0', '0'] : cursor.split(':');
        return sql<boolean>`(xact, id) > (${transaction}::xid8, ${id}::bigint)
          and xact < pg_snapshot_xmin(pg_current_snapshot())`;
      },
      order: sql`xact, id`,
      cursor: sql<string>`xact::text || ':' || id`,
      end: sql<string>`coalesce((select xact::text || ':' || id from event
        where xact < pg_snapshot_xmin(pg_current_snapshot()) order by xact desc, id desc limit 1), '')`,
    },
    passes: (error) => passing.has(codeOf(error)),
    unavailable: (error) =>
      unavailableCodes.test(codeOf(error)) ||
      /^(Connection terminated|timeout (expired|exceeded)|Client has encountered|Client was closed|Cannot use a pool)/.test(
        (error as Error).message ?? '',
      ),
  };
}

/** Rows that one parameter carries. */
function given(table: keyof Tables, _columns: readonly string[], rows: readonly object[]): RawBuilder<unknown> {
  return sql`json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`;
}

/** Where the loaded rows lie, by table and key. They stay there: nobody else changes them during the transaction. */
type Places = Map<string, string>;

function placeName(table: string, keys: readonly string[], row: object): string {
  return keys.reduce((name, key) => `${name},${(row as Record<string, unknown>)[key]}`, table);
}

/**
 * Looks up rows one by one in the order of their keys, so that locks are always taken in the same order. The fence of
 * `lateral` and `offset` leaves the planner no other way: it knows nothing of tables that were just filled.
 */
async function lookUp<Table extends keyof LoggedTables>(
  db: Kysely<Tables>,
  table: Table,
  wanted: readonly Partial<LoggedTables[Table]>[],
  lock: boolean,
): Promise<(LoggedTables[Table] & { readonly place: string })[]> {
  const key: readonly (string & keyof LoggedTables[Table])[] = keys[table];
  const inOrder = [...wanted].sort((a, b) => {
    const differing = key.find((name) => a[name] !== b[name]);
    return differing === undefined ? 0 : Number(a[differing]) - Number(b[differing]);
  });
  const text = `select found.* from json_populate_recordset(null::"${table}", $1::json) as given
    cross join lateral (select ctid as place, * from "${table}" as r
      where ${key.map((name) => `r."${name}" = given."${name}"`).join(' and ')}
      ${lock ? 'for no key update' : 'offset 0'}) as found`;
  const { rows } = await db.executeQuery(CompiledQuery.raw(text, [JSON.stringify(inOrder)]));
  return rows as (LoggedTables[Table] & { readonly place: string })[];
}

/** All changes of a transaction as one statement, which fails if a row to be changed is not there. */
function writing(changes: readonly Change[], places: Places): CompiledQuery {
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const parts = changes.map((change, i) => {
    const { table, keys, rows } = change;
    const json = parameter(JSON.stringify(rows));
    const found = change.kind === 'insert' ? '' : parameter(rows.map((row) => places.get(placeName(table, keys, row))));
    return `change_${i} as (${changed(change, json, found)} returning 1)`;
  });
  const counts = changes.map(
    ({ table, rows }, i) =>
      `expect_rows('${table}', (select count(*) from change_${i}), ${parameter(rows.length)}::bigint)`,
  );
  return CompiledQuery.raw(`with ${parts.join(',\n')} select ${counts.join()}`, values);
}

/** One insert or update of many rows; `json` and `places` are the parameters that carry them. */
function changed({ kind, table, keys, counters, values }: Change, json: string, places: string): string {
  const given = `json_populate_recordset(null::"${table}", ${json}::json)`;
  if (kind === 'insert') {
    const columns = keys.map((name) => `"${name}"`).join();
    return `insert into "${table}" (${columns}) select ${columns} from ${given}`;
  }
  const set = [
    ...counters.map((name) => `"${name}" = r."${name}" + fresh."${name}"`),
    ...values.map((name) => `"${name}" = fresh."${name}"`),
  ];
  return `update "${table}" as r set ${set.join()}
    from rows from (${given}, unnest(${places}::tid[])) as fresh where r.ctid = fresh.unnest`;
}

/** Waits for statements that were sent together; the first that failed tells why the others did. */
async function together(...sent: readonly (Promise<unknown> | undefined)[]): Promise<void> {
  for (const outcome of await Promise.allSettled(sent)) if (outcome.status === 'rejected') throw outcome.reason;
}

/**
 * Every statement of a transaction looks up a batch of rows by key, and is planned once. The planner must not come to
 * think that reading the whole table is cheaper, as it does while a table that was just filled still counts as empty;
 * compiling such a statement takes longer than running it.
 */
const planning: Readonly<Record<string, string>> = {
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_seqscan: 'off',
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};

/** Serialization failure and deadlock: another transaction won. */
const passing: ReadonlySet<string> = new Set(['40001', '40P01']);

/**
 * Connection (08), resources and full disk (53), shut down (57P), timeouts (57014, 55P03), system error (58),
 * read-only standby (25006), and what the operating system says.
 */
const unavailableCodes = /^(08|53|57P|58|57014|55P03|25006|40001|40P01|E[A-Z]{3,})/;

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code ?? '');
}

async function connect(url: string): Promise<PostgresPool> {
  const pg = await import('pg').catch((cause: unknown) => {
    throw new EngineError('missing package "pg", which talks to PostgreSQL: npm install pg', {
      code: 'missing-package',
      got: 'pg',
      hint: 'npm install pg',
      cause,
    });
  });
  const { Client, Pool, types } = pg.default;

  /**
   * Prepares each statement once per connection; there are few different ones. Statements of one turn leave in one
   * packet: each packet by itself would wake the database for a part of the work.
   */
  const names = new Map<string, string>();
  class PreparingClient extends Client {
    #corked = false;

    override query(...parameters: unknown[]): never {
      this.#cork();
      const [text, values] = parameters;
      if (typeof text === 'string' && Array.isArray(values) && values.length > 0) {
        const name = names.get(text) ?? `s${names.size}`;
        names.set(text, name);
        return super.query({ name, text, values }) as never;
      }
      return (super.query as (...all: unknown[]) => never).apply(this, parameters);
    }

    #cork(): void {
      if (this.#corked) return;
      this.#corked = true;
      const { stream } = (this as unknown as { readonly connection: { readonly stream: Duplex } }).connection;
      stream.cork();
      setImmediate(() => {
        this.#corked = false;
        stream.uncork();
      });
    }
  }

  const bigint = 20;
  const pool = new Pool({
    connectionString: url,
    Client: PreparingClient,
    max: 6,
    pipeline: true,
    connectionTimeoutMillis: 3000,
    query_timeout: 60_000,
    application_name: 'assay',
    options: Object.entries(planning)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(' '),
    // Counts, times and ids stay below 2^53.
    types: {
      getTypeParser: ((type: number, format?: 'text') =>
        type === bigint ? Number : types.getTypeParser(type, format)) as typeof types.getTypeParser,
    },
  });
  // A connection that breaks is replaced by the pool, and the operation that was using it has failed by then. As
  // events these errors would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
