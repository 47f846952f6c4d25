import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Random } from '@assay/core';
import { matrixOf } from '@assay/learn/features';
import { loadRuntime } from '@assay/learn/networks';
import { describe, expect, it } from 'vitest';
import { drawCrowd } from '../deepbp/crowd.ts';
import { deepbpStudy } from '../deepbp/deepbp.ts';
import { blurred } from '../deepbp/pictures.ts';

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

describe('the crowds of deepBP', () => {
  it('are regular graphs in which nobody meets a task twice, with spammers on every task', () => {
    for (const [tasks, redundancy, load] of [
      [1000, 3, 4],
      [200, 10, 4],
      [12, 3, 4],
    ]) {
      const design = { tasks, redundancy, load, right: 2, wrong: 1, spammers: 2 };
      const { table } = drawCrowd(design, new Random(tasks));
      expect(table.answerCount).toBe(tasks * (redundancy + 2));
      for (let task = 0; task < tasks; task++) {
        const workers = table.worker.subarray(table.taskStart[task], table.taskStart[task + 1]);
        expect(new Set(workers).size).toBe(redundancy + 2);
      }
      const { start } = table.byWorker;
      for (let w = 0; w < table.workerCount; w++) {
        const spammer = table.workers.name(w).startsWith('s');
        expect(start[w + 1] - start[w]).toBe(spammer ? tasks : load);
      }
    }
  });

  it('keep the mean of a picture behind a blur, and one bright pixel round', () => {
    const values = new Float32Array(14 * 14);
    values[7 * 14 + 7] = 1;
    const { values: soft } = blurred(matrixOf('one', [1, 14, 14], values), 1);
    expect(soft.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    expect(soft[7 * 14 + 7]).toBeCloseTo(1 / (2 * Math.PI), 3);
    expect(soft[6 * 14 + 7]).toBeCloseTo(soft[7 * 14 + 6], 9);
    expect(blurred(matrixOf('even', [1, 14, 14], new Float32Array(196).fill(0.5)), 4).values[0]).toBeCloseTo(0.5, 6);
  });
});

describe.skipIf(skipped)(`the study of deepBP${skipped ? ` (needs ${missing.join(', ')})` : ''}`, () => {
  it('finds every method where the reference has it on a few crowds', async () => {
    const { bands, figures } = await deepbpStudy.run({ full: false, data, onProgress: () => {} });
    expect(bands.length).toBeGreaterThan(30);
    expect(bands.filter((band) => !band.inside)).toEqual([]);
    expect(figures.map(({ name }) => name)).toEqual(['deepbp-overconfidence', 'deepbp-draws', 'deepbp-trace']);
  }, 240_000);
});
