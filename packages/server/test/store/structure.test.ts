import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseId, openStore, parseLeaseId, type Store } from '../../src/store/index.ts';
import { describeOnStores, newCampaign, newTasks, testClock } from '../support/stores.ts';

describeOnStores('campaigns, tasks, workers', (newDatabase) => {
  const clock = testClock();
  let store: Store;
  let url: string;
  beforeAll(async () => {
    url = newDatabase('structure');
    store = await openStore(url, clock);
  });
  afterAll(async () => {
    expect(await store.integrity()).toEqual([]);
    await store[Symbol.asyncDispose]();
  });

  it('keeps what it is told about a campaign, also when opened again', async () => {
    const campaign = await newCampaign(store, { tasks: 2, workers: 1 });
    const changed = await store.changeCampaign(
      campaign,
      { name: 'Trees', settings: { k: 5 }, status: 'paused' },
      'lead',
    );
    expect(changed).toMatchObject({ name: 'Trees', status: 'paused', settings: { k: 5 }, tasks: 2, workers: 1 });
    await using again = await openStore(url, clock);
    expect(await again.campaign(campaign)).toEqual(changed);
    expect(await again.campaign(999)).toBeUndefined();
    await expect(store.changeCampaign(999, {}, 'lead')).rejects.toThrow('unknown campaign 999');
  });

  it('numbers campaigns made in the same moment', async () => {
    const made = await Promise.all(
      ['a', 'b', 'c'].map((name) => store.createCampaign({ name, question: 0, settings: 0, seed: 0 }, 'lead')),
    );
    expect(new Set(made.map(({ campaign }) => campaign)).size).toBe(3);
  });

  it('keeps every version of the instructions', async () => {
    const campaign = await newCampaign(store);
    expect(await store.instruction(campaign)).toBeUndefined();
    await store.addInstruction(campaign, 'Look twice.', 'lead');
    await store.addInstruction(campaign, 'Look three times.', 'lead');
    expect(await store.instruction(campaign)).toMatchObject({ version: 2, text: 'Look three times.' });
    expect(await store.instruction(campaign, 1)).toMatchObject({ version: 1, text: 'Look twice.' });
  });

  it('recognises tasks that are there, changes those nobody has seen, and leaves the others', async () => {
    const campaign = await newCampaign(store, { tasks: 3 });
    expect(await store.addTasks(campaign, newTasks(3), 'lead')).toEqual(
      [0, 1, 2].map((task) => ({ task, outcome: 'present' })),
    );
    await store.lease({ campaign, worker: 0, candidates: [1], count: 1, expiresAt: 9e9 });
    const edited = newTasks(4).map((task) => ({ ...task, hash: `${task.hash} b`, content: 'edited' }));
    expect((await store.addTasks(campaign, edited, 'lead')).map(({ outcome }) => outcome)).toEqual([
      'changed',
      'locked',
      'changed',
      'new',
    ]);
    const contents = await store.contents(campaign, [0, 1, 3, 9]);
    expect(contents.map(({ content }) => content)).toEqual(['edited', { text: 'Content 1' }, 'edited']);
    expect((await store.campaign(campaign))?.tasks).toBe(4);
  });

  it('recognises a name that comes twice in one list', async () => {
    const campaign = await newCampaign(store, { tasks: 0 });
    const [one] = newTasks(1);
    expect(await store.addTasks(campaign, [one, one, { ...one, hash: 'other' }], 'lead')).toEqual([
      { task: 0, outcome: 'new' },
      { task: 0, outcome: 'present' },
      { task: 0, outcome: 'locked' },
    ]);
  });

  it('gives lists page by page', async () => {
    const campaign = await newCampaign(store, { tasks: 7, workers: 5 });
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const page = await store.tasks(campaign, { limit: 3, after });
      seen.push(...page.rows.map(({ task }) => task));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect((await store.workers(campaign, { limit: 2, after: '1' })).rows.map(({ worker }) => worker)).toEqual([2, 3]);
    for (const worker of [3, 1]) {
      const candidates = [0, 1, 2, 3, 4, 5, 6];
      await store.lease({ campaign, worker, candidates, count: 7, expiresAt: 9e9 });
    }
    const first = await store.assignments(campaign, { limit: 5 });
    const rest = await store.assignments(campaign, { limit: 50, after: first.next! });
    const order = [...first.rows, ...rest.rows].map(leaseId);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6].flatMap((task) => [`${task}-1`, `${task}-3`]));
    expect(rest.next).toBeNull();
  });

  it('knows a worker of a platform again', async () => {
    const campaign = await newCampaign(store, { workers: 0 });
    const ann = await store.addWorker(campaign, { name: 'Ann', kind: 'human', platformId: 'A1' }, 'lead');
    expect(await store.addWorker(campaign, { name: 'Annie', kind: 'human', platformId: 'A1' }, 'lead')).toEqual(ann);
    const others = await Promise.all(
      ['A2', 'A3', 'A2'].map((platformId) => store.addWorker(campaign, { name: 'x', kind: 'ai', platformId }, 'lead')),
    );
    expect(others[2]).toEqual(others[0]);
    expect(new Set(others.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
    expect(await store.changeWorker(campaign, 0, { name: 'Anna' }, 'lead')).toMatchObject({
      name: 'Anna',
      paused: false,
    });
  });

  it('streams counted answers in columns', async () => {
    const campaign = await newCampaign(store, { tasks: 2 });
    const leases = await Promise.all(
      [0, 1].map((worker) => store.lease({ campaign, worker, candidates: [1, 0], count: 2, expiresAt: 9e9 })),
    );
    const items = leases.flat().map((key) => ({ ...key, submission: leaseId(key), value: key.worker, at: 1 }));
    await store.submit(items);
    await store.reject(items[0], 'no', 'lead');
    const blocks: unknown[] = [];
    for await (const { task, worker, value } of store.answerColumns(campaign))
      blocks.push([[...task], [...worker], value]);
    expect(blocks).toEqual([
      [
        [0, 0, 1],
        [0, 1, 1],
        ['0', '1', '1'],
      ],
    ]);
  });

  it('lets people in and out', async () => {
    const { access } = store;
    const invite = await access.addInvite({ campaign: 1, role: 'worker', hash: 'h1', mostUses: 2 });
    expect(await access.inviteByHash('h1')).toEqual(invite);
    expect([await access.useInvite(invite.id), await access.useInvite(invite.id)]).toEqual([true, true]);
    expect(await access.useInvite(invite.id)).toBe(false);
    const session = {
      hash: 's1',
      role: 'worker' as const,
      campaign: 1,
      worker: 0,
      actor: 'worker:0',
      csrfHash: 'c',
      expiresAt: clock.time + 10_000,
      invite: invite.id,
      token: null,
    };
    await access.addSession(session);
    expect(await access.sessionByHash('s1')).toMatchObject(session);
    await access.revokeInvite(invite.id);
    expect(await access.sessionByHash('s1')).toBeUndefined();
    expect((await access.invites(1))[0].revokedAt).not.toBeNull();

    await access.addSession({ ...session, hash: 's2', invite: null, expiresAt: clock.time + 50 });
    clock.time += 100;
    expect(await access.sessionByHash('s2')).toBeUndefined();
    expect(await access.endOldSessions()).toBe(1);

    const token = await access.addToken({ hash: 't1', name: 'export job', role: 'lead' });
    expect(await access.tokenByHash('t1')).toEqual(token);
    await access.revokeToken(token.id);
    expect(await access.tokenByHash('t1')).toBeUndefined();
    expect(await access.tokens()).toHaveLength(1);

    for (const action of ['one', 'two', 'three']) await access.audit({ actor: 'lead', action });
    const newest = await access.auditEntries({ limit: 2 });
    expect(newest.rows.map(({ action }) => action)).toEqual(['three', 'two']);
    expect((await access.auditEntries({ limit: 2, after: newest.next! })).rows.map(({ action }) => action)).toEqual([
      'one',
    ]);
  });
});

describe('opening a store', () => {
  it('says what is wrong with a path', async () => {
    await expect(openStore('/no/such/folder/x.db', { now: Date.now })).rejects.toThrow(/invalid database "\/no\/such/);
  });

  it('says that a database is away', async () => {
    await expect(openStore('postgres://x@127.0.0.1:1/y', { now: Date.now })).rejects.toMatchObject({
      name: 'StoreUnavailable',
    });
  });
});

describe('the id of a lease', () => {
  it('goes there and back and takes nothing else', () => {
    expect(parseLeaseId(4, leaseId({ task: 12, worker: 3 }))).toEqual({ campaign: 4, task: 12, worker: 3 });
    for (const id of ['', '1', '1-', '-1-2', '01-2', '1-2-3', '1.5-2', '9999999999-1', ' 1-2']) {
      expect(parseLeaseId(4, id)).toBeUndefined();
    }
  });
});
