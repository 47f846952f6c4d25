import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Method, OptionSpec, OptionTable } from '@assay/core';
import { rangeInWords } from '@assay/core';

/** What the sources say about methods: the export and the docstring of each id. */
export interface MethodSources {
  /** Docstring text by method id, without comment marks. */
  readonly docstring: ReadonlyMap<string, string>;
  /** Method id by the name it is exported under, for `{@link …}`. */
  readonly idOf: ReadonlyMap<string, string>;
}

/** Reads the docstrings above `export const … : Method` (or `LearnMethod`) below a folder of sources. */
export function methodSources(folder: string): MethodSources {
  const docstring = new Map<string, string>();
  const idOf = new Map<string, string>();
  for (const path of globSync('**/*.ts', { cwd: folder }).sort()) {
    const source = readFileSync(join(folder, path), 'utf8');
    const pattern = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export const (\w+): (?:Learn)?Method\b[\s\S]*?\bid: '([^']+)'/g;
    for (const [, comment, name, id] of source.matchAll(pattern)) {
      docstring.set(id, plainComment(comment));
      idOf.set(name, id);
    }
  }
  return { docstring, idOf };
}

/** The parts of a docstring a page shows. */
export interface DocstringParts {
  /** The first paragraph. */
  readonly opening: string;
  /** Paragraphs after it, without those on when to use it: pages say that in their own words. */
  readonly details: readonly string[];
  /** The paragraph that begins with "Source:", without the word. */
  readonly source: string | undefined;
  readonly example: string | undefined;
  readonly errors: readonly string[];
}

/** Splits a docstring into what pages need. */
export function docstringParts(text: string): DocstringParts {
  const [prose, ...tags] = text.split(/^(?=@\w)/m);
  const paragraphs = prose
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '');
  const source = paragraphs.find((paragraph) => paragraph.startsWith('Source:'));
  const [opening = '', ...rest] = paragraphs.filter((paragraph) => paragraph !== source);
  const example = tags.find((tag) => tag.startsWith('@example'));
  return {
    opening,
    details: rest.filter((paragraph) => !/^Use\b/.test(paragraph)),
    source: source?.slice('Source:'.length).trim(),
    example: example?.slice('@example'.length).trim(),
    errors: tags.filter((tag) => tag.startsWith('@throws')).map((tag) => tag.slice('@throws'.length).trim()),
  };
}

/** `{@link dawidSkene}` as a link to that method's page where there is one (`pages`: names by id), else as code. */
export function linked(text: string, idOf: ReadonlyMap<string, string>, pages: ReadonlyMap<string, string>): string {
  const resolved = text.replace(/\{@link\s+([\w.]+)\}/g, (_, name: string) => `\`${idOf.get(name) ?? name}\``);
  return resolved.replace(/(?<![[`])`([a-z0-9-]+)`(?!\])/g, (code, id: string) =>
    pages.has(id) ? `[${code}](${pages.get(id)}.md)` : code,
  );
}

/** The rows of `docs/accuracy.md`: accuracy in per cent by method and set, and the sets in order. */
export interface AccuracyTable {
  readonly sets: readonly string[];
  readonly rows: ReadonlyMap<string, readonly number[]>;
  readonly mean: ReadonlyMap<string, number>;
}

/** Reads the accuracy table from its page; a dash is NaN. */
export function accuracyTable(page: string): AccuracyTable {
  const cells = (line: string): string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replace(/[*`]/g, '').trim());
  const lines = page.split('\n');
  const header = lines.find((line) => line.startsWith('| method |'));
  const sets = header === undefined ? [] : cells(header).slice(1, -1);
  const rows = new Map<string, number[]>();
  const mean = new Map<string, number>();
  for (const line of lines) {
    if (header === undefined || !line.startsWith('| `')) continue;
    const [id, ...values] = cells(line);
    rows.set(id, values.slice(0, -1).map(Number));
    mean.set(id, Number(values.at(-1)));
  }
  return { sets, rows, mean };
}

/** A Markdown table of options, or a sentence when there are none. */
export function optionsTable(options: OptionTable): string {
  const entries = Object.entries(options);
  if (entries.length === 0) return 'None.';
  const rows = entries.map(([name, spec]) =>
    row([`\`${name}\``, inCell(defaultOf(spec)), inCell(rangeOf(spec)), inCell(spec.does), inCell(spec.why)]),
  );
  return [
    row(['option', 'default', 'allowed', 'what it does', 'why this default']),
    row(new Array(5).fill('---')),
    ...rows,
  ].join('\n');
}

/** One row of a Markdown table. */
export function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Groups methods by family, both in the order of the registry. */
export function byFamily(methods: readonly Method[]): Map<string, Method[]> {
  const families = new Map<string, Method[]>();
  for (const method of methods) families.set(method.family, [...(families.get(method.family) ?? []), method]);
  return families;
}

function defaultOf(spec: OptionSpec): string {
  if (spec.kind !== 'numbers') return shownNumber(spec.default);
  return spec.default === null ? 'not given' : spec.default.join(', ');
}

function rangeOf(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'number':
      return `${rangeInWords(spec)}${spec.unit === undefined ? '' : ` (${spec.unit})`}`;
    case 'choice':
      return spec.choices.map((choice) => `\`${choice}\``).join(', ');
    case 'boolean':
      return '`true`, `false`';
    case 'numbers': {
      const bounds = [spec.min, spec.max].map((bound) => (Number.isFinite(bound) ? String(bound) : undefined));
      if (bounds[0] === undefined && bounds[1] === undefined) return 'numbers';
      return `numbers ${bounds[0] === undefined ? '' : `from ${bounds[0]}`}${bounds[1] === undefined ? ' on' : ` to ${bounds[1]}`}`;
    }
  }
}

function shownNumber(value: number | string | boolean): string {
  return typeof value === 'string' ? `\`${value}\`` : String(value);
}

function inCell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/\s*\n\s*/g, ' ');
}

function plainComment(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim();
}
