import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashOf, newSecret, openStore, type Store } from '@assay/server';

/** The file of a folder's campaigns, and of the key of who owns them. */
const databaseFile = 'assay.db';
const ownerKeyFile = 'assay-owner.key';

/** Where campaigns are kept: an address of a database, or the file of a folder. */
export interface Place {
  /** The folder, `.` by default. */
  readonly dir: string;
  readonly database?: string;
}

/** Is there a database already, as far as can be told without opening it? */
export function hasDatabase({ dir, database }: Place): boolean {
  return database !== undefined || existsSync(join(dir, databaseFile));
}

/** Opens the database of a place, making it where there is none. */
export async function openPlace({ dir, database }: Place): Promise<Store> {
  await mkdir(dir, { recursive: true });
  return openStore(database ?? join(dir, databaseFile), { now: Date.now });
}

/**
 * The owner's key of a place: made at the first use and kept beside the database, readable by its owner only, so that
 * the link to the lead's page stays the same. The database knows its hash alone.
 */
export async function ownerKey(store: Store, { dir }: Place): Promise<string> {
  const path = join(dir, ownerKeyFile);
  let key: string;
  try {
    key = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    key = newSecret();
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
  }
  if ((await store.access.tokenByHash(hashOf(key))) === undefined) {
    await store.access.addToken({ hash: hashOf(key), name: 'owner', role: 'owner' });
  }
  return key;
}
