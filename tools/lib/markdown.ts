/** A fenced block of a Markdown page. */
export interface Fence {
  readonly language: string;
  readonly code: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  /** Why the block is not run, from a `<!-- not run: … -->` comment just above it. */
  readonly notRun: string | undefined;
}

/** The fenced blocks of a page, in order. */
export function fencesOf(page: string): Fence[] {
  const lines = page.split('\n');
  const fences: Fence[] = [];
  for (let at = 0; at < lines.length; at++) {
    const open = /^(\s*)(`{3,})\s*([\w-]*)/.exec(lines[at]);
    if (open === null) continue;
    const [, indent, marks, language] = open;
    const code: string[] = [];
    const line = at + 1;
    for (at++; at < lines.length && lines[at].trim() !== marks; at++) {
      code.push(lines[at].startsWith(indent) ? lines[at].slice(indent.length) : lines[at].trimStart());
    }
    const above = lines.slice(0, line - 1).findLast((text) => text.trim() !== '') ?? '';
    fences.push({ language, code: code.join('\n'), line, notRun: /<!--\s*not run:\s*(.+?)\s*-->/.exec(above)?.[1] });
  }
  return fences;
}

/** A command of a `console` block and the output shown below it. */
export interface Shown {
  readonly command: string;
  readonly output: string[];
  readonly line: number;
}

/** Splits a `console` block: lines that begin with `$ ` are commands (`\` continues them), the rest is output. */
export function commandsOf(fence: Fence): Shown[] {
  const shown: { command: string; output: string[]; line: number }[] = [];
  const lines = fence.code.split('\n');
  for (let at = 0; at < lines.length; at++) {
    if (!lines[at].startsWith('$ ')) {
      shown.at(-1)?.output.push(lines[at]);
      continue;
    }
    const line = fence.line + 1 + at;
    let command = lines[at].slice(2);
    while (command.endsWith('\\') && at + 1 < lines.length)
      command = `${command.slice(0, -1)}${lines[++at].replace(/^>?\s*/, '')}`;
    shown.push({ command, output: [], line });
  }
  for (const { output } of shown) while (output.at(-1)?.trim() === '') output.pop();
  return shown;
}

/**
 * Does the output match what a page shows? `…` inside a line stands for any text, a line that is only
 * `…` for any number of lines; spaces at the ends of lines do not count. Returns the first difference.
 */
export function difference(expected: readonly string[], actual: readonly string[]): string | undefined {
  let furthest = { e: 0, a: 0 };
  const fail = (e: number, a: number): false => {
    if (e > furthest.e || (e === furthest.e && furthest.a === 0)) furthest = { e, a };
    return false;
  };
  const matches = (from: number, at: number): boolean => {
    let a = at;
    for (let e = from; e < expected.length; e++, a++) {
      if (expected[e].trim() === '…') {
        for (let next = a; next <= actual.length; next++) if (matches(e + 1, next)) return true;
        return false;
      }
      if (a >= actual.length || !linePattern(expected[e]).test(actual[a].trimEnd())) return fail(e, a);
    }
    return a === actual.length || fail(expected.length, a);
  };
  if (matches(0, 0)) return undefined;
  const [shown, printed] = [expected[furthest.e], actual[furthest.a]];
  return `shown:   ${shown ?? '(nothing more)'}\n    printed: ${printed ?? '(nothing more)'}`;
}

function linePattern(line: string): RegExp {
  const parts = line
    .trimEnd()
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** The anchors of a page's headings, as the usual Markdown hosts make them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const line of withoutFences(page).split('\n')) {
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line);
    if (heading !== null) anchors.add(unused(slug(heading[1]), anchors));
    for (const id of line.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(id[1]);
  }
  return anchors;
}

function slug(heading: string): string {
  return heading
    .replace(/`/g, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}

function unused(anchor: string, taken: ReadonlySet<string>): string {
  if (!taken.has(anchor)) return anchor;
  for (let n = 1; ; n++) if (!taken.has(`${anchor}-${n}`)) return `${anchor}-${n}`;
}

/** The links and pictures of a page that point into the repository, with their lines. */
export function linksOf(page: string): { target: string; line: number }[] {
  const links: { target: string; line: number }[] = [];
  withoutFences(page)
    .split('\n')
    .forEach((text, index) => {
      const plain = text.replace(/`[^`]*`/g, '');
      for (const match of plain.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|(?:src|href)="([^"]+)"/g)) {
        const target = match[1] ?? match[2];
        if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) links.push({ target, line: index + 1 });
      }
    });
  return links;
}

function withoutFences(page: string): string {
  return page.replace(/^(\s*)(`{3,})[^\n]*\n[\s\S]*?\n\s*\2\s*$/gm, (block) => block.replace(/[^\n]/g, ''));
}
