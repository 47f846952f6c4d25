/** How a model's probabilities are taken as evidence. */
export interface SoftAnswerOptions {
  /** Found on gold; above 1 makes the model less sure. Default 1. */
  readonly temperature?: number;
  /** Members of the model's family that answered the task, itself included, and how far they share mistakes. */
  readonly members?: number;
  readonly copying?: number;
  /** No class gains or loses more than this factor by one answer; default 20. */
  readonly most?: number;
}

/**
 * The likelihood of each class that a model's own probabilities amount to: tempered, over the prior, capped, and discounted
 * where others of its family answered too.
 *
 * likelihood_k ∝ (s_k^{1/T} / prior_k), within a factor of `most` of 1, to the power 1 / (1 + ρ(n − 1)): n copies (ρ = 1)
 * count as one answer, n strangers (ρ = 0) as n. Multiply it into a belief and normalise. A class of probability 0 is only
 * unlikely. O(K).
 *
 * Source: Assay's own; the exponent is the effective sample size of equally correlated observations.
 *
 * @example
 * softLikelihood([0.9, 0.1], [0.5, 0.5])[0]; // => 1.8
 */
export function softLikelihood(
  probabilities: ArrayLike<number>,
  prior: ArrayLike<number>,
  { temperature = 1, members = 1, copying = 0, most = 20 }: SoftAnswerOptions = {},
): Float64Array {
  const tempered = Float64Array.from(probabilities, (share) => share ** (1 / temperature));
  const sum = tempered.reduce((total, share) => total + share, 0);
  const power = 1 / (1 + copying * (members - 1));
  return tempered.map((share, k) => {
    const ratio = sum > 0 && prior[k] > 0 ? share / sum / prior[k] : 1;
    return Math.min(most, Math.max(1 / most, ratio)) ** power;
  });
}

/**
 * What the counts of a model say of its next version: the same rows, worth at most `most` answers each class.
 *
 * A new version is a new worker; it starts from what its predecessor was, with little weight. `counts` is K×K
 * [true][said].
 */
export function carriedOver(counts: Float64Array, most = 20): Float64Array {
  const classes = Math.sqrt(counts.length);
  const carried = counts.slice();
  for (let row = 0; row < counts.length; row += classes) {
    let sum = 0;
    for (let y = 0; y < classes; y++) sum += counts[row + y];
    if (sum > most) for (let y = 0; y < classes; y++) carried[row + y] *= most / sum;
  }
  return carried;
}
