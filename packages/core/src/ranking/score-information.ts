import { cholesky } from '../math/linear-solve.ts';
import { sigmoid } from '../math/logistic.ts';
import { type Comparisons, canonicalOrder } from './comparisons.ts';
import { crowdComparison, type ReliabilityPrior, tieOrNot } from './crowd-bradley-terry.ts';
import type { RankingResult } from './rank-comparisons.ts';

/** How the scores were found, as given to `rankComparisons`. */
export interface InformationOptions {
  readonly workers?: 'crowd' | 'plain';
  readonly prior?: ReliabilityPrior;
  readonly virtualGames?: number;
}

/** Points of the grid of reliabilities. */
const gridPoints = 200;

/** From this many workers on it is measured how much the answers of one hang together. */
export const enoughWorkers = 10;

/** The expected information of scores (and log ν), with the workers' log odds eliminated. */
export class ScoreInformation {
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

  constructor(comparisons: Comparisons, ranking: RankingResult, options: InformationOptions) {
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
