import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltPages, buildPages } from '../build-pages.ts';

describe('the built pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-pages-'));
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  const pages = ['index.html', 'join.html', 'lead.html'];
  let built: BuiltPages;
  beforeAll(async () => {
    built = await buildPages(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('have nothing inline, so that the strictest policy holds', () => {
    for (const page of pages) {
      expect(read(page)).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:|\{\{/);
    }
  });

  it('name only files that are there, by names that follow from their contents', async () => {
    for (const page of pages) {
      for (const [, path] of read(page).matchAll(/(?:src|href)="([^"]+)"/g)) {
        expect(existsSync(join(folder, path))).toBe(true);
      }
    }
    expect(Object.values(built.paths).every((path) => /^assets\/\w+-[A-Z0-9]{8}\.(js|css)$/.test(path))).toBe(true);
    expect((await buildPages(folder)).paths).toEqual(built.paths);
    expect(readdirSync(join(folder, 'assets'))).toHaveLength(12);
  });

  it('give a phone no validator and no drawing', () => {
    const modules = built.modules['worker.js'];
    expect(modules.filter((path) => /node_modules\/zod|packages\/(core|figures)\//.test(path))).toEqual([]);
    expect(modules.filter((path) => path.includes('packages/server/'))).toEqual([
      'packages/server/src/protocol/values.ts',
    ]);
  });

  it('lie beside their compressed copies', () => {
    for (const path of [...pages, ...Object.values(built.paths), 'service-worker.js', 'icon.svg']) {
      const plain = read(path);
      expect(gunzipSync(readFileSync(join(folder, `${path}.gz`))).toString()).toBe(plain);
      expect(brotliDecompressSync(readFileSync(join(folder, `${path}.br`))).toString()).toBe(plain);
    }
  });

  it('let the service worker keep the page of workers and nothing else', () => {
    const { 'worker.js': script, 'worker.css': style } = built.paths;
    const shell = /files:(\[[^\]]*\])/.exec(read('service-worker.js'))?.[1] ?? '[]';
    expect(JSON.parse(shell)).toEqual(['/join', '/icon.svg', `/${script}`, `/${style}`]);
  });
});
