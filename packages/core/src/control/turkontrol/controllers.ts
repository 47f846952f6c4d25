import { InputError, nearNames, shown } from '../../errors.ts';
import { Random } from '../../math/random.ts';
import type { TurKontrolController } from './controller.ts';
import { greedy, lookahead } from './lookahead.ts';
import { type CompiledModel, compileModel, type TurKontrolModel } from './model.ts';
import { pointBased, solvePointBased } from './point-based.ts';
import { fixedSchedule, informedSchedule, tuneSchedule } from './schedule.ts';
import { type SimulationSummary, simulate, worldOfModel } from './simulate.ts';
import { uct } from './uct.ts';

/** The controllers by the names users give, with one line on each; the honest baselines first. */
export const turkontrolControllers: Readonly<Record<string, string>> = {
  fixed: 'improve, two ballots, a third if they disagree, until the allowance is used up',
  'fixed-informed': 'fixed numbers of improvements and ballots, tuned on the model; keeps by belief',
  greedy: 'looks one action ahead; for comparison only',
  'lookahead-2': 'looks two actions ahead',
  'lookahead-3': 'looks three actions ahead: the default',
  'lookahead-4': 'looks four actions ahead',
  uct: 'Monte-Carlo tree search, 500 simulations a decision',
  'point-based': 'solved offline as a POMDP on 10 cells',
};

/**
 * A controller by name. `fixed-informed` tunes its schedule and `point-based` solves the model here: a second or so.
 *
 * @throws {InputError} unknown-controller
 * @example
 * controllerNamed('lookahead-3', compileModel(model2010(1))).id; // => 'lookahead-3'
 */
export function controllerNamed(
  name: string,
  model: CompiledModel,
  random: Random = new Random(0),
): TurKontrolController {
  switch (name) {
    case 'fixed':
      return fixedSchedule(model);
    case 'fixed-informed':
      return informedSchedule(model, tuneSchedule(model, random.fork('schedules'))[0]);
    case 'greedy':
      return greedy(model);
    case 'uct':
      return uct(model);
    case 'point-based':
      return pointBased(
        model,
        solvePointBased(model, random.fork('point-based'), { cells: pointBasedCells(model.cells) }),
      );
  }
  return lookahead(model, { depth: Number(checkController(name).slice('lookahead-'.length)) });
}

/**
 * The name itself when there is such a controller: those of `turkontrolControllers` and lookahead-1 to lookahead-8.
 *
 * @throws {InputError} unknown-controller
 * @example
 * checkController('lookahead-5'); // => 'lookahead-5'
 */
export function checkController(name: string): string {
  const known = Object.keys(turkontrolControllers);
  if (/^lookahead-[1-8]$/.test(name) || known.includes(name)) return name;
  const near = nearNames(name, known);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the controllers are ${known.join(', ')}`;
  throw new InputError(`unknown controller ${shown(name)}; ${hint}`, { code: 'unknown-controller', got: name, hint });
}

/** The number of cells to solve a model on offline: its largest divisor up to 12. */
export function pointBasedCells(cells: number): number {
  for (let divisor = Math.min(12, cells); divisor >= 2; divisor--) if (cells % divisor === 0) return divisor;
  return cells;
}

export interface CompareOptions {
  /** Names of `turkontrolControllers`; default fixed, fixed-informed and lookahead-3. */
  readonly controllers?: readonly string[];
  /** Simulated tasks for each; default 1,000. */
  readonly trials?: number;
  readonly seed?: number;
  /** Most micro-units a task may cost under any controller; null for no cap. */
  readonly allowanceMicros?: number | null;
  readonly onProgress?: (controller: string, done: number, trials: number) => void;
  readonly signal?: AbortSignal;
}

/** Controllers side by side on the model's own world. */
export interface ControllerComparison {
  readonly summaries: readonly SimulationSummary[];
  /** What `fixed` was allowed to spend on a task, in micro-units: it must have some allowance. */
  readonly fixedAllowanceMicros: number;
}

/**
 * Simulates controllers on the world their model describes: what each buys for how much money.
 *
 * All meet the same first artifacts. Without an allowance the usual `fixed` workflow gets as many whole iterations as
 * lookahead 3 spends on a task, rounded up, so that the two spend about the same.
 *
 * The world is the model's: if the model is wrong, so is the comparison. Compare with `fixed-informed`, not only `fixed`.
 */
export function compareControllers(model: TurKontrolModel, options: CompareOptions = {}): ControllerComparison {
  const compiled = compileModel(model);
  const random = new Random(options.seed ?? 0);
  const names = options.controllers ?? ['fixed', 'fixed-informed', 'lookahead-3'];
  const trials = options.trials ?? 1000;
  const built = names.map((name) => controllerNamed(name, compiled, random));
  const world = worldOfModel(compiled);
  const cap = options.allowanceMicros ?? null;
  let fixedAllowanceMicros = cap ?? 0;
  if (cap === null && names.includes('fixed')) {
    const pilot = simulate(compiled, lookahead(compiled), world, random, {
      trials: Math.min(trials, 200),
      signal: options.signal,
    });
    const iteration = model.prices.improvementMicros + 3 * model.prices.ballotMicros;
    fixedAllowanceMicros = Math.max(1, Math.ceil((pilot.spent.mean * 1e6) / Math.max(1, iteration))) * iteration;
  }
  const summaries = built.map((controller, c) => {
    const summary = simulate(compiled, controller, world, random, {
      trials,
      signal: options.signal,
      allowanceMicros: names[c] === 'fixed' ? fixedAllowanceMicros : cap,
      onProgress: (done, of) => options.onProgress?.(names[c], done, of),
    });
    return { ...summary, controller: controller.id };
  });
  return { summaries, fixedAllowanceMicros };
}
