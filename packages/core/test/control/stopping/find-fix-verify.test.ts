import { decideFind, foundSpans, SpanRoles } from '@assay/core/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('foundSpans', () => {
  it('keeps what two of ten marked and merges what overlaps', () => {
    const marks = [
      { worker: 'a', from: 0, to: 10 },
      { worker: 'b', from: 5, to: 20 },
      { worker: 'c', from: 15, to: 25 },
      { worker: 'd', from: 40, to: 50 },
      { worker: 'd', from: 42, to: 48 },
    ];
    expect(foundSpans(marks, 10)).toEqual([
      { from: 5, to: 10, marks: 2 },
      { from: 15, to: 20, marks: 2 },
    ]);
    expect(foundSpans([...marks, { worker: 'e', from: 8, to: 18 }], 10)).toEqual([{ from: 5, to: 20, marks: 3 }]);
    expect(foundSpans([], 10)).toEqual([]);
  });

  it('agrees with counting every character', () => {
    const mark = fc.record({
      worker: fc.constantFrom('a', 'b', 'c', 'd'),
      from: fc.integer({ min: 0, max: 20 }),
      to: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.array(mark, { maxLength: 10 }), (all) => {
        const marks = all.filter(({ from, to }) => from < to);
        const inside = new Set(foundSpans(marks, 4).flatMap(({ from, to }) => span(from, to)));
        for (let at = 0; at < 21; at++) {
          const workers = new Set(marks.filter(({ from, to }) => from <= at && at < to).map(({ worker }) => worker));
          expect(inside.has(at)).toBe(workers.size >= 2);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

describe('decideFind', () => {
  it('asks until sure or fifteen have looked', () => {
    expect(decideFind(0, 0)).toMatchObject({ kind: 'ask', values: { chance: 0.3 } });
    expect(decideFind(5, 8).kind).toBe('fix');
    expect(decideFind(0, 10).kind).toBe('leave');
    const torn = decideFind(2, 15);
    expect(['fix', 'leave']).toContain(torn.kind);
    expect(torn.reason).toMatch(/after 15 workers/);
    // More marks among as many never lower the chance.
    const chances = Array.from({ length: 9 }, (_, marked) => decideFind(marked, 8).values.chance);
    expect([...chances].sort((a, b) => a - b)).toEqual(chances);
  });
});

describe('SpanRoles', () => {
  it('lets nobody judge her own fix', () => {
    const roles = new SpanRoles(false);
    roles.took('ana', 's', 'find');
    expect(roles.mayTake('ana', 's', 'fix')).toBe(true);
    roles.took('ana', 's', 'fix');
    expect(roles.mayTake('ana', 's', 'verify')).toBe(false);
    expect(roles.mayTake('ana', 't', 'verify')).toBe(true);
    expect(roles.mayTake('bo', 's', 'verify')).toBe(true);
    const strict = new SpanRoles();
    strict.took('ana', 's', 'find');
    expect(strict.mayTake('ana', 's', 'fix')).toBe(false);
  });
});

function span(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
