import { answersFrom, fit, Random } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { majorityVote } from '../../../src/methods/voting/majority-vote.ts';
import { surprisinglyPopular } from '../../../src/methods/voting/surprisingly-popular.ts';

/**
 * 25 workers a task, four tasks in ten with a misleading majority. Workers know how often their own
 * signal occurs in both worlds, and predict the others from it with noise of 0.05.
 */
function misleadingCrowd(tasks: number): { table: ReturnType<typeof answersFrom>; truth: string[]; misled: boolean[] } {
  const random = new Random(17);
  const rows = [];
  const truth: string[] = [];
  const misled: boolean[] = [];
  for (let t = 0; t < tasks; t++) {
    const yes = random.uniform() < 0.5;
    const trap = random.uniform() < 0.4;
    truth.push(yes ? 'yes' : 'no');
    misled.push(trap);
    // Share that says the truth in the actual world, and the false class in the other one.
    const [right, wrongWorld] = trap ? [0.4, 0.9] : [0.8, 0.8];
    for (let w = 0; w < 25; w++) {
      const correct = random.uniform() < right;
      const sees = correct === yes;
      // Chance of the actual world given what was seen, both worlds alike before.
      const seenHere = correct ? right : 1 - right;
      const seenThere = correct ? 1 - wrongWorld : wrongWorld;
      const here = seenHere / (seenHere + seenThere);
      const expectTruth = here * right + (1 - here) * (1 - wrongWorld);
      const noisy = Math.min(0.99, Math.max(0.01, expectTruth + 0.05 * random.normal()));
      const predictedYes = yes ? noisy : 1 - noisy;
      rows.push({ task: `t${t}`, worker: `w${w}`, label: sees ? 'yes' : 'no', predictedShares: { yes: predictedYes } });
    }
  }
  return { table: answersFrom(rows), truth, misled };
}

describe('surprisingly popular vote', () => {
  const { table, truth, misled } = misleadingCrowd(400);
  const share = (labels: (task: number) => string | null, where: (task: number) => boolean): number => {
    let right = 0;
    let all = 0;
    for (let t = 0; t < truth.length; t++) {
      if (!where(t)) continue;
      all++;
      if (labels(t) === truth[t]) right++;
    }
    return right / all;
  };

  it('finds the truth where the majority is misled and loses nothing elsewhere', () => {
    const found = fit(surprisinglyPopular, table);
    const vote = fit(majorityVote, table);
    expect(
      share(
        (t) => found.label(t),
        (t) => misled[t],
      ),
    ).toBeGreaterThan(0.85);
    expect(
      share(
        (t) => vote.label(t),
        (t) => misled[t],
      ),
    ).toBeLessThan(0.3);
    expect(
      share(
        (t) => found.label(t),
        (t) => !misled[t],
      ),
    ).toBeGreaterThan(0.97);
  });

  it('decides two classes the same way by difference and by ratio, nearly always', () => {
    const one = fit(surprisinglyPopular, table);
    const other = fit(surprisinglyPopular, table, { options: { rule: 'ratio' } });
    let same = 0;
    for (let t = 0; t < truth.length; t++) if (one.label(t) === other.label(t)) same++;
    expect(same / truth.length).toBeGreaterThan(0.95);
  });

  it('falls back to the majority vote, with a flag and a note, without predictions', () => {
    const plain = table.with({ predicted: undefined });
    const estimate = fit(surprisinglyPopular, plain);
    expect(estimate.posterior).toEqual(fit(majorityVote, plain).posterior);
    expect(estimate.tasks.byPrediction.every((flag) => flag === 0)).toBe(true);
    expect(estimate.notes.join()).toContain('this is the majority vote');
  });

  it('does not use four predictions where five are asked for', () => {
    const few = answersFrom(
      [0, 1, 2, 3].map((w) => ({
        task: 't',
        worker: `w${w}`,
        label: w < 3 ? 'a' : 'b',
        predictedShares: { a: 0.9, b: 0.1 },
      })),
    );
    expect(fit(surprisinglyPopular, few).label('t')).toBe('a');
    expect(fit(surprisinglyPopular, few, { options: { minAnswers: 4 } }).label('t')).toBe('b');
  });

  it('keeps predictions with their answers when rows are sorted, and fills in the second of two classes', () => {
    const mixed = answersFrom([
      { task: 't', worker: 'zoe', label: 'b', predictedShares: { a: 0.25 } },
      { task: 't', worker: 'ana', label: 'a' },
    ]);
    expect(Array.from(mixed.predicted ?? [])).toEqual([Number.NaN, Number.NaN, 0.25, 0.75]);
  });
});
