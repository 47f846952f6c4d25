import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { report } from '@assay/figures/report';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crowd, fullInput } from '../helpers/crowd.ts';
import { hostile } from '../helpers/figures.ts';
import { launch, noBrowser } from './browser.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const desk = { width: 1200, height: 900 };
const phone = { width: 360, height: 740 };

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

describe.skipIf(noBrowser !== undefined)(
  `the report in a browser${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-report-'));
    let browser: Browser;
    const urls: Record<string, string> = {};

    beforeAll(async () => {
      const plain = crowd({ tasks: 300, workers: 40, classes: ['billing', 'bug', 'praise'], answersPerTask: 5 });
      const nasty = hostile.filter((name) => name.trim() !== '');
      const evil = crowd({
        tasks: 60,
        workers: nasty.length,
        classes: nasty.slice(0, 6),
        answersPerTask: 4,
        workerName: (index) => nasty[index],
        taskName: (index) => `${index} ${nasty[index % nasty.length]}`,
      });
      const pages = {
        plain: report(fullInput(plain)),
        hostile: report({ ...fullInput(evil), title: nasty[0], notes: nasty }),
      };
      for (const [name, page] of Object.entries(pages)) {
        const file = join(folder, `${name}.html`);
        writeFileSync(file, page);
        urls[name] = pathToFileURL(file).href;
      }
      browser = await launch();
    });

    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function open(
      name: string,
      options: Parameters<Browser['newContext']>[0],
      use: (page: Page, said: string[]) => Promise<void>,
    ): Promise<void> {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const said: string[] = [];
      page.on('console', (message) => said.push(message.text()));
      page.on('pageerror', (error) => said.push(String(error)));
      page.on('dialog', (dialog) => {
        said.push(`dialog ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (request.url() !== urls[name]) said.push(`request ${request.url()}`);
      });
      await page.goto(urls[name]);
      await use(page, said);
      await context.close();
    }

    it.each([
      ['plain', 'a desk', 'light', desk],
      ['plain', 'a phone', 'dark', phone],
      ['hostile', 'a phone', 'dark', phone],
    ] as const)('breaks no accessibility rule: %s names on %s, %s', async (name, _, colorScheme, viewport) => {
      await open(name, { viewport, colorScheme, bypassCSP: true }, async (page) => {
        // Folded parts are checked as well.
        await page.evaluate(() => {
          for (const part of document.querySelectorAll('details')) part.open = true;
        });
        await page.addScriptTag({ content: axe });
        const violations = (await page.evaluate('axe.run().then((result) => result.violations)')) as Violation[];
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} ${nodes[0].failureSummary}`)).toEqual([]);
      });
    });

    it.each([desk, phone])('never scrolls sideways as a whole at %o', async (viewport) => {
      for (const name of ['plain', 'hostile']) {
        await open(name, { viewport }, async (page) => {
          const [inside, outside] = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            window.innerWidth,
          ]);
          expect(inside).toBeLessThanOrEqual(outside);
        });
      }
    });

    it('runs no script of a hostile name, breaks no rule of its own policy and asks for nothing', async () => {
      await open('hostile', { viewport: desk }, async (page, said) => {
        await page.waitForTimeout(50);
        expect(said).toEqual([]);
        expect(await page.locator('h1').textContent()).toBe('<script>alert(1)</script>');
      });
    });

    it('sorts a table by keyboard and says how', async () => {
      await open('plain', { viewport: desk }, async (page, said) => {
        const header = page.locator('#workers table.sortable th', { hasText: 'accuracy' });
        const column = (await header.evaluate((cell) => (cell as HTMLTableCellElement).cellIndex)) + 1;
        const values = async (): Promise<number[]> =>
          (await page.locator(`#workers table.sortable tbody tr > :nth-child(${column})`).allTextContents()).map(
            Number.parseFloat,
          );
        await header.locator('button').focus();
        await page.keyboard.press('Enter');
        const falling = await values();
        expect(falling).toEqual([...falling].sort((a, b) => b - a));
        expect(await header.getAttribute('aria-sort')).toBe('descending');
        await page.keyboard.press('Enter');
        const rising = await values();
        expect(rising).toEqual([...rising].sort((a, b) => a - b));
        expect(said).toEqual([]);
      });
    });

    it('shows everything without JavaScript', async () => {
      await open('plain', { viewport: phone, javaScriptEnabled: false }, async (page) => {
        expect(await page.locator('section').count()).toBe(9);
        expect(await page.locator('svg.assay-figure').first().isVisible()).toBe(true);
        await page.locator('nav a', { hasText: 'Workers' }).click();
        expect(page.url()).toMatch(/#workers$/);
      });
    });

    it('keeps the navigation in sight', async () => {
      await open('plain', { viewport: desk }, async (page) => {
        await page.locator('nav a', { hasText: 'Method' }).click();
        const box = await page.locator('nav').boundingBox();
        expect(box?.y).toBe(0);
        const title = await page.locator('#method-title').boundingBox();
        expect(title?.y).toBeGreaterThan(box?.height ?? 0);
      });
    });

    it('is dark on a dark screen and light on paper', async () => {
      await open('plain', { viewport: desk, colorScheme: 'dark' }, async (page) => {
        const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        expect(await background()).toBe('rgb(21, 24, 28)');
        await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
        expect(await background()).toBe('rgb(255, 255, 255)');
        expect(await page.locator('nav').isVisible()).toBe(false);
      });
    });
  },
);
