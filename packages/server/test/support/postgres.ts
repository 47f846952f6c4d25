/** A private PostgreSQL for tests and programs: in its own folder, on a free port of the loopback, gone afterwards. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const asRoot = process.getuid?.() === 0;
const demanded = process.env.ASSAY_REQUIRE_ALL === '1';

/** The folder of PostgreSQL's programs: `$ASSAY_POSTGRES`, else the newest one Debian installed. */
const programs: string | undefined =
  process.env.ASSAY_POSTGRES ??
  globSync('/usr/lib/postgresql/*/bin')
    .filter((folder) => existsSync(join(folder, 'initdb')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .at(-1);

/** Why tests on PostgreSQL are skipped, or undefined when they run. `ASSAY_REQUIRE_ALL=1` makes them run or fail. */
export const noPostgres: string | undefined =
  programs !== undefined || demanded
    ? undefined
    : 'no PostgreSQL: apt-get install postgresql, or name the folder of its programs in ASSAY_POSTGRES';

export interface Cluster {
  /** The folder of PostgreSQL's programs. */
  readonly programs: string;
  /** A database of its own; a new empty one for each name. */
  database(name: string): string;
  stop(): void;
  start(): void;
  /** Stops it and removes its folder. */
  remove(): void;
}

/** Makes and starts a cluster. It is as durable as any: nothing is switched off to be faster. */
export async function startCluster(settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  if (programs === undefined) throw new Error('no PostgreSQL: apt-get install postgresql');
  const folder = mkdtempSync(join(tmpdir(), 'assay-postgres-'));
  const data = join(folder, 'data');
  if (asRoot) {
    // PostgreSQL refuses to run as root.
    chmodSync(folder, 0o755);
    run('chown', ['postgres', folder]);
  }
  const port = await freePort();
  const options = Object.entries({ listen_addresses: '127.0.0.1', unix_socket_directories: folder, port, ...settings })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  const tool = (name: string, parameters: readonly string[]): void => {
    const command = join(programs, name);
    if (asRoot) run('runuser', ['-u', 'postgres', '--', command, ...parameters]);
    else run(command, parameters);
  };
  const start = (): void => tool('pg_ctl', ['start', '-w', '-D', data, '-o', options, '-l', join(folder, 'log')]);
  const stop = (): void => tool('pg_ctl', ['stop', '-w', '-m', 'immediate', '-D', data]);
  tool('initdb', ['-D', data, '-U', 'assay', '--auth', 'trust', '-E', 'UTF8', '--locale', 'C', '--no-sync']);
  start();
  const remove = (): void => {
    process.off('exit', remove);
    if (existsSync(join(data, 'postmaster.pid'))) stop();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on('exit', remove);
  const made = new Set<string>();
  return {
    programs,
    database(name) {
      if (!made.has(name)) tool('createdb', ['-h', '127.0.0.1', '-p', String(port), '-U', 'assay', name]);
      made.add(name);
      return `postgres://assay@127.0.0.1:${port}/${name}`;
    },
    start,
    stop,
    remove,
  };
}

function run(command: string, parameters: readonly string[]): void {
  // The server inherits what it is given: pipes would keep the caller waiting for it.
  const { status, error } = spawnSync(command, parameters, { stdio: ['ignore', 'ignore', 'ignore'], cwd: '/' });
  if (status !== 0)
    throw new Error(`${command} ${parameters.join(' ')} failed: ${error?.message ?? `status ${status}`}`);
}

/** A port of the loopback that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
