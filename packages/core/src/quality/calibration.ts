/** One bin of a reliability curve: tasks whose largest probability falls into it. */
export interface CalibrationBin {
  /** Ends of the bin; the upper end belongs to it, and 0 belongs to the first. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Mean confidence and share right in the bin, NaN when it is empty. */
  readonly confidence: number;
  readonly accuracy: number;
}

/**
 * Reliability bins of equal width over [0, 1]: claimed against right.
 *
 * `credit` is 1, 0 or a tie's share, as in `TaskScores`. O(n).
 */
export function calibrationBins(confidence: Float64Array, credit: Float64Array, bins = 15): CalibrationBin[] {
  const count = new Float64Array(bins);
  const claimed = new Float64Array(bins);
  const right = new Float64Array(bins);
  for (let i = 0; i < confidence.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence[i] * bins) - 1));
    count[bin]++;
    claimed[bin] += confidence[i];
    right[bin] += credit[i];
  }
  return Array.from(count, (n, bin) => ({
    from: bin / bins,
    to: (bin + 1) / bins,
    count: n,
    confidence: claimed[bin] / n,
    accuracy: right[bin] / n,
  }));
}

/**
 * Expected calibration error: the mean distance between claimed and right over the bins, weighted
 * by their counts (Naeini, Cooper & Hauskrecht 2015). NaN when nothing was counted.
 */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  let total = 0;
  let error = 0;
  for (const { count, confidence, accuracy } of bins) {
    if (count === 0) continue;
    total += count;
    error += count * Math.abs(confidence - accuracy);
  }
  return error / total;
}
