import type { Random } from '../../math/random.ts';
import { expectation, marginalOf, type Which, yesChance } from './belief.ts';
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
  tieTolerance,
} from './controller.ts';
import type { CompiledModel } from './model.ts';

export interface UctOptions {
  /** Simulations per decision; default 500, the least that is worth using. */
  readonly simulations?: number;
  /** C of the confidence bound, in units of money; default 6 % of the utility's range. */
  readonly exploration?: number;
  /** Actions after which a simulation ends; default 20. */
  readonly depthCap?: number;
}

const SUBMIT = 0;
const BALLOT = 1;
const IMPROVE = 2;

/**
 * Monte-Carlo tree search over beliefs (upper confidence bounds on trees).
 *
 * Sees further than lookahead at a cost of milliseconds per decision, and is noisy: with 500 simulations it is no
 * better than lookahead 3 in the 2010 setting. A new node is worth its submit value, which is an exact lower bound,
 * so there are no random rollouts. The random numbers of a decision come from the generator it is given: the same
 * generator gives the same tree.
 *
 * Source: Kocsis & Szepesvári (2006) for UCT; Dai, Mausam & Weld (2010) for its use here.
 */
export function uct(model: CompiledModel, options: UctOptions = {}): TurKontrolController {
  const simulations = options.simulations ?? 500;
  const depthCap = options.depthCap ?? 20;
  const range = Math.max(...model.utility) - Math.min(...model.utility);
  const exploration = options.exploration ?? 0.06 * range;
  const id = `uct-${simulations}`;
  return {
    id,
    decide(state: ControlState, random: Random): Decision {
      const tree = new BeliefTree(model, state, exploration, depthCap);
      for (let s = 0; s < simulations; s++) tree.simulate(random);
      const values = tree.values();
      const keep = betterArtifact(model, gridOf(state.belief), state.belief.stage);
      const visits = tree.visits();
      const reason = `${simulations} simulations: ${visits[BALLOT]} began with a vote, ${visits[IMPROVE]} with an improvement.`;
      return decisionOf(model, state, id, bestAction(values, keep), values, depthCap, reason);
    },
  };
}

interface Node {
  readonly grid: Float64Array;
  readonly paired: boolean;
  readonly keep: Which;
  readonly submit: number;
  readonly yes: number;
  readonly remaining: number;
  readonly iterations: number;
  visits: number;
  readonly count: [number, number, number];
  readonly total: [number, number, number];
  /** After yes, after no, after an improvement. */
  readonly children: [Node | null, Node | null, Node | null];
}

class BeliefTree {
  readonly #model: CompiledModel;
  readonly #root: Node;
  readonly #exploration: number;
  readonly #depthCap: number;

  constructor(model: CompiledModel, state: ControlState, exploration: number, depthCap: number) {
    this.#model = model;
    this.#exploration = exploration;
    this.#depthCap = depthCap;
    this.#root = this.#node(
      gridOf(state.belief),
      state.belief.stage === 'pair',
      remainingMicros(state),
      state.iterations,
    );
  }

  simulate(random: Random): void {
    this.#visit(this.#root, 0, random);
  }

  values(): ActionValues {
    const { count, total, submit } = this.#root;
    return {
      submit,
      ballot: count[BALLOT] > 0 ? total[BALLOT] / count[BALLOT] : null,
      improve: count[IMPROVE] > 0 ? total[IMPROVE] / count[IMPROVE] : null,
    };
  }

  visits(): readonly number[] {
    return this.#root.count;
  }

  #visit(node: Node, depth: number, random: Random): number {
    if (depth === this.#depthCap) return node.submit;
    const action = this.#choose(node);
    node.visits++;
    node.count[action]++;
    let value = node.submit;
    if (action !== SUBMIT) {
      const slot = action === IMPROVE ? 2 : random.uniform() < node.yes ? 0 : 1;
      const child = node.children[slot];
      value = -(action === BALLOT ? this.#model.ballotPrice : this.#model.improvementPrice);
      if (child === null) {
        const created = this.#child(node, slot);
        node.children[slot] = created;
        value += created.submit;
      } else value += this.#visit(child, depth + 1, random);
    }
    node.total[action] += value;
    return value;
  }

  #choose(node: Node): number {
    const { prices, maxIterations } = this.#model.model;
    const log = Math.log(node.visits + 1);
    let best = SUBMIT;
    let bound = Number.NEGATIVE_INFINITY;
    for (let action = SUBMIT; action <= IMPROVE; action++) {
      if (action === BALLOT && (!node.paired || node.remaining < prices.ballotMicros)) continue;
      if (action === IMPROVE && (node.iterations >= maxIterations || node.remaining < prices.improvementMicros))
        continue;
      const count = node.count[action];
      if (count === 0) return action;
      const value = node.total[action] / count + this.#exploration * Math.sqrt(log / count);
      if (value > bound) {
        bound = value;
        best = action;
      }
    }
    return best;
  }

  #child(node: Node, slot: number): Node {
    const { cells, kernel, voter, model } = this.#model;
    const grid = new Float64Array(cells * cells);
    if (slot === 2) {
      const kept = node.paired ? marginalOf(node.grid, cells, node.keep) : node.grid;
      for (let i = 0; i < cells; i++) {
        for (let j = 0; j < cells; j++) grid[i * cells + j] = kept[i] * kernel[i * cells + j];
      }
      return this.#node(grid, true, node.remaining - model.prices.improvementMicros, node.iterations + 1);
    }
    const scale = 1 / (slot === 0 ? node.yes : 1 - node.yes);
    for (let c = 0; c < grid.length; c++) grid[c] = node.grid[c] * (slot === 0 ? voter[c] : 1 - voter[c]) * scale;
    return this.#node(grid, true, node.remaining - model.prices.ballotMicros, node.iterations);
  }

  #node(grid: Float64Array, paired: boolean, remaining: number, iterations: number): Node {
    const { cells, utility, voter } = this.#model;
    let old = 0;
    let candidate = Number.NEGATIVE_INFINITY;
    if (paired) {
      candidate = 0;
      for (let i = 0; i < cells; i++) {
        let row = 0;
        for (let j = 0; j < cells; j++) {
          const b = grid[i * cells + j];
          row += b;
          candidate += b * utility[j];
        }
        old += row * utility[i];
      }
    } else old = expectation(grid, utility);
    return {
      grid,
      paired,
      keep: candidate > old + tieTolerance ? 'new' : 'old',
      submit: Math.max(old, candidate),
      yes: paired ? yesChance(grid, voter) : 0.5,
      remaining,
      iterations,
      visits: 0,
      count: [0, 0, 0],
      total: [0, 0, 0],
      children: [null, null, null],
    };
  }
}
