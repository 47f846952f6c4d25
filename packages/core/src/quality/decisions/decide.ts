import { InputError } from '../../errors.ts';
import type { Estimate } from '../../methods/estimate.ts';
import { counted } from '../../methods/table-notes.ts';
import { winner } from '../../methods/ties.ts';
import { answerValues } from './answer-value.ts';
import { type CostMatrix, checkCosts } from './cost-matrix.ts';

export interface DecideOptions {
  /**
   * Cost of leaving a task without a label, one number or one per class; overrides the matrix.
   * `false` never leaves one open.
   */
  readonly abstain?: number | readonly number[] | false;
  /** Marks the tasks where one more answer is worth its price. */
  readonly ask?: {
    /** In the unit of the costs. */
    readonly price: number;
    /** K×K by rows of truth: how the next worker answers; see `confusionOf`. */
    readonly confusion: Float64Array;
  };
}

/** What `decideByCost` leaves in `extra.decisions` of the estimate. */
export interface DecisionSummary {
  /** Mean expected cost of a task with answers, as decided. */
  readonly expectedCost: number;
  /** The same if every task got its most likely class. */
  readonly mostLikelyCost: number;
  /** Number of tasks whose label is not the most likely class, without those left open. */
  readonly changed: number;
  readonly abstained: number;
  /** Number of tasks worth another answer; 0 unless asked for. */
  readonly ask: number;
}

/**
 * Expected cost of each label for each task, R[t][d] = Σ_k q[t][k]·Λ[k][d], T×K. O(T·K²).
 *
 * @throws {InputError} invalid-costs when the classes are not those of the estimate
 */
export function expectedCosts(estimate: Estimate, costs: CostMatrix): Float64Array {
  checkCosts(estimate, costs);
  const { taskCount, classCount, posterior } = estimate;
  const risk = new Float64Array(taskCount * classCount);
  for (let row = 0; row < risk.length; row += classCount) {
    for (let k = 0; k < classCount; k++) {
      const p = posterior[row + k];
      if (p === 0) continue;
      for (let d = 0; d < classCount; d++) risk[row + d] += p * costs.cost[k * classCount + d];
    }
  }
  return risk;
}

/**
 * The labels that cost least: a copy of an estimate of any method, decided by costs.
 *
 * Use when mistakes are not alike, or when leaving a task open is an option. Each task gets
 * argmin_d R[t][d], or no label where abstaining is expected to cost less; with 0/1 costs that is
 * Chow's rule, abstain where the largest probability is below 1 − c. Probabilities stay as they are;
 * `tasks.expectedCost` and `tasks.regretGap` (second best − best) are added, `tasks.ask` is 1 where
 * another answer is worth its price, `extra.decisions` is a {@link DecisionSummary}.
 *
 * Costs speak of probabilities: those of most methods are overconfident, and votes are none. Temper
 * the estimate first (`fitTemperature`, `temper`); a note says so where `calibrated` is false. Ties
 * follow the estimate's own rule. O(T·K²), with `ask` O(T·K³).
 *
 * Source: Chow (1970), IEEE Transactions on Information Theory 16 (rejection); the rest is Bayesian
 * decision theory (Berger 1985, ch. 4).
 *
 * @throws {InputError} invalid-costs
 * @example
 * const votes = fit(majorityVote, answersFrom([['t1', 'ana', 'ham'], ['t1', 'bo', 'spam'], ['t1', 'cy', 'spam']]));
 * const costs = costMatrix(['ham', 'spam'], [
 *   { truth: 'ham', label: 'spam', cost: 10 },
 *   { truth: 'spam', label: 'ham', cost: 1 },
 * ]);
 * decideByCost(votes, costs).label('t1'); // => 'ham'
 */
export function decideByCost(estimate: Estimate, costs: CostMatrix, options: DecideOptions = {}): Estimate {
  const risk = expectedCosts(estimate, costs);
  const { taskCount, classCount, posterior, tieRule, seed, prior } = estimate;
  const abstain = abstainCosts(costs, options.abstain);
  const labels = new Int32Array(taskCount).fill(-1);
  const expectedCost = new Float64Array(taskCount);
  const regretGap = new Float64Array(taskCount);
  const gain = risk.map((cost) => -cost);
  let total = 0;
  let likelyTotal = 0;
  let tasks = 0;
  let abstained = 0;
  let changed = 0;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const label = winner(gain, row, classCount, tieRule, seed, () => estimate.taskNames.name(task), prior);
    let best = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let likely = 0;
    let open = 0;
    for (let d = 0; d < classCount; d++) {
      const cost = risk[row + d];
      if (cost < best) {
        second = best;
        best = cost;
      } else if (cost < second) second = cost;
      if (posterior[row + d] > posterior[row + likely]) likely = d;
      if (abstain !== undefined) open += posterior[row + d] * abstain[d];
    }
    const opens = abstain !== undefined && best > open;
    labels[task] = opens ? -1 : label;
    expectedCost[task] = opens ? open : best;
    regretGap[task] = opens ? best - open : (abstain === undefined ? second : Math.min(second, open)) - best;
    if (opens) abstained++;
    else if (label >= 0 && posterior[row + label] < posterior[row + likely]) changed++;
    if (estimate.answersPerTask[task] === 0) continue;
    tasks++;
    total += expectedCost[task];
    likelyTotal += risk[row + likely];
  }
  const ask = asked(estimate, costs, options, abstain);
  const summary: DecisionSummary = {
    expectedCost: total / tasks,
    mostLikelyCost: likelyTotal / tasks,
    changed,
    abstained,
    ask: ask?.reduce((sum, value) => sum + value, 0) ?? 0,
  };
  return estimate.with({
    labels,
    tasks: { ...estimate.tasks, expectedCost, regretGap, ...(ask === undefined ? {} : { ask }) },
    extra: { ...estimate.extra, decisions: summary },
    notes: [...estimate.notes, ...notesOf(estimate, summary, options)],
  });
}

/** The price of abstaining by class, or undefined where it is not allowed. */
function abstainCosts(costs: CostMatrix, given?: DecideOptions['abstain']): Float64Array | undefined {
  if (given === false) return undefined;
  if (given === undefined) return costs.abstain;
  const classCount = costs.classes.length;
  const values = typeof given === 'number' ? new Float64Array(classCount).fill(given) : Float64Array.from(given);
  if (values.length === classCount && values.every(Number.isFinite)) return values;
  throw new InputError(
    `invalid abstain cost "${String(given).slice(0, 60)}"; expected one number, or ${classCount}, one per class`,
    { code: 'invalid-costs', path: 'abstain', got: String(given), hint: 'give one number, or one per class' },
  );
}

function asked(
  estimate: Estimate,
  costs: CostMatrix,
  options: DecideOptions,
  abstain: Float64Array | undefined,
): Float64Array | undefined {
  if (options.ask === undefined) return undefined;
  const { price, confusion } = options.ask;
  const decided: CostMatrix = {
    classes: costs.classes,
    cost: costs.cost,
    ...(abstain === undefined ? {} : { abstain }),
  };
  return answerValues(estimate, decided, confusion).map((value) => (value > price ? 1 : 0));
}

function notesOf(estimate: Estimate, summary: DecisionSummary, options: DecideOptions): string[] {
  const notes: string[] = [];
  const { abstained, changed, ask } = summary;
  if (!estimate.calibrated) {
    notes.push('costs were weighed with probabilities that are not calibrated: temper them with known labels first');
  }
  if (changed > 0)
    notes.push(
      `${counted(changed, 'task has', 'tasks have')} not the most likely label, because mistakes cost more the other way`,
    );
  if (abstained > 0) notes.push(`${counted(abstained, 'task has', 'tasks have')} no label: leaving it open costs less`);
  if (options.ask !== undefined)
    notes.push(`${counted(ask, 'task is', 'tasks are')} worth another answer at this price`);
  return notes;
}
