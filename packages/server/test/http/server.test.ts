import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, openStore, StoreUnavailable } from '@assay/server';
import { Client, RequestError } from '@assay/server/client';
import { afterAll, describe, expect, it } from 'vitest';
import { served } from '../support/served.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-pages-'));
mkdirSync(join(folder, 'pages/assets'), { recursive: true });
writeFileSync(join(folder, 'secret.txt'), 'SECRET');
for (const name of [
  'index.html',
  'join.html',
  'lead.html',
  '.hidden',
  'assets/join-AB12CD34.js',
  'service-worker.js',
]) {
  writeFileSync(join(folder, 'pages', name), `<!doctype html><title>${name}</title>`);
}
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withPages(): Promise<Awaited<ReturnType<typeof createServer>>> {
  const store = await openStore(':memory:', { now: Date.now });
  const app = await createServer({ store, now: Date.now, pages: join(folder, 'pages') });
  afterAll(async () => {
    await app.close();
    await store[Symbol.asyncDispose]();
  });
  return app;
}

describe('pages', () => {
  it('are served under their short addresses, assets for ever, all under a strict policy', async () => {
    const app = await withPages();
    for (const [url, file] of [
      ['/', 'index'],
      ['/join', 'join'],
      ['/lead', 'lead'],
    ]) {
      const reply = await app.inject(url);
      expect(reply.body, url).toContain(`${file}.html`);
      expect(reply.headers['cache-control']).toBe('no-cache');
      const policy = String(reply.headers['content-security-policy']);
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toMatch(/unsafe|upgrade-insecure/);
      expect(reply.headers['referrer-policy']).toBe('no-referrer');
    }
    expect((await app.inject('/assets/join-AB12CD34.js')).headers['cache-control']).toMatch(/immutable/);
    expect((await app.inject('/service-worker.js')).headers['cache-control']).toBe('no-cache');
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/..\\secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '//secret.txt',
    '/.hidden',
    '/%00',
    '/join%00.html',
  ])('cannot be left: %s', async (url) => {
    const reply = await (await withPages()).inject({ method: 'GET', url });
    expect(reply.body).not.toContain('SECRET');
    expect(reply.statusCode).toBeGreaterThanOrEqual(400);
  });
});

describe('requests', () => {
  it('of strangers are limited by address, of sessions by session', async () => {
    const at = await served({ limits: { open: 3, session: 5 } });
    const tries: number[] = [];
    for (let i = 0; i < 5; i++) tries.push((await at.call('POST', '/login', { token: 'wrong' }, {})).status);
    expect(tries).toEqual([401, 401, 401, 429, 429]);
    const asked: number[] = [];
    for (let i = 0; i < 7; i++) asked.push((await at.call('GET', '/campaigns')).status);
    expect(asked).toEqual([200, 200, 200, 200, 200, 429, 429]);
  });

  it('let a whole class in from one address, whatever somebody there tries', async () => {
    const at = await served({ limits: { open: 1200, session: 1200 } });
    const { id } = await at.campaign();
    const token = await at.invite(id);
    const tried = async (secret: string): Promise<number> =>
      (await at.call('POST', '/join/look', { token: secret }, {})).status;
    expect(await tried(token)).toBe(200);
    const wrong: number[] = [];
    for (let i = 0; i < 25; i++) wrong.push(await tried(`wrong ${i}`));
    expect(wrong).toEqual(Array.from({ length: 25 }, (_, i) => (i < 20 ? 401 : 429)));
    for (let i = 0; i < 150; i++) expect(await tried(token)).toBe(200);
    for (let i = 0; i < 130; i++) await at.join(token);
    at.clock.now += 60_000;
    expect(await tried('wrong')).toBe(401);
  });

  it('are told when the database is away, with nothing acknowledged, and all is well when it is back', async () => {
    const at = await served();
    const { id } = await at.campaign();
    await at.tasks(id, 3);
    const [ana] = await at.people(id, 1);
    const [card] = await ana.cards();
    const { submit } = at.store;
    at.store.submit = () => Promise.reject(new StoreUnavailable('the disk is full'));
    const body = { want: 1, answers: [ana.submission(card, 'wren')] };
    const away = await at.call('POST', '/work/next', body, ana.headers);
    expect(away).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      json: { errors: [{ code: 'store-unavailable' }] },
    });
    at.store.submit = submit;
    expect((await at.call('POST', '/work/next', body, ana.headers)).json).toMatchObject({
      results: [{ state: 'saved' }],
    });
  });

  it('never show what went wrong inside', async () => {
    const errors: unknown[] = [];
    const at = await served({ onError: (error) => errors.push(error) });
    at.store.campaigns = () => Promise.reject(new Error('password=SECRET at /home/x'));
    const { status, text } = await at.call('GET', '/campaigns');
    expect(status).toBe(500);
    expect(text).not.toContain('SECRET');
    expect(errors).toHaveLength(1);
  });

  it('to unknown addresses get a reply of the same form', async () => {
    const at = await served();
    expect((await at.call('GET', '/nowhere')).json).toMatchObject({ schema: 1, errors: [{ code: 'unknown-route' }] });
  });
});

describe('the log', () => {
  it('names who changed what and who was refused', async () => {
    const at = await served();
    const { id } = await at.campaign();
    const { token } = await at.ask<{ token: string }>('POST', '/tokens', { role: 'reviewer', campaign: id });
    await at.call('PATCH', `/campaigns/${id}`, { name: 'Other' }, { authorization: `Bearer ${token}` });
    await at.call('POST', '/login', { token: 'wrong' }, {});
    const { entries } = await at.ask<{ entries: { action: string; actor: string }[] }>('GET', '/audit');
    expect(entries.map(({ action }) => action)).toEqual([
      'login refused',
      'refused PATCH /api/v1/campaigns/:campaign',
      'createToken',
      'createCampaign',
    ]);
    expect(entries[1].actor).toMatch(/^reviewer:/);
  });
});

describe('over the network', () => {
  it('the typed client does what the routes do, and progress comes as it happens', async () => {
    const at = await served({ tickMs: 20 });
    const url = await at.app.listen({ port: 0, host: '127.0.0.1' });
    const client = new Client({ url, token: at.owner.authorization.slice(7) });
    const { id } = await client.createCampaign({
      body: { name: 'Net', question: { kind: 'scale', prompt: '?', least: 1, most: 3 } },
    });
    const params = { campaign: id };
    async function* file(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('id,text\n');
      for (let i = 0; i < 3; i++) yield Buffer.from(`t${i},Text\n`);
    }
    expect(await client.importTasks({ params, query: { name: 'net.csv' }, body: file() })).toMatchObject({ new: 3 });
    const events = await client.stream({ params });
    const reader = events.getReader();
    const heard: string[] = [];
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(heard.join(''))) {
        const { value, done } = await reader.read();
        if (done) throw new Error('the stream ended');
        heard.push(Buffer.from(value).toString());
      }
    };
    await until(/event: progress\ndata: \{"status":"open","tasks":3,"open":3/);
    const person = await at.join(await at.invite(id));
    const [card] = await person.cards();
    await person.answer(card, 2);
    await until(/"accepted":1/);
    await reader.cancel();
    // One that stays open must not keep the server from stopping.
    await client.stream({ params });
    const labels: string[] = [];
    for await (const chunk of await client.export({ params, query: { what: 'labels', format: 'csv' } }))
      labels.push(Buffer.from(chunk).toString());
    expect(labels.join('').split('\n')[0]).toBe('task,label,probability,tie,answers,p_1,p_2,p_3');
    await expect(client.campaign({ params: { campaign: 99 } })).rejects.toThrow(RequestError);
    await expect(client.campaign({ params: { campaign: 99 } })).rejects.toMatchObject({
      status: 404,
      errors: [{ code: 'unknown-campaign' }],
    });
    await expect(new Client({ url, token: 'x' }).campaigns()).rejects.toMatchObject({ status: 401 });
  });

  it('every written format comes out of every kind of question that has labels', async () => {
    const at = await served();
    const { id } = await at.campaign();
    await at.tasks(id, 4);
    for (const person of await at.people(id, 3)) await person.workOn(() => 'wren');
    for (const format of [
      'csv',
      'tsv',
      'json',
      'jsonl',
      'parquet',
      'label-studio',
      'argilla',
      'prodigy',
      'cleanlab',
      'snorkel',
      'peerannot',
      'answers.csv.gz',
    ]) {
      const { status, text, headers } = await at.call('GET', `/campaigns/${id}/export?format=${format}`);
      if (status !== 200) expect(text, format).toMatch(/unknown-format/);
      else
        expect(String(headers['content-disposition']), format).toMatch(
          /^attachment; filename="birds-answers\.[a-z.]+"$/,
        );
    }
    expect((await at.call('GET', `/campaigns/${id}/export?format=../../x`)).status).toBe(400);
    expect((await at.call('GET', `/campaigns/${id}/export?format=docx`)).json).toMatchObject({
      errors: [{ code: 'unknown-format' }],
    });
  });
});
