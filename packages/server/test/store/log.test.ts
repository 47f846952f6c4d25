import * as fc from 'fast-check';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/index.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { copyLog, everything } from '../support/logs.ts';
import { describeOnPostgres, describeOnStores, newCampaign, testClock } from '../support/stores.ts';

/** Anything that can happen to a small campaign, with numbers that often meet. */
const step = fc.oneof(
  fc.record({
    does: fc.constant('lease' as const),
    worker: fc.nat(3),
    candidates: fc.array(fc.nat(5), { maxLength: 5 }),
    count: fc.nat(3),
  }),
  ...(['answer', 'skip', 'release', 'correct', 'reject', 'heartbeat'] as const).map((does) =>
    fc.record({ does: fc.constant(does), task: fc.nat(5), worker: fc.nat(3), submission: fc.nat(2) }),
  ),
  ...(['close', 'reopen'] as const).map((does) => fc.record({ does: fc.constant(does), task: fc.nat(5) })),
  fc.record({ does: fc.constant('setK' as const), k: fc.nat(4) }),
  fc.record({ does: fc.constant('expire' as const), after: fc.nat(3000) }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function take(store: Store, campaign: number, time: number, step: Step): Promise<unknown> {
  switch (step.does) {
    case 'lease': {
      const { worker, candidates, count } = step;
      return store.lease({ campaign, worker, candidates, count, expiresAt: time + 1000 });
    }
    case 'answer':
      return store.submit([{ ...step, campaign, submission: `${step.submission}`, value: step.submission, at: time }]);
    case 'skip':
      return store.submit([{ ...step, campaign, submission: `${step.submission}`, skipReason: 'unclear', at: time }]);
    case 'release':
      return store.release([{ ...step, campaign }], 'worker');
    case 'heartbeat':
      return store.heartbeat([{ ...step, campaign }], time + 2000);
    case 'correct':
      return store.correct({ ...step, campaign, submission: `c${step.submission}`, value: 'better' }, 'worker');
    case 'reject':
      return store.reject({ ...step, campaign }, 'no', 'lead');
    case 'close':
      return store.close([{ ...step, campaign, reason: 'certain', values: 1, policyVersion: 'p' }], 'controller');
    case 'reopen':
      return store.reopen(campaign, [step.task], 'more', 'lead');
    case 'setK':
      return store.setK(campaign, step.k, 'lead', { reopen: ['certain'] });
    case 'expire':
      return store.expire(time + step.after);
  }
}

describeOnStores('the log', (newDatabase, kind) => {
  it('rebuilds the same tables after any history, whatever happens together', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 30 }), async (turns) => {
        const clock = testClock();
        await using store = await openStore(newDatabase(`history${run}`), clock);
        await using again = await openStore(newDatabase(`again${run++}`), clock);
        const campaign = await newCampaign(store, { tasks: 5, workers: 3, k: 2 });
        for (const turn of turns) await Promise.all(turn.map((each) => take(store, campaign, clock.time, each)));
        expect(await store.integrity()).toEqual([]);
        await copyLog(store, again, 7);
        expect(await everything(again)).toEqual(await everything(store));
        expect(await again.log(0, 1e6)).toEqual(await store.log(0, 1e6));
      }),
      { numRuns: kind === 'sqlite' ? 40 : 8, seed: 11 },
    );
  }, 60_000);

  it('refuses every change to what was written', async () => {
    const url = newDatabase('append_only');
    await using store = await openStore(url, testClock());
    await newCampaign(store);
    const { db } = kind === 'sqlite' ? openSqlite(url) : await openPostgres(url);
    try {
      await expect(sql`update event set actor = 'nobody'`.execute(db)).rejects.toThrow('append-only');
      await expect(sql`delete from event`.execute(db)).rejects.toThrow('append-only');
      if (kind === 'postgres') await expect(sql`truncate event`.execute(db)).rejects.toThrow('append-only');
    } finally {
      await db.destroy();
    }
  });

  it('leaves exact k to no program: the database refuses one place too many', async () => {
    const url = newDatabase('checks');
    await using store = await openStore(url, testClock());
    const campaign = await newCampaign(store, { k: 1 });
    await store.lease({ campaign, worker: 0, candidates: [0], count: 1, expiresAt: 9e9 });
    const { db } = kind === 'sqlite' ? openSqlite(url) : await openPostgres(url);
    try {
      await expect(sql`update task set open_leases = open_leases + 1 where task = 0`.execute(db)).rejects.toThrow(
        /check/i,
      );
      await expect(sql`insert into assignment select * from assignment`.execute(db)).rejects.toThrow(/unique/i);
    } finally {
      await db.destroy();
    }
  });

  it('is followed from any cursor, each event once', async () => {
    await using store = await openStore(newDatabase('tail'), testClock());
    expect(await store.events('')).toEqual({ events: [], next: '' });
    const first = await newCampaign(store);
    const middle = await store.eventsEnd();
    const second = await newCampaign(store);
    const { events, next } = await store.events(middle, { limit: 4 });
    const rest = await store.events(next);
    expect([...events, ...rest.events]).toEqual((await store.log(0)).filter(({ campaign }) => campaign === second));
    expect(await store.events(rest.next)).toEqual({ events: [], next: rest.next });
    expect((await store.events('', { campaign: first })).events.map(({ kind }) => kind)).toEqual([
      'campaign-created',
      'tasks-added',
      ...Array(4).fill('worker-added'),
    ]);
  });
});

describeOnPostgres('the log', (cluster) => {
  it('hides a transaction until all before it are done, so that a reader misses none', async () => {
    const url = cluster().database('late');
    await using store = await openStore(url, testClock());
    const campaign = await newCampaign(store);
    const before = await store.eventsEnd();
    const slow = await openPostgres(url);
    try {
      await slow.db.transaction().execute(async (transaction) => {
        // Takes the lower event number and commits last.
        await sql`insert into event (campaign, at, kind, actor, data) values (${campaign}, 1, 'slow', 'x', '{}')`.execute(
          transaction,
        );
        await store.changeCampaign(campaign, { name: 'fast' }, 'lead');
        expect((await store.events(before)).events).toEqual([]);
      });
    } finally {
      await slow.db.destroy();
    }
    expect((await store.events(before)).events.map(({ kind }) => kind)).toEqual(['slow', 'campaign-changed']);
  });

  it('moves a campaign from a file into PostgreSQL', async () => {
    await using file = await openStore(':memory:', testClock());
    await using server = await openStore(cluster().database('moved'), testClock());
    const campaign = await newCampaign(file);
    await file.lease({ campaign, worker: 1, candidates: [0, 1], count: 2, expiresAt: 9e9 });
    await copyLog(file, server);
    expect(await everything(server)).toEqual(await everything(file));
  });

  it('gives exactly k places to workers of three processes', async () => {
    const url = cluster().database('processes');
    const stores = await Promise.all([0, 1, 2].map(() => openStore(url, { now: Date.now })));
    const campaign = await newCampaign(stores[0], { tasks: 60, workers: 12, k: 3 });
    const all = Array.from({ length: 60 }, (_, i) => i);
    await Promise.all(
      all.slice(0, 12).map(async (worker) => {
        for (let turn = 0; ; turn++) {
          const store = stores[(worker + turn) % 3];
          const candidates = [...all.slice(turn), ...all.slice(0, turn)];
          const leases = await store.lease({ campaign, worker, candidates, count: 2, expiresAt: 9e12 });
          if (leases.length === 0) return;
          const results = await store.submit(
            leases.map((each) => ({ ...each, submission: `${each.task}-${worker}`, value: 1, at: 1 })),
          );
          expect(results.every(({ state }) => state === 'accepted')).toBe(true);
        }
      }),
    );
    expect((await stores[1].tasks(campaign)).rows.every(({ accepted }) => accepted === 3)).toBe(true);
    expect(await stores[2].integrity()).toEqual([]);
    await Promise.all(stores.map((store) => store[Symbol.asyncDispose]()));
  });
});
