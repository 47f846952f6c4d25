import { type BallotOutcome, impossibleVote, noPair, type Vote, type Which } from './belief.ts';
import type { CompiledModel } from './model.ts';

/**
 * Belief as two separate marginals, as in the 2010 paper.
 *
 * Takes the two qualities for independent after every step, so it forgets that the new artifact was made from the
 * old one and asks for more ballots than the joint form. For comparison with the paper, never the default.
 */
export interface FactoredBelief {
  readonly form: 'factored';
  readonly stage: 'single' | 'pair';
  readonly cells: number;
  readonly old: Float64Array;
  /** Empty while there is no second artifact. */
  readonly candidate: Float64Array;
}

/** The belief about a first artifact. */
export function initialFactored(model: CompiledModel): FactoredBelief {
  return {
    form: 'factored',
    stage: 'single',
    cells: model.cells,
    old: model.initial.slice(),
    candidate: new Float64Array(0),
  };
}

/** f_Q′ = f_Q T: the marginal of the improvement. */
export function improveFactored(belief: FactoredBelief, base: Which, kernel: Float64Array): FactoredBelief {
  const { cells } = belief;
  const old = belief.stage === 'pair' && base === 'new' ? belief.candidate : belief.old;
  const candidate = new Float64Array(cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) candidate[j] += old[i] * kernel[i * cells + j];
  }
  return { form: 'factored', stage: 'pair', cells, old, candidate };
}

/** f_Q(q | v) ∝ f_Q(q) Σ P(v | q, q′) f_Q′(q′) and the same for Q′; both use the other's old marginal. */
export function ballotFactored(belief: FactoredBelief, vote: Vote, table: Float64Array): BallotOutcome<FactoredBelief> {
  if (belief.stage !== 'pair') throw noPair();
  const { cells } = belief;
  const old = new Float64Array(cells);
  const candidate = new Float64Array(cells);
  let probability = 0;
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) {
      const c = i * cells + j;
      const product = belief.old[i] * belief.candidate[j] * (vote === 1 ? table[c] : 1 - table[c]);
      old[i] += product;
      candidate[j] += product;
      probability += product;
    }
  }
  if (!(probability > 1e-300)) throw impossibleVote(vote);
  for (let i = 0; i < cells; i++) {
    old[i] /= probability;
    candidate[i] /= probability;
  }
  return { belief: { ...belief, old, candidate }, probability };
}

/** The product of the two marginals as a pair matrix. */
export function factoredPair(belief: FactoredBelief): Float64Array {
  const { cells } = belief;
  const pair = new Float64Array(cells * cells);
  for (let i = 0; i < cells; i++) {
    for (let j = 0; j < cells; j++) pair[i * cells + j] = belief.old[i] * belief.candidate[j];
  }
  return pair;
}
