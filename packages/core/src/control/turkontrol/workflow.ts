import { BudgetError, InputError, StateError, shown } from '../../errors.ts';
import { Random } from '../../math/random.ts';
import type { Vote, Which } from './belief.ts';
import {
  type BeliefForm,
  ballotBelief,
  gridOf,
  type Improver,
  improveBelief,
  initialBelief,
  keepOne,
  unseenImprover,
} from './beliefs.ts';
import type { ControlState } from './controller.ts';
import type { CompiledModel } from './model.ts';
import { type CastVote, VoterBook, type VoterRule } from './voters.ts';

/** An artifact as the controller knows it: who made it and, when given, a digest that tells unchanged ones. */
export interface Artifact {
  readonly id: string;
  /** The worker who made it; null for one that was there from the start. */
  readonly author: string | null;
  /** Any text that is equal for equal artifacts, such as a hash; null when unknown. */
  readonly digest: string | null;
}

/**
 * What happened to a task, as it stands in a log. The state of a task is a fold over its events: replaying the same
 * log on the same model gives the same state to the last bit.
 */
export type WorkflowEvent =
  | { readonly kind: 'artifact'; readonly task: string; readonly artifact: Artifact }
  | {
      readonly kind: 'improvement';
      readonly task: string;
      readonly base: Which;
      readonly artifact: Artifact;
      readonly empty?: boolean;
    }
  | {
      readonly kind: 'ballot';
      readonly task: string;
      readonly worker: string;
      readonly vote: Vote;
      readonly shownFirst?: Which;
    }
  | { readonly kind: 'submit'; readonly task: string; readonly which: Which };

/**
 * Where a task stands. `empty` → `single` → (`pair` → …)* → `done`.
 *
 * Who may still vote on the pair: neither its voters nor the authors of its two artifacts.
 */
export interface WorkflowState extends ControlState {
  readonly task: string;
  readonly stage: 'empty' | 'single' | 'pair' | 'done';
  readonly current: Artifact | null;
  readonly candidate: Artifact | null;
  /** Votes on the present pair, in order. */
  readonly votes: readonly CastVote[];
  /** Improvements that came back unchanged, by worker: they count against her. */
  readonly unchanged: Readonly<Record<string, number>>;
  /** The artifact that was submitted. */
  readonly result: Artifact | null;
  readonly notes: readonly string[];
}

export interface StartOptions {
  readonly task?: string;
  /** The most the task may cost, in whole micro-units; null or left out for no cap. */
  readonly allowanceMicros?: number | null;
  /** Default `joint`. */
  readonly form?: BeliefForm;
  /** Where the task starts from; left out, an anonymous first artifact stands ready. */
  readonly first?: Artifact | null;
}

/** What a transition needs besides the state: the model, what is known of voters, and chance for particles. */
export interface WorkflowContext {
  readonly model: CompiledModel;
  readonly voters: VoterBook;
  readonly random: Random;
  /** A worker's own improvement kernel, where it has been learned. */
  readonly improver?: (worker: string) => Improver;
}

/**
 * A context with a fresh book of voters, for one who starts from a model.
 *
 * @example
 * workflowContext(compileModel(model2010(1))).voters.rule; // => 'grid'
 */
export function workflowContext(
  model: CompiledModel,
  random: Random = new Random(0),
  rule: VoterRule = 'grid',
): WorkflowContext {
  return { model, voters: new VoterBook(model, rule), random };
}

/**
 * A new task. With `first: null` it waits for its first artifact; otherwise it starts with one.
 *
 * @throws {InputError} invalid-allowance
 * @example
 * const context = workflowContext(compileModel(model2010(1)));
 * startWorkflow(context, { allowanceMicros: 400_000_000 }).stage; // => 'single'
 */
export function startWorkflow(context: WorkflowContext, options: StartOptions = {}): WorkflowState {
  const allowanceMicros = options.allowanceMicros ?? null;
  if (allowanceMicros !== null && !(Number.isSafeInteger(allowanceMicros) && allowanceMicros >= 0)) {
    throw new InputError(`invalid allowance ${shown(allowanceMicros)}: give whole micro-units, 0 or more`, {
      code: 'invalid-allowance',
      got: String(allowanceMicros),
      hint: 'give whole micro-units, 0 or more',
    });
  }
  const current = options.first === undefined ? { id: 'first', author: null, digest: null } : options.first;
  return {
    task: options.task ?? 'task',
    stage: current === null ? 'empty' : 'single',
    belief: initialBelief(context.model, options.form ?? 'joint', context.random),
    iterations: 0,
    yes: 0,
    no: 0,
    spentMicros: 0,
    allowanceMicros,
    current,
    candidate: null,
    votes: [],
    unchanged: {},
    result: null,
    notes: [],
  };
}

/**
 * The state after an event. Pure, except that the book of voters learns from ballots.
 *
 * An improvement equal to what it started from (same digest) is paid, gets no ballots and leaves the belief as it
 * was. An empty one is refused unpaid: the state stays, with a note.
 *
 * @throws {StateError} task-done, no-artifact, no-pair, already-voted, own-artifact
 * @throws {BudgetError} allowance-exceeded: the event costs more than is left
 */
export function applyEvent(context: WorkflowContext, state: WorkflowState, event: WorkflowEvent): WorkflowState {
  if (event.task !== state.task) {
    throw new InputError(
      `invalid event: it is of task ${shown(event.task)}, the state of ${shown(state.task)}; route events by task`,
      {
        code: 'wrong-task',
        got: event.task,
        hint: 'route events by task',
      },
    );
  }
  if (state.stage === 'done')
    throw misplaced('task-done', `task ${shown(state.task)} is done; start a new one`, 'start a new task');
  switch (event.kind) {
    case 'artifact':
      if (state.stage !== 'empty')
        throw misplaced(
          'has-artifact',
          'the task has its first artifact; ask for an improvement',
          'send an improvement instead',
        );
      return { ...state, stage: 'single', current: event.artifact };
    case 'improvement':
      return improved(context, state, event.base, event.artifact, event.empty === true);
    case 'ballot':
      return balloted(context, state, event.worker, event.vote);
    case 'submit':
      return submitted(context, state, event.which);
  }
}

/** The state of a task after all its events, in order. */
export function replayWorkflow(
  context: WorkflowContext,
  start: WorkflowState,
  events: readonly WorkflowEvent[],
): WorkflowState {
  return events.reduce((state, event) => applyEvent(context, state, event), start);
}

/** Why a worker may not vote on the present pair; null when she may. */
export function voteRefusal(state: WorkflowState, worker: string): string | null {
  if (state.stage !== 'pair') return 'there is no pair to vote on';
  if (state.votes.some((vote) => vote.worker === worker)) return 'she has voted on this pair';
  if (state.current?.author === worker || state.candidate?.author === worker)
    return 'one of the two artifacts is her own';
  return null;
}

function improved(
  context: WorkflowContext,
  state: WorkflowState,
  base: Which,
  artifact: Artifact,
  empty: boolean,
): WorkflowState {
  if (state.stage === 'empty' || state.current === null) {
    throw misplaced(
      'no-artifact',
      'there is nothing to improve; send the first artifact',
      'send an artifact event first',
    );
  }
  const author = artifact.author ?? 'someone';
  if (empty) return { ...state, notes: [...state.notes, `${author} sent an empty improvement: refused, not paid`] };
  const spentMicros = spend(state, context.model.model.prices.improvementMicros, 'an improvement');
  const side: Which = state.stage === 'pair' ? base : 'old';
  const kept = side === 'new' && state.candidate !== null ? state.candidate : state.current;
  closePair(context, state);
  const common = { ...state, spentMicros, iterations: state.iterations + 1, current: kept, votes: [], yes: 0, no: 0 };
  if (artifact.digest !== null && artifact.digest === kept.digest) {
    return {
      ...common,
      stage: 'single',
      candidate: null,
      belief: keepOne(state.belief, side),
      unchanged: { ...state.unchanged, [author]: (state.unchanged[author] ?? 0) + 1 },
      notes: [...state.notes, `${author} returned the artifact unchanged`],
    };
  }
  const improver =
    (artifact.author === null ? undefined : context.improver?.(artifact.author)) ?? unseenImprover(context.model);
  const belief = improveBelief(context.model, state.belief, side, improver, context.random);
  return { ...common, stage: 'pair', candidate: artifact, belief };
}

function balloted(context: WorkflowContext, state: WorkflowState, worker: string, vote: Vote): WorkflowState {
  const refusal = voteRefusal(state, worker);
  if (refusal !== null) {
    const code = state.stage === 'pair' ? (refusal.startsWith('she') ? 'already-voted' : 'own-artifact') : 'no-pair';
    throw misplaced(code, `worker ${shown(worker)} may not vote: ${refusal}; ask another worker`, 'ask another worker');
  }
  if (vote !== 0 && vote !== 1) {
    throw new InputError(`invalid vote ${shown(vote)}; give 1 when the new artifact is better, else 0`, {
      code: 'invalid-vote',
      got: String(vote),
      hint: 'give 1 or 0',
    });
  }
  const spentMicros = spend(state, context.model.model.prices.ballotMicros, 'a ballot');
  const voter = context.voters.voter(worker);
  const { belief } = ballotBelief(context.model, state.belief, vote, voter, context.random);
  context.voters.observe(worker, vote, gridOf(state.belief));
  return {
    ...state,
    belief,
    spentMicros,
    yes: state.yes + vote,
    no: state.no + 1 - vote,
    votes: [...state.votes, { worker, vote }],
  };
}

function submitted(context: WorkflowContext, state: WorkflowState, which: Which): WorkflowState {
  if (state.stage === 'empty')
    throw misplaced(
      'no-artifact',
      'there is nothing to submit; send the first artifact',
      'send an artifact event first',
    );
  closePair(context, state);
  const side: Which = state.stage === 'pair' ? which : 'old';
  const result = side === 'new' ? state.candidate : state.current;
  return { ...state, stage: 'done', belief: keepOne(state.belief, side), current: result, candidate: null, result };
}

/** Lets the 2010 rule learn from a ballot phase that ends. */
function closePair(context: WorkflowContext, state: WorkflowState): void {
  if (state.stage === 'pair' && state.votes.length > 0 && context.voters.rule === 'rule2010') {
    const pair = gridOf(state.belief);
    const { cells } = context.model;
    let better = 0;
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) better += pair[i * cells + j] * Math.sign(j - i);
    }
    context.voters.closePair(state.votes, better > 0, pair);
  }
}

function spend(state: WorkflowState, priceMicros: number, what: string): number {
  const spent = state.spentMicros + priceMicros;
  if (state.allowanceMicros !== null && spent > state.allowanceMicros) {
    throw new BudgetError(
      `invalid event: ${what} costs ${priceMicros} micro-units and ${state.allowanceMicros - state.spentMicros} are left of task ${shown(state.task)}; submit or raise the allowance`,
      { code: 'allowance-exceeded', got: String(priceMicros), hint: 'submit or raise the allowance' },
    );
  }
  return spent;
}

function misplaced(code: string, message: string, hint: string): StateError {
  return new StateError(`invalid event: ${message}`, { code, hint });
}
