import type { Card, Value } from '@assay/server/protocol';
import { expect, it } from 'vitest';
import { type Person, type Served, served } from '../support/served.ts';

/** Everything a worker could see, kept for inspection. */
function overheard(at: Served, people: readonly Person[]): string[] {
  const heard: string[] = [];
  const own = new Set(people.map(({ headers }) => headers.cookie));
  const { call } = at;
  at.call = async (...request: Parameters<typeof call>) => {
    const reply = await call.apply(at, request);
    if (own.has(request[3]?.cookie ?? '')) heard.push(reply.text);
    return reply;
  };
  return heard;
}

it('tells a worker nothing of others, of gold, of roles, of probabilities and of the policy', async () => {
  const at = await served();
  const { id } = await at.campaign({
    settings: { k: 2, goldShare: 0.3, adaptive: { least: 2, most: 3, threshold: 0.9 } },
  });
  await at.import(id, `id,text\n${Array.from({ length: 30 }, (_, i) => `SECRET-TASK-${i},Shown ${i}\n`).join('')}`);
  const gold = Array.from(
    { length: 6 },
    (_, i) => `SECRET-GOLD-${i},Known ${i},${i % 2 === 0 ? 'wren' : 'robin'},SECRET-WHY\n`,
  );
  await at.import(id, `id,text,gold,explanation\n${gold.join('')}`, 'gold');
  const people = await at.people(id, 4);
  const [ana, ...others] = people;
  const heard = overheard(at, [ana]);
  for (const person of others) await person.workOn(() => 'robin', 10);
  const values: Value[] = [];
  const say = (_card: Card): Value => {
    values.push('wren');
    return 'wren';
  };
  await ana.workOn(say, 20);
  await at.call('GET', '/work', undefined, ana.headers);
  await at.call('GET', '/work/answers', undefined, ana.headers);
  const [card] = await ana.cards();
  await at.call('POST', '/work/release', { leases: [card.lease] }, ana.headers);
  await at.call('PUT', `/work/answers/${card.lease}`, { value: 'wren', submission: 'a-new-one' }, ana.headers);
  await at.call('POST', '/work/next', { want: 1, nonsense: 1 }, ana.headers);
  await at.call('GET', `/campaigns/${id}/tasks`, undefined, ana.headers);
  await at.call('GET', `/campaigns/${id}/export`, undefined, ana.headers);

  expect(values.length).toBeGreaterThan(10);
  const text = heard.join('\n');
  expect(heard.length).toBeGreaterThan(20);
  // "robin" is said by the others only, and stands in the question.
  const withoutQuestion = text.replace(/"choices":\[[^\]]*\]/g, '');
  for (const secret of [
    'SECRET',
    'robin',
    'gold',
    'role',
    'posterior',
    'probab',
    'confiden',
    'propens',
    'accepted',
    'surplus',
    'policy',
    'explor',
    'threshold',
    'settings',
  ]) {
    expect(withoutQuestion.toLowerCase(), secret).not.toContain(secret.toLowerCase());
  }
});

it('gives gold among the others, about as often as the share says, and never twice', async () => {
  const at = await served();
  const { id } = await at.campaign({ settings: { k: 5, goldShare: 0.2, explore: 0 } });
  await at.tasks(id, 60);
  await at.import(
    id,
    `id,text,gold\n${Array.from({ length: 10 }, (_, i) => `g${i},Known ${i},wren\n`).join('')}`,
    'gold',
  );
  const [person] = await at.people(id, 1);
  const seen: string[] = [];
  await person.workOn((card) => {
    seen.push(card.task.content.text ?? '');
    return 'wren';
  }, 50);
  const golden = seen.map((text) => text.startsWith('Known'));
  expect(golden.filter(Boolean).length).toBe(10);
  expect(new Set(seen).size).toBe(seen.length);
  // One in each five, at a place that differs.
  for (let block = 0; block < 10; block++)
    expect(golden.slice(5 * block, 5 * block + 5).filter(Boolean)).toHaveLength(1);
  const places = Array.from({ length: 10 }, (_, block) => golden.indexOf(true, 5 * block) % 5);
  expect(new Set(places).size).toBeGreaterThan(2);
});

it('names leases so that the order of import does not show', async () => {
  const at = await served();
  const { id } = await at.campaign({ settings: { concurrency: 50 } });
  await at.tasks(id, 50);
  const [person] = await at.people(id, 1);
  const numbers = (await person.cards(50)).map(({ lease }) => Number.parseInt(lease.split('-')[0], 36));
  expect(numbers).toHaveLength(50);
  expect(Math.min(...numbers)).toBeGreaterThan(1000);
  expect(new Set(numbers).size).toBe(50);
});

it('does not let a worker answer, correct or keep the card of another', async () => {
  const at = await served();
  const { id } = await at.campaign();
  await at.tasks(id, 1);
  const [ana, bo] = await at.people(id, 2);
  const [card] = await ana.cards();
  const stolen = await bo.answer(card, 'wren', { heartbeat: [card.lease] });
  expect(stolen.results).toMatchObject([{ state: 'refused' }]);
  expect(stolen.gone).toEqual([card.lease]);
  const correct = await at.call(
    'PUT',
    `/work/answers/${card.lease}`,
    { value: 'wren', submission: 'stolen-1' },
    bo.headers,
  );
  expect(correct.json).toMatchObject({ state: 'refused' });
  expect((await ana.answer(card, 'wren')).results).toMatchObject([{ state: 'saved' }]);
});
