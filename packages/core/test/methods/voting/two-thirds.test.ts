import { answersFrom, fit } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { twoThirds } from '../../../src/methods/voting/two-thirds.ts';

function votes(task: string, ...labels: string[]): [string, string, string][] {
  return labels.map((label, i) => [task, `w${i}`, label]);
}

describe('two-thirds rule', () => {
  const table = answersFrom([
    ...votes('exactly', 'a', 'a', 'b'),
    ...votes('below', 'a', 'a', 'a', 'b', 'b'),
    ...votes('single', 'a'),
    ...votes('three classes', 'a', 'b', 'c'),
  ]);

  it('decides at exactly two thirds and not below', () => {
    const estimate = fit(twoThirds, table);
    expect(estimate.label('exactly')).toBe('a');
    expect(estimate.label('below')).toBeNull();
    expect(Array.from(estimate.tasks.decided)).toEqual([1, 0, 0, 0]);
  });

  it('needs two answers unless told otherwise', () => {
    expect(fit(twoThirds, table).label('single')).toBeNull();
    expect(fit(twoThirds, table, { options: { minVotes: 1 } }).label('single')).toBe('a');
  });

  it('lists how many tasks need more answers', () => {
    expect(fit(twoThirds, table).notes).toContain('3 tasks have answers but no label: ask for more');
  });

  it('takes a lower share, leaving ties open', () => {
    const estimate = fit(twoThirds, table, { options: { share: 0.3 } });
    expect(estimate.label('below')).toBe('a');
    expect(estimate.label('three classes')).toBeNull();
  });

  it('decides gold tasks', () => {
    const { table: withGold } = table.withGold(new Map([['single', 'b']]));
    expect(fit(twoThirds, withGold).label('single')).toBe('b');
  });
});
