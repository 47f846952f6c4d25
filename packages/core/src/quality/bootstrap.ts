import type { Random } from '../math/random.ts';

/** A value with the ends of its interval. */
export interface Interval {
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
}

/**
 * Means of bootstrap resamples of several columns of equal length, drawn together: draw `d` uses
 * the same tasks in every column, so differences between columns have paired intervals.
 *
 * Returns one array of `draws` means per column. O(draws · n · columns). Columns of length 0 give
 * NaN.
 */
export function bootstrapMeans(columns: readonly Float64Array[], draws: number, random: Random): Float64Array[] {
  const count = columns.length === 0 ? 0 : columns[0].length;
  const means = columns.map(() => new Float64Array(draws));
  const times = new Uint32Array(count);
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < count; i++) times[random.integer(count)]++;
    for (let column = 0; column < columns.length; column++) {
      const values = columns[column];
      let total = 0;
      for (let i = 0; i < count; i++) total += times[i] * values[i];
      means[column][draw] = total / count;
    }
  }
  return means;
}

/**
 * The percentile interval of bootstrap draws around a value (Efron 1979).
 *
 * `level` is the probability to cover, 0.95 by default. NaN draws are left out; without any the
 * ends are NaN.
 */
export function percentileInterval(value: number, draws: Float64Array, level = 0.95): Interval {
  const sorted = draws.filter((draw) => !Number.isNaN(draw)).sort();
  const tail = (1 - level) / 2;
  return { value, lo: quantileSorted(sorted, tail), hi: quantileSorted(sorted, 1 - tail) };
}

/** The quantile of ascending values by linear interpolation (R's type 7); NaN when there are none. */
export function quantileSorted(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
