import { AssayError, InputError, nearNames, shown } from '@assay/core';
import { createServer, inProcessFetch } from '@assay/server';
import { Client, RequestError } from '@assay/server/client';
import type { Campaign } from '@assay/server/protocol';
import type { Command } from 'commander';
import { UsageError } from '../output/failure.ts';
import { hasDatabase, openPlace, ownerKey } from './database.ts';

/** Which campaigns a command is about; the same flags on every command of campaigns. */
export interface ConnectionFlags {
  readonly dir: string;
  readonly database?: string;
  readonly server?: string;
  readonly token?: string;
  readonly campaign?: string;
}

/** Adds the flags that say where campaigns are. */
export function withPlaceFlags(command: Command): Command {
  return command
    .option('--dir <DIR>', 'the folder with the database', '.')
    .option('--database <URL>', 'the database, such as postgres://… (default: assay.db in the folder)')
    .option('--server <URL>', 'ask a server instead of opening the database')
    .option('--token <TOKEN>', 'the key for --server (default: the environment variable ASSAY_TOKEN)');
}

/** Adds the flags that say which campaign, and where. */
export function withConnectionFlags(command: Command): Command {
  return withPlaceFlags(command.option('--campaign <NAME>', 'the campaign, by name or number (default: the only one)'));
}

/**
 * Does something with a client of the campaigns: of a server elsewhere, or of the database itself, which is opened for
 * the time. A server that runs on the same database notices within a second. Only `makes` makes a database where there
 * is none.
 */
export async function withClient<Result>(
  flags: ConnectionFlags,
  use: (client: Client) => Promise<Result>,
  { makes = false }: { readonly makes?: boolean } = {},
): Promise<Result> {
  try {
    if (flags.server !== undefined) {
      const token = flags.token ?? process.env.ASSAY_TOKEN;
      if (token === undefined) {
        const hint = 'give --token, or set ASSAY_TOKEN';
        throw new UsageError(`missing key for ${flags.server}; ${hint}`, { code: 'missing-token', hint });
      }
      return await use(new Client({ url: flags.server, token }));
    }
    if (!makes && !hasDatabase(flags)) throw noCampaign(`in ${shown(flags.dir)}`);
    await using store = await openPlace(flags);
    const server = await createServer({ store, now: Date.now, limits: false });
    try {
      await server.ready();
      return await use(new Client({ url: '', token: await ownerKey(store, flags), fetch: inProcessFetch(server) }));
    } finally {
      await server.close();
    }
  } catch (error) {
    throw inOurWords(error, flags.server);
  }
}

/** What a server refused, as if it had been refused here. */
function inOurWords(error: unknown, server: string | undefined): unknown {
  if (error instanceof RequestError) {
    const [first, ...others] = error.errors.map(
      ({ message, code, path, line, got, hint }) =>
        new InputError(message, {
          code,
          path: path ?? undefined,
          line: line ?? undefined,
          got: got ?? undefined,
          hint: hint ?? undefined,
        }),
    );
    if (first === undefined) return error;
    return new InputError(first.message, { ...first, code: first.code }, others);
  }
  if (server !== undefined && error instanceof TypeError && error.message === 'fetch failed') {
    const hint = 'see that it runs and that the address is right';
    return new AssayError(`missing server at ${server}; ${hint}`, {
      code: 'no-server',
      got: server,
      hint,
      cause: error,
    });
  }
  return error;
}

/** The campaign a command is about. @throws {InputError} no-campaign, unknown-campaign, ambiguous-campaign */
export async function chosenCampaign(client: Client, { campaign: wanted }: ConnectionFlags): Promise<Campaign> {
  const { campaigns } = await client.campaigns();
  if (campaigns.length === 0) throw noCampaign('here');
  const names = campaigns.map(({ name }) => name);
  if (wanted === undefined) {
    if (campaigns.length === 1) return campaigns[0];
    const hint = `name one with --campaign: ${names
      .slice(0, 10)
      .map((name) => shown(name))
      .join(', ')}`;
    throw new InputError(`ambiguous campaign: there are ${campaigns.length}; ${hint}`, {
      code: 'ambiguous-campaign',
      hint,
    });
  }
  const found = campaigns.find(({ name }) => name === wanted) ?? campaigns.find(({ id }) => String(id) === wanted);
  if (found !== undefined) return found;
  const near = nearNames(wanted, names);
  const hint =
    near.length > 0
      ? `did you mean ${near.map((name) => shown(name)).join(' or ')}?`
      : `there are ${names
          .slice(0, 10)
          .map((name) => shown(name))
          .join(', ')}`;
  throw new InputError(`unknown campaign ${shown(wanted)}; ${hint}`, { code: 'unknown-campaign', got: wanted, hint });
}

function noCampaign(where: string): InputError {
  const hint = 'make one with "assay campaign create", or name the folder with --dir';
  return new InputError(`missing campaign: there is none ${where}; ${hint}`, { code: 'no-campaign', hint });
}
