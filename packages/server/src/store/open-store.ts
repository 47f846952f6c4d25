import { migrate } from './migrations.ts';
import { sqlStore } from './sql-store.ts';
import type { Store, StoreOptions } from './store.ts';
import { query } from './writer.ts';

/**
 * Opens a store, making or updating its tables.
 *
 * - `sqlite:FILE`, a bare path or `:memory:`: one file with its write-ahead log beside it; one serving process.
 * - `postgres://USER@HOST/DATABASE`: any number of processes.
 *
 * @throws InputError when the file cannot be opened.
 * @throws EngineError when the PostgreSQL client is not installed.
 * @throws StoreUnavailable when the database does not answer; open again later.
 *
 * @example
 * ```ts
 * const store = await openStore('campaigns.db', { now: Date.now });
 * const { campaign } = await store.createCampaign({ name: 'Birds', question, settings: {}, seed: 1 }, 'owner');
 * await store[Symbol.asyncDispose]();
 * ```
 */
export async function openStore(url: string, options: StoreOptions): Promise<Store> {
  // Loaded when asked for: a server on SQLite needs no pg and the other way round.
  const database = /^postgres(ql)?:\/\//.test(url)
    ? await (await import('./postgres.ts')).openPostgres(url)
    : (await import('./sqlite.ts')).openSqlite(url.replace(/^sqlite:(\/\/)?/, ''));
  try {
    await query(database, (db) => migrate(db, database.kind));
  } catch (error) {
    await database.db.destroy().catch(() => {});
    throw error;
  }
  return sqlStore(database, options);
}
