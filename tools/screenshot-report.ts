/**
 * Takes the pictures of the report that the documentation shows, from a simulated crowd, with Debian's Chromium.
 *
 * Usage: `node tools/screenshot-report.ts` with the packages built. Writes `docs/images/report-desk.png` and
 * `docs/images/report-phone.png`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Estimate, fit, majorityVote } from '@assay/core';
import { betaQuantile } from '@assay/core/math';
import { measure } from '@assay/core/quality';
import { type Interval, type ReportInput, report } from '@assay/figures/report';
import { launch } from '../packages/figures/test/browser/browser.ts';
import { type Crowd, crowd, fullInput } from '../packages/figures/test/helpers/crowd.ts';

const shots = [
  { name: 'report-desk', width: 1100, height: 1250, colorScheme: 'light', at: '' },
  { name: 'report-phone', width: 390, height: 844, colorScheme: 'dark', at: '#workers' },
] as const;

/** The input with nothing in it but what this crowd gives: the fixture's placeholders are measured or left out. */
function measuredInput(answers: Crowd): ReportInput {
  const input = fullInput(answers);
  const interval = (estimate: Estimate): Interval => {
    const { accuracy, scored } = measure(estimate, answers.truth);
    const right = accuracy * scored;
    return {
      value: accuracy,
      lo: betaQuantile(0.025, right + 0.5, scored - right + 0.5),
      hi: betaQuantile(0.975, right + 0.5, scored - right + 0.5),
    };
  };
  return {
    ...input,
    title: 'A simulated crowd',
    receipt: answers.receipt,
    why: undefined,
    expectedAccuracy: undefined,
    agreement: undefined,
    notes: undefined,
    made: undefined,
    checkCommand: undefined,
    truth: input.truth && {
      ...input.truth,
      accuracy: interval(input.estimate),
      voteAccuracy: interval(fit(majorityVote, answers.table)),
    },
  };
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-report-'));
  const images = join(import.meta.dirname, '../docs/images');
  mkdirSync(images, { recursive: true });
  const file = join(folder, 'report.html');
  const answers = crowd({
    tasks: 900,
    workers: 20,
    classes: ['billing', 'bug', 'feature request', 'praise'],
    answersPerTask: 3,
  });
  writeFileSync(file, report(measuredInput(answers)));
  const browser = await launch();
  for (const { name, width, height, colorScheme, at } of shots) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    await page.goto(pathToFileURL(file).href + at);
    await page.screenshot({ path: join(images, `${name}.png`) });
    console.log(`wrote docs/images/${name}.png`);
  }
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

await main();
