import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AssignmentKey, openStore, type Store, type SubmissionResult } from '../../src/store/index.ts';
import { describeOnStores, newCampaign, testClock } from '../support/stores.ts';

describeOnStores('leases and answers', (newDatabase) => {
  const clock = testClock();
  let store: Store;
  beforeAll(async () => {
    store = await openStore(newDatabase('work'), clock);
  });
  afterAll(async () => {
    expect(await store.integrity()).toEqual([]);
    await store[Symbol.asyncDispose]();
  });

  const lease = (campaign: number, worker: number, candidates: number[], count = 1) =>
    store.lease({ campaign, worker, candidates, count, expiresAt: clock.time + 1000 });
  const answer = async (key: AssignmentKey, value = 'cat', submission = `${key.task}-${key.worker}`) =>
    (await store.submit([{ ...key, value, submission, at: clock.time }]))[0];
  const skip = async (key: AssignmentKey) =>
    (await store.submit([{ ...key, skipReason: 'unclear', submission: `${key.task}-${key.worker}`, at: 5 }]))[0];
  const expire = async (campaign: number, laterMs: number) =>
    (await store.expire(clock.time + laterMs)).filter((lease) => lease.campaign === campaign);
  const taskOf = async (campaign: number, task: number) => (await store.tasks(campaign, { limit: 100 })).rows[task];
  const states = async (campaign: number) => (await store.assignments(campaign)).rows.map(({ state }) => state);

  it('takes the first free candidates in the order given', async () => {
    const campaign = await newCampaign(store, { k: 1 });
    expect(await lease(campaign, 0, [2, 0, 3], 2)).toMatchObject([{ task: 2 }, { task: 0 }]);
    expect(await lease(campaign, 1, [2, 0, 3, 1], 2)).toMatchObject([{ task: 3 }, { task: 1 }]);
    expect(await lease(campaign, 2, [0, 1, 2, 3], 4)).toEqual([]);
  });

  it('never gives a worker the same task twice', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [1]);
    expect(await lease(campaign, 0, [1, 1])).toEqual([]);
    await answer(held);
    expect(await lease(campaign, 0, [1])).toEqual([]);
    expect(await lease(campaign, 1, [1, 1, 1], 3)).toHaveLength(1);
  });

  it('gives out exactly k places however many ask at once', async () => {
    const campaign = await newCampaign(store, { tasks: 5, workers: 40, k: 3 });
    const leases = await Promise.all(
      Array.from({ length: 40 }, (_, worker) => lease(campaign, worker, [0, 1, 2, 3, 4], 2)),
    );
    expect(leases.flat()).toHaveLength(15);
    const results = await Promise.all(leases.flat().map((each) => answer(each)));
    expect(results.every(({ state }) => state === 'accepted')).toBe(true);
    expect((await store.tasks(campaign)).rows.map(({ accepted }) => accepted)).toEqual([3, 3, 3, 3, 3]);
  });

  it('looks further when others took the first choices in the same moment', async () => {
    const campaign = await newCampaign(store, { tasks: 12, workers: 4, k: 1 });
    const all = Array.from({ length: 12 }, (_, i) => i);
    const leases = await Promise.all([0, 1, 2, 3].map((worker) => lease(campaign, worker, all, 3)));
    expect(leases.map(({ length }) => length)).toEqual([3, 3, 3, 3]);
  });

  it('keeps within the leases a worker may hold at once', async () => {
    const campaign = await newCampaign(store);
    const ask = { campaign, worker: 0, candidates: [0, 1, 2, 3], count: 3, most: 2, expiresAt: 9e9 };
    expect(await store.lease(ask)).toHaveLength(2);
    expect(await store.lease(ask)).toEqual([]);
  });

  it('gives nothing in a paused campaign, to a paused or unknown worker, of an unknown task', async () => {
    const campaign = await newCampaign(store);
    await store.changeWorker(campaign, 1, { paused: true }, 'lead');
    expect(await lease(campaign, 1, [0])).toEqual([]);
    expect(await lease(campaign, 99, [0])).toEqual([]);
    expect(await lease(campaign, 0, [99])).toEqual([]);
    await store.changeCampaign(campaign, { status: 'paused' }, 'lead');
    expect(await lease(campaign, 0, [0])).toEqual([]);
  });

  it('recognises the same submission, one by one and in the same moment', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [0]);
    const results = await Promise.all([answer(held), answer(held), answer(held, 'dog')]);
    expect(results.map(({ state }) => state)).toEqual(['accepted', 'repeated', 'repeated']);
    expect(await answer(held)).toMatchObject({ state: 'repeated', after: { accepted: 1, openLeases: 0, k: 3 } });
    expect((await store.assignment(held))?.value).toBe('cat');
  });

  it('lets the first of two submissions stand and keeps the second in the log', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [0]);
    await answer(held);
    expect((await answer(held, 'dog', 'another')).state).toBe('already');
    expect((await store.assignment(held))?.value).toBe('cat');
    const { events } = await store.events('', { campaign });
    expect(events.at(-1)).toMatchObject({ kind: 'answer-kept', data: { value: 'dog', submission: 'another' } });
  });

  it('does not know answers to tasks a worker was never given', async () => {
    const campaign = await newCampaign(store);
    const stranger: SubmissionResult = await answer({ campaign, task: 0, worker: 0 });
    expect(stranger).toMatchObject({ state: 'unknown', after: null });
    expect((await answer({ campaign, task: 77, worker: 0 })).state).toBe('unknown');
    expect(await states(campaign)).toEqual([]);
  });

  it('takes a late answer while its place is free and keeps it as surplus when it is not', async () => {
    const campaign = await newCampaign(store, { k: 1 });
    const [first] = await lease(campaign, 0, [0]);
    expect(await expire(campaign, 5000)).toEqual([{ campaign, task: 0, worker: 0 }]);
    expect((await answer(first)).state).toBe('accepted');

    const [late] = await lease(campaign, 0, [1]);
    await expire(campaign, 5000);
    const [next] = await lease(campaign, 1, [1]);
    expect((await answer(late, 'dog')).state).toBe('surplus');
    expect((await answer(next)).state).toBe('accepted');
    expect(await store.assignment(late)).toMatchObject({ state: 'surplus', value: 'dog' });
    expect(await taskOf(campaign, 1)).toMatchObject({ accepted: 1, openLeases: 0 });
  });

  it('expires a lease once, and counts lapses until the worker is back', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [0, 1], 2);
    const [first, second] = await Promise.all([expire(campaign, 5000), expire(campaign, 5000)]);
    expect(first.length + second.length).toBe(2);
    expect(await expire(campaign, 5000)).toEqual([]);
    expect(await store.worker(campaign, 0)).toMatchObject({ lapses: 2, openLeases: 0 });
    expect(await lease(campaign, 0, [0])).toMatchObject([{ task: 0 }]);
    await answer(held);
    expect(await store.worker(campaign, 0)).toMatchObject({ lapses: 0, accepted: 1 });
  });

  it('lets heartbeats prolong leases that are held, never shorten them', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [0]);
    const lost = { campaign, task: 1, worker: 0 };
    expect(await store.heartbeat([held, lost], clock.time + 50_000)).toHaveLength(1);
    expect(await store.heartbeat([held], clock.time)).toMatchObject([{ task: 0 }]);
    expect(await expire(campaign, 40_000)).toEqual([]);
    expect(await store.worker(campaign, 0)).toMatchObject({ openLeases: 1 });
    expect(await expire(campaign, 60_000)).toHaveLength(1);
  });

  it('frees the place at once on release, and for good on skip', async () => {
    const campaign = await newCampaign(store, { k: 1 });
    const [given] = await lease(campaign, 0, [0]);
    expect(await store.release([given], 'worker:0')).toHaveLength(1);
    expect(await store.release([given], 'worker:0')).toEqual([]);
    const [again] = await lease(campaign, 0, [0]);
    expect((await skip(again)).state).toBe('skipped');
    expect((await skip(again)).state).toBe('repeated');
    expect(await lease(campaign, 0, [0])).toEqual([]);
    expect(await lease(campaign, 1, [0])).toHaveLength(1);
    expect(await store.assignment(again)).toMatchObject({ state: 'skipped', skipReason: 'unclear', value: null });
  });

  it('keeps a rejected answer and frees its place', async () => {
    const campaign = await newCampaign(store, { k: 1 });
    const [held] = await lease(campaign, 0, [0]);
    expect(await store.reject(held, 'too early', 'lead')).toBeNull();
    await answer(held);
    expect(await store.reject(held, 'random clicks', 'lead')).toMatchObject({
      state: 'rejected',
      note: 'random clicks',
    });
    expect(await store.reject(held, 'again', 'lead')).toBeNull();
    expect(await lease(campaign, 0, [0])).toEqual([]);
    expect(await lease(campaign, 1, [0])).toHaveLength(1);
    expect(await store.worker(campaign, 0)).toMatchObject({ accepted: 0, rejected: 1 });
  });

  it('corrects an answer and knows a resent original', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [0]);
    const correction = { ...held, submission: 'better', value: 'dog' };
    expect(await store.correct(correction, 'worker:0')).toBeNull();
    await answer(held);
    expect(await store.correct(correction, 'worker:0')).toMatchObject({ state: 'accepted', value: 'dog' });
    await store.correct({ ...correction, value: 'ignored: same submission' }, 'worker:0');
    expect((await answer(held)).state).toBe('repeated');
    expect((await store.answersOf(campaign, 0, 10)).map(({ value }) => value)).toEqual(['dog']);
  });

  it('closes with a reason, keeps leases valid, and opens again', async () => {
    const campaign = await newCampaign(store);
    const [held] = await lease(campaign, 0, [0]);
    const closing = { campaign, task: 0, reason: 'certain', values: { posterior: 0.97 }, policyVersion: 'p1' };
    expect(await store.close([closing], 'controller')).toEqual([{ campaign, task: 0 }]);
    expect(await store.close([{ ...closing, reason: 'other' }], 'controller')).toEqual([]);
    expect(await lease(campaign, 1, [0])).toEqual([]);
    expect((await answer(held)).state).toBe('accepted');
    expect(await taskOf(campaign, 0)).toMatchObject({
      status: 'closed',
      reason: 'certain',
      reasonValues: { posterior: 0.97 },
      policyVersion: 'p1',
    });
    expect((await store.tasks(campaign, { reason: 'certain' })).rows).toHaveLength(1);
    expect(await store.reopen(campaign, [0, 1], 'lead asked', 'lead')).toBe(1);
    expect(await lease(campaign, 1, [0])).toHaveLength(1);
  });

  it('changes k live, never below the places taken', async () => {
    const campaign = await newCampaign(store, { tasks: 3, k: 2 });
    for (const worker of [0, 1]) await answer((await lease(campaign, worker, [0]))[0]);
    await store.close([{ campaign, task: 0, reason: 'k reached', values: null, policyVersion: 'p' }], 'controller');
    expect(await store.setK(campaign, 1, 'lead')).toEqual({ changed: 3, reopened: 0 });
    expect((await store.tasks(campaign)).rows.map(({ k }) => k)).toEqual([2, 1, 1]);
    expect(await store.setK(campaign, 3, 'lead', { reopen: ['k reached'] })).toEqual({ changed: 3, reopened: 1 });
    expect(await lease(campaign, 2, [0])).toHaveLength(1);
    expect(await store.setK(campaign, 5, 'lead', { tasks: [1] })).toEqual({ changed: 1, reopened: 0 });
    await expect(store.setK(campaign, -1, 'lead')).rejects.toThrow('invalid k "-1"');
  });

  it('has no limit where k is null', async () => {
    const campaign = await newCampaign(store, { k: null, workers: 30 });
    const leases = await Promise.all(Array.from({ length: 30 }, (_, worker) => lease(campaign, worker, [0])));
    expect(leases.flat()).toHaveLength(30);
  });

  it('keeps what belongs to an answer', async () => {
    const campaign = await newCampaign(store);
    const [held] = await store.lease({
      campaign,
      worker: 0,
      candidates: [3, 1],
      propensities: [0.25, 0.75],
      count: 1,
      expiresAt: 9e12,
    });
    const value = ['ζ', '"quoted"', 'nul \0 and half \ud800'];
    const sent = { spentMs: 1234, instructionVersion: 2, sawSuggestion: true, costMicros: 50_000, at: 77 };
    await store.submit([{ ...held, value, submission: 'id \0 x', ...sent }]);
    expect(await store.assignment(held)).toEqual({
      ...held,
      state: 'accepted',
      leasedAt: expect.any(Number),
      answeredAt: 77,
      submission: 'id \ufffd x',
      value,
      spentMs: 1234,
      instructionVersion: 2,
      sawSuggestion: true,
      skipReason: null,
      note: null,
      propensity: 0.25,
      costMicros: 50_000,
    });
    expect(await store.workTimes(campaign, 10)).toEqual([1234]);
  });

  it('counts progress', async () => {
    const campaign = await newCampaign(store, { tasks: 3, k: 2 });
    await store.addTasks(
      campaign,
      [{ name: 'gold', hash: 'g', content: 1, role: 'gold', k: null, gold: 'cat' }],
      'lead',
    );
    const [a, b] = await lease(campaign, 0, [0, 1], 2);
    await lease(campaign, 1, [0]);
    await answer(a);
    await skip(b);
    await store.close([{ campaign, task: 0, reason: 'certain', values: 1, policyVersion: 'p' }], 'controller');
    expect(await store.progress(campaign)).toEqual({
      tasks: 3,
      open: 2,
      closed: { certain: 1 },
      answers: { accepted: 1, surplus: 0, skipped: 1, rejected: 0 },
      leases: 1,
    });
  });
});
