import { sql } from 'kysely';
import type { AccessStore, AuditEntry, Invite, Session, Token } from './access-store.ts';
import type { Database } from './database.ts';
import type { AuditRow, InviteRow, SessionRow, TokenRow } from './schema.ts';
import type { StoreOptions } from './store.ts';
import { query } from './writer.ts';

/** Plain rows, no events. */
export function accessOf(database: Database, { now }: StoreOptions): AccessStore {
  const ask: <Result>(work: Parameters<typeof query<Result>>[1]) => Promise<Result> = (work) => query(database, work);
  return {
    addInvite: ({ campaign, role, hash, name = null, expiresAt = null, mostUses = null }) =>
      ask(async (db) =>
        inviteOf(
          await db
            .insertInto('invite')
            .values({
              campaign,
              role,
              hash,
              name,
              created_at: now(),
              expires_at: expiresAt,
              uses: 0,
              most_uses: mostUses,
            } as InviteRow)
            .returningAll()
            .executeTakeFirstOrThrow(),
        ),
      ),
    invites: (campaign) =>
      ask(async (db) => {
        const wanted = db.selectFrom('invite').selectAll().orderBy('id');
        const rows = await (campaign === null ? wanted : wanted.where('campaign', '=', campaign)).execute();
        return rows.map(inviteOf);
      }),
    inviteByHash: (hash) =>
      ask(async (db) => {
        const row = await db.selectFrom('invite').selectAll().where('hash', '=', hash).executeTakeFirst();
        return row && inviteOf(row);
      }),
    useInvite: (id) =>
      ask(async (db) => {
        const { numUpdatedRows } = await db
          .updateTable('invite')
          .set({ uses: sql<number>`uses + 1` })
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .where(sql<boolean>`coalesce(expires_at > ${now()}, true) and coalesce(uses < most_uses, true)`)
          .executeTakeFirst();
        return numUpdatedRows === 1n;
      }),
    revokeInvite: (id) =>
      ask((db) =>
        db.transaction().execute(async (both) => {
          await both
            .updateTable('invite')
            .set({ revoked_at: now() })
            .where('id', '=', id)
            .where('revoked_at', 'is', null)
            .execute();
          await both.deleteFrom('session').where('invite', '=', id).execute();
        }),
      ),

    addSession: (session) =>
      ask(async (db) =>
        sessionOf(
          await db
            .insertInto('session')
            .values({
              hash: session.hash,
              role: session.role,
              campaign: session.campaign,
              worker: session.worker,
              actor: session.actor,
              csrf_hash: session.csrfHash,
              created_at: now(),
              expires_at: session.expiresAt,
              invite: session.invite,
              token: session.token,
            })
            .returningAll()
            .executeTakeFirstOrThrow(),
        ),
      ),
    sessionByHash: (hash) =>
      ask(async (db) => {
        const row = await db
          .selectFrom('session')
          .selectAll()
          .where('hash', '=', hash)
          .where('expires_at', '>', now())
          .executeTakeFirst();
        return row && sessionOf(row);
      }),
    endSession: (hash) => ask(async (db) => void (await db.deleteFrom('session').where('hash', '=', hash).execute())),
    endOldSessions: () =>
      ask(async (db) => {
        const { numDeletedRows } = await db.deleteFrom('session').where('expires_at', '<=', now()).executeTakeFirst();
        return Number(numDeletedRows);
      }),

    addToken: ({ hash, name, role, campaign = null, expiresAt = null }) =>
      ask(async (db) =>
        tokenOf(
          await db
            .insertInto('token')
            .values({ hash, name, role, campaign, created_at: now(), expires_at: expiresAt } as TokenRow)
            .returningAll()
            .executeTakeFirstOrThrow(),
        ),
      ),
    tokens: () => ask(async (db) => (await db.selectFrom('token').selectAll().orderBy('id').execute()).map(tokenOf)),
    tokenByHash: (hash) =>
      ask(async (db) => {
        const row = await db
          .selectFrom('token')
          .selectAll()
          .where('hash', '=', hash)
          .where('revoked_at', 'is', null)
          .where(sql<boolean>`coalesce(expires_at > ${now()}, true)`)
          .executeTakeFirst();
        return row && tokenOf(row);
      }),
    revokeToken: (id) =>
      ask((db) =>
        db.transaction().execute(async (both) => {
          await both
            .updateTable('token')
            .set({ revoked_at: now() })
            .where('id', '=', id)
            .where('revoked_at', 'is', null)
            .execute();
          await both.deleteFrom('session').where('token', '=', id).execute();
        }),
      ),

    audit: ({ actor, action, campaign = null, detail = null }) =>
      ask(async (db) => {
        await db
          .insertInto('audit')
          .values({ at: now(), actor, action, campaign, detail } as AuditRow)
          .execute();
      }),
    auditEntries: ({ campaign, after, limit = 100 } = {}) =>
      ask(async (db) => {
        let wanted = db.selectFrom('audit').selectAll();
        if (campaign !== undefined) wanted = wanted.where('campaign', '=', campaign);
        if (after !== undefined) wanted = wanted.where('id', '<', Number(after));
        const rows: AuditEntry[] = await wanted.orderBy('id', 'desc').limit(limit).execute();
        return { rows, next: rows.length < limit ? null : String(rows[rows.length - 1].id) };
      }),
  };
}

function inviteOf(row: InviteRow): Invite {
  const { id, campaign, role, hash, name, uses } = row;
  const times = { createdAt: row.created_at, expiresAt: row.expires_at, revokedAt: row.revoked_at };
  return { id, campaign, role, hash, name, uses, mostUses: row.most_uses, ...times };
}

function sessionOf(row: SessionRow): Session {
  const { hash, role, campaign, worker, actor, invite, token } = row;
  const times = { createdAt: row.created_at, expiresAt: row.expires_at };
  return { hash, role, campaign, worker, actor, csrfHash: row.csrf_hash, ...times, invite, token };
}

function tokenOf(row: TokenRow): Token {
  const { id, hash, name, role, campaign } = row;
  const times = { createdAt: row.created_at, expiresAt: row.expires_at, revokedAt: row.revoked_at };
  return { id, hash, name, role, campaign, ...times };
}
