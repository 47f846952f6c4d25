import { InputError } from '@assay/core';
import { costMatrix, costRows, zeroOneCosts } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';

const classes = ['ham', 'maybe', 'spam'];

function failure(run: () => unknown): InputError {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('expected an InputError');
}

describe('costMatrix', () => {
  it('reads long and wide files alike', () => {
    const wide = costRows([
      ['truth', 'ham', 'maybe', 'spam', 'abstain'],
      ['ham', '0', '1', '10', '2'],
      ['maybe', ' 1', '', '3', '2'],
      ['spam', '1', '-0.5', '0', '2'],
    ]);
    const long = costRows([
      ['cost', 'Truth', 'Decision'],
      ...wide.map(({ truth, label, cost }) => [String(cost), truth, label]),
      ['', '', ''],
    ]);
    const costs = costMatrix(classes, wide);
    expect(Array.from(costs.cost)).toEqual([0, 1, 10, 1, 0, 3, 1, -0.5, 0]);
    expect(Array.from(costs.abstain ?? [])).toEqual([2, 2, 2]);
    expect(costMatrix(classes, long)).toEqual(costs);
    expect(wide[5]).toEqual({ truth: 'maybe', label: 'spam', cost: 3, line: 3 });
  });

  it('allows negative costs and gains on the diagonal', () => {
    const rows = [
      { truth: 'no', label: 'yes', cost: 4 },
      { truth: 'yes', label: 'no', cost: 1 },
      { truth: 'yes', label: 'yes', cost: -3 },
    ];
    expect(Array.from(costMatrix(['no', 'yes'], rows).cost)).toEqual([0, 4, 1, -3]);
    expect(Array.from(zeroOneCosts(['no', 'yes']).cost)).toEqual([0, 1, 1, 0]);
  });

  it('takes a class named abstain for a class', () => {
    const rows = [
      { truth: 'abstain', label: 'vote', cost: 1 },
      { truth: 'vote', label: 'abstain', cost: 2 },
    ];
    const costs = costMatrix(['abstain', 'vote'], rows);
    expect(Array.from(costs.cost)).toEqual([0, 1, 2, 0]);
    expect(costs.abstain).toBeUndefined();
  });

  it('names every missing, unknown, repeated and unreadable cost with its place', () => {
    const rows = costRows([
      ['truth', 'ham', 'maybe', 'spam'],
      ['ham', '0', '1', 'ten'],
      ['hamm', '0', '1', '2'],
      ['maybe', '1', '0', '3'],
      ['maybe', '1', '0', '3'],
    ]);
    const error = failure(() => costMatrix(classes, rows, 'costs.csv'));
    expect(error.message).toBe('invalid cost "NaN" of "spam" for "ham" in costs.csv, line 2; give a number');
    expect(error.all.map(({ code }) => code)).toEqual([
      'invalid-cost',
      ...new Array<string>(3).fill('unknown-class'),
      ...new Array<string>(3).fill('duplicate-cost'),
      ...new Array<string>(3).fill('missing-cost'),
    ]);
    expect(error.all[1].hint).toBe('did you mean ham?');
    expect(error.all[9].message).toMatch(/^missing cost of "maybe" when "spam" is true in costs.csv; add a row/);
  });

  it('stops at twenty problems', () => {
    const many = Array.from({ length: 10 }, (_, k) => `c${k}`);
    expect(failure(() => costMatrix(many, [])).all).toHaveLength(20);
  });

  it('needs a cost of abstaining for every class or for none', () => {
    const rows = [
      { truth: 'no', label: 'yes', cost: 4 },
      { truth: 'yes', label: 'no', cost: 1 },
      { truth: 'yes', label: 'abstain', cost: 1 },
    ];
    expect(failure(() => costMatrix(['no', 'yes'], rows)).message).toMatch(
      /missing cost of "abstain" when "no" is true/,
    );
  });

  it('refuses files without a header, rows or columns it can read', () => {
    expect(failure(() => costRows([['truth', 'cost']])).code).toBe('missing-rows');
    expect(
      failure(() =>
        costRows(
          [
            ['truth', 'cost'],
            ['a', '1'],
          ],
          'f.csv',
        ),
      ).message,
    ).toMatch(/^missing column label/);
  });
});
