import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AccessError, Gate, hashOf, type Principal } from '../access/index.ts';
import { Campaigns } from '../campaign/index.ts';
import { prefix, type Route, type RouteName, routes } from '../protocol/index.ts';
import type { Store } from '../store/index.ts';
import { accessHandlers } from './access-handlers.ts';
import type { Call, Context, Handlers } from './call.ts';
import { campaignHandlers } from './campaign-handlers.ts';
import { failureOf } from './failure.ts';
import { secureHeaders } from './headers.ts';
import { openApiDocument } from './openapi.ts';
import { servePages } from './pages.ts';
import { limited, sendExport, sendProgress } from './streams.ts';
import { sessionMs, workHandlers } from './work-handlers.ts';

/** Requests a minute: of one address to routes open to anyone, of one session to the others. */
export interface Limits {
  readonly open: number;
  readonly session: number;
}

export interface ServerOptions {
  readonly store: Store;
  /** Folder of the built pages; without it only the API is served. */
  readonly pages?: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Behind a proxy that sets X-Forwarded-For and -Proto. */
  readonly trustProxy?: boolean;
  /** False for none, as in benchmarks; default 1200 each: a whole class may come from one address. */
  readonly limits?: Limits | false;
  /** How often leases are taken back and the log is read; default 1 s. */
  readonly tickMs?: number;
  /** What nobody expected; requests themselves are never logged, so no secret is. */
  readonly onError?: (error: unknown) => void;
}

/** How long requests under way may take when the server stops. */
const graceMs = 2000;
const worker = 'assay-worker';
const lead = 'assay-lead';

/**
 * The server of live campaigns: the HTTP interface, the pages, and what goes on by itself (leases, the log, fits).
 *
 * Call `listen` on the result, or `inject` in tests; `close` stops everything but the store, which stays the caller's.
 * Several processes may serve one PostgreSQL database.
 *
 * @example
 * const store = await openStore(':memory:', { now: Date.now });
 * const server = await createServer({ store, now: Date.now });
 * (await server.inject('/api/v1/health')).statusCode; // => 200
 * await server.close();
 */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { store, now, limits = { open: 1200, session: 1200 } } = options;
  const campaigns = new Campaigns(store, { now, tickMs: options.tickMs, onError: options.onError });
  const context: Context = { store, campaigns, gate: new Gate(store, now), now };
  const app = fastify({
    logger: false,
    trustProxy: options.trustProxy === true,
    bodyLimit: 4 * 1024 * 1024,
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    // What the router refuses before any route is asked.
    frameworkErrors: (error, _request, given) => {
      const { status, body } = failureOf(error);
      const reply = given as unknown as FastifyReply;
      return reply.code(status).type('application/json').serializer(JSON.stringify).send(body);
    },
  });
  await app.register(cookie);
  secureHeaders(app);
  if (limits !== false) await app.register(rateLimit, { global: false });
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const parsed = schema.safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: parsed.error };
  });
  // Replies are checked too: a field that the protocol does not name never leaves.
  app.setSerializerCompiler<z.ZodType>(
    ({ schema }) =>
      (data) =>
        JSON.stringify(schema.parse(data)),
  );
  app.setErrorHandler((error, request, reply) => {
    const { status, body, retryAfter, internal } = failureOf(error);
    if (internal === true) options.onError?.(error);
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter);
    void noteRefusal(context, request, error);
    return reply
      .code(status)
      .header('cache-control', 'no-store')
      .type('application/json')
      .serializer(JSON.stringify)
      .send(body);
  });

  const handlers: Handlers<Exclude<RouteName, 'stream' | 'export'>> = {
    ...accessHandlers(context),
    ...workHandlers(context),
    ...campaignHandlers(context),
  };
  const streams = new Set<() => void>();
  for (const name of Object.keys(routes) as RouteName[]) {
    await app.register(async (scope) => {
      const route = routes[name] as Route;
      if (route.body === 'file') {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', (_request, payload, done) => done(null, limited(payload)));
      }
      scope.route({
        method: route.method,
        url: prefix + route.path,
        config: limits === false ? {} : { rateLimit: limitOf(route, limits) },
        schema: {
          ...(route.params === undefined ? {} : { params: route.params }),
          ...(route.query === undefined ? {} : { querystring: route.query }),
          ...(route.body === undefined || route.body === 'file' ? {} : { body: route.body }),
          ...(typeof route.reply === 'object' ? { response: { 200: route.reply } } : {}),
        },
        // Before the body is read: a stranger's upload is not.
        onRequest: async (request, reply) => {
          reply.header('cache-control', 'no-store');
          if (route.who !== 'anyone') request.principal = await pass(context.gate, route, request);
        },
        handler: async (request, reply) => {
          const call = callOf(request, reply);
          if (name === 'stream') return sendProgress(context, inCampaign(call), reply, streams);
          if (name === 'export') return sendExport(context, inCampaign(call), call.query as never, reply);
          const answer = await (handlers[name] as (call: Call) => Promise<unknown>)(call);
          await noteChange(context, name, route, call);
          return route.reply === undefined ? reply.code(204).send() : reply.send(answer);
        },
      });
    });
  }
  let document: string | undefined;
  app.get(`${prefix}/openapi.json`, async (_request, reply) => {
    document ??= JSON.stringify(openApiDocument());
    return reply.type('application/json').send(document);
  });
  await servePages(app, options.pages);
  app.setNotFoundHandler((_request, reply) => {
    const { body } = failureOf(Object.assign(new Error('unknown address'), { statusCode: 404 }));
    return reply.code(404).type('application/json').serializer(JSON.stringify).send(body);
  });
  app.addHook('onReady', async () => campaigns.start());
  app.addHook('preClose', async () => {
    for (const end of [...streams]) end();
    // A phone that lost its network never ends its connection; answers that were not acknowledged come again.
    setTimeout(() => app.server.closeAllConnections(), graceMs).unref();
  });
  app.addHook('onClose', async () => campaigns.stop());
  return app;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
}

/** Lets a request pass by the role its route takes and, inside a campaign, by the campaign it may see. */
async function pass(gate: Gate, route: Route, request: FastifyRequest): Promise<Principal> {
  const principal = await gate.pass(route.who as Exclude<Route['who'], 'anyone'>, {
    bearer: bearerOf(request),
    cookie: request.cookies[route.who === 'worker' ? worker : lead],
    csrf: headerOf(request, 'x-assay-csrf'),
    changes: route.method !== 'GET',
  });
  const { campaign } = request.params as { readonly campaign?: string };
  if (campaign !== undefined && principal.campaign !== null && String(principal.campaign) !== campaign) {
    // As if it did not exist: what there is elsewhere is nobody's business.
    throw Object.assign(new Error(`unknown campaign`), { statusCode: 404 });
  }
  return principal;
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer ([\w-]{1,200})$/.exec(headerOf(request, 'authorization') ?? '')?.[1];
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function callOf(request: FastifyRequest, reply: FastifyReply): Call {
  const cookieOptions = {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    maxAge: sessionMs / 1000,
  } as const;
  const names = { worker, lead };
  return {
    params: request.params,
    query: request.query,
    body: request.body,
    principal: request.principal,
    address: request.ip,
    idempotencyKey: headerOf(request, 'idempotency-key')?.slice(0, 200),
    startSession: (kind, secret) => void reply.setCookie(names[kind], secret, cookieOptions),
    endSessions: () =>
      Object.values(names).flatMap((name) => {
        const secret = request.cookies[name];
        reply.clearCookie(name, { path: '/' });
        return secret === undefined ? [] : [secret];
      }),
  } as Call;
}

function inCampaign({ params }: Call): number {
  return (params as unknown as { readonly campaign: number }).campaign;
}

function limitOf({ who }: Route, { open, session }: Limits): Readonly<Record<string, unknown>> {
  if (who === 'anyone') return { max: open, timeWindow: 60_000 };
  const keyGenerator = (request: FastifyRequest): string => {
    const secret = bearerOf(request) ?? request.cookies[who === 'worker' ? worker : lead];
    return secret === undefined ? request.ip : hashOf(secret);
  };
  return { max: session, timeWindow: 60_000, keyGenerator };
}

/** Managers' changes go to the audit log; what workers do is in the log of events. */
async function noteChange(
  { store }: Context,
  name: RouteName,
  route: Route,
  { principal, params }: Call,
): Promise<void> {
  if (route.method === 'GET' || route.who === 'anyone' || route.who === 'worker') return;
  const { campaign = principal.campaign, ...rest } = (params ?? {}) as { readonly campaign?: number };
  const detail = Object.keys(rest).length > 0 ? JSON.stringify(rest) : null;
  await store.access.audit({ actor: principal.actor, action: name, campaign, detail });
}

/** Somebody known who was refused is worth a line. */
async function noteRefusal(
  { store }: Context,
  { method, routeOptions }: FastifyRequest,
  error: unknown,
): Promise<void> {
  if (!(error instanceof AccessError) || error.actor === undefined) return;
  const action = `refused ${method} ${routeOptions.url ?? ''}`;
  await store.access.audit({ actor: error.actor, action, detail: error.code }).catch(() => {});
}
