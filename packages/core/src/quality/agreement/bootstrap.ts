import type { Random } from '../../math/random.ts';
import { normalCdf, normalQuantile } from '../../math/special.ts';
import { type Interval, percentileInterval, quantileSorted } from '../bootstrap.ts';
import type { AgreementSums } from './agreement-sums.ts';
import { type AlphaOptions, alphaOf, newSums, patternsOf, type Rated } from './coefficients.ts';
import type { VotePatterns } from './vote-patterns.ts';

/** Patterns of more tasks than this are drawn by one binomial number, the others task by task. */
const frequentPattern = 150;

/**
 * Draws bootstrap resamples of tasks as counts of patterns: `times[p]` tasks of pattern p.
 *
 * The counts have exactly the multinomial distribution of drawing `taskCount` tasks with
 * replacement; frequent patterns cost one binomial draw each, so that a million tasks in a hundred
 * patterns cost a hundred numbers. O(patterns + tasks in rare patterns) a draw.
 */
export class PatternSampler {
  readonly #patterns: VotePatterns;
  readonly #frequent: Uint32Array;
  /** Pattern of each task in a rare pattern. */
  readonly #rare: Uint32Array;

  constructor(patterns: VotePatterns) {
    const { patternCount, times } = patterns;
    this.#patterns = patterns;
    const all = Array.from({ length: patternCount }, (_, pattern) => pattern);
    this.#frequent = Uint32Array.from(all.filter((pattern) => times[pattern] > frequentPattern));
    const rare = all.filter((pattern) => times[pattern] <= frequentPattern);
    this.#rare = new Uint32Array(rare.reduce((total, pattern) => total + times[pattern], 0));
    let at = 0;
    for (const pattern of rare) {
      this.#rare.fill(pattern, at, at + times[pattern]);
      at += times[pattern];
    }
  }

  draw(random: Random, times: Uint32Array): void {
    times.fill(0);
    let left = this.#patterns.taskCount;
    let mass = this.#patterns.taskCount;
    for (const pattern of this.#frequent) {
      const own = this.#patterns.times[pattern];
      const drawn = mass === own ? left : random.binomial(left, own / mass);
      times[pattern] = drawn;
      left -= drawn;
      mass -= own;
    }
    this.#drawRare(left, random, times);
  }

  /** Lemire's (2019) unbiased integers: a product instead of a remainder. */
  #drawRare(left: number, random: Random, times: Uint32Array): void {
    const rare = this.#rare;
    const count = rare.length;
    // Products stay whole below 2⁵³.
    if (count > 2 ** 21) {
      for (let i = 0; i < left; i++) times[rare[random.integer(count)]]++;
      return;
    }
    const uneven = 2 ** 32 % count;
    for (let i = 0; i < left; i++) {
      let product = random.word() * count;
      let place = Math.floor(product * 2 ** -32);
      while (product - place * 2 ** 32 < uneven) {
        product = random.word() * count;
        place = Math.floor(product * 2 ** -32);
      }
      times[rare[place]]++;
    }
  }
}

export interface AlphaIntervalOptions extends AlphaOptions {
  readonly random: Random;
  /** Number of resamples of tasks; default 1,000. */
  readonly draws?: number;
  /** Probability to cover; default 0.95. */
  readonly level?: number;
  /** `percentile` (default), or `bca`: corrected for bias and skewness. */
  readonly interval?: 'percentile' | 'bca';
}

/** Alpha with its bootstrap interval and how probable it is to be below the customary bounds. */
export interface AlphaInterval extends Interval {
  /** Share of the resamples with alpha below 0.667, "tentative conclusions"; NaN when undefined. */
  readonly below667: number;
  /** Share of the resamples with alpha below 0.8, "reliable". */
  readonly below800: number;
  /** The resamples, in order of drawing. Those without any possible disagreement are NaN. */
  readonly draws: Float64Array;
}

/**
 * Krippendorff's alpha with a bootstrap interval over tasks.
 *
 * Tasks are drawn with replacement (workers stay the same), so the interval speaks of other tasks
 * for the same crowd. `bca` costs one more evaluation per pattern of votes; use it when alpha is near 1 or
 * there are few tasks. With fewer than two usable tasks everything is NaN.
 *
 * O(N + draws · entries of the patterns). A million answers of four classes and 1,000 draws take
 * well under a second.
 *
 * Source: Efron (1987), JASA 82 (BCa, with the jackknife acceleration of Efron & Tibshirani 1993,
 * eq. 14.15).
 *
 * @throws {InputError} invalid-scale
 * @throws {BudgetError} too-many-classes
 * @example
 * const rows = Array.from({ length: 40 }, (_, t): [string, string, string] => [`t${t >> 1}`, `w${t & 1}`, `c${(t >> 1) % 3}`]);
 * alphaInterval(answersFrom(rows), { random: new Random(1) }).lo; // => 1
 */
export function alphaInterval(rated: Rated, options: AlphaIntervalOptions): AlphaInterval {
  const patterns = patternsOf(rated);
  const drawCount = options.draws ?? 1000;
  const jackknife = options.interval === 'bca' ? patterns.patternCount : 0;
  const sums = newSums(rated, patterns, options, drawCount + jackknife + 1, false);
  sums.fill(patterns.times);
  const value = alphaOf(sums);
  const draws = resampled(patterns, sums, drawCount, options.random, 1, (out, at) => {
    out[at] = alphaOf(sums);
  });
  const level = options.level ?? 0.95;
  const { lo, hi } =
    options.interval === 'bca'
      ? bcaInterval(value, draws, jackknifeAcceleration(patterns, sums, alphaOf), level)
      : percentileInterval(value, draws, level);
  return { value, lo, hi, below667: shareBelow(draws, 0.667), below800: shareBelow(draws, 0.8), draws };
}

/**
 * Evaluates `width` statistics on each resample: `record(out, at)` writes them from the filled sums.
 * Returns draws × width. Nothing is drawn when there are fewer than two tasks: all NaN.
 */
export function resampled(
  patterns: VotePatterns,
  sums: AgreementSums,
  draws: number,
  random: Random,
  width: number,
  record: (out: Float64Array, at: number) => void,
): Float64Array {
  const out = new Float64Array(draws * width).fill(Number.NaN);
  if (patterns.taskCount < 2) return out;
  const sampler = new PatternSampler(patterns);
  const times = new Uint32Array(patterns.patternCount);
  const stream = random.fork('agreement');
  for (let draw = 0; draw < draws; draw++) {
    sampler.draw(stream, times);
    sums.fill(times);
    record(out, draw * width);
  }
  return out;
}

/** Share of the draws below a bound; NaN draws are left out, NaN when there are no others. */
export function shareBelow(draws: Float64Array, bound: number): number {
  let below = 0;
  let counted = 0;
  for (const draw of draws) {
    if (Number.isNaN(draw)) continue;
    counted++;
    if (draw < bound) below++;
  }
  return below / counted;
}

/** Acceleration of BCa from leaving out one task at a time; tasks of one pattern give one value. */
function jackknifeAcceleration(
  patterns: VotePatterns,
  sums: AgreementSums,
  statistic: (sums: AgreementSums) => number,
): number {
  const times = patterns.times.slice();
  const values = new Float64Array(patterns.patternCount);
  let mean = 0;
  let counted = 0;
  for (let pattern = 0; pattern < values.length; pattern++) {
    times[pattern]--;
    sums.fill(times);
    times[pattern]++;
    values[pattern] = statistic(sums);
    if (Number.isNaN(values[pattern])) continue;
    mean += patterns.times[pattern] * values[pattern];
    counted += patterns.times[pattern];
  }
  mean /= counted;
  let squares = 0;
  let cubes = 0;
  for (let pattern = 0; pattern < values.length; pattern++) {
    if (Number.isNaN(values[pattern])) continue;
    const deviation = mean - values[pattern];
    squares += patterns.times[pattern] * deviation ** 2;
    cubes += patterns.times[pattern] * deviation ** 3;
  }
  return squares > 0 ? cubes / (6 * squares ** 1.5) : 0;
}

/** The bias-corrected and accelerated interval of draws around a value; NaN draws are left out. */
function bcaInterval(value: number, draws: Float64Array, acceleration: number, level: number): Interval {
  const sorted = draws.filter((draw) => !Number.isNaN(draw)).sort();
  if (sorted.length === 0 || sorted[0] === sorted[sorted.length - 1]) return percentileInterval(value, draws, level);
  // Half of the equal draws count as below, and the ends keep a finite quantile.
  let below = 0;
  for (const draw of sorted) below += draw < value ? 1 : draw === value ? 0.5 : 0;
  const share = Math.min(sorted.length - 0.5, Math.max(0.5, below)) / sorted.length;
  const bias = normalQuantile(share);
  const end = (tail: number): number => {
    const place = bias + normalQuantile(tail);
    return quantileSorted(sorted, normalCdf(bias + place / (1 - acceleration * place)));
  };
  const tail = (1 - level) / 2;
  return { value, lo: end(tail), hi: end(1 - tail) };
}
