import { logBeta } from '../../math/gamma-functions.ts';
import { betaQuantile, chiSquareQuantile } from '../../math/incomplete.ts';
import { inverse } from '../../math/linear-solve.ts';
import { goldenSection } from '../../math/scalar-search.ts';
import type { Interval } from './gamma.ts';
import { type ImprovementModel, polynomial } from './improvement.ts';

/** One improvement with measured qualities in [0, 1]. */
export interface JudgedImprovement {
  readonly before: number;
  readonly after: number;
  readonly worker?: string;
  /** The artifact that was improved; improvements of the same one share its measurement error. */
  readonly source?: string;
}

export interface ImprovementLearningOptions {
  /** Variance of the error of a measured quality, where known; then the slope and κ are corrected for it. */
  readonly noiseVariance?: number;
  /** 1 or 2; left out, the degree of smaller leave-one-out error. */
  readonly degree?: 1 | 2;
  /** Level of the intervals; default 0.9. */
  readonly level?: number;
  /** False leaves out the coefficients' intervals, which cost a fit per source artifact. Default true. */
  readonly intervals?: boolean;
}

/** The least-squares fit of one degree. */
export interface PolynomialFit {
  readonly degree: number;
  readonly coefficients: readonly number[];
  readonly sumOfSquares: number;
  /** Mean of (rᵢ / (1 − hᵢᵢ))². */
  readonly leaveOneOut: number;
  /** Residual variance with n − p degrees of freedom. */
  readonly residualVariance: number;
}

/** What was learned about one improver. */
export interface LearnedImprover {
  readonly worker: string;
  readonly improvements: number;
  /** Shrunk offset β of her mean; 0 with fewer than 5 judged improvements. */
  readonly offset: number;
}

/** A learned improvement model. */
export interface ImprovementFit {
  readonly model: ImprovementModel;
  readonly fits: readonly PolynomialFit[];
  readonly chosen: PolynomialFit;
  readonly coefficientIntervals: readonly Interval[];
  readonly concentration: number;
  readonly concentrationInterval: Interval;
  /** κ by maximum likelihood given the fitted mean, beside the one by moments that is used. */
  readonly concentrationByLikelihood: number;
  /** 1 − noise variance / variance of the measured qualities; 1 when the noise is not known. */
  readonly attenuation: number;
  readonly improvers: readonly LearnedImprover[];
  readonly notes: readonly string[];
}

/**
 * Learns Q′ | q ~ Beta(κ μ(q), κ (1 − μ(q))) from improvements with measured qualities: μ linear or quadratic by least
 * squares, κ by moments, a shrunk offset per worker.
 *
 * Needs about 30 improvements over the range of qualities. With fewer than 3 improvements, or all from one quality, it
 * returns a constant mean with κ = 10 or what the data allow, and a note. Errors of measurement pull the slope to 0;
 * give `noiseVariance` to correct for it. Intervals are jackknifed over source artifacts, so that shared measurement
 * errors and unequal variances are covered.
 *
 * Source: the two-part learning of Dai, Mausam & Weld (2011); the form of μ and its estimation are ours.
 *
 * @example
 * const steps = [0.1, 0.2, 0.4, 0.5, 0.8].map((before) => ({ before, after: 0.25 + 0.5 * before }));
 * learnImprovement(steps).model.kind; // => 'polynomial'
 */
export function learnImprovement(
  improvements: readonly JudgedImprovement[],
  options: ImprovementLearningOptions = {},
): ImprovementFit {
  const notes: string[] = [];
  const count = improvements.length;
  const spread = varianceOf(improvements.map((one) => one.before));
  if (count < 3 || spread < 1e-6)
    return flatFit(improvements, count < 3 ? 'fewer than 3 improvements' : 'all improvements start from one quality');
  const fits = [1, 2]
    .filter((degree) => count > degree + 2 && distinct(improvements) > degree)
    .map((degree) => leastSquares(improvements, degree));
  if (fits.length === 0) return flatFit(improvements, 'too few different qualities for a line');
  const chosen =
    fits.find((fit) => fit.degree === options.degree) ??
    fits.reduce((best, fit) => (fit.leaveOneOut < best.leaveOneOut ? fit : best));
  const noise = options.noiseVariance ?? 0;
  const attenuation = noise > 0 && spread > noise ? 1 - noise / spread : 1;
  if (noise > 0 && attenuation < 0.5)
    notes.push('half of the spread of measured qualities is noise: the corrected slope is unsure');
  const corrected = (sample: readonly JudgedImprovement[]): number[] =>
    correct(sample, leastSquares(sample, chosen.degree), noise);
  const coefficients = corrected(improvements);
  const { concentration, interval } = concentrationOf(improvements, chosen, coefficients, noise, options.level ?? 0.9);
  if (concentration === 2)
    notes.push('improvements scatter more than any Beta would around the fitted mean: κ is at its floor 2');
  const model: ImprovementModel = { kind: 'polynomial', coefficients, concentration };
  return {
    model,
    fits,
    chosen,
    coefficientIntervals:
      options.intervals === false
        ? coefficients.map(() => ({ lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY }))
        : jackknife(improvements, corrected, coefficients, options.level ?? 0.9),
    concentration,
    concentrationInterval: interval,
    concentrationByLikelihood: likeliestConcentration(improvements, chosen.coefficients),
    attenuation,
    improvers: offsetsOf(improvements, coefficients, chosen.residualVariance),
    notes,
  };
}

/**
 * The Beta(a, b) with the mean and variance of measured first qualities, less the noise variance where known.
 *
 * With fewer than two values, Beta(1, 1); with no spread, a concentration of at most 200.
 */
export function betaByMoments(values: readonly number[], noiseVariance = 0): { a: number; b: number } {
  if (values.length < 2) return { a: 1, b: 1 };
  const mean = Math.min(0.99, Math.max(0.01, values.reduce((x, y) => x + y, 0) / values.length));
  const variance = Math.max(varianceOf(values) - noiseVariance, (mean * (1 - mean)) / 201);
  const size = Math.min(200, Math.max(0.5, (mean * (1 - mean)) / variance - 1));
  return { a: mean * size, b: (1 - mean) * size };
}

/** The two-sided t quantile for an interval of the given level. */
export function studentQuantile(level: number, df: number): number {
  const x = betaQuantile(1 - level, df / 2, 0.5);
  return Math.sqrt((df * (1 - x)) / x);
}

function leastSquares(improvements: readonly JudgedImprovement[], degree: number): PolynomialFit {
  const p = degree + 1;
  const gram = new Float64Array(p * p);
  const right = new Float64Array(p);
  for (const { before, after } of improvements) {
    for (let i = 0; i < p; i++) {
      right[i] += before ** i * after;
      for (let j = 0; j < p; j++) gram[i * p + j] += before ** (i + j);
    }
  }
  const inverted = inverse(gram, p) ?? new Float64Array(p * p);
  const coefficients = Array.from({ length: p }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < p; j++) sum += inverted[i * p + j] * right[j];
    return sum;
  });
  let sumOfSquares = 0;
  let leaveOneOut = 0;
  for (const { before, after } of improvements) {
    const residual = after - polynomial(coefficients, before);
    let leverage = 0;
    for (let i = 0; i < p; i++) for (let j = 0; j < p; j++) leverage += inverted[i * p + j] * before ** (i + j);
    sumOfSquares += residual * residual;
    leaveOneOut += (residual / Math.max(1 - leverage, 1e-9)) ** 2;
  }
  const count = improvements.length;
  return {
    degree,
    coefficients,
    sumOfSquares,
    leaveOneOut: leaveOneOut / count,
    residualVariance: sumOfSquares / Math.max(1, count - p),
  };
}

/** Divides a line's slope by the attenuation; a curve is left as it is. */
function correct(improvements: readonly JudgedImprovement[], fit: PolynomialFit, noise: number): number[] {
  const spread = varianceOf(improvements.map((one) => one.before));
  if (noise === 0 || fit.degree !== 1 || spread <= 1.25 * noise) return [...fit.coefficients];
  const slope = fit.coefficients[1] / (1 - noise / spread);
  const meanOf = (pick: (one: JudgedImprovement) => number): number =>
    improvements.reduce((sum, one) => sum + pick(one), 0) / improvements.length;
  return [meanOf((one) => one.after) - slope * meanOf((one) => one.before), slope];
}

function concentrationOf(
  improvements: readonly JudgedImprovement[],
  fit: PolynomialFit,
  coefficients: readonly number[],
  noise: number,
  level: number,
): { concentration: number; interval: Interval } {
  const count = improvements.length;
  const mean =
    improvements.reduce((sum, { before }) => {
      const at = Math.min(0.999, Math.max(0.001, polynomial(fit.coefficients, before)));
      return sum + at * (1 - at);
    }, 0) / count;
  const df = count - fit.coefficients.length;
  // Errors in the starting quality add β b σ², in the improved quality σ², to the residual variance.
  const slopes = fit.degree === 1 ? fit.coefficients[1] * coefficients[1] : 0;
  const excess = noise * (1 + slopes);
  const kappaFor = (variance: number): number => Math.max(2, mean / Math.max(variance - excess, mean / 1e6) - 1);
  const low = (fit.residualVariance * df) / chiSquareQuantile((1 + level) / 2, df);
  const high = (fit.residualVariance * df) / chiSquareQuantile((1 - level) / 2, df);
  return { concentration: kappaFor(fit.residualVariance), interval: { lo: kappaFor(high), hi: kappaFor(low) } };
}

/** κ that maximises Σ log Beta(q′; κ μ, κ (1 − μ)), μ given. */
function likeliestConcentration(improvements: readonly JudgedImprovement[], coefficients: readonly number[]): number {
  const loss = (logKappa: number): number => {
    const kappa = Math.exp(logKappa);
    let sum = 0;
    for (const { before, after } of improvements) {
      const mean = Math.min(0.999, Math.max(0.001, polynomial(coefficients, before)));
      const quality = Math.min(1 - 1e-6, Math.max(1e-6, after));
      const [a, b] = [kappa * mean, kappa * (1 - mean)];
      sum -= (a - 1) * Math.log(quality) + (b - 1) * Math.log(1 - quality) - logBeta(a, b);
    }
    return sum;
  };
  return Math.exp(goldenSection(loss, Math.log(0.1), Math.log(1e5), 1e-9));
}

/** Intervals by leaving out one source artifact at a time, with the t distribution. */
function jackknife(
  improvements: readonly JudgedImprovement[],
  estimate: (sample: readonly JudgedImprovement[]) => number[],
  full: readonly number[],
  level: number,
): Interval[] {
  const groups = new Map<string, JudgedImprovement[]>();
  improvements.forEach((one, i) => {
    const name = one.source ?? `#${i}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [one]);
    else group.push(one);
  });
  const count = groups.size;
  if (count < full.length + 1) return full.map(() => ({ lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY }));
  const replicates = [...groups.keys()].map((left) =>
    estimate(improvements.filter((one, i) => (one.source ?? `#${i}`) !== left)),
  );
  const quantile = studentQuantile(level, count - 1);
  return full.map((value, c) => {
    const mean = replicates.reduce((sum, replicate) => sum + replicate[c], 0) / count;
    const variance = (replicates.reduce((sum, replicate) => sum + (replicate[c] - mean) ** 2, 0) * (count - 1)) / count;
    const half = quantile * Math.sqrt(variance);
    return { lo: value - half, hi: value + half };
  });
}

/** Offsets β_x shrunk by n τ² / (n τ² + σ²), τ² by moments from the workers with at least 5 improvements. */
function offsetsOf(
  improvements: readonly JudgedImprovement[],
  coefficients: readonly number[],
  residualVariance: number,
): LearnedImprover[] {
  const residuals = new Map<string, number[]>();
  for (const { before, after, worker } of improvements) {
    if (worker === undefined) continue;
    const list = residuals.get(worker) ?? [];
    list.push(after - polynomial(coefficients, before));
    residuals.set(worker, list);
  }
  const means = [...residuals].map(([worker, list]) => ({
    worker,
    count: list.length,
    mean: list.reduce((a, b) => a + b, 0) / list.length,
  }));
  const enough = means.filter(({ count }) => count >= 5);
  const between =
    enough.reduce((sum, { mean, count }) => sum + mean * mean - residualVariance / count, 0) /
    Math.max(1, enough.length);
  const tau = Math.max(0, between);
  return means.map(({ worker, count, mean }) => ({
    worker,
    improvements: count,
    offset: count < 5 || tau === 0 ? 0 : (mean * count * tau) / (count * tau + residualVariance),
  }));
}

function flatFit(improvements: readonly JudgedImprovement[], why: string): ImprovementFit {
  const count = improvements.length;
  const mean = count === 0 ? 0.5 : improvements.reduce((sum, one) => sum + one.after, 0) / count;
  const variance = varianceOf(improvements.map((one) => one.after));
  const concentration = count < 3 || variance === 0 ? 10 : Math.max(2, (mean * (1 - mean)) / variance - 1);
  const chosen = {
    degree: 0,
    coefficients: [mean],
    sumOfSquares: variance * count,
    leaveOneOut: variance,
    residualVariance: variance,
  };
  const whole = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
  return {
    model: { kind: 'polynomial', coefficients: [mean], concentration },
    fits: [chosen],
    chosen,
    coefficientIntervals: [whole],
    concentration,
    concentrationInterval: { lo: 0, hi: Number.POSITIVE_INFINITY },
    concentrationByLikelihood: Number.NaN,
    attenuation: 1,
    improvers: offsetsOf(improvements, [mean], Math.max(variance, 1e-9)),
    notes: [`${why}: the improvement model is a constant mean ${mean.toFixed(2)}, which no controller should trust`],
  };
}

function distinct(improvements: readonly JudgedImprovement[]): number {
  return new Set(improvements.map((one) => one.before.toFixed(6))).size;
}

function varianceOf(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
