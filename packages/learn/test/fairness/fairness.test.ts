import { Random } from '@assay/core';
import { addGroupPenalty, FairLoss, type FairnessCriterion, learnFairly } from '@assay/learn/fairness';
import { matrixOf } from '@assay/learn/features';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

describe('the penalty on groups', () => {
  for (const criterion of ['parity', 'opportunity', 'odds'] as FairnessCriterion[])
    it(`has the derivatives of ${criterion} that central differences have`, () => {
      const random = new Random(criterion);
      const rows = 9;
      const posterior = Float64Array.from({ length: rows * 3 });
      for (let i = 0; i < rows; i++) posterior.set(random.dirichlet([1, 1, 1]), i * 3);
      const targets = { posterior, classCount: 3, group: Int32Array.of(0, 1, 2, -1, 0, 1, 2, 2, 0) };
      const items = Uint32Array.of(8, 7, 6, 5, 4, 3, 2, 1, 0);
      const loss = new FairLoss(targets, items, criterion, 2, 3);
      const places = Uint32Array.of(0, 3, 1, 5, 7, 2, 8);
      const z = Float64Array.from({ length: 21 }, () => random.normal());
      const slope = new Float64Array(21);
      loss.evaluate(places, z, slope);
      const value = (): number => loss.evaluate(places, z, new Float64Array(21));
      for (let i = 0; i < z.length; i++) {
        const kept = z[i];
        z[i] = kept + 1e-5;
        const above = value();
        z[i] = kept - 1e-5;
        const below = value();
        z[i] = kept;
        const measured = (above - below) / 2e-5;
        expect(Math.abs(measured - slope[i])).toBeLessThan(1e-5 * Math.max(1e-3, Math.abs(measured)));
      }
    });

  it('is 0 for groups that are alike, for one group, and where none is known', () => {
    const f = Float64Array.of(0.3, 0.7, 0.3, 0.7);
    for (const group of [
      [0, 1],
      [1, 1],
      [-1, -1],
    ]) {
      const slope = new Float64Array(4);
      expect(addGroupPenalty(f, slope, 2, 2, { group, favourable: 1, weight: 2 })).toBeCloseTo(0, 15);
      for (const own of slope) expect(own).toBeCloseTo(0, 12);
    }
  });
});

const [items, width] = [3000, 4];

/** Truth by the first feature; those believed of group 0 are called 0 in 40 % of what is truly 1. The second feature tells the group. */
function biased(seed: string): { x: Float64Array; truth: Uint8Array; group: Uint8Array; posterior: Float64Array } {
  const random = new Random(seed);
  const x = Float64Array.from({ length: items * width }, () => random.normal());
  const group = Uint8Array.from({ length: items }, () => random.integer(2));
  const truth = new Uint8Array(items);
  const posterior = new Float64Array(2 * items);
  for (let i = 0; i < items; i++) {
    x[i * width + 1] = group[i] + 0.3 * x[i * width + 1];
    truth[i] = random.bernoulli(1 / (1 + Math.exp(-3 * x[i * width]))) ? 1 : 0;
    const said = truth[i] === 1 && group[i] === 0 && random.bernoulli(0.4) ? 0 : truth[i];
    posterior[2 * i + said] = 1;
  }
  return { x, truth, group, posterior };
}

/** Difference between groups of the share called 1 among the items chosen, and the accuracy. */
function judged(
  probabilities: Float64Array,
  { truth, group }: { truth: Uint8Array; group: Uint8Array },
): { parity: number; opportunity: number; accuracy: number } {
  const [all, called] = [new Float64Array(4), new Float64Array(4)];
  let accuracy = 0;
  truth.forEach((label, i) => {
    const said = probabilities[2 * i + 1] > 0.5 ? 1 : 0;
    all[2 * group[i] + label]++;
    called[2 * group[i] + label] += said;
    if (said === label) accuracy += 1 / items;
  });
  const share = (g: number): number => (called[2 * g] + called[2 * g + 1]) / (all[2 * g] + all[2 * g + 1]);
  const hit = (g: number): number => called[2 * g + 1] / all[2 * g + 1];
  return { parity: Math.abs(share(0) - share(1)), opportunity: Math.abs(hit(0) - hit(1)), accuracy };
}

describeWithRuntime('learning with a penalty on groups', () => {
  it('closes the gap that biased answers open, and is nearer to the truth for it', async () => {
    const { x, group, posterior } = biased('seen');
    const fresh = biased('fresh');
    const features = matrixOf('x', [items, width], x);
    const rows = matrixOf('x', [items, width], fresh.x);
    const targets = { posterior, classCount: 2, group };
    const options = { epochs: 30 };
    const plain = judged(await (await learnFairly(targets, features, { ...options, weight: 0 })).predict(rows), fresh);
    const fair = judged(await (await learnFairly(targets, features, options)).predict(rows), fresh);
    expect(plain.parity).toBeGreaterThan(0.1);
    expect(fair.parity).toBeLessThan(plain.parity / 2);
    expect(fair.opportunity).toBeLessThan(plain.opportunity / 2);
    expect(fair.accuracy).toBeGreaterThan(plain.accuracy);
  });

  it('gives the same bits for a seed, learns from items of no known group, and takes no items', async () => {
    const features = matrixOf('x', [3, 1], [1, 2, 3]);
    const targets = { posterior: Float64Array.of(1, 0, 0, 1, 0, 1), classCount: 2, group: [-1, -1, -1] };
    const options = { epochs: 5, criterion: 'odds' } as const;
    const { probabilities } = await learnFairly(targets, features, options);
    expect((await learnFairly(targets, features, options)).probabilities).toEqual(probabilities);
    const none = await learnFairly(targets, features, { items: new Uint32Array(0) });
    expect(none.objective).toEqual([]);
    expect(none.probabilities.every(Number.isFinite)).toBe(true);
  });

  it('refuses groups and classes that have no meaning', async () => {
    const features = matrixOf('x', [2, 1], [1, 2]);
    const targets = { posterior: Float64Array.of(1, 0, 0, 1), classCount: 2, group: [0, 1] };
    await expect(learnFairly({ ...targets, group: [0] }, features)).rejects.toThrow(/^invalid groups: 1 and 4/);
    await expect(learnFairly({ ...targets, group: [0, -2] }, features)).rejects.toThrow(/^invalid group -2 of item 1/);
    await expect(learnFairly(targets, features, { favourable: 2 })).rejects.toThrow(/^invalid class 2 of 2/);
  });
});
