import type { Kysely } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';
import { StoreUnavailable } from './unavailable.ts';
import { WorkingSet } from './working-set.ts';

const mostAttempts = 8;

/** Runs `work` and writes what it recorded, in one transaction; again where another transaction won. */
export async function write<Result>(database: Database, work: (set: WorkingSet) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.transaction(async (transaction) => {
        const set = new WorkingSet(transaction);
        const result = await work(set);
        return { result, changes: set.changes() };
      });
    } catch (error) {
      if (attempt < mostAttempts && database.passes(error)) continue;
      throw translated(database, error);
    }
  }
}

/** Runs a query or a plain change; failures of the database become `StoreUnavailable`. */
export async function query<Result>(
  database: Database,
  work: (db: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(database.db);
  } catch (error) {
    throw translated(database, error);
  }
}

function translated(database: Database, error: unknown): unknown {
  return database.unavailable(error) ? new StoreUnavailable((error as Error).message, error) : error;
}
