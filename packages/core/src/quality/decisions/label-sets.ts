import { InputError } from '../../errors.ts';
import { hash32, mix32 } from '../../math/hash.ts';
import type { Estimate } from '../../methods/estimate.ts';

/** A set of classes for each task. */
export interface LabelSets {
  /** T + 1 offsets into `class`. */
  readonly start: Uint32Array;
  /** Classes of each set, most likely first. */
  readonly class: Uint16Array;
  /** Probability that the set holds the truth, T. */
  readonly mass: Float64Array;
}

/**
 * The smallest set of classes that holds the truth with probability `1 − miss`, for each task.
 *
 * Use to hand an open question on in a shorter form, or to see which classes are confused. With
 * `miss` 0.1 nine of ten sets hold the truth if the probabilities are calibrated; temper them first.
 * Among equally likely classes the hash of (seed, task, class) chooses. O(T·K log K).
 *
 * @throws {InputError} invalid-miss outside [0, 1)
 * @example
 * const votes = fit(majorityVote, answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog'], ['t2', 'ana', 'cow']]));
 * const { start } = labelSets(votes, 0.1);
 * start[1] - start[0]; // => 2
 */
export function labelSets(estimate: Estimate, miss: number): LabelSets {
  if (!(miss >= 0 && miss < 1)) {
    throw new InputError(`invalid miss "${miss}"; expected a number from 0 to below 1`, {
      code: 'invalid-miss',
      got: String(miss),
      hint: 'give the share of sets that may miss the truth, such as 0.1',
    });
  }
  const { taskCount, classCount, posterior, seed } = estimate;
  const start = new Uint32Array(taskCount + 1);
  const classes: number[] = [];
  const mass = new Float64Array(taskCount);
  // Sums of probabilities round: a full row may stop at 1 − 1e-16.
  const wanted = 1 - miss - 1e-12;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const key = mix32(hash32(estimate.taskNames.name(task)), seed);
    const order = Array.from({ length: classCount }, (_, k) => k).sort(
      (a, b) => posterior[row + b] - posterior[row + a] || mix32(key, a) - mix32(key, b),
    );
    for (const k of order) {
      if (mass[task] >= wanted && mass[task] > 0) break;
      classes.push(k);
      mass[task] += posterior[row + k];
    }
    start[task + 1] = classes.length;
  }
  return { start, class: Uint16Array.from(classes), mass };
}
