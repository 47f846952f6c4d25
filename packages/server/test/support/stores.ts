import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import type { NewTask, Store } from '../../src/store/index.ts';
import { type Cluster, noPostgres, startCluster } from './postgres.ts';

/** Gives URLs of new empty databases, one for each name. */
export type NewDatabase = (name: string) => string;

/** The same tests on SQLite in a file and on a real PostgreSQL; on the latter skipped, with the reason, without one. */
export function describeOnStores(name: string, body: (newDatabase: NewDatabase, kind: Store['kind']) => void): void {
  describe(`${name}, SQLite`, () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'assay-store-'));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    body((database) => join(folder, `${database}.db`), 'sqlite');
  });
  describeOnPostgres(name, (cluster) => body((database) => cluster().database(database), 'postgres'));
}

/** Tests with a PostgreSQL cluster of their own. */
export function describeOnPostgres(name: string, body: (cluster: () => Cluster) => void): void {
  const title = `${name}, PostgreSQL${noPostgres === undefined ? '' : ` (${noPostgres})`}`;
  describe.skipIf(noPostgres !== undefined)(title, () => {
    let cluster: Cluster | undefined;
    beforeAll(async () => {
      cluster = await startCluster();
    }, 60_000);
    afterAll(() => cluster?.remove());
    body(() => cluster as Cluster);
  });
}

/** A clock that goes on by itself, one millisecond a look, and can be set. */
export function testClock(): { now: () => number; time: number } {
  const clock = { time: 1_000_000, now: () => clock.time++ };
  return clock;
}

export function newTasks(count: number, k: number | null = 3): NewTask[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `task ${i}`,
    hash: `hash ${i}`,
    content: { text: `Content ${i}` },
    role: 'task',
    k,
  }));
}

/** A campaign with tasks 0 … tasks − 1 and workers 0 … workers − 1. */
export async function newCampaign(
  store: Store,
  { tasks = 4, workers = 4, k = 3 as number | null } = {},
): Promise<number> {
  const made = await store.createCampaign(
    { name: 'Birds', question: { kind: 'choice' }, settings: {}, seed: 7 },
    'lead',
  );
  await store.addTasks(made.campaign, newTasks(tasks, k), 'lead');
  for (let i = 0; i < workers; i++)
    await store.addWorker(made.campaign, { name: `worker ${i}`, kind: 'human' }, 'lead');
  return made.campaign;
}
