import { InputError } from '../../errors.ts';
import type { Random } from '../../math/random.ts';
import { marginalOf, normalise, type Which, yesChance } from './belief.ts';
import { gridOf } from './beliefs.ts';
import {
  type ActionValues,
  bestAction,
  betterArtifact,
  type ControlState,
  type Decision,
  decisionOf,
  remainingMicros,
  type TurKontrolAction,
  type TurKontrolController,
  tieTolerance,
} from './controller.ts';
import { type CompiledModel, compileModel } from './model.ts';

export interface PointBasedOptions {
  /** Cells of the grid to solve on; must divide the model's. Default 10: 100 states. */
  readonly cells?: number;
  /** Beliefs at which the value is improved; default 400. */
  readonly beliefs?: number;
  /** Most sweeps over them; default 40, about 15 are needed. */
  readonly sweeps?: number;
  /** The mean value must change by more than this for another sweep; default 1e-4. */
  readonly tolerance?: number;
}

/** A solved point-based value function: the largest of its vectors at a belief is a lower bound of the true value. */
export interface PointBasedSolution {
  readonly model: CompiledModel;
  /** m × m numbers each: the worth of following one plan from every pair of qualities. */
  readonly vectors: readonly Float64Array[];
  readonly sweeps: number;
  readonly converged: boolean;
  /** Mean value of the lower bound over the beliefs used, and of the fully observed upper bound. */
  readonly meanValue: number;
  readonly meanBound: number;
}

/**
 * Solves the workflow offline as a POMDP over pairs of grid qualities, by point-based value iteration.
 *
 * States (i, j); actions: submit either artifact, ballot, improve either artifact. Undiscounted: every plan that keeps
 * paying loses to submitting in the end. About 2 s for 100 states and 400 beliefs. The allowance and the cap on
 * iterations are not part of the solved problem; the controller only refuses what does not fit.
 *
 * Source: Pineau, Gordon & Thrun (2003); the POMDP is that of Dai, Lin, Mausam & Weld (2013).
 *
 * @throws {InputError} invalid-cells
 */
export function solvePointBased(
  fine: CompiledModel,
  random: Random,
  options: PointBasedOptions = {},
): PointBasedSolution {
  const cells = options.cells ?? Math.min(10, fine.cells);
  if (fine.cells % cells !== 0) {
    throw new InputError(
      `invalid cells ${cells}: must divide the model's ${fine.cells}; use a divisor or another model`,
      {
        code: 'invalid-cells',
        got: String(cells),
        hint: `use a divisor of ${fine.cells}`,
      },
    );
  }
  const model = cells === fine.cells ? fine : coarseModel(fine, cells);
  const beliefs = sampleBeliefs(model, random, options.beliefs ?? 400);
  const tolerance = options.tolerance ?? 1e-4;
  const most = options.sweeps ?? 40;
  const backup = new Backup(model);
  let vectors: Float64Array[] = backup.submitVectors();
  let mean = meanValue(beliefs, vectors);
  let sweeps = 0;
  let converged = false;
  while (sweeps < most && !converged) {
    const next: Float64Array[] = backup.submitVectors();
    for (const belief of beliefs) keepNew(next, backup.best(belief, vectors));
    vectors = next;
    sweeps++;
    const now = meanValue(beliefs, vectors);
    converged = Math.abs(now - mean) < tolerance;
    mean = now;
  }
  const bound = observedBound(model);
  return { model, vectors, sweeps, converged, meanValue: mean, meanBound: meanValue(beliefs, [bound]) };
}

/** A controller that follows a solved value function, by one exact backup at the belief it is asked about. */
export function pointBased(fine: CompiledModel, solution: PointBasedSolution): TurKontrolController {
  const { model, vectors } = solution;
  const backup = new Backup(model);
  const id = `point-based-${model.cells}`;
  return {
    id,
    decide(state: ControlState, _random: Random): Decision {
      const paired = state.belief.stage === 'pair';
      const grid = coarsened(gridOf(state.belief), fine.cells, model.cells, paired);
      const remaining = remainingMicros(state);
      const mayImprove =
        state.iterations < fine.model.maxIterations && remaining >= fine.model.prices.improvementMicros;
      const mayVote = paired && remaining >= fine.model.prices.ballotMicros;
      // A single artifact stands in the diagonal, where improving the old or the new one is the same.
      const found = backup.values(paired ? grid : onDiagonal(grid), vectors);
      const improve = Math.max(found.improveOld, found.improveNew);
      const values: ActionValues = {
        submit: Math.max(found.submitOld, found.submitNew),
        ballot: mayVote ? found.ballot : null,
        improve: mayImprove ? improve : null,
      };
      const keep = betterArtifact(fine, gridOf(state.belief), state.belief.stage);
      let action: TurKontrolAction = bestAction(values, keep);
      if (action.kind === 'improve' && paired) {
        action = { kind: 'improve', base: found.improveNew > found.improveOld + tieTolerance ? 'new' : 'old' };
      }
      return decisionOf(
        fine,
        state,
        id,
        action,
        values,
        0,
        `${vectors.length} plans solved offline on ${model.cells} cells.`,
      );
    },
  };
}

/**
 * The value of every pair of qualities if both could be seen: an upper bound of every controller's value.
 *
 * @example
 * observedBound(compileModel(model2010(1, 10))).length; // => 100
 */
export function observedBound(model: CompiledModel): Float64Array {
  const { cells, utility, kernel, improvementPrice } = model;
  const bound = new Float64Array(cells * cells);
  const improved = new Float64Array(cells);
  for (let round = 0; round < 10_000; round++) {
    for (let i = 0; i < cells; i++) {
      let sum = 0;
      for (let j = 0; j < cells; j++) sum += kernel[i * cells + j] * bound[i * cells + j];
      improved[i] = sum - improvementPrice;
    }
    let change = 0;
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) {
        const value = Math.max(utility[i], utility[j], improved[i], improved[j]);
        change = Math.max(change, Math.abs(value - bound[i * cells + j]));
        bound[i * cells + j] = value;
      }
    }
    if (change < 1e-10) break;
  }
  return bound;
}

interface Backups {
  readonly submitOld: number;
  readonly submitNew: number;
  readonly ballot: number;
  readonly improveOld: number;
  readonly improveNew: number;
}

/** Exact one-step backups of a set of vectors at a belief. */
class Backup {
  readonly #model: CompiledModel;
  readonly #yes: Float64Array;
  readonly #no: Float64Array;
  readonly #fresh: [Float64Array, Float64Array];
  // Which vector is best after yes, after no, after improving old, after improving new.
  #afterYes = 0;
  #afterNo = 0;
  #afterOld = 0;
  #afterNew = 0;

  constructor(model: CompiledModel) {
    const size = model.cells * model.cells;
    this.#model = model;
    this.#yes = new Float64Array(size);
    this.#no = new Float64Array(size);
    this.#fresh = [new Float64Array(size), new Float64Array(size)];
  }

  submitVectors(): Float64Array[] {
    const { cells, utility } = this.#model;
    const old = Float64Array.from({ length: cells * cells }, (_, c) => utility[Math.floor(c / cells)]);
    const candidate = Float64Array.from({ length: cells * cells }, (_, c) => utility[c % cells]);
    return [old, candidate];
  }

  values(belief: Float64Array, vectors: readonly Float64Array[]): Backups {
    const { cells, kernel, voter, utility, ballotPrice, improvementPrice } = this.#model;
    for (let c = 0; c < belief.length; c++) {
      this.#yes[c] = belief[c] * voter[c];
      this.#no[c] = belief[c] - this.#yes[c];
    }
    let submitOld = 0;
    let submitNew = 0;
    for (const [side, which] of [
      [0, 'old'],
      [1, 'new'],
    ] as [number, Which][]) {
      const marginal = marginalOf(belief, cells, which);
      const fresh = this.#fresh[side];
      let submit = 0;
      for (let i = 0; i < cells; i++) {
        submit += marginal[i] * utility[i];
        for (let j = 0; j < cells; j++) fresh[i * cells + j] = marginal[i] * kernel[i * cells + j];
      }
      if (side === 0) submitOld = submit;
      else submitNew = submit;
    }
    this.#afterYes = argmax(this.#yes, vectors);
    this.#afterNo = argmax(this.#no, vectors);
    this.#afterOld = argmax(this.#fresh[0], vectors);
    this.#afterNew = argmax(this.#fresh[1], vectors);
    return {
      submitOld,
      submitNew,
      ballot: dot(this.#yes, vectors[this.#afterYes]) + dot(this.#no, vectors[this.#afterNo]) - ballotPrice,
      improveOld: dot(this.#fresh[0], vectors[this.#afterOld]) - improvementPrice,
      improveNew: dot(this.#fresh[1], vectors[this.#afterNew]) - improvementPrice,
    };
  }

  /** The vector of the best action at a belief; null where submitting is best, whose vectors are always kept. */
  best(belief: Float64Array, vectors: readonly Float64Array[]): Float64Array | null {
    const { cells, kernel, voter, ballotPrice, improvementPrice } = this.#model;
    const values = this.values(belief, vectors);
    const submit = Math.max(values.submitOld, values.submitNew);
    const improve = Math.max(values.improveOld, values.improveNew);
    if (submit + tieTolerance >= Math.max(values.ballot, improve)) return null;
    const vector = new Float64Array(cells * cells);
    if (values.ballot + tieTolerance >= improve) {
      const yes = vectors[this.#afterYes];
      const no = vectors[this.#afterNo];
      for (let c = 0; c < vector.length; c++) vector[c] = voter[c] * yes[c] + (1 - voter[c]) * no[c] - ballotPrice;
      return vector;
    }
    const ofOld = values.improveOld + tieTolerance >= values.improveNew;
    const after = vectors[ofOld ? this.#afterOld : this.#afterNew];
    for (let i = 0; i < cells; i++) {
      let worth = -improvementPrice;
      for (let j = 0; j < cells; j++) worth += kernel[i * cells + j] * after[i * cells + j];
      for (let j = 0; j < cells; j++) vector[ofOld ? i * cells + j : j * cells + i] = worth;
    }
    return vector;
  }
}

/** Beliefs met on random runs: 65 % ballots with sampled votes, else improvements. */
function sampleBeliefs(model: CompiledModel, random: Random, count: number): Float64Array[] {
  const { cells, kernel, voter } = model;
  const beliefs: Float64Array[] = [];
  while (beliefs.length < count) {
    let marginal: Float64Array = model.initial.slice();
    let pair: Float64Array | null = null;
    for (let step = 0; step < 30 && beliefs.length < count; step++) {
      if (pair === null || random.uniform() >= 0.65) {
        if (pair !== null) {
          const old = marginalOf(pair, cells, 'old');
          const candidate = marginalOf(pair, cells, 'new');
          marginal = dot(candidate, model.utility) > dot(old, model.utility) ? candidate : old;
        } else beliefs.push(onDiagonal(marginal));
        pair = new Float64Array(cells * cells);
        for (let i = 0; i < cells; i++) {
          for (let j = 0; j < cells; j++) pair[i * cells + j] = marginal[i] * kernel[i * cells + j];
        }
      } else {
        const yes: boolean = random.uniform() < yesChance(pair, voter);
        pair = pair.map((b, c) => b * (yes ? voter[c] : 1 - voter[c]));
      }
      normalise(pair);
      beliefs.push(pair);
    }
  }
  return beliefs.slice(0, count);
}

/** The model on fewer cells, with the fine model's own utility averaged over the cells that merge. */
function coarseModel(fine: CompiledModel, cells: number): CompiledModel {
  const ratio = fine.cells / cells;
  return compileModel(fine.model, {
    cells,
    utility: (quality) => {
      const from = Math.floor(quality * cells) * ratio;
      let sum = 0;
      for (let i = 0; i < ratio; i++) sum += fine.utility[from + i];
      return sum / ratio;
    },
  });
}

function coarsened(grid: Float64Array, from: number, to: number, paired: boolean): Float64Array {
  if (from === to) return grid;
  const ratio = from / to;
  const coarse = new Float64Array(paired ? to * to : to);
  for (let c = 0; c < grid.length; c++) {
    const row = Math.floor(Math.floor(paired ? c / from : c) / ratio);
    coarse[paired ? row * to + Math.floor((c % from) / ratio) : row] += grid[c];
  }
  return coarse;
}

function onDiagonal(marginal: Float64Array): Float64Array {
  const cells = marginal.length;
  const pair = new Float64Array(cells * cells);
  for (let i = 0; i < cells; i++) pair[i * cells + i] = marginal[i];
  return pair;
}

function keepNew(vectors: Float64Array[], vector: Float64Array | null): void {
  if (vector === null) return;
  for (const known of vectors) {
    let same = true;
    for (let c = 0; c < vector.length && same; c++) same = Math.abs(known[c] - vector[c]) < 1e-9;
    if (same) return;
  }
  vectors.push(vector);
}

function meanValue(beliefs: readonly Float64Array[], vectors: readonly Float64Array[]): number {
  let sum = 0;
  for (const belief of beliefs) sum += dot(belief, vectors[argmax(belief, vectors)]);
  return sum / beliefs.length;
}

function argmax(belief: Float64Array, vectors: readonly Float64Array[]): number {
  let best = 0;
  let value = Number.NEGATIVE_INFINITY;
  for (let v = 0; v < vectors.length; v++) {
    const found = dot(belief, vectors[v]);
    if (found > value) {
      value = found;
      best = v;
    }
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < a.length; c++) sum += a[c] * b[c];
  return sum;
}
