import { answersFrom, coinShrunk, dawidSkeneMap, type Estimate, fit, majorityVote, Random } from '@assay/core';
import {
  decideByCost,
  fitTemperature,
  mean,
  measure,
  scoreTasks,
  temper,
  temperToAccuracy,
  zeroOneCosts,
} from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { crowd, tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';

const recipe = { seed: 2, tasks: 400, workers: 12, classes: 3, redundancy: 4, accuracy: [0.45, 0.85] } as const;

function sharpened(estimate: Estimate, factor: number): Estimate {
  return temper(estimate, 1 / factor);
}

describe('temper', () => {
  it('is softmax(ln q / T) with labels, ties and workers as they were', () => {
    const estimate = fit(dawidSkeneMap, tableOf(recipe));
    const tempered = temper(estimate, 2.5);
    for (let t = 0; t < 20; t++) {
      const row = Array.from(estimate.posterior.subarray(3 * t, 3 * t + 3), (p) => p ** (1 / 2.5));
      const total = row.reduce((sum, p) => sum + p, 0);
      row.forEach((p, k) => {
        expect(tempered.posterior[3 * t + k]).toBeCloseTo(p / total, 12);
      });
      expect(tempered.label(t)).toBe(estimate.label(t));
    }
    expect(tempered.workers).toBe(estimate.workers);
    expect(tempered.extra.temperature).toBe(2.5);
    expect(temper(estimate, 1).posterior).toBe(estimate.posterior);
  });

  it('undoes itself', () => {
    const estimate = fit(dawidSkeneMap, tableOf(recipe));
    const back = temper(temper(estimate, 4), 0.25);
    estimate.posterior.forEach((p, i) => {
      expect(back.posterior[i]).toBeCloseTo(p, 9);
    });
  });

  it('keeps tasks without answers, and classes that were impossible', () => {
    const table = answersFrom([
      ['t1', 'a', 'x'],
      ['t1', 'b', 'x'],
      ['t2', 'a', 'y'],
      { task: 't3', worker: 'a', label: null },
    ]);
    const votes = fit(majorityVote, table);
    const tempered = temper(votes, 3);
    expect(Array.from(tempered.posterior.subarray(0, 2))).toEqual([1, expect.closeTo(0, 12)]);
    expect(tempered.taskCount).toBe(votes.taskCount);
    expect(tempered.posterior.every((p) => p >= 0 && p <= 1)).toBe(true);
  });

  it('refuses temperatures that are not above 0', () => {
    const votes = fit(majorityVote, answersFrom([['t1', 'a', 'x']]));
    for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => temper(votes, wrong)).toThrow(/invalid temperature/);
    }
  });
});

describe('fitTemperature', () => {
  it('finds the factor by which true probabilities were sharpened', () => {
    // Truth drawn from the probabilities themselves: T = 1 is right before sharpening. With 2,000 labels
    // the fitted T is within 12 % of the factor for all but about one seed in 1e3.
    const table = tableOf({ ...recipe, tasks: 2000 });
    const estimate = fit(dawidSkeneMap, table);
    const random = new Random(4);
    const drawn = new Map<string, string>();
    for (let t = 0; t < 2000; t++) {
      const k = random.categorical(estimate.posterior.subarray(3 * t, 3 * t + 3));
      drawn.set(table.tasks.name(t), table.classes.name(k));
    }
    for (const factor of [1, 2, 4]) {
      const { temperature, calibrated, goldTasks } = fitTemperature(sharpened(estimate, factor), drawn);
      expect([calibrated, goldTasks]).toEqual([true, 2000]);
      expect(Math.abs(temperature / factor - 1)).toBeLessThan(0.12);
    }
  });

  it('lowers log-loss on labels it did not see', () => {
    const { rows, truth } = crowd({ ...recipe, redundancy: 8 });
    const doubled = rows.flatMap(([t, w, l]): [string, string, string][] => [
      [t, w, l],
      [t, `${w}copy`, l],
    ]);
    const estimate = fit(dawidSkeneMap, answersFrom(doubled));
    const names = [...truth.keys()];
    const gold = new Map(names.slice(0, 100).map((t) => [t, truth.get(t) ?? '']));
    const rest = new Map(names.slice(100).map((t) => [t, truth.get(t) ?? '']));
    const fitted = fitTemperature(estimate, gold);
    expect(fitted.temperature).toBeGreaterThan(1.2);
    const tempered = temper(estimate, fitted);
    expect(measure(tempered, rest).logLoss).toBeLessThan(measure(estimate, rest).logLoss);
    expect(measure(tempered, rest).accuracy).toBe(measure(estimate, rest).accuracy);
  });

  it('takes 3 and says so with fewer than twenty known labels', () => {
    const { rows, truth } = crowd(recipe);
    const estimate = fit(dawidSkeneMap, answersFrom(rows));
    const gold = new Map([...truth].slice(0, 19));
    const fitted = fitTemperature(estimate, new Map([...gold, ['not a task', 'c0'], ['t50', 'not a class']]));
    expect(fitted).toMatchObject({ temperature: 3, goldTasks: 19, calibrated: false });
    const tempered = temper(estimate, fitted);
    expect(tempered.calibrated).toBe(false);
    expect(tempered.notes.at(-1)).toMatch(/^uncalibrated: 19 known labels, 20 needed/);
    expect(temper(estimate, fitTemperature(estimate, truth)).calibrated).toBe(true);
  });

  it('warns when the known labels look as if the fit had them', () => {
    const { rows, truth } = crowd(recipe);
    const { table } = answersFrom(rows).withGold(new Map([...truth].slice(0, 50)));
    const estimate = fit(dawidSkeneMap, table);
    const { notes } = fitTemperature(estimate, new Map([...truth].slice(0, 50)));
    expect(notes).toEqual([expect.stringMatching(/fit without them to calibrate/)]);
  });
});

describe('temperToAccuracy', () => {
  it('makes the mean confidence equal the accuracy', () => {
    const estimate = fit(dawidSkeneMap, tableOf(recipe));
    for (const accuracy of [0.5, 0.7, 0.9]) {
      const tempered = temperToAccuracy(estimate, accuracy);
      const confidence = Array.from({ length: 400 }, (_, t) => tempered.probability(t));
      expect(mean(confidence)).toBeCloseTo(accuracy, 9);
      expect(tempered.label(7)).toBe(estimate.label(7));
    }
  });

  it('says how far it got where the accuracy is out of reach', () => {
    const estimate = fit(
      majorityVote,
      answersFrom([
        ['t1', 'a', 'x'],
        ['t1', 'b', 'y'],
      ]),
    );
    const tempered = temperToAccuracy(estimate, 0.9);
    expect(tempered.probability('t1')).toBeCloseTo(0.5, 12);
    expect(tempered.notes.at(-1)).toMatch(
      /^a mean confidence of 0.900 cannot be reached by one temperature: it is 0.500/,
    );
    expect(() => temperToAccuracy(estimate, 0)).toThrow(/invalid accuracy/);
    expect(temperToAccuracy(fit(majorityVote, answersFrom([])), 0.9).taskCount).toBe(0);
    expect(temperToAccuracy(fit(majorityVote, answersFrom([['t1', 'a', 'x']])), 0.9).probability('t1')).toBe(1);
  });
});

/** What coin-shrunk (5, estimated prior) claims and gets right, and T and claimed after tempering on a tenth. */
const published = {
  bluebird: { claimed: 0.993, right: 0.889 },
  temp: { claimed: 0.997, right: 0.942, temperature: 5.0, after: 0.936 },
  rte: { claimed: 0.99, right: 0.929, temperature: 4.0, after: 0.911 },
  dog: { claimed: 0.99, right: 0.839, temperature: 7.3, after: 0.82 },
  web: { claimed: 0.902, right: 0.821, temperature: 1.5, after: 0.849 },
  music: { claimed: 0.925, right: 0.793, temperature: 2.5, after: 0.745 },
  labelme: { claimed: 0.956, right: 0.785, temperature: 2.7, after: 0.772 },
  sentpol: { claimed: 0.98, right: 0.916, temperature: 2.9, after: 0.915 },
};

describeRealData('overconfidence of real crowds', () => {
  for (const [name, known] of Object.entries(published)) {
    it(`is undone on ${name} with a tenth of the labels`, () => {
      const { table, truth } = realSet(name);
      const estimate = fit(coinShrunk, table);
      const before = scoreTasks(estimate, truth);
      expect(mean(before.confidence)).toBeCloseTo(known.claimed, 2);
      expect(mean(before.credit)).toBeCloseTo(known.right, 2);
      const names = [...truth.keys()].filter((task) => table.tasks.indexOf(task) >= 0).sort();
      // Which tenth is drawn matters: means over ten draws are compared, temperatures as ratios.
      const logTemperatures: number[] = [];
      const claims: number[] = [];
      for (let seed = 0; seed < 10; seed++) {
        const order = new Random(seed).permutation(names.length);
        const gold = new Map(
          Array.from(order.subarray(0, Math.round(names.length / 10)), (i) => [names[i], truth.get(names[i]) ?? '']),
        );
        const rest = new Map([...truth].filter(([task]) => !gold.has(task)));
        const fitted = fitTemperature(estimate, gold);
        expect(fitted.calibrated).toBe(gold.size >= 20);
        logTemperatures.push(Math.log(fitted.temperature));
        claims.push(mean(scoreTasks(temper(estimate, fitted), rest).confidence));
      }
      expect(Math.abs(mean(claims) - known.right)).toBeLessThan(Math.abs(known.claimed - known.right));
      if (!('temperature' in known)) return expect(Math.exp(mean(logTemperatures))).toBeCloseTo(3, 9);
      expect(Math.abs(mean(claims) - known.right)).toBeLessThan(0.07);
      expect(Math.abs(mean(claims) - known.after)).toBeLessThan(0.04);
      return expect(Math.abs(mean(logTemperatures) - Math.log(known.temperature))).toBeLessThan(Math.log(1.35));
    });
  }

  it('brings abstaining on dog near its promise of nine in ten only with tempering', () => {
    const { table, truth } = realSet('dog');
    const estimate = fit(coinShrunk, table);
    const kept = (from: Estimate): { share: number; accuracy: number } => {
      const decided = decideByCost(from, zeroOneCosts(table.classes.names()), { abstain: 0.1 });
      const scored = scoreTasks(decided, truth);
      const tasks = Array.from(scored.tasks.keys()).filter((i) => decided.labelIndex(scored.tasks[i]) >= 0);
      return { share: tasks.length / scored.tasks.length, accuracy: mean(tasks.map((i) => scored.credit[i])) };
    };
    const raw = kept(estimate);
    expect(raw.share).toBeCloseTo(0.97, 2);
    expect(raw.accuracy).toBeCloseTo(0.848, 2);
    const tempered = kept(temper(estimate, fitTemperature(estimate, truth)));
    expect(tempered.accuracy).toBeGreaterThan(0.88);
    expect(tempered.share).toBeLessThan(raw.share);
  });
});
