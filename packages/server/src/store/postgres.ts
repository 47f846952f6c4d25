import { EngineError } from '@assay/core';
import { CompiledQuery, type DatabaseConnection, Kysely, PostgresDialect, type RawBuilder, sql } from 'kysely';
import type { Pool as PostgresPool } from 'pg';
import type { Change, Database } from './database.ts';
import type { Tables } from './schema.ts';

/** Campaigns in PostgreSQL (13 or newer), for several server processes at once. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = await connect(url);
  return {
    kind: 'postgres',
    lanes: 2,
    db: new Kysely<Tables>({
      dialect: new PostgresDialect({ pool, onCreateConnection: (connection) => keyLookups(connection) }),
    }),
    rows: (table, _columns, rows) =>
      sql`json_populate_recordset(null::${sql.table(table)}, ${JSON.stringify(rows)}::json)`,
    async write(db, changes) {
      const parts = changes.map(({ rows, ...change }, i) => {
        const given = sql`json_populate_recordset(null::${sql.table(change.table)}, ${JSON.stringify(rows)}::json)`;
        return sql`${sql.ref(`change_${i}`)} as (${changed(change, given)} returning 1)`;
      });
      const counts = changes.map((_, i) => sql`(select count(*)::integer from ${sql.ref(`change_${i}`)})`);
      const { rows } = await sql<{ met: number[] }>`
        with ${sql.join(parts)} select array[${sql.join(counts)}] as met`.execute(db);
      return rows[0].met;
    },
    forUpdate: sql`for no key update of wanted_row`,
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

/** One insert or update of many rows. */
function changed(
  { kind, table, keys, counters, values }: Omit<Change, 'rows'>,
  given: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const column = (name: string) => sql.ref(name);
  if (kind === 'insert') {
    const list = sql.join(keys.map(column));
    return sql`insert into ${sql.table(table)} (${list}) select ${list} from ${given}`;
  }
  const [old, fresh] = ['old', 'fresh'].map((from) => (name: string) => sql.ref(`${from}.${name}`));
  const set = [
    ...counters.map((name) => sql`${column(name)} = ${old(name)} + ${fresh(name)}`),
    ...values.map((name) => sql`${column(name)} = ${fresh(name)}`),
  ];
  const same = keys.map((name) => sql`${old(name)} = ${fresh(name)}`);
  return sql`update ${sql.table(table)} as old set ${sql.join(set)} from ${given} as fresh
    where ${sql.join(same, sql` and `)}`;
}

/**
 * Every statement of a transaction looks up a batch of rows by key. The planner must not come to think that reading
 * the whole table is cheaper, as it does while a table that was just filled still counts as empty.
 */
async function keyLookups(connection: DatabaseConnection): Promise<void> {
  for (const plan of ['enable_hashjoin', 'enable_mergejoin'])
    await connection.executeQuery(CompiledQuery.raw(`set ${plan} = off`));
}

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

  /** Prepares each statement once per connection; there are few different ones. */
  const names = new Map<string, string>();
  class PreparingClient extends Client {
    override query(...parameters: unknown[]): never {
      const [text, values] = parameters;
      if (typeof text === 'string' && Array.isArray(values) && values.length > 0) {
        const name = names.get(text) ?? `s${names.size}`;
        names.set(text, name);
        return super.query({ name, text, values }) as never;
      }
      return (super.query as (...all: unknown[]) => never).apply(this, parameters);
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
