import { openStore } from '@assay/server';
import type { Card, NextReply, Progress, Tasks, Value, WorkerReport } from '@assay/server/protocol';
import { describe, expect, it } from 'vitest';
import { type Served, served } from '../support/served.ts';

const progress = (at: Served, id: number): Promise<Progress> => at.ask('GET', `/campaigns/${id}/progress`);
const tasksOf = async (at: Served, id: number): Promise<Tasks['tasks']> =>
  (await at.ask<Tasks>('GET', `/campaigns/${id}/tasks?limit=1000`)).tasks;

/** What a task shows is its number; even ones are wrens. */
function truth(card: Card): string {
  return Number(/\d+/.exec(card.task.content.text ?? '')?.[0]) % 2 === 0 ? 'wren' : 'robin';
}
const wrong = (value: string): string => (value === 'wren' ? 'robin' : 'wren');

describe('a campaign with a fixed number of answers', () => {
  it('gets exactly that many of every task, each from another person, and closes it with the reason', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 3 } });
    await at.tasks(id, 20);
    const people = await at.people(id, 5);
    await Promise.all(people.map((person) => person.workOn(truth)));
    const tasks = await tasksOf(at, id);
    expect(
      tasks.every(({ accepted, status, reason }) => accepted === 3 && status === 'closed' && reason === 'answers'),
    ).toBe(true);
    expect(await progress(at, id)).toMatchObject({
      open: 0,
      closed: { answers: 20 },
      answers: { accepted: 60, surplus: 0 },
    });
    expect((await people[0].next({ want: 1 })).left).toBe('done');
    expect(await at.store.integrity()).toEqual([]);
  });

  it('asks for more when k grows and for fewer when it shrinks', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 2 } });
    await at.tasks(id, 4);
    const people = await at.people(id, 4);
    await people[0].workOn(truth);
    await people[1].workOn(truth);
    expect((await progress(at, id)).open).toBe(0);
    await at.ask('PATCH', `/campaigns/${id}`, { settings: { k: 4 } });
    expect((await progress(at, id)).open).toBe(4);
    expect(await people[2].workOn(truth)).toBe(4);
    await at.ask('PATCH', `/campaigns/${id}`, { settings: { k: 3 } });
    const tasks = await tasksOf(at, id);
    expect(tasks.map(({ accepted, status }) => [accepted, status])).toEqual(
      Array.from({ length: 4 }, () => [3, 'closed']),
    );
    expect((await people[3].next({ want: 1 })).left).toBe('done');
  });
});

describe('an adaptive campaign', () => {
  it('stops early where people agree, goes on where they do not, and says why with numbers', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { adaptive: { least: 2, most: 5, threshold: 0.9 }, explore: 0 } });
    await at.tasks(id, 40);
    const people = await at.people(id, 6);
    // Everybody disagrees about the first five tasks.
    for (const [i, person] of people.entries()) {
      await person.workOn((card) => {
        const hard = Number(/\d+/.exec(card.task.content.text ?? '')?.[0]) < 5;
        return hard && i % 2 === 0 ? wrong(truth(card)) : truth(card);
      });
    }
    const tasks = await tasksOf(at, id);
    const by = (reason: string): typeof tasks => tasks.filter((task) => task.reason === reason);
    expect(by('confidence').length).toBeGreaterThan(30);
    for (const { accepted, values } of by('confidence')) {
      expect(accepted).toBeGreaterThanOrEqual(2);
      expect(values?.confidence).toBeGreaterThanOrEqual(0.9);
      expect(values?.threshold).toBe(0.9);
    }
    expect(tasks.every(({ accepted }) => accepted >= 2 && accepted <= 5)).toBe(true);
    const mean = (list: typeof tasks): number => list.reduce((sum, { accepted }) => sum + accepted, 0) / list.length;
    expect(mean(tasks.slice(0, 5))).toBeGreaterThan(mean(tasks.slice(5)) + 0.5);
    const { events } = await at.ask<{ events: { kind: string; data: { policyVersion?: string } }[] }>(
      'GET',
      `/campaigns/${id}/events?limit=1000`,
    );
    const closed = events.filter(({ kind }) => kind === 'closed');
    expect(closed.every(({ data }) => /^posterior-threshold \d/.test(data.policyVersion ?? ''))).toBe(true);
  });

  it('is refused where a question has no classes', async () => {
    const at = await served();
    const body = {
      name: 'N',
      question: { kind: 'number', prompt: '?' },
      settings: { adaptive: { least: 1, most: 3, threshold: 0.9 } },
    };
    expect(await at.call('POST', '/campaigns', body)).toMatchObject({
      status: 400,
      json: { errors: [{ code: 'invalid-settings' }] },
    });
  });
});

describe('the right answer of everybody', () => {
  const cases: readonly (readonly [object, readonly Value[], readonly unknown[]])[] = [
    [{ kind: 'choice', prompt: '?', choices: [{ value: 'a' }] }, ['a'], ['b', 1, ['a']]],
    [
      { kind: 'multi-label', prompt: '?', choices: [{ value: 'a' }, { value: 'b' }], least: 1 },
      [['b', 'a'], ['b']],
      [[], 'a', ['c'], ['a', 'a']],
    ],
    [{ kind: 'scale', prompt: '?', least: -1, most: 3 }, [-1, 3], [4, 1.5, '2']],
    [{ kind: 'number', prompt: '?', least: 0 }, [0, 2.5], [-1, '1']],
    [{ kind: 'text', prompt: '?', mostCharacters: 5 }, ['yes'], ['', '  ', 'far too long', 3]],
  ];
  it.each(cases)('is checked against the question: %o', async (question, right, not) => {
    const at = await served();
    const { id } = await at.campaign({ question: question as never, settings: { k: 10 } });
    await at.tasks(id, 1);
    for (const value of right) {
      const [person] = await at.people(id, 1);
      const [card] = await person.cards();
      for (const bad of not) {
        const [result] = (await person.answer(card, bad as Value)).results;
        expect(result, JSON.stringify(bad)).toMatchObject({
          state: 'refused',
          problem: expect.stringMatching(/^(choose|give|write)/),
        });
      }
      expect((await person.answer(card, value)).results).toMatchObject([{ state: 'saved' }]);
    }
    expect((await tasksOf(at, id))[0].accepted).toBe(right.length);
    for (const format of ['csv', 'jsonl', 'parquet'])
      expect((await at.call('GET', `/campaigns/${id}/export?format=${format}`)).status).toBe(200);
  });
});

describe('a worker', () => {
  it('may send the same answers again, late, or from a phone that was away', async () => {
    const at = await served({ tickMs: 20 });
    const { id } = await at.campaign({ settings: { k: 1, leaseMs: 60_000 } });
    await at.tasks(id, 2);
    const [ana, bo] = await at.people(id, 2);
    const cards = await ana.cards(2);
    const sent = cards.map((card) => ana.submission(card, 'wren'));
    at.clock.now += 3_600_000;
    // Somebody else took one of them meanwhile.
    const taken: Card[] = [];
    await expect.poll(async () => taken.push(...(await bo.cards(1)))).toBe(1);
    await bo.answer(taken[0], 'robin');
    const first = await ana.next({ want: 0, answers: sent });
    expect(first.results.map(({ state }) => state)).toEqual(['saved', 'saved']);
    expect((await ana.next({ want: 0, answers: sent })).results).toEqual(first.results);
    expect((await progress(at, id)).answers).toMatchObject({ accepted: 2, surplus: 1 });
  });

  it('gets back what a reload lost, keeps what beats, and may give cards back', async () => {
    const at = await served();
    const { id } = await at.campaign();
    await at.tasks(id, 10);
    const [ana] = await at.people(id, 1);
    const [one, two] = await ana.cards(2);
    const again = await ana.next({ want: 3, heartbeat: [two.lease] });
    expect(again.leases[0].lease).toBe(one.lease);
    expect(again.leases.map(({ lease }) => lease)).not.toContain(two.lease);
    expect(again.gone).toEqual([]);
    await at.call('POST', '/work/release', { leases: [one.lease] }, ana.headers);
    expect((await ana.next({ want: 0, heartbeat: [one.lease, two.lease] })).gone).toEqual([one.lease]);
  });

  it('holds at most as many cards as the settings say and answers at most the quota', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { concurrency: 4, quota: 6 } });
    await at.tasks(id, 30);
    const [ana] = await at.people(id, 1);
    expect(await ana.cards(20)).toHaveLength(4);
    expect(await ana.workOn(truth)).toBe(6);
    expect((await ana.next({ want: 1 })).left).toBe('done');
  });

  it('is told what to expect: more, nothing just now, or the end', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 1 } });
    await at.tasks(id, 2);
    const [ana, bo] = await at.people(id, 2);
    const [card] = await ana.cards();
    expect((await ana.answer(card, 'wren')).left).toBe('more');
    const [held] = await bo.cards();
    expect((await ana.next({ want: 1 })).left).toBe('none for now');
    await bo.answer(held, 'robin');
    expect((await ana.next({ want: 1 })).left).toBe('done');
  });

  it('never meets a skipped task again, and others do', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 1 } });
    await at.tasks(id, 1);
    const [ana, bo] = await at.people(id, 2);
    const [card] = await ana.cards();
    const { value: _, ...skipped } = {
      ...ana.submission(card, 'wren'),
      skip: { reason: 'unclear' as const, note: 'blurred' },
    };
    const reply = await ana.next({ want: 1, answers: [skipped] });
    expect(reply).toMatchObject({ results: [{ state: 'skipped' }], leases: [], left: 'done' });
    expect(await bo.cards()).toHaveLength(1);
    expect((await at.call('GET', `/campaigns/${id}/answers?state=skipped`)).json).toMatchObject({
      answers: [{ skipReason: 'unclear', note: 'blurred' }],
    });
  });

  it('can look at the last ten answers and correct them; the old value stays in the log', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 1 } });
    await at.tasks(id, 12);
    const [ana] = await at.people(id, 1);
    const order: Card[] = [];
    await ana.workOn((card) => {
      order.push(card);
      at.clock.now += 1000;
      return 'wren';
    });
    const { answers } = (await at.call('GET', '/work/answers', undefined, ana.headers)).json as { answers: Card[] };
    expect(answers.map(({ lease }) => lease)).toEqual(
      order
        .slice(2)
        .reverse()
        .map(({ lease }) => lease),
    );
    const correct = (lease: string): Promise<{ json: unknown }> =>
      at.call('PUT', `/work/answers/${lease}`, { value: 'robin', submission: `fix-${lease}` }, ana.headers);
    expect((await correct(order[0].lease)).json).toMatchObject({ state: 'refused' });
    expect((await correct(order[11].lease)).json).toMatchObject({ state: 'saved' });
    expect((await correct(order[11].lease)).json).toMatchObject({ state: 'saved' });
    const csv = (await at.call('GET', `/campaigns/${id}/export`)).text;
    expect(csv.split('\n').filter((line) => line.includes('robin'))).toHaveLength(1);
    const { text } = await at.call('GET', `/campaigns/${id}/events?limit=1000`);
    expect(text.match(/"kind":"corrected"/g)).toHaveLength(1);
  });

  it('practises first, with an explanation, and then works', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 1 } });
    await at.tasks(id, 3);
    await at.import(
      id,
      'id,text,answer,explanation\np1,Practice 1,robin,It has a red breast\np2,Practice 2,wren,\n',
      'practice',
    );
    const [ana] = await at.people(id, 1);
    const first = await ana.next({ want: 5 });
    expect(first.leases.map(({ practice }) => practice)).toEqual([true, true]);
    expect(first.worker).toEqual({ answers: 0, practiceLeft: 2 });
    const one = await ana.answer(first.leases[0], 'wren', { want: 5 });
    expect(one.results[0].feedback).toEqual({ correct: false, expected: 'robin', explanation: 'It has a red breast' });
    expect(one.leases.map(({ lease }) => lease)).toEqual([first.leases[1].lease]);
    const two: NextReply = await ana.answer(first.leases[1], 'wren', { want: 5 });
    expect(two.results[0].feedback).toEqual({ correct: true, expected: 'wren' });
    expect(two.leases).toHaveLength(3);
    expect(two.leases.every(({ practice }) => !practice)).toBe(true);
    expect((await ana.answer(two.leases[0], 'wren')).results[0].feedback).toBeUndefined();
    expect((await progress(at, id)).tasks).toBe(3);
    expect((await at.call('GET', `/campaigns/${id}/export`)).text).not.toContain('p1');
  });

  it('gets no new card while the campaign or the worker is paused; what was answered is kept', async () => {
    const at = await served();
    const { id } = await at.campaign();
    await at.tasks(id, 5);
    const [ana, bo] = await at.people(id, 2);
    const [card] = await ana.cards();
    await at.ask('PATCH', `/campaigns/${id}`, { status: 'paused' });
    expect(await ana.answer(card, 'wren', { want: 1 })).toMatchObject({
      results: [{ state: 'saved' }],
      leases: [],
      left: 'paused',
    });
    await at.ask('PATCH', `/campaigns/${id}`, { status: 'open' });
    await at.ask('PATCH', `/campaigns/${id}/workers/${ana.worker}`, { paused: true });
    expect((await ana.next({ want: 1 })).left).toBe('paused');
    const [last] = await bo.cards();
    await at.ask('PATCH', `/campaigns/${id}`, { status: 'closed' });
    expect(await bo.answer(last, 'wren', { want: 1 })).toMatchObject({ results: [{ state: 'saved' }], left: 'closed' });
  });
});

describe('a reviewer', () => {
  it('turns an answer down: it is kept, and the task asks somebody else', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 1 } });
    await at.tasks(id, 1);
    const [ana, bo] = await at.people(id, 2);
    const [card] = await ana.cards();
    await ana.answer(card, 'wren');
    expect((await bo.next({ want: 1 })).left).toBe('done');
    await at.ask('POST', `/campaigns/${id}/answers/${card.lease}/reject`, { reason: 'not looked at' });
    const [again] = await bo.cards();
    await bo.answer(again, 'robin');
    expect(await progress(at, id)).toMatchObject({ answers: { accepted: 1, rejected: 1 }, open: 0 });
    expect((await at.call('GET', `/campaigns/${id}/export?format=jsonl`)).text).toMatch(/"rejected"/);
    expect((await at.call('POST', `/campaigns/${id}/answers/${card.lease}/reject`, { reason: 'again' })).status).toBe(
      404,
    );
  });

  it('sees who is good, with an interval, and that of few answers it is too early to say', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 4, goldShare: 0.3 } });
    await at.tasks(id, 60);
    await at.import(
      id,
      `id,text,gold\n${Array.from({ length: 10 }, (_, i) => `g${i},Gold ${i},${i % 2 === 0 ? 'wren' : 'robin'}\n`).join('')}`,
      'gold',
    );
    const people = await at.people(id, 5);
    await people[0].workOn(truth);
    await people[1].workOn(truth);
    await people[2].workOn(truth);
    await people[3].workOn((card) => wrong(truth(card)));
    await people[4].workOn(truth, 2);
    const { workers } = await at.ask<{ workers: WorkerReport[] }>('GET', `/campaigns/${id}/workers`);
    expect(workers[0].accuracy?.lo).toBeGreaterThan(0.7);
    expect(workers[0].gold).toEqual({ right: 10, answered: 10 });
    expect(workers[3].accuracy?.hi).toBeLessThan(0.4);
    expect(workers[3].gold).toEqual({ right: 0, answered: 10 });
    expect(workers[4]).toMatchObject({
      accuracy: null,
      remarks: [expect.stringMatching(/too early to say|no answers/)],
    });
    const { expectedAccuracy } = await progress(at, id);
    expect(expectedAccuracy?.value).toBeGreaterThan(0.85);
    expect(expectedAccuracy?.lo).toBeLessThan(expectedAccuracy?.value ?? 0);
  });
});

describe('a lead', () => {
  it('changes the instructions, and answers say under which they were given', async () => {
    const at = await served();
    const { id } = await at.campaign({ instructions: 'Look at the tail.' });
    await at.tasks(id, 2);
    const [ana] = await at.people(id, 1);
    const [one, two] = (await ana.next({ want: 2 })).leases;
    const first = await ana.next({ want: 0, answers: [{ ...ana.submission(one, 'wren'), instructionVersion: 1 }] });
    expect(first.instructions).toBe(1);
    await at.ask('PUT', `/campaigns/${id}/instructions`, { text: 'Look at the beak.' });
    await at.ask('PUT', `/campaigns/${id}/instructions`, { text: 'Look at the beak.' });
    const second = await ana.next({ want: 0, answers: [{ ...ana.submission(two, 'wren'), instructionVersion: 2 }] });
    expect(second.instructions).toBe(2);
    expect((await at.call('GET', '/work', undefined, ana.headers)).json).toMatchObject({
      campaign: { instructions: { version: 2, text: 'Look at the beak.' } },
    });
    const { answers } = await at.ask<{ answers: { instructionVersion: number }[] }>('GET', `/campaigns/${id}/answers`);
    expect(answers.map(({ instructionVersion }) => instructionVersion).sort()).toEqual([1, 2]);
  });

  it('reads long lists page by page, filtered, each row once', async () => {
    const at = await served();
    const { id } = await at.campaign({ settings: { k: 1 } });
    await at.tasks(id, 23);
    const [ana] = await at.people(id, 1);
    await ana.workOn(truth, 9);
    const pages = async (path: string, rows: 'tasks' | 'answers'): Promise<string[]> => {
      const names: string[] = [];
      for (let cursor = ''; ; ) {
        const page = await at.ask<Record<string, { name?: string; task?: string }[]> & { next: string | null }>(
          'GET',
          `${path}${cursor}`,
        );
        names.push(...page[rows].map(({ name, task }) => name ?? task ?? ''));
        if (page.next === null) return names;
        cursor = `&cursor=${page.next}`;
      }
    };
    const all = await pages(`/campaigns/${id}/tasks?limit=5`, 'tasks');
    expect(all).toEqual(Array.from({ length: 23 }, (_, i) => `t${i}`));
    const closed = await pages(`/campaigns/${id}/tasks?limit=4&status=closed&reason=answers`, 'tasks');
    expect(closed).toHaveLength(9);
    expect(new Set(await pages(`/campaigns/${id}/answers?limit=4&state=accepted`, 'answers'))).toEqual(new Set(closed));
  });
});

describe('two processes on one database', () => {
  it('see what the other did within a tick and never give a place twice', async () => {
    const clock = Date.UTC(2026, 0, 1);
    const store = await openStore(':memory:', { now: () => clock });
    const [one, two] = [await served({ store, tickMs: 20 }), await served({ store, tickMs: 20 })];
    const { id } = await one.campaign({ settings: { k: 2 } });
    await one.tasks(id, 30);
    const token = await one.invite(id);
    const people = await Promise.all(Array.from({ length: 6 }, (_, i) => (i % 2 === 0 ? one : two).join(token)));
    // Like the page, people ask again when there was no card for the moment: the other process may have been first.
    const answered = async (): Promise<readonly number[]> => {
      await Promise.all(people.map((person) => person.workOn(truth)));
      return (await tasksOf(two, id)).map(({ accepted }) => accepted);
    };
    await expect.poll(answered).toEqual(Array.from({ length: 30 }, () => 2));
    await expect.poll(async () => (await progress(two, id)).open).toBe(0);
    expect(await store.integrity()).toEqual([]);
    // Settings changed through one are kept to by the other.
    await one.ask('PATCH', `/campaigns/${id}`, { status: 'paused' });
    await expect.poll(async () => (await people[1].next({ want: 1 })).left).toBe('paused');
  });

  it('goes on after a restart where it was', async () => {
    const now = (): number => Date.UTC(2026, 0, 1);
    const store = await openStore(':memory:', { now });
    const before = await served({ store });
    const { id } = await before.campaign({ settings: { k: 2, goldShare: 0.2 } });
    await before.tasks(id, 10);
    await before.import(id, 'id,text,gold\ng1,Gold 1,robin\n', 'gold');
    const [ana] = await before.people(id, 1);
    await ana.workOn(truth, 4);
    const [held] = await ana.cards();
    const after = await served({ store });
    const reply = await after.call('POST', '/work/next', { want: 3 }, ana.headers);
    const { leases, worker } = reply.json as NextReply;
    expect(leases[0].lease).toBe(held.lease);
    expect(worker.answers).toBe(4);
    const first = await before.call('GET', `/campaigns/${id}/tasks`);
    expect((await after.call('GET', `/campaigns/${id}/tasks`)).json).toMatchObject({
      tasks: (first.json as Tasks).tasks.map(({ name }) => ({ name })),
    });
  });
});
