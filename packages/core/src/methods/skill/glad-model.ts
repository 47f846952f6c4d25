import type { Random } from '../../math/random.ts';

/** The constants of GLAD, beside the answers. */
export interface GladSetting {
  readonly abilityMean: number;
  readonly abilitySd: number;
  readonly easeMean: number;
  readonly easeSd: number;
  /** Are the last K parameters the logits of the class prior? Otherwise it is uniform. */
  readonly estimatePrior: boolean;
}

/**
 * A log-posterior of GLAD to climb. Parameters begin with the abilities (W) and end with the logits
 * of the class prior (K) where it is estimated.
 */
export interface GladModel {
  readonly size: number;
  /** The value at `parameters`; writes its gradient. NaN where it cannot be evaluated. May pause. */
  evaluate(parameters: Float64Array, gradient: Float64Array): Generator<unknown, number, void>;
  /** T×K posteriors at the parameters evaluated last. */
  posterior(): Float64Array;
  /** Class prior at the parameters evaluated last, K. */
  readonly prior: Float64Array;
  /** Scale of each parameter: about one over the root of its curvature. */
  units(): Float64Array;
  /** The prior means as a start; with `random`, draws from the priors in the given orders. */
  start(random: Random | undefined, workers: Uint32Array, tasks: Uint32Array): Float64Array;
  /** Ease of each task (T) and its standard error, at the parameters evaluated last. May pause. */
  eases(
    parameters: Float64Array,
  ): Generator<unknown, { readonly ease: Float64Array; readonly error: Float64Array }, void>;
  /** The distribution of e^ease over the tasks with answers, as weighted values; weights sum to 1. May pause. */
  typicalScales(
    parameters: Float64Array,
  ): Generator<unknown, { readonly scale: Float64Array; readonly weight: Float64Array }, void>;
  /**
   * Ends of the interval of each ability with `tail` outside on each side, given its standard error and
   * the diagonal of its information. May pause.
   */
  intervals(
    parameters: Float64Array,
    error: Float64Array,
    diagonal: Float64Array,
    tail: number,
  ): Generator<unknown, { readonly lo: Float64Array; readonly hi: Float64Array }, void>;
  /** The observed information of the abilities at the parameters evaluated last. May pause. */
  information(parameters: Float64Array): Generator<unknown, AbilityInformation, void>;
}

/** A W×W information matrix by its parts, never written out unless small. */
export interface AbilityInformation {
  /** The diagonal of the matrix, W. */
  readonly diagonal: Float64Array;
  /** The diagonal if the labels were known, W: positive always. */
  readonly complete: Float64Array;
  /** The whole matrix, by rows. */
  dense(): Float64Array;
  /** out ← matrix · x. May pause. */
  multiply(x: Float64Array, out: Float64Array): Generator<unknown, void, void>;
}

/** Curvature of one answer at the paper's prior means, σ(e)·σ(−e)·e²: it scales the parameters. */
export const typicalCurvature = 0.43;

/** Writes softmax of the logits from `from` on to `prior`. */
export function priorFromLogits(parameters: Float64Array, from: number, prior: Float64Array): void {
  let top = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < prior.length; k++) top = Math.max(top, parameters[from + k]);
  let sum = 0;
  for (let k = 0; k < prior.length; k++) {
    prior[k] = Math.exp(parameters[from + k] - top);
    sum += prior[k];
  }
  for (let k = 0; k < prior.length; k++) prior[k] /= sum;
}
