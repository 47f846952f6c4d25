/**
 * Answers the tasks of a live campaign as the people and models of a recorded file did: eight workers at once, each
 * through the interface that the worker's page uses. What they never saw they skip.
 *
 * Usage: `node examples/campaign/answer.ts LINK`, with LINK as `assay campaign invite` prints it.
 */
import { randomUUID } from 'node:crypto';
import { readAnswers } from '@assay/core/formats';
import { openSource } from '@assay/core/node';

const [, , link] = process.argv;
const { origin, hash } = new URL(link);
const tickets = `${import.meta.dirname}/../tickets`;

/** What each worker said about each text. */
const said = new Map<string, Map<string, string>>();
const texts = new Map<string, string>();
const { table: shown } = await readAnswers(await openSource(`${tickets}/tickets.csv`), {
  columns: { task: 'task', label: 'text' },
  worker: 'text',
});
for (let e = 0; e < shown.answerCount; e++)
  texts.set(shown.tasks.name(shown.answerTask[e]), shown.classes.name(shown.label[e]));
const { table } = await readAnswers(await openSource(`${tickets}/answers.csv`));
for (let e = 0; e < table.answerCount; e++) {
  const worker = table.workers.name(table.worker[e]);
  const answers = said.get(worker) ?? new Map<string, string>();
  answers.set(texts.get(table.tasks.name(table.answerTask[e])) ?? '', table.classes.name(table.label[e]));
  said.set(worker, answers);
}

interface Card {
  readonly lease: string;
  readonly task: { readonly content: { readonly text: string } };
}

interface Next {
  readonly leases: readonly Card[];
  readonly left: string;
}

async function post<Reply>(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<[Reply, Headers]> {
  const reply = await fetch(`${origin}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${reply.status} ${await reply.text()}`);
  return [(await reply.json()) as Reply, reply.headers];
}

async function work(name: string, answers: ReadonlyMap<string, string>): Promise<number> {
  const [{ csrf }, headers] = await post<{ csrf: string }>('/join', { token: hash.slice(1), name, platformId: name });
  const session = { cookie: headers.getSetCookie()[0].split(';')[0], 'x-assay-csrf': csrf };
  let given = 0;
  let sent: object[] = [];
  for (;;) {
    const [{ leases, left }] = await post<Next>('/work/next', { want: 1, answers: sent }, session);
    if (left === 'done') return given;
    // Others hold what is left: some of it may come back.
    if (leases.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    sent = leases.map(({ lease, task }) => {
      const value = answers.get(task.content.text);
      if (value !== undefined) given++;
      const answer = value === undefined ? { skip: { reason: 'not-my-field' } } : { value };
      return { lease, submission: randomUUID(), ...answer, spentMs: 4000, at: Date.now(), instructionVersion: 0 };
    });
  }
}

const given = await Promise.all([...said].map(([name, answers]) => work(name, answers)));
console.log(`${said.size} workers gave ${given.reduce((sum, each) => sum + each, 0)} answers`);
