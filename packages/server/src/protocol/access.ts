import { z } from 'zod';

/** What a person or program may do. Each includes what the ones after it may, except that only workers work. */
export const roles = ['owner', 'lead', 'reviewer', 'worker'] as const;
export type Role = (typeof roles)[number];

export interface LoginBody {
  /** An owner's, lead's or reviewer's link or token. */
  readonly token: string;
}

/** Who is logged in. */
export interface Session {
  readonly role: 'owner' | 'lead' | 'reviewer';
  /** The one campaign this session may see; null for all. */
  readonly campaign: number | null;
  readonly csrf: string;
}

export interface InviteBody {
  readonly role: 'lead' | 'reviewer' | 'worker';
  /** What it is for, in the lead's words. */
  readonly note?: string;
  /** People it may let in; no limit by default. */
  readonly most?: number | null;
  readonly expiresAt?: number | null;
}

export interface Invite {
  readonly id: number;
  readonly role: 'lead' | 'reviewer' | 'worker';
  readonly note: string;
  readonly most: number | null;
  readonly used: number;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revoked: boolean;
}

/** A new invite with its secret, which is shown this once. */
export interface NewInvite extends Invite {
  /** Where it leads, to be put behind the server's address; the secret is in the fragment, which browsers do not send. */
  readonly path: string;
  readonly token: string;
}

export interface Invites {
  readonly invites: readonly Invite[];
}

export interface TokenBody {
  readonly role: 'owner' | 'lead' | 'reviewer';
  /** The one campaign it is for; all by default, which only an owner can give. */
  readonly campaign?: number | null;
  readonly note?: string;
  readonly expiresAt?: number | null;
}

/** A key for programs, sent as `Authorization: Bearer …`. */
export interface Token {
  readonly id: number;
  readonly role: 'owner' | 'lead' | 'reviewer';
  readonly campaign: number | null;
  readonly note: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revoked: boolean;
}

export interface NewToken extends Token {
  /** Shown this once. */
  readonly token: string;
}

export interface Tokens {
  readonly tokens: readonly Token[];
}

/** One line of the audit log: who did what, when, from where. */
export interface AuditEntry {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly campaign: number | null;
  readonly detail: string | null;
}

export interface Audit {
  readonly entries: readonly AuditEntry[];
  readonly next: string | null;
}

const id = z.int().min(1);
const time = z.int().min(0).max(8_640_000_000_000_000);
const note = z.string().max(200);
const managing = z.enum(['owner', 'lead', 'reviewer']);
const invited = z.enum(['lead', 'reviewer', 'worker']);

export const loginBody: z.ZodType<LoginBody> = z.strictObject({ token: z.string().min(1).max(200) });
export const session: z.ZodType<Session> = z.strictObject({
  role: managing,
  campaign: id.nullable(),
  csrf: z.string(),
});

export const inviteBody: z.ZodType<InviteBody> = z.strictObject({
  role: invited,
  note: note.optional(),
  most: z.int().min(1).max(1_000_000).nullable().optional(),
  expiresAt: time.nullable().optional(),
});
const inviteShape = {
  id,
  role: invited,
  note: z.string(),
  most: z.int().nullable(),
  used: z.int(),
  createdAt: time,
  expiresAt: time.nullable(),
  revoked: z.boolean(),
};
export const newInvite: z.ZodType<NewInvite> = z.strictObject({ ...inviteShape, path: z.string(), token: z.string() });
export const invites: z.ZodType<Invites> = z.strictObject({ invites: z.array(z.strictObject(inviteShape)) });

export const tokenBody: z.ZodType<TokenBody> = z.strictObject({
  role: managing,
  campaign: id.nullable().optional(),
  note: note.optional(),
  expiresAt: time.nullable().optional(),
});
const tokenShape = {
  id,
  role: managing,
  campaign: id.nullable(),
  note: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  revoked: z.boolean(),
};
export const newToken: z.ZodType<NewToken> = z.strictObject({ ...tokenShape, token: z.string() });
export const tokens: z.ZodType<Tokens> = z.strictObject({ tokens: z.array(z.strictObject(tokenShape)) });

export const audit: z.ZodType<Audit> = z.strictObject({
  entries: z.array(
    z.strictObject({
      id,
      at: time,
      actor: z.string(),
      action: z.string(),
      campaign: id.nullable(),
      detail: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
});
