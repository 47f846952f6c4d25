/** ln(p / (1 − p)); 0 gives −∞ and 1 gives +∞. Accurate to a few ulps for small p. */
export function logit(p: number): number {
  return Math.log(p) - Math.log1p(-p);
}

/** 1 / (1 + e^−x) without overflow; keeps the relative accuracy of the small tail. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const weight = Math.exp(x);
  return weight / (1 + weight);
}

/**
 * ln(1 + eˣ) without overflow. `-softplus(-x)` is the log of `sigmoid(x)`.
 *
 * @example
 * softplus(0); // ln 2
 */
export function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}
