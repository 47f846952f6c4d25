/**
 * Checks the size of what a browser downloads, bundled with all it imports, minified and after gzip: the base entry of
 * `@assay/core`, which must contain nothing of Node, and the scripts of the pages. A worker's phone gets no validator.
 *
 * Usage: `node tools/check-size.ts` with the packages built. Exits 1 when an entry is too big.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { buildPages } from './build-pages.ts';

/** Entry points that run in browsers, with the most bytes each may take. */
const limits: readonly (readonly [entry: string, most: number])[] = [['@assay/core', 60_000]];

/** Scripts of the pages, with the most bytes each may take. */
const pageLimits: readonly (readonly [script: string, most: number])[] = [
  ['worker.js', 40_000],
  ['lead.js', 60_000],
];

async function sizeOf(entry: string): Promise<{ bytes: number; gzipped: number }> {
  const result = await build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: join(import.meta.dirname, '..') },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    // With this platform an import of a Node module is an error.
    platform: 'browser',
    logLevel: 'silent',
  });
  const code = result.outputFiles[0].contents;
  return { bytes: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}

for (const [entry, most] of limits) {
  try {
    const { bytes, gzipped } = await sizeOf(entry);
    const fits = gzipped <= most;
    console.log(`size: ${entry} ${gzipped} bytes gzip (${bytes} minified), limit ${most}${fits ? '' : ': too big'}`);
    if (!fits) process.exitCode = 1;
  } catch (error) {
    console.log(`size: ${entry} cannot be bundled for a browser: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

const folder = mkdtempSync(join(tmpdir(), 'assay-pages-'));
const { paths, modules } = await buildPages(folder);
for (const [script, most] of pageLimits) {
  const code = readFileSync(join(folder, paths[script]));
  const gzipped = gzipSync(code, { level: 9 }).length;
  const fits = gzipped <= most;
  console.log(
    `size: ${script} ${gzipped} bytes gzip (${code.length} minified), limit ${most}${fits ? '' : ': too big'}`,
  );
  const stray = modules[script].find((path) => path.includes('node_modules/zod/'));
  if (stray !== undefined) console.log(`size: ${script} contains ${stray}: import only types and plain functions`);
  if (!fits || stray !== undefined) process.exitCode = 1;
}
rmSync(folder, { recursive: true });
