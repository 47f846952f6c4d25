import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

const path = process.env.ASSAY_CHROMIUM ?? '/usr/bin/chromium';
const demanded = process.env.ASSAY_REQUIRE_ALL === '1';

/** Why browser tests are skipped, or undefined when they run. `ASSAY_REQUIRE_ALL=1` makes them run or fail. */
export const noBrowser: string | undefined =
  existsSync(path) || demanded ? undefined : `no Chromium at ${path}; install it, or set ASSAY_CHROMIUM`;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** As `describe`, with one real browser for its tests; skipped, with the reason, where there is none. */
export function describeInBrowser(name: string, body: (browser: () => Browser) => void): void {
  const title = noBrowser === undefined ? name : `${name} (${noBrowser})`;
  describe.skipIf(noBrowser !== undefined)(title, () => {
    let browser: Browser | undefined;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(async () => {
      await browser?.close();
    });
    body(() => browser as Browser);
  });
}

/** An empty page whose errors fail the test that opened it. */
export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.setContent('<!doctype html><title>test</title>');
  return page;
}
