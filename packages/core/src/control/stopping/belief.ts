/** −Σ q ln q in nats. */
export function entropy(belief: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < belief.length; k++) if (belief[k] > 0) sum -= belief[k] * Math.log(belief[k]);
  return sum;
}

/** Probability of each answer, K: P(y) = Σ_k q_k confusion[k][y]. */
export function predictive(belief: Float64Array, confusion: Float64Array): Float64Array {
  const count = belief.length;
  const chance = new Float64Array(count);
  for (let k = 0; k < count; k++) for (let y = 0; y < count; y++) chance[y] += belief[k] * confusion[k * count + y];
  return chance;
}

/** The belief after an answer, by Bayes; an impossible answer leaves it as it is. */
export function updated(belief: Float64Array, confusion: Float64Array, said: number): Float64Array {
  const count = belief.length;
  const after = new Float64Array(count);
  let sum = 0;
  for (let k = 0; k < count; k++) {
    after[k] = belief[k] * confusion[k * count + said];
    sum += after[k];
  }
  if (!(sum > 0)) return belief.slice();
  for (let k = 0; k < count; k++) after[k] /= sum;
  return after;
}

/**
 * What one answer is expected to tell: H(q) − Σ_y P(y) H(q given y), in nats. Never negative, never 0 for an informative
 * worker. O(K²).
 *
 * @example
 * informationGain(Float64Array.of(0.5, 0.5), Float64Array.of(0.9, 0.1, 0.1, 0.9)); // 0.368
 */
export function informationGain(belief: Float64Array, confusion: Float64Array): number {
  const count = belief.length;
  // I(truth; said) = H(said) − Σ_k q_k H(said | k): no posterior has to be made.
  let gain = 0;
  for (let y = 0; y < count; y++) {
    let chance = 0;
    for (let k = 0; k < count; k++) chance += belief[k] * confusion[k * count + y];
    if (chance > 0) gain -= chance * Math.log(chance);
  }
  for (let k = 0; k < count; k++) {
    for (let y = 0; y < count; y++) {
      const share = confusion[k * count + y];
      if (share > 0 && belief[k] > 0) gain += belief[k] * share * Math.log(share);
    }
  }
  return Math.max(0, gain);
}

/**
 * What one answer is expected to add to accuracy: Σ_y max_k q_k confusion[k][y] − max_k q_k.
 *
 * Exactly 0 where no single answer changes the label, although several would: do not stop because of it.
 */
export function accuracyGain(belief: Float64Array, confusion: Float64Array): number {
  const count = belief.length;
  let after = 0;
  for (let y = 0; y < count; y++) {
    let most = 0;
    for (let k = 0; k < count; k++) most = Math.max(most, belief[k] * confusion[k * count + y]);
    after += most;
  }
  return Math.max(0, after - greatest(belief));
}

/** The largest entry. */
export function greatest(belief: ArrayLike<number>): number {
  let most = 0;
  for (let k = 0; k < belief.length; k++) if (belief[k] > most) most = belief[k];
  return most;
}
