import type { Scale } from './scale.ts';

/** The coefficients of a report. */
export type CoefficientId =
  | 'percent'
  | 'krippendorff-alpha'
  | 'krippendorff-alpha-nominal'
  | 'fleiss-kappa'
  | 'gwet-ac1'
  | 'brennan-prediger'
  | 'cohen-kappa';

/** What the sentences need to know of the answers. */
export interface AgreementFacts {
  /** Number of tasks with two or more answers. */
  readonly tasks: number;
  /** Names of the classes that were said on them. */
  readonly said: readonly string[];
  /** Has every task the same number of answers? */
  readonly even: boolean;
  /** That number, or the mean. */
  readonly answersPerTask: number;
  readonly scale: Scale;
}

/** The name of a coefficient as people write it. */
export function coefficientTitle(id: CoefficientId, facts: AgreementFacts): string {
  switch (id) {
    case 'percent':
      return 'percent agreement';
    case 'krippendorff-alpha':
      return `Krippendorff's alpha (${facts.scale})`;
    case 'krippendorff-alpha-nominal':
      return "Krippendorff's alpha (nominal)";
    case 'fleiss-kappa':
      if (!facts.even) return "Fleiss' kappa (unequal numbers of answers)";
      return facts.answersPerTask === 2 ? "Scott's pi" : "Fleiss' kappa";
    case 'gwet-ac1':
      return "Gwet's AC1";
    case 'brennan-prediger':
      return 'Brennan–Prediger kappa';
    case 'cohen-kappa':
      return "Cohen's kappa, mean of pairs";
  }
}

/**
 * One plain sentence: what this number means for these answers, or why there is none.
 *
 * `value` is NaN where the coefficient is undefined.
 */
export function meaningOf(id: CoefficientId, value: number, facts: AgreementFacts): string {
  if (Number.isNaN(value)) return undefinedBecause(id, facts);
  const shown = value.toFixed(2);
  switch (id) {
    case 'percent':
      return `two answers to the same task agree in ${(100 * value).toFixed(0)} % of the cases; chance alone makes this high when one class is frequent`;
    case 'krippendorff-alpha':
    case 'krippendorff-alpha-nominal':
      return `${absentPart(value)}; ${alphaBound(value)}`;
    case 'fleiss-kappa':
      return `${beyondChance(value)} if everybody chose classes at the overall shares${facts.even ? '' : '; tasks count alike however many answers they have'}`;
    case 'gwet-ac1':
      return `${beyondChance(value)} if only doubtful answers agree by chance; robust where one class is very frequent`;
    case 'brennan-prediger':
      return `${beyondChance(value)} if everybody chose blindly among the classes`;
    case 'cohen-kappa':
      return `${shown}: mean over pairs of workers who share enough tasks, each held against the pair's own habits; 1 is perfect, 0 is chance`;
  }
}

/** Why a coefficient is undefined here. */
export function undefinedBecause(id: CoefficientId, facts: AgreementFacts): string {
  if (facts.tasks === 0) return 'undefined: no task has two answers, so nothing can agree or disagree';
  if (facts.said.length === 1 && id !== 'percent') {
    return `undefined: all answers say ${facts.said[0]}, so nothing shows whether workers can tell classes apart; this is not perfect agreement`;
  }
  if (id === 'cohen-kappa')
    return 'undefined: no pair of workers shares enough tasks on which more than one class was said';
  return 'undefined: the classes that were said have equal values, so no disagreement is possible';
}

function absentPart(alpha: number): string {
  if (alpha < 0)
    return `${alpha.toFixed(2)}: workers disagree more than chance would; look for opposite readings of the instructions`;
  return `${(100 * alpha).toFixed(0)} % of the disagreement that chance would give is absent`;
}

function alphaBound(alpha: number): string {
  if (alpha >= 0.8) return 'at least 0.8, which is customarily called reliable';
  if (alpha >= 0.667) return 'between 0.667 and 0.8: customarily enough for tentative conclusions only';
  return 'below 0.667: customarily too low to rely on single answers; several answers a task can still give good labels';
}

function beyondChance(value: number): string {
  if (value < 0) return `${value.toFixed(2)}: below chance,`;
  return `${(100 * value).toFixed(0)} % of the agreement that is possible beyond chance,`;
}
