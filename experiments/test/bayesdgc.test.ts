import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadRuntime } from '@assay/learn/networks';
import { describe, expect, it } from 'vitest';
import { bayesdgcStudy } from '../bayesdgc/bayesdgc.ts';
import { topK } from '../bayesdgc/binary.ts';

describe('top-k measures', () => {
  it('call the k likeliest positive, and share ties at the border', () => {
    const positive = Uint8Array.of(1, 1, 0, 0, 0);
    expect(topK(Float64Array.of(0.9, 0.2, 0.8, 0.1, 0), positive)).toEqual({ accuracy: 0.6, f1: 0.5 });
    expect(topK(Float64Array.of(0.9, 0.8, 0.1, 0.1, 0), positive)).toEqual({ accuracy: 1, f1: 1 });
    // One place for three: a third of the one that is right.
    expect(topK(Float64Array.of(0.9, 0.5, 0.5, 0.5, 0), positive).f1).toBeCloseTo((1 + 1 / 3) / 2, 12);
    expect(topK(Float64Array.of(0.5, 0.5), Uint8Array.of(0, 0))).toEqual({ accuracy: 1, f1: 1 });
  });
});

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

describe.skipIf(skipped)(`the study of BayesDGC${skipped ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  it('finds the variants where the reference has them, and features a gain where answers are few', async () => {
    const { bands } = await bayesdgcStudy.run({ full: false, data, onProgress: () => {} });
    expect(bands.length).toBeGreaterThan(15);
    expect(bands.filter((band) => !band.inside)).toEqual([]);
  }, 120_000);
});
