import { answersFrom, Random } from '@assay/core';
import { cohenKappa, krippendorffAlpha, pairAgreement, workerAgreement } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../support/crowd.ts';
import { unevenRows } from './brute-force.ts';

describe('workerAgreement', () => {
  it('has the alpha of the answers without each worker', () => {
    const rows = unevenRows(3, 40);
    const table = answersFrom(rows);
    for (const scale of ['nominal', 'interval', 'ratio'] as const) {
      const { alphaWithout, alphaGain } = workerAgreement(table, { scale });
      const whole = krippendorffAlpha(table, { scale });
      for (let w = 0; w < table.workerCount; w++) {
        const rest = answersFrom(rows.filter(([, worker]) => worker !== table.workers.name(w)));
        expect(alphaWithout[w]).toBeCloseTo(krippendorffAlpha(rest, { scale }), 10);
        expect(alphaGain[w]).toBeCloseTo(whole - alphaWithout[w], 12);
      }
    }
  });

  it('has the mean agreement with colleagues and, with one colleague, Cohen’s kappa', () => {
    const table = tableOf({ seed: 4, tasks: 60, workers: 2, classes: 3, redundancy: 2, accuracy: [0.6, 0.9] });
    const counts = [0, 1, 2].map(() => [0, 0, 0]);
    for (let t = 0; t < 60; t++) counts[table.label[2 * t]][table.label[2 * t + 1]]++;
    const { agreement, kappa, shared } = workerAgreement(table);
    const cohen = cohenKappa(counts);
    expect(Array.from(shared)).toEqual([60, 60]);
    for (const w of [0, 1]) {
      expect(agreement[w]).toBeCloseTo(cohen.observed, 12);
      expect(kappa[w]).toBeCloseTo(cohen.value, 12);
    }
  });

  it('points at the worker who answers at random', () => {
    const rows = Array.from({ length: 100 }, (_, t) => t).flatMap((t) => {
      const random = new Random(t);
      const truth = random.integer(3);
      return ['a', 'b', 'c', 'd'].map((worker): [string, string, string] => [
        `t${t}`,
        worker,
        `c${worker === 'd' ? random.integer(3) : random.uniform() < 0.85 ? truth : random.integer(3)}`,
      ]);
    });
    const { alphaGain, kappa } = workerAgreement(answersFrom(rows));
    expect(alphaGain[3]).toBeLessThan(-0.1);
    expect(Math.abs(kappa[3])).toBeLessThan(0.15);
    for (const w of [0, 1, 2]) {
      expect(alphaGain[w]).toBeGreaterThan(0);
      expect(kappa[w]).toBeGreaterThan(0.4);
    }
  });

  it('has NaN for a worker who shares no task, and leaves alpha as it is without them', () => {
    const rows: [string, string, string][] = [
      ['t1', 'a', 'x'],
      ['t1', 'b', 'x'],
      ['t2', 'a', 'y'],
      ['t2', 'b', 'x'],
      ['t3', 'c', 'y'],
    ];
    const { shared, agreement, kappa, alphaGain, alphaWithout } = workerAgreement(answersFrom(rows));
    expect([shared[2], agreement[2], kappa[2], alphaGain[2]]).toEqual([0, Number.NaN, Number.NaN, 0]);
    expect(alphaWithout[0]).toBeNaN();
    expect(workerAgreement(answersFrom([])).kappa).toHaveLength(0);
  });
});

describe('pairAgreement', () => {
  it('equals Cohen’s kappa of every pair counted by hand', () => {
    const rows = unevenRows(12, 60);
    const table = answersFrom(rows);
    const said = new Map(rows.map(([task, worker, label]) => [`${task}/${worker}`, Number(label)]));
    for (const weights of ['none', 'linear', 'quadratic'] as const) {
      const { pairs, pairCount, comparedPairs, meanKappa } = pairAgreement(table, { weights, minShared: 1 });
      expect([pairCount, comparedPairs]).toEqual([15, 15]);
      let total = 0;
      let weight = 0;
      for (const { first, second, shared, agreement, kappa, lo, hi } of pairs) {
        const counts = [1, 2, 3, 4, 5].map(() => [0, 0, 0, 0, 0]);
        let same = 0;
        for (let t = 0; t < 60; t++) {
          const a = said.get(`t${t}/${first}`);
          const b = said.get(`t${t}/${second}`);
          if (a === undefined || b === undefined) continue;
          counts[a - 1][b - 1]++;
          if (a === b) same++;
        }
        const byHand = cohenKappa(counts, { weights });
        expect([shared, agreement]).toEqual([byHand.shared, same / byHand.shared]);
        expect(kappa).toBeCloseTo(byHand.value, 12);
        expect([lo, hi].map((x) => x.toFixed(9))).toEqual([byHand.lo, byHand.hi].map((x) => x.toFixed(9)));
        total += shared * kappa;
        weight += shared;
      }
      expect(meanKappa).toBeCloseTo(total / weight, 12);
    }
  });

  it('lists the pairs that share most and counts the others', () => {
    const table = answersFrom(unevenRows(12, 60));
    const all = pairAgreement(table, { minShared: 1 }).pairs;
    const { pairs, pairCount } = pairAgreement(table, { minShared: 1, most: 4 });
    expect(pairs).toEqual(all.slice(0, 4));
    expect(pairCount).toBe(15);
    expect(pairAgreement(table, { minShared: 1000 }).pairs).toEqual([]);
    expect(pairAgreement(table, { minShared: 1000 }).meanKappa).toBeNaN();
  });

  it('finds two workers who copy each other', () => {
    const rows = unevenRows(20, 200, 5, 4);
    const copied = rows.filter(([, w]) => w === 'w0').map(([t, , l]): [string, string, string] => [t, 'copy', l]);
    const { pairs } = pairAgreement(answersFrom([...rows, ...copied]));
    const best = pairs.toSorted((a, b) => b.kappa - a.kappa)[0];
    expect([best.first, best.second].toSorted()).toEqual(['copy', 'w0']);
    expect(best.agreement).toBe(1);
  });
});
