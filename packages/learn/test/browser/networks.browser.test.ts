import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Random } from '@assay/core';
import {
  type Architecture,
  mlp,
  Network,
  type NetworkJson,
  smallResNet,
  type TrainingOptions,
  train,
} from '@assay/learn/networks';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { describeInBrowser, openPage } from '../../../../tools/lib/browser.ts';
import { describeWithRuntime } from '../runtime.ts';

const origin = 'http://assay.test';
const runtimeFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));

/** What the page gets: our sources as one module, in which the runtime stays a lazy import. */
interface PageGlobals {
  readonly assay: {
    readonly Network: typeof Network;
    readonly Random: typeof Random;
    readonly train: typeof train;
  };
  readonly runtime: () => Promise<typeof import('onnxruntime-web')>;
}

async function pageScript(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { Random } from '@assay/core';
        import { Network, train } from '@assay/learn/networks';
        Object.assign(globalThis, {
          assay: { Network, Random, train },
          runtime: () => import('onnxruntime-web/wasm'),
        });`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['source'],
    target: 'es2024',
    external: ['onnxruntime-web/wasm'],
    write: false,
  });
  return outputFiles[0].text;
}

/** A page with the script, and the files of onnxruntime-web as they lie in the package. */
async function servedPage(browser: Browser): Promise<Page> {
  const script = await pageScript();
  const map = JSON.stringify({ imports: { 'onnxruntime-web/wasm': '/runtime/ort.wasm.bundle.min.mjs' } });
  const html = `<!doctype html><title>test</title><script type="importmap">${map}</script><script type="module" src="/assay.mjs"></script>`;
  const page = await openPage(browser);
  await page.route(`${origin}/**`, async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
    if (pathname === '/assay.mjs') return route.fulfill({ contentType: 'text/javascript', body: script });
    if (!pathname.startsWith('/runtime/')) return route.fulfill({ status: 404 });
    const contentType = pathname.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
    return route.fulfill({ contentType, body: await readFile(join(runtimeFolder, pathname.slice(9))) });
  });
  await page.goto(`${origin}/`);
  return page;
}

/** 30 rows of three classes with noise, from the same stream everywhere. */
function rowsOf(width: number): { x: Float32Array; targets: Float64Array } {
  const random = new Random(3);
  const x = Float32Array.from({ length: 30 * width }, (_, i) => random.normal() + (Math.floor(i / width) % 3));
  const targets = Float64Array.from({ length: 90 }, (_, i) => (Math.floor(i / 3) % 3 === i % 3 ? 1 : 0));
  return { x, targets };
}

/** Biases before a normalisation have gradients of mere rounding, which Adam would make steps of. */
const cases: readonly (readonly [Architecture, TrainingOptions])[] = [
  [mlp(48, 3, 16, 0.5), { epochs: 4, batch: 8, rate: 0.01 }],
  [smallResNet([3, 4, 4], 3, 4, 1), { epochs: 4, batch: 8, rate: 0.05, optimiser: 'sgd' }],
];

async function trained(architecture: Architecture, options: TrainingOptions): Promise<Network> {
  const { x, targets } = rowsOf(48);
  const network = Network.start(architecture, new Random(1));
  const rows = Uint32Array.from({ length: 30 }, (_, i) => i);
  await train(network, { x, rows, targets }, options, { random: new Random(2) });
  return network;
}

describeWithRuntime('networks beside those of Node', () => {
  describeInBrowser('in a browser', (browser) => {
    it('give the same probabilities from a trained file, in plain onnxruntime-web', async () => {
      const page = await servedPage(browser());
      for (const [architecture, options] of cases) {
        const network = await trained(architecture, options);
        const { x } = rowsOf(48);
        const file = network.toOnnx(['a', 'b', 'c']);
        const found = await page.evaluate(
          async ([bytes, values]) => {
            const ort = await (globalThis as unknown as PageGlobals).runtime();
            ort.env.wasm.numThreads = 1;
            const session = await ort.InferenceSession.create(Uint8Array.from(bytes));
            const features = new ort.Tensor('float32', Float32Array.from(values), [30, 48]);
            return Array.from((await session.run({ features })).probabilities.data as Float32Array);
          },
          [Array.from(file), Array.from(x)] as const,
        );
        const here = await network.probabilities(x, 30);
        expect(found).toHaveLength(90);
        found.forEach((p, i) => void expect(Math.abs(p - here[i]), architecture.name).toBeLessThan(1e-5));
      }
      await page.close();
    });

    it('train there as here', async () => {
      const page = await servedPage(browser());
      for (const [architecture, options] of cases) {
        const { x, targets } = rowsOf(48);
        const saved = await page.evaluate(
          async ([shape, values, wanted, how]) => {
            const { Network, Random, train } = (globalThis as unknown as PageGlobals).assay;
            const network = Network.start(shape, new Random(1));
            const rows = Uint32Array.from({ length: 30 }, (_, i) => i);
            const set = { x: Float32Array.from(values), rows, targets: Float64Array.from(wanted) };
            await train(network, set, how, { random: new Random(2) });
            return network.save();
          },
          [architecture, Array.from(x), Array.from(targets), options] as const,
        );
        const there = Network.load(saved as NetworkJson);
        const here = await trained(architecture, options);
        for (const [name, data] of here.parameters)
          there.parameters.get(name)?.forEach((value, i) => {
            expect(Math.abs(value - data[i]), `${architecture.name} ${name}[${i}]`).toBeLessThan(1e-3);
          });
      }
      await page.close();
    });
  });
});
