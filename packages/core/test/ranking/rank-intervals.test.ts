import { Random } from '@assay/core';
import { type Comparisons, type RankIntervals, rankComparisons, rankIntervals } from '@assay/core/ranking';
import { describe, expect, it } from 'vitest';

interface Crowd {
  readonly items: number;
  readonly workers: number;
  readonly answers: number;
  /** Standard deviation of each worker's own taste for each item. */
  readonly taste?: number;
  readonly hostile?: number;
}

function drawn(name: string, crowd: Crowd): { comparisons: Comparisons; scores: Float64Array } {
  const { items, workers, answers, taste = 0, hostile = 0 } = crowd;
  const random = new Random(name);
  const raw = Float64Array.from({ length: items }, () => random.normal());
  const mean = raw.reduce((sum, score) => sum + score / items, 0);
  const scores = raw.map((score) => score - mean);
  const own = Float64Array.from({ length: items * workers }, () => taste * random.normal());
  const [winner, loser, worker] = [new Uint32Array(answers), new Uint32Array(answers), new Uint32Array(answers)];
  for (let e = 0; e < answers; e++) {
    const u = random.integer(workers);
    const a = random.integer(items);
    const b = (a + 1 + random.integer(items - 1)) % items;
    const margin = scores[a] - scores[b] + own[u * items + a] - own[u * items + b];
    const follows = random.bernoulli(u < hostile * workers ? 0.2 : 0.9);
    const won = random.bernoulli(1 / (1 + Math.exp(-margin))) === follows;
    [winner[e], loser[e], worker[e]] = won ? [a, b, u] : [b, a, u];
  }
  return { comparisons: { itemCount: items, workerCount: workers, winner, loser, worker }, scores };
}

/** Shares of true scores and ranks inside their intervals, over draws of a crowd. */
function coverage(crowd: Crowd, times: number): { score: number; rank: number; first: number } {
  let [score, rank, first] = [0, 0, 0];
  for (let d = 0; d < times; d++) {
    const { comparisons, scores } = drawn(`crowd ${d}`, crowd);
    const found = intervalsOf(comparisons, d);
    const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
    order.forEach((item, place) => {
      if (found.lo[item] <= scores[item] && scores[item] <= found.hi[item]) score += 1 / (times * crowd.items);
      if (found.rankLo[item] <= place + 1 && place + 1 <= found.rankHi[item]) rank += 1 / (times * crowd.items);
    });
    first += found.maybeFirst[order[0]] / times;
  }
  return { score, rank, first };
}

function intervalsOf(comparisons: Comparisons, seed = 0): RankIntervals {
  return rankIntervals(comparisons, rankComparisons(comparisons), { random: new Random(seed) });
}

describe('rankIntervals', () => {
  it('covers true scores and ranks about as often as it says', () => {
    // 40 crowds of 10 items: 95 % intervals; below .90 less than once in 10,000 where they are honest.
    const honest = coverage({ items: 10, workers: 20, answers: 600 }, 40);
    expect(honest.score).toBeGreaterThan(0.9);
    expect(honest.rank).toBeGreaterThan(0.93);
    expect(honest.first).toBeGreaterThan(0.9);
    const mixed = coverage({ items: 20, workers: 20, answers: 600, taste: 0.7, hostile: 0.2 }, 20);
    expect(mixed.score).toBeGreaterThan(0.9);
    expect(mixed.rank).toBeGreaterThan(0.9);
  });

  it('has the standard errors of Davidson (1970) where the prior is off', () => {
    const games: [number, number, number, number][] = [
      [0, 1, 0, 3],
      [0, 2, 0, 2],
      [1, 0, 0, 1],
      [1, 2, 0, 2],
      [1, 3, 0, 1],
      [2, 0, 0, 1],
      [2, 3, 0, 1],
      [3, 2, 0, 1],
      [0, 3, 1, 2],
      [1, 2, 1, 1],
    ];
    const rows = games.flatMap(([a, b, tie, times]) => Array.from({ length: times }, () => [a, b, tie]));
    const comparisons = {
      itemCount: 4,
      workerCount: 1,
      winner: Uint32Array.from(rows, ([a]) => a),
      loser: Uint32Array.from(rows, ([, b]) => b),
      worker: new Uint32Array(rows.length),
      tied: Uint8Array.from(rows, ([, , tie]) => tie),
    };
    const options = { workers: 'plain', virtualGames: 0 } as const;
    const found = rankIntervals(comparisons, rankComparisons(comparisons, options), {
      random: new Random(1),
      ...options,
    });
    [0.642826, 0.662015, 0.672942, 0.814438].forEach((error, i) => {
      expect((found.hi[i] - found.lo[i]) / (2 * 1.959964)).toBeCloseTo(error, 4);
    });
  });

  it('separates what was asked often, and admits what was not', () => {
    const { comparisons } = drawn('clear', { items: 4, workers: 12, answers: 30_000 });
    const { rank, rankLo, rankHi, maybeFirst } = intervalsOf(comparisons);
    expect(Array.from(rankLo)).toEqual(Array.from(rank));
    expect(Array.from(rankHi)).toEqual(Array.from(rank));
    expect(maybeFirst.reduce((sum, each) => sum + each, 0)).toBe(1);
    const few = intervalsOf(drawn('few', { items: 4, workers: 12, answers: 6 }).comparisons);
    expect(Math.max(...few.rankHi)).toBe(4);
    expect(few.maybeFirst.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(1);
  });

  it('widens intervals where the answers of a worker hang together', () => {
    // Every worker gives one and the same verdict a hundred times.
    const verdicts = Array.from({ length: 12 }, (_, u) => (u < 8 ? [0, 1] : [1, 0]));
    const rows = verdicts.flatMap(([a, b], u) => Array.from({ length: 100 }, () => [a, b, u]));
    const comparisons = {
      itemCount: 2,
      workerCount: 12,
      winner: Uint32Array.from(rows, ([a]) => a),
      loser: Uint32Array.from(rows, ([, b]) => b),
      worker: Uint32Array.from(rows, ([, , u]) => u),
    };
    const ranking = rankComparisons(comparisons, { workers: 'plain' });
    const found = rankIntervals(comparisons, ranking, { random: new Random(1), workers: 'plain' });
    // 12 verdicts, not 1,200: a factor of 100 · 12/11.
    expect(found.designEffect).toBeCloseTo((100 * 12) / 11, -1);
    expect(found.lo[0]).toBeLessThan(0);
  });

  it('gives reliabilities intervals that hold them', () => {
    const { comparisons } = drawn('workers', { items: 10, workers: 20, answers: 8000, hostile: 0.2 });
    const { reliability } = rankComparisons(comparisons);
    const { reliabilityLo, reliabilityHi } = intervalsOf(comparisons);
    reliability.forEach((eta, u) => {
      expect(reliabilityLo[u]).toBeLessThan(eta);
      expect(reliabilityHi[u]).toBeGreaterThan(eta);
      expect(u < 4 ? reliabilityHi[u] < 0.5 : reliabilityLo[u] > 0.5).toBe(true);
    });
  });

  it('is neutral without comparisons, and ranks only inside groups', () => {
    const none = new Uint32Array(0);
    const empty = intervalsOf({ itemCount: 2, workerCount: 1, winner: none, loser: none, worker: none });
    expect(Array.from(empty.rank)).toEqual([1, 1]);
    expect(empty.lo.every(Number.isNaN)).toBe(true);
    expect(empty.reliabilityLo[0]).toBeGreaterThan(0.3);
    const two = intervalsOf({
      itemCount: 4,
      workerCount: 1,
      winner: Uint32Array.of(1, 3),
      loser: Uint32Array.of(0, 2),
      worker: new Uint32Array(2),
    });
    expect(Array.from(two.rank)).toEqual([2, 1, 2, 1]);
    expect(two.notes.join()).toMatch(/rests on the prior/);
    expect(intervalsOf({ itemCount: 0, workerCount: 0, winner: none, loser: none, worker: none }).rank).toHaveLength(0);
  });
});
