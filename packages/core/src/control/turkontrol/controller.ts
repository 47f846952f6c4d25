import type { Random } from '../../math/random.ts';
import { beliefHash, expectation, marginalOf, momentsOf, newIsBetter, type Which, yesChance } from './belief.ts';
import { type Belief, gridOf } from './beliefs.ts';
import type { CompiledModel } from './model.ts';

/** What to do next with a task. Improving a pair keeps `base` and drops the other artifact. */
export type TurKontrolAction =
  | { readonly kind: 'submit'; readonly which: Which }
  | { readonly kind: 'ballot'; readonly count: number }
  | { readonly kind: 'improve'; readonly base: Which };

/** What a controller looks at. `WorkflowState` has all of it. */
export interface ControlState {
  readonly belief: Belief;
  /** Improvements made so far. */
  readonly iterations: number;
  /** Votes on the present pair. */
  readonly yes: number;
  readonly no: number;
  readonly spentMicros: number;
  /** The most this task may cost; null for no cap. */
  readonly allowanceMicros: number | null;
}

/** The expected net worth of each action in units of money; null where the action is not available. */
export interface ActionValues {
  readonly submit: number;
  readonly ballot: number | null;
  readonly improve: number | null;
}

/** A decision with what is needed to explain it, to log it and to check a replay. */
export interface Decision {
  readonly action: TurKontrolAction;
  readonly controller: string;
  readonly values: ActionValues;
  /** Actions the controller looked ahead; 0 for schedules. */
  readonly depth: number;
  readonly price: number;
  /** What may still be spent on the task, in units of money; null for no cap. */
  readonly remaining: number | null;
  /** Of a pair: P(the next unseen voter prefers the new one), P(the new one is better). */
  readonly yesChance: number | null;
  readonly newIsBetter: number | null;
  readonly quality: { readonly old: Moments; readonly new: Moments | null };
  readonly beliefHash: string;
  /** Said by the controller where the numbers do not say it: "the schedule asks for 2 ballots". */
  readonly reason: string;
}

export interface Moments {
  readonly mean: number;
  readonly sd: number;
}

/**
 * One way to run improve-and-vote tasks. Pure: the same state and the same generator give the same decision.
 *
 * A controller never chooses an action that does not fit the task's allowance, and always can submit.
 */
export interface TurKontrolController {
  readonly id: string;
  decide(state: ControlState, random: Random): Decision;
}

/** Ties within this are ties: then the cheapest commitment, submit before ballot before improve. */
export const tieTolerance = 1e-12;

/** What is left of the allowance, in whole micro-units; Infinity for no cap. */
export function remainingMicros(state: ControlState): number {
  return state.allowanceMicros === null ? Number.POSITIVE_INFINITY : state.allowanceMicros - state.spentMicros;
}

/** The artifact of larger expected utility; the old one on a tie. */
export function betterArtifact(model: CompiledModel, grid: Float64Array, stage: 'single' | 'pair'): Which {
  if (stage === 'single') return 'old';
  const old = expectation(marginalOf(grid, model.cells, 'old'), model.utility);
  const candidate = expectation(marginalOf(grid, model.cells, 'new'), model.utility);
  return candidate > old + tieTolerance ? 'new' : 'old';
}

/** The best action by value, ties to the cheapest commitment. */
export function bestAction(values: ActionValues, keep: Which): TurKontrolAction {
  let action: TurKontrolAction = { kind: 'submit', which: keep };
  let best = values.submit;
  if (values.ballot !== null && values.ballot > best + tieTolerance) {
    action = { kind: 'ballot', count: 1 };
    best = values.ballot;
  }
  if (values.improve !== null && values.improve > best + tieTolerance) action = { kind: 'improve', base: keep };
  return action;
}

/** Fills in what every decision carries besides its action and values. */
export function decisionOf(
  model: CompiledModel,
  state: ControlState,
  controller: string,
  action: TurKontrolAction,
  values: ActionValues,
  depth: number,
  reason: string,
): Decision {
  const grid = gridOf(state.belief);
  const paired = state.belief.stage === 'pair';
  const old = paired ? marginalOf(grid, model.cells, 'old') : grid;
  const candidate = paired ? marginalOf(grid, model.cells, 'new') : null;
  const left = remainingMicros(state);
  return {
    action,
    controller,
    values,
    depth,
    price:
      action.kind === 'submit'
        ? 0
        : action.kind === 'ballot'
          ? action.count * model.ballotPrice
          : model.improvementPrice,
    remaining: left === Number.POSITIVE_INFINITY ? null : left / 1e6,
    yesChance: paired ? yesChance(grid, model.voter) : null,
    newIsBetter: paired ? newIsBetter(grid, model.cells) : null,
    quality: {
      old: momentsOf(old, model.qualities),
      new: candidate === null ? null : momentsOf(candidate, model.qualities),
    },
    beliefHash: beliefHash(grid),
    reason,
  };
}

/**
 * A decision in words and numbers.
 *
 * @example
 * const model = compileModel(model2010(1));
 * const decision = lookahead(model).decide(startWorkflow(workflowContext(model)), new Random(1));
 * explainDecision(decision, model).slice(0, 23); // => 'Ask for an improvement.'
 */
export function explainDecision(decision: Decision, model: CompiledModel): string {
  const { action, values } = decision;
  const parts: string[] = [];
  if (action.kind === 'submit')
    parts.push(`Submit the ${decision.quality.new === null ? '' : `${action.which} `}artifact.`);
  else if (action.kind === 'ballot')
    parts.push(action.count === 1 ? 'Ask for a vote.' : `Ask for ${action.count} votes.`);
  else parts.push(`Ask for an improvement${decision.quality.new === null ? '' : ` of the ${action.base} artifact`}.`);
  if (values.ballot !== null) {
    const worth = values.ballot + model.ballotPrice - values.submit;
    parts.push(`A vote costs ${money(model.ballotPrice)} and is worth ${money(worth)} over submitting now.`);
  }
  if (values.improve !== null) {
    const worth = values.improve + model.improvementPrice - values.submit;
    parts.push(`An improvement costs ${money(model.improvementPrice)} and is worth ${money(worth)}.`);
  }
  parts.push(`Submitting now is worth ${money(values.submit)}.`);
  const { old, new: candidate } = decision.quality;
  if (candidate === null) parts.push(`Quality is believed ${share(old.mean)} ± ${share(old.sd)}.`);
  else {
    parts.push(
      `The old artifact's quality is believed ${share(old.mean)} ± ${share(old.sd)}, the new one's ${share(candidate.mean)} ± ${share(candidate.sd)};`,
      `the new one is better with probability ${share(decision.newIsBetter ?? 0.5)}, and a voter would say so with ${share(decision.yesChance ?? 0.5)}.`,
    );
  }
  if (decision.remaining !== null) parts.push(`${money(decision.remaining)} is left for this task.`);
  if (decision.reason !== '') parts.push(decision.reason);
  return parts.join(' ');
}

function money(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function share(value: number): string {
  return value.toFixed(2);
}
