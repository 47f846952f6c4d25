/**
 * ln Σ exp(valuesᵢ) over `from ≤ i < to` without overflow.
 *
 * An empty range or one of nothing but −∞ gives −∞; a +∞ gives +∞; a NaN gives NaN. Two passes.
 *
 * @example
 * logSumExp([-1000, -1000]); // -1000 + ln 2
 */
export function logSumExp(values: ArrayLike<number>, from = 0, to: number = values.length): number {
  let greatest = -Infinity;
  for (let i = from; i < to; i++) {
    const value = values[i];
    if (!(value <= greatest)) greatest = value;
  }
  if (greatest === -Infinity || greatest === Infinity) return greatest;
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(values[i] - greatest);
  return greatest + Math.log(sum);
}

/**
 * Turns `count` log-weights starting at `from` into probabilities, in place, and returns the log of
 * their normaliser (ln Σ exp).
 *
 * When every weight is −∞ nothing prefers one entry: they become uniform and −∞ is returned, so the
 * caller can say so in a note. Entries at +∞ share the whole mass. NaN stays NaN. `count` must be at
 * least 1.
 *
 * @example
 * const row = Float64Array.of(Math.log(3), 0);
 * softmaxInPlace(row, 0, 2); // ln 4; row is now 0.75, 0.25
 */
export function softmaxInPlace(values: Float64Array, from: number, count: number): number {
  const to = from + count;
  let greatest = values[from];
  for (let i = from + 1; i < to; i++) {
    if (values[i] > greatest) greatest = values[i];
  }
  if (greatest === -Infinity || greatest === Infinity) return degenerateSoftmax(values, from, to, greatest);
  let sum = 0;
  for (let i = from; i < to; i++) {
    const weight = Math.exp(values[i] - greatest);
    values[i] = weight;
    sum += weight;
  }
  const scale = 1 / sum;
  for (let i = from; i < to; i++) values[i] *= scale;
  return greatest + Math.log(sum);
}

/**
 * Divides `count` non-negative numbers starting at `from` by their sum, in place, and returns the sum.
 *
 * A zero sum makes them uniform (and returns 0). `count` must be at least 1.
 *
 * @example
 * const row = Float64Array.of(3, 1);
 * normaliseInPlace(row, 0, 2); // 4; row is now 0.75, 0.25
 */
export function normaliseInPlace(values: Float64Array, from: number, count: number): number {
  const to = from + count;
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i];
  if (sum === 0) {
    values.fill(1 / count, from, to);
    return 0;
  }
  // Dividing, not multiplying by 1 / sum: the reciprocal of a subnormal sum overflows.
  for (let i = from; i < to; i++) values[i] /= sum;
  return sum;
}

function degenerateSoftmax(values: Float64Array, from: number, to: number, greatest: number): number {
  let tied = 0;
  for (let i = from; i < to; i++) if (values[i] === greatest) tied++;
  for (let i = from; i < to; i++) values[i] = values[i] === greatest ? 1 / tied : 0;
  return greatest;
}
