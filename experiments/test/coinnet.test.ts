import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadRuntime } from '@assay/learn/networks';
import { describe, expect, it } from 'vitest';
import { coinnetStudy } from '../coinnet/coinnet.ts';

const data = resolve(process.env.ASSAY_DATA ?? '../shared/datasets');
const runtime = await loadRuntime().then(
  () => true,
  () => false,
);
const missing = [
  ...(runtime ? [] : ['the optional package onnxruntime-node']),
  ...(existsSync('/usr/share/datasets/fashion-mnist') ? [] : ['Debian’s dataset-fashion-mnist']),
];
const skipped = missing.length > 0 && process.env.ASSAY_REQUIRE_ALL !== '1';

describe.skipIf(skipped)(`the study of COINNet${skipped ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  it('finds planted outliers, and better labels for it, on one drawn crowd', async () => {
    const { bands } = await coinnetStudy.run({ full: false, data, onProgress: () => {} });
    expect(bands.length).toBe(9);
    expect(bands.filter((band) => !band.inside)).toEqual([]);
  }, 120_000);
});
