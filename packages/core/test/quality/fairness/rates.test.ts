import { Random } from '@assay/core';
import { type DecisionRecords, ratesByGroup } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';

/** Records from counts: group, truth, said, how many. */
function records(
  counts: readonly (readonly [group: number, truth: number, said: number, count: number])[],
): DecisionRecords {
  const rows = counts.flatMap(([group, truth, said, count]) =>
    Array.from({ length: count }, () => [group, truth, said]),
  );
  const column = (place: number): Float64Array => Float64Array.from(rows, (row) => row[place]);
  return {
    group: Int32Array.from(rows, ([group]) => group),
    truth: column(1),
    said: column(2),
    right: Float64Array.from(rows, ([, truth, said]) => (truth === said ? 1 : 0)),
  };
}

const twoGroups = [
  [0, 1, 1, 30],
  [0, 1, 0, 10],
  [0, 0, 1, 6],
  [0, 0, 0, 54],
  [1, 1, 1, 20],
  [1, 1, 0, 5],
  [1, 0, 1, 30],
  [1, 0, 0, 45],
] as const;

describe('rates by group', () => {
  it('gives the rates and gaps counted by hand', () => {
    const report = ratesByGroup(records(twoGroups), ['a', 'b'], { random: new Random(1) });
    const [a, b] = report.groups;
    expect(a.positiveRate.value).toBeCloseTo(0.36, 12);
    expect(b.positiveRate.value).toBeCloseTo(0.5, 12);
    expect(a.truePositiveRate.value).toBeCloseTo(0.75, 12);
    expect(b.truePositiveRate.value).toBeCloseTo(0.8, 12);
    expect(a.falsePositiveRate.value).toBeCloseTo(0.1, 12);
    expect(b.falsePositiveRate.value).toBeCloseTo(0.4, 12);
    expect(a.accuracy.value).toBeCloseTo(0.84, 12);
    expect(report.falsePositive).toMatchObject({ high: 'b', low: 'a', flagged: true });
    expect(report.falsePositive.value).toBeCloseTo(0.3, 12);
    expect(report.falsePositive.ratio).toBeCloseTo(0.25, 12);
    expect(report.equalisedOdds.value).toBeCloseTo(0.3, 12);
    expect(report.equalOpportunity.flagged).toBe(false);
    expect(report.accuracy).toMatchObject({ high: 'a', low: 'b' });
  });

  it('gives the interval of two independent shares', () => {
    // Standard error: √(.1·.9/60 + .4·.6/75) = 0.0686.
    const { falsePositive } = ratesByGroup(records(twoGroups), ['a', 'b'], { random: new Random(2), draws: 4000 });
    expect(falsePositive.lo).toBeCloseTo(0.3 - 1.96 * 0.0686, 1);
    expect(falsePositive.hi).toBeCloseTo(0.3 + 1.96 * 0.0686, 1);
    expect(falsePositive.hi - falsePositive.lo).toBeGreaterThan(0.24);
    expect(falsePositive.hi - falsePositive.lo).toBeLessThan(0.3);
    expect(falsePositive.pValue).toBeLessThan(1e-4);
  });

  it('depends neither on the order of records nor, but for the names, on that of groups', () => {
    const options = { draws: 200 };
    const plain = ratesByGroup(records(twoGroups), ['a', 'b'], { random: new Random(1), ...options });
    const reversed = ratesByGroup(records([...twoGroups].reverse()), ['a', 'b'], { random: new Random(1), ...options });
    expect(reversed).toEqual(plain);
    const swapped = records(twoGroups.map(([group, truth, said, count]) => [1 - group, truth, said, count]));
    const renamed = ratesByGroup(swapped, ['a', 'b'], { random: new Random(1), ...options });
    expect(renamed.falsePositive.value).toBe(plain.falsePositive.value);
    expect(renamed.falsePositive).toMatchObject({ high: 'a', low: 'b' });
  });

  it('says too few of a small group and compares the others', () => {
    const report = ratesByGroup(records([...twoGroups, [2, 1, 1, 9]]), ['a', 'b', 'c'], {
      random: new Random(1),
      draws: 100,
    });
    expect(report.groups[2].positiveRate).toMatchObject({ value: Number.NaN, count: 9, tooFew: true });
    expect(report.demographicParity).toMatchObject({ high: 'b', low: 'a' });
    expect(report.notes).toContain('too few to say (fewer than 10 decisions) in group c');
  });

  it('widens the interval where the largest of several gaps was picked', () => {
    const third = ratesByGroup(records([...twoGroups, [2, 0, 1, 15], [2, 0, 0, 45]]), ['a', 'b', 'c'], {
      random: new Random(1),
    });
    const two = ratesByGroup(records(twoGroups), ['a', 'b'], { random: new Random(1) });
    expect(third.falsePositive.value).toBeCloseTo(two.falsePositive.value, 12);
    expect(third.falsePositive.hi - third.falsePositive.lo).toBeGreaterThan(
      two.falsePositive.hi - two.falsePositive.lo,
    );
  });

  it('takes probabilities for decisions and truth', () => {
    const count = 20;
    const soft: DecisionRecords = {
      group: new Int32Array(count),
      said: new Float64Array(count).fill(0.6),
      truth: Float64Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 0.75 : 0.25)),
      right: new Float64Array(count).fill(Number.NaN),
    };
    for (let i = 0; i < count; i += 2) soft.said[i] = 0.8;
    const [{ positiveRate, truePositiveRate, falsePositiveRate, accuracy }] = ratesByGroup(soft, ['a'], {
      random: new Random(1),
      draws: 10,
    }).groups;
    expect(positiveRate.value).toBeCloseTo(0.7, 12);
    expect(truePositiveRate.value).toBeCloseTo(0.75 * 0.8 + 0.25 * 0.6, 12);
    expect(falsePositiveRate.value).toBeCloseTo(0.25 * 0.8 + 0.75 * 0.6, 12);
    expect(accuracy.tooFew).toBe(true);
  });

  it('covers no difference in about 19 of 20 draws of equal groups', () => {
    // 200 draws at 5 %: 10 misses expected, sd 3.1; more than 22 has probability 1e-4.
    const random = new Random(4);
    let missed = 0;
    for (let run = 0; run < 200; run++) {
      const drawn = records(
        Array.from({ length: 120 }, (_, i) => [i % 2, 0, random.bernoulli(0.3) ? 1 : 0, 1] as const),
      );
      const { demographicParity } = ratesByGroup(drawn, ['a', 'b'], { random: random.fork(run), draws: 300 });
      if (demographicParity.lo > 0) missed++;
    }
    expect(missed).toBeLessThan(23);
  });

  it('has nothing to say of nothing, with a note', () => {
    const report = ratesByGroup(records([]), [], { random: new Random(1) });
    expect(report.groups).toEqual([]);
    expect(report.demographicParity).toMatchObject({ value: Number.NaN, high: null, flagged: false });
    expect(report.notes).toContain('fewer than two groups: nothing to compare');
  });
});
