import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** Marks a secret as ours, so that scanners of repositories can find one that leaked. */
const prefix = 'assay_';

/** A new secret of 256 random bits. Only its hash is ever stored. */
export function newSecret(): string {
  return prefix + randomBytes(32).toString('base64url');
}

/**
 * The secret that follows from another one and a name: asking again gives it again, without storing it.
 *
 * Makes creating invites and keys idempotent: the same caller with the same `Idempotency-Key` gets the same secret.
 */
export function derivedSecret(from: string, name: string): string {
  return prefix + createHash('sha256').update(`derived\0${name}\0${from}`).digest('base64url');
}

/** What is stored of a secret. SHA-256 is enough for 256 random bits: there is nothing to guess. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** The value a browser session must send in `x-assay-csrf`: follows from its cookie, which scripts cannot read. */
export function csrfOf(secret: string): string {
  return createHash('sha256').update(`csrf\0${secret}`).digest('base64url');
}

/** Compares without telling by time where two texts differ. */
export function equalSecrets(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
