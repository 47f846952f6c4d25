import type { AnswerTable } from '../../answers/answer-table.ts';
import { leader, type Overruled } from './cap.ts';

/** A task worth checking by hand, and why. */
export interface Check {
  readonly task: string;
  /** What the models say, and what most workers said (both leaders of a tie). */
  readonly model: string;
  readonly majority: string;
  /** The classes to decide between. */
  readonly candidates: readonly string[];
  /** `overruled`: the model's class stands; `held`: the majority's does; `tie`: the votes are even. */
  readonly why: 'overruled' | 'held' | 'tie';
  readonly margin: number;
}

/** The tasks on which models and majority differ: nothing else can change which of them is better. */
export interface CheckList {
  /** Most worthwhile first, at most 1,000. */
  readonly tasks: readonly Check[];
  /** How many there are in all. */
  readonly total: number;
}

const mostListed = 1000;

/** Overruled and held-back majorities, largest margin first, then clear ties. */
export function checkListOf(table: AnswerTable, votes: Float64Array, overruled: readonly Overruled[]): CheckList {
  const { taskCount, classCount, classes, tasks } = table;
  const list: Check[] = overruled.slice(0, mostListed).map(({ task, model, majority, margin, kept }) => ({
    task: tasks.name(task),
    model: classes.name(model),
    majority: classes.name(majority),
    candidates: [classes.name(model), classes.name(majority)],
    why: kept ? 'overruled' : 'held',
    margin,
  }));
  let total = overruled.length;
  for (let task = 0; task < taskCount; task++) {
    const { label, tied } = leader(votes, task, classCount);
    if (tied < 2 || (table.gold !== undefined && table.gold[task] >= 0)) continue;
    total++;
    if (list.length >= mostListed) continue;
    const top = votes[task * classCount + label];
    const leaders = Array.from({ length: classCount }, (_, k) => k).filter((k) => votes[task * classCount + k] === top);
    const candidates = leaders.map((k) => classes.name(k));
    const names = candidates.join(' or ');
    list.push({ task: tasks.name(task), model: names, majority: names, candidates, why: 'tie', margin: 0 });
  }
  return { tasks: list, total };
}
