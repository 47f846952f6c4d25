import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadRuntime } from '@assay/learn/networks';
import { describe, expect, it } from 'vitest';
import { haemStudy } from '../haem/haem.ts';

const data = resolve(process.env.ASSAY_DATA ?? '../shared/datasets');
const runtime = await loadRuntime().then(
  () => true,
  () => false,
);
const missing = [
  ...(runtime ? [] : ['the optional package onnxruntime-node']),
  ...(existsSync(join(data, 'fmnist-crowd')) ? [] : ['the data folder, see docs/data.md']),
  ...(existsSync('/usr/share/datasets/fashion-mnist') ? [] : ['Debian’s dataset-fashion-mnist']),
];
const skipped = missing.length > 0 && process.env.ASSAY_REQUIRE_ALL !== '1';

describe.skipIf(skipped)(`the study of HAEM${skipped ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  it('finds every method where the reference has it, and in its order, on the first crowd', async () => {
    const { bands } = await haemStudy.run({ full: false, data, onProgress: () => {} });
    expect(bands.length).toBeGreaterThan(10);
    expect(bands.filter((band) => !band.inside)).toEqual([]);
  }, 120_000);
});
