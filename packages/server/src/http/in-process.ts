import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';

/**
 * A `fetch` that asks a server in this process, without a port: for programs that open the database themselves and use the
 * same client as those that ask a server elsewhere.
 */
export function inProcessFetch(server: FastifyInstance): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, { method = 'GET', headers, body }) => {
    const stream =
      body instanceof ReadableStream ? Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]) : undefined;
    const reply = await server.inject({
      method: method as 'GET',
      url,
      headers: headers as Record<string, string>,
      payload: stream ?? (body as string | undefined),
      payloadAsStream: true,
    });
    const isEmpty = reply.statusCode === 204;
    const content = isEmpty ? null : (Readable.toWeb(reply.stream()) as ReadableStream<Uint8Array>);
    return new Response(content, {
      status: reply.statusCode,
      headers: { 'content-type': String(reply.headers['content-type'] ?? '') },
    });
  };
}
