import { canonical, classesOf, problemWith, question } from '@assay/server/protocol';
import { describe, expect, it } from 'vitest';
import { LeaseNames } from '../../src/campaign/lease-names.ts';
import { LeaseTime } from '../../src/campaign/lease-time.ts';
import { goldIsDue } from '../../src/campaign/router.ts';

describe('questions', () => {
  it('are refused when nobody could answer them', () => {
    for (const bad of [
      { kind: 'choice', prompt: '?', choices: [] },
      { kind: 'choice', prompt: '?', choices: [{ value: 'a' }, { value: 'a' }] },
      { kind: 'choice', prompt: ' ', choices: [{ value: 'a' }] },
      { kind: 'scale', prompt: '?', least: 5, most: 1 },
      { kind: 'number', prompt: '?', least: 5, most: 1 },
      { kind: 'drawing', prompt: '?' },
      { kind: 'text', prompt: '?', extra: 1 },
    ]) {
      expect(question.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    }
  });

  it('have classes where they are finite and ordered', () => {
    expect(classesOf({ kind: 'scale', prompt: '?', least: -1, most: 1 })).toEqual(['-1', '0', '1']);
    expect(classesOf({ kind: 'text', prompt: '?' })).toBeUndefined();
  });

  it('take several labels in any order and store them in one', () => {
    const asked = { kind: 'multi-label', prompt: '?', choices: [{ value: 'a' }, { value: 'b' }], most: 1 } as const;
    expect(canonical(asked, ['b', 'a'])).toEqual(['a', 'b']);
    expect(problemWith(asked, ['a', 'b'])).toBe('choose at most 1');
  });
});

describe('names of leases', () => {
  const names = new LeaseNames({ campaign: 3, seed: 5, createdAt: 7 });

  it('can be read back, and no two are alike', () => {
    const seen = new Set<string>();
    for (let task = 0; task < 5000; task++) {
      const name = names.of({ task, worker: 12 });
      expect(names.parse(name)).toEqual({ campaign: 3, task, worker: 12 });
      seen.add(name);
    }
    expect(seen.size).toBe(5000);
  });

  it('are others in another campaign, and nonsense has none', () => {
    expect(new LeaseNames({ campaign: 4, seed: 6, createdAt: 7 }).of({ task: 1, worker: 1 })).not.toBe(
      names.of({ task: 1, worker: 1 }),
    );
    for (const bad of ['', '1', '-1', 'zzzzzzz-1', 'ä-1', '1-01', '1-1-1', '12345678-1'])
      expect(names.parse(bad), bad).toBeUndefined();
  });
});

describe('lease times', () => {
  it('follow the slow answers, between two minutes and an hour', () => {
    expect(new LeaseTime().ms).toBe(600_000);
    expect(new LeaseTime(Array.from({ length: 100 }, () => 5000)).ms).toBe(120_000);
    expect(new LeaseTime(Array.from({ length: 100 }, (_, i) => (i < 97 ? 5000 : 300_000))).ms).toBe(600_000);
    expect(new LeaseTime(Array.from({ length: 100 }, () => 1e8)).ms).toBe(3_600_000);
  });
});

it('mixes exactly one gold question into each block, at places that differ between workers', () => {
  const places = (worker: number): number[] =>
    Array.from({ length: 200 }, (_, n) => n).filter((n) => goldIsDue(worker, n, 0.05, 9));
  expect(places(1)).toHaveLength(10);
  expect(places(1)).not.toEqual(places(2));
  expect(goldIsDue(1, 0, 0, 9)).toBe(false);
});
