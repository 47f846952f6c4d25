import { digamma, logGamma } from './gamma-functions.ts';

/**
 * ln B(α) = Σ ln Γ(αᵢ) − ln Γ(Σ αᵢ) over `count` entries starting at `from`: the log of the constant
 * a Dirichlet density is divided by. Every α must be positive.
 *
 * @example
 * logDirichletNormaliser(Float64Array.of(1, 1, 1), 0, 3); // −ln 2
 */
export function logDirichletNormaliser(
  alpha: ArrayLike<number>,
  from = 0,
  count: number = alpha.length - from,
): number {
  let sum = 0;
  let logs = 0;
  for (let i = from; i < from + count; i++) {
    sum += alpha[i];
    logs += logGamma(alpha[i]);
  }
  return logs - logGamma(sum);
}

/**
 * KL(Dir(b) ‖ Dir(c)) in nats, over `count` entries starting at `from` in both arrays:
 * Σ (bᵢ − cᵢ)(ψ(bᵢ) − ψ(Σ b)) − ln B(b) + ln B(c). Never below 0; exactly 0 where b equals c.
 *
 * `fromSecond` is where the entries of `c` start when that differs. Every entry must be positive.
 *
 * @example
 * dirichletKl(Float64Array.of(2, 1), Float64Array.of(1, 1), 0, 2); // ln 2 − ½
 */
export function dirichletKl(
  b: ArrayLike<number>,
  c: ArrayLike<number>,
  from = 0,
  count: number = b.length - from,
  fromSecond: number = from,
): number {
  let sumB = 0;
  let sumC = 0;
  for (let i = 0; i < count; i++) {
    sumB += b[from + i];
    sumC += c[fromSecond + i];
  }
  const common = digamma(sumB);
  let divergence = logGamma(sumB) - logGamma(sumC);
  for (let i = 0; i < count; i++) {
    const left = b[from + i];
    const right = c[fromSecond + i];
    // Equal entries contribute nothing: most entries of a prior are untouched.
    if (left !== right) divergence += (left - right) * (digamma(left) - common) - logGamma(left) + logGamma(right);
  }
  return divergence > 0 ? divergence : 0;
}

/**
 * The log probability of a sequence of categorical draws with the given counts when their
 * probabilities have the prior Dir(α) and are integrated out: ln B(α + n) − ln B(α).
 *
 * This is one particular sequence; for the counts in any order add the multinomial coefficient.
 * Counts may be fractional (expected counts). Zero counts cost nothing.
 *
 * @example
 * logDirichletMultinomial([1, 1], [1, 1]); // ln(1 / 6)
 */
export function logDirichletMultinomial(
  counts: ArrayLike<number>,
  alpha: ArrayLike<number>,
  from = 0,
  count: number = counts.length - from,
  fromAlpha: number = from,
): number {
  let total = 0;
  let prior = 0;
  let log = 0;
  for (let i = 0; i < count; i++) {
    const n = counts[from + i];
    const a = alpha[fromAlpha + i];
    prior += a;
    if (n === 0) continue;
    total += n;
    log += logGamma(a + n) - logGamma(a);
  }
  return total === 0 ? 0 : log - logGamma(prior + total) + logGamma(prior);
}
