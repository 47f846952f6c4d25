import { Random } from '@assay/core';
import { type Comparisons, rankComparisons, tieOrNot } from '@assay/core/ranking';
import { describe, expect, it } from 'vitest';
import { kendall, linearCrowd } from './crowds.ts';

describe('rankComparisons', () => {
  it('ranks by reliability where Bradley-Terry trusts everybody', () => {
    let [plain, robust] = [0, 0];
    for (let seed = 0; seed < 5; seed++) {
      const { comparisons, truth, honest } = linearCrowd(seed);
      plain += kendall(rankComparisons(comparisons, { workers: 'plain' }).scores, truth) / 5;
      const found = rankComparisons(comparisons);
      robust += kendall(found.scores, truth) / 5;
      found.reliability.forEach((eta, u) => void expect(eta > 0.5).toBe(honest[u]));
      expect(found.notes).toHaveLength(1);
    }
    // An independent implementation finds .468 ± .116 and .717 ± .032 over five such crowds.
    expect(Math.abs(plain - 0.468)).toBeLessThan(0.15);
    expect(Math.abs(robust - 0.717)).toBeLessThan(0.06);
  });

  it('does not depend on the order of answers', () => {
    const { comparisons } = linearCrowd(9);
    const order = new Random('order').permutation(comparisons.worker.length);
    const turned = {
      ...comparisons,
      winner: order.map((e) => comparisons.winner[e]),
      loser: order.map((e) => comparisons.loser[e]),
      worker: order.map((e) => comparisons.worker[e]),
    };
    expect(rankComparisons(turned).scores).toEqual(rankComparisons(comparisons).scores);
  });

  it('is neutral without answers and finite with one', () => {
    const none = new Uint32Array(0);
    const empty = rankComparisons({ itemCount: 2, workerCount: 1, winner: none, loser: none, worker: none });
    expect(Array.from(empty.scores)).toEqual([0, 0]);
    expect(empty.reliability[0]).toBe(0.8);
    expect(empty.notes[0]).toMatch(/^no comparisons/);
    expect(
      rankComparisons({ itemCount: 0, workerCount: 0, winner: none, loser: none, worker: none }).scores,
    ).toHaveLength(0);
    const zero = Uint32Array.of(0);
    const one = rankComparisons({ itemCount: 2, workerCount: 1, winner: Uint32Array.of(1), loser: zero, worker: zero });
    expect(one.scores[1]).toBeGreaterThan(0);
    expect([...one.scores, ...one.reliability, ...one.agreed].every(Number.isFinite)).toBe(true);
  });

  it('refuses items and workers that are not there', () => {
    const zero = Uint32Array.of(0);
    const own = { itemCount: 2, workerCount: 1, winner: Uint32Array.of(1), loser: zero, worker: zero };
    expect(() => rankComparisons({ ...own, winner: Uint32Array.of(2) })).toThrow(/^invalid pairs: items 2 and 0 of 2/);
    expect(() => rankComparisons({ ...own, winner: zero })).toThrow(/beside itself/);
    expect(() => rankComparisons({ ...own, worker: Uint32Array.of(1) })).toThrow(/worker 1 of 1/);
    expect(() => rankComparisons({ ...own, worker: new Uint32Array(0) })).toThrow(/1, 1 and 0 entries/);
    expect(() => rankComparisons(own, { prior: [0, 1] })).toThrow(/^invalid prior/);
    expect(() => rankComparisons(own, { virtualGames: -1 })).toThrow(/^invalid virtualGames -1; give/);
  });

  it('ends at the maximum of Davidson (1970) that an independent Newton iteration finds', () => {
    // wins[a][b] and ties of 4 items.
    const wins = [
      [0, 3, 2, 0],
      [1, 0, 2, 1],
      [1, 0, 0, 1],
      [0, 0, 1, 0],
    ];
    const games: [number, number, 0 | 1][] = wins.flatMap((row, a) =>
      row.flatMap((times, b) => Array.from({ length: times }, (): [number, number, 0 | 1] => [a, b, 0])),
    );
    games.push([0, 3, 1], [0, 3, 1], [2, 1, 1]);
    const comparisons: Comparisons = {
      itemCount: 4,
      workerCount: 1,
      winner: Uint32Array.from(games, ([a]) => a),
      loser: Uint32Array.from(games, ([, b]) => b),
      worker: new Uint32Array(games.length),
      tied: Uint8Array.from(games, ([, , tie]) => tie),
    };
    const found = rankComparisons(comparisons, { workers: 'plain', virtualGames: 0 });
    [0.768212, 0.4076, -0.720782, -0.45503].forEach((score, i) => void expect(found.scores[i]).toBeCloseTo(score, 4));
    expect(Math.log(found.ties)).toBeCloseTo(-0.579537, 4);
  });

  it('scores groups that nothing links on scales of their own, and says so', () => {
    const found = rankComparisons({
      itemCount: 5,
      workerCount: 1,
      winner: Uint32Array.of(0, 0, 3, 3),
      loser: Uint32Array.of(1, 1, 4, 4),
      worker: new Uint32Array(4),
    });
    expect(Array.from(found.groups.of)).toEqual([0, 0, 1, 2, 2]);
    expect(found.scores[0]).toBeCloseTo(-found.scores[1], 12);
    expect(found.scores[3]).toBeCloseTo(found.scores[0], 6);
    expect(found.scores[2]).toBe(0);
    expect(found.notes).toEqual(['3 groups of items that no comparison links: each has its own scale and ranks']);
  });

  it('keeps scores finite where everything ties and where one item always wins', () => {
    const [winner, loser, worker] = [new Uint32Array(9), new Uint32Array(9).fill(1), new Uint32Array(9)];
    const all = { itemCount: 2, workerCount: 1, winner, loser, worker };
    const tied = rankComparisons({ ...all, tied: new Uint8Array(9).fill(1) });
    expect(Array.from(tied.scores)).toEqual([0, 0]);
    expect(tied.ties).toBeGreaterThan(2);
    expect(Number.isFinite(tied.ties)).toBe(true);
    expect(tied.agreed.every(Number.isNaN)).toBe(true);
    expect(rankComparisons(all).scores[0]).toBeLessThan(5);
  });
});

describe('tieOrNot', () => {
  it('has the derivatives that central differences give', () => {
    for (const tied of [true, false])
      for (const margin of [-4, -0.3, 0, 1.2, 30])
        for (const logTies of [-2, 0.5]) {
          const at = (h: number, t: number): number => tieOrNot(h, t, tied).loss;
          const claimed = tieOrNot(margin, logTies, tied);
          const step = 1e-5;
          expect((at(margin + step, logTies) - at(margin - step, logTies)) / (2 * step)).toBeCloseTo(
            claimed.byMargin,
            6,
          );
          expect((at(margin, logTies + step) - at(margin, logTies - step)) / (2 * step)).toBeCloseTo(
            claimed.byLogTies,
            6,
          );
        }
  });

  it('gives a tie and its opposite probabilities that sum to 1', () => {
    expect(Math.exp(-tieOrNot(1.3, 0.2, true).loss) + Math.exp(-tieOrNot(1.3, 0.2, false).loss)).toBeCloseTo(1, 12);
  });
});
