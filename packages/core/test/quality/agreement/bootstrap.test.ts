import { answersFrom, Random } from '@assay/core';
import { alphaInterval, krippendorffAlpha, votePatterns } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { PatternSampler } from '../../../src/quality/agreement/bootstrap.ts';
import { tableOf } from '../../support/crowd.ts';
import { krippendorffExample, unevenRows, unitsOf } from './brute-force.ts';

describe('alphaInterval', () => {
  it('is what drawing tasks one by one gives', () => {
    // Two independent bootstraps of 4,000 draws: the ends differ by Monte-Carlo error, standard error about .003.
    const table = answersFrom(unevenRows(1, 80));
    const units = unitsOf(table).filter((unit) => unit.length > 1);
    const random = new Random(2);
    const slow = Float64Array.from({ length: 4000 }, () => {
      const rows: [string, string, string][] = [];
      for (let i = 0; i < units.length; i++) {
        units[random.integer(units.length)].forEach((k, w) => {
          rows.push([`t${i}`, `w${w}`, String(k)]);
        });
      }
      return krippendorffAlpha(answersFrom(rows));
    }).sort();
    const fast = alphaInterval(table, { random: new Random(3), draws: 4000 });
    expect(fast.value).toBe(krippendorffAlpha(table));
    expect(Math.abs(fast.lo - slow[100])).toBeLessThan(0.015);
    expect(Math.abs(fast.hi - slow[3900])).toBeLessThan(0.015);
    expect(fast.below667).toBe(1);
  });

  it('covers the alpha of the whole population about as often as it says', () => {
    // 60 samples of 60 tasks at level .9: fewer than 45 or all 60 covered happens about once in 500 seeds.
    const rows = unevenRows(8, 6000, 5, 3);
    const whole = krippendorffAlpha(answersFrom(rows));
    let covered = 0;
    for (let sample = 0; sample < 60; sample++) {
      const part = rows.filter(([task]) => Math.floor(Number(task.slice(1)) / 100) === sample);
      const interval = alphaInterval(answersFrom(part), { random: new Random(sample), draws: 400, level: 0.9 });
      if (interval.lo <= whole && whole <= interval.hi) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(45);
  });

  it('says how probable it is to be below the customary bounds', () => {
    const good = tableOf({ seed: 1, tasks: 300, workers: 5, classes: 3, redundancy: 5, accuracy: [0.97, 0.99] });
    const { below667, below800, lo } = alphaInterval(good, { random: new Random(1) });
    expect([below667, below800]).toEqual([0, 0]);
    expect(lo).toBeGreaterThan(0.8);
  });

  it('corrects for bias and skewness with bca, whose ends lie below the percentile ones here', () => {
    const table = krippendorffExample();
    for (const scale of ['nominal', 'ordinal', 'interval', 'ratio'] as const) {
      const percentile = alphaInterval(table, { random: new Random(1), scale });
      const bca = alphaInterval(table, { random: new Random(1), scale, interval: 'bca' });
      expect(bca.value).toBe(percentile.value);
      expect(bca.lo).toBeLessThanOrEqual(percentile.lo);
      expect(bca.hi).toBeLessThanOrEqual(1);
      expect(bca.lo).toBeLessThan(bca.value);
    }
  });

  it('is undefined on a single usable task and repeats with its seed', () => {
    const one = answersFrom([
      ['t1', 'a', 'x'],
      ['t1', 'b', 'y'],
    ]);
    const { lo, hi, below800 } = alphaInterval(one, { random: new Random(1), interval: 'bca' });
    expect([lo, hi, below800]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    const rows = unevenRows(5);
    const first = alphaInterval(answersFrom(rows), { random: new Random(7), draws: 50 });
    const again = alphaInterval(answersFrom(new Random(9).shuffle(rows)), { random: new Random(7), draws: 50 });
    expect(Array.from(again.draws)).toEqual(Array.from(first.draws));
  });
});

describe('PatternSampler', () => {
  it('draws frequent and rare patterns with multinomial means and variances', () => {
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 1000; t++)
      rows.push([`t${t}`, 'a', 'x'], [`t${t}`, 'b', t < 600 ? 'x' : t < 990 ? 'y' : `z${t}`]);
    const patterns = votePatterns(answersFrom(rows));
    const sampler = new PatternSampler(patterns);
    const random = new Random(1);
    const times = new Uint32Array(patterns.patternCount);
    const draws = 3000;
    const sum = new Float64Array(times.length);
    const squares = new Float64Array(times.length);
    for (let draw = 0; draw < draws; draw++) {
      sampler.draw(random, times);
      expect(times.reduce((total, count) => total + count, 0)).toBe(1000);
      times.forEach((count, p) => {
        sum[p] += count;
        squares[p] += count * count;
      });
    }
    patterns.times.forEach((count, p) => {
      const variance = count * (1 - count / 1000);
      // Twelve patterns at five standard errors: a false alarm once in 1e5 seeds.
      expect(Math.abs(sum[p] / draws - count)).toBeLessThan(5 * Math.sqrt(variance / draws));
      const measured = squares[p] / draws - (sum[p] / draws) ** 2;
      expect(Math.abs(measured / variance - 1)).toBeLessThan(0.2);
    });
  });
});
