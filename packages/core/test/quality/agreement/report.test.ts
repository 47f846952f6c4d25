import { answersFrom, Random } from '@assay/core';
import {
  type AgreementReport,
  agreementReport,
  alphaInterval,
  krippendorffAlpha,
  workerAgreement,
} from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { alphaByDefinition, krippendorffExample, unevenRows, unitsOf } from './brute-force.ts';

function figure(report: AgreementReport, id: string): AgreementReport['coefficients'][number] {
  const found = report.coefficients.find((coefficient) => coefficient.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

/** JSON with ten digits: sums over a worker's tasks are rounded in another order. */
function rounded(report: AgreementReport): string {
  return JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' ? value.toPrecision(10) : value));
}

describe('agreementReport', () => {
  it('has the numbers of the single functions', () => {
    const table = answersFrom(unevenRows(1, 60));
    const report = agreementReport(table, { random: new Random(5), draws: 200, scale: 'ordinal', minShared: 2 });
    const alone = alphaInterval(table, { random: new Random(5), draws: 200, scale: 'ordinal' });
    const alpha = figure(report, 'krippendorff-alpha');
    expect([alpha.value, alpha.lo, alpha.hi]).toEqual([alone.value, alone.lo, alone.hi]);
    expect([report.alphaBelow667, report.alphaBelow800]).toEqual([alone.below667, alone.below800]);
    expect(figure(report, 'krippendorff-alpha-nominal').value).toBeCloseTo(krippendorffAlpha(table), 12);
    const workers = workerAgreement(table, { scale: 'ordinal' });
    expect(report.workers.map((row) => row.kappa)).toEqual(Array.from(workers.kappa));
    expect(report.comparedPairs).toBe(report.pairs.length);
    expect(report.tasks + report.leftOut).toBe(60);
  });

  it('holds each class against the rest', () => {
    const table = answersFrom(unevenRows(2, 60));
    const units = unitsOf(table);
    const { classes } = agreementReport(table, { random: new Random(1), draws: 100 });
    classes.forEach(({ alpha, answers, agreement }, k) => {
      const binary = units.map((unit) => unit.map((l) => (l === k ? 1 : 0)));
      expect(alpha.value).toBeCloseTo(
        alphaByDefinition(binary, (a, b) => (a === b ? 0 : 1)),
        12,
      );
      expect(alpha.lo).toBeLessThan(alpha.value);
      expect(alpha.hi).toBeGreaterThan(alpha.value);
      let repeated = 0;
      for (const unit of units.filter((u) => u.length > 1)) {
        const said = unit.filter((l) => l === k).length;
        repeated += (said * (said - 1)) / (unit.length - 1);
      }
      expect(agreement).toBeCloseTo(repeated / answers, 12);
    });
  });

  it('says in a sentence what each number means', () => {
    const report = agreementReport(krippendorffExample(), { random: new Random(1), draws: 100 });
    expect(figure(report, 'krippendorff-alpha').meaning).toBe(
      '74 % of the disagreement that chance would give is absent; between 0.667 and 0.8: customarily enough for tentative conclusions only',
    );
    expect(figure(report, 'percent').meaning).toMatch(/^two answers to the same task agree in 82 %/);
    expect(report.notes).toEqual([
      '1 of 12 tasks have fewer than two answers and are left out',
      'only 11 tasks have two answers: the intervals are rough',
    ]);
  });

  it('says why a number is undefined and never calls one class perfect agreement', () => {
    const rows = Array.from({ length: 40 }, (_, i): [string, string, string] => [`t${i >> 1}`, `w${i & 1}`, 'cat']);
    const same = agreementReport(answersFrom(rows), { random: new Random(1), draws: 50, minShared: 1 });
    for (const { id, value, lo, hi, meaning } of same.coefficients) {
      if (id === 'percent') continue;
      expect([value, lo, hi]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      expect(meaning).toMatch(/^undefined: all answers say cat, .* not perfect agreement$/);
    }
    for (const table of [
      answersFrom([]),
      answersFrom([
        ['t1', 'a', 'x'],
        ['t2', 'b', 'y'],
      ]),
    ]) {
      const apart = agreementReport(table, { random: new Random(1), draws: 50 });
      for (const { value, meaning } of apart.coefficients) {
        expect(value).toBeNaN();
        expect(meaning).toMatch(/^undefined: no task has two answers/);
      }
      expect(apart.notes).toContain('no task has two answers: agreement is undefined');
    }
  });

  it('is plain data that does not depend on the order of rows', () => {
    const rows = unevenRows(6, 50);
    const report = agreementReport(answersFrom(rows), { random: new Random(2), draws: 60 });
    const again = agreementReport(answersFrom(new Random(3).shuffle(rows)), { random: new Random(2), draws: 60 });
    expect(rounded(again)).toBe(rounded(report));
  });

  it('does without draws, pairs and intervals of very many classes', () => {
    const rows = Array.from({ length: 600 }, (_, i): [string, string, string] => [
      `t${i >> 1}`,
      `w${i & 1}`,
      `c${i >> 1}`,
    ]);
    const report = agreementReport(answersFrom(rows), { random: new Random(2), draws: 0, mostPairs: 0 });
    expect(figure(report, 'krippendorff-alpha').value).toBe(1);
    expect(figure(report, 'krippendorff-alpha').lo).toBeNaN();
    expect(report.classes[7].alpha).toEqual({ value: 1, lo: Number.NaN, hi: Number.NaN });
    expect(report.pairs).toEqual([]);
    expect(report.notes).toEqual(['300 classes: no intervals by class beyond 256']);
  });
});

describeRealData('agreement of real crowds', () => {
  it('equals the definition over all pairs on temp', () => {
    const { table } = realSet('temp');
    const alpha = alphaByDefinition(unitsOf(table), (c, k) => (c === k ? 0 : 1));
    const report = agreementReport(table, { random: new Random(1), draws: 200 });
    expect(figure(report, 'krippendorff-alpha').value).toBeCloseTo(alpha, 9);
    expect(report.alphaBelow800).toBe(1);
    expect(report.comparedPairs).toBeGreaterThan(100);
  });
});
