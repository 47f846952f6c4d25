import { InputError } from '../errors.ts';
import { lbfgs } from '../math/lbfgs.ts';
import { sigmoid, softplus } from '../math/logistic.ts';
import { type Comparisons, canonicalOrder, checkPairs } from './comparisons.ts';
import {
  addReliabilityPrior,
  certainLogit,
  checkReliabilityPrior,
  crowdComparison,
  type ReliabilityPrior,
  startLogit,
  tieOrNot,
} from './crowd-bradley-terry.ts';
import { type ItemGroups, itemGroups } from './item-groups.ts';

/** Rounds in which reliabilities follow the final scores. */
const finalRounds = 100;

/** Options of {@link rankComparisons}. */
export interface RankingOptions {
  /** `crowd` (default) learns how reliable each worker is; `plain` is Bradley-Terry. */
  readonly workers?: 'crowd' | 'plain';
  /** Beta prior of every worker's reliability, both above 0, default (4, 1). */
  readonly prior?: ReliabilityPrior;
  /** λ: wins and losses of every item against an opponent of score 0, at least 0, default 0.5. */
  readonly virtualGames?: number;
}

/** What {@link rankComparisons} found. */
export interface RankingResult {
  /** Score of each item, N; mean 0 in each group, so that σ(difference) is the chance to be preferred. */
  readonly scores: Float64Array;
  /** η of each worker, W: the chance to answer as the scores would. Below ½ an adversary. */
  readonly reliability: Float64Array;
  /** Probability of each comparison that the worker followed the scores, E; NaN for ties. */
  readonly agreed: Float64Array;
  /** ν: how readily workers call two items equal; 0 where nobody did. */
  readonly ties: number;
  /** Which items can be compared at all. */
  readonly groups: ItemGroups;
  /** Log posterior at the end, up to a constant. */
  readonly objective: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly notes: readonly string[];
}

/**
 * Scores of items from pairwise preferences of workers who may be careless or hostile: Crowd-BT on a
 * table of scores.
 *
 * Take it to rank what was compared; where items have features, `learnPreferences` of `@assay/learn`
 * needs far fewer answers and scores new items too. Every item also plays λ wins and λ losses against an
 * opponent of score 0, which keeps scores finite. Ties follow Davidson's model. Items of groups that no
 * comparison links are scored on scales of their own, which a note says. Workers without answers get the
 * mean of the prior; an item never compared has score 0. No answers: all scores 0. The order of answers
 * does not matter. {@link rankIntervals} says how sure the ranking is.
 *
 * One minimisation by L-BFGS, O(E + N + W) a step.
 *
 * @throws {InputError} invalid-pairs, invalid-prior, invalid-option
 *
 * Source: Chen, Bennett, Collins-Thompson & Horvitz (2013), with their virtual opponent (λ = 0.5);
 * Davidson (1970) for ties. Deviations: a Beta prior on reliabilities, and all unknowns at once instead
 * of one answer at a time.
 *
 * @example
 * const comparisons = { itemCount: 3, workerCount: 1, winner: Uint32Array.of(0, 0, 1), loser: Uint32Array.of(1, 2, 2), worker: Uint32Array.of(0, 0, 0) };
 * const { scores } = rankComparisons(comparisons);
 * scores[0] > scores[1] && scores[1] > scores[2]; // => true
 */
export function rankComparisons(comparisons: Comparisons, options: RankingOptions = {}): RankingResult {
  const { workers = 'crowd', prior = [4, 1], virtualGames = 0.5 } = options;
  const { itemCount, workerCount, tied } = comparisons;
  checkPairs(itemCount, workerCount, [comparisons.winner, comparisons.loser, comparisons.worker]);
  checkReliabilityPrior(prior);
  if (!(virtualGames >= 0 && Number.isFinite(virtualGames))) throw invalidGames(virtualGames);
  const order = canonicalOrder([comparisons.worker, comparisons.winner, comparisons.loser, tied ?? comparisons.worker]);
  const winner = order.map((e) => comparisons.winner[e]);
  const loser = order.map((e) => comparisons.loser[e]);
  const worker = order.map((e) => comparisons.worker[e]);
  const isTie = Uint8Array.from(order, (e) => (tied?.[e] === 1 ? 1 : 0));
  const tieCount = isTie.reduce((sum, tie) => sum + tie, 0);
  const withTies = tieCount > 0;
  const atTies = itemCount + workerCount;
  const start = new Float64Array(atTies + (withTies ? 1 : 0));
  start.fill(workers === 'plain' ? certainLogit : startLogit, itemCount, atTies);
  if (withTies) start[atTies] = Math.log((2 * tieCount) / (order.length - tieCount + 1));
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    for (let e = 0; e < winner.length; e++) {
      const margin = x[winner[e]] - x[loser[e]];
      let slope = 0;
      if (withTies) {
        const drawn = tieOrNot(margin, x[atTies], isTie[e] === 1);
        loss += drawn.loss;
        slope = drawn.byMargin;
        gradient[atTies] += drawn.byLogTies;
      }
      if (isTie[e] === 0) {
        const own = crowdComparison(margin, x[itemCount + worker[e]]);
        loss += own.loss;
        slope += own.byMargin;
        gradient[itemCount + worker[e]] += own.byLogOdds;
      }
      gradient[winner[e]] += slope;
      gradient[loser[e]] -= slope;
    }
    for (let i = 0; i < itemCount; i++) {
      loss += virtualGames * (softplus(x[i]) + softplus(-x[i]));
      gradient[i] += virtualGames * (2 * sigmoid(x[i]) - 1);
    }
    if (withTies) {
      // The opponent also ties as often as not against one item of score 0: all ties keep ν finite.
      for (const outcome of [true, false]) {
        const drawn = tieOrNot(0, x[atTies], outcome);
        loss += virtualGames * drawn.loss;
        gradient[atTies] += virtualGames * drawn.byLogTies;
      }
    }
    if (workers === 'plain') gradient.fill(0, itemCount, atTies);
    else {
      const [values, slopes] = [x.subarray(itemCount, atTies), gradient.subarray(itemCount, atTies)];
      loss += addReliabilityPrior(values, prior, 1, slopes);
    }
    return loss;
  };
  const { x, value, iterations, converged } = lbfgs(objective, start, { maxIterations: 1000 });
  const groups = itemGroups(comparisons);
  const scores = centredInGroups(x.slice(0, itemCount), groups);
  const logOdds = x.slice(itemCount, atTies);
  const settled = settleReliabilities(comparisons, scores, logOdds, workers, prior);
  const apart = groups.count > 1 && winner.length > 0;
  const apartNote = `${groups.count} groups of items that no comparison links: each has its own scale and ranks`;
  return {
    scores,
    ...settled,
    ties: withTies ? Math.exp(x[atTies]) : 0,
    groups,
    objective: -value,
    iterations,
    converged,
    notes: apart ? [...settled.notes, apartNote] : settled.notes,
  };
}

/** Scores less their mean in each group. */
function centredInGroups(scores: Float64Array, { of, sizes }: ItemGroups): Float64Array {
  const sums = new Float64Array(sizes.length);
  scores.forEach((score, item) => {
    sums[of[item]] += score;
  });
  return scores.map((score, item) => score - sums[of[item]] / sizes[of[item]]);
}

/**
 * Reliabilities of workers at their optimum given the scores, by EM from `logOdds`, with how probably each
 * answer followed the scores and notes for the person. Ties say nothing. O(100 · E).
 */
export function settleReliabilities(
  { workerCount, winner, loser, worker, tied }: Comparisons,
  scores: Float64Array,
  logOdds: Float64Array,
  workers: 'crowd' | 'plain',
  [a, b]: ReliabilityPrior,
): { reliability: Float64Array; agreed: Float64Array; notes: readonly string[] } {
  const count = new Float64Array(workerCount);
  worker.forEach((u, e) => {
    if (tied?.[e] !== 1) count[u]++;
  });
  const reliability = logOdds.map(sigmoid);
  const held = logOdds.slice();
  const agreed = new Float64Array(worker.length);
  const expect = (): void => {
    for (let e = 0; e < agreed.length; e++)
      agreed[e] = tied?.[e] === 1 ? Number.NaN : sigmoid(held[worker[e]] + scores[winner[e]] - scores[loser[e]]);
  };
  expect();
  for (let round = 0; round < finalRounds && workers === 'crowd'; round++) {
    reliability.fill(a);
    for (let e = 0; e < agreed.length; e++) if (tied?.[e] !== 1) reliability[worker[e]] += agreed[e];
    for (let u = 0; u < workerCount; u++) {
      reliability[u] /= a + b + count[u];
      held[u] = Math.log(reliability[u]) - Math.log1p(-reliability[u]);
    }
    expect();
  }
  const notes: string[] = [];
  if (worker.length === 0) notes.push('no comparisons: the scores say nothing');
  const turned = reliability.reduce((sum, eta, u) => sum + (count[u] > 0 && eta < 0.5 ? 1 : 0), 0);
  if (turned > 0)
    notes.push(
      `workers who go against the others more often than not, so that their answers count turned over: ${turned}`,
    );
  return { reliability, agreed, notes };
}

function invalidGames(given: number): InputError {
  const hint = 'give a finite number of at least 0; 0.5 is the default';
  return new InputError(`invalid virtualGames ${given}; ${hint}`, {
    code: 'invalid-option',
    path: 'virtualGames',
    got: String(given),
    hint,
  });
}
