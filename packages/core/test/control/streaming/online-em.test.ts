import { answersFrom, coinShrunk, fit, Random } from '@assay/core';
import {
  drift,
  epsilonGreedyWorker,
  forgettingAccuracy,
  informationGain,
  mostUncertain,
  OnlineEm,
  StreamingVotes,
  TaskQueue,
  valuePerPrice,
} from '@assay/core/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crowd } from '../../support/crowd.ts';

/** [task, worker, label]. */
const stream = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 2, 0],
  [1, 0, 0],
  [2, 1, 0],
  [2, 2, 1],
  [0, 2, 0],
  [3, 0, 1],
  [3, 1, 1],
  [2, 0, 0],
];

describe('OnlineEm', () => {
  it('follows the worked trace', () => {
    const em = new OnlineEm({ classes: 2, tasks: 4, workers: 3, head: 1 });
    const trace = [
      [0.3, 0.33265398, 0.90637805, 0.37063648],
      [0.15670749, 0.43979931, 0.91823464, 0.26345683],
      [0.45492757, 0.87550178, 0.23481444, 0.347184],
      [0.68375369, 0.76389362, 0.59433556, 0.47395466],
      [0.8289479, 0.85444263, 0.73186789, 0.59290508],
      [0.71104266, 0.34541853, 0.51026484, 0.62837368],
      [0.08611249, 0.41120878, 0.19621371, 0.47498059],
      [0.26438065, 0.55659693, 0.80772906, 0.41986437],
      [0.07322952, 0.77218033, 0.88996183, 0.33489559],
      [0.96844833, 0.80908683, 0.77716981, 0.48301251],
    ];
    stream.forEach(([task, worker, label], t) => {
      em.add(task, worker, label);
      const [q, first, second, prior] = trace[t];
      expect(em.posterior[task * 2]).toBeCloseTo(q, 7);
      expect(em.confusion[worker * 4]).toBeCloseTo(first, 7);
      expect(em.confusion[worker * 4 + 3]).toBeCloseTo(second, 7);
      expect(em.prior[0]).toBeCloseTo(prior, 7);
    });
    em.refreshAll();
    [0.02917957, 0.63443431, 0.98619439, 0.0554912].forEach((q, task) => {
      expect(em.posterior[task * 2]).toBeCloseTo(q, 7);
    });
    [0.13187859, 0.65655342, 0.0728349, 0.2143768].forEach((entropy, task) => {
      expect(em.entropyOf(task)).toBeCloseTo(entropy, 7);
    });
    expect([0, 1, 2].map((w) => Number(em.reliability(w).toFixed(8)))).toEqual([0.79258613, 0.83307189, 0.30005902]);
    const gain = informationGain(em.posterior.slice(2, 4), em.confusion.slice(4, 8));
    expect(gain).toBeCloseTo(0.22417244, 7);
    expect(informationGain(em.posterior.slice(6, 8), em.confusion.slice(8, 12))).toBeCloseTo(0.01914452, 7);
  });

  it('follows the published form with one counter for all', () => {
    const em = new OnlineEm({ classes: 2, tasks: 4, workers: 3, head: 1, counter: 'all' });
    for (const [task, worker, label] of stream) em.add(task, worker, label);
    [0.72640216, 0.76687241, 0.72432639, 0.84811229, 0.55028589, 0.29844913].forEach((share, i) => {
      expect(em.confusion[4 * (i >> 1) + 3 * (i & 1)]).toBeCloseTo(share, 7);
    });
    expect(em.prior[0]).toBeCloseTo(0.49607771, 7);
  });

  it('catches up exactly with a batch fit', () => {
    const table = answersFrom(
      crowd({ seed: 3, tasks: 60, workers: 8, classes: 3, redundancy: 4, accuracy: [0.5, 0.9] }).rows,
    );
    const em = new OnlineEm({ classes: 3, tasks: table.taskCount, workers: table.workerCount });
    for (let answer = 0; answer < table.answerCount; answer++) {
      em.add(table.answerTask[answer], table.worker[answer], table.label[answer]);
    }
    const estimate = fit(coinShrunk, table);
    em.anchor(estimate);
    expect(Array.from(em.posterior)).toEqual(Array.from(estimate.posterior));
    em.refreshAll();
    const largest = em.posterior.reduce((most, q, i) => Math.max(most, Math.abs(q - estimate.posterior[i])), 0);
    expect(largest).toBeLessThan(1e-4);
  });
});

describe('StreamingVotes', () => {
  it('follows the worked trace', () => {
    const votes = new StreamingVotes(4, 3);
    const expected = [
      0.66666667, 0.66666667, 0.66666667, 0.7, 0.7, 0.70588235, 0.66611433, 0.69814959, 0.63203526, 0.71494203,
    ];
    const odds = [
      Math.LN2,
      2 * Math.LN2,
      -Math.LN2,
      -1.54044504,
      -0.84729786,
      0.02817088,
      0.69563165,
      0.83850183,
      1.37945989,
      -0.89133804,
    ];
    stream.forEach(([task, worker, label], t) => {
      expect(votes.add(task, worker, label === 1)).toBeCloseTo(expected[t], 7);
      expect(votes.logOdds[task]).toBeCloseTo(odds[t], 7);
    });
  });
});

describe('drift', () => {
  it('raises the alarm when a worker falls off', () => {
    const outcomes = [1, 1, 0, 1, 0, 0, 1, 0].map(Boolean);
    const scores = outcomes.map((_, i) => drift(outcomes.slice(0, i + 1), 0.85, 0.6).score);
    [0, 0, 0.980829, 0.632523, 1.613352, 2.594181, 2.245874, 3.226704].forEach((g, i) => {
      expect(scores[i]).toBeCloseTo(g, 6);
    });
    expect(drift(outcomes, 0.85, 0.6)).toMatchObject({ alarm: true, since: 6 });
    expect(drift(outcomes.slice(0, 7), 0.85, 0.6).alarm).toBe(false);
  });

  it('forgets old outcomes but not the prior', () => {
    const outcomes = [1, 1, 1, 1, 0, 1, 0, 0, 0, 0].map(Boolean);
    const means = outcomes.map((_, i) => forgettingAccuracy(outcomes.slice(0, i + 1), 0.95).mean);
    [0.75, 0.79798, 0.829133, 0.850966, 0.734197, 0.765008, 0.678687, 0.608761, 0.551034, 0.502628].forEach((m, i) => {
      expect(means[i]).toBeCloseTo(m, 5);
    });
    const { lo, mean, hi } = forgettingAccuracy([]);
    expect(lo < mean && mean < hi).toBe(true);
  });
});

describe('TaskQueue', () => {
  it('always gives the allowed task of largest score, whatever was set and removed before', () => {
    const change = fc.record({ task: fc.integer({ min: 0, max: 19 }), score: fc.integer({ min: -1, max: 6 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
        const queue = new TaskQueue(20, 5);
        const scores = new Map<number, number>();
        for (const { task, score } of changes) {
          if (score < 0) {
            queue.remove(task);
            scores.delete(task);
          } else {
            queue.set(task, score);
            scores.set(task, score);
          }
        }
        const even = (task: number): boolean => task % 2 === 0;
        const expected = [...scores].filter(([task]) => even(task)).map(([, score]) => score);
        expected.sort((a, b) => b - a);
        const found = queue.best(3, even);
        expect(found.map((task) => queue.scoreOf(task))).toEqual(expected.slice(0, 3));
        expect(new Set(found).size).toBe(found.length);
        // The same content reached in another order gives the same tasks.
        const again = new TaskQueue(20, 5);
        for (const [task, score] of [...scores].reverse()) again.set(task, score);
        expect(again.best(3, even)).toEqual(found);
      }),
      { numRuns: 200, seed: 2 },
    );
  });
});

describe('policies', () => {
  const em = new OnlineEm({ classes: 2, tasks: 5, workers: 2 });
  const queue = new TaskQueue(5);
  for (let task = 0; task < 5; task++) queue.set(task, task === 3 ? 1 : 0.5);
  const state = { queue, stream: em, may: (task: number) => task !== 3, priceMicros: () => 10 };

  it('keep to the constraints and say why', () => {
    for (const policy of [mostUncertain(), valuePerPrice()]) {
      const random = new Random(1);
      for (let i = 0; i < 50; i++) expect(policy.next(state, 0, random)).not.toMatchObject({ task: 3 });
      const none = policy.next({ ...state, may: () => false }, 0, random);
      expect(none).toMatchObject({ kind: 'none', reason: 'no open task is allowed for this worker' });
    }
    expect(mostUncertain({ explore: 0 }).next({ ...state, may: () => true }, 0, new Random(0))).toMatchObject({
      task: 3,
    });
  });

  it('choose the most reliable worker, now and then anyone', () => {
    const random = new Random(2);
    for (let i = 0; i < 20; i++) em.add(0, 1, i % 2);
    const chosen = Array.from({ length: 200 }, () => epsilonGreedyWorker(em, [0, 1], random, 0.2));
    const share = chosen.filter((w) => w === 0).length / 200;
    // 0.9 expected; outside these 6 standard errors once in 1e9.
    expect(share).toBeGreaterThan(0.77);
    expect(chosen).toContain(1);
    expect(epsilonGreedyWorker(em, [], random)).toBe(-1);
  });
});
