import type { JoinBody, JoinReply, Work } from '@assay/server/protocol';
import { Refused, request, uniqueName } from '../shared/http.ts';
import type { Kept } from './kept.ts';

/** What a link says: its secret, and who the worker is where a platform says so. */
export interface Door {
  readonly token: string;
  readonly platformId: string;
  /** A platform named the worker, so that the page need not ask. */
  readonly isNamed: boolean;
}

/** Query parameters in which platforms name their workers. */
const platformParameters: readonly string[] = ['PROLIFIC_PID', 'workerId', 'platformId', 'participant'];

/**
 * Reads the door from the page's address: the secret after `#`, which browsers never send, and the worker's id on
 * their platform from the query.
 *
 * Without an id in the query this browser gets one of its own and keeps it, so that coming back is the same worker.
 * Without a secret it is the last one used here.
 */
export function doorOf(address: URL, storage: Pick<Storage, 'getItem' | 'setItem'>): Door | undefined {
  const token = address.hash.slice(1) || storage.getItem('assay-invite');
  if (!token) return undefined;
  storage.setItem('assay-invite', token);
  const named = platformParameters.map((name) => address.searchParams.get(name)).find((id) => id);
  const platformId = named ?? storage.getItem('assay-browser') ?? `browser-${uniqueName()}`;
  if (named === undefined) storage.setItem('assay-browser', platformId);
  return { token, platformId, isNamed: named !== undefined };
}

/** The server lets this worker in no more: the invite was taken back, or was never valid. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
}

/** What is kept of a session, so that the page opens without the network. */
interface StoredSession {
  readonly scope: string;
  readonly csrf: string;
  readonly work: Work;
}

/** A worker's session: calls the server as that worker and enters again by itself when the server forgot it. */
export interface Session {
  /** Under which answers and cards are kept: never another worker's, nor another server's. */
  readonly scope: string;
  /** What is known of the work, from the server or from last time. */
  readonly work: Work;
  /** Was there a session of this worker in this browser before? */
  readonly isResumed: boolean;
  /** Sets the worker's name. */
  rename(name: string): Promise<void>;
  call<Reply>(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Sends a request that the closing page does not wait for. */
  post(path: string, body: unknown): void;
  /** Reads anew what the page needs to know. */
  refresh(): Promise<Work>;
}

/**
 * Opens the session of a door: from what this browser kept, else from the server.
 *
 * @throws SessionLost when the door is shut, Unreachable without the network on a first visit.
 */
export async function openSession(door: Door, kept: Kept): Promise<Session> {
  const key = `session/${door.token}/${door.platformId}`;
  let stored = await kept.get<StoredSession>(key);
  const isResumed = stored !== undefined;
  let csrf = stored?.csrf ?? '';
  let scope = stored?.scope;

  async function join(name?: string): Promise<void> {
    const body: JoinBody = { token: door.token, platformId: door.platformId, name };
    try {
      const reply = await request<JoinReply>('POST', '/join', { body });
      scope ??= `${reply.campaign}/${reply.worker}`;
      if (scope !== `${reply.campaign}/${reply.worker}`) throw new SessionLost('this link now leads elsewhere');
      csrf = reply.csrf;
    } catch (error) {
      if (error instanceof Refused && error.isFinal) throw new SessionLost(error.message, { cause: error });
      throw error;
    }
  }

  async function call<Reply>(method: string, path: string, body?: unknown): Promise<Reply> {
    const send = (): Promise<Reply> => request<Reply>(method, path, { body, csrf });
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refused && (error.status === 401 || error.status === 403))) throw error;
      await join();
      return send();
    }
  }

  async function refresh(): Promise<Work> {
    const work = await call<Work>('GET', '/work');
    csrf = work.csrf;
    stored = { scope: scope as string, csrf, work };
    await kept.put(key, stored);
    return work;
  }

  if (stored === undefined) {
    await join();
    await refresh();
  }
  return {
    scope: scope as string,
    get work() {
      return (stored as StoredSession).work;
    },
    isResumed,
    rename: join,
    call,
    post: (path, body) => void request('POST', path, { body, csrf, keepalive: true }).catch(() => {}),
    refresh,
  };
}
