/**
 * The point of the probability simplex nearest (in Euclidean distance) to `count` numbers starting
 * at `from`; the numbers are replaced in place.
 *
 * For projected gradient steps; to turn logs or weights into probabilities use `softmaxInPlace` or
 * `normaliseInPlace`. O(count log count). `total` is what the entries shall sum to. Non-finite input
 * gives the uniform point.
 *
 * Source: Held, Wolfe & Crowder 1974; Duchi et al. 2008, figure 1.
 *
 * @example
 * projectOntoSimplex(Float64Array.of(2, 0)); // 1, 0
 */
export function projectOntoSimplex(
  values: Float64Array,
  from = 0,
  count: number = values.length - from,
  total = 1,
): Float64Array {
  const falling = values.slice(from, from + count).sort();
  let sum = 0;
  let threshold = 0;
  for (let kept = 1; kept <= count; kept++) {
    const value = falling[count - kept];
    sum += value;
    const level = (sum - total) / kept;
    if (value - level <= 0) break;
    threshold = level;
  }
  if (!Number.isFinite(sum)) {
    values.fill(total / count, from, from + count);
    return values;
  }
  for (let i = from; i < from + count; i++) values[i] = Math.max(0, values[i] - threshold);
  return values;
}
