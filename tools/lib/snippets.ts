import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { blanked } from './source.ts';

/** A piece of TypeScript a page or a docstring shows. */
export interface Snippet {
  /** `file:line`, for messages. */
  readonly at: string;
  readonly code: string;
  /** The module whose docstring shows it, relative to the root; its exports need no import. */
  readonly module?: string;
}

/** The `@example` blocks of the docstrings below the given sources. */
export function docstringExamples(root: string, pattern = 'packages/*/src/**/*.ts'): Snippet[] {
  const snippets: Snippet[] = [];
  for (const module of globSync(pattern, { cwd: root }).sort()) {
    if (module.endsWith('.generated.ts') || module.includes('/assembly/')) continue;
    const source = readFileSync(join(root, module), 'utf8');
    for (const comment of source.matchAll(/\/\*\*[\s\S]*?\*\//g)) {
      const lines = comment[0]
        .split('\n')
        .map((line) => line.replace(/^\s*(?:\/\*\*|\*\/|\* ?)/, '').replace(/\*\/\s*$/, ''));
      const firstLine = source.slice(0, comment.index).split('\n').length;
      for (let at = 0; at < lines.length; at++) {
        if (!/^\s*@example\b/.test(lines[at])) continue;
        const line = firstLine + at + 1;
        const code = [lines[at].replace(/^\s*@example\b/, '')];
        while (at + 1 < lines.length && !/^\s*@\w+/.test(lines[at + 1])) code.push(lines[++at]);
        const text = code.join('\n').replace(/^\s*```(?:ts|typescript)?\s*$/gm, '');
        if (text.trim() !== '' && !/^\s*```(?:sh|console|text|json|csv)/m.test(text))
          snippets.push({ at: `${module}:${line}`, code: text, module });
      }
    }
  }
  return snippets;
}

/** What docstring examples may use without saying where it comes from. */
const ambient: Readonly<Record<string, string>> = {
  table: `answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'dog']])`,
  estimate: 'fit(majorityVote, table)',
};

/**
 * A module that runs a snippet: `expression; // => value` becomes a comparison, and names that the
 * snippet uses but does not make come from `entries` (module specifier → what it exports), first match first.
 */
export function moduleOf(
  snippet: Snippet,
  entries: readonly (readonly [specifier: string, names: ReadonlySet<string>])[],
): string {
  const body = withAssertions(snippet.code);
  const code = blanked(snippet.code, { strings: true });
  // Substitutions of templates are blanked as little as code is: only their text is.
  const used = new Set(code.match(/(?<![.\w$])[A-Za-z_$][\w$]*/g) ?? []);
  const declared = new Set(
    [...code.matchAll(/\b(?:const|let|var|function|class|type|interface)\s+([\w$]+)/g)].map((match) => match[1]),
  );
  for (const match of code.matchAll(/\b(?:const|let|var)\s*[{[]([^}\]=]*)[}\]]\s*=/g)) {
    for (const name of match[1].split(',')) declared.add(name.split(':').at(-1)?.trim() ?? '');
  }
  for (const match of snippet.code.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}/g)) {
    for (const name of match[1].split(','))
      declared.add(
        name
          .replace(/^.*\bas\b/, '')
          .replace(/\btype\b/, '')
          .trim(),
      );
  }
  const given: string[] = [];
  if (snippet.module !== undefined) {
    // Not where the name is only the key of an object.
    const asked = Object.keys(ambient).filter(
      (name) => !declared.has(name) && new RegExp(`(?<![.\\w$])${name}\\b(?!\\s*:)`).test(code),
    );
    if (asked.includes('estimate') && !declared.has('table') && !asked.includes('table')) asked.unshift('table');
    for (const name of asked) {
      given.push(`const ${name} = ${ambient[name]};`);
      declared.add(name);
      for (const needed of ['answersFrom', 'fit', 'majorityVote']) used.add(needed);
    }
  }
  const imports: string[] = [];
  for (const [specifier, names] of entries) {
    const wanted = [...used].filter((name) => names.has(name) && !declared.has(name));
    for (const name of wanted) declared.add(name);
    if (wanted.length > 0) imports.push(`import { ${wanted.join(', ')} } from '${specifier}';`);
  }
  return `${imports.join(' ')} ${given.join(' ')} const __expect = globalThis.__expectSnippet;\n${body}\nexport {};\n`;
}

/** `f(x); // => 3` as `__expect(f(x), '3', () => (3));`; also after `const y = …` and `console.log(…)`. */
export function withAssertions(code: string): string {
  const lines = code.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const match = /^(.*?)\s*\/\/ =>\s*(.*)$/.exec(lines[at]);
    if (match === null || match[1].trim() === '') continue;
    let from = at;
    let statement = match[1];
    while (depthOf(statement) < 0 && from > 0) {
      from--;
      statement = `${lines[from]}\n${statement}`;
      lines[from] = '';
    }
    statement = statement.trim().replace(/;$/, '');
    const expected = match[2].trim();
    const value = expected.includes('…') || !isExpression(expected) ? 'undefined' : `() => (${expected})`;
    const assertion = (expression: string): string => `__expect(${expression}, ${JSON.stringify(expected)}, ${value});`;
    const declaration = /^(?:const|let)\s+([\w$]+)(?:\s*:[^=]+)?\s*=(?!=)/.exec(statement);
    const logged = /^console\.log\(([\s\S]*)\)$/.exec(statement);
    lines[at] =
      declaration !== null ? `${statement}; ${assertion(declaration[1])}` : assertion(logged?.[1] ?? statement);
  }
  return lines.join('\n');
}

/** `Map(1) { 'a' => 1 }` and the like are shown as text, not as code. */
function isExpression(text: string): boolean {
  try {
    new Script(`(${text})`);
    return true;
  } catch {
    return false;
  }
}

function depthOf(text: string): number {
  const code = blanked(text, { strings: true });
  let depth = 0;
  for (const character of code) {
    if ('([{'.includes(character)) depth++;
    else if (')]}'.includes(character)) depth--;
  }
  return depth;
}
