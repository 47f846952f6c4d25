import type { Random } from './random.ts';

/** What `kMeans` found. */
export interface Clusters {
  /** The cluster of every point. */
  readonly cluster: Int32Array;
  /** clusters × dimensions, row after row. */
  readonly centres: Float64Array;
  /** Sum of squared distances to the own centre. */
  readonly spread: number;
}

/** Limits of `kMeans`. */
export interface KMeansOptions {
  /** Fresh starts, of which the best is kept. Default 20. */
  readonly restarts?: number;
  /** Rounds for one start. Default 100. */
  readonly maxIterations?: number;
}

/**
 * Groups points (points × dimensions, row after row) around `clusters` centres with the least sum of
 * squared distances found over several starts.
 *
 * Coordinates must be finite and on one scale. With fewer distinct points than clusters, some
 * clusters stay empty (their centre repeats a point). The numbering of clusters is arbitrary.
 * Depends on `random`'s seed, not on how much it was used. O(restarts · rounds · points · clusters
 * · dimensions).
 *
 * Source: Lloyd 1982, starts of Arthur & Vassilvitskii 2007 (k-means++). An emptied cluster moves to
 * the point farthest from its centre.
 *
 * @example
 * kMeans([0, 0.1, 5, 5.1], 1, 2, new Random(1)).spread; // 0.01
 */
export function kMeans(
  points: ArrayLike<number>,
  dimensions: number,
  clusters: number,
  random: Random,
  options: KMeansOptions = {},
): Clusters {
  const { restarts = 20, maxIterations = 100 } = options;
  const count = dimensions === 0 ? 0 : points.length / dimensions;
  let best: Clusters = {
    cluster: new Int32Array(count),
    centres: new Float64Array(clusters * dimensions),
    spread: count === 0 ? 0 : Infinity,
  };
  for (let start = 0; start < restarts && count > 0; start++) {
    const found = lloyd(points, count, dimensions, clusters, random.fork(start), maxIterations);
    if (found.spread < best.spread) best = found;
  }
  return best;
}

function lloyd(
  points: ArrayLike<number>,
  count: number,
  dimensions: number,
  clusters: number,
  random: Random,
  maxIterations: number,
): Clusters {
  const centres = plusPlus(points, count, dimensions, clusters, random);
  const cluster = new Int32Array(count).fill(-1);
  const distance = new Float64Array(count);
  const size = new Uint32Array(clusters);
  let spread = 0;
  for (let iteration = 0; ; iteration++) {
    let moved = false;
    spread = 0;
    for (let i = 0; i < count; i++) {
      let nearest = 0;
      let least = Infinity;
      for (let c = 0; c < clusters; c++) {
        const square = squaredDistance(points, i, centres, c, dimensions);
        if (square < least) {
          least = square;
          nearest = c;
        }
      }
      if (cluster[i] !== nearest) moved = true;
      cluster[i] = nearest;
      distance[i] = least;
      spread += least;
    }
    if (!moved || iteration >= maxIterations) return { cluster, centres, spread };
    centres.fill(0);
    size.fill(0);
    for (let i = 0; i < count; i++) {
      size[cluster[i]]++;
      for (let k = 0; k < dimensions; k++) centres[cluster[i] * dimensions + k] += points[i * dimensions + k];
    }
    for (let c = 0; c < clusters; c++) {
      if (size[c] > 0) {
        for (let k = 0; k < dimensions; k++) centres[c * dimensions + k] /= size[c];
        continue;
      }
      let farthest = 0;
      for (let i = 1; i < count; i++) if (distance[i] > distance[farthest]) farthest = i;
      distance[farthest] = 0;
      for (let k = 0; k < dimensions; k++) centres[c * dimensions + k] = points[farthest * dimensions + k];
    }
  }
}

/** Each next centre is a point drawn in proportion to its squared distance from the nearest so far. */
function plusPlus(
  points: ArrayLike<number>,
  count: number,
  dimensions: number,
  clusters: number,
  random: Random,
): Float64Array {
  const centres = new Float64Array(clusters * dimensions);
  const weight = new Float64Array(count).fill(1);
  for (let c = 0; c < clusters; c++) {
    const drawn = random.categorical(weight);
    for (let k = 0; k < dimensions; k++) centres[c * dimensions + k] = points[drawn * dimensions + k];
    for (let i = 0; i < count; i++) {
      const square = squaredDistance(points, i, centres, c, dimensions);
      weight[i] = c === 0 ? square : Math.min(weight[i], square);
    }
  }
  return centres;
}

function squaredDistance(
  points: ArrayLike<number>,
  i: number,
  centres: Float64Array,
  c: number,
  dimensions: number,
): number {
  let sum = 0;
  for (let k = 0; k < dimensions; k++) {
    const difference = points[i * dimensions + k] - centres[c * dimensions + k];
    sum += difference * difference;
  }
  return sum;
}
