const GOLDEN = 0.6180339887498949;

/**
 * The place of the minimum of a function with one valley between `low` and `high`, to within
 * `tolerance` (in x; below about 1e-8 of the scale of x rounding decides).
 *
 * With several valleys it finds one of them. NaN counts as very high. About 1.44 · log2(width /
 * tolerance) evaluations.
 *
 * Source: Kiefer 1953.
 *
 * @example
 * goldenSection((x) => (x - 2) ** 2, 0, 5, 1e-6); // 2
 */
export function goldenSection(evaluate: (x: number) => number, low: number, high: number, tolerance = 1e-8): number {
  let left = low;
  let right = high;
  let inner = right - GOLDEN * (right - left);
  let outer = left + GOLDEN * (right - left);
  let atInner = evaluate(inner);
  let atOuter = evaluate(outer);
  for (let trial = 0; right - left > tolerance && trial < 200; trial++) {
    if (atInner <= atOuter || Number.isNaN(atOuter)) {
      right = outer;
      outer = inner;
      atOuter = atInner;
      inner = right - GOLDEN * (right - left);
      atInner = evaluate(inner);
    } else {
      left = inner;
      inner = outer;
      atInner = atOuter;
      outer = left + GOLDEN * (right - left);
      atOuter = evaluate(outer);
    }
  }
  return 0.5 * (left + right);
}

/**
 * Where a monotone function (rising or falling) crosses zero between `low` and `high`, by halving
 * `iterations` times; 60 exhaust a double on the unit interval.
 *
 * When both ends have the same sign, the end nearer to zero in value.
 *
 * @example
 * bisection((x) => x * x - 2, 0, 2); // √2
 */
export function bisection(evaluate: (x: number) => number, low: number, high: number, iterations = 60): number {
  const atLow = evaluate(low);
  const atHigh = evaluate(high);
  if (atLow === 0) return low;
  if (atHigh === 0) return high;
  if (atLow > 0 === atHigh > 0) return Math.abs(atLow) <= Math.abs(atHigh) ? low : high;
  let left = low;
  let right = high;
  for (let i = 0; i < iterations; i++) {
    const middle = 0.5 * (left + right);
    if (evaluate(middle) > 0 === atLow > 0) left = middle;
    else right = middle;
  }
  return 0.5 * (left + right);
}
