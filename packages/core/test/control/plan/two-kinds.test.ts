import { answersFrom, Random } from '@assay/core';
import { directVote, fitTwoKinds, type Pilot, pilotOf } from '@assay/core/control';
import { describe, expect, it } from 'vitest';

/** A pilot with the given answers per task for two classes, truth 0 everywhere. */
function pilotWith(counts: [number, number][]): Pilot {
  return {
    classCount: 2,
    tasks: Int32Array.from(counts.keys()),
    truth: new Int32Array(counts.length),
    counts: Float64Array.from(counts.flat()),
    people: Int32Array.of(0),
    ais: new Int32Array(0),
    aiSaid: new Int32Array(0),
    shares: Float64Array.of(1),
    answersPerTask: counts[0][0] + counts[0][1],
  };
}

describe('pilotOf', () => {
  it('counts the answers of people by class and keeps those of AIs apart', () => {
    const { table } = answersFrom([
      ['t1', 'ana', 'x'],
      ['t1', 'bo', 'y'],
      ['t1', 'bot', 'y'],
      ['t2', 'ana', 'y'],
      ['t3', 'bo', 'x'],
    ]).withGold(
      new Map([
        ['t1', 'x'],
        ['t2', 'y'],
      ]),
    );
    const workerKind = new Uint8Array(3);
    workerKind[table.workers.indexOf('bot')] = 1;
    const pilot = pilotOf(table.with({ workerKind }));
    expect(Array.from(pilot.truth)).toEqual([0, 1]);
    expect(Array.from(pilot.counts)).toEqual([1, 1, 0, 1]);
    expect(Array.from(pilot.aiSaid)).toEqual([1, -1]);
    // Shares are over the whole table: both people gave two answers.
    expect(Array.from(pilot.shares)).toEqual([0.5, 0.5]);
    expect(pilot.answersPerTask).toBe(1.5);
  });

  it('refuses answers with a single class', () => {
    expect(() => pilotOf(answersFrom([['t1', 'ana', 'x']]))).toThrow(/missing classes/);
  });
});

describe('fitTwoKinds', () => {
  it('finds the tasks that mislead everybody', () => {
    const kinds = fitTwoKinds(pilotWith([...Array(40).fill([7, 1]), ...Array(10).fill([1, 7])]));
    expect(kinds.regularShare).toBeGreaterThan(0.75);
    expect(kinds.regularShare).toBeLessThan(0.85);
    expect(Math.min(...kinds.regularWeight.subarray(0, 40))).toBeGreaterThan(0.95);
    expect(Math.max(...kinds.regularWeight.subarray(40))).toBeLessThan(0.05);
    expect(kinds.regular.accuracy).toBeGreaterThan(0.8);
    expect(kinds.hard.accuracy).toBeLessThan(0.3);
  });

  it('stays near its priors with a handful of tasks', () => {
    const kinds = fitTwoKinds(pilotWith([[5, 0]]));
    expect(kinds.regularShare).toBeGreaterThan(0.6);
    expect(kinds.regular.rows.every(Number.isFinite)).toBe(true);
  });
});

describe('directVote', () => {
  it('is exact: the average over all ways to draw answers', () => {
    const random = new Random(3);
    const counts: [number, number][] = Array.from({ length: 5 }, () => {
      const right = random.integer(6);
      return [right, 5 - right];
    });
    for (const answers of [1, 2, 3, 4, 5]) {
      let sum = 0;
      for (const [right] of counts) {
        const said = Array.from({ length: 5 }, (_, i) => (i < right ? 1 : 0));
        let [credit, ways] = [0, 0];
        for (let subset = 0; subset < 32; subset++) {
          const drawn = said.filter((_, i) => (subset >> i) & 1);
          if (drawn.length !== answers) continue;
          const yes = drawn.reduce((a: number, b) => a + b, 0);
          credit += 2 * yes > answers ? 1 : 2 * yes === answers ? 0.5 : 0;
          ways++;
        }
        sum += credit / ways;
      }
      expect(directVote(pilotWith(counts), answers).accuracy).toBeCloseTo(sum / 5, 12);
    }
  });

  it('leaves out tasks with fewer answers and says how many are left', () => {
    const direct = directVote(
      pilotWith([
        [2, 1],
        [4, 1],
      ]),
      5,
    );
    expect(direct).toMatchObject({ tasks: 1, accuracy: 1 });
    expect(directVote(pilotWith([[1, 0]]), 2).accuracy).toBeNaN();
  });
});
