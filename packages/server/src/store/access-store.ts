import type { Page } from './types.ts';

/** Only hashes of secrets are stored; times are milliseconds since 1970. */
export type Role = 'owner' | 'lead' | 'reviewer' | 'worker';

/** A link that lets people in. */
export interface Invite {
  readonly id: number;
  /** Null: all campaigns. */
  readonly campaign: number | null;
  readonly role: Role;
  readonly hash: string;
  readonly name: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly uses: number;
  readonly mostUses: number | null;
  readonly revokedAt: number | null;
}

/** A browser that was let in. */
export interface Session {
  readonly hash: string;
  readonly role: Role;
  readonly campaign: number | null;
  /** Number of the worker, for role `worker`. */
  readonly worker: number | null;
  /** Who this is in the log and the audit. */
  readonly actor: string;
  readonly csrfHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** What it came in by; revoking that ends the session. */
  readonly invite: number | null;
  readonly token: number | null;
}

/** A secret for programs and leads. */
export interface Token {
  readonly id: number;
  readonly hash: string;
  readonly name: string;
  readonly role: Role;
  readonly campaign: number | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** One line of who did what. */
export interface AuditEntry {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly campaign: number | null;
  readonly detail: string | null;
}

/** Plain operations on who may come in. Not part of the event log; replaying the log leaves it empty. */
export interface AccessStore {
  addInvite(
    invite: Pick<Invite, 'campaign' | 'role' | 'hash'> & Partial<Pick<Invite, 'name' | 'expiresAt' | 'mostUses'>>,
  ): Promise<Invite>;
  invites(campaign: number | null): Promise<Invite[]>;
  inviteByHash(hash: string): Promise<Invite | undefined>;
  /** Counts one use; false when revoked, expired or used up. */
  useInvite(id: number): Promise<boolean>;
  /** Also ends the sessions that came in by it. */
  revokeInvite(id: number): Promise<void>;

  addSession(session: Omit<Session, 'createdAt'>): Promise<Session>;
  /** Undefined when unknown or expired. */
  sessionByHash(hash: string): Promise<Session | undefined>;
  endSession(hash: string): Promise<void>;
  /** Removes what has expired; returns how many. */
  endOldSessions(): Promise<number>;

  addToken(
    token: Pick<Token, 'hash' | 'name' | 'role'> & Partial<Pick<Token, 'campaign' | 'expiresAt'>>,
  ): Promise<Token>;
  tokens(): Promise<Token[]>;
  /** Undefined when unknown, expired or revoked. */
  tokenByHash(hash: string): Promise<Token | undefined>;
  /** Also ends the sessions that came in by it. */
  revokeToken(id: number): Promise<void>;

  audit(entry: Pick<AuditEntry, 'actor' | 'action'> & Partial<Pick<AuditEntry, 'campaign' | 'detail'>>): Promise<void>;
  /** Newest first; `after` is a `next`. */
  auditEntries(page?: {
    readonly campaign?: number;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<Page<AuditEntry>>;
}
