import { Random } from '@assay/core';
import {
  accuracyGain,
  type Controller,
  earlyMajority,
  informationGain,
  informationPerPrice,
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

  it('votes early when the others cannot overturn it', () => {
    const controller = earlyMajority({ accuracy: 0.8, wanted: 0.95 });
    const at = (counts: number[]) => controller.decide(state(0.5, [source('a', 0.8, 10, 9)], counts), new Random(0));
    // Seven votes reach .967.
    expect(at([0, 3])).toMatchObject({ kind: 'ask', values: { votes: 7 } });
    expect(at([0, 4])).toMatchObject({ kind: 'stop', label: 1, reason: 'the 3 votes left cannot overturn it' });
    expect(at([4, 3])).toMatchObject({ kind: 'stop', label: 0 });
    expect(earlyMajority({ accuracy: 0.5, wanted: 0.9 }).decide(state(0.5, [], [1, 0]), new Random(0)).kind).toBe(
      'stop',
    );
  });

  it('takes a task of one class for done', () => {
    const one: Source = { id: 'a', confusion: Float64Array.of(1), priceMicros: 1, available: 5 };
    const certain = { ...state(0.5, [one]), posterior: Float64Array.of(1), counts: Float64Array.of(1) };
    for (const controller of [informationPerPrice(), posteriorThreshold(), taskLookahead({ lossMicros: 1e6 })]) {
      expect(controller.decide(certain, new Random(0))).toMatchObject({ kind: 'stop', label: 0 });
    }
  });

  it('takes free answers without a loop and stops at the most', () => {
    const free = state(0.5, [source('free', 0.8, 0, 1e9)], [10, 10]);
    expect(informationPerPrice({ most: 20 }).decide(free, new Random(0)).kind).toBe('stop');
  });
});

describe('solveOpenQuestion', () => {
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
