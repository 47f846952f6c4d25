import type { Estimate } from '../../methods/estimate.ts';
import { scoreTasks } from '../task-scores.ts';

/** Accuracy when only the surest tasks are kept. */
export interface RiskCoverage {
  /** Share of the scored tasks kept, ascending; one point per distinct confidence. */
  readonly coverage: Float64Array;
  /** Share right among those kept; ties of labels share the credit. */
  readonly accuracy: Float64Array;
  /** Least confidence among those kept. */
  readonly threshold: Float64Array;
  /** Mean share wrong over all coverages (area under the risk–coverage curve); NaN without tasks. */
  readonly area: number;
  /** Number of scored tasks. */
  readonly tasks: number;
}

/**
 * The risk–coverage curve: what accuracy remains when the least sure tasks are left open.
 *
 * Use to choose how many labels to accept, or to compare methods by how well they know what they do
 * not know. It needs known labels and only the order of confidences, so calibration does not matter.
 * Tasks of equal confidence enter together. O(n log n).
 *
 * Source: El-Yaniv & Wiener (2010), JMLR 11; area: Geifman, Uziel & El-Yaniv (2019), ICLR.
 *
 * @example
 * const votes = fit(majorityVote, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog']]));
 * Array.from(riskCoverage(votes, new Map([['t1', 'cat'], ['t2', 'dog']])).accuracy); // => [1]
 */
export function riskCoverage(estimate: Estimate, truth: ReadonlyMap<string, string>): RiskCoverage {
  const { confidence, credit } = scoreTasks(estimate, truth);
  const count = confidence.length;
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => confidence[b] - confidence[a]);
  const coverage: number[] = [];
  const accuracy: number[] = [];
  const threshold: number[] = [];
  let right = 0;
  let area = 0;
  for (let i = 0; i < count; ) {
    const least = confidence[order[i]];
    let end = i;
    // Inside a group of equal confidence the order is chance: the curve runs straight through it.
    for (; end < count && confidence[order[end]] === least; end++) right += credit[order[end]];
    area += (end - i) * (1 - right / end);
    coverage.push(end / count);
    accuracy.push(right / end);
    threshold.push(least);
    i = end;
  }
  return {
    coverage: Float64Array.from(coverage),
    accuracy: Float64Array.from(accuracy),
    threshold: Float64Array.from(threshold),
    area: area / count,
    tasks: count,
  };
}
