import { Random } from '../../math/random.ts';
import type { Controller, TaskDecision, TaskState } from './controller.ts';

/** One decision with all it was taken from. Plain JSON: a line of a log. */
export interface LoggedDecision {
  /** Names the random draws of the decision; 0, 1, 2 … in a campaign. */
  readonly index: number;
  readonly state: Omit<TaskState, 'posterior' | 'counts' | 'sources'> & {
    readonly posterior: readonly number[];
    readonly counts: readonly number[];
    readonly sources: readonly (Omit<TaskState['sources'][number], 'confusion'> & {
      readonly confusion: readonly number[];
    })[];
  };
  readonly decision: TaskDecision;
}

/** A decision that a controller would not take again. */
export interface ChangedDecision {
  readonly index: number;
  readonly before: TaskDecision;
  readonly now: TaskDecision;
}

/**
 * Takes a decision and the line to log with it. Draws depend on the campaign's seed and the index alone.
 *
 * @example
 * const person = { id: 'person', confusion: Float64Array.of(0.9, 0.1, 0.1, 0.9), priceMicros: 900, available: 5 };
 * const state = {
 *   task: 't1',
 *   posterior: Float64Array.of(0.4, 0.6),
 *   counts: Float64Array.of(1, 1),
 *   outstanding: 0,
 *   sources: [person],
 *   remainingMicros: null,
 * };
 * const { decision, line } = decideAndLog(informationPerPrice(), state, 7, 0);
 * decision.kind; // => 'ask'
 * replayDecisions([line], informationPerPrice(), 7); // => []
 */
export function decideAndLog(
  controller: Controller,
  state: TaskState,
  seed: number,
  index: number,
): { readonly decision: TaskDecision; readonly line: LoggedDecision } {
  const decision = controller.decide(state, new Random(seed).fork(index));
  const { posterior, counts, sources, ...rest } = state;
  const plain = sources.map((source) => ({ ...source, confusion: Array.from(source.confusion) }));
  const logged = { ...rest, posterior: Array.from(posterior), counts: Array.from(counts), sources: plain };
  return { decision, line: { index, state: logged, decision } };
}

/**
 * Takes every decision of a log again and returns those that come out differently: none for the controller, seed and
 * version that wrote it, the interesting ones for another controller or threshold.
 *
 * States are as logged: what other decisions would have led to is a matter of simulation.
 */
export function replayDecisions(
  log: Iterable<LoggedDecision>,
  controller: Controller,
  seed: number,
): ChangedDecision[] {
  const changed: ChangedDecision[] = [];
  for (const { index, state, decision: before } of log) {
    const { posterior, counts, sources } = state;
    const restored: TaskState = {
      ...state,
      posterior: Float64Array.from(posterior),
      counts: Float64Array.from(counts),
      sources: sources.map((source) => ({ ...source, confusion: Float64Array.from(source.confusion) })),
    };
    const now = controller.decide(restored, new Random(seed).fork(index));
    if (JSON.stringify(now) !== JSON.stringify(before)) changed.push({ index, before, now });
  }
  return changed;
}
