import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, hashOf, openStore } from '@assay/server';
import type {
  Answers,
  Campaign,
  CampaignBody,
  ImportReceipt,
  Invites,
  NewInvite,
  Question,
} from '@assay/server/protocol';
import { buildPages } from '../../../../tools/build-pages.ts';

const ownerSecret = 'assay_owner-of-the-page-tests';

/** A real server with the real pages and a database file, which can be stopped and started again at the same address. */
export interface LiveServer {
  readonly origin: string;
  /** The lead's page with the owner's secret. */
  readonly leadLink: string;
  /** Calls the API as the owner; a string is sent as a file. */
  api<Reply>(method: string, path: string, body?: unknown): Promise<Reply>;
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops and removes everything. */
  remove(): Promise<void>;
}

export async function startServer(): Promise<LiveServer> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-web-'));
  const pages = join(folder, 'pages');
  await buildPages(pages);
  let port = 0;
  let running: (() => Promise<void>) | undefined;

  async function start(): Promise<void> {
    const store = await openStore(join(folder, 'campaigns.sqlite'), { now: Date.now });
    if (port === 0) await store.access.addToken({ hash: hashOf(ownerSecret), name: 'tests', role: 'owner' });
    const server = await createServer({ store, pages, now: Date.now, limits: false, tickMs: 200 });
    await server.listen({ host: '127.0.0.1', port });
    const address = server.server.address();
    if (address !== null && typeof address === 'object') port = address.port;
    running = async () => {
      const closed = server.close();
      // A browser without the network never ends its connections.
      server.server.closeAllConnections();
      await closed;
      await store[Symbol.asyncDispose]();
    };
  }

  async function stop(): Promise<void> {
    await running?.();
    running = undefined;
  }

  await start();
  const origin = `http://localhost:${port}`;
  return {
    origin,
    leadLink: `${origin}/lead#${ownerSecret}`,
    async api<Reply>(method: string, path: string, body?: unknown): Promise<Reply> {
      const isFile = typeof body === 'string';
      const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${ownerSecret}`,
          ...(body === undefined ? {} : { 'content-type': isFile ? 'text/csv' : 'application/json' }),
        },
        body: body === undefined ? undefined : isFile ? body : JSON.stringify(body),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return (text === '' ? undefined : JSON.parse(text)) as Reply;
    },
    stop,
    start,
    async remove() {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
}

export const animals = {
  kind: 'choice',
  prompt: 'Which animal is it?',
  choices: [{ value: 'cat', title: 'Cat' }, { value: 'dog', title: 'Dog' }, { value: 'bird' }],
} as const satisfies Question;

export interface LiveCampaign {
  readonly id: number;
  /** An invite for workers. */
  readonly link: string;
  readonly campaign: Campaign;
  /** The link of another new invite. */
  invite(role?: NewInvite['role']): Promise<string>;
  /** Takes all invites back. */
  revoke(): Promise<void>;
  /** What is stored of all answers. */
  answers(): Promise<Answers['answers']>;
}

export interface CampaignOptions extends Partial<CampaignBody> {
  /** Rows of task and text. By default six tasks. */
  readonly tasks?: string;
  readonly practice?: string;
}

/** A campaign with tasks and an invite. */
export async function newCampaign(server: LiveServer, options: CampaignOptions = {}): Promise<LiveCampaign> {
  const { tasks = sixTasks, practice, ...body } = options;
  const campaign = await server.api<Campaign>('POST', '/campaigns', {
    name: `Animals ${crypto.randomUUID()}`,
    question: animals,
    instructions: 'Look closely.\n\nName the animal.',
    ...body,
  });
  const at = `/campaigns/${campaign.id}`;
  await server.api<ImportReceipt>('POST', `${at}/tasks?format=csv`, tasks);
  if (practice !== undefined) await server.api<ImportReceipt>('POST', `${at}/tasks?role=practice`, practice);
  const invite = async (role = 'worker'): Promise<string> =>
    server.origin + (await server.api<NewInvite>('POST', `${at}/invites`, { role })).path;
  return {
    id: campaign.id,
    campaign,
    link: await invite(),
    invite,
    async revoke() {
      const { invites } = await server.api<Invites>('GET', `${at}/invites`);
      for (const { id, revoked } of invites) if (!revoked) await server.api('DELETE', `${at}/invites/${id}`);
    },
    answers: async () => (await server.api<Answers>('GET', `${at}/answers`)).answers,
  };
}

const sixTasks = `task,text
t1,It purrs on the sofa
t2,It barks at the postman
t3,It sings in the tree
t4,It catches mice
t5,It fetches the stick
t6,It lays an egg
`;

export const twoPractice = `task,text,label,explanation
p1,It meows,cat,Only cats meow.
p2,It wags its tail,dog,A dog is glad to see you.
`;

/** The answers that somebody gave or skipped, without the leases. */
export function given(answers: Answers['answers']): Answers['answers'] {
  return answers.filter(({ state }) => state !== 'leased' && state !== 'lapsed');
}
