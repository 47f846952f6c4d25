import { describe, expect, it } from 'vitest';
import { blanked, importsOf } from '../lib/source.ts';

describe('blanked', () => {
  it('removes comments and keeps lines and columns', () => {
    const source = "const a = 1; // Date\n/* process\n*/ const b = 'x // no comment';\n";
    const code = blanked(source, { strings: false });
    expect(code).toBe(
      "const a = 1;        \n          \n   const b = 'x // no comment';\n".replace(
        '          \n',
        `${' '.repeat(10)}\n`,
      ),
    );
    expect(code.length).toBe(source.length);
  });

  it('removes the text of strings, templates and regular expressions but not the code inside templates', () => {
    const source = "const s = `Date ${process.pid} ${`inner ${Buffer.from('x')}`} Date`; const r = /Date[/]Date/g;";
    const code = blanked(source, { strings: true });
    expect(code).not.toContain('Date');
    expect(code).toContain('process.pid');
    expect(code).toContain('Buffer.from(');
  });

  it('tells division from a regular expression', () => {
    const code = blanked("const x = a / b; const y = (c) / 2; // '", { strings: true });
    expect(code).toContain('a / b; const y = (c) / 2;');
  });
});

describe('importsOf', () => {
  it('finds static, type, side-effect, re-exporting and dynamic imports', () => {
    const source = `import { a } from './a.ts';
import type { B } from 'b';
import 'c';
export * from './d.ts';
export {
  e,
  f,
} from './e.ts';
// import 'no';
const text = "import 'no2'";
const late = await import('./g.ts');
`;
    const found = importsOf(source);
    expect(found.map(({ from }) => from)).toEqual(['./a.ts', 'b', 'c', './d.ts', './e.ts', './g.ts']);
    expect(found.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 11]);
    expect(found.filter(({ typeOnly }) => typeOnly).map(({ from }) => from)).toEqual(['b']);
  });
});
