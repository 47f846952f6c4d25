import type { Random } from '../../math/random.ts';
import {
  type BallotOutcome,
  ballotJoint,
  improveJoint,
  initialJoint,
  type JointBelief,
  jointMarginal,
  type Vote,
  type Which,
} from './belief.ts';
import {
  ballotFactored,
  type FactoredBelief,
  factoredPair,
  improveFactored,
  initialFactored,
} from './factored-belief.ts';
import { improvementKernel } from './improvement.ts';
import type { CompiledModel, ErrorDistribution } from './model.ts';
import {
  ballotParticles,
  improveParticles,
  initialParticles,
  type ParticleBelief,
  particleGrid,
} from './particle-belief.ts';

/** What is believed about a task's one or two artifacts, in one of three forms. */
export type Belief = JointBelief | FactoredBelief | ParticleBelief;

/** `joint` is the default; see the three types for what the others are for. */
export type BeliefForm = Belief['form'];

/** A voter as a belief needs her: her vote table and, for particles, her γs. */
export interface Voter {
  readonly table: Float64Array;
  readonly errors: ErrorDistribution;
}

/** An improver: her kernel and, for particles, her offset β. */
export interface Improver {
  readonly kernel: Float64Array;
  readonly offset: number;
}

/** The voter nobody knows yet. */
export function unseenVoter(model: CompiledModel): Voter {
  return { table: model.voter, errors: model.model.errors };
}

/** The improver nobody knows yet. */
export function unseenImprover(model: CompiledModel): Improver {
  return { kernel: model.kernel, offset: 0 };
}

/** An improver whose mean is shifted by β. Builds a kernel: about 0.3 ms on 20 cells. */
export function improverWith(model: CompiledModel, offset: number): Improver {
  return { kernel: improvementKernel(model.model.improvement, model.cells, offset), offset };
}

/** The belief about a first artifact. Only particles draw from `random`. */
export function initialBelief(model: CompiledModel, form: BeliefForm, random: Random): Belief {
  if (form === 'joint') return initialJoint(model);
  return form === 'factored' ? initialFactored(model) : initialParticles(model, random);
}

/** The belief after artifact `base` was improved and the other one dropped. */
export function improveBelief(
  model: CompiledModel,
  belief: Belief,
  base: Which,
  improver: Improver,
  random: Random,
): Belief {
  if (belief.form === 'joint') return improveJoint(belief, base, improver.kernel);
  if (belief.form === 'factored') return improveFactored(belief, base, improver.kernel);
  return improveParticles(belief, base, model.model.improvement, random, improver.offset);
}

/** The belief after a vote, and how probable the vote was. */
export function ballotBelief(
  model: CompiledModel,
  belief: Belief,
  vote: Vote,
  voter: Voter,
  random: Random,
): BallotOutcome<Belief> {
  if (belief.form === 'joint') return ballotJoint(belief, vote, voter.table);
  if (belief.form === 'factored') return ballotFactored(belief, vote, voter.table);
  return ballotParticles(belief, vote, model.model.exponent, voter.errors, random);
}

/** The belief with one artifact kept and the other dropped. */
export function keepOne(belief: Belief, which: Which): Belief {
  if (belief.stage === 'single') return belief;
  if (belief.form === 'joint') {
    return { form: 'joint', stage: 'single', cells: belief.cells, mass: jointMarginal(belief, which) };
  }
  const old = which === 'old' ? belief.old : belief.candidate;
  return { ...belief, stage: 'single', old, candidate: new Float64Array(0) };
}

/** The belief on the model's grid: m masses for one artifact, m × m for a pair. Not to be written to. */
export function gridOf(belief: Belief): Float64Array {
  if (belief.form === 'joint') return belief.mass;
  if (belief.form === 'particles') return particleGrid(belief);
  return belief.stage === 'single' ? belief.old : factoredPair(belief);
}
