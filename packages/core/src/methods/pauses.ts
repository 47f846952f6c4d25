import type { Progress } from './method.ts';

/** Work between two pauses, in nanoseconds: a fifth of the 100 ms after which waiting is noticed. */
const stretchNs = 20e6;

/** Where a fit stands before its first sweep. */
export const notYet: Progress = { iteration: 0, objective: Number.NaN };

/**
 * Says when a long pass should pause: each call adds about that many nanoseconds of work and
 * answers whether 20 ms have come together since the last pause. Counts instead of reading a clock, so
 * that a fit pauses at the same places every time.
 *
 * @example
 * const due = pauseWhenDue();
 * due(15e6); // => false
 */
export function pauseWhenDue(): (ns: number) => boolean {
  let done = 0;
  return (ns) => {
    done += ns;
    if (done < stretchNs) return false;
    done = 0;
    return true;
  };
}

/** Runs a pass that pauses; at each pause the fit shows once more where it stands. */
export function* showingProgress<T>(
  pass: Generator<unknown, T, void>,
  progress: Progress,
): Generator<Progress, T, void> {
  for (;;) {
    const step = pass.next();
    if (step.done === true) return step.value;
    yield progress;
  }
}
