/**
 * Checks what must not drift in the layout:
 *
 * - arrows between packages go down only, and only to names a package exports;
 * - third-party modules are declared by the package that imports them;
 * - `@assay/core` outside `src/node` uses nothing of Node, no clock and no global random numbers;
 * - entry points only re-export; no file is over 600 lines; modules have no import cycles.
 *
 * Prints each breach as `file:line: what`, then a count; exits 1 when there is any.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { blanked, importsOf } from './lib/source.ts';

/** What each package may import. `server/protocol` means that entry point only. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  '@assay/core': [],
  '@assay/figures': ['@assay/core'],
  '@assay/learn': ['@assay/core'],
  '@assay/engines': ['@assay/core'],
  '@assay/server': ['@assay/core', '@assay/learn', '@assay/figures'],
  '@assay/web': ['@assay/core', '@assay/figures', '@assay/server/protocol'],
  '@assay/experiments': ['@assay/core', '@assay/learn', '@assay/figures'],
  assay: ['@assay/experiments', '@assay/core', '@assay/figures', '@assay/learn', '@assay/engines', '@assay/server'],
};

/** Names that would make a result depend on where and when core runs. */
const forbiddenInCore: readonly (readonly [RegExp, string])[] = [
  [
    /\bnew Date\(\s*\)|\bDate\.now\b|(?<!new )\bDate\(/g,
    'the present time: pass a clock in (dates of given times are pure and allowed)',
  ],
  [/\bMath\.random\b/g, 'Math.random: pass a Random in'],
  [/\bprocess\b\s*[.[]/g, 'process: core also runs in browsers'],
  [/\bBuffer\b\s*[.(]/g, 'Buffer: core also runs in browsers'],
  [/\b__dirname\b|\b__filename\b|\brequire\s*\(/g, 'CommonJS names'],
];
const mostLines = 600;

export interface Package {
  readonly name: string;
  readonly folder: string;
  /** Where its sources lie: relative imports must stay inside. */
  readonly sources: string;
  readonly dependencies: ReadonlySet<string>;
  readonly exports: ReadonlySet<string>;
}

/** The breaches in one file of a package, as `line: what`. `path` is relative to the package's folder. */
export function breachesOf(owner: Package, path: string, source: string, packages: readonly Package[]): string[] {
  const found: string[] = [];
  const nodeOnly = /^src\/node\//.test(path);
  for (const { from, line, typeOnly } of importsOf(source)) {
    const say = (what: string): void => void found.push(`${line}: ${what}`);
    if (from.startsWith('.')) {
      if (relative(owner.sources, normalize(join(dirname(path), from))).startsWith('..'))
        say(`"${from}" leaves the package's src; import by package name`);
      if (!/\.(tsx?|json)$/.test(from)) say(`"${from}" lacks its .ts extension`);
      continue;
    }
    if (from.startsWith('node:') || builtinModules.includes(from)) {
      if (!from.startsWith('node:')) say(`"${from}" is Node's; write node:${from}`);
      if (owner.name === '@assay/core' && !nodeOnly) say(`"${from}": core has no Node API outside src/node`);
      continue;
    }
    const [first, second] = from.split('/');
    const name = first.startsWith('@') ? `${first}/${second}` : first;
    const target = packages.find((each) => each.name === name);
    if (target === undefined) {
      if (!owner.dependencies.has(name))
        say(`"${name}" is not a dependency of ${owner.name}${typeOnly ? ' (type only)' : ''}`);
      continue;
    }
    const allowed = arrows[owner.name] ?? [];
    if (!allowed.includes(name) && !allowed.includes(from)) say(`${owner.name} may not import ${from}`);
    else if (!owner.dependencies.has(name)) say(`"${name}" is missing in the dependencies of ${owner.name}`);
    if (!target.exports.has(from)) say(`"${from}" is not an entry point of ${name}`);
  }
  if (owner.name === '@assay/core' && !nodeOnly) {
    const code = blanked(source, { strings: true });
    for (const [pattern, why] of forbiddenInCore) {
      for (const match of code.matchAll(pattern)) found.push(`${lineOf(code, match.index)}: ${why}`);
    }
  }
  if (/^src\/(.*\/)?index\.ts$/.test(path)) {
    const rest = blanked(source, { strings: false })
      .replace(/export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+'[^']+';/g, '')
      .trim();
    if (rest !== '')
      found.push(`1: an entry point only re-exports, this one also has: ${rest.split('\n')[0].slice(0, 60)}`);
  }
  const lines = source.split('\n').length - 1;
  if (lines > mostLines && !path.endsWith('.generated.ts'))
    found.push(`${mostLines}: ${lines} lines; split a file at ${mostLines}`);
  return found;
}

/** The first import cycle among files, or undefined. Imports of types, and those made later, make none. */
export function cycleIn(files: ReadonlyMap<string, string>): string[] | undefined {
  const finished = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    const source = files.get(file);
    if (finished.has(file) || source === undefined) return undefined;
    for (const { from, typeOnly, late } of importsOf(source)) {
      if (typeOnly || late || !from.startsWith('.')) continue;
      const cycle = visit(normalize(join(dirname(file), from)), [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of files.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** The workspace's packages, from their package.json files. */
export function packagesIn(root: string): Package[] {
  return globSync(['packages/*/package.json', 'experiments/package.json'], { cwd: root }).map((path) => {
    const json = JSON.parse(readFileSync(join(root, path), 'utf8'));
    const lists = [json.dependencies, json.optionalDependencies, json.peerDependencies];
    return {
      name: json.name,
      folder: dirname(path),
      sources: path.startsWith('packages/') ? 'src' : '.',
      dependencies: new Set(lists.flatMap((list) => Object.keys(list ?? {}))),
      exports: new Set(Object.keys(json.exports ?? {}).map((entry) => `${json.name}${entry.slice(1)}`)),
    };
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function main(): void {
  const root = join(import.meta.dirname, '..');
  const packages = packagesIn(root);
  const breaches: string[] = [];
  let checked = 0;
  for (const owner of packages) {
    if (arrows[owner.name] === undefined)
      breaches.push(`${owner.folder}/package.json:1: ${owner.name} has no arrows in tools/check-imports.ts`);
    const sources = new Map<string, string>();
    for (const path of globSync(`${owner.sources}/**/*.{ts,tsx}`, { cwd: join(root, owner.folder) }).sort()) {
      if (/^src\/kernels\/assembly\/|^(dist|test|node_modules)\//.test(path)) continue;
      sources.set(path, readFileSync(join(root, owner.folder, path), 'utf8'));
    }
    for (const [path, source] of sources) {
      for (const breach of breachesOf(owner, path, source, packages))
        breaches.push(`${owner.folder}/${path}:${breach}`);
    }
    const cycle = cycleIn(sources);
    if (cycle !== undefined) breaches.push(`${owner.folder}/${cycle[0]}:1: import cycle ${cycle.join(' → ')}`);
    checked += sources.size;
  }
  if (!existsSync(join(root, 'packages'))) breaches.push('packages:1: missing folder');
  for (const breach of breaches) console.log(breach);
  console.log(`imports: ${checked} files, ${breaches.length} breaches`);
  process.exitCode = breaches.length === 0 && checked > 0 ? 0 : 1;
}

if (import.meta.main) main();
