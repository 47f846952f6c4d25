import { InputError } from '@assay/core';
import { sigmoid, softplus } from '@assay/core/math';

/** A loss of each pair, and its derivative by that pair's margin h. */
export interface MarginLosses {
  /** L(h), E. */
  readonly loss: Float64Array;
  /** dL/dh, E. */
  readonly slope: Float64Array;
}

/** One number for all pairs, or one per pair. */
export type PerPair = number | ArrayLike<number>;

/** log-probabilities of the chosen and rejected text under the model trained and under its reference, E each. */
export interface LogProbabilities {
  readonly chosen: ArrayLike<number>;
  readonly rejected: ArrayLike<number>;
  readonly chosenReference: ArrayLike<number>;
  readonly rejectedReference: ArrayLike<number>;
}

/**
 * Margins h = β[(log π_θ − log π_ref)(chosen) − (log π_θ − log π_ref)(rejected)] of pairs of texts: what
 * the losses here take. dL/d log π_θ(chosen) = β dL/dh, of the rejected text minus that.
 *
 * @param beta strength of the pull to the reference, default 0.1
 * @throws {InputError} invalid-margins where the columns differ in length
 *
 * Source: Rafailov et al. (2023), eq. 7.
 *
 * @example
 * policyMargins({ chosen: [-4], rejected: [-7], chosenReference: [-5], rejectedReference: [-6] }, 0.5)[0]; // => 1
 */
export function policyMargins(logs: LogProbabilities, beta = 0.1): Float64Array {
  const { chosen, rejected, chosenReference, rejectedReference } = logs;
  for (const column of [rejected, chosenReference, rejectedReference])
    if (column.length !== chosen.length)
      throw invalid(`${column.length} beside ${chosen.length} entries`, 'give one per pair');
  return Float64Array.from(
    { length: chosen.length },
    (_, e) => beta * (chosen[e] - chosenReference[e] - (rejected[e] - rejectedReference[e])),
  );
}

/**
 * The loss of direct preference optimisation: −log σ(h). Take it where every preference is right; one
 * that is wrong pulls the harder the surer the model is. dL/dh = σ(h) − 1. O(E), no overflow.
 *
 * Source: Rafailov et al. (2023), eq. 7.
 *
 * @example
 * dpoLoss([0]).slope[0]; // => -0.5
 */
export function dpoLoss(margins: ArrayLike<number>): MarginLosses {
  return conservativeDpoLoss(margins, 0);
}

/**
 * Conservative DPO: −(1 − ε) log σ(h) − ε log σ(−h), the cross entropy with a label that is wrong with
 * probability ε. Bounded below; wants margins of logit(1 − ε), not of infinity. The default with several
 * annotators: give 1 − the target of {@link pooledPreferences} as ε, which may then exceed ½.
 * dL/dh = σ(h) − (1 − ε). O(E).
 *
 * @param flip ε in [0, 1]
 * @throws {InputError} invalid-margins
 *
 * Source: Mitchell (2023), A note on DPO with noisy preferences.
 *
 * @example
 * Math.abs(conservativeDpoLoss([Math.log(3)], 0.25).slope[0]) < 1e-12; // => true
 */
export function conservativeDpoLoss(margins: ArrayLike<number>, flip: PerPair): MarginLosses {
  return eachPair(margins, flip, 'a flip rate', 1, true, (h, epsilon) => [
    (1 - epsilon) * softplus(-h) + epsilon * softplus(h),
    sigmoid(h) - (1 - epsilon),
  ]);
}

/**
 * Robust DPO: [−(1 − ε) log σ(h) + ε log σ(−h)] / (1 − 2ε), whose mean over answers that are turned over
 * with probability ε is the loss of DPO on answers that are not.
 *
 * Take it where ε is known and an unbiased loss matters. It falls without end as h grows: beyond `cap`
 * it stays what it is there and its slope is 0. dL/dh = σ(h) − (1 − ε)/(1 − 2ε). Answers of adversaries
 * (ε > ½) are to be turned over first. O(E).
 *
 * @param flip ε in [0, ½)
 * @param cap largest margin that is still pushed, default 10
 * @throws {InputError} invalid-margins
 *
 * Source: Chowdhury, Kini & Natarajan (2024), Provably robust DPO. The cap is ours.
 *
 * @example
 * robustDpoLoss([1], 0).loss[0] === dpoLoss([1]).loss[0]; // => true
 */
export function robustDpoLoss(margins: ArrayLike<number>, flip: PerPair, cap = 10): MarginLosses {
  return eachPair(margins, flip, 'a flip rate', 0.5, false, (margin, epsilon) => {
    const h = Math.min(cap, margin);
    const loss = ((1 - epsilon) * softplus(-h) - epsilon * softplus(h)) / (1 - 2 * epsilon);
    return [loss, margin > cap ? 0 : sigmoid(h) - (1 - epsilon) / (1 - 2 * epsilon)];
  });
}

/** What {@link crowdDpoLoss} gives: also the derivative by each pair's reliability. */
export interface CrowdMarginLosses extends MarginLosses {
  /** dL/dη, E. Sum it by worker to learn η. */
  readonly byReliability: Float64Array;
}

/**
 * DPO with the annotator's reliability: −log[η σ(h) + (1 − η) σ(−h)]. Pulls least at answers that
 * contradict the model most, so single wrong preferences do no harm; η below ½ turns an answer over.
 *
 * Take it to train on each answer alone, with η from {@link learnPreferences} or learned on the way by
 * `byReliability`. Not convex in h: start from a model that agrees with most answers, as any reference
 * does. dL/dh = −(2η − 1) p(1 − p)/P, dL/dη = −(2p − 1)/P with p = σ(h). O(E), no overflow.
 *
 * @param reliability η of the annotator of each pair, in [0, 1]
 * @throws {InputError} invalid-margins
 *
 * Source: Chen et al. (2013), on the margins of Rafailov et al. (2023).
 *
 * @example
 * Math.abs(crowdDpoLoss([2], 0.5).slope[0]); // => 0
 */
export function crowdDpoLoss(margins: ArrayLike<number>, reliability: PerPair): CrowdMarginLosses {
  const byReliability = new Float64Array(margins.length);
  const losses = eachPair(margins, reliability, 'a reliability', 1, true, (h, eta, e) => {
    const right = Math.log(eta) - softplus(-h);
    const wrong = Math.log1p(-eta) - softplus(h);
    const most = Math.max(right, wrong);
    const logP = most + Math.log1p(Math.exp(Math.min(right, wrong) - most));
    byReliability[e] = Math.exp(-softplus(h) - logP) - Math.exp(-softplus(-h) - logP);
    // p − r written as −(2η − 1) p (1 − p) / P: the difference would cancel.
    return [-logP, -(2 * eta - 1) * Math.exp(-softplus(-h) - softplus(h) - logP)];
  });
  return { ...losses, byReliability };
}

function eachPair(
  margins: ArrayLike<number>,
  parameter: PerPair,
  name: string,
  most: number,
  inclusive: boolean,
  of: (margin: number, parameter: number, pair: number) => readonly [number, number],
): MarginLosses {
  const count = margins.length;
  if (typeof parameter !== 'number' && parameter.length !== count)
    throw invalid(`${parameter.length} parameters beside ${count} margins`, 'give one number, or one per pair');
  const loss = new Float64Array(count);
  const slope = new Float64Array(count);
  for (let e = 0; e < count; e++) {
    const own = typeof parameter === 'number' ? parameter : parameter[e];
    if (!(own >= 0 && (own < most || (inclusive && own === most))))
      throw invalid(`${name} of ${own}`, `give numbers from 0 to ${inclusive ? '' : 'below '}${most}`);
    if (Number.isNaN(margins[e])) throw invalid(`margin NaN at ${e}`, 'give numbers');
    [loss[e], slope[e]] = of(margins[e], own, e);
  }
  return { loss, slope };
}

function invalid(what: string, hint: string): InputError {
  return new InputError(`invalid margins: ${what}; ${hint}`, { code: 'invalid-margins', got: what, hint });
}
