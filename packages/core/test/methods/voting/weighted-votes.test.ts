import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { voteCounts } from '../../../src/methods/votes.ts';
import {
  agreement,
  creditWinners,
  logOddsWeight,
  logOddsWeights,
  scoresToShares,
} from '../../../src/methods/voting/agreement.ts';
import { goldWeightedVote } from '../../../src/methods/voting/gold-weighted-vote.ts';
import { iwmv } from '../../../src/methods/voting/iwmv.ts';
import { wawa } from '../../../src/methods/voting/wawa.ts';
import { weightedVote } from '../../../src/methods/voting/weighted-vote.ts';
import { zeroBasedSkill } from '../../../src/methods/voting/zero-based-skill.ts';
import { crowd } from '../../support/crowd.ts';

/** Two good workers, one who always says the opposite. */
const liar = answersFrom(
  Array.from({ length: 20 }, (_, t) => {
    const truth = t % 2 === 0 ? 'a' : 'b';
    const lie = t % 2 === 0 ? 'b' : 'a';
    return [
      [`t${t}`, 'ana', truth],
      [`t${t}`, 'bo', truth],
      [`t${t}`, 'cy', lie],
    ] as [string, string, string][];
  }).flat(),
);

function extraOf(estimate: ReturnType<typeof fit>, name: string): Float64Array {
  return estimate.workers?.extra?.[name] as Float64Array;
}

describe('credits and agreement', () => {
  const table = answersFrom([
    ['t1', 'ana', 'x'],
    ['t1', 'bo', 'y'],
    ['t2', 'ana', 'x'],
    ['t2', 'bo', 'x'],
  ]);

  it('shares credit among tied classes, or gives it to the first', () => {
    expect(Array.from(creditWinners(table, voteCounts(table), false))).toEqual([0.5, 0.5, 1, 0]);
    expect(Array.from(creditWinners(table, voteCounts(table), true))).toEqual([1, 0, 1, 0]);
  });

  it('measures agreement in parts and weights', () => {
    expect(Array.from(agreement(table, Float64Array.of(0.5, 0.5, 1, 0)))).toEqual([0.75, 0.75]);
    const heavy = table.with({ weight: Float64Array.of(3, 1, 1, 1) });
    expect(Array.from(agreement(heavy, Float64Array.of(1, 0, 1, 0)))).toEqual([1, 0.5]);
  });

  it('keeps the order of classes when scores are negative', () => {
    expect(Array.from(scoresToShares(Float64Array.of(-1, 0, 0, -2, -1, -3), 3))).toEqual([
      0,
      0.5,
      0.5,
      1 / 3,
      2 / 3,
      0,
    ]);
  });

  it('keeps log-odds of a perfect record finite', () => {
    const [few, many] = logOddsWeights(Float64Array.of(1, 1), Float64Array.of(1, 100), 2);
    expect(few).toBeCloseTo(Math.log(3), 12);
    expect(many).toBeCloseTo(Math.log(201), 12);
  });
});

describe('wawa', () => {
  it('weighs workers by agreement with the majority', () => {
    expect(Array.from(extraOf(fit(wawa, liar), 'weight'))).toEqual([1, 1, 0]);
  });

  it('equals the first round of zero-based skill at rate 1', () => {
    const table = answersFrom(
      crowd({ seed: 2, tasks: 80, workers: 9, classes: 3, redundancy: 4, accuracy: [0.4, 0.9] }).rows,
    );
    const one = fit(zeroBasedSkill, table, { options: { rounds: 1 } });
    expect(Array.from(one.posterior)).toEqual(Array.from(fit(wawa, table).posterior));
  });
});

describe('iwmv', () => {
  it.each(['linear', 'log'])('turns round the answers of a worker below chance (%s)', (weights) => {
    const estimate = fit(iwmv, liar, { options: { weights } });
    expect(extraOf(estimate, 'weight')[2]).toBeLessThan(0);
    expect(estimate.notes.join()).toContain('1 worker counts against what they say');
    expect(estimate.label('t0')).toBe('a');
  });

  it('ends at labels that reproduce themselves', () => {
    const table = answersFrom(
      crowd({ seed: 4, tasks: 100, workers: 12, classes: 4, redundancy: 5, accuracy: [0.2, 0.9] }).rows,
    );
    const estimate = fit(iwmv, table);
    const again = voteCounts(table, extraOf(estimate, 'weight'));
    for (let task = 0; task < table.taskCount; task++) {
      const row = again.subarray(task * 4, task * 4 + 4);
      if (estimate.isTie(task)) continue;
      expect(row.indexOf(Math.max(...row))).toBe(estimate.labelIndex(task));
    }
    expect(estimate.stopReason).toBe('labels settled');
  });
});

describe('weighted vote', () => {
  it('has the posterior of workers with known accuracies, by Bayes’ rule', () => {
    const { rows, truth } = crowd({ seed: 9, tasks: 50, workers: 6, classes: 3, redundancy: 3, accuracy: [0.3, 0.95] });
    const { table } = answersFrom(rows).withGold(new Map([...truth].slice(0, 25)));
    const estimate = fit(weightedVote, table, { options: { from: 'gold' } });
    const accuracy = extraOf(estimate, 'weight').map((s) => 1 / (1 + 2 * Math.exp(-s)));
    for (let task = 25; task < 50; task++) {
      const likelihood = [1, 1, 1];
      for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++) {
        for (let k = 0; k < 3; k++) {
          const p = accuracy[table.worker[e]];
          likelihood[k] *= table.label[e] === k ? p : (1 - p) / 2;
        }
      }
      const total = likelihood[0] + likelihood[1] + likelihood[2];
      for (let k = 0; k < 3; k++) expect(estimate.posterior[task * 3 + k]).toBeCloseTo(likelihood[k] / total, 10);
    }
  });

  it('leaves a worker’s own answer out of what it is held against', () => {
    const table = answersFrom([
      ['t1', 'ana', 'a'],
      ['t1', 'bo', 'b'],
    ]);
    expect(Array.from(fit(weightedVote, table).workers?.accuracy ?? [])).toEqual([0, 0]);
  });

  it('uses the answers’ own weights alone when told so, negative ones too', () => {
    const table = answersFrom([
      { task: 't1', worker: 'ana', label: 'a', weight: 2 },
      { task: 't1', worker: 'bo', label: 'b', weight: 3 },
      { task: 't2', worker: 'cy', label: 'a', weight: -1 },
    ]);
    const estimate = fit(weightedVote, table, { options: { weights: 'given' } });
    expect(estimate.label('t1')).toBe('b');
    expect(estimate.label('t2')).toBe('b');
  });
});

describe('gold-weighted vote', () => {
  it('shrinks the gold accuracy to that of the crowd', () => {
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 4; t++) rows.push([`g${t}`, 'ana', 'a'], [`g${t}`, 'bo', t < 2 ? 'a' : 'b']);
    const { table } = answersFrom(rows).withGold(new Map([0, 1, 2, 3].map((t) => [`g${t}`, 'a'])));
    const crowdAccuracy = (6 + 3 * 0.7) / (8 + 3);
    const estimate = fit(goldWeightedVote, table);
    expect(estimate.workers?.accuracy[0]).toBeCloseTo((4 + 3 * crowdAccuracy) / 7, 12);
    expect(extraOf(estimate, 'weight')[1]).toBeCloseTo(logOddsWeight((2 + 3 * crowdAccuracy) / 7, 2), 12);
    const plain = fit(goldWeightedVote, table, { options: { weights: 'accuracy' } });
    expect(Array.from(extraOf(plain, 'weight'))).toEqual([1, 0.5]);
  });

  it('counts test answers as gold', () => {
    const table = answersFrom([
      ['t1', 'ana', 'a'],
      ['t1', 'bo', 'b'],
    ]).with({ testCounts: Float64Array.of(0, 5, 5, 0, 5, 0, 0, 5) });
    expect(fit(goldWeightedVote, table).label('t1')).toBe('b');
    expect(fit(goldWeightedVote, table).notes.join()).not.toContain('this is the majority vote');
  });

  it('is the majority vote, with a note, without gold', () => {
    const estimate = fit(goldWeightedVote, liar);
    expect(estimate.notes).toContain('no answer to a gold or test task: this is the majority vote');
    expect(estimate.posterior[0]).toBeCloseTo(2 / 3, 12);
  });
});

describe('soft answers', () => {
  it('count in parts', () => {
    const random = new Random(1);
    const soft = answersFrom(
      Array.from({ length: 30 }, (_, i) => {
        const p = random.uniform();
        return { task: `t${i % 10}`, worker: `w${Math.floor(i / 10)}`, probabilities: { a: p, b: 1 - p } };
      }),
    ) as AnswerTable;
    for (const method of [wawa, zeroBasedSkill, iwmv, weightedVote]) {
      const estimate = fit(method, soft);
      expect(estimate.posterior.some(Number.isNaN)).toBe(false);
      expect(estimate.posterior.some((p) => p > 0.01 && p < 0.99)).toBe(true);
    }
  });
});
