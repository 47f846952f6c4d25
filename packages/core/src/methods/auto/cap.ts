import type { AnswerTable } from '../../answers/answer-table.ts';
import { incompleteBeta } from '../../math/special.ts';

/** How much more the majority gets where it is held against the model. */
const edge = 1e-6;

/** How sure checked tasks must make us before the cap is lifted or closed. */
const sureEnough = 0.95;

/** A task on which the models and a clear majority of votes differ. */
export interface Overruled {
  readonly task: number;
  readonly model: number;
  readonly majority: number;
  /** Calibrated posterior of the model's class less that of the majority's. */
  readonly margin: number;
  /** Does the model's class stand? Otherwise the majority's does. */
  kept: boolean;
}

/** Votes of the leading class of a task: the leader where there is exactly one, and how many lead. */
export function leader(votes: Float64Array, task: number, classCount: number): { label: number; tied: number } {
  const row = task * classCount;
  let most = 0;
  for (let k = 0; k < classCount; k++) most = Math.max(most, votes[row + k]);
  let tied = 0;
  let label = -1;
  for (let k = 0; k < classCount; k++) {
    if (most === 0 || votes[row + k] < most) continue;
    tied++;
    if (label < 0) label = k;
  }
  return { label, tied };
}

/** All tasks whose clear majority the posterior overrules, largest margin first; gold tasks aside. */
export function overruledTasks(table: AnswerTable, votes: Float64Array, posterior: Float64Array): Overruled[] {
  const { taskCount, classCount } = table;
  const overruled: Overruled[] = [];
  for (let task = 0; task < taskCount; task++) {
    const { label: majority, tied } = leader(votes, task, classCount);
    if (tied !== 1 || (table.gold !== undefined && table.gold[task] >= 0)) continue;
    const row = task * classCount;
    let model = majority;
    for (let k = 0; k < classCount; k++) if (posterior[row + k] > posterior[row + model]) model = k;
    if (model === majority) continue;
    overruled.push({ task, model, majority, margin: posterior[row + model] - posterior[row + majority], kept: true });
  }
  return overruled.sort((a, b) => b.margin - a.margin || a.task - b.task);
}

/**
 * Keeps at most `most` of the overruled tasks, those of largest margin; in the others model and
 * majority share their posterior, the majority a hair ahead. Changes both arguments.
 */
export function applyCap(
  overruled: readonly Overruled[],
  most: number,
  posterior: Float64Array,
  classCount: number,
): void {
  overruled.forEach((item, rank) => {
    item.kept = rank < most;
    if (item.kept) return;
    const row = item.task * classCount;
    const shared = (posterior[row + item.model] + posterior[row + item.majority]) / 2;
    posterior[row + item.model] = shared - edge / 2;
    posterior[row + item.majority] = shared + edge / 2;
  });
}

/** How checked tasks have judged between model and majority where the two differ. */
export interface Verdict {
  readonly model: number;
  readonly majority: number;
  /** Lift the cap, close it, or leave it. */
  readonly decision: 'lift' | 'close' | 'keep';
}

/**
 * Counts, over gold tasks with a clear majority that the models overrule, who was right, and
 * decides whether to lift the cap (probability that the models are right more often above 95 %) or
 * to close it (below 5 %), under a uniform prior.
 */
export function verdictOf(table: AnswerTable, votes: Float64Array, models: Float64Array): Verdict {
  const { gold, classCount } = table;
  let [model, majority] = [0, 0];
  for (let task = 0; gold !== undefined && task < gold.length; task++) {
    if (gold[task] < 0) continue;
    const { label, tied } = leader(votes, task, classCount);
    if (tied !== 1) continue;
    const row = task * classCount;
    let best = label;
    for (let k = 0; k < classCount; k++) if (models[row + k] > models[row + best]) best = k;
    if (best === label) continue;
    if (gold[task] === best) model++;
    else if (gold[task] === label) majority++;
  }
  const modelWins = 1 - incompleteBeta(0.5, model + 1, majority + 1);
  const decision = modelWins > sureEnough ? 'lift' : modelWins < 1 - sureEnough ? 'close' : 'keep';
  return { model, majority, decision };
}

/**
 * The most that accuracy can lie below majority vote's, whatever the truth is: each task whose
 * label is not among the leaders of the vote, or whose leaders tie, can lose the majority's share.
 */
export function lossBound(table: AnswerTable, votes: Float64Array, labels: Int32Array): number {
  const { taskCount, classCount } = table;
  let lost = 0;
  let tasks = 0;
  for (let task = 0; task < taskCount; task++) {
    const { label, tied } = leader(votes, task, classCount);
    if (tied === 0) continue;
    tasks++;
    if (tied > 1 || labels[task] !== label) lost += 1 / tied;
  }
  return tasks === 0 ? 0 : lost / tasks;
}
