import { InputError } from '../errors.ts';
import { sigmoid, softplus } from '../math/logistic.ts';

/**
 * Beta(a, b) before the reliability of every worker, as if a answers were seen right and b wrong.
 *
 * The mode is taken over log odds, where it is (a + right) / (a + b + answers): never 0 or 1, and a / (a + b)
 * for workers without answers.
 */
export type ReliabilityPrior = readonly [a: number, b: number];

/** log odds of a worker at the start: η = 0.9. */
export const startLogit = 2.2;

/** log odds that stand for a worker who never errs. */
export const certainLogit = 40;

/**
 * −log P of "worker u prefers x to x′" and its derivatives, from the margin h = s(x) − s(x′) and the
 * worker's log odds ω, η = σ(ω): P = η σ(h) + (1 − η) σ(−h).
 *
 * Written as P = (1 + e^(ω+h)) / ((1 + e^ω)(1 + e^h)), which neither overflows nor cancels. `agreed` is
 * the probability r = σ(ω + h) that the worker followed the scores; dL/dh = σ(h) − r and
 * dL/dω = σ(ω) − r, so an answer that scores and worker together make unlikely pulls at neither.
 *
 * Source: Chen, Bennett, Collins-Thompson & Horvitz (2013), the Crowd-BT model.
 *
 * @example
 * crowdComparison(0, 2.2).loss.toFixed(6); // => '0.693147'
 */
export function crowdComparison(
  margin: number,
  logOdds: number,
): { loss: number; byMargin: number; byLogOdds: number; agreed: number } {
  const agreed = sigmoid(logOdds + margin);
  return {
    loss: softplus(margin) + softplus(logOdds) - softplus(logOdds + margin),
    byMargin: sigmoid(margin) - agreed,
    byLogOdds: sigmoid(logOdds) - agreed,
    agreed,
  };
}

/**
 * −log P of an answer being a tie, or not being one, and its derivatives, from the margin h and the log
 * τ of how readily ties are given: P(tie) = e^τ / (2 cosh(h/2) + e^τ).
 *
 * Given that it is no tie, which of the two is preferred follows the logistic model as without ties.
 * Turning an answer over leaves a tie a tie, so that ties say nothing about reliability.
 *
 * Source: Davidson (1970), with ν = e^τ.
 *
 * @example
 * tieOrNot(0, Math.log(2), true).loss.toFixed(6); // => '0.693147'
 */
export function tieOrNot(
  margin: number,
  logTies: number,
  tied: boolean,
): { loss: number; byMargin: number; byLogTies: number } {
  // log of 2 cosh(h/2), and its derivative.
  const logSum = Math.abs(margin) / 2 + softplus(-Math.abs(margin));
  const slope = Math.tanh(margin / 2) / 2;
  const tie = sigmoid(logTies - logSum);
  if (tied) return { loss: softplus(logSum - logTies), byMargin: (1 - tie) * slope, byLogTies: tie - 1 };
  return { loss: softplus(logTies - logSum), byMargin: -tie * slope, byLogTies: tie };
}

/** `share` · Σ_u of −a log η − b log(1 − η), the Beta prior over log odds; adds its derivative by them. */
export function addReliabilityPrior(
  logOdds: Float64Array,
  [a, b]: ReliabilityPrior,
  share: number,
  gradient: Float64Array,
): number {
  let loss = 0;
  for (let u = 0; u < logOdds.length; u++) {
    const eta = sigmoid(logOdds[u]);
    loss += share * (a * softplus(-logOdds[u]) + b * softplus(logOdds[u]));
    gradient[u] += share * (b * eta - a * (1 - eta));
  }
  return loss;
}

/** @throws {InputError} invalid-prior */
export function checkReliabilityPrior([a, b]: ReliabilityPrior): void {
  if (a > 0 && b > 0 && Number.isFinite(a + b)) return;
  const hint = 'give two finite numbers above 0';
  throw new InputError(`invalid prior (${a}, ${b}); ${hint}`, { code: 'invalid-prior', got: `${a}, ${b}`, hint });
}
