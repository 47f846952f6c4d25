import type { Estimate } from '../methods/estimate.ts';
import { scoreTasks } from './task-scores.ts';

/** How well one class is found. Shares are NaN where they have no case. */
export interface ClassScore {
  readonly class: string;
  /** Share of the tasks labelled so that are so. */
  readonly precision: number;
  /** Share of the tasks that are so that are labelled so. */
  readonly recall: number;
  /** Harmonic mean of the two: 2·right / (labelled + true), 0 when none is right. */
  readonly f1: number;
  /** Number of scored tasks of this class. */
  readonly tasks: number;
}

/** F1 of each class that occurs in truth or labels, and the plain mean of them. */
export interface F1Scores {
  readonly classes: readonly ClassScore[];
  /** Mean F1 over the classes that occur; NaN when none does. */
  readonly macro: number;
}

/** Precision, recall and F1 of an estimate by class. Ties count with the label that was chosen. */
export function f1Scores(estimate: Estimate, truth: ReadonlyMap<string, string>): F1Scores {
  const { tasks, truth: known } = scoreTasks(estimate, truth);
  const classCount = estimate.classCount;
  const right = new Float64Array(classCount);
  const labelled = new Float64Array(classCount);
  const real = new Float64Array(classCount);
  for (let i = 0; i < tasks.length; i++) {
    const label = estimate.labelIndex(tasks[i]);
    if (label >= 0) labelled[label]++;
    if (known[i] >= 0) real[known[i]]++;
    if (label >= 0 && label === known[i]) right[label]++;
  }
  const classes: ClassScore[] = [];
  let sum = 0;
  for (let k = 0; k < classCount; k++) {
    if (labelled[k] + real[k] === 0) continue;
    const f1 = (2 * right[k]) / (labelled[k] + real[k]);
    sum += f1;
    classes.push({
      class: estimate.classNames.name(k),
      precision: right[k] / labelled[k],
      recall: right[k] / real[k],
      f1,
      tasks: real[k],
    });
  }
  return { classes, macro: sum / classes.length };
}
