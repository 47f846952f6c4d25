import { betaQuantile, chiSquareUpperTail } from '../../math/incomplete.ts';

/** A worker's accuracy with old outcomes forgotten. */
export interface ForgettingAccuracy {
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

/**
 * Accuracy of a worker over a stream of right and wrong, forgetting: before each outcome the counts shrink by `keep`.
 *
 * Effective memory 1/(1 − keep) outcomes; the prior is never forgotten. With the ends of a 90 % interval. No outcomes: the
 * prior. O(outcomes).
 *
 * @example
 * forgettingAccuracy([true, true, false]).mean;
 */
export function forgettingAccuracy(
  outcomes: readonly boolean[],
  keep = 0.98,
  prior: readonly [right: number, wrong: number] = [2, 1],
): ForgettingAccuracy {
  let [right, wrong] = [0, 0];
  for (const outcome of outcomes) {
    right = keep * right + (outcome ? 1 : 0);
    wrong = keep * wrong + (outcome ? 0 : 1);
  }
  const [a, b] = [right + prior[0], wrong + prior[1]];
  return { mean: a / (a + b), lo: betaQuantile(0.05, a, b), hi: betaQuantile(0.95, a, b) };
}

/** Where a drift detector stands. */
export interface DriftState {
  readonly score: number;
  readonly alarm: boolean;
  /** Outcomes since the score was last 0: answers to look at again when the alarm is on. */
  readonly since: number;
}

/**
 * Page's CUSUM on right and wrong outcomes: has a worker become worse?
 *
 * `usual` is the worker's long-run accuracy, `worse` what it would fall to (default usual − 0.25, at least 0.5), `bound` the
 * score that raises the alarm. An alarm asks for more gold and a look at recent answers; it changes no label by itself.
 *
 * Source: Page (1954), Biometrika 41.
 */
export function drift(
  outcomes: readonly boolean[],
  usual: number,
  worse: number = Math.max(0.5, usual - 0.25),
  bound = 3,
): DriftState {
  let score = 0;
  let since = 0;
  let alarm = false;
  for (const right of outcomes) {
    score = Math.max(0, score + (right ? Math.log(worse / usual) : Math.log((1 - worse) / (1 - usual))));
    since = score === 0 ? 0 : since + 1;
    alarm ||= score > bound;
  }
  return { score, alarm, since };
}

/**
 * Has what a worker says changed, not only how often it is right? Likelihood-ratio test of two K×K tables of counts.
 *
 * Compare, say, the last 200 answers with those before. G² = 2 Σ observed ln(observed / expected), each row under one
 * distribution; (used rows) × (used columns − 1) degrees of freedom, at most K(K − 1). A chance below 0.001 is drift. Rows
 * that one side lacks say nothing. O(K²).
 *
 * @example
 * confusionDrift(Float64Array.of(90, 10, 10, 90), Float64Array.of(60, 40, 10, 90)).chance < 0.001; // => true
 */
export function confusionDrift(
  before: Float64Array,
  recent: Float64Array,
): { readonly statistic: number; readonly freedom: number; readonly chance: number } {
  const classes = Math.sqrt(before.length);
  let [statistic, freedom] = [0, 0];
  for (let row = 0; row < before.length; row += classes) {
    let [old, young] = [0, 0];
    for (let y = 0; y < classes; y++) {
      old += before[row + y];
      young += recent[row + y];
    }
    if (old === 0 || young === 0) continue;
    let used = 0;
    for (let y = 0; y < classes; y++) {
      const both = before[row + y] + recent[row + y];
      if (both === 0) continue;
      used++;
      for (const [count, sum] of [
        [before[row + y], old],
        [recent[row + y], young],
      ]) {
        if (count > 0) statistic += 2 * count * Math.log((count * (old + young)) / (both * sum));
      }
    }
    freedom += used - 1;
  }
  return { statistic, freedom, chance: freedom === 0 ? 1 : chiSquareUpperTail(statistic, freedom) };
}
