import { InputError, shown } from '../../errors.ts';
import type { Estimate } from '../../methods/estimate.ts';
import { groupIndex, positiveClass, type SoftTruth, type TaskGroups, truthOf } from './groups.ts';

/** The rate that thresholds make alike: demographic parity, equal opportunity or equal false alarms. */
export type ThresholdRate = 'positiveRate' | 'truePositiveRate' | 'falsePositiveRate';

export interface ThresholdOptions {
  /** Default `truePositiveRate`. */
  readonly rate?: ThresholdRate;
  /** Known labels of the calibration tasks; without them the probabilities themselves are believed. */
  readonly truth?: ReadonlyMap<string, string> | SoftTruth;
  /** The largest difference of the rate between groups that is left, where the scores allow it; default 0.02. */
  readonly tolerance?: number;
  /** Groups with fewer calibration tasks (of the class the rate is about) keep 0.5; default 10. */
  readonly least?: number;
}

/** A threshold for each group, and what it did on the calibration tasks. */
export interface GroupThresholds {
  readonly positive: string;
  readonly rate: ThresholdRate;
  /** Positive is decided at this probability and above; above 1 means never. Groups not listed have 0.5. */
  readonly thresholds: ReadonlyMap<string, number>;
  /** Largest difference of the rate between groups with one threshold of 0.5, and now. */
  readonly gapBefore: number;
  readonly gap: number;
  /** Share of decisions right (positive or not) with one threshold of 0.5, and now: the price. */
  readonly accuracyBefore: number;
  readonly accuracy: number;
  readonly notes: readonly string[];
  /** A copy of an estimate with labels by the thresholds; probabilities stay. */
  decide(estimate: Estimate, groups: TaskGroups): Estimate;
}

/** A group's ways to cut: places in descending order of score, one per rate that can be reached. */
interface Cuts {
  readonly name: string;
  /** Ascending. */
  readonly rate: Float64Array;
  readonly right: Float64Array;
  readonly threshold: Float64Array;
  readonly tasks: number;
  /** Rate and right decisions at 0.5. */
  readonly plain: { readonly rate: number; readonly right: number };
}

const plainThreshold = 0.5;

/**
 * Thresholds on the probability of a class, one per group, that make a rate alike in all groups.
 *
 * Use as the last step, on probabilities that cannot or should not be fitted anew: a consensus, or a
 * classifier. Fit on calibration tasks with known labels, decide elsewhere. It costs accuracy, which is
 * reported; it needs the group of a task to decide, which law may forbid; and where labels are biased
 * themselves, only {@link fitByGroup} or gold helps.
 *
 * Of all rates any group can reach, that one is taken which gets most decisions right among those where
 * the nearest rates of the groups differ by at most `tolerance`; where none do, the closest. Thresholds
 * lie halfway between neighbouring scores. Coarse scores (three votes a task) leave a gap: a note says so.
 * Tasks without a group, and groups that are too small, keep 0.5. O(n log n · G).
 *
 * Source: Hardt, Price & Srebro (2016), NeurIPS, section 3.2, without their random choice between two
 * thresholds: equal tasks get equal labels, and some gap stays.
 *
 * @throws {InputError} unknown-label, invalid-option
 * @example
 * const rows = Array.from({ length: 40 }, (_, t): [string, string, string] => [`t${t}`, 'ana', t % 4 === 1 ? 'yes' : 'no']);
 * const groups = new Map(rows.map(([task], t) => [task, t % 2 === 0 ? 'old' : 'young']));
 * fitGroupThresholds(fit(majorityVote, answersFrom(rows)), groups, 'yes', { rate: 'positiveRate' }).gapBefore; // => 0.5
 */
export function fitGroupThresholds(
  estimate: Estimate,
  groups: TaskGroups,
  positive: string,
  options: ThresholdOptions = {},
): GroupThresholds {
  const { rate = 'truePositiveRate', tolerance = 0.02, least = 10 } = options;
  if (!(tolerance >= 0 && tolerance <= 1)) {
    throw new InputError(`invalid tolerance ${shown(tolerance)}; expected a number from 0 to 1`, {
      code: 'invalid-option',
      path: 'tolerance',
      got: String(tolerance),
      hint: 'give a number from 0 to 1; 0.02 is the default',
    });
  }
  const { cuts, small } = cutsOf(estimate, groups, positive, rate, least, options.truth);
  const notes: string[] = [];
  if (small.length > 0) notes.push(`too few calibration tasks in group ${small.join(', ')}: threshold 0.5 kept`);
  if (cuts.length < 2) notes.push('fewer than two groups with enough calibration tasks: nothing to make alike');
  const chosen = cuts.length < 2 ? cuts.map(() => -1) : bestCuts(cuts, tolerance);
  const tasks = cuts.reduce((sum, cut) => sum + cut.tasks, 0);
  const now = cuts.map((cut, g) => (chosen[g] < 0 ? cut.plain.rate : cut.rate[chosen[g]]));
  const right = cuts.map((cut, g) => (chosen[g] < 0 ? cut.plain.right : cut.right[chosen[g]]));
  const gap = spread(now);
  if (gap > tolerance) notes.push(`a gap of ${gap.toFixed(3)} stays: too few different scores to cut between`);
  const thresholds = new Map(
    cuts.map((cut, g) => [cut.name, chosen[g] < 0 ? plainThreshold : cut.threshold[chosen[g]]]),
  );
  return {
    positive,
    rate,
    thresholds,
    gapBefore: spread(cuts.map(({ plain }) => plain.rate)),
    gap,
    accuracyBefore: cuts.reduce((sum, { plain }) => sum + plain.right, 0) / tasks,
    accuracy: right.reduce((sum, value) => sum + value, 0) / tasks,
    notes,
    decide: (other, otherGroups) => decideByGroup(other, otherGroups, positive, thresholds),
  };
}

/** The cut of each group at the best common rate. */
function bestCuts(cuts: readonly Cuts[], tolerance: number): number[] {
  let best: { chosen: number[]; right: number; gap: number } | undefined;
  const targets = [...new Set(cuts.flatMap(({ rate }) => [...rate]))];
  for (const target of targets) {
    const chosen = cuts.map(({ rate }) => nearest(rate, target));
    const gap = spread(cuts.map(({ rate }, g) => rate[chosen[g]]));
    const right = cuts.reduce((sum, cut, g) => sum + cut.right[chosen[g]], 0);
    // All gaps within the tolerance are as good as each other.
    const excess = Math.max(gap, tolerance);
    const before = best === undefined ? Number.POSITIVE_INFINITY : Math.max(best.gap, tolerance);
    if (best === undefined || excess < before || (excess === before && right > best.right))
      best = { chosen, right, gap };
  }
  return best?.chosen ?? [];
}

/** Place of the value nearest to the target among ascending ones. */
function nearest(ascending: Float64Array, target: number): number {
  let from = 0;
  let to = ascending.length - 1;
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (ascending[middle] <= target) from = middle;
    else to = middle;
  }
  return target - ascending[from] <= ascending[to] - target ? from : to;
}

function spread(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : Math.max(...values) - Math.min(...values);
}

function cutsOf(
  estimate: Estimate,
  groups: TaskGroups,
  positive: string,
  rate: ThresholdRate,
  least: number,
  truth: ThresholdOptions['truth'],
): { cuts: Cuts[]; small: string[] } {
  const { taskNames, classNames, classCount, taskCount, posterior, answersPerTask } = estimate;
  const yes = classCount === 0 ? 0 : positiveClass(classNames, positive);
  const index = groupIndex(taskNames, groups);
  const truthIs = truthOf(taskNames, classNames, truth);
  const members = index.names.map((): { score: number; truth: number; mass: number }[] => []);
  for (let task = 0; task < taskCount; task++) {
    if (index.of[task] < 0 || answersPerTask[task] === 0) continue;
    const score = posterior[task * classCount + yes];
    const known = truth === undefined ? score : truthIs(task, yes);
    if (Number.isNaN(known)) continue;
    const mass = rate === 'positiveRate' ? 1 : rate === 'truePositiveRate' ? known : 1 - known;
    members[index.of[task]].push({ score, truth: known, mass });
  }
  const cuts: Cuts[] = [];
  const small: string[] = [];
  index.names.forEach((name, g) => {
    const mass = members[g].reduce((sum, member) => sum + member.mass, 0);
    if (mass >= least && mass > 0) cuts.push(cutsOfGroup(name, members[g], mass));
    else small.push(name);
  });
  return { cuts, small };
}

function cutsOfGroup(name: string, tasks: { score: number; truth: number; mass: number }[], mass: number): Cuts {
  tasks.sort((a, b) => b.score - a.score || b.truth - a.truth);
  const rates: number[] = [];
  const rights: number[] = [];
  const thresholds: number[] = [];
  let above = 0;
  let right = tasks.reduce((sum, task) => sum + 1 - task.truth, 0);
  const plain = { rate: 0, right };
  const add = (threshold: number): void => {
    const value = Math.min(1, above / mass);
    const last = rates.length - 1;
    // Among cuts of one rate only the best is of use.
    if (last >= 0 && value === rates[last]) {
      if (right <= rights[last]) return;
      rates.pop();
      rights.pop();
      thresholds.pop();
    }
    rates.push(value);
    rights.push(right);
    thresholds.push(threshold);
  };
  add(tasks[0].score < 1 ? (1 + tasks[0].score) / 2 : 2);
  for (let i = 0; i < tasks.length; i++) {
    const { score, truth } = tasks[i];
    above += tasks[i].mass;
    right += 2 * truth - 1;
    if (score >= plainThreshold) {
      plain.rate = above / mass;
      plain.right = right;
    }
    if (i + 1 === tasks.length) add(0);
    else if (tasks[i + 1].score < score) add((score + tasks[i + 1].score) / 2);
  }
  return {
    name,
    rate: Float64Array.from(rates),
    right: Float64Array.from(rights),
    threshold: Float64Array.from(thresholds),
    tasks: tasks.length,
    plain,
  };
}

function decideByGroup(
  estimate: Estimate,
  groups: TaskGroups,
  positive: string,
  thresholds: ReadonlyMap<string, number>,
): Estimate {
  const { taskNames, classNames, classCount, taskCount, posterior, answersPerTask } = estimate;
  const index = groupIndex(taskNames, groups);
  const yes = classCount === 0 ? 0 : positiveClass(classNames, positive);
  const labels = Int32Array.from({ length: taskCount }, (_, task) => {
    const label = estimate.labelIndex(task);
    if (label < 0 || answersPerTask[task] === 0) return label;
    const group = index.of[task] < 0 ? undefined : index.names[index.of[task]];
    const threshold = (group === undefined ? undefined : thresholds.get(group)) ?? plainThreshold;
    const row = task * classCount;
    if (posterior[row + yes] >= threshold) return yes;
    if (label !== yes || classCount < 2) return label;
    let other = yes === 0 ? 1 : 0;
    for (let k = 0; k < classCount; k++) if (k !== yes && posterior[row + k] > posterior[row + other]) other = k;
    return other;
  });
  const extra = { ...estimate.extra, groupThresholds: Object.fromEntries(thresholds) };
  return estimate.with({ labels, extra });
}
