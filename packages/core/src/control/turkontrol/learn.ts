import { InputError } from '../../errors.ts';
import { type BallotFit, type BallotLearningMode, bestMode, learnBallots } from './ballot-learning.ts';
import { type BallotRecord, type BallotTable, ballotTable } from './ballots.ts';
import { improveJoint, initialJoint } from './belief.ts';
import { type ExponentFit, fitExponent, type GapVotes } from './exponent.ts';
import { learnHierarchy } from './hierarchy.ts';
import {
  betaByMoments,
  type ImprovementFit,
  type JudgedImprovement,
  learnImprovement,
} from './improvement-learning.ts';
import type { ArtifactRecord } from './logs.ts';
import { checkBallots, checkImprovement, type Misfit } from './misfit.ts';
import { checkModel, compileModel, meanGamma, type TurKontrolModel } from './model.ts';
import type { MeasuredQuality } from './quality.ts';
import type { Utility } from './utility.ts';
import { VoterBook, type VoterBookState } from './voters.ts';

export interface LearnOptions {
  readonly utility: Utility;
  readonly prices: { readonly improvementMicros: number; readonly ballotMicros: number };
  /** Default: the strongest the data allow. `joint` learns once with `unknown` first, for its prior. */
  readonly mode?: BallotLearningMode;
  /** Default 20. */
  readonly cells?: number;
  /** M; default 0.5, or learned where qualities of the compared artifacts are given and this is left out. */
  readonly exponent?: number;
  /** Variance of the error of given qualities. */
  readonly noiseVariance?: number;
}

/** A model with what was learned about single workers: what `assay control learn` writes. */
export interface LearnedDocument {
  readonly schema: 1;
  readonly model: TurKontrolModel;
  readonly voters: VoterBookState;
  /** Offsets β of improvers who are visibly better or worse than the average. */
  readonly improvers: readonly { readonly worker: string; readonly offset: number }[];
}

/** How the model was learned, for a person to judge. */
export interface LearnReport {
  readonly ballots: BallotFit;
  readonly improvement: ImprovementFit;
  readonly exponent: ExponentFit | null;
  readonly qualities: readonly MeasuredQuality[];
  readonly misfits: readonly Misfit[];
  readonly notes: readonly string[];
}

/**
 * Learns a TurKontrol model from a log of ballots and a log of artifacts.
 *
 * Where every artifact has a quality, the improvement model is fitted to them, and truth, difficulty and M follow for
 * pairs of such artifacts. Where any is missing, qualities, improvement model and first qualities are learned together
 * from the votes (`learnHierarchy`); qualities that are given then are anchors.
 *
 * Little data give a model all the same, with notes and wide intervals: read the report before spending money by it.
 *
 * @throws {InputError} as `ballotTable` and `checkModel`; missing-qualities when there is nothing to learn improvement from
 */
export function learnModel(
  ballots: readonly BallotRecord[],
  artifacts: readonly ArtifactRecord[],
  options: LearnOptions,
): { document: LearnedDocument; report: LearnReport } {
  const notes: string[] = [];
  const given = new Map<string, number>();
  for (const { artifact, quality } of artifacts) if (quality !== undefined) given.set(artifact, quality);
  let table = ballotTable(ballots);
  const gaps = gapVotes(table, given);
  const learned = options.exponent === undefined && gaps.complete && table.pair.length >= 100;
  const exponentFit = learned ? fitExponent(gaps.voters, 'free') : null;
  const exponent = options.exponent ?? exponentFit?.exponent ?? 0.5;
  if (gaps.complete) table = withTruth(table, given, exponent);
  const first = options.mode === 'joint' ? 'unknown' : (options.mode ?? bestMode(table));
  let fit = learnBallots(table, { mode: first });
  const measured = measure(table, fit, artifacts, given, exponent, options.noiseVariance);
  notes.push(...measured.notes);
  const { improvement, initial } = measured;
  const model = (): TurKontrolModel =>
    checkModel({
      schema: 1,
      cells: options.cells ?? 20,
      exponent,
      initial,
      improvement: improvement.model,
      errors: fit.errors,
      utility: options.utility,
      prices: options.prices,
      maxIterations: 50,
    });
  if (options.mode === 'joint') {
    const compiled = compileModel(model());
    const pairPrior = improveJoint(initialJoint(compiled), 'old', compiled.kernel).mass;
    fit = learnBallots(table, { mode: 'joint', exponent, pairPrior });
  }
  const finished = model();
  const book = new VoterBook(compileModel(finished));
  for (const voter of fit.voters) book.set(voter.worker, voter.errors, voter.ballots);
  return {
    document: {
      schema: 1,
      model: finished,
      voters: book.toJSON(),
      improvers: improvement.improvers
        .filter(({ offset }) => offset !== 0)
        .map(({ worker, offset }) => ({ worker, offset })),
    },
    report: {
      ballots: fit,
      improvement,
      exponent: exponentFit,
      qualities: measured.qualities,
      misfits: [...checkBallots(table, fit), ...checkImprovement(improvement)],
      notes: [...fit.notes, ...improvement.notes, ...notes],
    },
  };
}

/**
 * A document from a file: what `learnModel` gives, or a bare model.
 *
 * @throws {InputError} invalid-model
 */
export function checkDocument(given: unknown): LearnedDocument {
  const document = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  const bare = document.model === undefined;
  const model = checkModel(bare ? given : document.model);
  const voters = (bare ? undefined : document.voters) as VoterBookState | undefined;
  const improvers = (bare ? undefined : document.improvers) as LearnedDocument['improvers'] | undefined;
  const readable =
    voters === undefined ||
    (Array.isArray(voters.voters) &&
      voters.voters.every((voter) => typeof voter?.worker === 'string' && goodWeights(voter.weights, model)));
  if (!readable) {
    throw new InputError(
      'invalid voters of the model; every voter needs a name and one weight per γ: learn the model again',
      {
        code: 'invalid-model',
        path: 'voters',
        hint: 'learn the model again',
      },
    );
  }
  return {
    schema: 1,
    model,
    voters: voters ?? { rule: 'grid', voters: [] },
    improvers: Array.isArray(improvers) ? improvers.filter((one) => Number.isFinite(one?.offset)) : [],
  };
}

function goodWeights(weights: unknown, model: TurKontrolModel): boolean {
  if (weights === undefined) return true;
  return (
    Array.isArray(weights) &&
    weights.length === model.errors.gammas.length &&
    weights.every((weight) => weight >= 0 && weight <= 1) &&
    Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-6
  );
}

/** Votes on pairs whose two qualities are given, by voter; complete when every pair is such. */
function gapVotes(table: BallotTable, given: ReadonlyMap<string, number>): { voters: GapVotes[]; complete: boolean } {
  const voters = table.workers.map(() => ({ gaps: [] as number[], right: [] as boolean[] }));
  let complete = table.pairs.length > 0;
  for (let b = 0; b < table.pair.length; b++) {
    const gap = gapOf(table, table.pair[b], given);
    if (Number.isNaN(gap) || gap === 0) {
      complete = false;
      continue;
    }
    voters[table.worker[b]].gaps.push(Math.abs(gap));
    voters[table.worker[b]].right.push(gap > 0 === (table.vote[b] === 1));
  }
  return { voters, complete };
}

function gapOf(table: BallotTable, pair: number, given: ReadonlyMap<string, number>): number {
  const old = given.get(table.artifacts[table.old[pair]] ?? '') ?? Number.NaN;
  return (given.get(table.artifacts[table.new[pair]] ?? '') ?? Number.NaN) - old;
}

function withTruth(table: BallotTable, given: ReadonlyMap<string, number>, exponent: number): BallotTable {
  const gap = table.pairs.map((_, p) => gapOf(table, p, given));
  return {
    ...table,
    truth: Int8Array.from(gap, (value) => (value > 0 ? 1 : 0)),
    difficulty: Float64Array.from(gap, (value) => 1 - Math.abs(value) ** exponent),
  };
}

interface Measured {
  readonly qualities: readonly MeasuredQuality[];
  readonly improvement: ImprovementFit;
  readonly initial: { readonly a: number; readonly b: number };
  readonly notes: readonly string[];
}

/** Improvement and first qualities from given qualities, or from the votes where any is missing. */
function measure(
  table: BallotTable,
  fit: BallotFit,
  artifacts: readonly ArtifactRecord[],
  given: ReadonlyMap<string, number>,
  exponent: number,
  noiseVariance: number | undefined,
): Measured {
  const isFirst = (one: ArtifactRecord): boolean => one.from === undefined && !one.anchor;
  const firstNote = 'fewer than two first artifacts have a quality: the belief about a first one is uniform';
  if (artifacts.every(({ artifact }) => given.has(artifact))) {
    const firsts = artifacts.filter(isFirst).map((one) => given.get(one.artifact) ?? Number.NaN);
    return {
      qualities: [],
      improvement: learnImprovement(judgedOf(artifacts, given), { noiseVariance }),
      initial: betaByMoments(firsts, noiseVariance),
      notes: firsts.length < 2 ? [firstNote] : [],
    };
  }
  const gammas = new Map(fit.voters.map((voter) => [voter.worker, meanGamma(voter.errors)]));
  const index = new Map(table.artifacts.map((artifact, a) => [artifact, a]));
  const byName = new Map(artifacts.map((one) => [one.artifact, one]));
  const base = Int32Array.from(table.artifacts, (artifact) => index.get(byName.get(artifact)?.from ?? '') ?? -1);
  const outside = table.artifacts.map((artifact) => {
    const record = byName.get(artifact);
    return record === undefined || record.anchor || record.from !== undefined;
  });
  const { scaling, improvement, initial } = learnHierarchy(table, { exponent, gammas, anchors: given, base, outside });
  const quality = new Map(given);
  for (const one of scaling.qualities) if (!quality.has(one.artifact)) quality.set(one.artifact, one.quality);
  const lost = artifacts.filter(({ artifact }) => !quality.has(artifact)).length;
  const notes = [...scaling.notes];
  if (lost > 0) notes.push(`${lost} artifacts have neither a quality nor a ballot: nothing is learned from them`);
  if (artifacts.filter((one) => isFirst(one) && quality.has(one.artifact)).length < 2) notes.push(firstNote);
  // Offsets come from the mean qualities: a sample is too noisy to tell improvers apart.
  const { improvers } = learnImprovement(judgedOf(artifacts, quality), { degree: 1 });
  return { qualities: scaling.qualities, improvement: { ...improvement, improvers }, initial, notes };
}

function judgedOf(artifacts: readonly ArtifactRecord[], quality: ReadonlyMap<string, number>): JudgedImprovement[] {
  const judged: JudgedImprovement[] = [];
  for (const { artifact, from, worker, anchor } of artifacts) {
    const [before, after] = [quality.get(from ?? ''), quality.get(artifact)];
    if (from === undefined || anchor || before === undefined || after === undefined) continue;
    judged.push({ before, after, worker, source: from });
  }
  return judged;
}
