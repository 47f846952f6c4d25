import { BudgetError, InputError, shown } from '../../errors.ts';
import type { VotePatterns } from './vote-patterns.ts';

/**
 * What a difference between two classes means.
 *
 * - `nominal`: different is different.
 * - `ordinal`: classes are grades in their canonical order; a difference counts the answers between.
 * - `interval`: classes are numbers; the squared difference.
 * - `ratio`: classes are numbers from 0 on; the squared difference over the squared sum.
 */
export type Scale = 'nominal' | 'ordinal' | 'interval' | 'ratio';
export const scales: readonly Scale[] = ['nominal', 'ordinal', 'interval', 'ratio'];

/** The most pairs of classes a ratio scale may compare in one call. */
const mostPairs = 2e10;

/** A spread below this share of the squares is rounding: all values are equal. */
const roundingShare = 1e-28;

/**
 * The numbers behind classes, centred at their mean for `interval` so that squares keep their digits.
 *
 * Class names are read as numbers unless `values` gives one per class. `nominal` and `ordinal` need
 * none and get the place in canonical order.
 *
 * @throws {InputError} invalid-scale for names that are not numbers, or a negative one on `ratio`
 */
export function classValues(scale: Scale, names: readonly string[], values?: readonly number[]): Float64Array {
  if (scale === 'nominal' || scale === 'ordinal') return Float64Array.from(names, (_, k) => k);
  if (values !== undefined && values.length !== names.length) {
    throw new InputError(`invalid values: ${values.length} for ${names.length} classes; give one number per class`, {
      code: 'invalid-scale',
      got: String(values.length),
      hint: 'give one number per class, in the order of the classes',
    });
  }
  const numbers = Float64Array.from(names, (name, k) =>
    values === undefined ? (name.trim() === '' ? Number.NaN : Number(name)) : values[k],
  );
  const wrong = numbers.findIndex((value) => !Number.isFinite(value) || (scale === 'ratio' && value < 0));
  if (wrong >= 0) {
    const expected = scale === 'ratio' ? 'numbers from 0 on' : 'numbers';
    throw new InputError(
      `invalid class ${shown(names[wrong])} for the ${scale} scale: expected ${expected}; use nominal or ordinal, or give a value per class`,
      {
        code: 'invalid-scale',
        got: names[wrong],
        hint: 'use the nominal or ordinal scale, or give a value per class',
      },
    );
  }
  if (scale === 'ratio' || numbers.length === 0) return numbers;
  const centre = numbers.reduce((total, value) => total + value, 0) / numbers.length;
  return numbers.map((value) => value - centre);
}

/**
 * Refuses a ratio scale whose pairs of classes would take minutes: it alone has no linear form.
 *
 * @throws {BudgetError} too-many-classes
 */
export function checkScaleCost(scale: Scale, classCount: number, evaluations: number): void {
  if (scale !== 'ratio' || classCount * classCount * evaluations <= mostPairs) return;
  throw new BudgetError(
    `invalid size for the ratio scale: ${classCount}² pairs of classes, ${evaluations} times; use the interval scale or fewer draws`,
    { code: 'too-many-classes', got: String(classCount), hint: 'use the interval scale or fewer draws' },
  );
}

/** Midranks of the classes by how often they were said: Σ of those before and half of their own. */
export function midranks(totals: Float64Array, out: Float64Array): Float64Array {
  let before = 0;
  for (let k = 0; k < totals.length; k++) {
    out[k] = before + totals[k] / 2;
    before += totals[k];
  }
  // Only differences matter; centred squares keep their digits.
  for (let k = 0; k < totals.length; k++) out[k] -= before / 2;
  return out;
}

/**
 * Σ_c Σ_k n_c n_k δ²(c, k) over a list of classes with counts: the disagreement of all ordered pairs.
 *
 * The squared differences of `nominal`, `interval` and `ordinal` (whose δ is a difference of
 * midranks) have closed sums and cost one pass; `ratio` compares all pairs of the list.
 */
export function pairDisagreement(
  scale: Scale,
  classes: ArrayLike<number> | null,
  counts: ArrayLike<number>,
  from: number,
  to: number,
  positions: Float64Array,
): number {
  if (scale === 'ratio') return ratioDisagreement(classes, counts, from, to, positions);
  let size = 0;
  let sum = 0;
  let squares = 0;
  if (scale === 'nominal') {
    for (let i = from; i < to; i++) {
      size += counts[i];
      squares += counts[i] * counts[i];
    }
    return size * size - squares;
  }
  for (let i = from; i < to; i++) {
    size += counts[i];
    sum += counts[i] * positions[classes === null ? i : classes[i]];
  }
  // Two passes: the difference of the raw sums would lose the digits of values close together.
  const mean = sum / size;
  let spread = 0;
  for (let i = from; i < to; i++) {
    const position = positions[classes === null ? i : classes[i]];
    spread += counts[i] * (position - mean) ** 2;
    squares += counts[i] * position ** 2;
  }
  return spread <= roundingShare * squares ? 0 : 2 * size * spread;
}

function ratioDisagreement(
  classes: ArrayLike<number> | null,
  counts: ArrayLike<number>,
  from: number,
  to: number,
  positions: Float64Array,
): number {
  let total = 0;
  for (let i = from; i < to; i++) {
    const left = positions[classes === null ? i : classes[i]];
    for (let j = i + 1; j < to; j++) {
      const right = positions[classes === null ? j : classes[j]];
      if (left === right) continue;
      total += 2 * counts[i] * counts[j] * ((left - right) / (left + right)) ** 2;
    }
  }
  return total;
}

/** {@link pairDisagreement} of the answers of one task of each pattern, P, divided by answers − 1. */
export function taskDisagreements(patterns: VotePatterns, scale: Scale, positions: Float64Array): Float64Array {
  const { start, size, count } = patterns;
  return Float64Array.from(size, (answers, p) => {
    return pairDisagreement(scale, patterns.class, count, start[p], start[p + 1], positions) / (answers - 1);
  });
}
