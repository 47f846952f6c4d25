import { blendVoteTables, voteTable } from './accuracy.ts';
import { expectedDifficulty, type Vote } from './belief.ts';
import type { Voter } from './beliefs.ts';
import { type CompiledModel, type ErrorDistribution, meanGamma } from './model.ts';

/**
 * How what is known of a voter's γ changes with her votes.
 *
 * - `grid` (default): a posterior over the model's γs, by Bayes' rule;
 * - `rule2010`: a point estimate moved by ± δ after each ballot phase, as in the 2010 paper;
 * - `population`: nothing is learned; every voter is the average voter.
 */
export type VoterRule = 'grid' | 'rule2010' | 'population';

/** The book of voters frozen to JSON. */
export interface VoterBookState {
  readonly rule: VoterRule;
  readonly voters: readonly {
    readonly worker: string;
    readonly weights?: readonly number[];
    readonly gamma?: number;
    readonly votes: number;
  }[];
}

/** A vote of a finished ballot phase, for `rule2010`. */
export interface CastVote {
  readonly worker: string;
  readonly vote: Vote;
}

/** The step δ of the 2010 rule. */
const step2010 = 0.05;
/** γ never falls below this under the 2010 rule. */
const floor2010 = 0.01;

interface Entry {
  weights: Float64Array;
  gamma: number;
  votes: number;
  voter: Voter | null;
}

/**
 * What is known of every voter's error parameter γ, kept from task to task.
 *
 * A voter not seen before has the model's population distribution. The belief about a pair is to be updated with
 * `voter(worker)` as it is *before* her vote, and `observe` called with the pair *before* her vote: the pair and γ
 * are taken for independent after each step (assumed-density filtering).
 *
 * Memory: one γ posterior per voter; a vote costs G m² multiplications (about 10 µs).
 *
 * @example
 * const model = compileModel(model2010(1));
 * const book = new VoterBook(model);
 * const pair = improveJoint(initialJoint(model), 'old', model.kernel);
 * const after = ballotJoint(pair, 1, book.voter('ana').table).belief;
 * book.observe('ana', 1, pair.mass);
 * book.votes('ana'); // => 1
 */
export class VoterBook {
  readonly rule: VoterRule;
  readonly #model: CompiledModel;
  readonly #population: Voter;
  readonly #entries = new Map<string, Entry>();

  constructor(model: CompiledModel, rule: VoterRule = 'grid') {
    this.rule = rule;
    this.#model = model;
    if (rule === 'rule2010') {
      const gamma = meanGamma(model.model.errors);
      this.#population = pointVoter(model, gamma);
    } else this.#population = { table: model.voter, errors: model.model.errors };
  }

  /** Puts back a frozen book. Weights of another number of γs than the model's are refused by giving the prior. */
  static fromJSON(model: CompiledModel, state: VoterBookState): VoterBook {
    const book = new VoterBook(model, state.rule);
    for (const { worker, weights, gamma, votes } of state.voters) {
      const entry = book.#entry(worker);
      if (weights !== undefined && weights.length === entry.weights.length) entry.weights.set(weights);
      if (gamma !== undefined) entry.gamma = gamma;
      entry.votes = votes;
      entry.voter = null;
    }
    return book;
  }

  toJSON(): VoterBookState {
    const voters = [...this.#entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([worker, { weights, gamma, votes }]) =>
        this.rule === 'rule2010' ? { worker, gamma, votes } : { worker, weights: [...weights], votes },
      );
    return { rule: this.rule, voters };
  }

  /** The vote table to use for this worker's next vote. */
  voter(worker: string): Voter {
    const entry = this.#entries.get(worker);
    if (entry === undefined) return this.#population;
    entry.voter ??=
      this.rule === 'rule2010'
        ? pointVoter(this.#model, entry.gamma)
        : { table: blendVoteTables(this.#model.voteTables, entry.weights), errors: this.#errors(entry) };
    return entry.voter;
  }

  /** What is known of a worker's γ; the population's distribution for one never seen. */
  errors(worker: string): ErrorDistribution {
    const entry = this.#entries.get(worker);
    if (entry === undefined) return this.#population.errors;
    return this.rule === 'rule2010' ? { gammas: [entry.gamma], weights: [1] } : this.#errors(entry);
  }

  /** Votes seen of a worker. */
  votes(worker: string): number {
    return this.#entries.get(worker)?.votes ?? 0;
  }

  /** Sets what is known of a worker, from learning on earlier ballots. */
  set(worker: string, errors: ErrorDistribution, votes: number): void {
    const entry = this.#entry(worker);
    entry.weights = Float64Array.from(errors.weights);
    entry.gamma = meanGamma(errors);
    entry.votes = votes;
    entry.voter = null;
  }

  /** Learns from one vote, given the belief about the pair (m × m) as it was before the vote. */
  observe(worker: string, vote: Vote, pair: Float64Array): void {
    if (this.rule === 'population') return;
    const entry = this.#entry(worker);
    entry.votes++;
    if (this.rule !== 'grid') return;
    const { voteTables } = this.#model;
    let sum = 0;
    for (let g = 0; g < voteTables.length; g++) {
      const table = voteTables[g];
      let chance = 0;
      for (let c = 0; c < pair.length; c++) chance += pair[c] * table[c];
      entry.weights[g] *= vote === 1 ? chance : 1 - chance;
      sum += entry.weights[g];
    }
    for (let g = 0; g < entry.weights.length; g++) entry.weights[g] /= sum;
    entry.voter = null;
  }

  /**
   * The 2010 rule at the end of a ballot phase: who agreed with the answer believed true gets γ − δ d*, who did not
   * gets γ + δ (1 − d*), d* being the expected difficulty. Nothing under the other rules.
   */
  closePair(votes: readonly CastVote[], newIsBetter: boolean, pair: Float64Array): void {
    if (this.rule !== 'rule2010') return;
    const difficulty = expectedDifficulty(pair, this.#model.cells, this.#model.model.exponent);
    for (const { worker, vote } of votes) {
      const entry = this.#entry(worker);
      entry.gamma = gammaByRule2010(entry.gamma, (vote === 1) === newIsBetter, difficulty);
      entry.voter = null;
    }
  }

  #entry(worker: string): Entry {
    let entry = this.#entries.get(worker);
    if (entry === undefined) {
      const { gammas, weights } = this.#model.model.errors;
      entry = {
        weights: Float64Array.from(weights),
        gamma: gammas.reduce((sum, gamma, g) => sum + gamma * weights[g], 0),
        votes: 0,
        voter: null,
      };
      this.#entries.set(worker, entry);
    }
    return entry;
  }

  #errors(entry: Entry): ErrorDistribution {
    return { gammas: this.#model.model.errors.gammas, weights: [...entry.weights] };
  }
}

/**
 * One step of the 2010 rule for a worker's γ.
 *
 * Source: Dai, Mausam & Weld (2010); δ = 0.05 as in a public re-implementation.
 *
 * @example
 * gammaByRule2010(1, true, 0.8); // => 0.96
 */
export function gammaByRule2010(gamma: number, agreed: boolean, difficulty: number): number {
  const moved = agreed ? gamma - step2010 * difficulty : gamma + step2010 * (1 - difficulty);
  return Math.max(floor2010, moved);
}

function pointVoter(model: CompiledModel, gamma: number): Voter {
  return { table: voteTable(model.cells, model.model.exponent, gamma), errors: { gammas: [gamma], weights: [1] } };
}
