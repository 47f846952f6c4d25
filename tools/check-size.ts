/**
 * Checks the size of what a browser downloads: the base entry of `@assay/core`, bundled with all it
 * imports and minified, must stay below its limit after gzip and must contain nothing of Node.
 *
 * Usage: `node tools/check-size.ts` with the packages built. Exits 1 when an entry is too big.
 */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Entry points that run in browsers, with the most bytes each may take. */
const limits: readonly (readonly [entry: string, most: number])[] = [['@assay/core', 60_000]];

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
