import {
  answersFrom,
  coinShrunk,
  dawidSkeneMap,
  type Estimate,
  estimateOf,
  fit,
  majorityVote,
  Random,
} from '@assay/core';
import {
  answerValues,
  type CostMatrix,
  confusionOf,
  costMatrix,
  type DecisionSummary,
  decideByCost,
  expectedCosts,
  labelSets,
  workerCosts,
  zeroOneCosts,
} from '@assay/core/quality';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../support/crowd.ts';

/** An estimate with the given rows of probabilities. */
function estimateWith(rows: readonly (readonly number[])[], calibrated = true): Estimate {
  const classCount = rows[0].length;
  const answers = rows.flatMap((row, t) => row.map((_, k): [string, string, string] => [`t${t}`, `w${k}`, `c${k}`]));
  const posterior = Float64Array.from(rows.flatMap((row) => row.map((p) => p / row.reduce((sum, q) => sum + q, 0))));
  expect(posterior).toHaveLength(rows.length * classCount);
  return estimateOf(answersFrom(answers), { method: 'test', options: {}, seed: 3, posterior, calibrated });
}

function costsOf(classCount: number, cost: readonly number[]): CostMatrix {
  return { classes: Array.from({ length: classCount }, (_, k) => `c${k}`), cost: Float64Array.from(cost) };
}

const share = fc.double({ min: 0.01, max: 1, noNaN: true });
const crowd = fc.array(fc.tuple(share, share, share), { minLength: 1, maxLength: 8 });
const matrix = fc.array(fc.integer({ min: -5, max: 20 }), { minLength: 9, maxLength: 9 });
const labelsOf = (estimate: Estimate): number[] =>
  Array.from({ length: estimate.taskCount }, (_, task) => estimate.labelIndex(task));
const summaryOf = (estimate: Estimate): DecisionSummary => estimate.extra.decisions as DecisionSummary;

describe('decideByCost', () => {
  it('takes the most likely class under 0/1 costs, for every kind of estimate', () => {
    const table = tableOf({ seed: 2, tasks: 60, workers: 8, classes: 3, redundancy: 4, accuracy: [0.5, 0.9] });
    for (const method of [majorityVote, dawidSkeneMap, coinShrunk]) {
      const estimate = fit(method, table, { seed: 5 });
      const decided = decideByCost(estimate, zeroOneCosts(table.classes.names()));
      expect(labelsOf(decided)).toEqual(labelsOf(estimate));
      expect(decided.posterior).toBe(estimate.posterior);
      for (let t = 0; t < 60; t++) expect(decided.tasks.expectedCost[t]).toBeCloseTo(1 - estimate.probability(t), 12);
    }
  });

  it('takes the least of all decisions counted out', () => {
    fc.assert(
      fc.property(crowd, matrix, (rows, cost) => {
        const estimate = estimateWith(rows);
        const decided = decideByCost(estimate, costsOf(3, cost));
        for (let t = 0; t < rows.length; t++) {
          const risks = [0, 1, 2].map((d) =>
            [0, 1, 2].reduce((sum, k) => sum + estimate.posterior[t * 3 + k] * cost[k * 3 + d], 0),
          );
          const [best, second] = risks.toSorted((a, b) => a - b);
          expect(risks[decided.labelIndex(t)]).toBeCloseTo(best, 9);
          expect(decided.tasks.expectedCost[t]).toBeCloseTo(best, 9);
          expect(decided.tasks.regretGap[t]).toBeCloseTo(second - best, 9);
        }
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  it('does not change when all costs are scaled, or a constant is added to the costs of one truth', () => {
    fc.assert(
      fc.property(
        crowd,
        matrix,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        (rows, cost, factor, added) => {
          const estimate = estimateWith(rows);
          const plain = decideByCost(estimate, costsOf(3, cost), { abstain: 2 });
          const scaled = decideByCost(
            estimate,
            costsOf(
              3,
              cost.map((c) => c * 2 ** factor),
            ),
            { abstain: 2 * 2 ** factor },
          );
          expect(labelsOf(scaled)).toEqual(labelsOf(plain));
          const moved = costsOf(
            3,
            cost.map((c, i) => c + (i < 3 ? added : 0)),
          );
          const before = decideByCost(estimate, costsOf(3, cost));
          const after = decideByCost(estimate, moved);
          for (let t = 0; t < rows.length; t++) {
            if (before.tasks.regretGap[t] > 1e-9) expect(after.labelIndex(t)).toBe(before.labelIndex(t));
          }
        },
      ),
      { seed: 2, numRuns: 60 },
    );
  });

  it('has the threshold of two classes in closed form', () => {
    const [lie, miss] = [10, 1];
    const costs = costsOf(2, [0, lie, miss, 0]);
    const threshold = lie / (lie + miss);
    const estimate = estimateWith([
      [1 - threshold - 0.001, threshold + 0.001],
      [1 - threshold + 0.001, threshold - 0.001],
    ]);
    const decided = decideByCost(estimate, costs);
    expect(labelsOf(decided)).toEqual([1, 0]);
    expect(summaryOf(decided).changed).toBe(1);
    expect(decided.notes).toContain('1 task has not the most likely label, because mistakes cost more the other way');
  });

  it('abstains by Chow’s rule, and by class where abstaining costs differ', () => {
    const estimate = estimateWith([
      [0.95, 0.05],
      [0.85, 0.15],
      [0.3, 0.7],
    ]);
    const decided = decideByCost(estimate, zeroOneCosts(['c0', 'c1']), { abstain: 0.1 });
    expect(labelsOf(decided)).toEqual([0, -1, -1]);
    expect(decided.label('t1')).toBeNull();
    expect(summaryOf(decided)).toMatchObject({ abstained: 2, changed: 0, ask: 0 });
    expect(Array.from(decided.tasks.expectedCost, (c) => Number(c.toFixed(9)))).toEqual([0.05, 0.1, 0.1]);
    expect(labelsOf(decideByCost(estimate, zeroOneCosts(['c0', 'c1']), { abstain: [0.5, 0.01] }))).toEqual([0, 0, -1]);
    const inMatrix = { ...zeroOneCosts(['c0', 'c1']), abstain: Float64Array.of(0.1, 0.1) };
    expect(labelsOf(decideByCost(estimate, inMatrix))).toEqual([0, -1, -1]);
    expect(labelsOf(decideByCost(estimate, inMatrix, { abstain: false }))).toEqual([0, 0, 1]);
  });

  it('says what deciding by cost saves, and warns of probabilities that are not calibrated', () => {
    const estimate = estimateWith(
      [
        [0.4, 0.6],
        [0.9, 0.1],
      ],
      false,
    );
    const decided = decideByCost(estimate, costsOf(2, [0, 4, 1, 0]));
    expect(summaryOf(decided).mostLikelyCost).toBeCloseTo((1.6 + 0.1) / 2, 12);
    expect(summaryOf(decided).expectedCost).toBeCloseTo((0.6 + 0.1) / 2, 12);
    expect(decided.notes[0]).toMatch(/not calibrated: temper them/);
  });

  it('breaks ties as the estimate does and survives saving', () => {
    const estimate = estimateWith(Array.from({ length: 40 }, () => [0.5, 0.5]));
    const decided = decideByCost(estimate, zeroOneCosts(['c0', 'c1']));
    expect(labelsOf(decided)).toEqual(labelsOf(estimate));
    expect(new Set(labelsOf(decided)).size).toBe(2);
    expect(labelsOf(decideByCost(estimate.with({ tieRule: 'first' }), zeroOneCosts(['c0', 'c1'])))).not.toContain(1);
  });

  it('refuses costs of other classes and abstaining costs of the wrong number', () => {
    const estimate = estimateWith([[0.5, 0.5]]);
    expect(() => decideByCost(estimate, zeroOneCosts(['c1', 'c0']))).toThrow(/invalid costs: for the classes c1, c0/);
    expect(() => decideByCost(estimate, zeroOneCosts(['c0', 'c1']), { abstain: [1] })).toThrow(/invalid abstain cost/);
    expect(() => expectedCosts(estimate, zeroOneCosts(['c0']))).toThrow(/invalid costs/);
  });

  it('takes degenerate estimates', () => {
    const one = fit(majorityVote, answersFrom([['t1', 'a', 'x']]));
    expect(decideByCost(one, zeroOneCosts(['x'])).label('t1')).toBe('x');
    const none = fit(majorityVote, answersFrom([]));
    expect(labelsOf(decideByCost(none, zeroOneCosts([])))).toEqual([]);
  });
});

describe('answerValues', () => {
  const perfect = Float64Array.of(1, 0, 0, 1);
  const guess = Float64Array.of(0.5, 0.5, 0.5, 0.5);

  it('is what remains to be lost for a perfect worker and 0 for a guessing one', () => {
    const estimate = estimateWith([
      [0.6, 0.4],
      [0.99, 0.01],
    ]);
    const costs = zeroOneCosts(['c0', 'c1']);
    expect(answerValues(estimate, costs, perfect)[0]).toBeCloseTo(0.4, 12);
    expect(Array.from(answerValues(estimate, costs, guess))).toEqual([0, 0]);
    const decided = decideByCost(estimate, costs, {
      ask: { price: 0.05, confusion: Float64Array.of(0.9, 0.1, 0.1, 0.9) },
    });
    expect(Array.from(decided.tasks.ask)).toEqual([1, 0]);
    expect(decided.notes.at(-1)).toBe('1 task is worth another answer at this price');
  });

  it('equals the mean saving over simulated answers', () => {
    // 40,000 answers: the standard error of the mean cost is below 0.02; five of them pass.
    const estimate = estimateWith([[0.5, 0.3, 0.2]]);
    const costs = costsOf(3, [0, 2, 5, 3, 0, 1, 8, 2, -1]);
    const confusion = Float64Array.of(0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.3, 0.1, 0.6);
    const random = new Random(1);
    const q = Array.from(estimate.posterior);
    let after = 0;
    for (let i = 0; i < 40_000; i++) {
      const truth = random.categorical(q);
      const said = random.categorical(confusion.subarray(truth * 3, truth * 3 + 3));
      const weights = q.map((p, k) => p * confusion[k * 3 + said]);
      const risks = [0, 1, 2].map((d) => weights.reduce((sum, p, k) => sum + p * costs.cost[k * 3 + d], 0));
      after += costs.cost[truth * 3 + risks.indexOf(Math.min(...risks))] / 40_000;
    }
    const before = Math.min(...expectedCosts(estimate, costs));
    expect(Math.abs(answerValues(estimate, costs, confusion)[0] - (before - after))).toBeLessThan(0.1);
  });

  it('is smaller where abstaining is cheap', () => {
    const estimate = estimateWith([[0.5, 0.5]]);
    const costs = zeroOneCosts(['c0', 'c1']);
    const cheap = answerValues(estimate, { ...costs, abstain: Float64Array.of(0.1, 0.1) }, perfect)[0];
    expect(cheap).toBeCloseTo(0.1, 12);
    expect(answerValues(estimate, costs, perfect)[0]).toBeCloseTo(0.5, 12);
  });

  it('refuses what is not a confusion matrix', () => {
    const estimate = estimateWith([[0.5, 0.5]]);
    for (const wrong of [
      [1, 0],
      [1, 0.1, 0, 1],
      [1.5, -0.5, 0, 1],
      [Number.NaN, 0, 0, 1],
    ]) {
      expect(() => answerValues(estimate, zeroOneCosts(['c0', 'c1']), Float64Array.from(wrong))).toThrow(
        /invalid confusion/,
      );
    }
  });
});

describe('workerCosts', () => {
  it('is 0 for perfect and for swapping workers, 1 for one who always says the same', () => {
    const estimate = estimateWith([[0.5, 0.5]]).with({
      prior: Float64Array.of(0.5, 0.5),
      workers: {
        accuracy: Float64Array.of(1, 0),
        lo: Float64Array.of(1, 0),
        hi: Float64Array.of(1, 0),
        level: 0.9,
        confusion: Float64Array.of(1, 0, 0, 1, 0, 1, 1, 0),
      },
    });
    expect(Array.from(workerCosts(estimate, zeroOneCosts(['c0', 'c1'])))).toEqual([0, 0]);
    const useless = estimate.with({
      workers: {
        accuracy: Float64Array.of(0.5, 0.8),
        lo: Float64Array.of(0, 0),
        hi: Float64Array.of(1, 1),
        level: 0.9,
        confusion: Float64Array.of(1, 0, 1, 0, 0.8, 0.2, 0.2, 0.8),
      },
    });
    const [same, good] = workerCosts(useless, zeroOneCosts(['c0', 'c1']));
    expect(same).toBeCloseTo(1, 12);
    expect(good).toBeCloseTo(0.4, 12);
  });

  it('is a share from 0 to 1 for the workers of a fit, and NaN where nothing can be lost', () => {
    const table = tableOf({ seed: 2, tasks: 60, workers: 8, classes: 3, redundancy: 4, accuracy: [0.4, 0.9] });
    const estimate = fit(dawidSkeneMap, table);
    for (const cost of workerCosts(estimate, zeroOneCosts(table.classes.names()))) {
      expect(cost).toBeGreaterThanOrEqual(0);
      expect(cost).toBeLessThanOrEqual(1 + 1e-12);
    }
    expect(workerCosts(fit(majorityVote, answersFrom([['t', 'a', 'x']])), zeroOneCosts(['x']))[0]).toBeNaN();
    expect(Array.from(workerCosts(estimate.with({}), costMatrixOfNothing(table.classes.names())))[0]).toBeNaN();
  });

  it('uses a coin where a method has accuracies only', () => {
    const table = tableOf({ seed: 2, tasks: 60, workers: 8, classes: 3, redundancy: 4, accuracy: [0.4, 0.9] });
    const estimate = fit(majorityVote, table);
    const accuracy = estimate.workers?.accuracy[0] ?? Number.NaN;
    const name = estimate.workerNames.name(0);
    const wrong = (1 - accuracy) / 2;
    const rows = [accuracy, wrong, wrong, wrong, accuracy, wrong, wrong, wrong, accuracy];
    Array.from(confusionOf(estimate, name)).forEach((p, i) => {
      expect(p).toBeCloseTo(rows[i], 12);
    });
    expect(confusionOf(estimate).reduce((sum, p) => sum + p, 0)).toBeCloseTo(3, 12);
    expect(() => confusionOf(estimate, 'nobody')).toThrow(/unknown worker "nobody"/);
  });
});

function costMatrixOfNothing(classes: readonly string[]): CostMatrix {
  return costMatrix(
    classes,
    classes.flatMap((truth) => classes.map((label) => ({ truth, label, cost: 0 }))),
  );
}

describe('labelSets', () => {
  it('holds the wanted probability with as few classes as possible', () => {
    fc.assert(
      fc.property(crowd, fc.double({ min: 0, max: 0.99, noNaN: true }), (rows, miss) => {
        const estimate = estimateWith(rows);
        const { start, class: classes, mass } = labelSets(estimate, miss);
        rows.forEach((_, t) => {
          const sorted = Array.from(estimate.posterior.subarray(t * 3, t * 3 + 3)).sort((a, b) => b - a);
          const size = start[t + 1] - start[t];
          const held = sorted.slice(0, size).reduce((sum, p) => sum + p, 0);
          expect(mass[t]).toBeCloseTo(held, 12);
          expect(held).toBeGreaterThanOrEqual(1 - miss - 1e-9);
          if (size > 1) expect(held - sorted[size - 1]).toBeLessThan(1 - miss + 1e-9);
          expect(new Set(classes.subarray(start[t], start[t + 1])).size).toBe(size);
        });
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('refuses a share it may not miss', () => {
    expect(() => labelSets(estimateWith([[0.5, 0.5]]), 1)).toThrow(/invalid miss "1"/);
    expect(() => labelSets(estimateWith([[0.5, 0.5]]), Number.NaN)).toThrow(/invalid miss/);
  });
});
