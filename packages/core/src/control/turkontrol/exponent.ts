import { goldenSection } from '../../math/scalar-search.ts';
import { fitGamma, type GammaEvidence, type Interval } from './gamma.ts';
import type { ErrorDistribution } from './model.ts';

/** One voter's ballots on pairs whose qualities were measured apart: gaps |q − q′| and whether her vote was right. */
export interface GapVotes {
  readonly gaps: readonly number[];
  readonly right: readonly boolean[];
}

/** M with its interval and the γs that go with it. */
export interface ExponentFit {
  readonly exponent: number;
  /** 90 % by the profile likelihood. */
  readonly interval: Interval;
  /** One per voter, of geometric mean 1; all 1 when γ was fixed. */
  readonly gammas: readonly number[];
  readonly logLikelihood: number;
}

const range = { low: 0.05, high: 4 };

/**
 * The exponent M of the difficulty, by maximum likelihood from ballots on pairs of known qualities.
 *
 * Votes identify only the products M γ. So the convention: the γs have geometric mean 1 and M takes the scale
 * (`free`), found by turns and rescaled after each sweep; or all γ = 1 (`one`). M is sought in [0.05, 4].
 *
 * Source: Dai, Mausam & Weld (2011) train M; how is not published, this is ours.
 *
 * @example
 * const voter = { gaps: [0.1, 0.1, 0.4, 0.4, 0.4], right: [true, false, true, true, true] };
 * fitExponent([voter]).gammas; // => [1]
 */
export function fitExponent(voters: readonly GapVotes[], gammas: 'one' | 'free' = 'one'): ExponentFit {
  const values = voters.map(() => 1);
  const minusLogLikelihood = (exponent: number): number => {
    let sum = 0;
    voters.forEach((voter, v) => {
      for (let i = 0; i < voter.gaps.length; i++) {
        const z = voter.gaps[i] ** (exponent * values[v]);
        sum -= Math.log(Math.max(voter.right[i] ? 0.5 * (1 + z) : 0.5 * (1 - z), 1e-12));
      }
    });
    return sum;
  };
  let exponent = goldenSection(minusLogLikelihood, range.low, range.high, 1e-9);
  for (let sweep = 0; gammas === 'free' && sweep < 200; sweep++) {
    voters.forEach((voter, v) => {
      values[v] = fitGamma(evidenceAt(voter, exponent), 1).gamma;
    });
    const scale = Math.exp(values.reduce((sum, gamma) => sum + Math.log(gamma), 0) / values.length);
    for (let v = 0; v < values.length; v++) values[v] /= scale;
    const next = goldenSection(minusLogLikelihood, range.low, range.high, 1e-9);
    const settled = Math.abs(next - exponent) < 1e-8;
    exponent = next;
    if (settled) break;
  }
  const least = minusLogLikelihood(exponent);
  return {
    exponent,
    interval: fallInterval((m) => minusLogLikelihood(m) - least, exponent),
    gammas: values,
    logLikelihood: -least,
  };
}

/**
 * The same model with the γs scaled to geometric mean 1 under their weights and M taking the scale.
 *
 * Only where difficulties come from qualities; where experts gave difficulties themselves γ has its own scale.
 */
export function normaliseExponent(
  exponent: number,
  errors: ErrorDistribution,
): { exponent: number; errors: ErrorDistribution } {
  const logMean = errors.gammas.reduce((sum, gamma, g) => sum + errors.weights[g] * Math.log(gamma), 0);
  const scale = Math.exp(logMean);
  return {
    exponent: exponent * scale,
    errors: { gammas: errors.gammas.map((gamma) => gamma / scale), weights: errors.weights },
  };
}

function evidenceAt(voter: GapVotes, exponent: number): GammaEvidence {
  return {
    easiness: voter.gaps.map((gap) => gap ** exponent),
    right: voter.right.map(Number),
    wrong: voter.right.map((right) => (right ? 0 : 1)),
  };
}

function fallInterval(drop: (x: number) => number, at: number): Interval {
  const critical = 2.705543454 / 2;
  const edge = (end: number): number => {
    if (drop(end) < critical) return end;
    let [inside, outside] = [at, end];
    for (let step = 0; step < 40; step++) {
      const middle = 0.5 * (inside + outside);
      if (drop(middle) < critical) inside = middle;
      else outside = middle;
    }
    return 0.5 * (inside + outside);
  };
  return { lo: edge(range.low), hi: edge(range.high) };
}
