import type { Random } from '../../math/random.ts';
import { betaQuantile, normalCdf } from '../../math/special.ts';
import { type Interval, percentileInterval } from '../bootstrap.ts';

/** What is compared between groups. */
export type RateName = 'positiveRate' | 'truePositiveRate' | 'falsePositiveRate' | 'accuracy';
export const rateNames: readonly RateName[] = ['positiveRate', 'truePositiveRate', 'falsePositiveRate', 'accuracy'];

/** Decisions one by one. All columns have the same length. */
export interface DecisionRecords {
  /** Group of each decision, 0 … G − 1. */
  readonly group: Int32Array;
  /** Probability, or 0 or 1, of the positive class being decided. */
  readonly said: Float64Array;
  /** Probability, or 0 or 1, of the positive class being true; NaN where nothing is known. */
  readonly truth: Float64Array;
  /** Probability, or 0 or 1, of the decision being right; NaN where nothing is known. */
  readonly right: Float64Array;
}

/** A rate in a group with its interval; all NaN where there is too little to say. */
export interface GroupRate extends Interval {
  /** Decisions it rests on; for true and false positives those of the class, soft truth by its probability. */
  readonly count: number;
  /** Fewer than `least`: too few to say. */
  readonly tooFew: boolean;
}

/** The largest difference of a rate between two groups. All NaN where fewer than two groups have enough to say. */
export interface Gap extends Interval {
  /** The group with the larger rate and the one with the smaller; null without two groups. */
  readonly high: string | null;
  readonly low: string | null;
  /** Smaller rate / larger rate: the "four fifths" of employment law. */
  readonly ratio: number;
  /** Probability of a difference as large without one, two-sided, corrected for the pairs looked at. */
  readonly pValue: number;
  /** The interval excludes 0 and the difference is above 0.05. */
  readonly flagged: boolean;
}

/** One group's rates. */
export interface GroupReport extends Readonly<Record<RateName, GroupRate>> {
  readonly group: string;
}

/** Rates by group and the largest gaps between groups. */
export interface FairnessReport {
  /** In order of name. */
  readonly groups: readonly GroupReport[];
  /** Gap of the positive rate. */
  readonly demographicParity: Gap;
  /** Gap of the true positive rate. */
  readonly equalOpportunity: Gap;
  /** Gap of the false positive rate. */
  readonly falsePositive: Gap;
  /** The larger of the two before, its interval wider because the larger was picked. */
  readonly equalisedOdds: Gap;
  readonly accuracy: Gap;
  readonly notes: readonly string[];
}

export interface RateOptions {
  readonly random: Random;
  /** Bootstrap resamples; default 1,000. */
  readonly draws?: number;
  /** Probability intervals are meant to cover; default 0.95. */
  readonly level?: number;
  /** A rate over fewer decisions is left out; default 10. */
  readonly least?: number;
}

/** Gaps below this are never flagged. */
const leastGap = 0.05;

/**
 * Rates of decisions by group, with intervals, and the largest gap of each rate between two groups.
 *
 * The core of the audits of this folder; use it directly for decisions that come from elsewhere, such
 * as a classifier's. In group g: positive rate = mean said; true positive rate = Σ truth·said / Σ truth;
 * false positive rate = Σ (1 − truth)·said / Σ (1 − truth); accuracy = mean right. So decisions and
 * truth may be probabilities. A rate resting on fewer than `least` decisions is NaN and says `tooFew`.
 *
 * Intervals of rates: Beta with half a decision more on each side (Jeffreys). Intervals of gaps:
 * percentile bootstrap over decisions, the same resamples for every rate; with more than two groups at
 * level 1 − (1 − level)/pairs, since the largest pair was picked. Where all decisions of two groups are
 * alike, a resample has no spread and the interval is a point. The order of records does not matter.
 *
 * No group, one group or no truth is valid: gaps are NaN, with a note. O(n log n + draws · n).
 *
 * Source: Dwork, Hardt, Pitassi, Reingold & Zemel (2012), ITCS (demographic parity); Hardt, Price &
 * Srebro (2016), NeurIPS, definitions 2.1 and 2.2 (equalised odds, equal opportunity). Soft truth, the
 * least count and the correction for pairs are our own.
 *
 * @example
 * const group = Int32Array.from({ length: 40 }, (_, i) => i % 2);
 * const said = Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 1 && i % 8 < 6 ? 1 : 0));
 * const truth = new Float64Array(40).fill(Number.NaN);
 * ratesByGroup({ group, said, truth, right: truth }, ['a', 'b'], { random: new Random(1) }).demographicParity.value; // => 0.75
 */
export function ratesByGroup(
  records: DecisionRecords,
  names: readonly string[],
  { random, draws = 1000, level = 0.95, least = 10 }: RateOptions,
): FairnessReport {
  const order = contentOrder(records);
  const groupCount = names.length;
  const sums = new RateSums(groupCount);
  for (const i of order) sums.add(records, i, 1);
  const counts = sums.below.slice();
  const groups = names.map((group, g) => {
    const rate = (r: number): GroupRate =>
      rateOf(sums.above[r * groupCount + g], counts[r * groupCount + g], level, least);
    return {
      group,
      positiveRate: rate(0),
      truePositiveRate: rate(1),
      falsePositiveRate: rate(2),
      accuracy: rate(3),
    };
  });
  const drawn = bootstrap(records, order, groupCount, draws, random.fork('fairness'));
  const gap = (rate: RateName, tests = 1): Gap => gapOf(groups, rate, drawn[rateNames.indexOf(rate)], level, tests);
  const equalOpportunity = gap('truePositiveRate');
  const falsePositive = gap('falsePositiveRate');
  const wider: RateName = falsePositive.value > equalOpportunity.value ? 'falsePositiveRate' : 'truePositiveRate';
  const both = !Number.isNaN(falsePositive.value) && !Number.isNaN(equalOpportunity.value);
  return {
    groups,
    demographicParity: gap('positiveRate'),
    equalOpportunity,
    falsePositive,
    equalisedOdds: both ? gap(wider, 2) : noGap,
    accuracy: gap('accuracy'),
    notes: notesOf(groups, least),
  };
}

/** Numerators and denominators of the four rates, [rate][group]. */
class RateSums {
  readonly above: Float64Array;
  readonly below: Float64Array;
  readonly #groupCount: number;

  constructor(groupCount: number) {
    this.above = new Float64Array(rateNames.length * groupCount);
    this.below = new Float64Array(rateNames.length * groupCount);
    this.#groupCount = groupCount;
  }

  add({ group, said, truth, right }: DecisionRecords, i: number, times: number): void {
    const count = this.#groupCount;
    const { above, below } = this;
    const g = group[i];
    above[g] += times * said[i];
    below[g] += times;
    if (!Number.isNaN(truth[i])) {
      const yes = times * truth[i];
      const no = times - yes;
      above[count + g] += yes * said[i];
      below[count + g] += yes;
      above[2 * count + g] += no * said[i];
      below[2 * count + g] += no;
    }
    if (!Number.isNaN(right[i])) {
      above[3 * count + g] += times * right[i];
      below[3 * count + g] += times;
    }
  }

  clear(): void {
    this.above.fill(0);
    this.below.fill(0);
  }
}

/** The records in an order that only their content decides; those without a group are left out. */
function contentOrder({ group, said, truth, right }: DecisionRecords): Uint32Array {
  const known = (value: number): number => (Number.isNaN(value) ? -1 : value);
  return Uint32Array.from(group.keys())
    .filter((i) => group[i] >= 0)
    .sort(
      (a, b) =>
        group[a] - group[b] ||
        said[a] - said[b] ||
        known(truth[a]) - known(truth[b]) ||
        known(right[a]) - known(right[b]),
    );
}

/** Resampled rates: for each rate G × draws, [group][draw]. */
function bootstrap(
  records: DecisionRecords,
  order: Uint32Array,
  groupCount: number,
  draws: number,
  random: Random,
): Float64Array[] {
  const sums = new RateSums(groupCount);
  const rates = rateNames.map(() => new Float64Array(groupCount * draws));
  const times = new Uint32Array(order.length);
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < order.length; i++) times[random.integer(order.length)]++;
    sums.clear();
    for (let i = 0; i < order.length; i++) if (times[i] > 0) sums.add(records, order[i], times[i]);
    for (let r = 0; r < rates.length; r++)
      for (let g = 0; g < groupCount; g++)
        rates[r][g * draws + draw] = sums.above[r * groupCount + g] / sums.below[r * groupCount + g];
  }
  return rates;
}

function rateOf(above: number, count: number, level: number, least: number): GroupRate {
  if (!(count >= least && count > 0)) return { value: Number.NaN, lo: Number.NaN, hi: Number.NaN, count, tooFew: true };
  const value = above / count;
  const tail = (1 - level) / 2;
  const [yes, no] = [above + 0.5, count - above + 0.5];
  const lo = Math.min(value, betaQuantile(tail, yes, no));
  return { value, lo, hi: Math.max(value, betaQuantile(1 - tail, yes, no)), count, tooFew: false };
}

const noGap: Gap = {
  value: Number.NaN,
  lo: Number.NaN,
  hi: Number.NaN,
  high: null,
  low: null,
  ratio: Number.NaN,
  pValue: Number.NaN,
  flagged: false,
};

/** The largest gap of a rate; `tests` is how many rates it was picked from. */
function gapOf(groups: readonly GroupReport[], rate: RateName, drawn: Float64Array, level: number, tests: number): Gap {
  const said = groups.flatMap((group, g) => (group[rate].tooFew ? [] : [{ g, value: group[rate].value }]));
  if (said.length < 2) return noGap;
  said.sort((a, b) => b.value - a.value || a.g - b.g);
  const high = said[0];
  const low = said[said.length - 1];
  const draws = drawn.length / groups.length;
  const difference = Float64Array.from(
    { length: draws },
    (_, draw) => drawn[high.g * draws + draw] - drawn[low.g * draws + draw],
  ).filter((d) => !Number.isNaN(d));
  const picked = tests * ((said.length * (said.length - 1)) / 2);
  const value = high.value - low.value;
  const interval = percentileInterval(value, difference, 1 - (1 - level) / picked);
  return {
    ...interval,
    high: groups[high.g].group,
    low: groups[low.g].group,
    ratio: high.value > 0 ? low.value / high.value : 1,
    pValue: Math.min(1, picked * pValueOf(value, difference)),
    flagged: interval.lo > 0 && value > leastGap,
  };
}

/** Two-sided p of the value being 0, normal with the draws' standard deviation. */
function pValueOf(value: number, draws: Float64Array): number {
  if (draws.length < 2) return Number.NaN;
  let mean = 0;
  for (const d of draws) mean += d / draws.length;
  let squares = 0;
  for (const d of draws) squares += (d - mean) ** 2;
  const sd = Math.sqrt(squares / (draws.length - 1));
  return sd > 1e-12 ? 2 * normalCdf(-Math.abs(value) / sd) : value === 0 ? 1 : 0;
}

function notesOf(groups: readonly GroupReport[], least: number): string[] {
  const notes: string[] = [];
  if (groups.length < 2) notes.push('fewer than two groups: nothing to compare');
  const few = groups.filter(({ positiveRate }) => positiveRate.tooFew).map(({ group }) => group);
  if (few.length > 0) notes.push(`too few to say (fewer than ${least} decisions) in group ${few.join(', ')}`);
  const unknown = groups
    .filter((g) => !g.positiveRate.tooFew && (g.truePositiveRate.tooFew || g.falsePositiveRate.tooFew))
    .map(({ group }) => group);
  if (unknown.length > 0)
    notes.push(
      `too few known labels (fewer than ${least} of a class) to say who is wronged in group ${unknown.join(', ')}`,
    );
  return notes;
}
