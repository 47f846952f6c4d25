import { Random } from '@assay/core';
import type { Comparisons } from '@assay/core/ranking';
import { matrixOf } from '@assay/learn/features';
import { learnTastes, TasteLoss } from '@assay/learn/preferences';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

const [items, width, workers, each] = [100, 4, 24, 40];

/** Two tastes, linear in features; every third worker has the second. */
function crowd(name: string, answers: number): { comparisons: Comparisons; truth: Float64Array[]; x: Float64Array } {
  const world = new Random('tastes');
  const x = Float64Array.from({ length: items * width }, () => world.normal());
  const truth = [0, 1].map(() => {
    const weights = Float64Array.from({ length: width }, () => 1.5 * world.normal());
    return Float64Array.from({ length: items }, (_, i) =>
      weights.reduce((sum, weight, d) => sum + weight * x[i * width + d], 0),
    );
  });
  const random = new Random(name);
  const [winner, loser, worker]: number[][] = [[], [], []];
  for (let u = 0; u < workers; u++)
    for (let e = 0; e < answers; e++) {
      const a = random.integer(items);
      const b = (a + 1 + random.integer(items - 1)) % items;
      const own = truth[u % 3 === 0 ? 1 : 0];
      const better = random.bernoulli(1 / (1 + Math.exp(own[b] - own[a])));
      winner.push(better ? a : b);
      loser.push(better ? b : a);
      worker.push(u);
    }
  const [w, l, by] = [winner, loser, worker].map((column) => Uint32Array.from(column));
  return { comparisons: { itemCount: items, workerCount: workers, winner: w, loser: l, worker: by }, truth, x };
}

describe('the loss of tastes', () => {
  it('has the derivatives that central differences have', () => {
    const random = new Random('taste loss');
    const comparisons = {
      itemCount: 3,
      workerCount: 2,
      winner: Uint32Array.of(0, 1, 2),
      loser: Uint32Array.of(1, 2, 0),
      worker: Uint32Array.of(0, 1, 0),
    };
    const loss = new TasteLoss(comparisons, 2);
    loss.taste.set([0.3, 0.7, 0.9, 0.1]);
    const places = Uint32Array.of(2, 0, 1);
    const z = Float64Array.from({ length: 12 }, () => random.normal());
    const slope = new Float64Array(12);
    loss.evaluate(places, z, slope);
    for (let i = 0; i < z.length; i++) {
      const at = (by: number): number =>
        loss.evaluate(
          places,
          z.map((value, j) => (j === i ? value + by : value)),
          new Float64Array(12),
        );
      const measured = (at(1e-5) - at(-1e-5)) / 2e-5;
      expect(Math.abs(measured - slope[i])).toBeLessThan(1e-5 * Math.max(1e-3, Math.abs(measured)));
    }
  });
});

describeWithRuntime('tastes', () => {
  it('are told apart, and foretell what one score for all cannot', async () => {
    const { comparisons, truth, x } = crowd('seen', each);
    const others = crowd('held out', 20).comparisons;
    const features = matrixOf('x', [items, width], x);
    const one = await learnTastes(comparisons, features, 1);
    const two = await learnTastes(comparisons, features, 2);
    expect(two.foretell(others)).toBeGreaterThan(one.foretell(others) + 0.05);
    expect(two.logLikelihood).toBeGreaterThan(one.logLikelihood);
    const second = two.taste[0] > 0.5 ? 0 : 1;
    for (let u = 0; u < workers; u++) expect(two.taste[2 * u + second] > 0.5).toBe(u % 3 === 0);
    expect(Math.abs(two.share[second] - 1 / 3)).toBeLessThan(0.05);
    for (const [taste, column] of [
      [1, second],
      [0, 1 - second],
    ]) {
      let concordant = 0;
      for (let i = 1; i < items; i++)
        for (let j = 0; j < i; j++)
          concordant += Math.sign(
            (truth[taste][i] - truth[taste][j]) * (two.scores[2 * i + column] - two.scores[2 * j + column]),
          );
      expect(concordant / ((items * (items - 1)) / 2)).toBeGreaterThan(0.85);
    }
    two.worst.forEach((least, i) => {
      expect(least).toBe(Math.min(two.scores[2 * i], two.scores[2 * i + 1]));
    });
    const [first] = await two.predict(matrixOf('x', [1, width], x.subarray(0, width)));
    expect(first).toBeCloseTo(two.scores[0], 5);
  });

  it('are neutral without comparisons, and repeat for a seed', async () => {
    const none = new Uint32Array(0);
    const features = matrixOf('x', [2, 1], [1, 2]);
    const nothing = { itemCount: 2, workerCount: 1, winner: none, loser: none, worker: none };
    const empty = await learnTastes(nothing, features, 2);
    expect([...empty.scores, ...empty.taste, empty.foretell(nothing)].every(Number.isFinite)).toBe(true);
    expect(() =>
      empty.foretell({ ...nothing, winner: Uint32Array.of(5), loser: Uint32Array.of(0), worker: Uint32Array.of(0) }),
    ).toThrow(/items 5 and 0 of 2/);
    await expect(learnTastes(nothing, features, 0)).rejects.toThrow(/^invalid number of tastes 0/);
    const { comparisons, x } = crowd('bits', 2);
    const matrix = matrixOf('x', [items, width], x);
    const options = { epochs: 2, rounds: 2, starts: 1 };
    const { scores } = await learnTastes(comparisons, matrix, 2, options);
    const turned = {
      ...comparisons,
      winner: comparisons.winner.slice().reverse(),
      loser: comparisons.loser.slice().reverse(),
      worker: comparisons.worker.slice().reverse(),
    };
    expect((await learnTastes(turned, matrix, 2, options)).scores).toEqual(scores);
  });
});
