import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnswerTable, AnswerTableBuilder, fit, Random } from '@assay/core';
import { digamma, trigamma } from '@assay/core/math';
import { meanField } from '@assay/core/methods';
import { describe, expect, it } from 'vitest';
import { CrowdPosterior, type CrowdPrior } from '../../../src/methods/bayesian/crowd-posterior.ts';
import { Dirichlets } from '../../../src/methods/bayesian/dirichlets.ts';
import { clippedLogs } from '../../../src/methods/bayesian/log-classifier.ts';

const published: CrowdPrior = { workers: 'rows', right: 5, wrong: 2, frequency: 1.1 };

function crowd(seed: number, tasks = 40, classes = 3): AnswerTable {
  const random = new Random(seed);
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: classes }, (_, k) => `c${k}`) });
  for (let i = 0; i < tasks; i++)
    for (let w = 0; w < 4; w++) {
      const label = random.bernoulli(0.6) ? i % classes : random.integer(classes);
      builder.add({ task: `t${i}`, worker: `w${(i + 3 * w) % 11}`, label: `c${label}` });
    }
  return builder.build().table;
}

const allOf = (table: AnswerTable): number[] => Array.from({ length: table.taskCount }, (_, task) => task);
const without = (table: AnswerTable): Uint8Array => new Uint8Array(table.taskCount);

/** Mean field to its end: all tasks at once, steps of size 1. */
function settled(table: AnswerTable, prior: CrowdPrior, logs: Float64Array, sweeps = 300): [Float64Array, number] {
  const found = new CrowdPosterior(table, prior, without(table));
  const tasks = allOf(table);
  let bound = 0;
  for (let sweep = 0; sweep < sweeps; sweep++) {
    found.local(tasks, logs);
    found.follow(tasks, 1, 1);
    bound = found.local(tasks, logs, false) - found.divergence();
  }
  found.local(tasks, logs);
  return [found.q, bound];
}

/** Log-probabilities of a classifier that knows something. */
function opinions(table: AnswerTable, seed: number): Float64Array {
  const random = new Random(seed);
  return clippedLogs(
    Float64Array.from({ length: table.taskCount * table.classCount }, () => random.normal()),
    table.classCount,
    1,
  );
}

describe('Dirichlets', () => {
  it('reach the closed form in one step of size 1, and part of the way in smaller ones', () => {
    const prior = Float64Array.of(5, 2, 2, 5);
    const statistics = Float64Array.of(3.5, 0.25, 0, 8);
    const one = new Dirichlets(prior, 2);
    one.step(statistics);
    expect([...one.parameters]).toEqual([8.5, 2.25, 2, 13]);
    expect(one.expectedLog[1]).toBe(digamma(2.25) - digamma(10.75));
    const part = new Dirichlets(prior, 2);
    part.step(statistics, 0.25, 2);
    expect([...part.parameters]).toEqual([5 + 0.25 * 7, 2 + 0.25 * 0.5, 2, 5 + 0.25 * 16]);
    for (let i = 0; i < 200; i++) part.step(statistics, 0.25);
    part.parameters.forEach((value, i) => {
      expect(value).toBeCloseTo(one.parameters[i], 12);
    });
  });

  it('step along the natural gradient: Fisher information times it is the gradient of the bound', () => {
    const table = crowd(3, 12, 2);
    const logs = opinions(table, 4);
    const tasks = allOf(table);
    const found = new CrowdPosterior(table, published, without(table));
    for (let sweep = 0; sweep < 2; sweep++) {
      found.local(tasks, logs);
      found.follow(tasks, 0.7, 1);
    }
    // J is a function of β alone: q is at its optimum wherever β is (eq. 15).
    const { parameters } = found.workers;
    const boundAt = (i: number, by: number): number => {
      const moved = new CrowdPosterior(table, published, without(table));
      moved.workers.parameters.set(parameters);
      moved.workers.parameters[i] += by;
      for (let row = 0; row < parameters.length; row += 2) {
        const [a, b] = moved.workers.parameters.subarray(row, row + 2);
        moved.workers.expectedLog.set([digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)], row);
      }
      return moved.local(tasks, logs) - moved.divergence();
    };
    const before = parameters.slice();
    found.local(tasks, logs);
    found.follow(tasks, 1, 1);
    const natural = found.workers.parameters.map((value, i) => value - before[i]);
    parameters.set(before);
    for (let row = 0; row < before.length; row += 2) {
      const shared = trigamma(before[row] + before[row + 1]) * (natural[row] + natural[row + 1]);
      for (const i of [row, row + 1]) {
        const expected = trigamma(before[i]) * natural[i] - shared;
        const slope = (boundAt(i, 1e-4) - boundAt(i, -1e-4)) / 2e-4;
        expect(Math.abs(slope - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)));
      }
    }
  });
});

describe('the posterior of a crowd', () => {
  it('is mean-field Dawid-Skene where the network says nothing', () => {
    for (const classes of [2, 3]) {
      const table = crowd(1, 60, classes);
      const uniform = new Float64Array(table.taskCount * classes).fill(-Math.log(classes));
      const rows = fit(meanField, table, {
        options: { model: 'dirichlet', preset: 'bayesgc', tolerance: 1e-12, maxIterations: 5000 },
      });
      const [q, bound] = settled(table, published, uniform);
      expect(Math.max(...q.map((value, i) => Math.abs(value - rows.posterior[i])))).toBeLessThan(1e-8);
      expect(bound).toBeCloseTo(rows.objective.at(-1) as number, 8);
      const coin = fit(meanField, table, {
        options: { right: 2, wrong: 1, tolerance: 1e-12, maxIterations: 5000 },
      });
      const [one, oneBound] = settled(table, { ...published, workers: 'coin', right: 2, wrong: 1 }, uniform);
      expect(Math.max(...one.map((value, i) => Math.abs(value - coin.posterior[i])))).toBeLessThan(1e-8);
      expect(oneBound).toBeCloseTo(coin.objective.at(-1) as number, 8);
    }
  });

  it('is mean field with the network as prior: deepMF without a clip', () => {
    const table = crowd(2, 60, 3);
    const logs = opinions(table, 5);
    const informed = table.with({ taskPrior: logs.map(Math.exp) });
    const rows = fit(meanField, informed, {
      options: { model: 'dirichlet', preset: 'bayesgc', tolerance: 1e-12, maxIterations: 5000 },
    });
    const [q, bound] = settled(table, published, logs);
    expect(Math.max(...q.map((value, i) => Math.abs(value - rows.posterior[i])))).toBeLessThan(1e-8);
    expect(bound).toBeCloseTo(rows.objective.at(-1) as number, 8);
  });

  it('finds the fixed points of mean field on a tree of four tasks', () => {
    const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
    for (const task of ['t0', 't1', 't2', 't3']) builder.tasks.add(task);
    for (const [task, worker, label] of [
      [0, 0, 0],
      [1, 0, 1],
      [1, 1, 1],
      [2, 1, 0],
      [2, 2, 0],
      [3, 2, 0],
    ])
      builder.add({ task: `t${task}`, worker: `w${worker}`, label: String(label) });
    const { table } = builder.build();
    const of = (f: readonly number[]): Float64Array =>
      Float64Array.from(f.flatMap((p) => [Math.log(1 - p), Math.log(p)]));
    const fixedPoints = [
      { workers: 'coin', f: [0.5, 0.5, 0.5, 0.5], q: [0.192827, 0.957218, 0.042782, 0.192827] },
      { workers: 'rows', f: [0.5, 0.5, 0.5, 0.5], q: [0.238251, 0.93188, 0.102105, 0.298933] },
      { workers: 'coin', f: [0.3, 0.6, 0.5, 0.8], q: [0.075983, 0.975892, 0.079764, 0.642252] },
      { workers: 'rows', f: [0.3, 0.6, 0.5, 0.8], q: [0.101029, 0.959185, 0.131234, 0.689332] },
    ] as const;
    for (const { workers, f, q } of fixedPoints) {
      const [found] = settled(table, { workers, right: 2, wrong: 1, frequency: 1 }, of(f), 2000);
      q.forEach((p, task) => {
        expect(found[task * 2 + 1]).toBeCloseTo(p, 5);
      });
    }
  });

  it('keeps the bound from falling in memoised batches, and leaves silent workers at the prior', () => {
    const table = crowd(7, 90, 3);
    const silent = table.workers.indexOf('w0');
    const kept = Array.from(table.worker.keys()).filter((e) => table.worker[e] !== silent);
    const taskStart = Uint32Array.from(table.taskStart, (start) => kept.filter((e) => e < start).length);
    const spoken = table.with({
      taskStart,
      worker: Uint32Array.from(kept, (e) => table.worker[e]),
      label: Uint16Array.from(kept, (e) => table.label[e]),
    });
    const logs = opinions(spoken, 8);
    const found = new CrowdPosterior(spoken, published, new Uint8Array(spoken.taskCount).fill(1));
    const tasks = allOf(spoken);
    const rowsOf = (list: readonly number[]): Float64Array =>
      Float64Array.from(list.flatMap((task) => [...logs.subarray(task * 3, task * 3 + 3)]));
    let before = Number.NEGATIVE_INFINITY;
    for (let epoch = 0; epoch < 12; epoch++) {
      for (let from = 0; from < 90; from += 25) {
        const batch = tasks.slice(from, from + 25);
        found.memoise(batch, () => void found.local(batch, rowsOf(batch)));
        if (epoch === 0) continue;
        const bound = found.local(tasks, logs, false) - found.divergence();
        expect(bound).toBeGreaterThan(before - 1e-9);
        before = bound;
      }
    }
    const rows = found.workers.parameters.subarray(silent * 9, silent * 9 + 9);
    expect([...rows]).toEqual([5, 2, 2, 2, 5, 2, 2, 2, 5]);
  });

  it('gives the network the gradient f − q', () => {
    const table = crowd(9, 6, 3);
    const random = new Random(2);
    const logits = Float64Array.from({ length: 18 }, () => random.normal());
    const tasks = allOf(table);
    const found = new CrowdPosterior(table, published, without(table));
    found.local(tasks, clippedLogs(logits, 3, 1));
    found.follow(tasks, 1, 1);
    found.local(tasks, clippedLogs(logits, 3, 1));
    const f = clippedLogs(logits, 3, 1).map(Math.exp);
    for (let i = 0; i < logits.length; i++) {
      const at = (by: number): number =>
        found.local(
          tasks,
          clippedLogs(
            logits.map((z, j) => (j === i ? z + by : z)),
            3,
            1,
          ),
          false,
        );
      expect((at(1e-5) - at(-1e-5)) / 2e-5).toBeCloseTo(found.q[i] - f[i], 7);
    }
  });

  const folder = join(process.env.ASSAY_DATA ?? '../shared/datasets', 'fmnist-crowd');
  const absent = !existsSync(folder) && process.env.ASSAY_REQUIRE_ALL !== '1';
  it.skipIf(absent)(
    `reaches the reference of mean field on drawn crowds with a spammer${absent ? ' (needs the data folder: see docs/data.md)' : ''}`,
    () => {
      for (const [seed, matched, wrong] of [
        [0, 0.77, 0.525],
        [1, 0.742, 0.517],
        [2, 0.71, 0.514],
      ]) {
        const { table, truth } = drawn(join(folder, `oc_l3r4_d2-1_sp1_seed${seed}`));
        const uniform = new Float64Array(table.taskCount * 2);
        for (const [prior, expected] of [
          [1, matched],
          [1.4, wrong],
        ]) {
          const [q] = settled(table, { workers: 'rows', right: 2, wrong: prior, frequency: 1 }, uniform, 100);
          const right = truth.filter((label, task) => (q[task * 2 + 1] > q[task * 2] ? 1 : 0) === label).length;
          expect(Math.abs(right / truth.length - expected), `seed ${seed}, wrong ${prior}`).toBeLessThan(0.0025);
        }
      }
    },
  );
});

function drawn(path: string): { table: AnswerTable; truth: number[] } {
  const cells = (name: string): string[][] =>
    readFileSync(`${path}_${name}.csv`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(','));
  const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
  const items = cells('items');
  for (const [item] of items) builder.tasks.add(item);
  for (const [task, worker, label] of cells('labels')) builder.add({ task, worker, label });
  return { table: builder.build().table, truth: items.map(([, , truth]) => Number(truth)) };
}

describe('clipped log-probabilities', () => {
  it('are those of the logits where nothing is above the cap', () => {
    const logs = clippedLogs([0, Math.log(3), 1000, 0], 2, 0.9);
    expect(logs[0]).toBeCloseTo(Math.log(0.25), 14);
    expect([...logs.subarray(2)].map(Math.exp)).toEqual([expect.closeTo(0.9, 12), expect.closeTo(0.1, 12)]);
    expect([...clippedLogs([1000, 0], 2, 1)]).toEqual([0, -1000]);
  });

  it('give what is above the cap evenly to the other classes', () => {
    const p = clippedLogs([Math.log(0.96), Math.log(0.03), Math.log(0.01)], 3, 0.9).map(Math.exp);
    expect(p[0]).toBeCloseTo(0.9, 12);
    expect(p[1]).toBeCloseTo(0.06, 12);
    expect(p[2]).toBeCloseTo(0.04, 12);
    clippedLogs([5, 1, 0, -2], 4, 0.25).forEach((log) => {
      expect(log).toBe(-Math.log(4));
    });
  });
});
