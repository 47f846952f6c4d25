import type { Progress } from '../method.ts';
import { showingProgress } from '../pauses.ts';

/** Messages between tasks and workers that can be passed once in both directions. */
export interface Messages {
  /** Other ln task priors, T×K, from the next sweep on; messages stay where they are. */
  setLogPrior(logPrior: Float64Array): void;
  /** Tasks to workers, then workers to tasks; returns the largest change of a message as a probability. May pause. */
  sweep(damping: number): number | Generator<unknown, number, void>;
}

export interface MessageSettings {
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly damping: number;
}

export interface MessageLoopResult {
  readonly iterations: number;
  readonly converged: boolean;
  readonly notes: readonly string[];
}

/** A change not below that of this many sweeps ago means that messages swing. */
const patience = 20;
/** Damping taken then. */
const calming = 0.5;

/**
 * Passes messages until they settle; all tasks, then all workers in each sweep. Turns damping on
 * when they swing, and says so. There is no objective that rises: progress has NaN.
 */
export function* messageLoop(
  messages: Messages,
  settings: MessageSettings,
): Generator<Progress, MessageLoopResult, void> {
  const changes: number[] = [];
  const notes: string[] = [];
  let damping = settings.damping;
  let since = 0;
  for (let iteration = 1; iteration <= settings.maxIterations; iteration++) {
    const sweep = messages.sweep(damping);
    const change =
      typeof sweep === 'number'
        ? sweep
        : yield* showingProgress(sweep, { iteration: iteration - 1, objective: Number.NaN });
    changes.push(change);
    yield { iteration, objective: Number.NaN };
    if (change <= settings.tolerance && settings.tolerance > 0)
      return { iterations: iteration, converged: true, notes };
    if (damping < calming && iteration - since > patience && change >= changes[iteration - 1 - patience]) {
      damping = calming;
      since = iteration;
      notes.push(`messages were swinging after ${iteration} sweeps; they were damped by ${calming}`);
    }
  }
  const last = changes[changes.length - 1] ?? 0;
  if (settings.tolerance > 0) {
    notes.push(
      `messages still changed by ${last.toPrecision(2)} after ${settings.maxIterations} sweeps; raise maxIterations or damping`,
    );
  }
  return { iterations: changes.length, converged: false, notes };
}
