import { goldenSection } from '../../math/scalar-search.ts';
import { type ErrorDistribution, logNormalErrors, logSpaced } from './model.ts';

/**
 * What one worker's votes say about her γ: for each easiness r = 1 − d the (expected) number of right and wrong votes.
 */
export interface GammaEvidence {
  readonly easiness: ArrayLike<number>;
  readonly right: ArrayLike<number>;
  readonly wrong: ArrayLike<number>;
}

/** The range in which γ is sought; estimates at an end are flagged. */
export const gammaBounds: { readonly low: number; readonly high: number } = { low: 1e-3, high: 20 };

/**
 * Σ right · log ½(1 + r^γ) + Σ wrong · log ½(1 − r^γ).
 *
 * Not concave: right votes are convex and wrong ones concave in γ.
 */
export function gammaLogLikelihood(evidence: GammaEvidence, gamma: number): number {
  const { easiness, right, wrong } = evidence;
  let sum = 0;
  for (let i = 0; i < easiness.length; i++) {
    if (right[i] === 0 && wrong[i] === 0) continue;
    const z = easiness[i] ** gamma;
    if (right[i] > 0) sum += right[i] * Math.log(0.5 * (1 + z));
    // A wrong vote on the easiest pair is impossible under the model; the floor keeps it finite.
    if (wrong[i] > 0) sum += wrong[i] * Math.log(Math.max(0.5 * (1 - z), 1e-12));
  }
  return sum;
}

/** An estimate of γ. `bound` tells an estimate at an end of the range: nothing but right votes, or too many wrong. */
export interface GammaEstimate {
  readonly gamma: number;
  readonly logLikelihood: number;
  readonly bound: 'low' | 'high' | null;
}

/**
 * The γ of largest likelihood, or with `priorSd` the mode in ln γ under ln γ ~ N(priorMean, priorSd²).
 *
 * Scans 64 places at equal ratios on [0.001, 20] and refines in the best bracket, because the likelihood may have
 * several maxima. Without votes the maximum-likelihood estimate is meaningless and at the lower bound.
 *
 * Source: Dai, Mausam & Weld (2011), maximum likelihood with known truth and difficulty; the prior is ours.
 */
export function fitGamma(
  evidence: GammaEvidence,
  priorSd: number = Number.POSITIVE_INFINITY,
  priorMean = 0,
): GammaEstimate {
  const places = 64;
  const low = Math.log(gammaBounds.low);
  const step = (Math.log(gammaBounds.high) - low) / (places - 1);
  const loss = (logGamma: number): number =>
    0.5 * ((logGamma - priorMean) / priorSd) ** 2 - gammaLogLikelihood(evidence, Math.exp(logGamma));
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let p = 0; p < places; p++) {
    const value = loss(low + p * step);
    if (value < least) {
      least = value;
      best = p;
    }
  }
  const from = low + Math.max(0, best - 1) * step;
  const to = low + Math.min(places - 1, best + 1) * step;
  const logGamma = goldenSection(loss, from, to, 1e-10);
  const gamma = Math.exp(logGamma);
  const bound = logGamma < low + 1e-6 ? 'low' : logGamma > low + (places - 1) * step - 1e-6 ? 'high' : null;
  return { gamma, logLikelihood: gammaLogLikelihood(evidence, gamma), bound };
}

/** One γ for all workers: the evidence of all, pooled. */
export function poolEvidence(all: readonly GammaEvidence[]): GammaEvidence {
  return {
    easiness: all.flatMap((evidence) => Array.from(evidence.easiness)),
    right: all.flatMap((evidence) => Array.from(evidence.right)),
    wrong: all.flatMap((evidence) => Array.from(evidence.wrong)),
  };
}

/** The posterior of γ on the prior's grid. */
export function gammaPosterior(evidence: GammaEvidence, prior: ErrorDistribution): ErrorDistribution {
  const logs = prior.gammas.map((gamma, g) => Math.log(prior.weights[g]) + gammaLogLikelihood(evidence, gamma));
  const top = Math.max(...logs);
  const weights = logs.map((value) => Math.exp(value - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { gammas: prior.gammas, weights: weights.map((weight) => weight / sum) };
}

/** A number with its interval. */
export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/** Points of the fine grid on which intervals and the population are computed. */
const fineGammas: readonly number[] = logSpaced(0.005, 20, 120);

/** Equal-tailed credible interval of γ under ln γ ~ N(logMean, logSd²), `level` 0.9 unless told. */
export function gammaInterval(evidence: GammaEvidence, logMean: number, logSd: number, level = 0.9): Interval {
  const { weights } = gammaPosterior(evidence, logNormalErrors(logMean, logSd, fineGammas));
  const quantile = (p: number): number => {
    let below = 0;
    for (let g = 0; g < weights.length; g++) {
      if (below + weights[g] >= p) {
        // Mass of a point is spread half a step to either side, in ln γ.
        const step = Math.log(fineGammas[1] / fineGammas[0]);
        return fineGammas[g] * Math.exp(step * ((p - below) / weights[g] - 0.5));
      }
      below += weights[g];
    }
    return fineGammas[fineGammas.length - 1];
  };
  return { lo: quantile((1 - level) / 2), hi: quantile((1 + level) / 2) };
}

/** The population ln γ ~ N(logMean, logSd²) with 90 % intervals. */
export interface GammaPopulation {
  readonly logMean: number;
  readonly logSd: number;
  readonly logMeanInterval: Interval;
  readonly logSdInterval: Interval;
  /** One γ for all by maximum likelihood. */
  readonly pooledGamma: number;
  /** The paper's estimate: the mean of the maximum-likelihood γs of workers with at least 5 ballots; NaN if none. */
  readonly meanGamma: number;
}

/**
 * The population of γs by empirical Bayes: (logMean, logSd) maximise Σ_x log ∫ N(ln γ) L_x(γ), the integral on a grid,
 * logSd kept in [0.1, 2].
 *
 * The plain mean of maximum-likelihood γs, as in the paper, is useless for workers with few ballots, whose estimates
 * lie at the bounds; it is given for comparison. Intervals are those of the profile likelihood at 90 %.
 */
export function fitPopulation(all: readonly GammaEvidence[], ballots: readonly number[]): GammaPopulation {
  // Votes of few workers say little about the spread: with none at all the answer is the prior ln γ ~ N(0, 1).
  const used = all.filter((_, w) => ballots[w] > 0);
  if (used.length === 0) {
    const wide = { lo: Number.NEGATIVE_INFINITY, hi: Number.POSITIVE_INFINITY };
    return {
      logMean: 0,
      logSd: 1,
      logMeanInterval: wide,
      logSdInterval: { lo: 0.1, hi: 2 },
      pooledGamma: 1,
      meanGamma: Number.NaN,
    };
  }
  const points = fineGammas.length;
  const logs = fineGammas.map(Math.log);
  const likelihoods = new Float64Array(used.length * points);
  used.forEach((evidence, w) => {
    let top = Number.NEGATIVE_INFINITY;
    for (let g = 0; g < points; g++) {
      const value = gammaLogLikelihood(evidence, fineGammas[g]);
      likelihoods[w * points + g] = value;
      if (value > top) top = value;
    }
    for (let g = 0; g < points; g++) likelihoods[w * points + g] = Math.exp(likelihoods[w * points + g] - top);
  });
  const weights = new Float64Array(points);
  const loss = (logMean: number, logSd: number): number => {
    let sum = 0;
    for (let g = 0; g < points; g++) {
      weights[g] = Math.exp(-0.5 * ((logs[g] - logMean) / logSd) ** 2);
      sum += weights[g];
    }
    let total = 0;
    for (let w = 0; w < used.length; w++) {
      let marginal = 0;
      for (let g = 0; g < points; g++) marginal += weights[g] * likelihoods[w * points + g];
      total -= Math.log(Math.max(marginal / sum, 1e-300));
    }
    return total;
  };
  const meanFor = (logSd: number): number => goldenSection((m) => loss(m, logSd), -4, 2.7, 1e-5);
  const logSd = goldenSection((s) => loss(meanFor(s), s), 0.1, 2, 1e-4);
  const logMean = meanFor(logSd);
  const least = loss(logMean, logSd);
  const sdFor = (m: number): number => goldenSection((s) => loss(m, s), 0.1, 2, 1e-3);
  return {
    logMean,
    logSd,
    logMeanInterval: profileInterval((m) => loss(m, sdFor(m)) - least, logMean, -4, 2.7),
    logSdInterval: profileInterval((s) => loss(meanFor(s), s) - least, logSd, 0.1, 2),
    pooledGamma: fitGamma(poolEvidence(used)).gamma,
    meanGamma: meanOfFits(all.filter((_, w) => ballots[w] >= 5)),
  };
}

function meanOfFits(evidence: readonly GammaEvidence[]): number {
  return evidence.reduce((sum, one) => sum + fitGamma(one).gamma, 0) / evidence.length;
}

/** Where a log-likelihood has fallen by half the 90 % point of chi-square with one degree of freedom. */
function profileInterval(drop: (x: number) => number, at: number, low: number, high: number): Interval {
  const critical = 2.705543454 / 2;
  const edge = (end: number): number => {
    if (drop(end) < critical) return end;
    let [inside, outside] = [at, end];
    for (let step = 0; step < 20; step++) {
      const middle = 0.5 * (inside + outside);
      if (drop(middle) < critical) inside = middle;
      else outside = middle;
    }
    return 0.5 * (inside + outside);
  };
  return { lo: edge(low), hi: edge(high) };
}
