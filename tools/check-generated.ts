/**
 * Checks that committed files which a program generates are what it generates now.
 *
 * Runs each generator, compares its outputs with what was there, and puts the old ones back. Usage:
 * `node tools/check-generated.ts`; exits 1 and names the command when something is stale.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Generator {
  readonly command: readonly string[];
  /** Patterns of what it writes. */
  readonly outputs: readonly string[];
}

/** What runs in seconds; the tables of accuracies are compared on a few sets. */
const generators: readonly Generator[] = [
  { command: ['tools/accuracy-table.ts', '--check', 'bluebird,temp,rte'], outputs: ['docs/accuracy.md'] },
  { command: ['tools/peers-table.ts', '--check', 'bluebird,temp'], outputs: ['docs/peers.md'] },
  { command: ['tools/build-kernels.ts'], outputs: ['packages/core/src/kernels/**/*.generated.ts'] },
  { command: ['tools/build-gallery.ts'], outputs: ['docs/figures/**/*.svg', 'docs/figures.md'] },
  { command: ['tools/build-format-docs.ts'], outputs: ['docs/formats.md'] },
  { command: ['tools/build-method-docs.ts'], outputs: ['docs/methods/*.md'] },
  { command: ['tools/build-client.ts'], outputs: ['packages/server/src/client/client.ts', 'docs/campaign.md'] },
];

const root = join(import.meta.dirname, '..');
let stale = 0;
let checked = 0;
for (const { command, outputs } of generators) {
  if (!existsSync(join(root, command[0]))) continue;
  const before = contents(outputs);
  const run = spawnSync(process.execPath, command, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const after = contents(outputs);
  if (run.status !== 0) {
    console.log(`generated: node ${command.join(' ')} failed\n${run.stdout}${run.status === null ? run.stderr : ''}`);
    stale++;
  }
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    checked++;
    if (before.get(path) === after.get(path)) continue;
    console.log(`generated: ${path} is stale; run node ${command.join(' ')}`);
    stale++;
    const old = before.get(path);
    if (old !== undefined) writeFileSync(join(root, path), old, 'latin1');
  }
}
console.log(`generated: ${checked} files, ${stale} stale`);
process.exitCode = stale === 0 ? 0 : 1;

function contents(patterns: readonly string[]): Map<string, string> {
  const paths = globSync([...patterns], { cwd: root }).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'latin1')]));
}
