import type { Random } from '../../math/random.ts';
import { version } from '../../version.ts';
import { entropy, greatest } from '../stopping/belief.ts';
import { labelUncertainty } from './knowledge-gradient.ts';

/**
 * Label uncertainty of any number of classes: P(the leading class does not lead the true shares), from counts of votes.
 *
 * Shares are Dirichlet(counts + 1); two classes exactly by the Beta tail, more by `draws` random shares. Entropy of the
 * counts would call 1–0 and 5–0 equally sure. O(draws · K).
 *
 * Source: Sheng, Provost & Ipeirotis (2008), KDD; the Dirichlet form for more classes is ours.
 */
export function voteDoubt(counts: ArrayLike<number>, random: Random, draws = 2000): number {
  if (counts.length === 2) return labelUncertainty(counts[0], counts[1]);
  const alpha = Float64Array.from(counts, (count) => count + 1);
  const shares = new Float64Array(alpha.length);
  const leader = alpha.indexOf(greatest(alpha));
  let lost = 0;
  for (let draw = 0; draw < draws; draw++) {
    random.dirichlet(alpha, shares);
    if (shares[leader] < greatest(shares)) lost++;
  }
  return lost / draws;
}

/**
 * Selective relabelling S_LMU: where both the votes and a classifier trained on the current labels are unsure.
 *
 * The geometric mean of {@link voteDoubt} and of 1 − the classifier's largest probability (out of sample).
 *
 * Source: Sheng, Provost & Ipeirotis (2008), KDD.
 */
export function relabelScore(doubt: number, predicted: ArrayLike<number>): number {
  return Math.sqrt(doubt * (1 - greatest(predicted)));
}

/**
 * Uncertainty sampling that stops asking about what will never be clear: (1 − α) H(classifier) + α H(votes).
 *
 * Plain uncertainty sampling returns for ever to points that are ambiguous in themselves; their votes become sure of being
 * split, and the second term lets go. `belief` is the vote posterior, even where nothing was asked.
 *
 * Source: Lin, Mausam & Weld (2016), AAAI, re-active learning, US-α.
 */
export function reactiveScore(predicted: ArrayLike<number>, belief: ArrayLike<number>, weight = 0.5): number {
  return (1 - weight) * entropy(predicted) + weight * entropy(belief);
}

/** What impact sampling needs to know of the learner and of the labels. T tasks, K classes. */
export interface ImpactProblem {
  readonly classCount: number;
  /** The classifier's probabilities now, T×K. */
  readonly predicted: Float64Array;
  /** The vote posteriors now, T×K; even where nothing was asked. */
  readonly belief: Float64Array;
  /** The classifier's probabilities, T×K, after training with this label for this task. The dear part. */
  readonly retrained: (task: number, label: number) => Float64Array;
  /** Votes of this class that would make it the task's label: 0 when it is already. */
  readonly votesToFlip: (task: number, label: number) => number;
}

/** The task whose next answer is expected to change most predictions. Plain JSON. */
export interface ImpactChoice {
  readonly task: number;
  readonly version: string;
  readonly reason: string;
  /** Expected share of predictions that change. */
  readonly impact: number;
}

/**
 * Impact sampling: relabel an old task or label a new one, whichever is expected to change the classifier most.
 *
 * For every candidate and answer the share of the pool's predictions that flip after training again, weighted by the mean
 * of classifier and vote posterior (or the largest, with `optimist`). Where one vote cannot flip the label the impact of
 * flipping is divided by the votes it takes (pseudo-lookahead), so that relabelling is not overlooked. Give about 50 random
 * candidates: each costs K trainings.
 *
 * Source: Lin, Mausam & Weld (2016), AAAI; formulas ours after their description.
 */
export function impactSampling(
  problem: ImpactProblem,
  candidates: readonly number[],
  optimist = false,
): ImpactChoice | null {
  const { classCount, predicted, belief, retrained, votesToFlip } = problem;
  let best: ImpactChoice | null = null;
  for (const task of candidates) {
    let impact = 0;
    for (let label = 0; label < classCount; label++) {
      const votes = votesToFlip(task, label);
      if (votes === 0) continue;
      const at = task * classCount + label;
      const flips = flipped(predicted, retrained(task, label), classCount) / votes;
      impact = optimist ? Math.max(impact, flips) : impact + 0.5 * (predicted[at] + belief[at]) * flips;
    }
    if (best !== null && impact <= best.impact + 1e-12) continue;
    best = {
      task,
      impact,
      version,
      reason: `${(100 * impact).toFixed(1)} % of the predictions are expected to change`,
    };
  }
  return best;
}

function flipped(before: Float64Array, after: Float64Array, classCount: number): number {
  let flips = 0;
  for (let row = 0; row < before.length; row += classCount) {
    if (leading(before, row, classCount) !== leading(after, row, classCount)) flips++;
  }
  return flips / (before.length / classCount);
}

function leading(rows: Float64Array, row: number, classCount: number): number {
  let best = 0;
  for (let k = 1; k < classCount; k++) if (rows[row + k] > rows[row + best]) best = k;
  return best;
}
