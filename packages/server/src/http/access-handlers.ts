import { InputError, version } from '@assay/core';
import { AccessError, atLeast, csrfOf, derivedSecret, hashOf, newSecret, type Principal } from '../access/index.ts';
import type { Invite, Session, Token } from '../protocol/index.ts';
import type * as stored from '../store/index.ts';
import type { Call, Context, Handlers } from './call.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { sessionMs } from './work-handlers.ts';

type Names =
  | 'health'
  | 'login'
  | 'session'
  | 'logout'
  | 'createInvite'
  | 'invites'
  | 'revokeInvite'
  | 'createToken'
  | 'tokens'
  | 'revokeToken'
  | 'audit';

/** The routes of coming in: sessions, invites, keys for programs, the audit log. */
export function accessHandlers({ store, campaigns, gate, now }: Context): Handlers<Names> {
  const { access } = store;
  const doorkeeper = new Doorkeeper(now);

  /** May this manager deal with keys of that role and campaign? */
  const mayHandle = (
    { role, campaign }: Principal,
    key: { readonly role: stored.Role; readonly campaign: number | null },
  ): boolean => atLeast(role, key.role) && (campaign === null || campaign === key.campaign);

  /** What a link or token opens. @throws {AccessError} invalid-token */
  const opened = async (
    secret: string,
  ): Promise<{ from: stored.Token | stored.Invite; token?: stored.Token; invite?: stored.Invite }> => {
    const hash = hashOf(secret);
    const token = await access.tokenByHash(hash);
    const invite = token === undefined ? await access.inviteByHash(hash) : undefined;
    const from = token ?? invite;
    const usable = token !== undefined || (invite !== undefined && (await access.useInvite(invite.id)));
    if (from !== undefined && from.role !== 'worker' && usable) return { from, token, invite };
    const hint = 'ask for a new link';
    const problem = 'invalid link or token: it is unknown, used up, expired or revoked';
    throw new AccessError(401, 'invalid-token', problem, hint);
  };

  return {
    async health() {
      await store.ping();
      return { status: 'ok', version };
    },

    async login({ body, address, startSession }) {
      const { from, token, invite } = await doorkeeper
        .tried(address, () => opened(body.token))
        .catch(async (error: unknown) => {
          if (error instanceof AccessError) await access.audit({ actor: 'anyone', action: 'login refused' });
          throw error;
        });
      const secret = newSecret();
      const csrf = csrfOf(secret);
      const { role, campaign } = from;
      const actor = `${role}:${token === undefined ? 'invite' : 'key'}-${from.id}`;
      await access.addSession({
        hash: hashOf(secret),
        role,
        campaign,
        worker: null,
        actor,
        csrfHash: hashOf(csrf),
        expiresAt: now() + sessionMs,
        invite: invite?.id ?? null,
        token: token?.id ?? null,
      });
      await access.audit({ actor, action: 'login', campaign });
      startSession('lead', secret);
      return { role: role as Session['role'], campaign, csrf };
    },

    async session({ principal: { role, campaign, csrf } }) {
      return { role: role as Session['role'], campaign, csrf };
    },

    async logout({ endSessions }) {
      for (const secret of endSessions()) await access.endSession(hashOf(secret));
      gate.forget();
      return null;
    },

    async createInvite({ params, body, principal, idempotencyKey }) {
      const { header } = (await campaigns.get(params.campaign)).live;
      if (!atLeast(principal.role, body.role)) throw beyond(principal, body.role);
      const { secret, known } = await secretFor(
        principal,
        idempotencyKey,
        `invite/${header.id}`,
        access.inviteByHash.bind(access),
      );
      const invite =
        known ??
        (await access.addInvite({
          campaign: header.id,
          role: body.role,
          hash: hashOf(secret),
          name: body.note ?? '',
          expiresAt: body.expiresAt ?? null,
          mostUses: body.most ?? null,
        }));
      return {
        ...inviteReply(invite),
        path: `/${invite.role === 'worker' ? 'join' : 'lead'}#${secret}`,
        token: secret,
      };
    },

    async invites({ params }) {
      await campaigns.get(params.campaign);
      return { invites: (await access.invites(params.campaign)).map(inviteReply) };
    },

    async revokeInvite({ params }) {
      const invite = (await access.invites(params.campaign)).find(({ id }) => id === params.invite);
      if (invite === undefined) throw unknown('invite', params.invite);
      await access.revokeInvite(invite.id);
      gate.forget();
      return null;
    },

    async createToken({ body, principal, idempotencyKey }) {
      const campaign = body.campaign ?? principal.campaign;
      if (!mayHandle(principal, { role: body.role, campaign })) throw beyond(principal, body.role);
      if (campaign !== null) await campaigns.get(campaign);
      const { secret, known } = await secretFor(principal, idempotencyKey, 'token', access.tokenByHash.bind(access));
      const token =
        known ??
        (await access.addToken({
          hash: hashOf(secret),
          role: body.role,
          campaign,
          name: body.note ?? '',
          expiresAt: body.expiresAt ?? null,
        }));
      return { ...tokenReply(token), token: secret };
    },

    async tokens({ principal }) {
      return { tokens: (await access.tokens()).filter((token) => mayHandle(principal, token)).map(tokenReply) };
    },

    async revokeToken({ params, principal }) {
      const token = (await access.tokens()).find(({ id }) => id === params.token);
      if (token === undefined || !mayHandle(principal, token)) throw unknown('key', params.token);
      await access.revokeToken(token.id);
      gate.forget();
      return null;
    },

    async audit({ query, principal }) {
      const { rows, next } = await access.auditEntries({
        after: query.cursor,
        limit: query.limit ?? 100,
        ...(principal.campaign === null ? {} : { campaign: principal.campaign }),
      });
      return {
        entries: rows.map(({ id, at, actor, action, campaign, detail }) => ({
          id,
          at,
          actor,
          action,
          campaign,
          detail,
        })),
        next,
      };
    },
  };
}

/** A new secret, or the one this caller got before under the same idempotency key, with what it belongs to. */
async function secretFor<Found>(
  { secret }: Principal,
  key: Call['idempotencyKey'],
  what: string,
  find: (hash: string) => Promise<Found | undefined>,
): Promise<{ readonly secret: string; readonly known: Found | undefined }> {
  if (key === undefined) return { secret: newSecret(), known: undefined };
  const derived = derivedSecret(secret, `${what}/${key}`);
  return { secret: derived, known: await find(hashOf(derived)) };
}

function inviteReply({ id, role, name, mostUses, uses, createdAt, expiresAt, revokedAt }: stored.Invite): Invite {
  return {
    id,
    role: role as Invite['role'],
    note: name ?? '',
    most: mostUses,
    used: uses,
    createdAt,
    expiresAt,
    revoked: revokedAt !== null,
  };
}

function tokenReply({ id, role, campaign, name, createdAt, expiresAt, revokedAt }: stored.Token): Token {
  return { id, role: role as Token['role'], campaign, note: name, createdAt, expiresAt, revoked: revokedAt !== null };
}

function beyond({ role }: Principal, wanted: string): AccessError {
  const hint = 'give at most your own role and campaign';
  return new AccessError(403, 'forbidden', `invalid role "${wanted}" to give as ${role}`, hint);
}

function unknown(what: string, id: number): InputError {
  const hint = 'list them to see their numbers';
  return new InputError(`unknown ${what} ${id}; ${hint}`, { code: `unknown-${what}`, got: String(id), hint });
}
