import type { Random } from '../../math/random.ts';
import type { Vote } from './belief.ts';
import { gridOf } from './beliefs.ts';
import {
  type ActionValues,
  bestAction,
  betterArtifact,
  type ControlState,
  type Decision,
  decisionOf,
  remainingMicros,
  type TurKontrolController,
} from './controller.ts';
import { type CompiledModel, timesVector } from './model.ts';

export interface LookaheadOptions {
  /** Actions to look ahead; default 3. 1 is the greedy controller, which stops where two actions must pay together. */
  readonly depth?: number;
}

/**
 * Full expectimax over `depth` actions, then the best first action; repeated after every answer.
 *
 * The default controller. Depth 1 (`greedy`) is for comparison only: it sees no use in an improvement whose worth
 * shows after a ballot. The search works on beliefs that are not normalised (values scale with the mass, so the
 * probability of a vote need not be divided out), on buffers that are allocated once, and merges the orders of yes
 * and no votes in a transposition table. Depth 3 on 20 cells takes about 0.05 ms.
 *
 * Not safe to share between threads; one instance serves any number of tasks one after the other.
 *
 * Source: the limited-lookahead controller of Dai, Mausam & Weld (2010); improving keeps the artifact of larger
 * expected utility.
 *
 * @example
 * const model = compileModel(model2010(1));
 * const start = startWorkflow(workflowContext(model));
 * lookahead(model).decide(start, new Random(1)).action; // => { kind: 'improve', base: 'old' }
 */
export function lookahead(model: CompiledModel, options: LookaheadOptions = {}): TurKontrolController {
  const depth = options.depth ?? 3;
  const search = new LookaheadSearch(model, depth);
  const id = depth === 1 ? 'greedy' : `lookahead-${depth}`;
  return {
    id,
    decide(state: ControlState, _random: Random): Decision {
      const values = search.evaluate(state);
      const keep = betterArtifact(model, gridOf(state.belief), state.belief.stage);
      return decisionOf(model, state, id, bestAction(values, keep), values, depth, '');
    },
  };
}

/** Depth-1 lookahead: the honest name of a baseline. */
export function greedy(model: CompiledModel): TurKontrolController {
  return lookahead(model, { depth: 1 });
}

/**
 * The value recursion of lookahead with its buffers:
 * V₀ = submit, Vₙ = max(submit, −c_bal + Σ_v P(v) Vₙ₋₁(B_v), −c_imp + Vₙ₋₁(p·T)).
 *
 * A matrix of level l holds the belief after l actions, unnormalised. `factored` beliefs are projected on the product
 * of their marginals after every step, which is exactly the separate update of the 2010 paper; their votes do not
 * commute, so nothing is merged then.
 */
export class LookaheadSearch {
  readonly #model: CompiledModel;
  readonly #depth: number;
  readonly #pairs: Float64Array[] = [];
  readonly #rows: Float64Array[] = [];
  readonly #columns: Float64Array[] = [];
  readonly #memo: Float64Array[] = [];
  // What a pair fresh from an improvement needs at the last level but one, per cell of the improved artifact.
  readonly #yesMass: Float64Array;
  readonly #yesNew: Float64Array;
  readonly #yesNewUtility: Float64Array;
  readonly #twice: Float64Array;
  #factored = false;
  readonly #ballotMicros: number;
  readonly #improvementMicros: number;
  #mayImprove = true;
  readonly #ballotPrice: number;
  readonly #improvementPrice: number;
  // The three action values of the node evaluated last; −Infinity where not available.
  #submit = 0;
  #ballot = 0;
  #improve = 0;

  constructor(model: CompiledModel, depth: number) {
    const { cells } = model;
    this.#model = model;
    this.#depth = depth;
    for (let level = 0; level <= depth; level++) {
      this.#pairs.push(new Float64Array(cells * cells));
      this.#rows.push(new Float64Array(cells));
      this.#columns.push(new Float64Array(cells));
      this.#memo.push(new Float64Array((depth + 1) * (depth + 1)));
    }
    this.#yesMass = new Float64Array(cells);
    this.#yesNew = new Float64Array(cells);
    for (let i = 0; i < cells; i++) {
      for (let j = 0; j < cells; j++) {
        const yes = model.kernel[i * cells + j] * model.voter[i * cells + j];
        this.#yesMass[i] += yes;
        this.#yesNew[i] += yes * model.utility[j];
      }
    }
    this.#yesNewUtility = this.#yesMass.map((mass, i) => mass * model.utility[i]);
    this.#twice = timesVector(model.kernel, model.kernelUtility, cells);
    this.#ballotMicros = model.model.prices.ballotMicros;
    this.#improvementMicros = model.model.prices.improvementMicros;
    this.#ballotPrice = model.ballotPrice;
    this.#improvementPrice = model.improvementPrice;
  }

  /** The three action values at a state, in units of money. */
  evaluate(state: ControlState): ActionValues {
    const { cells } = this.#model;
    const { belief } = state;
    const grid = gridOf(belief);
    this.#factored = belief.form === 'factored';
    const remaining = remainingMicros(state);
    const { model } = this.#model;
    this.#mayImprove = state.iterations < model.maxIterations;
    if (belief.stage === 'single') {
      let submit = 0;
      for (let i = 0; i < cells; i++) submit += grid[i] * this.#model.utility[i];
      this.#rows[0].set(grid);
      const improve =
        this.#depth > 0 && this.#mayImprove && remaining >= this.#improvementMicros
          ? this.#improved(this.#rows[0], 1, this.#depth - 1, remaining - this.#improvementMicros) -
            this.#improvementPrice
          : null;
      return { submit, ballot: null, improve };
    }
    this.#pairs[0].set(grid);
    this.#memo[0].fill(Number.NaN);
    this.#pair(0, this.#depth, remaining, 0, 0, 0);
    return {
      submit: this.#submit,
      ballot: this.#ballot === Number.NEGATIVE_INFINITY ? null : this.#ballot,
      improve: this.#improve === Number.NEGATIVE_INFINITY ? null : this.#improve,
    };
  }

  /**
   * Value of the pair in matrix `level` with `n` actions left; `phase` is the level at which voting on this pair began
   * and `yes`, `no` the votes since. Leaves the three action values behind.
   */
  #pair(level: number, n: number, remaining: number, phase: number, yes: number, no: number): number {
    const { cells, utility, kernelUtility, voter } = this.#model;
    const pair = this.#pairs[level];
    const columns = this.#columns[level];
    const rows = this.#rows[level];
    columns.fill(0);
    let mass = 0;
    let old = 0;
    let candidate = 0;
    let oldImproved = 0;
    let newImproved = 0;
    let yesOld = 0;
    let yesNew = 0;
    if (n === 1) {
      for (let i = 0; i < cells; i++) {
        const from = i * cells;
        let row = 0;
        let rowYes = 0;
        for (let j = 0; j < cells; j++) {
          const b = pair[from + j];
          const agreeing = b * voter[from + j];
          row += b;
          rowYes += agreeing;
          candidate += b * utility[j];
          newImproved += b * kernelUtility[j];
          yesNew += agreeing * utility[j];
        }
        mass += row;
        old += row * utility[i];
        oldImproved += row * kernelUtility[i];
        yesOld += rowYes * utility[i];
      }
    } else {
      for (let i = 0; i < cells; i++) {
        const from = i * cells;
        let row = 0;
        for (let j = 0; j < cells; j++) {
          const b = pair[from + j];
          row += b;
          columns[j] += b;
        }
        rows[i] = row;
        mass += row;
        old += row * utility[i];
      }
      for (let j = 0; j < cells; j++) candidate += columns[j] * utility[j];
    }
    const newBetter = candidate > old + 1e-12 * mass;
    const submit = newBetter ? candidate : old;
    if (n === 0) return this.#leave(submit, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);

    const mayVote = remaining >= this.#ballotMicros;
    const mayImprove = this.#mayImprove && remaining >= this.#improvementMicros;
    let ballot = Number.NEGATIVE_INFINITY;
    let improve = Number.NEGATIVE_INFINITY;
    if (n === 1) {
      if (mayVote) {
        ballot = Math.max(yesOld, yesNew) + Math.max(old - yesOld, candidate - yesNew) - this.#ballotPrice * mass;
      }
      if (mayImprove) {
        const base = newBetter ? candidate : old;
        improve = Math.max(base, newBetter ? newImproved : oldImproved) - this.#improvementPrice * mass;
      }
      return this.#leave(submit, ballot, improve);
    }
    if (mayImprove) {
      const base = newBetter ? columns : rows;
      improve =
        this.#improved(base, level + 1, n - 1, remaining - this.#improvementMicros) - this.#improvementPrice * mass;
    }
    if (mayVote) {
      const left = remaining - this.#ballotMicros;
      ballot =
        this.#voted(level, n - 1, left, phase, yes + 1, no, 1) +
        this.#voted(level, n - 1, left, phase, yes, no + 1, 0) -
        this.#ballotPrice * mass;
    }
    return this.#leave(submit, ballot, improve);
  }

  /** Value after one more vote on the pair of `level`; `yes` and `no` count it already. */
  #voted(level: number, n: number, remaining: number, phase: number, yes: number, no: number, vote: Vote): number {
    const memo = this.#memo[phase];
    const key = yes * (this.#depth + 1) + no;
    const known = memo[key];
    if (!this.#factored && !Number.isNaN(known)) return known;
    const { voter } = this.#model;
    const pair = this.#pairs[level];
    const next = this.#pairs[level + 1];
    if (vote === 1) for (let c = 0; c < pair.length; c++) next[c] = pair[c] * voter[c];
    else for (let c = 0; c < pair.length; c++) next[c] = pair[c] * (1 - voter[c]);
    if (this.#factored) this.#project(level + 1);
    const value = this.#pair(level + 1, n, remaining, phase, yes, no);
    memo[key] = value;
    return value;
  }

  /** Value of the pair made by improving an artifact of marginal `base`, built at `level`. */
  #improved(base: Float64Array, level: number, n: number, remaining: number): number {
    const { cells, kernel, utility, kernelUtility } = this.#model;
    if (n <= 1 && !this.#factored) return this.#freshPair(base, n, remaining);
    const pair = this.#pairs[level];
    for (let i = 0; i < cells; i++) {
      const from = i * cells;
      const mass = base[i];
      for (let j = 0; j < cells; j++) pair[from + j] = mass * kernel[from + j];
    }
    if (this.#factored) {
      if (n === 0) {
        let old = 0;
        let candidate = 0;
        for (let i = 0; i < cells; i++) {
          old += base[i] * utility[i];
          candidate += base[i] * kernelUtility[i];
        }
        return Math.max(old, candidate);
      }
      this.#project(level);
    }
    this.#memo[level].fill(Number.NaN);
    return this.#pair(level, n, remaining, level, 0, 0);
  }

  /** V₀ or V₁ of p·T in O(m), from sums over the kernel that never change. */
  #freshPair(base: Float64Array, n: number, remaining: number): number {
    const { cells, utility, kernelUtility } = this.#model;
    let mass = 0;
    let old = 0;
    let candidate = 0;
    let twice = 0;
    let yesOld = 0;
    let yesNew = 0;
    for (let i = 0; i < cells; i++) {
      const p = base[i];
      mass += p;
      old += p * utility[i];
      candidate += p * kernelUtility[i];
      twice += p * this.#twice[i];
      yesOld += p * this.#yesNewUtility[i];
      yesNew += p * this.#yesNew[i];
    }
    let value = Math.max(old, candidate);
    if (n === 0) return value;
    if (remaining >= this.#ballotMicros) {
      const ballot = Math.max(yesOld, yesNew) + Math.max(old - yesOld, candidate - yesNew) - this.#ballotPrice * mass;
      if (ballot > value) value = ballot;
    }
    if (this.#mayImprove && remaining >= this.#improvementMicros) {
      const newBetter = candidate > old + 1e-12 * mass;
      const improve =
        Math.max(newBetter ? candidate : old, newBetter ? twice : candidate) - this.#improvementPrice * mass;
      if (improve > value) value = improve;
    }
    return value;
  }

  /** Replaces a pair by the product of its marginals, of the same mass. */
  #project(level: number): void {
    const { cells } = this.#model;
    const pair = this.#pairs[level];
    const rows = this.#rows[level];
    const columns = this.#columns[level];
    columns.fill(0);
    let mass = 0;
    for (let i = 0; i < cells; i++) {
      let row = 0;
      for (let j = 0; j < cells; j++) {
        const b = pair[i * cells + j];
        row += b;
        columns[j] += b;
      }
      rows[i] = row;
      mass += row;
    }
    if (!(mass > 0)) return;
    for (let i = 0; i < cells; i++) {
      const share = rows[i] / mass;
      for (let j = 0; j < cells; j++) pair[i * cells + j] = share * columns[j];
    }
  }

  #leave(submit: number, ballot: number, improve: number): number {
    this.#submit = submit;
    this.#ballot = ballot;
    this.#improve = improve;
    return Math.max(submit, ballot, improve);
  }
}
