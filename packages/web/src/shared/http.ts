import type { Failure, Problem } from '@assay/server/protocol';

/** No reply came: the network or the server is away, and the same request may succeed later. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** The server replied that it will not. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly problems: readonly Problem[];
  /** How long the server asks to wait before trying again. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, problems: readonly Problem[], retryAfterMs?: number) {
    super(problems.map(({ message }) => message).join('; ') || `the server replied ${status}`);
    this.status = status;
    this.problems = problems;
    this.retryAfterMs = retryAfterMs;
  }

  /** Will the very same request be refused again? */
  get isFinal(): boolean {
    return this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

export interface RequestOptions {
  /** Sent as JSON, or as it is when it is a file. */
  readonly body?: unknown;
  readonly csrf?: string;
  /** Lets the request outlive the page. */
  readonly keepalive?: boolean;
}

/** A request that never comes back would block all later ones. */
const patienceMs = 20_000;

/**
 * Calls the server and returns the JSON it replies.
 *
 * @throws Unreachable without a reply, Refused with one that is not 2xx.
 */
export async function request<Reply>(method: string, path: string, options: RequestOptions = {}): Promise<Reply> {
  const { body, csrf, keepalive = false } = options;
  const headers: Record<string, string> = {};
  const isFile = body instanceof Blob;
  if (body !== undefined) headers['content-type'] = isFile ? 'application/octet-stream' : 'application/json';
  if (csrf !== undefined) headers['x-assay-csrf'] = csrf;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      keepalive,
      body: body === undefined ? undefined : isFile ? body : JSON.stringify(body),
      credentials: 'same-origin',
      signal: isFile ? undefined : AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as Reply;
    throw new Refused(response.status, problemsIn(text), retryAfterOf(response));
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Unreachable('the server cannot be reached', { cause: error });
  }
}

function problemsIn(text: string): readonly Problem[] {
  try {
    return (JSON.parse(text) as Failure).errors ?? [];
  } catch {
    return [];
  }
}

function retryAfterOf(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

/** A name nobody else has: 128 random bits. `crypto.randomUUID` is missing on plain http, as on a local network. */
export function uniqueName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
