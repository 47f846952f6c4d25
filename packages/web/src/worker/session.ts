import type { JoinBody, JoinReply, Look, LookBody, Work } from '@assay/server/protocol';
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
  readonly platformId: string;
  readonly csrf: string;
  readonly work: Work;
}

/** A door that nobody has gone through yet: what can be seen from here, and the way in. */
export interface Threshold {
  readonly look: Look;
  /** Goes in, with a name where the worker gave one. @throws SessionLost, Unreachable */
  enter(name: string): Promise<Session>;
}

/** A worker's session: calls the server as that worker and enters again by itself when the server forgot it. */
export interface Session {
  /** Under which answers and cards are kept: never another worker's, nor another server's. */
  readonly scope: string;
  /** What is known of the work, from the server or from last time. */
  readonly work: Work;
  /** Is what is known from last time? */
  readonly isKept: boolean;
  call<Reply>(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Sends a request that the closing page does not wait for. */
  post(path: string, body: unknown): void;
  /** Reads anew what the page needs to know. */
  refresh(): Promise<Work>;
}

/**
 * Opens a door: into the session this browser kept, or of this worker in the same campaign by another link; else only to
 * look in, which the server takes no note of.
 *
 * @throws SessionLost when the door is shut, Unreachable without the network on a first visit.
 */
export async function openDoor(door: Door, kept: Kept): Promise<Session | Threshold> {
  const { token, platformId, isNamed } = door;
  const stored = await kept.get<StoredSession>(keyOf(door));
  if (stored !== undefined) return sessionOf(door, kept, stored, true);
  const body: LookBody = { token, platformId };
  const look = await asked(() => request<Look>('POST', '/join/look', { body }));
  const enter = async (name: string): Promise<Session> => {
    // By the platform's id the lead finds whom to pay there.
    const known = isNamed ? platformId.slice(0, 100) : undefined;
    const { campaign, worker, csrf, work } = await join(door, name.trim() || known);
    const session: StoredSession = { scope: `${campaign}/${worker}`, platformId, csrf, work };
    await kept.put(keyOf(door), session);
    return sessionOf(door, kept, session, false);
  };
  const others = await kept.list<StoredSession>('session/');
  const wasHere = others.some((other) => other.platformId === platformId && other.scope.startsWith(`${look.id}/`));
  return wasHere ? enter('') : { look, enter };
}

function keyOf({ token, platformId }: Door): string {
  return `session/${token}/${platformId}`;
}

function join({ token, platformId }: Door, name?: string): Promise<JoinReply> {
  const body: JoinBody = { token, platformId, name };
  return asked(() => request<JoinReply>('POST', '/join', { body }));
}

/** Asks something that only a valid link may. @throws SessionLost */
async function asked<Reply>(ask: () => Promise<Reply>): Promise<Reply> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Refused && error.isFinal) throw new SessionLost(error.message, { cause: error });
    throw error;
  }
}

function sessionOf(door: Door, kept: Kept, stored: StoredSession, isKept: boolean): Session {
  const { scope } = stored;
  let { csrf, work } = stored;

  async function call<Reply>(method: string, path: string, body?: unknown): Promise<Reply> {
    const send = (): Promise<Reply> => request<Reply>(method, path, { body, csrf });
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof Refused && (error.status === 401 || error.status === 403))) throw error;
      const again = await join(door);
      if (scope !== `${again.campaign}/${again.worker}`) throw new SessionLost('this link now leads elsewhere');
      csrf = again.csrf;
      return send();
    }
  }

  return {
    scope,
    get work() {
      return work;
    },
    isKept,
    call,
    post: (path, body) => void request('POST', path, { body, csrf, keepalive: true }).catch(() => {}),
    async refresh() {
      work = await call<Work>('GET', '/work');
      csrf = work.csrf;
      await kept.put(keyOf(door), { ...stored, csrf, work });
      return work;
    },
  };
}
