import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GroupCommit } from '../../src/store/group-commit.ts';
import { openStore, type Store, StoreUnavailable } from '../../src/store/index.ts';
import { migrate } from '../../src/store/migrations.ts';
import { sqlStore } from '../../src/store/sql-store.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { describeOnPostgres, newCampaign, newTasks, testClock } from '../support/stores.ts';

describe('SQLite in trouble', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-faults-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('says that the disk is full, acknowledges nothing, and goes on when there is room', async () => {
    const database = openSqlite(join(folder, 'full.db'));
    await migrate(database.db, 'sqlite');
    await using store = sqlStore(database, testClock());
    const campaign = await newCampaign(store, { tasks: 2000, k: 4 });
    const mostPages = (pages: number) => sql`pragma max_page_count = ${sql.lit(pages)}`.execute(database.db);
    const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.db);
    await mostPages(rows[0].page_count + 4);

    const candidates = Array.from({ length: 2000 }, (_, i) => i);
    const work = async (worker: number, submission: string) => {
      const [held] = await store.lease({ campaign, worker, candidates, count: 1, expiresAt: 9e12 });
      const value = 'a long answer '.repeat(50);
      const [result] = await store.submit([{ ...held, value, submission, at: 1 }]);
      return result;
    };
    const acknowledged: string[] = [];
    const refused: unknown[] = [];
    for (let i = 0; i < 40; i++) {
      await work(i % 4, `${i}`).then(
        ({ submission }) => acknowledged.push(submission),
        (error) => refused.push(error),
      );
    }
    expect(refused.length).toBeGreaterThan(10);
    expect(refused.every((error) => error instanceof StoreUnavailable)).toBe(true);
    await expect(store.addTasks(campaign, newTasks(5000).slice(2000), 'lead')).rejects.toThrow(StoreUnavailable);
    expect(await stored(store, campaign)).toEqual(acknowledged.sort());

    await mostPages(1e9);
    expect((await work(0, 'after')).state).toBe('accepted');
    expect(await stored(store, campaign)).toEqual([...acknowledged, 'after'].sort());
    expect(await store.integrity()).toEqual([]);
  });

  it('says that another program holds the file, and goes on when it lets go', async () => {
    const path = join(folder, 'locked.db');
    const database = openSqlite(path);
    await migrate(database.db, 'sqlite');
    await using store = sqlStore(database, testClock());
    const campaign = await newCampaign(store);
    await sql`pragma busy_timeout = 10`.execute(database.db);
    const ask = { campaign, worker: 0, candidates: [0], count: 1, expiresAt: 9e9 };
    const other = new DatabaseSync(path);
    other.exec('begin immediate');
    await expect(store.lease(ask)).rejects.toThrow(/missing database: .*locked/);
    expect((await store.campaigns()).length).toBe(1);
    other.exec('rollback');
    other.close();
    expect(await store.lease(ask)).toHaveLength(1);
  });

  it('does not take a file of a newer program, nor one that is no database', async () => {
    const path = join(folder, 'newer.db');
    const newer = new DatabaseSync(path);
    newer.exec('pragma user_version = 99');
    newer.close();
    await expect(openStore(path, testClock())).rejects.toThrow('the database has version 99');
    await expect(openStore(process.execPath, testClock())).rejects.toThrow(/invalid database .* not a database/);
  });
});

describeOnPostgres('a database that goes away', (cluster) => {
  it('acknowledges nothing while it is away and goes on when it is back', async () => {
    await using store = await openStore(cluster().database('away'), testClock());
    const campaign = await newCampaign(store);
    const [held] = await store.lease({ campaign, worker: 0, candidates: [0], count: 1, expiresAt: 9e12 });
    const answer = { ...held, value: 'cat', submission: 'one', at: 1 };
    cluster().stop();
    const attempts = [store.submit([answer]), store.submit([answer]), store.ping(), store.progress(campaign)];
    for (const attempt of await Promise.allSettled(attempts))
      expect(attempt).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } });
    await expect(store.addWorker(campaign, { name: 'x', kind: 'human' }, 'lead')).rejects.toThrow(StoreUnavailable);
    cluster().start();
    expect((await store.submit([answer]))[0].state).toBe('accepted');
    expect(await stored(store, campaign)).toEqual(['one']);
  }, 60_000);
});

describe('operations that share a transaction', () => {
  const operation = (name: string) => ({ decide: () => name });
  const isFault = (error: unknown): boolean => !(error instanceof StoreUnavailable);

  it('are committed together, in the order of the calls', async () => {
    const groups: unknown[][] = [];
    const group = new GroupCommit(
      async (operations) => {
        const results = operations.map((each) => each.decide({} as never));
        groups.push(results);
        await new Promise((later) => setTimeout(later, 5));
        return results;
      },
      isFault,
      1,
    );
    const first = ['a', 'b', 'c'].map((name) => group.run(operation(name)));
    await new Promise((turn) => setTimeout(turn, 1));
    const second = ['d', 'e'].map((name) => group.run(operation(name)));
    expect(await Promise.all([...first, ...second])).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(groups).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
  });

  it('go on beside a transaction under way where the database takes several', async () => {
    let under = 0;
    let most = 0;
    const group = new GroupCommit(
      async (operations) => {
        most = Math.max(most, ++under);
        await new Promise((later) => setTimeout(later, 20));
        under--;
        return operations.map((each) => each.decide({} as never));
      },
      isFault,
      2,
    );
    const asked: Promise<string>[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      asked.push(group.run(operation(name)));
      await new Promise((turn) => setTimeout(turn, 2));
    }
    await group.idle();
    expect(await Promise.all(asked)).toEqual(['a', 'b', 'c', 'd']);
    expect([most, under]).toEqual([2, 0]);
  });

  it('do not fail with the one that is at fault, and all fail with the database', async () => {
    let away = false;
    const group = new GroupCommit(
      async (operations) => {
        if (away) throw new StoreUnavailable('test');
        const results = operations.map((each) => each.decide({} as never));
        if (results.includes('bad')) throw new Error('fault');
        return results;
      },
      isFault,
      1,
    );
    const run = (names: string[]) => Promise.allSettled(names.map((name) => group.run(operation(name))));
    expect((await run(['a', 'bad', 'b'])).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    away = true;
    expect((await run(['a', 'b'])).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    away = false;
    expect((await run(['a'])).map(({ status }) => status)).toEqual(['fulfilled']);
  });
});

/** Submissions of all stored answers. */
async function stored(store: Store, campaign: number): Promise<string[]> {
  const { rows } = await store.assignments(campaign, { states: ['accepted', 'surplus'] });
  return rows.map(({ submission }) => submission!).sort();
}
