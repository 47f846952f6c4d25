import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

export const root: string = resolve(import.meta.dirname, '../../../..');
const main = join(root, 'packages/cli/dist/main.js');
export const dataFolder: string = resolve(root, process.env.ASSAY_DATA ?? '../shared/datasets');

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command in a folder. */
export function assay(args: readonly string[], options: { cwd?: string; input?: string | Uint8Array } = {}): Run {
  if (!existsSync(main)) throw new Error('the command is not built: run "npm run build" first');
  const run: SpawnSyncReturns<string> = spawnSync(process.execPath, [main, ...args], {
    cwd: options.cwd ?? root,
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
}

export const mainFile: string = main;

/** A folder with the given files, removed when the test file ends. */
export function folderWith(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-cli-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function filesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}
