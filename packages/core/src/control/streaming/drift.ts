import { betaQuantile } from '../../math/incomplete.ts';

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
