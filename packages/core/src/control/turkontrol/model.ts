import { InputError, shown } from '../../errors.ts';
import { blendVoteTables, gridQualities, voteTable } from './accuracy.ts';
import { betaCellMasses, type ImprovementModel, improvementKernel } from './improvement.ts';
import { checkUtility, type Utility, utilityOf } from './utility.ts';

/** A distribution over error parameters γ: one worker's posterior, or the population's prior for an unseen one. */
export interface ErrorDistribution {
  /** Rising, above 0. */
  readonly gammas: readonly number[];
  /** Sum to 1. */
  readonly weights: readonly number[];
}

/**
 * Everything TurKontrol knows about a kind of task: plain JSON, learned or written by hand.
 *
 * The exponent M and the γs belong together (votes identify only their product): never mix γs that were learned
 * under another M.
 */
export interface TurKontrolModel {
  readonly schema: 1;
  /** Cells of the quality grid, 2 to 200; 20 is the default of everything that makes models. */
  readonly cells: number;
  /** M of the difficulty d = 1 − |q − q′|^M. */
  readonly exponent: number;
  /** Beta(a, b) of a first artifact's quality. */
  readonly initial: { readonly a: number; readonly b: number };
  readonly improvement: ImprovementModel;
  /** γ of a voter not seen before. */
  readonly errors: ErrorDistribution;
  readonly utility: Utility;
  /** Whole micro-units of the money the utility is counted in. */
  readonly prices: { readonly improvementMicros: number; readonly ballotMicros: number };
  /** No task is improved more often than this, whatever the utility says. */
  readonly maxIterations: number;
}

/** A model with its tables, ready for beliefs and planners. Money is in units (micro-units / 1e6). */
export interface CompiledModel {
  readonly model: TurKontrolModel;
  readonly cells: number;
  readonly qualities: Float64Array;
  /** U of each cell. */
  readonly utility: Float64Array;
  /** Belief about a first artifact. */
  readonly initial: Float64Array;
  /** P(new cell | old cell), row-major. */
  readonly kernel: Float64Array;
  /** Expected utility of an improvement of each cell. */
  readonly kernelUtility: Float64Array;
  /** One vote table per γ of the model. */
  readonly voteTables: readonly Float64Array[];
  /** The vote table of an unseen voter. */
  readonly voter: Float64Array;
  readonly ballotPrice: number;
  readonly improvementPrice: number;
}

export interface CompileOptions {
  /** Another number of cells than the model's, for point-based planning. */
  readonly cells?: number;
  /** A utility of one's own instead of the model's, in units of money; must be finite on [0, 1]. */
  readonly utility?: (quality: number) => number;
}

/** 12 error parameters from 0.05 to 6 at equal ratios: the default grid of a worker's γ. */
export function defaultGammas(): number[] {
  return logSpaced(0.05, 6, 12);
}

/** `count` numbers from `low` to `high` at equal ratios. */
export function logSpaced(low: number, high: number, count: number): number[] {
  const step = Math.log(high / low) / (count - 1);
  return Array.from({ length: count }, (_, i) => low * Math.exp(i * step));
}

/**
 * ln γ ~ N(logMean, logSd²) on a grid of γs.
 *
 * @example
 * logNormalErrors(0, 1).weights.length; // => 12
 */
export function logNormalErrors(
  logMean: number,
  logSd: number,
  gammas: readonly number[] = defaultGammas(),
): ErrorDistribution {
  const weights = gammas.map((gamma) => Math.exp(-0.5 * ((Math.log(gamma) - logMean) / logSd) ** 2));
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!(sum > 0)) {
    // The mean is so far outside the grid that every weight underflows: all mass on the nearest end.
    const end = logMean > 0 ? gammas.length - 1 : 0;
    return { gammas, weights: gammas.map((_, g) => (g === end ? 1 : 0)) };
  }
  return { gammas, weights: weights.map((weight) => weight / sum) };
}

/** The mean γ of a distribution. */
export function meanGamma(errors: ErrorDistribution): number {
  return errors.gammas.reduce((sum, gamma, g) => sum + gamma * errors.weights[g], 0);
}

/**
 * The model of the 2010 simulations: first artifacts Beta(1, 9), improvement by diligence with κ = 10,
 * convex utility up to 1000, an improvement at 30 and a ballot at 10.
 *
 * `gamma` is the workers' mean error parameter for improving; ballots are easier and use half of it.
 *
 * Source: Dai, Mausam & Weld (2010); the prices and γ/2 are as remembered from the paper, not confirmed.
 *
 * @example
 * compileModel(model2010(1)).initial.length; // => 20
 */
export function model2010(gamma: number, cells = 20): TurKontrolModel {
  return {
    schema: 1,
    cells,
    exponent: 0.5,
    initial: { a: 1, b: 9 },
    improvement: { kind: 'diligence', gamma, concentration: 10 },
    errors: { gammas: [gamma / 2], weights: [1] },
    utility: { kind: 'convex', topMicros: 1_000_000_000 },
    prices: { improvementMicros: 30_000_000, ballotMicros: 10_000_000 },
    maxIterations: 50,
  };
}

/**
 * Checks a model that comes from outside and returns it typed.
 *
 * @throws {InputError} invalid-model, invalid-utility: the message names the JSON path and the fix
 */
export function checkModel(given: unknown): TurKontrolModel {
  const root = record(given, 'model');
  if (root.schema !== 1) throw refuse('model.schema', root.schema, '1');
  const initial = record(root.initial, 'model.initial');
  const prices = record(root.prices, 'model.prices');
  const errors = record(root.errors, 'model.errors');
  const cells = number(root.cells, 'model.cells', 2, 200, true);
  const gammas = numbers(errors.gammas, 'model.errors.gammas', Number.MIN_VALUE, 1e6);
  const weights = numbers(errors.weights, 'model.errors.weights', 0, 1);
  if (weights.length !== gammas.length)
    throw refuse('model.errors.weights', weights.length, `${gammas.length} weights, one per γ`);
  if (gammas.some((gamma, g) => g > 0 && gamma <= gammas[g - 1]))
    throw refuse('model.errors.gammas', gammas, 'γs in rising order');
  if (Math.abs(weights.reduce((a, b) => a + b, 0) - 1) > 1e-6)
    throw refuse('model.errors.weights', weights, 'weights that sum to 1');
  return {
    schema: 1,
    cells,
    exponent: number(root.exponent, 'model.exponent', 1e-3, 100),
    initial: {
      a: number(initial.a, 'model.initial.a', 1e-3, 1e6),
      b: number(initial.b, 'model.initial.b', 1e-3, 1e6),
    },
    improvement: checkImprovement(root.improvement),
    errors: { gammas, weights },
    utility: checkUtility(root.utility, 'model.utility'),
    prices: {
      improvementMicros: number(
        prices.improvementMicros,
        'model.prices.improvementMicros',
        0,
        Number.MAX_SAFE_INTEGER,
        true,
      ),
      ballotMicros: number(prices.ballotMicros, 'model.prices.ballotMicros', 0, Number.MAX_SAFE_INTEGER, true),
    },
    maxIterations: number(root.maxIterations ?? 50, 'model.maxIterations', 1, 10_000, true),
  };
}

/**
 * Builds the tables a model needs. About 1 ms for 20 cells and 12 γs; compile once, use for every task.
 *
 * @throws {InputError} invalid-utility when the given utility is not finite on the grid
 */
export function compileModel(model: TurKontrolModel, options: CompileOptions = {}): CompiledModel {
  const cells = options.cells ?? model.cells;
  const qualities = gridQualities(cells);
  const worth = options.utility ?? ((quality: number) => utilityOf(model.utility, quality));
  const utility = Float64Array.from(qualities, worth);
  const bad = utility.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InputError(
      `invalid utility: ${utility[bad]} at quality ${qualities[bad]}; give a function that is finite on [0, 1]`,
      {
        code: 'invalid-utility',
        got: String(utility[bad]),
        hint: 'give a function that is finite on [0, 1]',
      },
    );
  }
  const kernel = improvementKernel(model.improvement, cells);
  const voteTables = model.errors.gammas.map((gamma) => voteTable(cells, model.exponent, gamma));
  return {
    model,
    cells,
    qualities,
    utility,
    initial: betaCellMasses(model.initial.a, model.initial.b, cells),
    kernel,
    kernelUtility: timesVector(kernel, utility, cells),
    voteTables,
    voter: blendVoteTables(voteTables, model.errors.weights),
    ballotPrice: model.prices.ballotMicros / 1e6,
    improvementPrice: model.prices.improvementMicros / 1e6,
  };
}

/** Row-major matrix times vector. */
export function timesVector(matrix: Float64Array, vector: Float64Array, cells: number): Float64Array {
  const product = new Float64Array(cells);
  for (let i = 0; i < cells; i++) {
    let sum = 0;
    for (let j = 0; j < cells; j++) sum += matrix[i * cells + j] * vector[j];
    product[i] = sum;
  }
  return product;
}

function checkImprovement(given: unknown): ImprovementModel {
  const improvement = record(given, 'model.improvement');
  const path = 'model.improvement.concentration';
  const concentration = Array.isArray(improvement.concentration)
    ? numbers(improvement.concentration, path, -1e6, 1e6)
    : number(improvement.concentration, path, 1e-3, 1e6);
  if (improvement.kind === 'diligence') {
    return { kind: 'diligence', gamma: number(improvement.gamma, 'model.improvement.gamma', 1e-6, 1e6), concentration };
  }
  if (improvement.kind !== 'polynomial')
    throw refuse('model.improvement.kind', improvement.kind, 'polynomial or diligence');
  return {
    kind: 'polynomial',
    coefficients: numbers(improvement.coefficients, 'model.improvement.coefficients', -1e6, 1e6),
    concentration,
  };
}

function record(given: unknown, path: string): Record<string, unknown> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw refuse(path, given, 'an object');
  return given as Record<string, unknown>;
}

function number(given: unknown, path: string, min: number, max: number, whole = false): number {
  const fits = typeof given === 'number' && given >= min && given <= max && (!whole || Number.isInteger(given));
  if (!fits) throw refuse(path, given, `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`);
  return given;
}

function numbers(given: unknown, path: string, min: number, max: number): number[] {
  if (!Array.isArray(given) || given.length === 0) throw refuse(path, given, 'a list of numbers');
  return given.map((value, i) => number(value, `${path}[${i}]`, min, max));
}

function refuse(path: string, got: unknown, expected: string): InputError {
  const state = got === undefined ? 'missing' : 'invalid';
  return new InputError(`${state} ${path}: ${shown(got)}; expected ${expected}`, {
    code: 'invalid-model',
    path,
    got: shown(got),
    hint: `give ${expected}`,
  });
}
