import type { Random } from '../../math/random.ts';
import {
  ballotJoint,
  expectation,
  improveJoint,
  initialJoint,
  type JointBelief,
  jointMarginal,
  type Vote,
  type Which,
} from './belief.ts';
import { gridOf } from './beliefs.ts';
import {
  betterArtifact,
  type ControlState,
  type Decision,
  decisionOf,
  remainingMicros,
  type TurKontrolAction,
  type TurKontrolController,
} from './controller.ts';
import type { CompiledModel } from './model.ts';

/**
 * The usual non-adaptive workflow: improve, two ballots, a third if they disagree, keep the majority's choice, again
 * until the allowance is used up.
 *
 * Starts another iteration only when it can pay for the improvement and two ballots; a tie that there is no money to
 * resolve keeps the old artifact. Looks at no belief. Without an allowance it goes on to the model's most iterations.
 *
 * Source: the iterative improvement workflow of Little, Chilton, Goldman & Miller (2010).
 */
export function fixedSchedule(model: CompiledModel): TurKontrolController {
  const { prices, maxIterations } = model.model;
  const iteration = prices.improvementMicros + 2 * prices.ballotMicros;
  return {
    id: 'fixed',
    decide(state: ControlState, _random: Random): Decision {
      const remaining = remainingMicros(state);
      const votes = state.yes + state.no;
      const open = state.belief.stage === 'pair' && (votes < 2 || (votes === 2 && state.yes === state.no));
      const keep: Which = state.yes > state.no ? 'new' : 'old';
      let action: TurKontrolAction = { kind: 'submit', which: keep };
      let reason = 'The allowance does not pay for another improvement and two votes.';
      if (open && remaining >= prices.ballotMicros) {
        const wanted = votes < 2 ? 2 - votes : 1;
        action = { kind: 'ballot', count: remaining >= wanted * prices.ballotMicros ? wanted : 1 };
        reason = votes < 2 ? 'The schedule asks for two votes.' : 'The two votes disagree: a third decides.';
      } else if (remaining >= iteration && state.iterations < maxIterations) {
        action = { kind: 'improve', base: keep };
        reason = `The schedule improves while the allowance pays for an improvement and two votes.`;
      }
      return decisionOf(model, state, 'fixed', action, scheduleValues(model, state), 0, reason);
    },
  };
}

/** So many improvements, so many votes on each. */
export interface Schedule {
  readonly iterations: number;
  readonly ballots: number;
}

/**
 * The honest baseline: fixed numbers of iterations and ballots, the kept artifact chosen by belief, not by majority.
 *
 * Numbers from `tuneSchedule`. Most of what adaptive control gains over the usual schedule is the money not spent on
 * early votes, and a tuned schedule saves that too: compare with this one before claiming a gain.
 */
export function informedSchedule(model: CompiledModel, schedule: Schedule): TurKontrolController {
  const { prices, maxIterations } = model.model;
  const id = `fixed-informed-${schedule.iterations}x${schedule.ballots}`;
  const reason = `The schedule is ${schedule.iterations} improvements with ${schedule.ballots} votes on each.`;
  return {
    id,
    decide(state: ControlState, _random: Random): Decision {
      const remaining = remainingMicros(state);
      const keep = betterArtifact(model, gridOf(state.belief), state.belief.stage);
      const missing = state.belief.stage === 'pair' ? schedule.ballots - state.yes - state.no : 0;
      const affordable = prices.ballotMicros > 0 ? Math.floor(remaining / prices.ballotMicros) : missing;
      const most = Math.min(schedule.iterations, maxIterations);
      let action: TurKontrolAction = { kind: 'submit', which: keep };
      if (missing > 0 && affordable > 0) action = { kind: 'ballot', count: Math.min(missing, affordable) };
      else if (state.iterations < most && remaining >= prices.improvementMicros)
        action = { kind: 'improve', base: keep };
      return decisionOf(model, state, id, action, scheduleValues(model, state), 0, reason);
    },
  };
}

export interface ScheduleValue extends Schedule {
  /** Mean net utility in units of money, with its standard error over the simulated runs. */
  readonly value: number;
  readonly standardError: number;
  /** What the schedule costs, in units of money. */
  readonly cost: number;
}

export interface TuneScheduleOptions {
  readonly maxIterations?: number;
  readonly maxBallots?: number;
  readonly trials?: number;
  /** Schedules that cost more are left out. */
  readonly allowanceMicros?: number | null;
}

/**
 * Every schedule up to 15 × 4, valued on the model, best first.
 *
 * The value of a run is the expected utility of the belief at its end, which has the mean of the utility itself and
 * less variance. All iterations of one run are valued on the way, so 15 × 5 schedules cost 5 runs. About 0.3 s for the
 * default 1,000 trials on 20 cells.
 *
 * @example
 * tuneSchedule(compileModel(model2010(2)), new Random(1), { trials: 20 })[0].iterations; // => 2
 */
export function tuneSchedule(model: CompiledModel, random: Random, options: TuneScheduleOptions = {}): ScheduleValue[] {
  const most = options.maxIterations ?? 15;
  const maxBallots = options.maxBallots ?? 4;
  const trials = options.trials ?? 1000;
  const table: ScheduleValue[] = [];
  for (let ballots = 0; ballots <= maxBallots; ballots++) {
    const sums = new Float64Array(most + 1);
    const squares = new Float64Array(most + 1);
    for (let trial = 0; trial < trials; trial++) {
      scheduleRun(model, ballots, most, random.fork(trial), (iteration, utility) => {
        sums[iteration] += utility;
        squares[iteration] += utility * utility;
      });
    }
    for (let iterations = ballots === 0 ? 0 : 1; iterations <= most; iterations++) {
      const mean = sums[iterations] / trials;
      const variance = Math.max(0, squares[iterations] / trials - mean * mean);
      const cost = iterations * (model.improvementPrice + ballots * model.ballotPrice);
      table.push({ iterations, ballots, value: mean - cost, standardError: Math.sqrt(variance / trials), cost });
    }
  }
  const allowance = (options.allowanceMicros ?? Number.POSITIVE_INFINITY) / 1e6;
  return table
    .filter((entry) => entry.cost <= allowance)
    .sort((a, b) => b.value - a.value || a.iterations - b.iterations || a.ballots - b.ballots);
}

/** One run on the model with `ballots` votes an iteration; tells the best expected utility after each iteration. */
function scheduleRun(
  model: CompiledModel,
  ballots: number,
  iterations: number,
  random: Random,
  tell: (iteration: number, utility: number) => void,
): void {
  const { cells, kernel, voter, utility } = model;
  let belief: JointBelief = initialJoint(model);
  let cell = random.categorical(belief.mass);
  tell(0, expectation(belief.mass, utility));
  let keep: Which = 'old';
  let candidate = cell;
  for (let iteration = 1; iteration <= iterations; iteration++) {
    if (keep === 'new') cell = candidate;
    candidate = random.categorical(kernel.subarray(cell * cells, (cell + 1) * cells));
    belief = improveJoint(belief, keep, kernel);
    for (let b = 0; b < ballots; b++) {
      const vote: Vote = random.uniform() < voter[cell * cells + candidate] ? 1 : 0;
      belief = ballotJoint(belief, vote, voter).belief;
    }
    const old = expectation(jointMarginal(belief, 'old'), utility);
    const improved = expectation(jointMarginal(belief, 'new'), utility);
    keep = improved > old ? 'new' : 'old';
    tell(iteration, Math.max(old, improved));
  }
}

function scheduleValues(model: CompiledModel, state: ControlState): Decision['values'] {
  const grid = gridOf(state.belief);
  if (state.belief.stage === 'single') return { submit: expectation(grid, model.utility), ballot: null, improve: null };
  const { cells, utility } = model;
  let old = 0;
  let candidate = 0;
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      old += grid[i * cells + j] * utility[i];
      candidate += grid[i * cells + j] * utility[j];
    }
  }
  return { submit: Math.max(old, candidate), ballot: null, improve: null };
}
