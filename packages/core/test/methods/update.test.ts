import { answersFrom, coinShrunk, dawidSkeneMap, Estimate, fit, majorityVote } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { crowd } from '../support/crowd.ts';

const { rows } = crowd({ seed: 5, tasks: 80, workers: 10, classes: 3, redundancy: 4, accuracy: [0.5, 0.9] });

describe('Estimate.update', () => {
  it('is an E-step on the task with everything else held, in any order', () => {
    const estimate = fit(dawidSkeneMap, answersFrom(rows));
    const { prior, workers, classNames, workerNames } = estimate;
    const more = [
      { task: 't3', worker: 'w1', label: 'c2' },
      { task: 't3', worker: 'w7', label: 'c0' },
    ];
    const [one, other] = [more, [...more].reverse()].map((list) =>
      list.reduce((e, answer) => e.update(answer), estimate),
    );
    one.posterior.forEach((p, i) => {
      expect(p).toBeCloseTo(other.posterior[i], 12);
    });
    // A new task has the prior and its answers, and nothing else.
    const fresh = one.update({ task: 'new', worker: 'w2', label: 'c1' });
    const w = workerNames.indexOf('w2');
    const said = classNames.indexOf('c1');
    const weights = Array.from(
      prior as Float64Array,
      (p, k) => p * (workers?.confusion?.[(w * 3 + k) * 3 + said] ?? 0),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    weights.forEach((weight, k) => {
      expect(fresh.posterior[80 * 3 + k]).toBeCloseTo(weight / sum, 12);
    });
    expect(fresh.answersPerTask[80]).toBe(1);
    expect(fresh.label('new')).toBe('c1');
    // The estimate it came from is untouched, and what comes out can be saved.
    expect(estimate.taskCount).toBe(80);
    expect(Estimate.fromJSON(JSON.parse(JSON.stringify(fresh))).posterior).toEqual(fresh.posterior);
  });

  it('takes a worker it never saw for the average one', () => {
    const estimate = fit(coinShrunk, answersFrom(rows));
    const row = (e: Estimate): number => e.posterior[estimate.taskNames.indexOf('t0') * 3 + 1];
    expect(row(estimate.update({ task: 't0', worker: 'stranger', label: 'c1' }))).toBeGreaterThan(row(estimate));
  });

  it('says when it cannot', () => {
    const answer = { task: 't0', worker: 'w0', label: 'c0' };
    expect(() => fit(majorityVote, answersFrom(rows)).update(answer)).toThrow(/no confusion/);
    expect(() => fit(coinShrunk, answersFrom(rows)).update({ ...answer, label: 'c9' })).toThrow(/unknown class "c9"/);
  });
});
