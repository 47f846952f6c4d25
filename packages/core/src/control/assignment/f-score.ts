/**
 * Which tasks to accept as class c so that the expected F-score is largest: accept where P(c) ≥ α·λ.
 *
 * `weight` α is the weight of precision (½ is F1). Dinkelbach's iteration on Σ r q / Σ (α r + (1 − α) q); a handful of
 * sweeps of O(T). No task of positive chance: nothing is accepted, score 0.
 *
 * Source: Zheng, Wang, Li, Cheng & Feng (2015), SIGMOD, QASCA's F-score metric.
 *
 * @example
 * acceptForFScore([0.9, 0.4, 0.1]).accepted; // => [true, true, false]
 */
export function acceptForFScore(
  chance: ArrayLike<number>,
  weight = 0.5,
): { readonly accepted: boolean[]; readonly score: number } {
  let score = 0;
  let total = 0;
  for (let i = 0; i < chance.length; i++) total += chance[i];
  for (let round = 0; round < 100; round++) {
    let [hit, taken] = [0, 0];
    for (let i = 0; i < chance.length; i++) {
      if (chance[i] < weight * score || chance[i] === 0) continue;
      hit += chance[i];
      taken++;
    }
    const bottom = weight * taken + (1 - weight) * total;
    const next = bottom > 0 ? hit / bottom : 0;
    if (Math.abs(next - score) < 1e-14) break;
    score = next;
  }
  return { accepted: Array.from(chance, (p) => p > 0 && p >= weight * score), score };
}
