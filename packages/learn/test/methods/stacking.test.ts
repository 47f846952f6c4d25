import { type AnswerTable, AnswerTableBuilder, Random } from '@assay/core';
import { describe, expect, it } from 'vitest';
import {
  foretelling,
  foretellingTemperature,
  heldOut,
  probabilities,
  stackingGain,
  stackingWeights,
} from '../../src/methods/stacking.ts';

function crowd(reversed = false): AnswerTable {
  const random = new Random(6);
  const rows = Array.from({ length: 300 }, (_, i) => ({
    task: `t${i % 60}`,
    worker: `w${(i * 7) % 17}`,
    label: random.bernoulli(0.7) ? 'ab'[(i % 60) % 2] : 'ab'[random.integer(2)],
  }));
  const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
  for (const row of reversed ? rows.toReversed() : rows) builder.add(row);
  builder.add({ task: 'single', worker: 'w0', label: 'a' });
  return builder.build().table;
}

const named = (table: AnswerTable, task: Uint32Array, worker: Uint32Array): string[] =>
  Array.from(task, (t, e) => `${table.tasks.name(t)} ${table.workers.name(worker[e])}`).sort();

describe('answers put aside', () => {
  it('are dealt out by names: every answer once, whatever the order of rows, and none that a task needs', () => {
    const table = crowd();
    const parts = [0, 1, 2, 3, 4].map((part) => heldOut(table, part, 5, 9));
    for (const { rest, task } of parts) {
      expect(rest.worker.length + task.length).toBe(table.answerCount);
      for (let i = 0; i < rest.taskCount; i++) expect(rest.taskStart[i + 1]).toBeGreaterThan(rest.taskStart[i]);
    }
    const all = parts.flatMap(({ task, worker }) => named(table, task, worker));
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBe(table.answerCount - 1);
    expect(all.filter((name) => name.startsWith('single'))).toEqual([]);
    const turned = crowd(true);
    const again = heldOut(turned, 2, 5, 9);
    expect(named(turned, again.task, again.worker)).toEqual(named(table, parts[2].task, parts[2].worker));
  });

  it('are never those of models', () => {
    const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
    for (let i = 0; i < 40; i++) {
      for (const worker of ['w0', 'w1', 'w2']) builder.add({ task: `t${i}`, worker, label: 'ab'[i % 2] });
      builder.add({ task: `t${i}`, worker: 'model', label: 'a', kind: 'ai' });
    }
    const { table } = builder.build();
    const model = table.workers.indexOf('model');
    for (const part of [0, 1, 2, 3, 4]) {
      const { rest, worker } = heldOut(table, part, 5, 2);
      expect(worker.length).toBeGreaterThan(0);
      expect(worker.includes(model)).toBe(false);
      expect(rest.worker.filter((w) => w === model).length).toBe(40);
    }
  });

  it('are foretold with probabilities that sum to 1 over the labels', () => {
    const table = crowd();
    const aside = heldOut(table, 1, 5, 0);
    const q = Float64Array.from({ length: table.taskCount * 2 }, (_, i) => (i % 4 === 0 || i % 4 === 3 ? 0.8 : 0.2));
    const said = probabilities([foretelling(aside, q)], 2);
    const other = probabilities([foretelling({ ...aside, label: aside.label.map((label) => 1 - label) }, q)], 2);
    said.forEach((p, e) => {
      expect(p + other[e]).toBeCloseTo(1, 12);
    });
  });
});

describe('the temperature of a member', () => {
  it('is found where it was too sure, and is 1 where it was not', () => {
    const random = new Random(8);
    const honest: number[] = [];
    const likelihood: number[] = [];
    for (let e = 0; e < 20_000; e++) {
      const p = random.uniform();
      honest.push(p, 1 - p);
      // Whoever answers is right 9 times of 10; the answer is 'a'.
      const said = random.bernoulli(random.bernoulli(p) ? 0.9 : 0.1);
      likelihood.push(said ? 0.9 : 0.1, said ? 0.1 : 0.9);
    }
    const told = (power: number): [{ belief: Float64Array; likelihood: Float64Array }] => {
      const belief = Float64Array.from(honest, (p, i) => p ** power / (p ** power + honest[i ^ 1] ** power));
      return [{ belief, likelihood: Float64Array.from(likelihood) }];
    };
    expect(foretellingTemperature(told(3), 2)).toBeCloseTo(3, 0);
    expect(foretellingTemperature(told(1), 2)).toBeLessThan(1.1);
    expect(foretellingTemperature(told(0.4), 2)).toBe(1);
    expect(foretellingTemperature([], 2)).toBe(1);
  });
});

describe('stacking weights', () => {
  it('are those under which the answers are likeliest', () => {
    const random = new Random(3);
    const members = [0, 1, 2].map(() => Float64Array.from({ length: 40 }, () => random.uniform()));
    const value = (weights: ArrayLike<number>): number => {
      let sum = 0;
      for (let e = 0; e < 40; e++) sum += Math.log(members.reduce((p, member, m) => p + weights[m] * member[e], 0));
      return sum;
    };
    const best = value(stackingWeights(members));
    for (let a = 0; a <= 20; a++)
      for (let b = 0; a + b <= 20; b++) expect(value([a / 20, b / 20, 1 - (a + b) / 20])).toBeLessThan(best + 1e-6);
  });

  it('come with the gain over a member, and its standard error', () => {
    const p = [Float64Array.of(0.5, 0.5, 0.25, 0.5), Float64Array.of(1, 1, 1, 0.25)];
    const { gain, error } = stackingGain(p, Float64Array.of(0, 1), 0);
    const differences = [Math.log(2), Math.log(2), Math.log(4), -Math.log(2)];
    const mean = differences.reduce((sum, d) => sum + d, 0) / 4;
    expect(gain).toBeCloseTo(4 * mean, 12);
    expect(error).toBeCloseTo(Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0)), 12);
    expect(stackingGain(p, Float64Array.of(1, 0), 0)).toEqual({ gain: 0, error: 0 });
  });

  it('go to the member that knows, and are equal where nothing was put aside', () => {
    const weights = stackingWeights([Float64Array.of(0.9, 0.8, 0.9), Float64Array.of(0.5, 0.4, 0.6)]);
    expect(weights[0]).toBeGreaterThan(0.999);
    expect([...stackingWeights([new Float64Array(0), new Float64Array(0)])]).toEqual([0.5, 0.5]);
  });
});
