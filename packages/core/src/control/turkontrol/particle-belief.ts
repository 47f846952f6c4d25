import type { Random } from '../../math/random.ts';
import { ballotAccuracy, ballotDifficulty } from './accuracy.ts';
import { type BallotOutcome, impossibleVote, noPair, type Vote, type Which } from './belief.ts';
import { drawImprovement, type ImprovementModel } from './improvement.ts';
import type { CompiledModel, ErrorDistribution } from './model.ts';

/**
 * Belief as weighted pairs of qualities, without a grid.
 *
 * For checking the grid's resolution and for improvement models that have no table. Planners see it binned on the
 * model's grid. Resampled (systematically) when the effective number of particles falls below half, with a jitter
 * of standard deviation 0.01 reflected into [0, 1]. The Monte-Carlo error of a mean is about sd / √particles.
 *
 * Source: the particle filter of Petuchowski & Lease (2014, arXiv:1404.5078) in spirit; resampling and jitter ours.
 */
export interface ParticleBelief {
  readonly form: 'particles';
  readonly stage: 'single' | 'pair';
  readonly cells: number;
  readonly old: Float64Array;
  readonly candidate: Float64Array;
  readonly weight: Float64Array;
}

/** `count` draws of a first artifact's quality. */
export function initialParticles(model: CompiledModel, random: Random, count = 2000): ParticleBelief {
  const { a, b } = model.model.initial;
  return {
    form: 'particles',
    stage: 'single',
    cells: model.cells,
    old: Float64Array.from({ length: count }, () => random.beta(a, b)),
    candidate: new Float64Array(0),
    weight: new Float64Array(count).fill(1 / count),
  };
}

/** Every particle's kept artifact gets an improvement of its own, drawn from the model. */
export function improveParticles(
  belief: ParticleBelief,
  base: Which,
  improvement: ImprovementModel,
  random: Random,
  offset = 0,
): ParticleBelief {
  const old = belief.stage === 'pair' && base === 'new' ? belief.candidate : belief.old;
  const candidate = Float64Array.from(old, (quality) => drawImprovement(improvement, quality, random, offset));
  return { ...belief, stage: 'pair', old, candidate };
}

/** Reweights by the probability of the vote, averaged over the voter's γ; resamples when the weights degenerate. */
export function ballotParticles(
  belief: ParticleBelief,
  vote: Vote,
  exponent: number,
  errors: ErrorDistribution,
  random: Random,
): BallotOutcome<ParticleBelief> {
  if (belief.stage !== 'pair') throw noPair();
  const count = belief.old.length;
  const weight = new Float64Array(count);
  let probability = 0;
  for (let p = 0; p < count; p++) {
    const product = belief.weight[p] * voteChance(belief.old[p], belief.candidate[p], vote, exponent, errors);
    weight[p] = product;
    probability += product;
  }
  if (!(probability > 1e-300)) throw impossibleVote(vote);
  let squares = 0;
  for (let p = 0; p < count; p++) {
    weight[p] /= probability;
    squares += weight[p] * weight[p];
  }
  const updated = { ...belief, weight };
  return { belief: 1 / squares < count / 2 ? resampled(updated, random) : updated, probability };
}

/** The particles binned on the model's cells: a pair matrix, or m masses while there is one artifact. */
export function particleGrid(belief: ParticleBelief): Float64Array {
  const { cells, old, candidate, weight } = belief;
  const paired = belief.stage === 'pair';
  const mass = new Float64Array(paired ? cells * cells : cells);
  for (let p = 0; p < old.length; p++) {
    const row = cellOf(old[p], cells);
    mass[paired ? row * cells + cellOf(candidate[p], cells) : row] += weight[p];
  }
  return mass;
}

function voteChance(old: number, candidate: number, vote: Vote, exponent: number, errors: ErrorDistribution): number {
  if (old === candidate) return 0.5;
  const difficulty = ballotDifficulty(old, candidate, exponent);
  const right = candidate > old === (vote === 1);
  let chance = 0;
  for (let g = 0; g < errors.gammas.length; g++) {
    const accuracy = ballotAccuracy(difficulty, errors.gammas[g]);
    chance += errors.weights[g] * (right ? accuracy : 1 - accuracy);
  }
  return chance;
}

function resampled(belief: ParticleBelief, random: Random): ParticleBelief {
  const count = belief.old.length;
  const old = new Float64Array(count);
  const candidate = new Float64Array(count);
  const start = random.uniform() / count;
  let from = 0;
  let reached = belief.weight[0];
  for (let p = 0; p < count; p++) {
    const at = start + p / count;
    while (reached < at && from < count - 1) reached += belief.weight[++from];
    old[p] = reflected(belief.old[from] + random.normal(0, 0.01));
    candidate[p] = reflected(belief.candidate[from] + random.normal(0, 0.01));
  }
  return { ...belief, old, candidate, weight: new Float64Array(count).fill(1 / count) };
}

function reflected(quality: number): number {
  const folded = Math.abs(quality);
  return folded > 1 ? 2 - folded : folded;
}

function cellOf(quality: number, cells: number): number {
  return Math.min(cells - 1, Math.floor(quality * cells));
}
