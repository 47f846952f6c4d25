import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { AssayError } from '@assay/core';
import { createServer } from '@assay/server';
import { Command, InvalidArgumentError } from 'commander';
import { openPlace, ownerKey } from '../campaign/database.ts';
import { counted } from '../output/words.ts';
import type { Shell } from '../shell.ts';

interface Flags {
  readonly database?: string;
  readonly port: number;
  readonly host: string;
  readonly open?: boolean;
  readonly behindProxy?: boolean;
  readonly json?: boolean;
}

/** Where `assay serve` listens unless told otherwise. */
export const defaultPort = 8420;

/** `assay serve [DIR]`: live campaigns until interrupted. */
export function build(shell: Shell): Command {
  return new Command('serve')
    .argument('[DIR]', 'the folder of the database; made where there is none', '.')
    .option('--database <URL>', 'another database, such as postgres://… (default: assay.db in DIR)')
    .option('--port <N>', 'the port; 0 takes a free one', portOf, defaultPort)
    .option('--host <HOST>', 'the address to listen at; 0.0.0.0 lets other machines in', '127.0.0.1')
    .option('--open', 'open the page of the lead in the browser')
    .option('--behind-proxy', 'believe X-Forwarded-For and -Proto, which a proxy in front must set')
    .option('--json', 'print one JSON document with the addresses, then serve')
    .action((dir: string, flags: Flags) => serve(dir, flags, shell));
}

async function serve(dir: string, flags: Flags, shell: Shell): Promise<void> {
  const place = { dir, database: flags.database };
  await using store = await openPlace(place);
  const key = await ownerKey(store, place);
  const server = await createServer({
    store,
    pages: pagesFolder(),
    now: Date.now,
    trustProxy: flags.behindProxy === true,
    onError: (error) => shell.say(`assay: unexpected failure: ${error instanceof Error ? error.stack : String(error)}`),
  });
  try {
    const { port } = await listening(server, flags);
    const url = `http://${hostName(flags.host)}:${port}`;
    const lead = `${url}/lead#${key}`;
    const campaigns = await store.campaigns();
    if (flags.json === true) {
      shell.json({ schema: 1, url, lead, database: store.kind, campaigns: campaigns.length });
    } else {
      shell.print(`Serving ${counted(campaigns.length, 'campaign')} at ${url}\n`);
      shell.print(`The lead's page: ${lead}\n`);
      for (const address of flags.host === '0.0.0.0' ? ownAddresses() : [])
        shell.print(`In this network: http://${address}:${port}\n`);
      if (campaigns.length === 0) {
        shell.say('There is no campaign yet: make one on that page, or in another terminal with');
        shell.say(
          '  assay campaign create Birds --question "Which bird is it?" --choices wren,robin --tasks tasks.csv',
        );
      }
    }
    if (flags.open === true) await openInBrowser(lead, shell);
    await interrupted(shell.signal);
    shell.say('Stopping; nothing is lost.');
  } finally {
    await server.close();
  }
}

async function listening(
  server: Awaited<ReturnType<typeof createServer>>,
  { host, port }: Flags,
): Promise<{ readonly port: number }> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const taken = error.code === 'EADDRINUSE';
    const hint = taken ? 'give another with --port; 0 takes a free one' : 'see --host and --port';
    const message = `invalid address ${host}:${port}: ${taken ? 'something listens there already' : error.message}; ${hint}`;
    throw new AssayError(message, { code: 'invalid-address', got: `${host}:${port}`, hint, cause: error });
  }
  const address = server.server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : port };
}

/** Resolves at the first interrupt or termination. */
function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    process.once('SIGTERM', () => resolve());
  });
}

/** The built pages, where they are installed. */
function pagesFolder(): string | undefined {
  const folder = fileURLToPath(new URL('../../../web/dist/pages', import.meta.url));
  return existsSync(`${folder}/join.html`) ? folder : undefined;
}

function hostName(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

async function openInBrowser(url: string, shell: Shell): Promise<void> {
  const { spawn } = await import('node:child_process');
  const commands = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] } as const;
  const [command, ...rest] = commands[process.platform as keyof typeof commands] ?? ['xdg-open'];
  const child = spawn(command, [...rest, url], { stdio: 'ignore', detached: true });
  child.once('error', () => shell.say('Note: no browser could be opened; use the link above'));
  child.unref();
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('give a whole number from 0 to 65535');
  return port;
}
