import { StateError } from '../../errors.ts';
import { mix32 } from '../../math/hash.ts';
import type { CompiledModel } from './model.ts';

/** Which of the two artifacts of a pair: the one that was there or its improvement. */
export type Which = 'old' | 'new';

/** A vote: 1 says the new artifact is better. */
export type Vote = 0 | 1;

/**
 * Belief on the joint grid: the default and the reference form.
 *
 * `single`: the masses of the one artifact's quality, m numbers. `pair`: P(Q in cell i, Q′ in cell j), m × m
 * row-major. It keeps what the factored form forgets: that the new artifact was made from the old one.
 */
export interface JointBelief {
  readonly form: 'joint';
  readonly stage: 'single' | 'pair';
  readonly cells: number;
  readonly mass: Float64Array;
}

/** What one vote does to a belief. */
export interface BallotOutcome<B> {
  readonly belief: B;
  /** The probability the belief gave to this vote before it was seen. */
  readonly probability: number;
}

/** The belief about a first artifact. */
export function initialJoint(model: CompiledModel): JointBelief {
  return { form: 'joint', stage: 'single', cells: model.cells, mass: model.initial.slice() };
}

/** The belief about one quality, as a distribution over the model's cells. */
export function singleJoint(mass: Float64Array): JointBelief {
  return { form: 'joint', stage: 'single', cells: mass.length, mass };
}

/**
 * After an improvement: the kept artifact's marginal times the kernel, B[i][j] = pᵢ Tᵢⱼ.
 *
 * `base` says which artifact of a pair was improved; the other is dropped.
 */
export function improveJoint(belief: JointBelief, base: Which, kernel: Float64Array): JointBelief {
  const { cells } = belief;
  const kept = belief.stage === 'single' ? belief.mass : jointMarginal(belief, base);
  const mass = new Float64Array(cells * cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) mass[i * cells + j] = kept[i] * kernel[i * cells + j];
  }
  normalise(mass);
  return { form: 'joint', stage: 'pair', cells, mass };
}

/**
 * After a vote, by Bayes' rule: b(q, q′ | v) ∝ P(v | q, q′) b(q, q′).
 *
 * `table` is the voter's vote table, averaged over what is known of her γ.
 *
 * @throws {StateError} no-pair, impossible-vote
 */
export function ballotJoint(belief: JointBelief, vote: Vote, table: Float64Array): BallotOutcome<JointBelief> {
  if (belief.stage !== 'pair') throw noPair();
  const mass = new Float64Array(belief.mass.length);
  let probability = 0;
  for (let c = 0; c < mass.length; c++) {
    const product = belief.mass[c] * (vote === 1 ? table[c] : 1 - table[c]);
    mass[c] = product;
    probability += product;
  }
  if (!(probability > 1e-300)) throw impossibleVote(vote);
  for (let c = 0; c < mass.length; c++) mass[c] /= probability;
  return { belief: { ...belief, mass }, probability };
}

/** P(vote = 1) under the belief. */
export function yesChance(pair: Float64Array, table: Float64Array): number {
  let sum = 0;
  for (let c = 0; c < pair.length; c++) sum += pair[c] * table[c];
  return sum;
}

/** The marginal of one artifact's quality; of a single artifact the belief itself. */
export function jointMarginal(belief: JointBelief, which: Which): Float64Array {
  if (belief.stage === 'single') return belief.mass;
  return marginalOf(belief.mass, belief.cells, which);
}

/** The marginal of a pair matrix over rows (`old`) or columns (`new`). */
export function marginalOf(pair: Float64Array, cells: number, which: Which): Float64Array {
  const marginal = new Float64Array(cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) marginal[which === 'old' ? i : j] += pair[i * cells + j];
  }
  return marginal;
}

/** P(Q′ > Q): the mass above the diagonal and half of it on the diagonal. */
export function newIsBetter(pair: Float64Array, cells: number): number {
  let chance = 0;
  for (let i = 0; i < cells; i++) {
    chance += 0.5 * pair[i * cells + i];
    for (let j = i + 1; j < cells; j++) chance += pair[i * cells + j];
  }
  return chance;
}

/** The expected difficulty of a ballot, Σ B (1 − |q − q′|^M): what the 2010 rule for γ uses. */
export function expectedDifficulty(pair: Float64Array, cells: number, exponent: number): number {
  let difficulty = 0;
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) difficulty += pair[i * cells + j] * (1 - (Math.abs(i - j) / cells) ** exponent);
  }
  return difficulty;
}

/** Σ pᵢ vᵢ. */
export function expectation(mass: Float64Array, values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < mass.length; i++) sum += mass[i] * values[i];
  return sum;
}

/** Mean and standard deviation of a distribution over grid values. */
export function momentsOf(mass: Float64Array, values: Float64Array): { mean: number; sd: number } {
  const mean = expectation(mass, values);
  let variance = 0;
  for (let i = 0; i < mass.length; i++) variance += mass[i] * (values[i] - mean) ** 2;
  return { mean, sd: Math.sqrt(variance) };
}

/**
 * 64 bits of hash of a belief as 16 hexadecimal digits, for logs: a replay that gives the same digits had the same
 * belief to the last bit.
 */
export function beliefHash(mass: Float64Array): string {
  const words = new Int32Array(mass.buffer, mass.byteOffset, mass.length * 2);
  let low = mass.length;
  let high = 0x9e3779b9;
  for (let i = 0; i < words.length; i++) {
    low = mix32(low, words[i]);
    high = mix32(high ^ i, words[i]);
  }
  return low.toString(16).padStart(8, '0') + high.toString(16).padStart(8, '0');
}

/** Scales masses to sum to 1, against the rounding that many steps would pile up. */
export function normalise(mass: Float64Array): void {
  let sum = 0;
  for (let c = 0; c < mass.length; c++) sum += mass[c];
  for (let c = 0; c < mass.length; c++) mass[c] /= sum;
}

export function noPair(): StateError {
  return new StateError('invalid ballot: there is no pair to vote on; ask for an improvement first', {
    code: 'no-pair',
    hint: 'ask for an improvement first',
  });
}

export function impossibleVote(vote: Vote): StateError {
  return new StateError(
    `invalid vote ${vote}: the model gives it probability 0; check that vote tables lie strictly between 0 and 1`,
    {
      code: 'impossible-vote',
      got: String(vote),
      hint: 'check that vote tables lie strictly between 0 and 1',
    },
  );
}
