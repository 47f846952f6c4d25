import { InputError } from '../../errors.ts';
import type { BallotTable } from './ballots.ts';
import {
  fitGamma,
  fitPopulation,
  type GammaEvidence,
  type GammaPopulation,
  gammaInterval,
  gammaPosterior,
  type Interval,
} from './gamma.ts';
import { defaultGammas, type ErrorDistribution, logNormalErrors } from './model.ts';

/**
 * What is known besides the votes.
 *
 * - `known`: truth and difficulty of every pair, from experts, as in the paper: workers separate;
 * - `known-difficulty`: difficulty only; truth is found by EM;
 * - `unknown`: neither; EM over truth and eleven difficulties 0, 0.1, …, 1;
 * - `joint`: neither; EM over the qualities of the pair, with what is believed of an improvement as prior.
 */
export type BallotLearningMode = 'known' | 'known-difficulty' | 'unknown' | 'joint';

export interface BallotLearningOptions {
  /** Default: the strongest mode the table allows (`known`, `known-difficulty`, else `unknown`). */
  readonly mode?: BallotLearningMode;
  /** Prior P(the new artifact is better) of a pair; default ½. */
  readonly newIsBetter?: number;
  /** Standard deviation of ln γ around 0 in EM; always kept, because without it EM runs to the bounds. Default 1. */
  readonly priorSd?: number;
  /** The γs of the posteriors that are returned; default `defaultGammas()`. */
  readonly gammas?: readonly number[];
  /** For `joint`: M and the prior over pairs, m × m, as one improvement leaves it. */
  readonly exponent?: number;
  readonly pairPrior?: Float64Array;
  readonly maxIterations?: number;
  readonly tolerance?: number;
}

/** What was learned about one voter. */
export interface LearnedVoter {
  readonly worker: string;
  readonly ballots: number;
  /** Expected number of right votes. */
  readonly right: number;
  /** Mode in ln γ under the prior; the maximum-likelihood estimate in mode `known`. */
  readonly gamma: number;
  /** An estimate at an end of the range: all votes right, or too many wrong. */
  readonly bound: 'low' | 'high' | null;
  /** 90 % credible, under the learned population. */
  readonly interval: Interval;
  /** Posterior under the learned population, on the γs asked for. */
  readonly errors: ErrorDistribution;
}

/** What was learned about one pair. */
export interface LearnedPair {
  readonly pair: string;
  readonly ballots: number;
  readonly newIsBetter: number;
  readonly difficulty: number;
}

/** A learned ballot model. */
export interface BallotFit {
  readonly mode: BallotLearningMode;
  readonly voters: readonly LearnedVoter[];
  readonly pairs: readonly LearnedPair[];
  readonly population: GammaPopulation;
  /** The population on the γs asked for: what an unseen voter is taken for. */
  readonly errors: ErrorDistribution;
  /** Log-likelihood after each iteration plus, in EM, the log prior: it never falls. */
  readonly objective: readonly number[];
  readonly converged: boolean;
  readonly notes: readonly string[];
}

/**
 * Learns every voter's error parameter γ and the population from a log of ballots.
 *
 * Needs tens of ballots per voter for a sharp γ; with few it returns wide intervals around the population, never an
 * error. Without any ballots the result is the prior ln γ ~ N(0, 1) with a note. Linear in ballots × states × 64 per
 * iteration; 20,000 ballots take well under a second.
 *
 * Source: the plate model and maximum likelihood of Dai, Mausam & Weld (2011); EM for unknown truth and difficulty,
 * the prior on ln γ and the empirical-Bayes population are ours.
 *
 * @throws {InputError} missing-truth, missing-difficulty, missing-prior
 * @example
 * const ballots = ballotTable([{ pair: 'p1', worker: 'ana', vote: 1 }, { pair: 'p1', worker: 'bo', vote: 1 }]);
 * learnBallots(ballots).pairs[0].newIsBetter > 0.5; // => true
 */
export function learnBallots(table: BallotTable, options: BallotLearningOptions = {}): BallotFit {
  const mode = options.mode ?? bestMode(table);
  const states = statesOf(table, mode, options);
  const workers = table.workers.length;
  const ballotsOf = new Array<number>(workers).fill(0);
  for (const worker of table.worker) ballotsOf[worker]++;
  const known = mode === 'known';
  const priorSd = options.priorSd ?? 1;
  const gammas = new Float64Array(workers).fill(1);
  const objective: number[] = [];
  let evidence: GammaEvidence[] = [];
  let converged = known;
  const most = known ? 1 : (options.maxIterations ?? 500);
  for (let iteration = 0; iteration < most; iteration++) {
    objective.push(expectTruth(table, states, gammas) + logPrior(gammas, known ? Number.POSITIVE_INFINITY : priorSd));
    evidence = evidenceOf(table, states);
    let change = 0;
    for (let w = 0; w < workers; w++) {
      const { gamma } = fitGamma(evidence[w], known ? Number.POSITIVE_INFINITY : priorSd);
      change = Math.max(change, Math.abs(Math.log(gamma / gammas[w])));
      gammas[w] = gamma;
    }
    if (change < (options.tolerance ?? 1e-6)) {
      converged = true;
      break;
    }
  }
  objective.push(expectTruth(table, states, gammas) + logPrior(gammas, known ? Number.POSITIVE_INFINITY : priorSd));
  evidence = evidenceOf(table, states);
  const population = fitPopulation(evidence, ballotsOf);
  const errors = logNormalErrors(population.logMean, population.logSd, options.gammas ?? defaultGammas());
  const voters = table.workers.map((worker, w): LearnedVoter => {
    const fitted = fitGamma(evidence[w], known ? Number.POSITIVE_INFINITY : priorSd);
    return {
      worker,
      ballots: ballotsOf[w],
      right: Array.from(evidence[w].right).reduce((a, b) => a + b, 0),
      gamma: fitted.gamma,
      bound: fitted.bound,
      interval: gammaInterval(evidence[w], population.logMean, population.logSd),
      errors: gammaPosterior(evidence[w], errors),
    };
  });
  return {
    mode,
    voters,
    pairs: pairsOf(table, states),
    population,
    errors,
    objective,
    converged,
    notes: notesOf(table, voters, converged, mode),
  };
}

/** The strongest mode a table allows. */
export function bestMode(table: BallotTable): BallotLearningMode {
  const difficulty = table.difficulty.every((value) => !Number.isNaN(value));
  if (table.pairs.length === 0 || !difficulty) return 'unknown';
  return table.truth.every((value) => value >= 0) ? 'known' : 'known-difficulty';
}

/**
 * The possible states of every pair: which artifact is better (`sign` +1 the new one) and how easy it is to see
 * (r = 1 − d), with prior and, after an E-step, posterior; S states per pair, row-major.
 */
interface PairStates {
  readonly count: number;
  readonly sign: Int8Array;
  readonly easiness: Float64Array;
  readonly prior: Float64Array;
  readonly posterior: Float64Array;
  /** Distinct values of easiness and, per pair and state, which one it has. */
  readonly levels: Float64Array;
  readonly level: Uint32Array;
}

function statesOf(table: BallotTable, mode: BallotLearningMode, options: BallotLearningOptions): PairStates {
  const pairs = table.pairs.length;
  const better = options.newIsBetter ?? 0.5;
  const list: { sign: number; easiness: number; prior: number }[][] = [];
  const shared = mode === 'unknown' ? unknownStates(better) : mode === 'joint' ? gapStates(options) : null;
  for (let p = 0; p < pairs; p++) {
    if (shared !== null) {
      list.push(withKnown(shared, table.truth[p]));
      continue;
    }
    const easiness = 1 - table.difficulty[p];
    if (Number.isNaN(easiness)) throw lacking('difficulty', table.pairs[p], mode);
    if (mode === 'known') {
      if (table.truth[p] < 0) throw lacking('truth', table.pairs[p], mode);
      list.push([{ sign: table.truth[p] === 1 ? 1 : -1, easiness, prior: 1 }]);
    } else {
      list.push(
        withKnown(
          [
            { sign: 1, easiness, prior: better },
            { sign: -1, easiness, prior: 1 - better },
          ],
          table.truth[p],
        ),
      );
    }
  }
  const count = Math.max(1, ...list.map((states) => states.length));
  const size = pairs * count;
  const sign = new Int8Array(size);
  const easiness = new Float64Array(size);
  const prior = new Float64Array(size);
  const level = new Uint32Array(size);
  const levels = new Map<number, number>();
  list.forEach((states, p) => {
    states.forEach((state, s) => {
      const at = p * count + s;
      sign[at] = state.sign;
      easiness[at] = state.easiness;
      prior[at] = state.prior;
      if (!levels.has(state.easiness)) levels.set(state.easiness, levels.size);
      level[at] = levels.get(state.easiness) ?? 0;
    });
  });
  return { count, sign, easiness, prior, posterior: prior.slice(), levels: Float64Array.from(levels.keys()), level };
}

function unknownStates(better: number): { sign: number; easiness: number; prior: number }[] {
  return Array.from({ length: 22 }, (_, s) => ({
    sign: s < 11 ? 1 : -1,
    easiness: 1 - (s % 11) / 10,
    prior: (s < 11 ? better : 1 - better) / 11,
  }));
}

/** States of the joint mode: a vote depends on the qualities only through their gap in cells. */
function gapStates(options: BallotLearningOptions): { sign: number; easiness: number; prior: number }[] {
  const prior = options.pairPrior;
  if (prior === undefined) {
    throw new InputError('missing pairPrior for joint learning; give the belief about a pair after one improvement', {
      code: 'missing-prior',
      path: 'pairPrior',
      hint: 'give the belief about a pair after one improvement',
    });
  }
  const cells = Math.round(Math.sqrt(prior.length));
  const exponent = options.exponent ?? 0.5;
  const mass = new Float64Array(2 * cells - 1);
  for (let i = 0; i < cells; i++) for (let j = 0; j < cells; j++) mass[j - i + cells - 1] += prior[i * cells + j];
  return Array.from(mass, (share, s) => {
    const gap = s - cells + 1;
    // A gap of 0 has easiness 0 and so accuracy ½ whatever its sign.
    return { sign: gap < 0 ? -1 : 1, easiness: (Math.abs(gap) / cells) ** exponent, prior: share };
  });
}

function withKnown<S extends { sign: number; prior: number }>(states: readonly S[], truth: number): S[] {
  if (truth < 0) return [...states];
  const wanted = truth === 1 ? 1 : -1;
  const kept = states.filter((state) => state.sign === wanted && state.prior > 0);
  const sum = kept.reduce((total, state) => total + state.prior, 0);
  return sum > 0 ? kept.map((state) => ({ ...state, prior: state.prior / sum })) : [...states];
}

/** E-step: posteriors over the states of every pair; returns the log-likelihood of all votes. */
function expectTruth(table: BallotTable, states: PairStates, gammas: Float64Array): number {
  const { count, sign, easiness, prior, posterior } = states;
  for (let c = 0; c < prior.length; c++) posterior[c] = Math.log(prior[c]);
  for (let b = 0; b < table.pair.length; b++) {
    const from = table.pair[b] * count;
    const gamma = gammas[table.worker[b]];
    const said = table.vote[b] === 1 ? 1 : -1;
    for (let s = 0; s < count; s++) {
      if (prior[from + s] === 0) continue;
      const z = easiness[from + s] ** gamma;
      posterior[from + s] += Math.log(Math.max(sign[from + s] === said ? 0.5 * (1 + z) : 0.5 * (1 - z), 1e-12));
    }
  }
  let logLikelihood = 0;
  for (let p = 0; p < table.pairs.length; p++) {
    const from = p * count;
    let top = Number.NEGATIVE_INFINITY;
    for (let s = 0; s < count; s++) top = Math.max(top, posterior[from + s]);
    let sum = 0;
    for (let s = 0; s < count; s++) {
      posterior[from + s] = Math.exp(posterior[from + s] - top);
      sum += posterior[from + s];
    }
    for (let s = 0; s < count; s++) posterior[from + s] /= sum;
    logLikelihood += top + Math.log(sum);
  }
  return logLikelihood;
}

/** The expected right and wrong votes of every worker at every level of easiness. */
function evidenceOf(table: BallotTable, states: PairStates): GammaEvidence[] {
  const { count, sign, posterior, levels, level } = states;
  const size = levels.length;
  const right = table.workers.map(() => new Float64Array(size));
  const wrong = table.workers.map(() => new Float64Array(size));
  for (let b = 0; b < table.pair.length; b++) {
    const from = table.pair[b] * count;
    const worker = table.worker[b];
    const said = table.vote[b] === 1 ? 1 : -1;
    for (let s = 0; s < count; s++) {
      const weight = posterior[from + s];
      if (weight === 0) continue;
      if (sign[from + s] === said) right[worker][level[from + s]] += weight;
      else wrong[worker][level[from + s]] += weight;
    }
  }
  return table.workers.map((_, w) => ({ easiness: levels, right: right[w], wrong: wrong[w] }));
}

function pairsOf(table: BallotTable, states: PairStates): LearnedPair[] {
  const { count, sign, easiness, posterior } = states;
  const ballots = new Array<number>(table.pairs.length).fill(0);
  for (const pair of table.pair) ballots[pair]++;
  return table.pairs.map((pair, p) => {
    let newIsBetter = 0;
    let difficulty = 0;
    for (let s = 0; s < count; s++) {
      const weight = posterior[p * count + s];
      const better = easiness[p * count + s] === 0 && states.count > 22 ? 0.5 : sign[p * count + s] === 1 ? 1 : 0;
      newIsBetter += weight * better;
      difficulty += weight * (1 - easiness[p * count + s]);
    }
    return { pair, ballots: ballots[p], newIsBetter, difficulty };
  });
}

function logPrior(gammas: Float64Array, sd: number): number {
  let sum = 0;
  if (sd === Number.POSITIVE_INFINITY) return 0;
  for (const gamma of gammas) sum -= (Math.log(gamma) / sd) ** 2 / 2;
  return sum;
}

function notesOf(
  table: BallotTable,
  voters: readonly LearnedVoter[],
  converged: boolean,
  mode: BallotLearningMode,
): string[] {
  const notes = [...table.notes];
  if (table.pair.length === 0) notes.push('there are no ballots: the population is the prior ln γ ~ N(0, 1)');
  const few = voters.filter((voter) => voter.ballots < 5).length;
  if (few > 0)
    notes.push(`${few} of ${voters.length} workers have fewer than 5 ballots: their γ is mostly the population's`);
  const bound = voters.filter((voter) => voter.bound !== null).length;
  if (bound > 0)
    notes.push(`${bound} workers' best γ lies at an end of the range (all votes right, or too many wrong)`);
  if (!converged) notes.push(`EM (${mode}) did not settle: raise maxIterations`);
  return notes;
}

function lacking(what: string, pair: string, mode: BallotLearningMode): InputError {
  return new InputError(`missing ${what} of pair "${pair}" for mode ${mode}; give it or choose mode unknown`, {
    code: `missing-${what}`,
    got: pair,
    hint: 'give it or choose mode unknown',
  });
}
