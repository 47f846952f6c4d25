import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import { type Interval, percentileInterval } from '../bootstrap.ts';
import type { AgreementSums } from './agreement-sums.ts';
import { resampled, shareBelow } from './bootstrap.ts';
import {
  type AlphaOptions,
  ac1Of,
  alphaOf,
  brennanPredigerOf,
  classAgreementOf,
  classAlphaOf,
  classesSaid,
  fleissOf,
  newSums,
  nominalAlphaOf,
  percentOf,
} from './coefficients.ts';
import { type AgreementFacts, type CoefficientId, coefficientTitle, meaningOf } from './meaning.ts';
import type { KappaWeights } from './two-workers.ts';
import { type VotePatterns, votePatterns } from './vote-patterns.ts';
import { workerAgreement } from './worker-agreement.ts';
import { comparisonCount, pairAgreement, type WorkerPair } from './worker-pairs.ts';

export interface AgreementOptions extends AlphaOptions {
  readonly random: Random;
  /** Number of bootstrap resamples of tasks; default 1,000, 0 for no intervals. */
  readonly draws?: number;
  /** Probability the intervals cover; default 0.95. */
  readonly level?: number;
  /** Most pairs of workers to list; default 100. 0 leaves pairs out. */
  readonly mostPairs?: number;
  /** Least number of shared tasks for a pair to be compared; default 10. */
  readonly minShared?: number;
}

/** One coefficient with its interval and a plain sentence. Numbers are NaN (null in JSON) where undefined. */
export interface AgreementFigure extends Interval {
  readonly id: CoefficientId;
  readonly title: string;
  /** What the number means here, or why it is undefined. */
  readonly meaning: string;
}

/** Agreement on one class against the rest. */
export interface ClassAgreement {
  readonly class: string;
  /** Number of answers that say it, on tasks with two or more. */
  readonly answers: number;
  /** Probability that a random colleague repeats an answer that says it (specific agreement). */
  readonly agreement: number;
  /** Krippendorff's alpha of this class against all others, with interval. */
  readonly alpha: Interval;
}

/** One worker held against the rest; see {@link workerAgreement}. */
export interface WorkerAgreementRow {
  readonly worker: string;
  readonly shared: number;
  readonly agreement: number;
  readonly kappa: number;
  readonly alphaWithout: number;
  readonly alphaGain: number;
}

/** How much the answers agree: plain data for tables, JSON and pages. */
export interface AgreementReport {
  readonly scale: NonNullable<AlphaOptions['scale']>;
  /** Number of tasks with two or more answers, and of those without. */
  readonly tasks: number;
  readonly leftOut: number;
  /** Number of answers to the former. */
  readonly answers: number;
  readonly draws: number;
  readonly level: number;
  readonly coefficients: readonly AgreementFigure[];
  /** Share of the resamples with alpha below 0.667 and 0.8; NaN where undefined. */
  readonly alphaBelow667: number;
  readonly alphaBelow800: number;
  /** Classes in canonical order. */
  readonly classes: readonly ClassAgreement[];
  /** Workers in canonical order. */
  readonly workers: readonly WorkerAgreementRow[];
  /** Number of pairs of workers that share tasks, and of those that share enough to be compared. */
  readonly pairCount: number;
  readonly comparedPairs: number;
  readonly pairs: readonly WorkerPair[];
  readonly notes: readonly string[];
}

/** Beyond this many classes each class gets no interval of its own. */
const mostClassIntervals = 256;

/** Beyond this many comparisons of answers pairs of workers are left out of a report. */
const mostComparisons = 1e8;

const ids: readonly CoefficientId[] = [
  'percent',
  'krippendorff-alpha',
  'krippendorff-alpha-nominal',
  'fleiss-kappa',
  'gwet-ac1',
  'brennan-prediger',
];

/**
 * Everything about agreement at once: coefficients with bootstrap intervals and plain sentences,
 * by class, by worker and by pair of workers.
 *
 * Use for reports; single numbers are cheaper from `krippendorffAlpha` and its neighbours. All
 * coefficients share the same resamples of tasks. Degenerate answers give NaN with a sentence, never
 * 1. On a scale other than `nominal`, nominal alpha is reported beside it, and Cohen's kappa has
 * quadratic weights. Answer weights, soft answers and gold are not used. The result does not depend
 * on the order of rows.
 *
 * O(N·min(m, K) + draws · (entries of the vote patterns + K) + Σ m²/2). One million answers (four
 * classes, five a task) and 1,000 draws take about two seconds of CPU.
 *
 * @throws {InputError} invalid-scale
 * @throws {BudgetError} too-many-classes
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'cat'], ['t2', 'bo', 'cat']]);
 * agreementReport(table, { random: new Random(1) }).coefficients[1].value; // => NaN
 */
export function agreementReport(table: AnswerTable, options: AgreementOptions): AgreementReport {
  const patterns = votePatterns(table);
  const { scale = 'nominal', draws = 1000, level = 0.95 } = options;
  const sums = newSums(table, patterns, options, draws + 1);
  const notes: string[] = [];
  const perClass = patterns.classCount <= mostClassIntervals;
  if (!perClass) notes.push(`${patterns.classCount} classes: no intervals by class beyond ${mostClassIntervals}`);

  const width = ids.length + (perClass ? patterns.classCount : 0);
  const record = (out: Float64Array, at: number): void => {
    writeCoefficients(sums, out, at);
    if (perClass) for (let k = 0; k < patterns.classCount; k++) out[at + ids.length + k] = classAlphaOf(sums, k);
  };
  const drawn = resampled(patterns, sums, draws, options.random, width, record);
  const column = (place: number): Float64Array =>
    Float64Array.from({ length: draws }, (_, d) => drawn[d * width + place]);

  sums.fill(patterns.times);
  const facts = factsOf(table, patterns, sums, scale);
  const values = new Float64Array(ids.length);
  writeCoefficients(sums, values, 0);
  const coefficients: AgreementFigure[] = [];
  ids.forEach((id, place) => {
    if (id === 'krippendorff-alpha-nominal' && scale === 'nominal') return;
    coefficients.push(figureOf(id, percentileInterval(values[place], column(place), level), facts));
  });
  const classes = table.classes.names().map((name, k): ClassAgreement => {
    const value = classAlphaOf(sums, k);
    return {
      class: name,
      answers: sums.totals[k],
      agreement: classAgreementOf(sums, k),
      alpha: perClass
        ? percentileInterval(value, column(ids.length + k), level)
        : { value, lo: Number.NaN, hi: Number.NaN },
    };
  });
  const alphaDraws = column(ids.indexOf('krippendorff-alpha'));
  const pairs = pairsOf(table, options, scale, notes);
  if (pairs !== undefined) {
    const noInterval = { value: pairs.meanKappa, lo: Number.NaN, hi: Number.NaN };
    coefficients.push(figureOf('cohen-kappa', noInterval, facts));
  }
  addNotes(table, patterns, draws, notes);
  return {
    scale,
    tasks: patterns.taskCount,
    leftOut: table.taskCount - patterns.taskCount,
    answers: patterns.answerCount,
    draws,
    level,
    coefficients,
    alphaBelow667: shareBelow(alphaDraws, 0.667),
    alphaBelow800: shareBelow(alphaDraws, 0.8),
    classes,
    workers: workerRows(table, options),
    pairCount: pairs?.pairCount ?? 0,
    comparedPairs: pairs?.comparedPairs ?? 0,
    pairs: pairs?.pairs ?? [],
    notes,
  };
}

function writeCoefficients(sums: AgreementSums, out: Float64Array, at: number): void {
  out[at] = percentOf(sums);
  out[at + 1] = alphaOf(sums);
  out[at + 2] = nominalAlphaOf(sums);
  out[at + 3] = fleissOf(sums);
  out[at + 4] = ac1Of(sums);
  out[at + 5] = brennanPredigerOf(sums);
}

function figureOf(id: CoefficientId, interval: Interval, facts: AgreementFacts): AgreementFigure {
  return { id, title: coefficientTitle(id, facts), ...interval, meaning: meaningOf(id, interval.value, facts) };
}

function factsOf(
  table: AnswerTable,
  patterns: VotePatterns,
  sums: AgreementSums,
  scale: NonNullable<AlphaOptions['scale']>,
): AgreementFacts {
  const said: string[] = [];
  if (classesSaid(sums) === 1) said.push(table.classes.name(sums.totals.findIndex((total) => total > 0)));
  else for (let k = 0; k < sums.totals.length; k++) if (sums.totals[k] > 0) said.push(table.classes.name(k));
  // Patterns are sorted by size, so the ends tell.
  const { size, patternCount } = patterns;
  return {
    tasks: patterns.taskCount,
    said,
    even: patternCount > 0 && size[0] === size[patternCount - 1],
    answersPerTask: patterns.answerCount / patterns.taskCount,
    scale,
  };
}

function pairsOf(
  table: AnswerTable,
  options: AgreementOptions,
  scale: NonNullable<AlphaOptions['scale']>,
  notes: string[],
): ReturnType<typeof pairAgreement> | undefined {
  const { mostPairs = 100, minShared = 10 } = options;
  if (mostPairs === 0) return undefined;
  if (comparisonCount(table) > mostComparisons) {
    notes.push('pairs of workers are left out: too many answers per task to compare each with each');
    return undefined;
  }
  // A weighted kappa keeps a K×K matrix per pair; with very many classes the plain one must do.
  const weights: KappaWeights = scale === 'nominal' || table.classCount > 100 ? 'none' : 'quadratic';
  return pairAgreement(table, { weights, minShared, most: mostPairs });
}

function workerRows(table: AnswerTable, options: AlphaOptions): WorkerAgreementRow[] {
  const by = workerAgreement(table, options);
  return Array.from({ length: table.workerCount }, (_, w) => ({
    worker: table.workers.name(w),
    shared: by.shared[w],
    agreement: by.agreement[w],
    kappa: by.kappa[w],
    alphaWithout: by.alphaWithout[w],
    alphaGain: by.alphaGain[w],
  }));
}

function addNotes(table: AnswerTable, patterns: VotePatterns, draws: number, notes: string[]): void {
  const leftOut = table.taskCount - patterns.taskCount;
  if (leftOut > 0 && patterns.taskCount > 0) {
    notes.push(
      `${leftOut.toLocaleString('en-US')} of ${table.taskCount.toLocaleString('en-US')} tasks have fewer than two answers and are left out`,
    );
  }
  if (patterns.taskCount === 0) notes.push('no task has two answers: agreement is undefined');
  else if (patterns.taskCount < 20 && draws > 0) {
    notes.push(`only ${patterns.taskCount} tasks have two answers: the intervals are rough`);
  }
  if (table.weight !== undefined || table.soft !== undefined) {
    notes.push('answer weights and probabilities are not used: every answer is one vote for its class');
  }
}
