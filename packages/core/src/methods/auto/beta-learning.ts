import { digamma } from '../../math/special.ts';

/** Rate of the Gamma hyperprior of every Dirichlet parameter. */
const hyperRate = 0.5;

/** Dirichlet parameters are kept above this. */
const least = 0.001;

/** A worker who weighs less does not count. */
const leastWeight = 1e-9;

/** Number of fixed-point steps per sweep. */
const steps = 2;

/**
 * Re-estimates Dirichlet parameters from the counts of many workers: the Dirichlet-multinomial
 * fixed point of Minka (2000) with an independent Gamma(shape + 1, 0.5) hyperprior on each.
 *
 * `counts` is W×rows×columns, `alpha` rows×columns (changed in place), `shape` rows×columns, and
 * `weight` W or undefined for 1. O(W·rows·columns) digammas per step.
 */
export function learnDirichlet(
  counts: Float64Array,
  alpha: Float64Array,
  shape: Float64Array,
  columns: number,
  weight?: Float64Array,
): void {
  const cells = alpha.length;
  const workers = counts.length / cells;
  for (let step = 0; step < steps; step++) {
    for (let row = 0; row < cells; row += columns) {
      let total = 0;
      for (let l = 0; l < columns; l++) total += alpha[row + l];
      const digammaTotal = digamma(total);
      let denominator = hyperRate;
      const numerator = new Float64Array(columns);
      const digammaAlpha = Float64Array.from({ length: columns }, (_, l) => digamma(alpha[row + l]));
      for (let w = 0; w < workers; w++) {
        const power = weight === undefined ? 1 : weight[w];
        const at = w * cells + row;
        let mass = 0;
        for (let l = 0; l < columns; l++) mass += counts[at + l];
        if (mass === 0 || power < leastWeight) continue;
        denominator += power * (digamma(mass + total) - digammaTotal);
        for (let l = 0; l < columns; l++) {
          if (counts[at + l] > 0) numerator[l] += power * (digamma(counts[at + l] + alpha[row + l]) - digammaAlpha[l]);
        }
      }
      for (let l = 0; l < columns; l++) {
        alpha[row + l] = Math.max(least, (alpha[row + l] * numerator[l] + shape[row + l]) / denominator);
      }
    }
  }
}
