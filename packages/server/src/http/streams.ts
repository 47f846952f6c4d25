import { Readable } from 'node:stream';
import { BudgetError } from '@assay/core';
import type { FastifyReply } from 'fastify';
import { exportCampaign, progressOf, readHeader } from '../campaign/index.ts';
import type { ExportQuery } from '../protocol/index.ts';
import type { Context } from './call.ts';

/** The largest file that can be imported, in bytes. */
export const mostImport: number = 2 ** 30;
/** At most one progress event in this time, and a sign of life at least this often. */
const eventEveryMs = 1000;
const aliveEveryMs = 15_000;

/** Sends a file of a campaign, bit by bit. What is wrong with the request is said before the first byte. */
export async function sendExport(
  { store, campaigns }: Context,
  campaign: number,
  { what = 'answers', format = 'csv' }: ExportQuery,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const row = await store.campaign(campaign);
  // A program that opens the database only to export needs nothing of the campaign in memory.
  const header = row === undefined ? (await campaigns.get(campaign)).live.header : await readHeader(store, row);
  const file = await exportCampaign(store, header, what, format);
  return reply
    .type(file.type)
    .header('content-disposition', `attachment; filename="${file.name}"`)
    .header('cache-control', 'no-store')
    .send(Readable.from(file.bytes));
}

/** Sends the progress of a campaign at once and whenever it changes, until the caller goes away. */
export async function sendProgress(
  { store, campaigns }: Context,
  campaign: number,
  reply: FastifyReply,
  open: Set<() => void>,
): Promise<void> {
  const { live } = await campaigns.get(campaign);
  const first = await progressOf(store, live);
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const write = (progress: unknown): void => void raw.write(`event: progress\ndata: ${JSON.stringify(progress)}\n\n`);
  write(first);
  let due: NodeJS.Timeout | undefined;
  const unwatch = campaigns.watch(campaign, () => {
    due ??= setTimeout(async () => {
      due = undefined;
      try {
        write(await progressOf(store, live));
      } catch {
        // The database is away: the next change will tell.
      }
    }, eventEveryMs);
  });
  const alive = setInterval(() => raw.write(': alive\n\n'), aliveEveryMs);
  const end = (): void => {
    unwatch();
    clearTimeout(due);
    clearInterval(alive);
    open.delete(end);
    raw.end();
  };
  open.add(end);
  raw.on('close', end);
}

/** The bytes of an upload, refused when they become too many. @throws {BudgetError} too-large */
export async function* limited(
  bytes: AsyncIterable<Uint8Array>,
  most: number = mostImport,
): AsyncGenerator<Uint8Array, void, void> {
  let total = 0;
  for await (const chunk of bytes) {
    total += chunk.length;
    if (total > most) {
      const hint = 'split the file, or import it where the server runs with "assay campaign import"';
      throw new BudgetError(`invalid upload of more than ${most} bytes; ${hint}`, {
        code: 'too-large',
        got: String(total),
        hint,
      });
    }
    yield chunk;
  }
}
