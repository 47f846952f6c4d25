/**
 * Bundles the pages of a campaign: `packages/web/dist/pages` is the folder the server serves.
 *
 * Scripts and style sheets get names that change with their contents; pages name them, and no page has anything inline,
 * so that the strictest content security policy holds. Colours come from `@assay/figures`, so that page and drawings
 * have one look.
 *
 * Usage: `node tools/build-pages.ts` with the packages built.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, parse, relative } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { figureStyles, fontStack } from '@assay/figures';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'packages/web/src');
/** Where the pages go by default. */
export const pagesFolder: string = join(root, 'packages/web/dist/pages');

const entries: Readonly<Record<string, string>> = {
  'worker.js': 'worker/main.tsx',
  'worker.css': 'worker/worker.css',
  'lead.js': 'lead/main.tsx',
  'lead.css': 'lead/lead.css',
};
/** Pages and other files at the top, by the path the server gives them. */
const pages: Readonly<Record<string, string>> = {
  'index.html': 'shared/index.html',
  'join.html': 'worker/join.html',
  'lead.html': 'lead/lead.html',
  'icon.svg': 'shared/icon.svg',
};

/** `@import 'assay:look'` in a style sheet: colours and font of the figures. */
const look: Plugin = {
  name: 'look',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^assay:look$/ }, ({ path }) => ({ path, namespace: 'look' }));
    onLoad({ filter: /.*/, namespace: 'look' }, () => ({
      contents: `${figureStyles()}:root{--font:${fontStack}}`,
      loader: 'css',
    }));
  },
};

const common: BuildOptions = {
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  // The sources, not what was built of them: a module without side effects that nothing uses is then left out.
  conditions: ['source', 'module'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
  absWorkingDir: root,
};

export interface BuiltPages {
  /** What was bundled into each of the entries, by its plain name such as `worker.js`. */
  readonly modules: Readonly<Record<string, readonly string[]>>;
  /** The path of each entry below the folder. */
  readonly paths: Readonly<Record<string, string>>;
}

/** Bundles all pages into a folder, which is emptied first. */
export async function buildPages(folder: string = pagesFolder): Promise<BuiltPages> {
  rmSync(join(folder, 'assets'), { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { metafile } = await build({
    ...common,
    entryPoints: Object.entries(entries).map(([name, path]) => ({ in: join(sources, path), out: parse(name).name })),
    outdir: folder,
    entryNames: 'assets/[name]-[hash]',
    metafile: true,
    plugins: [look],
  });
  const paths: Record<string, string> = {};
  const modules: Record<string, readonly string[]> = {};
  for (const [output, { entryPoint, inputs }] of Object.entries(metafile.outputs)) {
    const name = Object.keys(entries).find((each) => entryPoint?.endsWith(entries[each]));
    if (name === undefined) continue;
    paths[name] = relative(folder, join(root, output));
    modules[name] = Object.keys(inputs);
  }
  for (const [name, path] of Object.entries(pages)) {
    const page = readFileSync(join(sources, path), 'utf8');
    writeFileSync(
      join(folder, name),
      page.replace(/\{\{([\w.]+)\}\}/g, (_, entry: string) => `/${paths[entry]}`),
    );
  }
  await buildServiceWorker(folder, ['join.html', 'icon.svg', paths['worker.js'], paths['worker.css']]);
  for (const path of [...Object.values(paths), ...Object.keys(pages), 'service-worker.js'])
    compress(join(folder, path));
  return { paths, modules };
}

/** Lays a compressed copy beside a file, for the server to send: a phone gets a third of the bytes. */
function compress(file: string): void {
  const content = readFileSync(file);
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(content));
}

/** The service worker knows the files of the worker's page, and changes when any of them does. */
async function buildServiceWorker(folder: string, files: readonly string[]): Promise<void> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(folder, file)));
  const shell = {
    version: hash.digest('hex').slice(0, 12),
    files: files.map((file) => `/${file.replace('.html', '')}`),
  };
  await build({
    ...common,
    entryPoints: [join(sources, 'worker/service-worker.ts')],
    outfile: join(folder, 'service-worker.js'),
    define: { shell: JSON.stringify(shell) },
  });
}

if (import.meta.main) {
  const { paths } = await buildPages();
  for (const path of Object.values(paths)) console.log(`built ${relative(root, join(pagesFolder, path))}`);
}
