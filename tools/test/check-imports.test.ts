import { describe, expect, it } from 'vitest';
import { breachesOf, cycleIn, type Package } from '../check-imports.ts';

const make = (name: string, dependencies: string[], exports: string[]): Package => ({
  name,
  folder: `packages/${name}`,
  sources: 'src',
  dependencies: new Set(dependencies),
  exports: new Set(exports.map((entry) => name + entry)),
});
const core = make('@assay/core', [], ['', '/math', '/node']);
const server = make('@assay/server', ['@assay/core', 'kysely'], ['', '/protocol']);
const web = make('@assay/web', ['@assay/core', '@assay/server'], []);
const packages = [core, server, web];
const breaches = (owner: Package, path: string, source: string): string[] => breachesOf(owner, path, source, packages);

describe('the import check', () => {
  it('lets arrows go down and refuses those that go up', () => {
    expect(breaches(server, 'src/a.ts', "import { fit } from '@assay/core/math';")).toEqual([]);
    expect(breaches(core, 'src/a.ts', "import { x } from '@assay/server';")).toEqual([
      '1: @assay/core may not import @assay/server',
    ]);
  });

  it('lets the pages see the protocol of the server and nothing else of it', () => {
    expect(breaches(web, 'src/a.ts', "import type { Lease } from '@assay/server/protocol';")).toEqual([]);
    expect(breaches(web, 'src/a.ts', "import { store } from '@assay/server';")[0]).toMatch(/may not import/);
  });

  it('refuses what is no entry point, no dependency, or outside the package', () => {
    expect(breaches(server, 'src/a.ts', "import { x } from '@assay/core/src/x.ts';")[0]).toMatch(/not an entry point/);
    expect(breaches(server, 'src/a.ts', "import { x } from 'pg';")[0]).toMatch(/not a dependency/);
    expect(breaches(server, 'src/a/b.ts', "import { x } from '../../../core/src/x.ts';")[0]).toMatch(
      /leaves the package/,
    );
    expect(breaches(server, 'src/a.ts', "import { x } from './x';")[0]).toMatch(/lacks its .ts/);
  });

  it('keeps Node, clocks and global random numbers out of core, outside src/node', () => {
    const source = "import { open } from 'node:fs';\nconst now = Date.now() + Math.random() + process.pid;\n";
    expect(breaches(core, 'src/a.ts', source).map((text) => text.split(':')[0])).toEqual(['1', '2', '2', '2']);
    expect(breaches(core, 'src/node/a.ts', source)).toEqual([]);
    expect(breaches(core, 'src/a.ts', "// Date.now()\nconst text = 'Date'; const at = Date.parse(text);")).toEqual([]);
  });

  it('wants entry points that only re-export, and files that can be read', () => {
    expect(
      breaches(core, 'src/index.ts', "/** All. */\nexport * from './a.ts';\nexport { b, type C } from './b.ts';\n"),
    ).toEqual([]);
    expect(breaches(core, 'src/index.ts', 'export const a = 1;')[0]).toMatch(/only re-exports/);
    expect(breaches(core, 'src/a.ts', '\n'.repeat(601))[0]).toMatch(/601 lines/);
  });

  it('finds import cycles, but not those of types alone', () => {
    const files = new Map([
      ['src/a.ts', "import { b } from './b.ts';"],
      ['src/b.ts', "import { c } from './sub/c.ts';"],
      ['src/sub/c.ts', "import { a } from '../a.ts';"],
    ]);
    expect(cycleIn(files)).toEqual(['src/a.ts', 'src/b.ts', 'src/sub/c.ts', 'src/a.ts']);
    files.set('src/sub/c.ts', "import type { A } from '../a.ts';");
    expect(cycleIn(files)).toBeUndefined();
  });
});
