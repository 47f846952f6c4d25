import { incompleteBeta } from '../../math/incomplete.ts';
import type { Random } from '../../math/random.ts';
import { gridQualities } from './accuracy.ts';

/**
 * The distribution of an improved artifact's quality given the quality it started from:
 * Q′ | q ~ Beta(κ μ(q), κ (1 − μ(q))).
 *
 * - `polynomial`: μ(q) = c₀ + c₁ q + c₂ q² …, the form that is learned;
 * - `diligence`: the mean of the 2010 simulations, in which the artifact's own quality is the difficulty and
 *   γ the improver's error parameter: μ(q) = q + ½ [(1 − q)(a − ½) + q (a − 1)], a = ½ [1 + (1 − q)^γ].
 *
 * μ is clipped to [0.001, 0.999]. `concentration` is κ > 0: a number, or the coefficients of a polynomial in q
 * (never below 0.5 then).
 *
 * Source: Dai, Mausam & Weld (2010, 2011); the polynomial mean is our choice of the unpublished learned form.
 */
export type ImprovementModel =
  | {
      readonly kind: 'polynomial';
      readonly coefficients: readonly number[];
      readonly concentration: number | readonly number[];
    }
  | { readonly kind: 'diligence'; readonly gamma: number; readonly concentration: number | readonly number[] };

/**
 * The expected quality μ(q) of an improvement, in [0.001, 0.999].
 *
 * `offset` is a worker's learned β: it shifts the mean before clipping.
 *
 * @example
 * improvementMean({ kind: 'diligence', gamma: 2, concentration: 10 }, 0.5); // => 0.4375
 */
export function improvementMean(model: ImprovementModel, quality: number, offset = 0): number {
  return Math.min(0.999, Math.max(0.001, rawMean(model, quality) + offset));
}

/** κ at a quality. */
export function improvementConcentration(model: ImprovementModel, quality: number): number {
  const concentration = model.concentration;
  if (typeof concentration === 'number') return concentration;
  return Math.max(0.5, polynomial(concentration, quality));
}

/** One improved quality, drawn. */
export function drawImprovement(model: ImprovementModel, quality: number, random: Random, offset = 0): number {
  const mean = improvementMean(model, quality, offset);
  const concentration = improvementConcentration(model, quality);
  return random.beta(concentration * mean, concentration * (1 - mean));
}

/**
 * The masses a Beta(a, b) puts on `cells` equal cells of [0, 1].
 *
 * By differences of the distribution function, never by the density at the midpoints, which is infinite at the
 * ends for a or b below 1.
 *
 * @example
 * betaCellMasses(1, 1, 4)[0]; // => 0.25
 */
export function betaCellMasses(a: number, b: number, cells: number, out?: Float64Array, from = 0): Float64Array {
  const masses = out ?? new Float64Array(cells);
  let below = 0;
  for (let i = 0; i < cells; i++) {
    const upTo = i + 1 === cells ? 1 : incompleteBeta((i + 1) / cells, a, b);
    masses[from + i] = Math.max(0, upTo - below);
    below = upTo;
  }
  return masses;
}

/**
 * P(Q′ in cell j | q = midpoint of cell i), row-major: what one improvement does to a grid belief.
 *
 * @example
 * improvementKernel({ kind: 'diligence', gamma: 1, concentration: 10 }, 5).length; // => 25
 */
export function improvementKernel(model: ImprovementModel, cells: number, offset = 0): Float64Array {
  const kernel = new Float64Array(cells * cells);
  const qualities = gridQualities(cells);
  for (let i = 0; i < cells; i++) {
    const mean = improvementMean(model, qualities[i], offset);
    const concentration = improvementConcentration(model, qualities[i]);
    betaCellMasses(concentration * mean, concentration * (1 - mean), cells, kernel, i * cells);
  }
  return kernel;
}

/**
 * P(Q′ > q | q) under the model. On a well-calibrated scale it is about 1 − q, because quality is defined as the
 * share of diligent workers who cannot improve the artifact.
 */
export function improvementChance(model: ImprovementModel, quality: number): number {
  const mean = improvementMean(model, quality);
  const concentration = improvementConcentration(model, quality);
  return 1 - incompleteBeta(quality, concentration * mean, concentration * (1 - mean));
}

function rawMean(model: ImprovementModel, quality: number): number {
  if (model.kind === 'polynomial') return polynomial(model.coefficients, quality);
  const accuracy = 0.5 * (1 + (1 - quality) ** model.gamma);
  return quality + 0.5 * ((1 - quality) * (accuracy - 0.5) + quality * (accuracy - 1));
}

/** c₀ + c₁ x + c₂ x² + … by Horner's rule. */
export function polynomial(coefficients: readonly number[], x: number): number {
  let value = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) value = value * x + coefficients[i];
  return value;
}
