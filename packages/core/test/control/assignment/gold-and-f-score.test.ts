import { Random } from '@assay/core';
import { acceptForFScore, goldPlaces } from '@assay/core/control';
import { describe, expect, it } from 'vitest';

describe('goldPlaces', () => {
  it('tests at the entry, then one in five, then one in twenty, in every block exactly one', () => {
    const places = goldPlaces(130, new Random(4));
    expect(places.slice(0, 5)).toEqual(Array(5).fill(true));
    for (let from = 5; from < 30; from += 5) expect(places.slice(from, from + 5).filter(Boolean)).toHaveLength(1);
    for (let from = 30; from < 130; from += 20) expect(places.slice(from, from + 20).filter(Boolean)).toHaveLength(1);
    expect(goldPlaces(130, new Random(4))).toEqual(places);
    expect(goldPlaces(130, new Random(5))).not.toEqual(places);
  });

  it('gives none where none is wanted', () => {
    expect(goldPlaces(9, new Random(0), { entry: 0, earlyShare: 0, share: 0 })).toEqual(Array(9).fill(false));
    expect(() => goldPlaces(9, new Random(0), { share: 2 })).toThrow(/invalid schedule/);
  });
});

describe('acceptForFScore', () => {
  it('is the best of all 2^n choices', () => {
    const random = new Random(6);
    for (let trial = 0; trial < 20; trial++) {
      const chance = Array.from({ length: 8 }, () => random.uniform());
      const weight = 0.2 + 0.6 * random.uniform();
      const total = chance.reduce((sum, p) => sum + p, 0);
      let best = 0;
      for (let subset = 1; subset < 256; subset++) {
        const taken = chance.filter((_, i) => (subset >> i) & 1);
        const hit = taken.reduce((sum, p) => sum + p, 0);
        best = Math.max(best, hit / (weight * taken.length + (1 - weight) * total));
      }
      expect(acceptForFScore(chance, weight).score).toBeCloseTo(best, 12);
    }
    expect(acceptForFScore([0, 0]).score).toBe(0);
  });
});
