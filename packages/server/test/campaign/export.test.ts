import { type AnswersRead, readAnswers, sourceOf } from '@assay/core/formats';
import { createCampaign, exportCampaign, openStore, readHeader, type Store } from '@assay/server';
import type { Question, Value } from '@assay/server/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnStores } from '../support/stores.ts';

const question: Question = {
  kind: 'choice',
  prompt: 'Which bird?',
  choices: [{ value: 'wren' }, { value: 'robin, red' }, { value: 'never said' }],
};
const now = Date.UTC(2026, 0, 1);
const opened: Store[] = [];
afterAll(async () => {
  for (const store of opened) await store[Symbol.asyncDispose]();
});

/** A campaign with more answers than a page, gold, practice, skips, rejections, and some who did nothing. */
async function made(url: string, asked: Question, say: (task: number, worker: number) => Value, tasks = 700) {
  const store = await openStore(url, { now: () => now });
  opened.push(store);
  const { id } = await createCampaign(store, { name: 'Birds & Co', question: asked, seed: 1 }, 'lead');
  const named = Array.from({ length: tasks }, (_, i) => `t${i}`);
  const added = [
    { name: 'practice', hash: 'p', content: { text: 'p' }, role: 'practice' as const, k: null, gold: say(0, 0) },
    ...named.map((name) => ({ name, hash: name, content: { text: name }, role: 'task' as const, k: 3 })),
    { name: 'gold, one', hash: 'g', content: { text: 'g' }, role: 'gold' as const, k: null, gold: say(1, 1) },
    { name: 'gold nobody can say', hash: 'h', content: { text: 'h' }, role: 'gold' as const, k: null, gold: 'owl' },
  ];
  await store.addTasks(id, added as Parameters<Store['addTasks']>[1], 'lead');
  for (const name of ['Ana', 'Bo', 'Ana', 'Nobody']) await store.addWorker(id, { name, kind: 'human' }, 'lead');
  // The last 20 tasks are nobody's.
  const candidates = added.flatMap(({ name }, task) => (task > tasks - 20 && name.startsWith('t') ? [] : [task]));
  for (const worker of [0, 1, 2]) {
    const count = candidates.length;
    const leases = await store.lease({ campaign: id, worker, candidates, count, expiresAt: now + 1e6 });
    await store.submit(
      leases.map((lease, i) => {
        const sent = { ...lease, submission: `by-${worker}-${lease.task}`, at: now + i, spentMs: 1000 + i };
        return i % 10 === 3 ? { ...sent, skipReason: 'unclear' } : { ...sent, value: say(lease.task, worker) as never };
      }),
    );
    await store.reject({ campaign: id, task: 5, worker }, 'too fast', 'lead');
  }
  const header = await readHeader(store, (await store.campaign(id))!);
  return { store, header };
}

async function bytesOf(
  store: Store,
  header: Awaited<ReturnType<typeof readHeader>>,
  what: 'answers' | 'labels' | 'workers',
  format: string,
) {
  const { bytes } = await exportCampaign(store, header, what, format);
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return new Uint8Array(Buffer.concat(parts));
}

/** What a file says, whatever its order. */
function saidBy({ table }: AnswersRead) {
  return {
    tasks: table.tasks.names(),
    workers: table.workers.names().sort(),
    answers: Array.from({ length: table.answerCount }, (_, i) =>
      [
        table.tasks.name(table.answerTask[i]),
        table.workers.name(table.worker[i]),
        table.classes.name(table.label[i]),
        table.time?.[i],
        table.durationMs?.[i],
      ].join('|'),
    ),
    uncounted: table.uncounted.map(
      ({ task, worker, status }) => `${table.tasks.name(task)}|${table.workers.name(worker)}|${status}`,
    ),
    gold: Array.from(table.gold ?? [], (label, task) =>
      label < 0 ? [] : `${table.tasks.name(task)}=${table.classes.name(label)}`,
    ).flat(),
  };
}

describeOnStores('an export of answers', (newDatabase) => {
  const say = (task: number, worker: number): string => ((task + worker) % 3 === 0 ? 'robin, red' : 'wren');
  let campaign: Awaited<ReturnType<typeof made>>;
  beforeAll(async () => {
    campaign = await made(newDatabase('birds'), question, say);
  });
  // A cluster ends only when nobody is connected.
  afterAll(async () => {
    for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
  });

  it.each(['csv', 'tsv', 'jsonl', 'json', 'parquet', 'file.csv.gz'])('says everything once, as %s', async (format) => {
    const { store, header } = campaign;
    const bytes = await bytesOf(store, header, 'answers', format);
    const said = saidBy(await readAnswers(sourceOf(format.includes('.') ? format : `file.${format}`, bytes)));
    // Three people, 680 tasks and two of gold, every tenth skipped, one answer of each rejected.
    const given = await allOf(store, header.id);
    const counted = given.filter(({ state }) => state === 'accepted');
    expect(said.answers).toHaveLength(counted.length);
    expect(said.answers).toHaveLength(3 * (682 - 68 - 1));
    expect(said.uncounted).toHaveLength(3 * (68 + 1));
    expect(said.uncounted.filter((row) => row.endsWith('rejected'))).toEqual(
      ['Ana #0', 'Bo', 'Ana #2'].map((worker) => `t4|${worker}|rejected`),
    );
    expect(said.tasks).toHaveLength(702);
    expect(said.tasks).not.toContain('practice');
    expect(said.workers).toEqual(['Ana #0', 'Ana #2', 'Bo', 'Nobody']);
    expect(said.gold).toEqual([`gold, one=${say(1, 1)}`]);
    const [first] = counted.filter(({ task, worker }) => task === 2 && worker === 1);
    expect(said.answers).toContain(`t1|Bo|${first.value}|${first.answeredAt}|${first.spentMs}`);
  });

  it('reads a page when it is taken, and no further when nobody takes more', async () => {
    const { store, header } = campaign;
    let pages = 0;
    const counting: Store = Object.create(store, {
      assignments: {
        value: (...asked: Parameters<Store['assignments']>) => {
          pages++;
          return store.assignments(...asked);
        },
      },
    });
    const { bytes } = await exportCampaign(counting, header, 'answers', 'csv');
    expect(pages).toBe(0);
    for await (const _ of bytes) break;
    // Of three.
    expect(pages).toBe(2);
  });

  it('lets others be served in between', async () => {
    const { store, header } = campaign;
    const { bytes } = await exportCampaign(store, header, 'answers', 'csv');
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    // A consumer that never waits: only the export itself can make room.
    for await (const _ of bytes);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  it('keeps its columns whatever is in it', async () => {
    const { store, header } = campaign;
    const empty = await openStore(newDatabase('empty'), { now: () => now });
    opened.push(empty);
    await createCampaign(empty, { name: 'Birds & Co', question, seed: 1 }, 'lead');
    const none = await readHeader(empty, (await empty.campaign(1))!);
    const first = async (of: Promise<Uint8Array>): Promise<string> => new TextDecoder().decode(await of).split('\n')[0];
    expect(await first(bytesOf(empty, none, 'answers', 'csv'))).toBe('task,worker,label,kind,status,at,duration_ms');
    expect(await first(bytesOf(store, header, 'answers', 'csv'))).toBe(
      'task,worker,label,kind,status,at,duration_ms,gold',
    );
  });
});

it('asks of several labels one question each', async () => {
  const several: Question = { kind: 'multi-label', prompt: 'What?', choices: [{ value: 'fur' }, { value: 'wings' }] };
  const { store, header } = await made(
    ':memory:',
    several,
    (task) => (task % 2 === 0 ? ['fur'] : ['wings', 'fur']),
    60,
  );
  const { tables } = await readAnswers(sourceOf('file.csv', await bytesOf(store, header, 'answers', 'csv')));
  expect([...tables.keys()]).toEqual(['label: fur', 'label: wings']);
  const wings = tables.get('label: wings')!.table;
  const yes = wings.classes.indexOf('yes');
  expect(wings.answerCount).toBeGreaterThan(90);
  expect(
    wings.label.every(
      (label, i) =>
        (label === yes) ===
        (Number(wings.tasks.name(wings.answerTask[i]).slice(1)) % 2 === 0 ||
          wings.tasks.name(wings.answerTask[i]).startsWith('gold, one')),
    ),
  ).toBe(true);
  const sets = new TextDecoder().decode(await bytesOf(store, header, 'labels', 'csv')).split('\n');
  expect(sets[0]).toBe('task,labels,answers,p_fur,p_wings');
});

it('gives numbers as they were said, and medians as labels', async () => {
  const { store, header } = await made(
    ':memory:',
    { kind: 'number', prompt: 'How many?' },
    (task, worker) => task + worker,
    60,
  );
  const lines = new TextDecoder()
    .decode(await bytesOf(store, header, 'answers', 'csv'))
    .trim()
    .split('\n');
  expect(lines[0]).toBe('task,worker,value,kind,status,at,duration_ms,gold');
  expect(lines).toHaveLength(1 + 3 * 42);
  expect(lines[1]).toMatch(/^t0,Ana #0,1,human,ok,2026-01-01T/);
  const labels = new TextDecoder().decode(await bytesOf(store, header, 'labels', 'csv')).split('\n');
  expect(labels.slice(0, 2)).toEqual(['task,median,least,most,answers', 't0,2,1,3,3']);
  const workers = new TextDecoder()
    .decode(await bytesOf(store, header, 'workers', 'csv'))
    .trim()
    .split('\n');
  expect(workers[4]).toBe('Nobody,human,0');
});

async function allOf(store: Store, campaign: number) {
  return (await store.assignments(campaign, { limit: 100_000 })).rows.filter(({ task }) => task > 0);
}
