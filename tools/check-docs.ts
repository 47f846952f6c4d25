/**
 * Runs what the documentation shows.
 *
 * - ```` ```console ````: each `$ command` is run by bash in a scratch folder that looks like the root of the
 *   repository; what it prints (both streams) must match the lines below it. `…` stands for any text,
 *   a line of only `…` for any lines: use it for times and other numbers that vary. `[exit 2]` as the
 *   last line says which exit code is right where it is not 0.
 * - ```` ```sh ````: must exit 0.
 * - ```` ```ts ````: run by Node against the built packages; `expression; // => value` is compared.
 * - `@example` of every docstring: the same, with the package's own exports imported.
 * - Links into the repository must point to files and headings that exist.
 *
 * A block below `<!-- not run: reason -->` is left out and counted. Usage: `node tools/check-docs.ts [PAGE…]`
 * with the packages built. Prints each failure and a count; exits 1 when there is any.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect, isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { anchorsOf, commandsOf, difference, fencesOf, linksOf } from './lib/markdown.ts';
import { docstringExamples, moduleOf, type Snippet } from './lib/snippets.ts';

const root = resolve(import.meta.dirname, '..');
const failures: string[] = [];
let checked = 0;
let notRun = 0;

/** Where a page's commands run: everything of the root by symbolic link, so that what they write stays out of it. */
function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'assay-docs-'));
  for (const entry of readdirSync(root)) if (entry !== '.git') symlinkSync(join(root, entry), join(folder, entry));
  return folder;
}

function runCommand(command: string, folder: string): { status: number; lines: string[] } {
  const env = {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
    ASSAY_DATA: process.env.ASSAY_DATA ?? join(root, '../shared/datasets'),
    NO_COLOR: '1',
  };
  const script = `exec 2>&1\n${command}`;
  const run = spawnSync('bash', ['-c', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 300_000,
  });
  const lines = run.stdout.replace(/\n$/, '').split('\n');
  return { status: run.status ?? 1, lines: lines.length === 1 && lines[0] === '' ? [] : lines };
}

function checkCommands(page: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  let folder: string | undefined;
  for (const fence of fencesOf(text)) {
    const runnable = ['console', 'sh', 'bash', 'ts'].includes(fence.language);
    if (!runnable) continue;
    if (fence.notRun !== undefined) {
      notRun++;
      continue;
    }
    if (fence.language === 'ts') {
      snippets.push({ at: `${page}:${fence.line}`, code: fence.code });
      continue;
    }
    folder ??= scratchFolder();
    const steps =
      fence.language === 'console'
        ? commandsOf(fence)
        : [{ command: `set -e\n${fence.code}`, output: undefined, line: fence.line }];
    if (steps.length === 0) failures.push(`${page}:${fence.line}: a console block without a "$ command"`);
    for (const { command, output, line } of steps) {
      checked++;
      const exit = /^\[exit (\d+)\]$/.exec(output?.at(-1) ?? '');
      const shown = exit === null ? output : output?.slice(0, -1);
      const { status, lines } = runCommand(command, folder);
      const wanted = Number(exit?.[1] ?? 0);
      if (status !== wanted)
        failures.push(
          `${page}:${line}: exit code ${status}, not ${wanted}: ${command}\n    ${lines.slice(-5).join('\n    ')}`,
        );
      const differs = shown === undefined ? undefined : difference(shown, lines);
      if (differs !== undefined) failures.push(`${page}:${line}: ${command}\n    ${differs}`);
    }
  }
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  return snippets;
}

function checkLinks(page: string, text: string): void {
  for (const { target, line } of linksOf(text)) {
    checked++;
    const [path, anchor] = decodeURI(target).split('#');
    const file = path === '' ? join(root, page) : resolve(root, dirname(page), path);
    if (!existsSync(file)) failures.push(`${page}:${line}: link to "${target}": no such file`);
    else if (anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(file, 'utf8')).has(anchor)) {
      failures.push(`${page}:${line}: link to "${target}": no such heading`);
    }
  }
}

/** What the entry points of the built packages export, by specifier. */
async function entryPoints(): Promise<Map<string, ReadonlySet<string>>> {
  const entries = new Map<string, ReadonlySet<string>>();
  for (const path of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const json = JSON.parse(readFileSync(join(root, path), 'utf8'));
    for (const [entry, target] of Object.entries<{ default?: string }>(json.exports ?? {})) {
      const file = join(root, dirname(path), target.default ?? '');
      if (target.default === undefined || !existsSync(file)) continue;
      entries.set(`${json.name}${entry.slice(1)}`, new Set(Object.keys(await import(pathToFileURL(file).href))));
    }
  }
  return entries;
}

async function checkSnippets(snippets: readonly Snippet[]): Promise<void> {
  const entries = [...(await entryPoints())];
  mkdirSync(join(root, 'dist'), { recursive: true });
  const folder = mkdtempSync(join(root, 'dist/snippets-'));
  // Examples may read these files, and what they write must not stay.
  const scratch = mkdtempSync(join(tmpdir(), 'assay-snippets-'));
  for (const name of ['answers.csv', 'truth.csv']) {
    const content = readFileSync(join(root, 'examples/tickets', name));
    writeFileSync(join(scratch, name), content);
    writeFileSync(join(scratch, `${name}.gz`), gzipSync(content));
  }
  process.chdir(scratch);
  const loud = { log: console.log, error: console.error };
  const write = process.stdout.write;
  try {
    for (const [index, snippet] of snippets.entries()) {
      checked++;
      Object.assign(globalThis, { __expectSnippet: expectation(snippet.at) });
      const own: (readonly [string, ReadonlySet<string>])[] = [];
      if (snippet.module !== undefined) {
        const built = join(root, snippet.module.replace('/src/', '/dist/').replace(/\.ts$/, '.js'));
        if (existsSync(built))
          own.push([pathToFileURL(built).href, new Set(Object.keys(await import(pathToFileURL(built).href)))]);
      }
      const file = join(folder, `snippet-${index}.ts`);
      writeFileSync(file, moduleOf(snippet, snippet.module === undefined ? [] : [...own, ...entries]));
      console.log = (): void => {};
      console.error = (): void => {};
      process.stdout.write = (): boolean => true;
      try {
        await import(pathToFileURL(file).href);
      } catch (error) {
        failures.push(`${snippet.at}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
      } finally {
        Object.assign(console, loud);
        process.stdout.write = write;
      }
    }
  } finally {
    process.chdir(root);
    for (const each of [folder, scratch]) rmSync(each, { recursive: true, force: true });
  }
}

function expectation(at: string): (value: unknown, text: string, expected: (() => unknown) | undefined) => void {
  return (value, text, expected) => {
    const right =
      expected === undefined
        ? difference([text], [inspect(value, { breakLength: Number.POSITIVE_INFINITY })]) === undefined
        : isDeepStrictEqual(value, expected()) || inspect(value, { breakLength: Number.POSITIVE_INFINITY }) === text;
    if (!right)
      failures.push(
        `${at}: shown ${text}, got ${inspect(value, { breakLength: Number.POSITIVE_INFINITY }).slice(0, 300)}`,
      );
  };
}

async function main(): Promise<void> {
  const asked = process.argv.slice(2);
  // Notes are parts of the pages made of them, and their links are those pages'.
  const exclude = ['docs/methods/notes/**'];
  const pages =
    asked.length > 0 ? asked : globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root, exclude }).sort();
  const snippets: Snippet[] = [];
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8');
    checkLinks(page, text);
    snippets.push(...checkCommands(page, text));
  }
  if (asked.length === 0) snippets.push(...docstringExamples(root));
  await checkSnippets(snippets);
  for (const failure of failures) console.log(failure);
  console.log(`docs: ${pages.length} pages, ${checked} checks, ${notRun} blocks not run, ${failures.length} failures`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

if (import.meta.main) await main();
