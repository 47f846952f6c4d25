import { AssayError, BudgetError, InputError, StateError } from '@assay/core';
import { z } from 'zod';
import { AccessError } from '../access/index.ts';
import type { Failure, Problem } from '../protocol/index.ts';
import { StoreUnavailable } from '../store/index.ts';

/** A failure as it is replied. */
export interface FailureReply {
  readonly status: number;
  readonly body: Failure;
  /** Seconds until trying again makes sense. */
  readonly retryAfter?: number;
  /** True for what nobody expected: to be looked at by the owner, not shown to the caller. */
  readonly internal?: boolean;
}

/** Turns anything thrown into a reply. What Assay did not throw on purpose says nothing of the inside. */
export function failureOf(error: unknown): FailureReply {
  if (error instanceof InputError) {
    const status =
      error.code.startsWith('unknown-') && !['unknown-format', 'unknown-label'].includes(error.code) ? 404 : 400;
    return { status, body: { schema: 1, errors: error.all.map(problemOf) } };
  }
  if (error instanceof StoreUnavailable) return { status: 503, body: one(problemOf(error)), retryAfter: 1 };
  if (error instanceof AccessError) return { status: error.status, body: one(problemOf(error)) };
  if (error instanceof AssayError) {
    const status = error instanceof StateError ? 409 : error instanceof BudgetError ? 413 : 500;
    return { status, body: one(problemOf(error)), internal: status === 500 };
  }
  if (error instanceof z.ZodError)
    return { status: 400, body: { schema: 1, errors: error.issues.slice(0, 20).map(issueOf) } };
  const status = statusOf(error);
  if (status !== undefined && status < 500) {
    const text = error instanceof Error ? error.message : String(error);
    const hint = status === 429 ? 'wait a little and try again' : 'see the API document';
    return {
      status,
      body: one({ ...nothing, code: codes[status] ?? 'invalid-request', message: `${text}; ${hint}`, hint }),
    };
  }
  const hint = 'try again; if it stays, tell whoever runs the server';
  const message = `unexpected failure; ${hint}`;
  return { status: 500, body: one({ ...nothing, code: 'internal', message, hint }), internal: true };
}

const nothing = { path: null, line: null, got: null, hint: null };
const codes: Readonly<Record<number, string>> = {
  404: 'unknown-route',
  413: 'too-large',
  415: 'invalid-media-type',
  429: 'too-many-requests',
};

function one(problem: Problem): Failure {
  return { schema: 1, errors: [problem] };
}

function problemOf(error: AssayError): Problem {
  const { code, message, path = null, line = null, got = null, hint = null } = error;
  return { code, message, path, line, got, hint };
}

function issueOf({ path, message }: z.core.$ZodIssue): Problem {
  const where = path.map(String).join('.');
  const hint = 'see the API document';
  const text = `invalid ${where === '' ? 'request' : `"${where}"`}: ${message.toLowerCase()}; ${hint}`;
  return { ...nothing, code: 'invalid-request', message: text, path: where === '' ? null : where, hint };
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}
