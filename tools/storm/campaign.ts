import { randomBytes } from 'node:crypto';
import { hashOf, newSecret, openStore } from '@assay/server';
import type { Connection } from '../lib/http.ts';

/** What a lead does before the work begins, by the HTTP interface: a campaign, its tasks, an invite. */
export async function prepareCampaign(
  url: string,
  connect: () => Connection,
  { tasks, settings }: { readonly tasks: number; readonly settings: object },
): Promise<{ campaign: number; invite: string; owner: Record<string, string> }> {
  const secret = newSecret();
  const store = await openStore(url, { now: Date.now });
  await store.access.addToken({ hash: hashOf(secret), name: 'storm', role: 'owner' });
  await store[Symbol.asyncDispose]();
  const owner = { authorization: `Bearer ${secret}` };
  const connection = connect();
  const question = {
    kind: 'choice',
    prompt: 'Which animal?',
    choices: ['cat', 'dog', 'bird'].map((value) => ({ value })),
  };
  const made = await connection.call<{ id: number }>('POST', '/campaigns', owner, {
    name: 'Storm',
    question,
    settings,
    seed: 1,
  });
  const rows = Array.from({ length: tasks }, (_, i) => `task-${i},Picture number ${i}`);
  const file = `task,text\n${rows.join('\n')}\n`;
  const { status, text } = await connection.send(
    'POST',
    `/api/v1/campaigns/${made.id}/tasks?name=tasks.csv`,
    { ...owner, 'content-type': 'application/octet-stream' },
    file,
  );
  if (status >= 300) throw new Error(`import failed: ${status} ${text}`);
  const invite = await connection.call<{ token: string }>('POST', `/campaigns/${made.id}/invites`, owner, {
    role: 'worker',
  });
  return { campaign: made.id, invite: invite.token, owner };
}

/** A person with a browser: joins by the invite, then asks with cookie and CSRF header. */
export async function join(connection: Connection, invite: string): Promise<Record<string, string>> {
  const platformId = randomBytes(12).toString('hex');
  const body = JSON.stringify({ token: invite, platformId, name: `Person ${platformId.slice(0, 4)}` });
  const reply = await connection.send('POST', '/api/v1/join', { 'content-type': 'application/json' }, body);
  if (reply.status !== 200) throw new Error(`join: ${reply.status} ${reply.text.slice(0, 300)}`);
  const cookies = ([] as string[]).concat(reply.headers['set-cookie'] ?? []).map((text) => text.split(';')[0]);
  return { cookie: cookies.join('; '), 'x-assay-csrf': JSON.parse(reply.text).csrf as string };
}
