import { Random } from '@assay/core';
import {
  canonicalAnswer,
  lazySusan,
  openBelief,
  pluralityAccuracy,
  type Source,
  solveOpenQuestion,
  type TaskState,
} from '@assay/core/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const tenths = Array.from({ length: 11 }, (_, i) => i / 10);

/** The belief answer by answer: what the closed form must give in any order. */
function sequential(answers: readonly number[], variety: number, error: number) {
  const seen: number[] = [];
  const counts: number[] = [];
  // Rows: each distinct answer is right, then none of them; columns: difficulties.
  let mass = [tenths.map(() => 1 / 11)];
  for (const x of answers) {
    const n = counts.reduce((sum, count) => sum + count, 0);
    const j = seen.indexOf(x);
    const accuracy = tenths.map((d) => (1 - d) ** error);
    const unseen = mass[mass.length - 1];
    const next = mass.slice(0, -1).map((row, i) =>
      row.map((m, d) => {
        if (i === j) return m * accuracy[d];
        return (m * (1 - accuracy[d]) * (j < 0 ? variety : counts[j])) / (n - counts[i] + variety);
      }),
    );
    if (j < 0) next.push(unseen.map((m, d) => m * accuracy[d]));
    next.push(unseen.map((m, d) => (m * (1 - accuracy[d]) * (j < 0 ? variety : counts[j])) / (n + variety)));
    mass = next;
    if (j < 0) {
      seen.push(x);
      counts.push(1);
    } else counts[j]++;
  }
  const sums = mass.map((row) => row.reduce((sum, m) => sum + m, 0));
  const evidence = sums.reduce((sum, m) => sum + m, 0);
  return { counts, evidence, chances: sums.map((m) => m / evidence) };
}

describe('openBelief', () => {
  it('follows the worked answers A A B A C', () => {
    const steps = [[1], [2], [2, 1], [3, 1], [3, 1, 1]].map((counts) => openBelief(counts));
    [1, 0.525, 0.3015873016, 0.4976315789, 0.2011105235].reduce((before, factor, i) => {
      expect(Math.exp(steps[i].logEvidence - before)).toBeCloseTo(factor, 9);
      return steps[i].logEvidence;
    }, 0);
    [0.5, 0.33333333, 0.28947368, 0.24357483, 0.21114909].forEach((p, i) => {
      expect(steps[i].unseen).toBeCloseTo(p, 7);
    });
    [0.5, 0.66666667, 0.47368421, 0.56731888, 0.47804365].forEach((p, i) => {
      expect(steps[i].answers[0]).toBeCloseTo(p, 7);
    });
    expect(Array.from(steps[4].answers, (p) => Number(p.toFixed(8)))).toEqual([0.47804365, 0.15540363, 0.15540363]);
    [0.5, 0.4047619, 0.57494737, 0.52961396, 0.61388903].forEach((d, i) => {
      expect(steps[i].difficulty).toBeCloseTo(d, 7);
    });
  });

  it('is the sequential update, for any answers in any order', () => {
    const answers = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 });
    const parameter = fc.double({ min: 0.2, max: 6, noNaN: true });
    fc.assert(
      fc.property(answers, parameter, parameter, fc.nat(50), (given, variety, error, seed) => {
        const one = sequential(given, variety, error);
        const belief = openBelief(one.counts, { variety, error });
        expect(Math.exp(belief.logEvidence)).toBeCloseTo(one.evidence, 10);
        one.chances.forEach((p, i) => {
          expect(belief.answers[i] ?? belief.unseen).toBeCloseTo(p, 10);
        });
        const shuffled = sequential(new Random(seed).shuffle([...given]), variety, error);
        expect(shuffled.evidence).toBeCloseTo(one.evidence, 10);
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

describe('open questions', () => {
  it.each([
    [1, [0.5, 0.5375, 0.564356, 0.576734, 0.584069]],
    [5, [0.5, 0.5625, 0.628225, 0.658102, 0.676075]],
  ] as const)('a plurality of 1, 3, 5, 7, 9 answers at variety %d', (variety, accuracy) => {
    accuracy.forEach((expected, i) => {
      expect(pluralityAccuracy({ variety }, 2 * i + 1)).toBeCloseTo(expected, 6);
    });
  });

  it('the optimum is never below a fixed number of answers', () => {
    const { value } = solveOpenQuestion({ variety: 5 }, 20, 1, 9);
    for (const n of [0, 1, 3, 5, 7, 9]) {
      expect(value).toBeGreaterThanOrEqual(20 * pluralityAccuracy({ variety: 5 }, n) - n - 1e-9);
    }
  });

  it('a controller asks by the optimum and submits the likeliest answer', () => {
    const controller = lazySusan({ worthMicros: 100_000 });
    const person: Source = { id: 'person', confusion: new Float64Array(0), priceMicros: 1000, available: 20 };
    const state = (counts: number[], remainingMicros: number | null = null): TaskState => ({
      task: 't',
      posterior: new Float64Array(counts.length),
      counts: Float64Array.from(counts),
      outstanding: 0,
      sources: [person],
      remainingMicros,
    });
    const random = new Random(0);
    expect(controller.decide(state([0, 1, 0]), random)).toMatchObject({ kind: 'ask', source: 'person' });
    expect(controller.decide(state([1, 3]), random)).toMatchObject({ kind: 'stop', label: 1 });
    expect(controller.decide(state([1, 2], 999), random)).toMatchObject({ kind: 'stop', label: 1 });
    expect(controller.decide(state([]), random).kind).toBe('ask');
  });

  it('answers that mean the same are spelled the same', () => {
    const words = ['  New  YORK ', 'new york', 'Cafe\u0301', 'caf\u00e9', '+12.0', '.5', '1e3', '007'];
    expect(words.map(canonicalAnswer)).toEqual([
      'new york',
      'new york',
      'caf\u00e9',
      'caf\u00e9',
      '12',
      '0.5',
      '1e3',
      '7',
    ]);
  });
});
