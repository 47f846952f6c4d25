import type { Failure, Part, Problem, RouteName } from '../protocol/index.ts';

/** What a call needs beside its route: only the parts the route takes. */
export type Input<Name extends RouteName> = {
  readonly [Key in 'params' | 'body' as Part<Name, Key> extends undefined ? never : Key]: Part<Name, Key>;
} & { readonly query?: Part<Name, 'query'> };

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8420`. */
  readonly url: string;
  /** A key for programs, or a worker's session. */
  readonly token?: string;
  /** How requests are made; the platform's own by default. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** What a server refused, with everything it said. */
export class RequestError extends Error {
  readonly status: number;
  readonly errors: readonly Problem[];

  constructor(status: number, errors: readonly Problem[]) {
    super(errors[0]?.message ?? `the server replied ${status}`);
    this.name = 'RequestError';
    this.status = status;
    this.errors = errors;
  }
}

interface Sent {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
}

/** What a route sends or replies that is not JSON but a file. */
export interface Files {
  readonly body?: boolean;
  readonly reply?: boolean;
}

/** Makes requests for the generated client. */
export class Requester {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** @throws {RequestError} what the server refused */
  async send<Reply>(method: string, path: string, sent: Sent = {}, files: Files = {}): Promise<Reply> {
    const { url, token, fetch = globalThis.fetch } = this.#options;
    const params = new Map(Object.entries(sent.params ?? {}));
    const filled = path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(String(params.get(name))));
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(sent.query ?? {}))
      if (value !== undefined) query.set(name, String(value));
    const headers: Record<string, string> = {};
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (sent.body !== undefined)
      headers['content-type'] = files.body === true ? 'application/octet-stream' : 'application/json';
    const response = await fetch(`${url.replace(/\/$/, '')}${filled}${query.size > 0 ? `?${query}` : ''}`, {
      method,
      headers,
      ...(sent.body === undefined
        ? {}
        : { body: files.body === true ? streamOf(sent.body) : JSON.stringify(sent.body) }),
      ...(files.body === true ? { duplex: 'half' } : {}),
    } as RequestInit);
    if (!response.ok) throw new RequestError(response.status, await problemsOf(response));
    const reply = files.reply === true ? response.body : response.status === 204 ? null : await response.json();
    return reply as Reply;
  }
}

function streamOf(bytes: unknown): ReadableStream<Uint8Array> {
  if (bytes instanceof ReadableStream) return bytes;
  const iterator = (bytes as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel(): Promise<void> {
      await iterator.return?.();
    },
  });
}

async function problemsOf(response: Response): Promise<readonly Problem[]> {
  try {
    return ((await response.json()) as Failure).errors;
  } catch {
    return [];
  }
}
