import { describe, expect, it } from 'vitest';
import { anchorsOf, commandsOf, difference, fencesOf, linksOf } from '../lib/markdown.ts';
import { moduleOf, withAssertions } from '../lib/snippets.ts';

const page = `# Title of \`it\`

<!-- not run: needs a server -->

\`\`\`sh
serve
\`\`\`

\`\`\`console
$ one \\
  --flag
out 1
…
$ two
\`\`\`

[good](#title-of-it) [bad](other.md#x) [web](https://example.org) \`[no](x)\`
`;

describe('a page', () => {
  it('gives its fenced blocks with language, line and the reason not to run them', () => {
    expect(fencesOf(page).map(({ language, line, notRun }) => [language, line, notRun])).toEqual([
      ['sh', 5, 'needs a server'],
      ['console', 9, undefined],
    ]);
  });

  it('gives commands with the output shown below them', () => {
    expect(commandsOf(fencesOf(page)[1])).toEqual([
      { command: 'one --flag', output: ['out 1', '…'], line: 10 },
      { command: 'two', output: [], line: 14 },
    ]);
  });

  it('gives the links into the repository and the anchors of headings', () => {
    expect(linksOf(page).map(({ target }) => target)).toEqual(['#title-of-it', 'other.md#x']);
    expect([...anchorsOf(page)]).toEqual(['title-of-it']);
    expect([...anchorsOf('# A\n# A\n')]).toEqual(['a', 'a-1']);
  });
});

describe('difference', () => {
  it('accepts equal lines, any text for … and any lines for a line of …', () => {
    expect(difference(['a', 'b 1 ms'], ['a', 'b 1 ms  '])).toBeUndefined();
    expect(difference(['took … ms', '…', 'end'], ['took 12 ms', 'x', 'y', 'end'])).toBeUndefined();
    expect(difference(['…', 'end'], ['end'])).toBeUndefined();
  });

  it('shows the first line that differs, a missing one and one too many', () => {
    expect(difference(['a', 'b'], ['a', 'c'])).toContain('printed: c');
    expect(difference(['a', 'b'], ['a'])).toContain('(nothing more)');
    expect(difference(['a'], ['a', 'b'])).toContain('printed: b');
    expect(difference(['a.c'], ['abc'])).toContain('shown:   a.c');
  });
});

describe('a snippet', () => {
  it('turns // => into comparisons, after statements, declarations and over several lines', () => {
    expect(withAssertions('f(1); // => 2')).toBe('__expect(f(1), "2", () => (2));');
    expect(withAssertions('const x = f(1); // => 2')).toBe('const x = f(1); __expect(x, "2", () => (2));');
    expect(withAssertions('f(\n  1,\n); // => 0.5…')).toBe('\n\n__expect(f(\n  1,\n), "0.5…", undefined);');
    expect(withAssertions("console.log(a); // => 'b'")).toContain('__expect(a, ');
  });

  it('imports what it uses and does not make itself', () => {
    const entries = [['@assay/core', new Set(['fit', 'auto', 'table'])]] as const;
    const code = moduleOf({ at: '', code: "const table = 1;\nfit(auto, table, 'auto');", module: 'm.ts' }, entries);
    expect(code).toMatch(/^import \{ fit, auto \} from '@assay\/core';/);
  });
});
