import { normalQuantile } from '../math/normal-quantile.ts';
import type { Random } from '../math/random.ts';
import type { Comparisons } from './comparisons.ts';
import type { RankingResult } from './rank-comparisons.ts';
import { enoughWorkers, type InformationOptions, ScoreInformation } from './score-information.ts';

/** With more items than this scores have no intervals: the cost grows with the cube. */
export const mostItems = 2000;

/** Draws of whole rankings. */
const draws = 1000;

export interface RankIntervalOptions extends InformationOptions {
  readonly random: Random;
  /** Probability intervals are meant to cover, default 0.95. */
  readonly level?: number;
}

/** How sure a ranking is. Intervals are NaN where nothing was compared, or items are too many. */
export interface RankIntervals {
  readonly level: number;
  /** Interval of each score, around the mean of its group, N. */
  readonly lo: Float64Array;
  readonly hi: Float64Array;
  /** Rank of each item in its group, from 1 for the best; equal scores share the better rank, N. */
  readonly rank: Uint32Array;
  /** The ranks an item may have, N; 0 where there is no interval. */
  readonly rankLo: Uint32Array;
  readonly rankHi: Uint32Array;
  /** 1 where an item cannot be told from the first of its group, itself included, N. */
  readonly maybeFirst: Uint8Array;
  /** Interval of each worker's reliability, W; of the prior for those without answers, NaN with plain workers. */
  readonly reliabilityLo: Float64Array;
  readonly reliabilityHi: Float64Array;
  /** How many times larger variances are because answers of one worker hang together, at least 1. */
  readonly designEffect: number;
  readonly notes: readonly string[];
}

/**
 * Intervals of scores, ranks and reliabilities.
 *
 * Scores: normal, from the expected information of the model with the workers' reliabilities and ties
 * unknown too; widened by the design effect, the mean ratio of variances that let answers of one worker
 * depend on each other to variances that do not. Ranks: a thousand rankings drawn from that normal
 * distribution; they are cautious, since the draws add spread to a spread that is already in the scores.
 * Intervals hold for one item at a time. They do not see a taste that all workers share.
 *
 * O(N³ + N · E + 1000 · N²); above 2,000 items only ranks are given, with a note.
 *
 * Source: Fisher information of the Crowd-BT model with Davidson's ties; sandwich variance by worker,
 * Liang & Zeger (1986), Biometrika 73; its mean over items as one factor is ours.
 *
 * @example
 * const [winner, loser, worker] = [new Uint32Array(60), new Uint32Array(60).fill(1), new Uint32Array(60)];
 * winner.fill(1, 50);
 * loser.fill(0, 50);
 * const comparisons = { itemCount: 2, workerCount: 1, winner, loser, worker };
 * const ranking = rankComparisons(comparisons, { workers: 'plain' });
 * const { rankHi, lo } = rankIntervals(comparisons, ranking, { random: new Random(1), workers: 'plain' });
 * [rankHi[0], lo[0] > 0]; // => [1, true]
 */
export function rankIntervals(
  comparisons: Comparisons,
  ranking: RankingResult,
  options: RankIntervalOptions,
): RankIntervals {
  const { random, level = 0.95 } = options;
  const { itemCount, workerCount } = comparisons;
  const nan = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);
  const result = {
    level,
    lo: nan(itemCount),
    hi: nan(itemCount),
    rank: ranksOf(ranking.scores, ranking),
    rankLo: new Uint32Array(itemCount),
    rankHi: new Uint32Array(itemCount),
    maybeFirst: new Uint8Array(itemCount),
    reliabilityLo: nan(workerCount),
    reliabilityHi: nan(workerCount),
    designEffect: 1,
    notes: [] as string[],
  };
  const { notes } = result;
  if (itemCount > mostItems) {
    notes.push(`more than ${mostItems} items: scores and ranks are given without intervals`);
    return result;
  }
  const information = new ScoreInformation(comparisons, ranking, options);
  const { size, spread, covariance } = information;
  if (workerCount >= enoughWorkers) result.designEffect = information.designEffect();
  else if (comparisons.worker.length > 0)
    notes.push(`fewer than ${enoughWorkers} workers: intervals take the answers of one as independent of each other`);
  const { groups, scores } = ranking;
  const wider = Math.sqrt(result.designEffect);
  const z = normalQuantile((1 + level) / 2);
  const first = firstOfGroups(scores, ranking);
  for (let i = 0; i < itemCount; i++) {
    const top = first[groups.of[i]];
    if (groups.sizes[groups.of[i]] < 2) continue;
    const half = z * wider * Math.sqrt(Math.max(0, covariance[i * size + i]));
    result.lo[i] = scores[i] - half;
    result.hi[i] = scores[i] + half;
    const variance = covariance[i * size + i] + covariance[top * size + top] - 2 * covariance[i * size + top];
    if (scores[top] - scores[i] <= z * wider * Math.sqrt(Math.max(0, variance))) result.maybeFirst[i] = 1;
  }
  drawRanks(result, ranking, spread, size, wider, random.fork('ranks'));
  information.reliabilityIntervals(level, result.designEffect, result.reliabilityLo, result.reliabilityHi);
  const layered = groups.levels.reduce((sum, levels, g) => sum + (levels > 1 && groups.sizes[g] > 1 ? 1 : 0), 0);
  if (layered > 0)
    notes.push(
      'some items won, or lost, every comparison with the others: how far they are ahead or behind rests on the prior',
    );
  return result;
}

/** Ranks in each group, from 1; scores equal to rounding share the better rank. */
function ranksOf(scores: Float64Array, { groups }: RankingResult): Uint32Array {
  const rank = new Uint32Array(scores.length);
  const seen = new Uint32Array(groups.count);
  const last = new Int32Array(groups.count).fill(-1);
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
  for (const item of order) {
    const group = groups.of[item];
    const before = last[group];
    seen[group]++;
    rank[item] = before >= 0 && scores[before] - scores[item] < 1e-9 ? rank[before] : seen[group];
    last[group] = item;
  }
  return rank;
}

function firstOfGroups(scores: Float64Array, { groups }: RankingResult): Int32Array {
  const first = new Int32Array(groups.count).fill(-1);
  scores.forEach((score, item) => {
    const group = groups.of[item];
    if (first[group] < 0 || score > scores[first[group]]) first[group] = item;
  });
  return first;
}

/** Order statistics of the ranks in rankings drawn around the scores. */
function drawRanks(
  { level, rankLo, rankHi }: RankIntervals,
  ranking: RankingResult,
  spread: Float64Array,
  size: number,
  wider: number,
  random: Random,
): void {
  const count = rankLo.length;
  const { scores, groups } = ranking;
  const drawn = new Float64Array(size);
  // How often each item had each rank.
  const times = new Uint16Array(count * count);
  const order = Uint32Array.from(scores.keys());
  const seen = new Uint32Array(groups.count);
  for (let draw = 0; draw < draws; draw++) {
    drawn.fill(0);
    for (let i = 0; i < size; i++) {
      const noise = wider * random.normal();
      for (let j = 0; j <= i; j++) drawn[j] += noise * spread[i * size + j];
    }
    for (let i = 0; i < count; i++) drawn[i] += scores[i];
    order.sort((a, b) => drawn[b] - drawn[a] || a - b);
    seen.fill(0);
    for (const item of order) times[item * count + seen[groups.of[item]]++]++;
  }
  const tail = (draws * (1 - level)) / 2;
  for (let i = 0; i < count; i++) {
    let below = 0;
    for (let r = 0; r < count; r++) {
      below += times[i * count + r];
      if (rankLo[i] === 0 && below > tail) rankLo[i] = r + 1;
      if (rankHi[i] === 0 && below >= draws - tail) rankHi[i] = r + 1;
    }
  }
}
