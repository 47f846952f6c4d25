import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const path = process.env.ASSAY_CHROMIUM ?? '/usr/bin/chromium';
const demanded = process.env.ASSAY_REQUIRE_BROWSER === '1';

/** Why browser tests are skipped, or undefined when they run. `ASSAY_REQUIRE_BROWSER=1` makes them run or fail. */
export const noBrowser: string | undefined =
  existsSync(path) || demanded ? undefined : `no Chromium at ${path}; install it, or set ASSAY_CHROMIUM`;

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}
