import { answersFrom, coinShrunk, estimateOf, fit } from '@assay/core';
import { Random } from '@assay/core/math';
import { auditDecisions, fitGroupThresholds, type ThresholdRate } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { biasedCrowd } from './crowd.ts';

/** Forty tasks, twenty a group, with the scores given: a's from the truth, b's 0.2 too high. */
function scored() {
  const rows = Array.from({ length: 40 }, (_, t): [string, string, string] => [
    `t${t}`,
    'ana',
    t % 2 === 0 ? 'no' : 'yes',
  ]);
  const table = answersFrom(rows);
  const posterior = new Float64Array(80);
  const truth = new Map<string, string>();
  const groups = new Map<string, string>();
  for (let t = 0; t < 40; t++) {
    const place = (t >> 1) / 20;
    const group = t % 2 === 0 ? 'a' : 'b';
    const score = group === 'a' ? place : place * 0.8 + 0.2;
    truth.set(`t${t}`, place >= 0.5 ? 'yes' : 'no');
    groups.set(`t${t}`, group);
    posterior.set([1 - score, score], table.tasks.indexOf(`t${t}`) * 2);
  }
  return { estimate: estimateOf(table, { method: 'given', options: {}, seed: 0, posterior }), truth, groups };
}

describe('thresholds by group', () => {
  it('finds the thresholds that undo a shift of one group', () => {
    const { estimate, truth, groups } = scored();
    const found = fitGroupThresholds(estimate, groups, 'yes', { truth, rate: 'falsePositiveRate' });
    expect(found.gapBefore).toBeCloseTo(0.2, 12);
    expect(found.gap).toBe(0);
    expect(found.accuracy).toBe(1);
    expect(found.thresholds.get('a')).toBeCloseTo(0.475, 12);
    expect(found.thresholds.get('b')).toBeCloseTo(0.58, 12);
    const decided = found.decide(estimate, groups);
    expect([...truth].every(([task, label]) => decided.label(task) === label)).toBe(true);
    expect(decided.posterior).toEqual(estimate.posterior);
  });

  it('agrees with trying all pairs of thresholds', () => {
    const random = new Random(3);
    for (const rate of ['positiveRate', 'truePositiveRate', 'falsePositiveRate'] satisfies ThresholdRate[]) {
      const { estimate, truth, groups } = scored();
      for (const [task] of truth) truth.set(task, random.bernoulli(0.5) ? 'yes' : 'no');
      const found = fitGroupThresholds(estimate, groups, 'yes', { truth, rate, least: 1, tolerance: 0 });
      const members = ['a', 'b'].map((group) =>
        [...truth]
          .filter(([task]) => groups.get(task) === group)
          .map(([task, label]) => ({
            yes: label === 'yes',
            score: estimate.posterior[estimate.taskNames.indexOf(task) * 2 + 1],
          })),
      );
      const cuts = members.map((tasks) => {
        const counted = tasks.filter(({ yes }) => rate === 'positiveRate' || yes === (rate === 'truePositiveRate'));
        return [2, ...tasks.map(({ score }) => score)].map((threshold) => ({
          rate: counted.filter(({ score }) => score >= threshold).length / counted.length,
          right: tasks.filter(({ yes, score }) => yes === score >= threshold).length,
        }));
      });
      const pairs = cuts[0].flatMap((a) =>
        cuts[1].map((b) => ({ gap: Math.abs(a.rate - b.rate), right: a.right + b.right })),
      );
      const least = Math.min(...pairs.map(({ gap }) => gap));
      const most = Math.max(...pairs.filter(({ gap }) => gap <= least + 1e-12).map(({ right }) => right));
      expect(found.gap).toBeCloseTo(least, 12);
      expect(found.accuracy * 40).toBeCloseTo(most, 9);
    }
  });

  it('makes rates alike on tasks it was not fitted on, at a price', () => {
    const { table, truth, groups } = biasedCrowd(4000, 5, 0.25, 1);
    const estimate = fit(coinShrunk, table);
    const known = new Map([...truth].slice(0, 2000));
    const rest = new Map([...truth].slice(2000));
    const found = fitGroupThresholds(estimate, groups, 'yes', { truth: known, rate: 'falsePositiveRate' });
    const audit = (from: typeof estimate) =>
      auditDecisions(from, groups, 'yes', { truth: rest, random: new Random(1), draws: 50 });
    const [before, after] = [audit(estimate), audit(found.decide(estimate, groups))];
    expect(before.falsePositive.value).toBeGreaterThan(0.3);
    expect(after.falsePositive.value).toBeLessThan(0.1);
    // Fewer false alarms in b are paid with missed positives there.
    expect(after.equalOpportunity.value).toBeGreaterThan(before.equalOpportunity.value);
  });

  it('keeps 0.5 for groups that are too small and says what gap stays', () => {
    const { estimate, truth, groups } = scored();
    const small = fitGroupThresholds(estimate, groups, 'yes', { truth, least: 30 });
    expect(small.thresholds.size).toBe(0);
    expect(small.notes.join()).toContain('threshold 0.5 kept');
    expect(Number.isNaN(small.gap)).toBe(true);
    const one = fitGroupThresholds(estimate, new Map([...groups].filter(([, group]) => group === 'a')), 'yes', {
      truth,
    });
    expect(one.thresholds.get('a')).toBe(0.5);
    expect(() => fitGroupThresholds(estimate, groups, 'yes', { tolerance: 2 })).toThrow(/invalid tolerance "2"/);
  });
});
