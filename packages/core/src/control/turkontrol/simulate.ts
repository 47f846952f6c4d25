import { InputError } from '../../errors.ts';
import type { Random } from '../../math/random.ts';
import type { Vote, Which } from './belief.ts';
import { type BeliefForm, gridOf } from './beliefs.ts';
import { betterArtifact, type TurKontrolController } from './controller.ts';
import { drawImprovement } from './improvement.ts';
import type { CompiledModel } from './model.ts';
import { utilityOf } from './utility.ts';
import { VoterBook } from './voters.ts';
import { applyEvent, startWorkflow, type WorkflowContext, type WorkflowState } from './workflow.ts';

/**
 * A crowd and its artifacts, with the truth known: what a controller is tried on.
 *
 * Workers are names; `arrive` gives the next one who is not in `not`, or null when nobody is left.
 */
export interface SimulatedWorld {
  firstQuality(random: Random): number;
  improve(quality: number, worker: string, random: Random): number;
  vote(oldQuality: number, newQuality: number, worker: string, random: Random): Vote;
  arrive(random: Random, not: ReadonlySet<string>): string | null;
}

/** One simulated task from its first artifact to its submission. */
export interface SimulatedRun {
  readonly quality: number;
  readonly spentMicros: number;
  readonly improvements: number;
  readonly ballots: number;
  /** Ballots in each iteration. */
  readonly ballotsPerIteration: readonly number[];
  /** Did the run end because nobody was left to ask? */
  readonly outOfWorkers: boolean;
  readonly final: WorkflowState;
}

export interface RunOptions {
  readonly allowanceMicros?: number | null;
  readonly form?: BeliefForm;
  /** Learned and updated across runs when given; a fresh book of the population otherwise. */
  readonly voters?: VoterBook;
  readonly task?: string;
  /** Called with the state before every decision, for drawing beliefs. */
  readonly onState?: (state: WorkflowState) => void;
}

/**
 * Runs one task in a simulated world under a controller.
 *
 * Ends at the controller's submission, or by submitting the believed better artifact when no worker is left. Free
 * actions cannot loop: after 1,000 actions the task is submitted.
 */
export function simulateTask(
  model: CompiledModel,
  controller: TurKontrolController,
  world: SimulatedWorld,
  random: Random,
  options: RunOptions = {},
): SimulatedRun {
  const voters = options.voters ?? new VoterBook(model, 'population');
  const context: WorkflowContext = { model, voters, random };
  let state = startWorkflow(context, {
    allowanceMicros: options.allowanceMicros,
    form: options.form,
    task: options.task,
  });
  const { task } = state;
  const qualities = new Map<string, number>([['first', world.firstQuality(random)]]);
  const ballotsPerIteration: number[] = [];
  let outOfWorkers = false;
  let ballots = 0;
  for (let step = 0; state.stage !== 'done'; step++) {
    options.onState?.(state);
    const { action } = controller.decide(state, random);
    if (action.kind === 'submit' || outOfWorkers || step > 1000) {
      const better = betterArtifact(model, gridOf(state.belief), state.belief.stage);
      const which: Which = action.kind === 'submit' ? action.which : better;
      state = applyEvent(context, state, { kind: 'submit', task, which });
      continue;
    }
    if (action.kind === 'improve') {
      const worker = world.arrive(random, new Set());
      if (worker === null) {
        outOfWorkers = true;
        continue;
      }
      const base = action.base === 'new' ? state.candidate : state.current;
      const id = `improvement-${state.iterations + 1}`;
      qualities.set(id, world.improve(qualities.get(base?.id ?? 'first') ?? 0, worker, random));
      state = applyEvent(context, state, {
        kind: 'improvement',
        task,
        base: action.base,
        artifact: { id, author: worker, digest: null },
      });
      ballotsPerIteration.push(0);
      continue;
    }
    for (let b = 0; b < action.count; b++) {
      const not = new Set(state.votes.map((vote) => vote.worker));
      if (state.current?.author) not.add(state.current.author);
      if (state.candidate?.author) not.add(state.candidate.author);
      const worker = world.arrive(random, not);
      if (worker === null) {
        outOfWorkers = true;
        break;
      }
      const old = qualities.get(state.current?.id ?? 'first') ?? 0;
      const vote = world.vote(old, qualities.get(state.candidate?.id ?? 'first') ?? 0, worker, random);
      state = applyEvent(context, state, { kind: 'ballot', task, worker, vote });
      ballots++;
      ballotsPerIteration[ballotsPerIteration.length - 1]++;
    }
  }
  return {
    quality: qualities.get(state.result?.id ?? 'first') ?? 0,
    spentMicros: state.spentMicros,
    improvements: state.iterations,
    ballots,
    ballotsPerIteration,
    outOfWorkers,
    final: state,
  };
}

/** A mean over runs with half the width of its 95 % interval. */
export interface MeanWithWidth {
  readonly mean: number;
  readonly halfWidth: number;
}

/** What a controller did over many tasks. Money in units. */
export interface SimulationSummary {
  readonly controller: string;
  readonly trials: number;
  /** Utility of what was submitted minus what was spent. */
  readonly netUtility: MeanWithWidth;
  readonly quality: MeanWithWidth;
  readonly spent: MeanWithWidth;
  readonly improvements: number;
  readonly ballots: number;
  /** Mean ballots in iteration 1, 2, … over the runs that reached it. */
  readonly ballotsPerIteration: readonly number[];
}

export interface SimulationOptions extends RunOptions {
  readonly trials?: number;
  readonly onProgress?: (done: number, trials: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Many tasks in a simulated world under a controller: net utility, quality, money, ballots per iteration.
 *
 * Trial t draws from `random.fork(t)` only, so that two controllers meet the same first artifacts and the result does
 * not depend on what ran before. Default 2,000 trials.
 *
 * @throws {InputError} invalid-trials
 */
export function simulate(
  model: CompiledModel,
  controller: TurKontrolController,
  world: (random: Random) => SimulatedWorld,
  random: Random,
  options: SimulationOptions = {},
): SimulationSummary {
  const trials = options.trials ?? 2000;
  if (!(Number.isInteger(trials) && trials > 0)) {
    throw new InputError(`invalid trials ${trials}: give a whole number above 0`, {
      code: 'invalid-trials',
      got: String(trials),
      hint: 'give a whole number above 0',
    });
  }
  const runs: SimulatedRun[] = [];
  for (let trial = 0; trial < trials; trial++) {
    options.signal?.throwIfAborted();
    const own = random.fork(trial);
    runs.push(simulateTask(model, controller, world(own.fork('world')), own, options));
    if (trial % 100 === 99) options.onProgress?.(trial + 1, trials);
  }
  return summarise(controller.id, model, runs);
}

/** The summary of runs that were made elsewhere. */
export function summarise(controller: string, model: CompiledModel, runs: readonly SimulatedRun[]): SimulationSummary {
  const reached: number[] = [];
  const cast: number[] = [];
  for (const run of runs) {
    run.ballotsPerIteration.forEach((ballots, iteration) => {
      reached[iteration] = (reached[iteration] ?? 0) + 1;
      cast[iteration] = (cast[iteration] ?? 0) + ballots;
    });
  }
  const worth = runs.map((run) => utilityOf(model.model.utility, run.quality));
  return {
    controller,
    trials: runs.length,
    netUtility: meanOf(runs.map((run, r) => worth[r] - run.spentMicros / 1e6)),
    quality: meanOf(runs.map((run) => run.quality)),
    spent: meanOf(runs.map((run) => run.spentMicros / 1e6)),
    improvements: meanOf(runs.map((run) => run.improvements)).mean,
    ballots: meanOf(runs.map((run) => run.ballots)).mean,
    ballotsPerIteration: cast.map((ballots, iteration) => ballots / reached[iteration]),
  };
}

/** Mean and half-width of the 95 % normal interval; a single value has half-width 0. */
export function meanOf(values: readonly number[]): MeanWithWidth {
  const count = values.length;
  if (count === 0) return { mean: 0, halfWidth: 0 };
  const mean = values.reduce((a, b) => a + b, 0) / count;
  if (count === 1) return { mean, halfWidth: 0 };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return { mean, halfWidth: 1.959964 * Math.sqrt(variance / count) };
}

/**
 * The world a model describes: improvements by its improvement model, voters with γ drawn from its distribution once
 * per worker. What `assay control simulate` runs on.
 */
export function worldOfModel(model: CompiledModel, workers = 1000): (random: Random) => SimulatedWorld {
  const { errors, exponent, initial, improvement } = model.model;
  return (random) => {
    const gammas = new Map<string, number>();
    const gammaOf = (worker: string): number => {
      let gamma = gammas.get(worker);
      if (gamma === undefined) {
        gamma = errors.gammas[random.fork(worker).categorical(errors.weights)];
        gammas.set(worker, gamma);
      }
      return gamma;
    };
    return {
      firstQuality: (own) => own.beta(initial.a, initial.b),
      improve: (quality, _worker, own) => drawImprovement(improvement, quality, own),
      vote: (old, candidate, worker, own) => drawVote(old, candidate, exponent, gammaOf(worker), own),
      arrive: (own, not) => {
        if (not.size >= workers) return null;
        for (;;) {
          const worker = `worker-${own.integer(workers)}`;
          if (!not.has(worker)) return worker;
        }
      },
    };
  };
}

/** A vote of a worker with error parameter γ, drawn. */
export function drawVote(old: number, candidate: number, exponent: number, gamma: number, random: Random): Vote {
  const accuracy = 0.5 * (1 + Math.abs(candidate - old) ** (exponent * gamma));
  const right = random.uniform() < accuracy;
  return right === candidate > old ? 1 : 0;
}
