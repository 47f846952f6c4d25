import {
  afterVote,
  answersForError,
  expectedGain,
  labelGains,
  labelUncertainty,
  majoritySize,
  messageScores,
  optimisticGain,
  positiveChance,
  screen,
  trusted,
} from '@assay/core/control';
import { describe, expect, it } from 'vitest';

describe('optimistic knowledge gradient', () => {
  it.each([
    [1, 1, 0.5, 0.25, 0.25, 0.25],
    [2, 1, 0.75, 0.125, -0.25, 0],
    [2, 2, 0.5, 0.1875, 0.1875, 0.1875],
    [3, 1, 0.875, 0.0625, -0.1875, 0],
    [5, 2, 0.890625, 0.046875, -0.1171875, 0],
    [3, 3, 0.5, 0.15625, 0.15625, 0.15625],
    [8, 2, 0.98046875, 0.00878906, -0.03515625, 0],
  ])('of Beta(%d, %d)', (a, b, chance, yes, no, gain) => {
    expect(positiveChance(a, b)).toBeCloseTo(chance, 8);
    expect(labelGains(a, b).yes).toBeCloseTo(yes, 8);
    expect(labelGains(a, b).no).toBeCloseTo(no, 8);
    expect(expectedGain(a, b)).toBeCloseTo(gain, 8);
    expect(optimisticGain(a, b)).toBeCloseTo(Math.max(yes, no), 8);
  });

  it('matches the moments of the posterior after a vote', () => {
    const plus = afterVote([2, 1], [4, 1], true);
    const minus = afterVote([2, 1], [4, 1], false);
    const flat = [...plus.item, ...plus.worker, ...minus.item, ...minus.worker];
    [2.49315068, 0.95890411, 4.32786885, 0.98360656, 1.79069767, 1.27906977, 3.70588235, 1.05882353].forEach(
      (expected, i) => {
        expect(flat[i]).toBeCloseTo(expected, 7);
      },
    );
  });
});

describe('labelUncertainty', () => {
  it('is the tail of the Beta distribution, not the entropy of the votes', () => {
    const values = (
      [
        [1, 0],
        [2, 0],
        [2, 1],
        [3, 2],
        [5, 1],
        [4, 4],
      ] as const
    ).map(([p, n]) => labelUncertainty(p, n));
    [0.25, 0.125, 0.3125, 0.34375, 0.0625, 0.5].forEach((expected, i) => {
      expect(values[i]).toBeCloseTo(expected, 10);
    });
  });
});

describe('messageScores', () => {
  it('does the arithmetic of the published iteration', () => {
    const rows = [
      [1, 1, 0, -1],
      [-1, 0, -1, 1],
      [0, 1, 1, 1],
      [1, -1, -1, 0],
    ];
    const edges = rows.flatMap((row, t) => row.flatMap((sign, w) => (sign === 0 ? [] : [{ t, w, sign }])));
    const votes = {
      task: edges.map(({ t }) => t),
      worker: edges.map(({ w }) => w),
      sign: edges.map(({ sign }) => sign),
      tasks: 4,
      workers: 4,
    };
    expect(Array.from(messageScores(votes, 1), (x) => x + 0)).toEqual([0, 0, -4, -4]);
    expect(Array.from(messageScores(votes, 2), (x) => x + 0)).toEqual([-4, 4, 0, 16]);
    expect(Array.from(messageScores(votes, 3), (x) => x + 0)).toEqual([-4, 4, -16, 0]);
  });

  it('says how many answers an error asks for', () => {
    expect(answersForError(0.36, 0.05)).toBe(17);
    expect(majoritySize(0.7, 0.95)?.votes).toBe(17);
    expect(majoritySize(0.7, 0.95)?.accuracy).toBeCloseTo(0.959723, 6);
    expect(majoritySize(0.6, 0.9)?.votes).toBe(41);
    expect(majoritySize(0.8, 0.95)?.accuracy).toBeCloseTo(0.966656, 6);
    expect(majoritySize(0.5, 0.9)).toBeNull();
  });
});

describe('screen', () => {
  it('has Wald’s bounds and steps', () => {
    const one = screen([true]);
    expect(one.accept).toBeCloseTo(2.89037176, 7);
    expect(one.reject).toBeCloseTo(-2.2512918, 7);
    expect(one.logRatio).toBeCloseTo(0.47000363, 7);
    expect(screen([false]).logRatio).toBeCloseTo(-0.91629073, 7);
    expect(screen(Array(7).fill(true)).verdict).toBe('accept');
    expect(screen([false, false, false]).verdict).toBe('reject');
  });

  it('accepts as often as worked out exactly', () => {
    const characteristic = (accuracy: number): { accepted: number; tests: number } => {
      // Outcomes as a walk over counts, truncated at 200.
      let alive = new Map<string, { right: number; wrong: number; chance: number }>([
        ['0', { right: 0, wrong: 0, chance: 1 }],
      ]);
      let [accepted, tests] = [0, 0];
      for (let test = 0; test < 200 && alive.size > 0; test++) {
        const next = new Map<string, { right: number; wrong: number; chance: number }>();
        for (const { right, wrong, chance } of alive.values()) {
          tests += chance;
          for (const ok of [true, false]) {
            const then = { right: right + (ok ? 1 : 0), wrong: wrong + (ok ? 0 : 1) };
            const logRatio = then.right * Math.log(1.6) + then.wrong * Math.log(0.4);
            const mass = chance * (ok ? accuracy : 1 - accuracy);
            if (logRatio >= 2.8903717578961645) accepted += mass;
            else if (logRatio > -2.2512917986064953) {
              const key = String(then.right);
              next.set(key, { ...then, chance: mass + (next.get(key)?.chance ?? 0) });
            }
          }
        }
        alive = next;
      }
      return { accepted, tests };
    };
    for (const [accuracy, accepts, mean] of [
      [0.9, 0.994098, 9.7346],
      [0.8, 0.926813, 14.2217],
      [0.7, 0.635518, 18.9282],
      [0.6, 0.216455, 16.4157],
      [0.5, 0.040114, 10.6782],
    ]) {
      const { accepted, tests } = characteristic(accuracy);
      expect(accepted).toBeCloseTo(accepts, 6);
      expect(tests).toBeCloseTo(mean, 4);
    }
  });

  it('trusts by the Beta tail', () => {
    expect(trusted(3, 2, 0.6)).toBeCloseTo(0.580096, 6);
  });
});
