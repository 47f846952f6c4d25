import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

export const desk: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
export const phone: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** A new person with a browser of their own, on a page. An error thrown on the page fails the test. */
export async function visit(browser: Browser, link: string, options: BrowserContextOptions = desk): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  watch(page);
  await page.goto(link);
  return page;
}

/** Another tab of the same person. */
export async function anotherTab(page: Page, link: string): Promise<Page> {
  const tab = await page.context().newPage();
  watch(tab);
  await tab.goto(link);
  return tab;
}

function watch(page: Page): void {
  page.on('pageerror', (error) => {
    throw error;
  });
}

/** Opens a link and begins to work. */
export async function begin(browser: Browser, link: string, options?: BrowserContextOptions): Promise<Page> {
  const page = await visit(browser, link, options);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.locator('.option, textarea, [data-field=number]').first().waitFor();
  return page;
}

export async function leave(...pages: readonly Page[]): Promise<void> {
  for (const page of pages) await page.context().close();
}

/** Makes the page ask for news at once instead of when it next would. */
export async function nudge(page: Page): Promise<void> {
  await page.evaluate(() => dispatchEvent(new Event('online')));
}

/** The text of the card in hand. */
export async function cardOf(page: Page): Promise<string> {
  return (await page.locator('.text').textContent()) ?? '';
}

/** Waits until the page says that nothing waits. */
export async function allSent(page: Page): Promise<void> {
  // What was done a moment ago is drawn in the next frame.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  await page.locator('.state[data-waiting="0"]').waitFor();
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Fails with every accessibility rule that what is shown breaks. The page must have been opened with `bypassCSP`. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const violations = (await page.evaluate('axe.run().then((result) => result.violations)')) as readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
  expect(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes[0].html} ${nodes[0].failureSummary}`)).toEqual([]);
}

/** Fails when the page as a whole can be scrolled sideways, or a button is out of reach. */
export async function expectInReach(page: Page): Promise<void> {
  const found = await page.evaluate(() => {
    const out = [...document.querySelectorAll('button, a, input, select, textarea')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 1 && (left < -1 || right > innerWidth + 1) && element.closest('.scroll') === null;
    });
    return { wide: document.documentElement.scrollWidth - innerWidth, out: out.map((element) => element.outerHTML) };
  });
  expect(found).toEqual({ wide: expect.any(Number), out: [] });
  expect(found.wide).toBeLessThanOrEqual(0);
}
