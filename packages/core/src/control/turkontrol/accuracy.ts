/**
 * How likely a worker is to vote for the better of two artifacts.
 *
 * Source: Dai, Mausam & Weld (2011), "Background": d = 1 − |q − q′|^M and a(d, γ) = ½ [1 + (1 − d)^γ].
 */

/**
 * The difficulty d = 1 − |q − q′|^M of a ballot between artifacts of two qualities, in [0, 1].
 *
 * `exponent` is the trained constant M > 0. Equal qualities are as hard as it gets: 1.
 *
 * @example
 * ballotDifficulty(0.25, 0.5, 0.5); // => 0.5
 */
export function ballotDifficulty(oldQuality: number, newQuality: number, exponent: number): number {
  return 1 - Math.abs(oldQuality - newQuality) ** exponent;
}

/**
 * The probability a = ½ [1 + (1 − d)^γ] of voting for the better artifact, in [½, 1].
 *
 * `gamma` > 0 is the worker's error parameter: larger means more errors, 0 in the limit none. A worker who
 * votes worse than chance cannot be expressed; `signTest` of the misfit checks finds such workers.
 *
 * @example
 * ballotAccuracy(0.5, 1); // => 0.75
 */
export function ballotAccuracy(difficulty: number, gamma: number): number {
  return 0.5 * (1 + (1 - difficulty) ** gamma);
}

/** The midpoints (i + ½) / m of `cells` equal cells of [0, 1]: the qualities a grid belief knows. */
export function gridQualities(cells: number): Float64Array {
  return Float64Array.from({ length: cells }, (_, i) => (i + 0.5) / cells);
}

/**
 * P(vote = 1 | q, q′, γ) for every pair of grid qualities, row-major by the old artifact's cell.
 *
 * Above the diagonal the accuracy, below it one minus the accuracy, ½ on it; `table[j][i] = 1 − table[i][j]`.
 *
 * @example
 * voteTable(4, 0.5, 1)[1]; // => 0.75
 */
export function voteTable(cells: number, exponent: number, gamma: number): Float64Array {
  const table = new Float64Array(cells * cells);
  for (let i = 0; i < cells; i++) {
    table[i * cells + i] = 0.5;
    for (let j = i + 1; j < cells; j++) {
      const accuracy = 0.5 * (1 + ((j - i) / cells) ** (exponent * gamma));
      table[i * cells + j] = accuracy;
      table[j * cells + i] = 1 - accuracy;
    }
  }
  return table;
}

/**
 * The vote table of a worker whose γ is only known as a distribution: Σ_γ π(γ) L_γ, into `out`.
 *
 * `tables` holds one table per γ, as `voteTable` makes them; `weights` sum to 1.
 */
export function blendVoteTables(
  tables: readonly Float64Array[],
  weights: ArrayLike<number>,
  out: Float64Array = new Float64Array(tables[0].length),
): Float64Array {
  out.fill(0);
  for (let g = 0; g < tables.length; g++) {
    const weight = weights[g];
    if (weight === 0) continue;
    const table = tables[g];
    for (let c = 0; c < out.length; c++) out[c] += weight * table[c];
  }
  return out;
}
