import { AnswerTable } from '../../answers/answer-table.ts';
import { AgreementSums, agreementOfPattern } from './agreement-sums.ts';
import { checkScaleCost, classValues, type Scale } from './scale.ts';
import { type VotePatterns, votePatterns } from './vote-patterns.ts';

/** What agreement can be computed of: answers, or the votes already counted. */
export type Rated = AnswerTable | VotePatterns;

export interface AlphaOptions {
  /** What a difference between two classes means; default `nominal`. */
  readonly scale?: Scale;
  /** The number behind each class, where the names are not numbers. */
  readonly values?: readonly number[];
}

/**
 * The share of pairs of answers to the same task that agree, averaged over tasks with two or more.
 *
 * Use to say how often colleagues agree; not to compare questions, since it is high by chance when
 * one class is frequent. NaN when no task has two answers. O(N).
 *
 * @example
 * percentAgreement(patternsOfCounts([[2, 1], [0, 3]])).toFixed(3); // => '0.667'
 */
export function percentAgreement(rated: Rated): number {
  return percentOf(wholeSums(rated));
}

/** Share of the pairs of answers to each task that agree, T; NaN with fewer than two answers. O(N). */
export function taskAgreement(rated: Rated): Float64Array {
  const patterns = patternsOf(rated);
  const byPattern = Float64Array.from(patterns.size, (_, pattern) => agreementOfPattern(patterns, pattern));
  return Float64Array.from(patterns.taskPattern, (pattern) => (pattern < 0 ? Number.NaN : byPattern[pattern]));
}

/**
 * Krippendorff's alpha: 1 − D_o/D_e, the part of the disagreement expected by chance that is absent.
 *
 * Use as the first number about agreement: it takes any number of workers, gaps, and all four
 * {@link Scale}s. 1 is perfect, 0 chance, below 0 systematic disagreement. Only tasks with two or
 * more answers count. NaN when no task has two answers or all say the same class: then nothing
 * shows whether workers could have told classes apart.
 *
 * O(N) for nominal, ordinal and interval, O(N + K²) for ratio, through vote counts instead of pairs.
 *
 * Source: Krippendorff (2019), Content Analysis, 4th ed., ch. 12; Hayes & Krippendorff (2007),
 * Communication Methods and Measures 1(1). The ordinal difference Σ_{g=c..k} n_g − (n_c + n_k)/2 is
 * a difference of midranks, which makes it an interval scale.
 *
 * @throws {InputError} invalid-scale
 * @throws {BudgetError} too-many-classes
 * @example
 * const table = answersFrom([['t1', 'ana', '1'], ['t1', 'bo', '1'], ['t2', 'ana', '2'], ['t2', 'bo', '3']]);
 * krippendorffAlpha(table, { scale: 'interval' }).toFixed(3); // => '0.727'
 */
export function krippendorffAlpha(rated: Rated, options: AlphaOptions = {}): number {
  return alphaOf(wholeSums(rated, options));
}

/**
 * Fleiss' kappa: agreement beyond what the overall shares of the classes would give.
 *
 * Use to compare with published figures. With as many answers to every task it is Fleiss' own; with
 * unequal numbers it is the variable-count form (each task's own count, shares pooled over answers),
 * and with two answers to every task it is Scott's pi. NaN without pairs or with one class only. O(N).
 *
 * Source: Fleiss (1971), Psychological Bulletin 76(5).
 *
 * @example
 * fleissKappa(patternsOfCounts([[2, 1], [0, 3]])).toFixed(2); // => '0.25'
 */
export function fleissKappa(rated: Rated): number {
  return fleissOf(wholeSums(rated));
}

/**
 * Gwet's AC1: agreement beyond chance where only doubtful answers agree by chance.
 *
 * Use where one class is so frequent that kappa and alpha are near 0 although workers nearly always
 * agree. P_e = Σ p_k(1 − p_k) / (K − 1), p the mean over tasks of the shares of the classes. NaN
 * without pairs or with one class only. O(N).
 *
 * Source: Gwet (2008), British Journal of Mathematical and Statistical Psychology 61. Gwet also
 * counts tasks with a single answer in p; here they are left out, as in every other coefficient.
 */
export function gwetAc1(rated: Rated): number {
  return ac1Of(wholeSums(rated));
}

/**
 * Brennan and Prediger's kappa: agreement beyond that of workers who choose among K classes blindly.
 *
 * Use where all classes were offered alike; it does not punish unequal shares. K is the number of
 * declared classes. NaN without pairs or with one class only. O(N).
 *
 * Source: Brennan & Prediger (1981), Educational and Psychological Measurement 41.
 */
export function brennanPrediger(rated: Rated): number {
  return brennanPredigerOf(wholeSums(rated));
}

/** The sums of all tasks. */
export function wholeSums(rated: Rated, options: AlphaOptions = {}): AgreementSums {
  const patterns = patternsOf(rated);
  const sums = newSums(rated, patterns, options, 1);
  sums.fill(patterns.times);
  return sums;
}

/** Empty sums for `evaluations` fillings. */
export function newSums(
  rated: Rated,
  patterns: VotePatterns,
  options: AlphaOptions,
  evaluations: number,
  byClass = true,
): AgreementSums {
  const scale = options.scale ?? 'nominal';
  checkScaleCost(scale, patterns.classCount, evaluations);
  const names =
    rated instanceof AnswerTable
      ? rated.classes.names()
      : Array.from({ length: patterns.classCount }, (_, k) => `column ${k + 1}`);
  return new AgreementSums(patterns, scale, classValues(scale, names, options.values), byClass);
}

export function patternsOf(rated: Rated): VotePatterns {
  return rated instanceof AnswerTable ? votePatterns(rated) : rated;
}

export function percentOf(sums: AgreementSums): number {
  return sums.agreement / sums.tasks;
}

/** 1 − (n − 1)·Σ o δ² / Σ n_c n_k δ², NaN when there is nothing to disagree about. */
export function alphaOf(sums: AgreementSums): number {
  return alphaFrom(sums.answers, sums.disagreement, sums.expectedDisagreement());
}

/** Nominal alpha whatever the scale of the sums. */
export function nominalAlphaOf(sums: AgreementSums): number {
  let contradicted = 0;
  let squares = 0;
  for (let k = 0; k < sums.totals.length; k++) {
    contradicted += sums.contradicted[k];
    squares += sums.totals[k] ** 2;
  }
  return alphaFrom(sums.answers, contradicted, sums.answers ** 2 - squares);
}

/** Alpha of one class against the rest. */
export function classAlphaOf(sums: AgreementSums, k: number): number {
  const own = sums.totals[k];
  return alphaFrom(sums.answers, 2 * sums.contradicted[k], 2 * own * (sums.answers - own));
}

/** Probability that a colleague repeats an answer that says the class; NaN if nobody said it. */
export function classAgreementOf(sums: AgreementSums, k: number): number {
  return 1 - sums.contradicted[k] / sums.totals[k];
}

export function fleissOf(sums: AgreementSums): number {
  let chance = 0;
  for (let k = 0; k < sums.totals.length; k++) chance += (sums.totals[k] / sums.answers) ** 2;
  return beyondChance(sums, chance);
}

export function ac1Of(sums: AgreementSums): number {
  const classCount = sums.shares.length;
  let chance = 0;
  for (let k = 0; k < classCount; k++) {
    const share = sums.shares[k] / sums.tasks;
    chance += (share * (1 - share)) / (classCount - 1);
  }
  return beyondChance(sums, chance);
}

export function brennanPredigerOf(sums: AgreementSums): number {
  return beyondChance(sums, 1 / sums.totals.length);
}

/** Number of classes that were said. */
export function classesSaid(sums: AgreementSums): number {
  let said = 0;
  for (let k = 0; k < sums.totals.length; k++) if (sums.totals[k] > 0) said++;
  return said;
}

/** Alpha from the two sums of disagreement; NaN where chance expects none. */
export function alphaFrom(answers: number, disagreement: number, expected: number): number {
  return expected > 0 ? 1 - ((answers - 1) * disagreement) / expected : Number.NaN;
}

function beyondChance(sums: AgreementSums, chance: number): number {
  if (classesSaid(sums) < 2) return Number.NaN;
  return (percentOf(sums) - chance) / (1 - chance);
}
