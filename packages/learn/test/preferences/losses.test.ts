import { Random } from '@assay/core';
import { crowdComparison } from '@assay/core/ranking';
import {
  CrowdBradleyTerryLoss,
  conservativeDpoLoss,
  crowdDpoLoss,
  dpoLoss,
  type MarginLosses,
  policyMargins,
  pooledPreferences,
  robustDpoLoss,
  SimilarityLoss,
} from '@assay/learn/preferences';
import { describe, expect, it } from 'vitest';

const step = 1e-5;

/** Largest relative error of claimed derivatives beside central differences. */
function relativeError(numbers: Float64Array, claimed: Float64Array, value: () => number): number {
  let worst = 0;
  for (let i = 0; i < numbers.length; i++) {
    const kept = numbers[i];
    numbers[i] = kept + step;
    const above = value();
    numbers[i] = kept - step;
    const below = value();
    numbers[i] = kept;
    const measured = (above - below) / (2 * step);
    worst = Math.max(worst, Math.abs(measured - claimed[i]) / Math.max(1e-4, Math.abs(measured), Math.abs(claimed[i])));
  }
  return worst;
}

describe('losses of pairs', () => {
  const margins = Float64Array.of(-6, -1.3, -0.2, 0, 0.7, 2.5, 9);
  const flips = Float64Array.of(0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45);
  const families: Record<string, (h: Float64Array) => MarginLosses> = {
    DPO: dpoLoss,
    'conservative DPO': (h) => conservativeDpoLoss(h, flips),
    'robust DPO': (h) => robustDpoLoss(h, flips),
    'the crowd mixture': (h) => crowdDpoLoss(h, Float64Array.of(0.05, 0.3, 0.5, 0.6, 0.8, 0.9, 1)),
  };
  for (const [name, loss] of Object.entries(families))
    it(`has the derivatives of ${name} that central differences have`, () => {
      const h = margins.slice();
      expect(relativeError(h, loss(h).slope, () => loss(h).loss.reduce((sum, value) => sum + value, 0))).toBeLessThan(
        1e-5,
      );
    });

  it('has the derivative by reliability that central differences have', () => {
    const eta = Float64Array.of(0.05, 0.3, 0.5, 0.6, 0.8, 0.9, 0.97);
    const total = (): number => crowdDpoLoss(margins, eta).loss.reduce((sum, value) => sum + value, 0);
    expect(relativeError(eta, crowdDpoLoss(margins, eta).byReliability, total)).toBeLessThan(1e-5);
  });

  it('agrees with the formulas as they are printed', () => {
    const sigma = (h: number): number => 1 / (1 + Math.exp(-h));
    margins.forEach((h, e) => {
      const [p, epsilon, eta] = [sigma(h), flips[e], 0.8];
      const P = eta * p + (1 - eta) * (1 - p);
      expect(dpoLoss([h]).loss[0]).toBeCloseTo(-Math.log(p), 10);
      const kept = -(1 - epsilon) * Math.log(p);
      expect(conservativeDpoLoss([h], epsilon).loss[0]).toBeCloseTo(kept - epsilon * Math.log(sigma(-h)), 10);
      expect(robustDpoLoss([h], epsilon).loss[0]).toBeCloseTo(
        (kept + epsilon * Math.log(sigma(-h))) / (1 - 2 * epsilon),
        9,
      );
      expect(crowdDpoLoss([h], eta).loss[0]).toBeCloseTo(-Math.log(P), 10);
      expect(crowdDpoLoss([h], eta).slope[0]).toBeCloseTo((-(2 * eta - 1) * p * (1 - p)) / P, 10);
      expect(crowdDpoLoss([h], eta).byReliability[0]).toBeCloseTo(-(2 * p - 1) / P, 9);
      const own = crowdComparison(h, Math.log(4));
      expect(own.loss).toBeCloseTo(-Math.log(P), 10);
      expect(own.byMargin).toBeCloseTo((-(2 * eta - 1) * p * (1 - p)) / P, 10);
      expect(own.agreed).toBeCloseTo((eta * p) / P, 10);
    });
  });

  it('makes robust DPO unbiased: its mean over turned answers is the loss without noise', () => {
    for (const h of [-3, -0.4, 0, 1.1, 4]) {
      const epsilon = 0.3;
      const [kept, turned] = [robustDpoLoss([h], epsilon).loss[0], robustDpoLoss([-h], epsilon).loss[0]];
      expect((1 - epsilon) * kept + epsilon * turned).toBeCloseTo(dpoLoss([h]).loss[0], 12);
    }
  });

  it('bounds what one contradicting answer can do', () => {
    expect(Math.abs(dpoLoss([-30]).slope[0])).toBeGreaterThan(0.99);
    expect(Math.abs(crowdDpoLoss([-30], 0.9).slope[0])).toBeLessThan(1e-11);
    expect(Math.abs(crowdComparison(-30, 2.2).byMargin)).toBeLessThan(1e-11);
    expect(robustDpoLoss([11], 0.2).slope[0]).toBe(0);
    expect(robustDpoLoss([11], 0.2).loss[0]).toBe(robustDpoLoss([10], 0.2).loss[0]);
  });

  it('stays finite at huge margins and at reliabilities of 0 and 1', () => {
    for (const eta of [0, 0.5, 1])
      for (const h of [-700, 700]) {
        const { loss, slope } = crowdDpoLoss([h], eta);
        expect(Number.isFinite(loss[0]) && Number.isFinite(slope[0])).toBe(true);
        expect(Number.isFinite(dpoLoss([h]).loss[0])).toBe(true);
      }
    expect(dpoLoss([]).loss.length).toBe(0);
  });

  it('refuses what has no meaning', () => {
    expect(() => robustDpoLoss([1], 0.5)).toThrow(/^invalid margins: a flip rate of 0\.5/);
    expect(() => conservativeDpoLoss([1, 2], [0.1])).toThrow(/1 parameters beside 2 margins/);
    expect(() => dpoLoss([Number.NaN])).toThrow(/margin NaN at 0/);
    expect(() => crowdDpoLoss([1], Number.NaN)).toThrow(/a reliability of NaN/);
    expect(() => policyMargins({ chosen: [1], rejected: [], chosenReference: [1], rejectedReference: [1] })).toThrow(
      /^invalid margins/,
    );
  });
});

describe('pooled preferences', () => {
  it('are the posterior of independent annotators, with adversaries turned over', () => {
    const pooled = pooledPreferences(
      {
        itemCount: 3,
        workerCount: 3,
        winner: Uint32Array.of(0, 2, 1, 2),
        loser: Uint32Array.of(2, 0, 0, 0),
        worker: Uint32Array.of(0, 1, 1, 2),
      },
      [0.9, 0.2, 0.7],
    );
    expect(Array.from(pooled.first)).toEqual([0, 0]);
    expect(Array.from(pooled.second)).toEqual([1, 2]);
    expect(Array.from(pooled.answers)).toEqual([1, 3]);
    expect(pooled.target[0]).toBeCloseTo(0.8, 12);
    const [yes, no] = [0.9 * 0.8 * 0.3, 0.1 * 0.2 * 0.7];
    expect(pooled.target[1]).toBeCloseTo(yes / (yes + no), 12);
  });
});

describe('losses on a network', () => {
  it('have the derivatives of Crowd-BT that central differences have', () => {
    const random = new Random('crowd-bt');
    const comparisons = {
      itemCount: 4,
      workerCount: 3,
      winner: Uint32Array.of(0, 1, 2, 3, 1),
      loser: Uint32Array.of(1, 2, 3, 0, 3),
      worker: Uint32Array.of(0, 1, 1, 2, 0),
    };
    const loss = new CrowdBradleyTerryLoss(comparisons, [4, 2]);
    loss.logOdds.values.set([1.5, -0.7, 0.2]);
    const places = Uint32Array.of(3, 0, 1, 4);
    const z = Float64Array.from({ length: 8 }, () => 2 * random.normal());
    const slope = new Float64Array(8);
    loss.evaluate(places, z, slope);
    const byLogOdds = loss.logOdds.gradient.slice();
    const value = (): number => loss.evaluate(places, z, new Float64Array(8));
    expect(relativeError(z, slope, value)).toBeLessThan(1e-5);
    expect(relativeError(loss.logOdds.values, byLogOdds, value)).toBeLessThan(1e-5);
  });

  it('have the derivatives of same or different that central differences have', () => {
    const random = new Random('similarity');
    const answers = {
      itemCount: 4,
      workerCount: 2,
      first: Uint32Array.of(0, 1, 2, 0),
      second: Uint32Array.of(1, 2, 3, 3),
      worker: Uint32Array.of(0, 1, 1, 0),
      same: Uint8Array.of(1, 0, 1, 0),
    };
    const loss = new SimilarityLoss(answers, 3, [4, 2], 0.05);
    loss.sensitivity.values.set([1.2, -0.3]);
    loss.specificity.values.set([0.4, 2]);
    const places = Uint32Array.of(2, 0, 1, 3);
    const z = Float64Array.from({ length: 24 }, () => random.normal());
    const slope = new Float64Array(24);
    loss.evaluate(places, z, slope);
    const claimed = [loss.sensitivity.gradient.slice(), loss.specificity.gradient.slice()];
    const value = (): number => loss.evaluate(places, z, new Float64Array(24));
    expect(relativeError(z, slope, value)).toBeLessThan(1e-5);
    expect(relativeError(loss.sensitivity.values, claimed[0], value)).toBeLessThan(1e-5);
    expect(relativeError(loss.specificity.values, claimed[1], value)).toBeLessThan(1e-5);
  });
});
