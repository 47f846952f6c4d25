import { Random } from '@assay/core/math';
import { shareFairly } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';

describe('sharing tasks fairly', () => {
  it('takes the most accurate where no limit binds, and mixes where it does', () => {
    expect([...shareFairly([0.9, 0.7], [0.3, 0], 1).shares]).toEqual([1, 0]);
    const mixed = shareFairly([0.9, 0.7], [0.3, 0], 0.15);
    expect(mixed.shares[0]).toBeCloseTo(0.5, 12);
    expect(mixed).toMatchObject({ withinLimit: true });
    expect(mixed.accuracy).toBeCloseTo(0.8, 12);
    expect([...shareFairly([0.9, 0.7], [-0.3, 0], 0).shares].map((share) => share + 0)).toEqual([
      expect.closeTo(0, 12),
      expect.closeTo(1, 12),
    ]);
  });

  it('is as accurate as the best of all mixtures of workers', () => {
    // An optimum of one constraint and the sum lies on at most two workers when nobody is limited.
    const random = new Random(5);
    for (let run = 0; run < 200; run++) {
      const accuracy = Float64Array.from({ length: 5 }, () => 0.5 + 0.5 * random.uniform());
      const gap = Float64Array.from({ length: 5 }, () => random.uniform() - 0.5);
      const limit = 0.2 * random.uniform();
      let best = -1;
      for (let a = 0; a < 5; a++)
        for (let b = 0; b < 5; b++)
          for (const target of [limit, -limit, gap[a]]) {
            const part = gap[a] === gap[b] ? 1 : (target - gap[b]) / (gap[a] - gap[b]);
            if (part < 0 || part > 1 || Math.abs(part * gap[a] + (1 - part) * gap[b]) > limit + 1e-12) continue;
            best = Math.max(best, part * accuracy[a] + (1 - part) * accuracy[b]);
          }
      const found = shareFairly(accuracy, gap, limit);
      expect(found.withinLimit).toBe(best >= 0);
      if (best >= 0) expect(found.accuracy).toBeCloseTo(best, 9);
      expect(found.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
  });

  it('keeps to what workers can take and says where the limit cannot be kept', () => {
    const found = shareFairly([0.9, 0.8, 0.7], [0.3, 0.2, 0.1], 0.05, [0.5, 0.5, 0.6]);
    expect(found.withinLimit).toBe(false);
    expect([...found.shares]).toEqual([0, expect.closeTo(0.4, 12), expect.closeTo(0.6, 12)]);
    expect(shareFairly([], [], 0.1).shares.length).toBe(0);
    expect(() => shareFairly([0.9], [], 0.1)).toThrow(/invalid workers to share among/);
  });
});
