import type { FastifyInstance, FastifyReply } from 'fastify';

const pages: Readonly<Record<string, string>> = { '/': 'index.html', '/join': 'join.html', '/lead': 'lead.html' };
const year = 31_536_000;

/** Serves the built pages of a folder; names with a hash may be kept for ever, the others are asked for again. */
export async function servePages(app: FastifyInstance, folder: string | undefined): Promise<void> {
  if (folder === undefined) {
    app.get('/', async (_request, reply) =>
      reply.type('text/plain').send('Assay: the interface is at /api/v1/openapi.json\n'),
    );
    return;
  }
  const { default: files } = await import('@fastify/static');
  await app.register(files, {
    root: folder,
    index: false,
    dotfiles: 'ignore',
    cacheControl: false,
    // The pages are built with a compressed copy of each file.
    preCompressed: true,
    setHeaders: (reply, path) => {
      const hashed = /[/\\]assets[/\\][^/\\]+-[A-Za-z0-9_-]{6,}\.\w+(\.\w+)?$/.test(path);
      reply.header('cache-control', hashed ? `public, max-age=${year}, immutable` : 'no-cache');
    },
  });
  for (const [path, file] of Object.entries(pages)) {
    app.get(path, async (_request, reply: FastifyReply) => reply.sendFile(file));
  }
}
