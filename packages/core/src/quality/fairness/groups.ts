import type { Dictionary } from '../../answers/dictionary.ts';
import { InputError, nearNames, shown } from '../../errors.ts';

/** A group of each task by name: the sensitive attribute. Tasks that are not in it count in no group. */
export type TaskGroups = ReadonlyMap<string, string>;

/** The names of groups in canonical order, and the group of each task of a dictionary, or -1. */
export interface GroupIndex {
  readonly names: readonly string[];
  readonly of: Int32Array;
}

/** The groups of the tasks of a dictionary. Names of tasks it does not know are passed over. O(T + groups). */
export function groupIndex(tasks: Dictionary, groups: TaskGroups): GroupIndex {
  const names = [...new Set(groups.values())].sort();
  const places = new Map(names.map((name, place) => [name, place]));
  const of = new Int32Array(tasks.size).fill(-1);
  for (const [task, group] of groups) {
    const index = tasks.indexOf(task);
    if (index >= 0) of[index] = places.get(group) as number;
  }
  return { names, of };
}

/**
 * The index of the class whose rate is compared.
 *
 * @throws {InputError} unknown-label
 */
export function positiveClass(classes: Dictionary, positive: string): number {
  const index = classes.indexOf(positive);
  if (index >= 0) return index;
  const near = nearNames(positive, classes.names());
  const hint = `give one of the classes: ${(near.length > 0 ? near : classes.names().slice(0, 12)).join(', ')}`;
  throw new InputError(`unknown positive class ${shown(positive)}; ${hint}`, {
    code: 'unknown-label',
    got: positive,
    hint,
  });
}

/** Truth for an audit: known labels, or probabilities of classes by task name (T×K of an estimate). */
export interface SoftTruth {
  readonly taskNames: Dictionary;
  readonly classNames: Dictionary;
  readonly posterior: Float64Array;
  readonly answersPerTask: Uint32Array;
}

/** Probability of class `label` (of `classes`) being true for each task of `tasks`; NaN where nothing is known. */
export function truthOf(
  tasks: Dictionary,
  classes: Dictionary,
  truth: ReadonlyMap<string, string> | SoftTruth | undefined,
): (task: number, label: number) => number {
  if (truth === undefined) return () => Number.NaN;
  if ('posterior' in truth) {
    const place = Int32Array.from({ length: tasks.size }, (_, task) => truth.taskNames.indexOf(tasks.name(task)));
    const column = Int32Array.from({ length: classes.size }, (_, k) => truth.classNames.indexOf(classes.name(k)));
    const { posterior, answersPerTask, classNames } = truth;
    return (task, label) => {
      if (place[task] < 0 || answersPerTask[place[task]] === 0) return Number.NaN;
      return column[label] < 0 ? 0 : posterior[place[task] * classNames.size + column[label]];
    };
  }
  // -1: nothing known; -2: a class nobody said.
  const known = new Int32Array(tasks.size).fill(-1);
  for (const [name, label] of truth) {
    const task = tasks.indexOf(name);
    if (task < 0) continue;
    const index = classes.indexOf(label);
    known[task] = index < 0 ? -2 : index;
  }
  return (task, label) => (known[task] === -1 ? Number.NaN : known[task] === label ? 1 : 0);
}
