import { Random } from '../../math/random.ts';
import { expectation, type Vote } from './belief.ts';
import type { TurKontrolController } from './controller.ts';
import { type Decision, explainDecision } from './controller.ts';
import { pointBasedCells } from './controllers.ts';
import { LookaheadSearch, lookahead } from './lookahead.ts';
import { type CompiledModel, compileModel, type TurKontrolModel } from './model.ts';
import { observedBound, pointBased, solvePointBased } from './point-based.ts';
import { type ScheduleValue, tuneSchedule } from './schedule.ts';
import { VoterBook } from './voters.ts';
import { applyEvent, startWorkflow, type WorkflowContext, type WorkflowState } from './workflow.ts';

export interface SolveOptions {
  /** Depth of the lookahead; default 3. */
  readonly depth?: number;
  readonly seed?: number;
  /** Most decisions listed; default 40. */
  readonly rows?: number;
}

/** What to do at a point of a task, and why. */
export interface PolicyRow {
  /** What happened so far: I for an improvement, Y and N for votes, such as IIYN. */
  readonly history: string;
  /** How likely the policy comes here, by the model. */
  readonly probability: number;
  readonly decision: Decision;
  readonly explanation: string;
}

/** A solved model. Money in units. */
export interface Solution {
  readonly policy: readonly PolicyRow[];
  /** Expected net utility from a first artifact by lookahead (its own estimate, which looks only so far). */
  readonly lookaheadValue: number;
  /** Lower bound by point-based planning, upper bound if qualities could be seen. */
  readonly pointBasedValue: number;
  readonly observedBound: number;
  /** The best fixed schedules on the model, best first. */
  readonly schedules: readonly ScheduleValue[];
}

/**
 * Solves a model: what the controller will do at every likely point of a task, what that is worth, and what the best
 * fixed schedule is worth beside it.
 *
 * Takes a few seconds on 20 cells, most of it for point-based planning and the tuned schedule.
 *
 * @example
 * solveModel(model2010(1, 10)).policy[0].decision.action.kind; // => 'improve'
 */
export function solveModel(model: TurKontrolModel, options: SolveOptions = {}): Solution {
  const compiled = compileModel(model);
  const random = new Random(options.seed ?? 0);
  const context: WorkflowContext = { model: compiled, voters: new VoterBook(compiled, 'population'), random };
  const start = startWorkflow(context);
  const values = new LookaheadSearch(compiled, options.depth ?? 3).evaluate(start);
  const cells = pointBasedCells(compiled.cells);
  const solution = solvePointBased(compiled, random.fork('point-based'), { cells });
  const planned = pointBased(compiled, solution).decide(start, random);
  const bound = observedBound(solution.model);
  const first = Float64Array.from(solution.model.qualities, (_, i) => bound[i * cells + i]);
  return {
    policy: policyOf(compiled, context, lookahead(compiled, { depth: options.depth ?? 3 }), start, options.rows ?? 40),
    lookaheadValue: Math.max(values.submit, values.improve ?? values.submit),
    pointBasedValue: Math.max(planned.values.submit, planned.values.improve ?? planned.values.submit),
    observedBound: expectation(solution.model.initial, first),
    schedules: tuneSchedule(compiled, random.fork('schedules')).slice(0, 10),
  };
}

/** The likeliest decisions of a controller from the start of a task, most likely first. */
export function policyOf(
  model: CompiledModel,
  context: WorkflowContext,
  controller: TurKontrolController,
  start: WorkflowState,
  rows = 40,
): PolicyRow[] {
  const open: { state: WorkflowState; history: string; probability: number }[] = [
    { state: start, history: '', probability: 1 },
  ];
  const policy: PolicyRow[] = [];
  while (open.length > 0 && policy.length < rows) {
    open.sort((a, b) => b.probability - a.probability || a.history.length - b.history.length);
    const next = open.shift();
    if (next === undefined) break;
    const { state, history, probability } = next;
    const decision = controller.decide(state, context.random);
    policy.push({ history, probability, decision, explanation: explainDecision(decision, model) });
    const { action } = decision;
    const { task } = state;
    if (action.kind === 'improve') {
      const artifact = { id: `${history}I`, author: null, digest: null };
      open.push({
        state: applyEvent(context, state, { kind: 'improvement', task, base: action.base, artifact }),
        history: `${history}I`,
        probability,
      });
    } else if (action.kind === 'ballot') {
      const yes = decision.yesChance ?? 0.5;
      for (const vote of [1, 0] as Vote[]) {
        const after = applyEvent(context, state, { kind: 'ballot', task, worker: `voter ${state.votes.length}`, vote });
        open.push({
          state: after,
          history: `${history}${vote === 1 ? 'Y' : 'N'}`,
          probability: probability * (vote === 1 ? yes : 1 - yes),
        });
      }
    }
  }
  return policy;
}
