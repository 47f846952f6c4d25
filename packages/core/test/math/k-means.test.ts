import { describe, expect, it } from 'vitest';
import { kMeans } from '../../src/math/k-means.ts';
import { Random } from '../../src/math/random.ts';

describe('kMeans', () => {
  it('finds groups that are plainly there', () => {
    const random = new Random(1);
    const points = Float64Array.from({ length: 300 * 2 }, (_, at) => {
      const group = Math.floor(at / 2) % 3;
      return (at % 2 === 0 ? group * 10 : group * group * 5) + random.normal(0, 0.5);
    });
    const { cluster, spread } = kMeans(points, 2, 3, random);
    for (let i = 3; i < 300; i++) expect(cluster[i]).toBe(cluster[i % 3]);
    expect(new Set(cluster.subarray(0, 3)).size).toBe(3);
    // 600 squared deviations of sd ½ less 6 degrees of freedom: 148.5, sd 8.6; five sd, false alarm 6e-7.
    expect(Math.abs(spread - 148.5)).toBeLessThan(43);
  });

  it('finds the least spread of a small set, as trying every split does', () => {
    const random = new Random(2);
    for (let trial = 0; trial < 20; trial++) {
      const points = Float64Array.from({ length: 8 }, () => random.uniform());
      let best = Infinity;
      for (let split = 1; split < 255; split++) {
        best = Math.min(
          best,
          spreadOf(points.filter((_, i) => (split >> i) & 1)) + spreadOf(points.filter((_, i) => !((split >> i) & 1))),
        );
      }
      expect(kMeans(points, 1, 2, random).spread).toBeCloseTo(best, 12);
    }
  });

  it('repeats for a seed and survives degenerate input', () => {
    const points = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i * i));
    const random = new Random(3);
    const first = kMeans(points, 2, 4, random);
    random.uniform();
    expect(kMeans(points, 2, 4, random)).toEqual(first);
    expect(kMeans([], 2, 3, random)).toMatchObject({ spread: 0, cluster: new Int32Array(0) });
    const same = kMeans(new Float64Array(10).fill(2), 2, 3, random);
    expect(same.spread).toBe(0);
    expect([...same.centres]).toEqual([2, 2, 2, 2, 2, 2]);
    expect(kMeans([1, 5], 1, 2, random).spread).toBe(0);
  });
});

function spreadOf(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
