import type { Random } from '../../math/random.ts';
import { tieTolerance, winner } from '../../methods/ties.ts';
import { version } from '../../version.ts';

/** Somebody who can be asked: one worker, or a crowd whose members are alike. */
export interface Source {
  readonly id: string;
  /** K×K by rows, [true][said], rows sum to 1. */
  readonly confusion: Float64Array;
  readonly priceMicros: number;
  /** How many more answers it can give to this task. */
  readonly available: number;
}

/** What a controller looks at: one task and those who could answer it. */
export interface TaskState {
  readonly task: string;
  /** What is believed now, K; sums to 1. */
  readonly posterior: Float64Array;
  /** Answers so far, K. */
  readonly counts: Float64Array;
  /** Leased answers not yet here. */
  readonly outstanding: number;
  readonly sources: readonly Source[];
  /** The most this task may still cost in micro-units; null for no cap. */
  readonly remainingMicros: number | null;
}

/** What to do next with a task, with what is needed to explain, log and check it. Plain JSON. */
export type TaskDecision = AskDecision | StopDecision;

interface DecisionParts {
  readonly controller: string;
  readonly version: string;
  /** One sentence. */
  readonly reason: string;
  /** The numbers the decision was taken by. */
  readonly values: Readonly<Record<string, number>>;
}

export interface AskDecision extends DecisionParts {
  readonly kind: 'ask';
  /** Whom to ask. */
  readonly source: string;
}

export interface StopDecision extends DecisionParts {
  readonly kind: 'stop';
  /** The class to submit. */
  readonly label: number;
}

/**
 * Says what one task needs next. Pure: the same state and the same generator give the same decision.
 *
 * A controller never asks a source that has nothing left or does not fit what may still be spent.
 */
export interface Controller {
  readonly id: string;
  decide(state: TaskState, random: Random): TaskDecision;
}

/** The sources that still can answer and fit the money. */
export function affordable(state: TaskState): Source[] {
  const { remainingMicros } = state;
  return state.sources.filter(
    ({ available, priceMicros }) => available > 0 && (remainingMicros === null || priceMicros <= remainingMicros),
  );
}

export function ask(
  controller: string,
  source: Source,
  reason: string,
  values: Readonly<Record<string, number>>,
): AskDecision {
  return { kind: 'ask', source: source.id, controller, version, reason, values };
}

/** Stops with the most likely class; a tie is decided by a hash of the task's name. */
export function stop(
  controller: string,
  state: TaskState,
  reason: string,
  values: Readonly<Record<string, number>>,
): StopDecision {
  const { posterior, task } = state;
  const label = winner(posterior, 0, posterior.length, 'hashed', 0, () => task);
  return { kind: 'stop', label, controller, version, reason, values };
}

/** Is `value` better than `than` by more than rounding? Ties keep what came first. */
export function better(value: number, than: number): boolean {
  return value > than + tieTolerance;
}
