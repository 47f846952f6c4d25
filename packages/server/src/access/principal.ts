import { AssayError } from '@assay/core';
import type { Role, Who } from '../protocol/index.ts';
import type { Session, Store, Token } from '../store/index.ts';
import { csrfOf, equalSecrets, hashOf } from './secrets.ts';

/** Who makes a request. */
export interface Principal {
  readonly role: Role;
  /** The only campaign it may touch; null for all. */
  readonly campaign: number | null;
  /** Number of the worker, for role worker. */
  readonly worker: number | null;
  /** The name in log and audit. */
  readonly actor: string;
  /** What it proved itself by. */
  readonly secret: string;
  /** What a page must send beside its cookie. */
  readonly csrf: string;
}

/** Refused because of who asks. `status` is 401 where logging in may help, else 403. */
export class AccessError extends AssayError {
  readonly status: 401 | 403;
  /** Who was refused, where that is known. */
  readonly actor: string | undefined;

  constructor(status: 401 | 403, code: string, problem: string, hint: string, actor?: string) {
    super(`${problem}; ${hint}`, { code, hint });
    this.status = status;
    this.actor = actor;
  }
}

/** How long a session is believed before the database is asked again: the longest a revoked one can go on elsewhere. */
const believedMs = 10_000;
const mostRemembered = 50_000;

const rank: Readonly<Record<Role, number>> = { worker: 0, reviewer: 1, lead: 2, owner: 3 };

/** May a manager of this role do what takes that one? */
export function atLeast(role: Role, needed: Role): boolean {
  return rank[role] >= rank[needed];
}

/** Finds out who makes a request and whether they may. */
export class Gate {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #remembered = new Map<string, { readonly principal: Principal | undefined; readonly until: number }>();

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Lets a request pass, or says why not.
   *
   * A cookie is sent by the browser whoever wrote the page, so a request that changes something must also carry the
   * value that only our own page can know; a bearer token is never sent by itself.
   *
   * @throws {AccessError} unauthenticated, forbidden, missing-csrf
   */
  async pass(
    who: Exclude<Who, 'anyone'>,
    given: {
      readonly bearer: string | undefined;
      readonly cookie: string | undefined;
      readonly csrf: string | undefined;
      readonly changes: boolean;
    },
  ): Promise<Principal> {
    const secret = given.bearer ?? given.cookie;
    const principal = secret === undefined ? undefined : await this.who(secret);
    if (principal === undefined) {
      const hint = 'open your link again, or send a valid token as "Authorization: Bearer …"';
      throw new AccessError(401, 'unauthenticated', 'missing or unknown credentials', hint);
    }
    const allowed =
      who === 'worker' ? principal.role === 'worker' : principal.role !== 'worker' && atLeast(principal.role, who);
    if (!allowed) {
      const hint = `ask somebody who is ${who === 'owner' ? 'the owner' : `a ${who}`}`;
      throw new AccessError(403, 'forbidden', `invalid role "${principal.role}" for this`, hint, principal.actor);
    }
    // A page that sends it when it only reads learns that the cookie has become another session's.
    const checked = given.bearer === undefined && (given.changes || given.csrf !== undefined);
    if (checked && !equalSecrets(given.csrf ?? '', principal.csrf)) {
      const hint = 'send the csrf value of the session in the header x-assay-csrf';
      throw new AccessError(403, 'missing-csrf', 'missing or invalid x-assay-csrf', hint, principal.actor);
    }
    return principal;
  }

  /** Whose secret it is: a session's or a program's. */
  async who(secret: string): Promise<Principal | undefined> {
    const known = this.#remembered.get(secret);
    if (known !== undefined && known.until > this.#now()) return known.principal;
    const hash = hashOf(secret);
    const { access } = this.#store;
    const found: Session | Token | undefined = (await access.sessionByHash(hash)) ?? (await access.tokenByHash(hash));
    const principal = found === undefined ? undefined : principalOf(found, secret);
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear();
    if (principal !== undefined) this.#remembered.set(secret, { principal, until: this.#now() + believedMs });
    return principal;
  }

  /** Forgets what is remembered, after something was revoked. */
  forget(): void {
    this.#remembered.clear();
  }
}

function principalOf(found: Session | Token, secret: string): Principal {
  const { role, campaign } = found;
  const csrf = csrfOf(secret);
  return 'actor' in found
    ? { role, campaign, worker: found.worker, actor: found.actor, secret, csrf }
    : { role, campaign, worker: null, actor: `${role}:key-${found.id}`, secret, csrf };
}
