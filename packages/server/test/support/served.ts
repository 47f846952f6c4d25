import { createServer, hashOf, newSecret, openStore, type Store } from '@assay/server';
import type {
  Campaign,
  CampaignBody,
  Card,
  ImportReceipt,
  NextBody,
  NextReply,
  Question,
  TaskRole,
  Value,
} from '@assay/server/protocol';
import type { FastifyInstance } from 'fastify';
import { afterAll, expect } from 'vitest';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Headers = Readonly<Record<string, string>>;

export const birds: Question = {
  kind: 'choice',
  prompt: 'Which bird is it?',
  choices: [{ value: 'wren' }, { value: 'robin' }],
};

/** A worker's browser. */
export class Person {
  readonly #at: Served;
  readonly headers: Headers;
  readonly worker: number;
  #sent = 0;

  constructor(at: Served, headers: Headers, worker: number) {
    this.#at = at;
    this.headers = headers;
    this.worker = worker;
  }

  async next(body: NextBody): Promise<NextReply> {
    const reply = await this.#at.call('POST', '/work/next', body, this.headers);
    expect(reply.status, reply.text).toBe(200);
    return reply.json as NextReply;
  }

  async cards(want = 1): Promise<readonly Card[]> {
    return (await this.next({ want })).leases;
  }

  /** Answers a card. */
  answer(card: Pick<Card, 'lease'>, value: Value, more: Partial<NextBody> = {}): Promise<NextReply> {
    return this.next({ want: 0, answers: [this.submission(card, value)], ...more });
  }

  submission(card: Pick<Card, 'lease'>, value: Value): NonNullable<NextBody['answers']>[number] {
    const submission = `by-${this.worker}-number-${this.#sent++}`;
    return { lease: card.lease, submission, value, spentMs: 5000, at: this.#at.clock.now, instructionVersion: 0 };
  }

  /** Answers everything there is, by what each card shows. */
  async workOn(say: (card: Card) => Value, most = 1000): Promise<number> {
    let done = 0;
    for (let cards = await this.cards(); cards.length > 0 && done < most; done++) {
      cards = (await this.answer(cards[0], say(cards[0]), { want: 1 })).leases;
    }
    return done;
  }
}

/** A server in memory with its owner, and a clock that tests move. */
export class Served {
  readonly app: FastifyInstance;
  readonly store: Store;
  readonly owner: Headers;
  readonly clock: { now: number };

  constructor(app: FastifyInstance, store: Store, owner: string, clock: { now: number }) {
    this.app = app;
    this.store = store;
    this.owner = { authorization: `Bearer ${owner}` };
    this.clock = clock;
  }

  async call(
    method: Method,
    path: string,
    body?: unknown,
    headers: Headers = this.owner,
  ): Promise<{ status: number; text: string; json: unknown; headers: Readonly<Record<string, unknown>> }> {
    const reply = await this.app.inject({
      method,
      url: `/api/v1${path}`,
      headers,
      ...(body === undefined ? {} : { payload: body as object }),
    });
    const isJson = String(reply.headers['content-type']).includes('json') && reply.body !== '';
    let json: unknown;
    if (isJson && !reply.body.includes('}\n{')) json = JSON.parse(reply.body);
    return { status: reply.statusCode, text: reply.body, json, headers: reply.headers };
  }

  /** A reply's JSON; fails where the request was refused. */
  async ask<Reply>(method: Method, path: string, body?: unknown, headers?: Headers): Promise<Reply> {
    const reply = await this.call(method, path, body, headers);
    expect(reply.status, `${method} ${path}: ${reply.text}`).toBeLessThan(300);
    return reply.json as Reply;
  }

  campaign(body: Partial<CampaignBody> = {}): Promise<Campaign> {
    return this.ask('POST', '/campaigns', { name: 'Birds', question: birds, seed: 7, ...body });
  }

  import(
    campaign: number,
    content: string | Uint8Array,
    role: TaskRole = 'task',
    name = 'tasks.csv',
  ): Promise<ImportReceipt> {
    const headers = { ...this.owner, 'content-type': 'application/octet-stream' };
    return this.ask('POST', `/campaigns/${campaign}/tasks?role=${role}&name=${name}`, Buffer.from(content), headers);
  }

  /** As many tasks as wanted, named t0, t1, … */
  tasks(campaign: number, count: number): Promise<ImportReceipt> {
    return this.import(campaign, `id,text\n${Array.from({ length: count }, (_, i) => `t${i},Text ${i}\n`).join('')}`);
  }

  async invite(campaign: number, role = 'worker'): Promise<string> {
    return (await this.ask<{ token: string }>('POST', `/campaigns/${campaign}/invites`, { role })).token;
  }

  async join(token: string, who: { name?: string; platformId?: string } = {}): Promise<Person> {
    const reply = await this.call('POST', '/join', { token, ...who }, {});
    expect(reply.status, reply.text).toBe(200);
    const { csrf, worker } = reply.json as { csrf: string; worker: number };
    return new Person(this, { cookie: cookieOf(reply.headers), 'x-assay-csrf': csrf }, worker);
  }

  async people(campaign: number, count: number): Promise<Person[]> {
    const token = await this.invite(campaign);
    const people: Person[] = [];
    for (let i = 0; i < count; i++) people.push(await this.join(token));
    return people;
  }
}

/** The cookie a reply sets, as a browser sends it. */
export function cookieOf(headers: Readonly<Record<string, unknown>>): string {
  return String(headers['set-cookie']).split(';')[0];
}

export async function served(
  options: {
    store?: Store;
    limits?: { open: number; session: number };
    tickMs?: number;
    onError?: (error: unknown) => void;
  } = {},
): Promise<Served> {
  const clock = { now: Date.UTC(2026, 0, 1) };
  const now = (): number => clock.now;
  const store = options.store ?? (await openStore(':memory:', { now }));
  const app = await createServer({
    store,
    now,
    limits: options.limits ?? false,
    tickMs: options.tickMs ?? 1e9,
    onError: options.onError,
  });
  await app.ready();
  const owner = newSecret();
  await store.access.addToken({ hash: hashOf(owner), name: 'owner', role: 'owner' });
  const made = new Served(app, store, owner, clock);
  afterAll(async () => {
    await app.close();
    if (options.store === undefined) await store[Symbol.asyncDispose]();
  });
  return made;
}
