import { cholesky } from '../math/linear-solve.ts';
import { sigmoid } from '../math/logistic.ts';
import { normalQuantile } from '../math/normal-quantile.ts';
import type { Random } from '../math/random.ts';
import { type Comparisons, canonicalOrder } from './comparisons.ts';
import { crowdComparison, type ReliabilityPrior, tieOrNot } from './crowd-bradley-terry.ts';
import type { RankingResult } from './rank-comparisons.ts';

/** With more items than this scores have no intervals: the cost grows with the cube. */
const mostItems = 2000;

/** Draws of whole rankings. */
const draws = 1000;

/** Points of the grid of reliabilities. */
const gridPoints = 200;

/** From this many workers on it is measured how much the answers of one hang together. */
const enoughWorkers = 10;

export interface RankIntervalOptions {
  readonly random: Random;
  /** Probability intervals are meant to cover, default 0.95. */
  readonly level?: number;
  /** As given to `rankComparisons`. */
  readonly workers?: 'crowd' | 'plain';
  readonly prior?: ReliabilityPrior;
  readonly virtualGames?: number;
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
  const information = new Information(comparisons, ranking, options);
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

/** The expected information of scores (and log ν), with the workers' log odds eliminated. */
class Information {
  /** Scores, then log ν where there are ties. */
  readonly size: number;
  /** A matrix R with Rᵀ R = inverse information, lower triangular: rows times normal noise are draws. */
  readonly spread: Float64Array;
  /** Covariance of the scores around the mean of their group. */
  readonly covariance: Float64Array;
  readonly #comparisons: Comparisons;
  readonly #ranking: RankingResult;
  readonly #order: Uint32Array;
  readonly #plain: boolean;
  /** Information about each worker's log odds. */
  readonly #own: Float64Array;
  readonly #prior: ReliabilityPrior;
  readonly #inverse: Float64Array;

  constructor(comparisons: Comparisons, ranking: RankingResult, options: RankIntervalOptions) {
    const { itemCount, workerCount, winner, loser, worker } = comparisons;
    const { workers = 'crowd', prior = [4, 1], virtualGames = 0.5 } = options;
    const { scores, reliability, ties } = ranking;
    this.#comparisons = comparisons;
    this.#ranking = ranking;
    this.#plain = workers === 'plain';
    this.#prior = prior;
    this.#order = canonicalOrder([worker, winner, loser, comparisons.tied ?? worker]);
    const size = itemCount + (ties > 0 ? 1 : 0);
    this.size = size;
    const matrix = new Float64Array(size * size);
    // A floor keeps groups and items without games from being singular; it is far below any real game.
    for (let i = 0; i < itemCount; i++) matrix[i * size + i] = 1e-6 + 2 * virtualGames * spreadOf(scores[i]);
    if (ties > 0) matrix[itemCount * size + itemCount] = 1e-6 + 2 * virtualGames * spreadOf(Math.log(ties / 2));
    this.#own = Float64Array.from(reliability, (eta) => (prior[0] + prior[1]) * eta * (1 - eta));
    const cross = new Float64Array(size);
    const touched = new Set<number>();
    let at = 0;
    for (let u = 0; u < workerCount; u++) {
      const from = at;
      while (at < this.#order.length && worker[this.#order[at]] === u) at++;
      for (let i = from; i < at; i++) this.#add(this.#order[i], matrix, cross, touched);
      if (!this.#plain) {
        const items = [...touched];
        for (const a of items) for (const b of items) matrix[a * size + b] -= (cross[a] * cross[b]) / this.#own[u];
        for (const a of items) cross[a] = 0;
        touched.clear();
      }
    }
    this.spread = inverseFactor(matrix, size);
    this.#inverse = gram(this.spread, size);
    this.covariance = this.#centred(this.#inverse);
  }

  /** Adds the expected information of one comparison; what it says of its worker goes to `cross`. */
  #add(e: number, matrix: Float64Array, cross: Float64Array, touched: Set<number>): void {
    const { itemCount, winner, loser, worker } = this.#comparisons;
    const { scores, reliability, ties } = this.#ranking;
    const { size } = this;
    const [a, b] = [winner[e], loser[e]];
    const margin = scores[a] - scores[b];
    let decided = 1;
    if (ties > 0) {
      const half = Math.tanh(margin / 2) / 2;
      const logSum = Math.abs(margin) / 2 + Math.log1p(Math.exp(-Math.abs(margin)));
      const tie = sigmoid(Math.log(ties) - logSum);
      decided = 1 - tie;
      const weight = tie * decided;
      addPair(matrix, size, a, b, weight * half * half);
      const t = itemCount;
      matrix[t * size + t] += weight;
      for (const [item, sign] of [
        [a, -1],
        [b, 1],
      ]) {
        matrix[item * size + t] += sign * weight * half;
        matrix[t * size + item] += sign * weight * half;
      }
    }
    const eta = this.#plain ? 1 : reliability[worker[e]];
    const p = sigmoid(margin);
    const q = p * (1 - p);
    const chance = eta * p + (1 - eta) * (1 - p);
    const weight = decided / (chance * (1 - chance));
    const byMargin = (2 * eta - 1) * q;
    addPair(matrix, size, a, b, weight * byMargin * byMargin);
    if (this.#plain) return;
    const byLogOdds = (2 * p - 1) * eta * (1 - eta);
    this.#own[worker[e]] += weight * byLogOdds * byLogOdds;
    cross[a] += weight * byMargin * byLogOdds;
    cross[b] -= weight * byMargin * byLogOdds;
    touched.add(a).add(b);
  }

  /** Mean over items of the variance by worker divided by that of independent answers, at least 1. */
  designEffect(): number {
    const { itemCount, workerCount, winner, loser, worker, tied } = this.#comparisons;
    const { scores, reliability, ties } = this.#ranking;
    const { size } = this;
    const inverse = this.#inverse;
    const squares = new Float64Array(itemCount);
    const slope = new Map<number, number>();
    let at = 0;
    let heard = 0;
    for (let u = 0; u < workerCount; u++) {
      slope.clear();
      const add = (place: number, value: number): void => void slope.set(place, (slope.get(place) ?? 0) + value);
      for (; at < this.#order.length && worker[this.#order[at]] === u; at++) {
        const e = this.#order[at];
        const margin = scores[winner[e]] - scores[loser[e]];
        let byMargin = 0;
        if (ties > 0) {
          const drawn = tieOrNot(margin, Math.log(ties), tied?.[e] === 1);
          byMargin = drawn.byMargin;
          add(itemCount, drawn.byLogTies);
        }
        if (tied?.[e] !== 1) {
          const eta = reliability[u];
          const logOdds = this.#plain ? Number.POSITIVE_INFINITY : Math.log(eta) - Math.log1p(-eta);
          byMargin += this.#plain ? sigmoid(margin) - 1 : crowdComparison(margin, logOdds).byMargin;
        }
        add(winner[e], byMargin);
        add(loser[e], -byMargin);
      }
      if (slope.size === 0) continue;
      heard++;
      const moved = new Float64Array(itemCount);
      for (const [place, value] of slope)
        for (let i = 0; i < itemCount; i++) moved[i] += value * inverse[place * size + i];
      const centred = this.#centredRow(moved);
      for (let i = 0; i < itemCount; i++) squares[i] += centred[i] * centred[i];
    }
    let [dependent, independent] = [0, 0];
    for (let i = 0; i < itemCount; i++) {
      dependent += squares[i];
      independent += this.covariance[i * size + i];
    }
    if (heard < enoughWorkers || !(independent > 0)) return 1;
    return Math.max(1, ((heard / (heard - 1)) * dependent) / independent);
  }

  /**
   * Quantiles of each worker's posterior on a grid: Beta prior times the chance of each answer, the
   * chance of a margin averaged over what is not known of the scores (MacKay 1992, by the probit).
   */
  reliabilityIntervals(level: number, designEffect: number, lo: Float64Array, hi: Float64Array): void {
    if (this.#plain) return;
    const { workerCount, winner, loser, worker, tied } = this.#comparisons;
    const { scores } = this.#ranking;
    const { size, covariance } = this;
    const [a, b] = this.#prior;
    const logDensity = new Float64Array(gridPoints);
    let at = 0;
    for (let u = 0; u < workerCount; u++) {
      for (let g = 0; g < gridPoints; g++) {
        const eta = (g + 0.5) / gridPoints;
        logDensity[g] = (a - 1) * Math.log(eta) + (b - 1) * Math.log1p(-eta);
      }
      for (; at < this.#order.length && worker[this.#order[at]] === u; at++) {
        const e = this.#order[at];
        if (tied?.[e] === 1) continue;
        const [x, y] = [winner[e], loser[e]];
        const variance = covariance[x * size + x] + covariance[y * size + y] - 2 * covariance[x * size + y];
        const flattened = Math.sqrt(1 + (Math.PI / 8) * Math.max(0, designEffect * variance));
        const p = sigmoid((scores[x] - scores[y]) / flattened);
        for (let g = 0; g < gridPoints; g++) {
          const eta = (g + 0.5) / gridPoints;
          logDensity[g] += Math.log(eta * p + (1 - eta) * (1 - p));
        }
      }
      [lo[u], hi[u]] = gridQuantiles(logDensity, (1 - level) / 2);
    }
  }

  #centred(matrix: Float64Array): Float64Array {
    const { size } = this;
    const result = new Float64Array(size * size);
    for (let i = 0; i < size; i++) result.set(this.#centredRow(matrix.subarray(i * size, (i + 1) * size)), i * size);
    const column = new Float64Array(size);
    for (let j = 0; j < size; j++) {
      for (let i = 0; i < size; i++) column[i] = result[i * size + j];
      const centred = this.#centredRow(column);
      for (let i = 0; i < size; i++) result[i * size + j] = centred[i];
    }
    return result;
  }

  /** The row's entries for items less their mean in each group. */
  #centredRow(row: Float64Array): Float64Array {
    const { groups } = this.#ranking;
    const count = groups.of.length;
    const sums = new Float64Array(groups.count);
    for (let i = 0; i < count; i++) sums[groups.of[i]] += row[i];
    return row.map((value, i) => (i < count ? value - sums[groups.of[i]] / groups.sizes[groups.of[i]] : value));
  }
}

/** Where a density on the grid has `tail` below and above, linear within a cell. */
function gridQuantiles(logDensity: Float64Array, tail: number): [lo: number, hi: number] {
  const most = logDensity.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const density = logDensity.map((value) => Math.exp(value - most));
  const total = density.reduce((sum, value) => sum + value, 0);
  const quantile = (share: number): number => {
    let below = 0;
    for (let g = 0; g < gridPoints; g++) {
      const next = below + density[g] / total;
      if (next >= share) return (g + (share - below) / (next - below)) / gridPoints;
      below = next;
    }
    return 1;
  };
  return [quantile(tail), quantile(1 - tail)];
}

/** σ(x) σ(−x). */
function spreadOf(x: number): number {
  return sigmoid(x) * sigmoid(-x);
}

function addPair(matrix: Float64Array, size: number, a: number, b: number, weight: number): void {
  matrix[a * size + a] += weight;
  matrix[b * size + b] += weight;
  matrix[a * size + b] -= weight;
  matrix[b * size + a] -= weight;
}

/** L⁻¹ of A = L Lᵀ, row after row: then A⁻¹ = L⁻ᵀ L⁻¹. */
function inverseFactor(matrix: Float64Array, size: number): Float64Array {
  const lower = cholesky(matrix, size);
  if (lower === undefined) throw new RangeError('the information of a ranking is not positive definite');
  const rows = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const row = rows.subarray(i * size, (i + 1) * size);
    row[i] = 1;
    for (let k = 0; k < i; k++) {
      const factor = lower[i * size + k];
      if (factor === 0) continue;
      for (let j = 0; j <= k; j++) row[j] -= factor * rows[k * size + j];
    }
    for (let j = 0; j <= i; j++) row[j] /= lower[i * size + i];
  }
  return rows;
}

/** Rᵀ R of a lower triangular matrix. */
function gram(rows: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let a = 0; a <= i; a++) {
      const factor = rows[i * size + a];
      if (factor === 0) continue;
      for (let b = 0; b <= i; b++) result[a * size + b] += factor * rows[i * size + b];
    }
  return result;
}
