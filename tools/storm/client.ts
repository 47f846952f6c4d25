import { randomUUID } from 'node:crypto';
import type { Connection } from '../lib/http.ts';
import { join } from './campaign.ts';

/** What the server acknowledged: it must be in the database whatever happens afterwards. */
export interface Acknowledged {
  readonly submission: string;
  readonly value: string | null;
}

interface Reply {
  readonly results: readonly { readonly submission: string; readonly state: string }[];
  readonly leases: readonly { readonly lease: string }[];
  readonly gone: readonly string[];
  readonly left: string;
}

export interface ClientOptions {
  /** Where to send the next request: servers come and go. */
  readonly connection: () => Connection;
  readonly invite: string;
  readonly random: () => number;
  readonly onAcknowledged: (answer: Acknowledged) => void;
  readonly ended: () => boolean;
}

const choices = ['cat', 'dog', 'bird'];
const cardsAtOnce = 5;

/**
 * One worker after another at one desk: takes cards, answers all, sends, and sends again until the reply is there.
 *
 * Now and then one dies holding leases and a new person sits down; one in a hundred cards is skipped; one in fifty
 * requests is sent twice at once, as a phone does that lost the reply.
 */
export async function workAtDesk(options: ClientOptions): Promise<void> {
  const { random, ended } = options;
  while (!ended()) {
    const session = await untilThere(options, (connection) => join(connection, options.invite));
    if (session !== undefined) await workAs(session, 30 + Math.floor(random() * 200), options);
  }
}

/** One person, until dying after about `turns` turns, holding what was given last. */
async function workAs(session: Record<string, string>, turns: number, options: ClientOptions): Promise<void> {
  const { random, ended, onAcknowledged } = options;
  let held: string[] = [];
  for (let turn = 0; turn < turns && !ended(); turn++) {
    const answers = held.map((lease) => {
      const common = { lease, submission: randomUUID(), spentMs: 900, at: Date.now(), instructionVersion: 0 };
      return random() < 0.01
        ? { ...common, skip: { reason: 'unclear' } }
        : { ...common, value: choices[Math.floor(random() * choices.length)] };
    });
    const body = { want: cardsAtOnce, answers };
    const ask = () => untilThere(options, (connection) => connection.call<Reply>('POST', '/work/next', session, body));
    const replies = await Promise.all(random() < 0.02 ? [ask(), ask()] : [ask()]);
    for (const reply of replies) {
      for (const { submission, state } of reply?.results ?? []) {
        const sent = answers.find((answer) => answer.submission === submission);
        if (state === 'saved') onAcknowledged({ submission, value: sent && 'value' in sent ? sent.value : null });
        else if (state !== 'skipped') throw new Error(`an answer was ${state}`);
      }
    }
    held = [...new Set(replies.flatMap((reply) => reply?.leases.map(({ lease }) => lease) ?? []))];
    if (held.length === 0) await new Promise((later) => setTimeout(later, 50 + 100 * random()));
  }
}

/** Tries until the reply is there; undefined when all ended before. Only failures of the server are tried again. */
async function untilThere<Result>(
  { connection, random, ended }: ClientOptions,
  ask: (connection: Connection) => Promise<Result>,
): Promise<Result | undefined> {
  while (!ended()) {
    try {
      return await ask(connection());
    } catch (error) {
      const { message, code } = error as { message: string; code?: string };
      if (code === undefined && !/: 503 |broke off|socket hang up/.test(message)) throw error;
      await new Promise((later) => setTimeout(later, 20 + 60 * random()));
    }
  }
  return undefined;
}
