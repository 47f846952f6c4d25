import { Random } from '@assay/core';
import {
  accuracyGain,
  type Controller,
  informationGain,
  informationPerPrice,
  openBelief,
  optimisticKnowledge,
  posteriorThreshold,
  predictive,
  qasca,
  type Source,
  solveOpenQuestion,
  type TaskState,
  taskLookahead,
  updated,
} from '@assay/core/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function coin(accuracy: number, count: number): Float64Array {
  const rows = new Float64Array(count * count).fill((1 - accuracy) / (count - 1));
  for (let k = 0; k < count; k++) rows[k * (count + 1)] = accuracy;
  return rows;
}

function source(id: string, accuracy: number, priceMicros: number, available = 5): Source {
  return { id, confusion: coin(accuracy, 2), priceMicros, available };
}

function state(one: number, sources: Source[], counts = [1, 1]): TaskState {
  return {
    task: 't',
    posterior: Float64Array.of(1 - one, one),
    counts: Float64Array.from(counts),
    outstanding: 0,
    sources,
    remainingMicros: null,
  };
}

describe('informationGain', () => {
  it.each([
    [0.9, 0.6544899, 0.4],
    [0.75, 0.33610815, 0.25],
    [0.8, 0.42587125, 0.3],
    [0.6, 0.13729511, 0.1],
  ])('of a worker of accuracy %d', (accuracy, gain, accuracyGained) => {
    const belief = Float64Array.of(0.5, 0.3, 0.2);
    expect(informationGain(belief, coin(accuracy, 3))).toBeCloseTo(gain, 7);
    expect(accuracyGain(belief, coin(accuracy, 3))).toBeCloseTo(accuracyGained, 7);
  });

  it('is 0 in accuracy where one answer cannot change the label', () => {
    const gains = [0.5, 0.6, 0.8, 0.95].map((p) => accuracyGain(Float64Array.of(p, 1 - p), coin(0.8, 2)));
    [0.3, 0.2, 0, 0].forEach((expected, i) => {
      expect(gains[i]).toBeCloseTo(expected, 12);
    });
  });

  it('beliefs are a martingale, with matrices that are not symmetric', () => {
    const share = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(share, { minLength: 12, maxLength: 12 }), (numbers) => {
        const rows = (from: number) => {
          const sum = numbers[from] + numbers[from + 1] + numbers[from + 2];
          return [0, 1, 2].map((i) => numbers[from + i] / sum);
        };
        const belief = Float64Array.from(rows(0));
        const confusion = Float64Array.from([...rows(3), ...rows(6), ...rows(9)]);
        const chance = predictive(belief, confusion);
        const mean = new Float64Array(3);
        chance.forEach((p, y) => {
          updated(belief, confusion, y).forEach((q, k) => {
            mean[k] += p * q;
          });
        });
        mean.forEach((q, k) => {
          expect(q).toBeCloseTo(belief[k], 12);
        });
        expect(informationGain(belief, confusion)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 100, seed: 4 },
    );
  });
});

describe('controllers', () => {
  const controllers: Controller[] = [
    informationPerPrice(),
    posteriorThreshold(),
    taskLookahead({ lossMicros: 1_000_000 }),
    optimisticKnowledge(),
    qasca(),
  ];

  it.each(controllers.map((one) => [one.id, one] as const))('%s stops when nobody is left', (_, controller) => {
    const random = new Random(0);
    const decision = controller.decide(state(0.6, [source('a', 0.8, 10, 0)]), random);
    expect(decision).toMatchObject({ kind: 'stop', label: 1, controller: controller.id });
    expect(decision.reason.length).toBeGreaterThan(5);
    expect(decision.version).toMatch(/^\d/);
    const poor = { ...state(0.6, [source('a', 0.8, 10)]), remainingMicros: 9 };
    expect(controller.decide(poor, random).kind).toBe('stop');
  });

  it.each(controllers.map((one) => [one.id, one] as const))(
    '%s asks where nothing is known, the same every time',
    (_, c) => {
      const unknown = state(0.5, [source('a', 0.8, 1000), source('b', 0.8, 500)], [0, 0]);
      const decision = c.decide(unknown, new Random(1));
      expect(decision).toMatchObject({ kind: 'ask', source: 'b' });
      expect(c.decide(unknown, new Random(2))).toEqual(decision);
      expect(JSON.parse(JSON.stringify(decision))).toEqual(decision);
    },
  );

  it('buys information at the best rate, not the best worker', () => {
    const sources = [source('expert', 0.99, 10_000), source('model', 0.8, 10)];
    expect(informationPerPrice().decide(state(0.5, sources), new Random(0))).toMatchObject({ source: 'model' });
    expect(informationPerPrice().decide(state(0.97, sources), new Random(0))).toMatchObject({ kind: 'stop' });
  });

  it('takes free answers without a loop and stops at the most', () => {
    const free = state(0.5, [source('free', 0.8, 0, 1e9)], [10, 10]);
    expect(informationPerPrice({ most: 20 }).decide(free, new Random(0)).kind).toBe('stop');
  });
});

describe('openBelief', () => {
  it('believes in answers to open questions by how often they came', () => {
    const a = openBelief([2, 1]);
    expect(a.unseen).toBeCloseTo(0.28947368, 7);
    expect(Array.from(a.answers, (p) => Number(p.toFixed(8)))).toEqual([0.47368421, 0.23684211]);
    const last = openBelief([3, 1, 1]);
    expect(last.unseen).toBeCloseTo(0.21114909, 7);
    expect(last.answers[0]).toBeCloseTo(0.47804365, 7);
    expect(last.difficulty).toBeCloseTo(0.61388903, 7);
    expect(openBelief([]).unseen).toBeCloseTo(1, 12);
  });

  it.each([
    [1, 100, 53.70123811, 3.895153, 0.575964],
    [5, 20, 9.4665751, 3.306249, 0.638641],
    [1, 20, 9, 1, 0.5],
  ])('solves variety %d, worth %d', (variety, worth, value, answers, accuracy) => {
    const policy = solveOpenQuestion({ variety }, worth, 1, 12);
    expect(policy.value).toBeCloseTo(value, 7);
    expect(policy.expectedAnswers).toBeCloseTo(answers, 6);
    expect(policy.accuracy).toBeCloseTo(accuracy, 6);
  });

  it('stops where one answer leads', () => {
    const { asks } = solveOpenQuestion({}, 100, 1, 12);
    expect([[2], [3], [3, 1]].map(asks)).toEqual([false, false, false]);
    expect([[1], [1, 1], [2, 1], [2, 2], [2, 1, 1]].map(asks)).toEqual(Array(5).fill(true));
  });
});
