/** Maps values to pixels. `domain` are values, `range` pixels; both may run backwards. */
export interface NumericScale {
  readonly kind: 'linear' | 'log';
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
  /** The pixel of a value. Values outside the domain land outside the range. */
  at(value: number): number;
  /** About `count` tidy values inside the domain, ascending. */
  ticks(count: number): number[];
}

/** Maps rows or columns, counted from 0, to equal bands of pixels. */
export interface BandScale {
  readonly count: number;
  /** The pixels of one band, gap excluded. */
  readonly bandwidth: number;
  /** The first pixel of a band. */
  start(index: number): number;
  /** The middle of a band. */
  middle(index: number): number;
}

/**
 * A straight scale. A domain of one value is widened around it, so that it draws in the middle.
 *
 * @example
 * ```ts
 * import { linearScale } from '@assay/figures';
 * linearScale([0, 1], [0, 200]).at(0.25); // => 50
 * ```
 */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): NumericScale {
  const [from, to] = widened(domain[0], domain[1]);
  const slope = (range[1] - range[0]) / (to - from);
  return {
    kind: 'linear',
    domain: [from, to],
    range,
    at: (value) => range[0] + (value - from) * slope,
    ticks: (count) => linearTicks(Math.min(from, to), Math.max(from, to), count),
  };
}

/** A logarithmic scale. The domain must be above zero; a domain of one value is widened to a factor of ten. */
export function logScale(domain: readonly [number, number], range: readonly [number, number]): NumericScale {
  let [from, to] = domain;
  if (!(from > 0 && to > 0)) throw new RangeError(`invalid domain [${from}, ${to}]; a log scale needs values above 0`);
  if (from === to) {
    from /= Math.sqrt(10);
    to *= Math.sqrt(10);
  }
  const logFrom = Math.log10(from);
  const slope = (range[1] - range[0]) / (Math.log10(to) - logFrom);
  return {
    kind: 'log',
    domain: [from, to],
    range,
    at: (value) => range[0] + (Math.log10(value) - logFrom) * slope,
    ticks: (count) => logTicks(Math.min(from, to), Math.max(from, to), count),
  };
}

/** `count` bands over a range; `gap` is the share of each step left free. */
export function bandScale(count: number, range: readonly [number, number], gap = 0.2): BandScale {
  const step = count === 0 ? 0 : (range[1] - range[0]) / count;
  const bandwidth = step * (1 - gap);
  return {
    count,
    bandwidth,
    start: (index) => range[0] + step * index + (step - bandwidth) / 2,
    middle: (index) => range[0] + step * (index + 0.5),
  };
}

/** The distance of about `count` ticks over a span: 1, 2 or 5 times a power of ten. */
export function niceStep(span: number, count: number): number {
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const mantissa = raw / power;
  // The geometric means of neighbours among 1, 2, 5, 10 are the fair borders between them.
  return power * (mantissa >= Math.sqrt(50) ? 10 : mantissa >= Math.sqrt(10) ? 5 : mantissa >= Math.SQRT2 ? 2 : 1);
}

/** Multiples of a nice step inside [from, to], ascending. */
function linearTicks(from: number, to: number, count: number): number[] {
  if (!(to > from)) return [from];
  const step = niceStep(to - from, count);
  const slack = 1e-9;
  const first = Math.ceil(from / step - slack);
  const last = Math.floor(to / step + slack);
  const ticks: number[] = [];
  for (let i = first; i <= last; i++) ticks.push(tidy(i, step));
  return ticks;
}

/** The smallest domain around [from, to] that begins and ends on a nice step. */
export function niceDomain(from: number, to: number, count = 5): [number, number] {
  const [low, high] = widened(from, to);
  const step = niceStep(high - low, count);
  return [tidy(Math.floor(low / step + 1e-9), step), tidy(Math.ceil(high / step - 1e-9), step)];
}

// A step below 1 divides by its whole inverse: 3 × 0.1 is 0.30000000000000004, 3 / 10 is 0.3.
function tidy(multiple: number, step: number): number {
  const value = step < 1 ? multiple / Math.round(1 / step) : multiple * step;
  return value === 0 ? 0 : value;
}

function logTicks(from: number, to: number, count: number): number[] {
  const slack = 1e-9;
  const first = Math.ceil(Math.log10(from) - slack);
  const last = Math.floor(Math.log10(to) + slack);
  const decades = last - first + 1;
  if (decades >= 3 || (decades === 2 && count < 4)) {
    const stride = Math.max(1, Math.ceil(decades / Math.max(2, count)));
    const ticks: number[] = [];
    for (let power = first; power <= last; power += stride) ticks.push(powerOfTen(power));
    return ticks;
  }
  const ticks: number[] = [];
  for (let power = first - 1; power <= last; power++) {
    for (const mantissa of [1, 2, 5]) {
      const value = power < 0 ? mantissa / powerOfTen(-power) : mantissa * powerOfTen(power);
      if (value >= from * (1 - slack) && value <= to * (1 + slack)) ticks.push(value);
    }
  }
  return ticks.length >= 2 ? ticks : linearTicks(from, to, count);
}

function powerOfTen(power: number): number {
  return Number(`1e${power}`);
}

function widened(from: number, to: number): [number, number] {
  const size = Math.max(Math.abs(from), Math.abs(to));
  const span = Math.abs(to - from);
  // Values that differ only by rounding, or are next to nothing, would give steps that cannot be told apart.
  if (span > size * 1e-12 && span > 1e-100) return [from, to];
  const half = size < 1e-100 ? 0.5 : size * 0.1;
  return [from - half, to + half];
}
