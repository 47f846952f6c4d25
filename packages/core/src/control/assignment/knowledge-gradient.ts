import { incompleteBeta } from '../../math/incomplete.ts';

/**
 * P(θ ≥ ½) for θ ~ Beta(yes, no): how sure a binary item is positive.
 */
export function positiveChance(yes: number, no: number): number {
  return 1 - incompleteBeta(0.5, yes, no);
}

/** The gain in P(right label) of a yes and of a no, for an item with Beta(yes, no). */
export function labelGains(yes: number, no: number): { readonly yes: number; readonly no: number } {
  const now = sureness(positiveChance(yes, no));
  return {
    yes: sureness(positiveChance(yes + 1, no)) - now,
    no: sureness(positiveChance(yes, no + 1)) - now,
  };
}

/**
 * Optimistic knowledge gradient: the larger of the two gains. Ask the item where it is largest.
 *
 * The expected gain ({@link expectedGain}) gets stuck: it is exactly 0 after one yes and no no.
 *
 * Source: Chen, Lin & Zhou (2013), ICML; (2015), JMLR 16.
 */
export function optimisticGain(yes: number, no: number): number {
  const gains = labelGains(yes, no);
  return Math.max(gains.yes, gains.no);
}

/** Plain knowledge gradient: the expected gain. For comparison. */
export function expectedGain(yes: number, no: number): number {
  const gains = labelGains(yes, no);
  return (yes * gains.yes + no * gains.no) / (yes + no);
}

/** Two numbers of a Beta distribution. */
export type BetaParameters = readonly [a: number, b: number];

/**
 * An item θ and a worker's reliability ρ after the worker's vote, which is + with probability ρθ + (1 − ρ)(1 − θ): Beta
 * distributions with the moments of the exact posterior.
 *
 * Source: Chen, Lin & Zhou (2013), moment matching.
 */
export function afterVote(
  item: BetaParameters,
  worker: BetaParameters,
  positive: boolean,
): { item: BetaParameters; worker: BetaParameters } {
  if (!positive) {
    const mirrored = afterVote([item[1], item[0]], worker, true);
    return { item: [mirrored.item[1], mirrored.item[0]], worker: mirrored.worker };
  }
  return { item: matched(item, worker), worker: matched(worker, item) };
}

function matched([a, b]: BetaParameters, [c, d]: BetaParameters): BetaParameters {
  const k = a * c + b * d;
  const mean = (a * (a + 1) * c + a * b * d) / ((a + b + 1) * k);
  const square = (a * (a + 1) * (a + 2) * c + a * (a + 1) * b * d) / ((a + b + 1) * (a + b + 2) * k);
  const scale = (mean - square) / (square - mean * mean);
  return [mean * scale, (1 - mean) * scale];
}

/**
 * Label uncertainty S_LU of repeated labelling: the tail of Beta(yes + 1, no + 1) beyond ½, at most ½.
 *
 * Entropy of the vote shares would call 1–0 and 5–0 equally sure; this does not.
 *
 * Source: Sheng, Provost & Ipeirotis (2008), KDD.
 */
export function labelUncertainty(yes: number, no: number): number {
  const tail = incompleteBeta(0.5, yes + 1, no + 1);
  return Math.min(tail, 1 - tail);
}

function sureness(chance: number): number {
  return Math.max(chance, 1 - chance);
}
