import { answersFrom, fit } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openPage } from '../../../../tools/lib/browser.ts';
import { crowd } from '../support/crowd.ts';

/** The named entry of the sources as one script for a page, without anything Node offers. */
async function bundled(script: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'assay',
    platform: 'browser',
    conditions: ['source'],
    target: 'es2024',
    write: false,
  });
  return outputFiles[0].text;
}

describeInBrowser('@assay/core in a browser', (browser) => {
  const { rows } = crowd({ seed: 3, tasks: 400, workers: 30, classes: 3, redundancy: 5, accuracy: [0.5, 0.95] });

  it.each(['majority-vote', 'dawid-skene', 'variational-bayes', 'auto'])(
    'fits %s to the same posteriors as Node',
    async (id) => {
      const script = await bundled(
        "export { answersFrom, fit, fitAsync } from '@assay/core'; export { methodById } from '@assay/core/methods';",
      );
      const page: Page = await openPage(browser());
      await page.addScriptTag({ content: script });
      const found = await page.evaluate(
        ([given, method]) => {
          const { answersFrom, fit, methodById } = (
            globalThis as unknown as { assay: Record<string, CallableFunction> }
          ).assay;
          const estimate = fit(methodById(method), answersFrom(given));
          return {
            posterior: Array.from(estimate.posterior as Float64Array),
            node: typeof (globalThis as { process?: unknown }).process,
          };
        },
        [rows, id] as const,
      );
      await page.close();
      const here = fit(methodById(id), answersFrom(rows)).posterior;
      expect(found.node).toBe('undefined');
      expect(found.posterior.length).toBe(here.length);
      found.posterior.forEach((value, i) => {
        expect(Math.abs(value - here[i])).toBeLessThan(1e-9);
      });
    },
  );

  it('reads a gzip CSV in the page and can be cancelled', async () => {
    const script = await bundled(
      "export { fitAsync } from '@assay/core'; export { methodById } from '@assay/core/methods'; export { readAnswers } from '@assay/core/formats';",
    );
    const page = await openPage(browser());
    await page.addScriptTag({ content: script });
    const csv = `task,worker,label\n${rows.map((row) => row.join(',')).join('\n')}\n`;
    const result = await page.evaluate(async (text) => {
      const { fitAsync, methodById, readAnswers } = (
        globalThis as unknown as { assay: Record<string, CallableFunction> }
      ).assay;
      const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
      const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
      const read = await readAnswers({ name: 'answers.csv.gz', bytes: [bytes] });
      const { table } = [...read.tables.values()][0] as { table: { answerCount: number } };
      const stop = new AbortController();
      stop.abort();
      const code = await fitAsync(methodById('auto'), table, { signal: stop.signal }).then(
        () => 'finished',
        (error: { code: string }) => error.code,
      );
      return { answers: table.answerCount, code };
    }, csv);
    await page.close();
    expect(result).toEqual({ answers: rows.length, code: 'cancelled' });
  });
});
