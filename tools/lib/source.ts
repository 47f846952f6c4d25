/** What a stretch of TypeScript is. */
type Kind = 'code' | 'comment' | 'string' | 'regex';

/**
 * TypeScript with comments, and if asked also the contents of strings and regular expressions,
 * replaced by spaces; lines and columns stay where they are.
 *
 * A scanner of a few states rather than a parser: enough to find imports and forbidden names.
 */
export function blanked(source: string, what: { strings: boolean }): string {
  let result = '';
  for (const { kind, text } of stretches(source)) {
    const blank = kind === 'comment' || (what.strings && kind !== 'code');
    result += blank ? text.replace(/[^\n]/g, ' ') : text;
  }
  return result;
}

/** An import of a module. */
export interface Import {
  readonly from: string;
  readonly line: number;
  readonly typeOnly: boolean;
  /** By `import()`, when the code gets there. */
  readonly late: boolean;
}

/** What a file imports. */
export function importsOf(source: string): Import[] {
  const text = blanked(source, { strings: false });
  const found: Import[] = [];
  const pattern =
    /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\sfrom\s+)?(['"])([^'"\n]+)\2|\bimport\s*\(\s*(['"])([^'"\n]+)\4/gm;
  for (const match of text.matchAll(pattern)) {
    const line = text.slice(0, match.index).split('\n').length;
    found.push({ from: match[3] ?? match[5], line, typeOnly: match[1] !== undefined, late: match[5] !== undefined });
  }
  return found;
}

function* stretches(source: string): Generator<{ kind: Kind; text: string }> {
  let at = 0;
  let from = 0;
  /** For each open template, how many braces are open in the substitution being read. */
  const templates: number[] = [];
  const take = (kind: Kind, end: number): { kind: Kind; text: string } => {
    const piece = { kind, text: source.slice(from, end) };
    from = end;
    at = end;
    return piece;
  };
  while (at < source.length) {
    const two = source.slice(at, at + 2);
    const one = source[at];
    let kind: Kind | undefined;
    let end = at;
    if (two === '//') {
      kind = 'comment';
      end = endOf(source, '\n', at);
    } else if (two === '/*') {
      kind = 'comment';
      end = endOf(source, '*/', at + 2) + 2;
    } else if (one === "'" || one === '"') {
      kind = 'string';
      end = endOfQuoted(source, at);
    } else if (one === '`' || (one === '}' && templates.at(-1) === 0)) {
      if (one === '}') templates.pop();
      kind = 'string';
      end = endOfTemplatePart(source, at + 1);
      if (source.slice(end - 2, end) === '${') templates.push(0);
    } else if (one === '/' && regexMayStart(source, at)) {
      kind = 'regex';
      end = endOfRegex(source, at);
    }
    if (kind === undefined) {
      if (templates.length > 0 && one === '{') templates[templates.length - 1]++;
      if (templates.length > 0 && one === '}') templates[templates.length - 1]--;
      at++;
      continue;
    }
    if (at > from) yield take('code', at);
    yield take(kind, Math.min(end, source.length));
  }
  if (from < source.length) yield take('code', source.length);
}

function endOf(source: string, what: string, from: number): number {
  const end = source.indexOf(what, from);
  return end < 0 ? source.length : end;
}

function endOfQuoted(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== source[start] && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Past the closing backtick, or past the `${` that opens a substitution. */
function endOfTemplatePart(source: string, start: number): number {
  let at = start;
  while (at < source.length && source[at] !== '`' && source.slice(at, at + 2) !== '${')
    at += source[at] === '\\' ? 2 : 1;
  return source[at] === '$' ? at + 2 : at + 1;
}

function regexMayStart(source: string, at: number): boolean {
  const before = source.slice(0, at).trimEnd();
  return (
    before === '' || /[(,=:[!&|?{};+\-*%~^<>]$|\b(?:return|typeof|case|in|of|yield|await)$/.test(before.slice(-12))
  );
}

function endOfRegex(source: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  for (; at < source.length && source[at] !== '\n'; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '[') inClass = true;
    else if (source[at] === ']') inClass = false;
    else if (source[at] === '/' && !inClass) break;
  }
  return at + 1;
}
