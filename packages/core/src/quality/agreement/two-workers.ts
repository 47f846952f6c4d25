import { InputError, shown } from '../../errors.ts';
import { normalQuantile } from '../../math/special.ts';
import type { Interval } from '../bootstrap.ts';

/** How much a disagreement of two grades counts: any the same, by distance, or by squared distance. */
export type KappaWeights = 'none' | 'linear' | 'quadratic';

/** Cohen's kappa of two workers with a normal interval. NaN where undefined. */
export interface CohenKappa extends Interval {
  readonly standardError: number;
  /** Weighted share of agreement, observed and expected by chance. */
  readonly observed: number;
  readonly expected: number;
  /** Number of tasks both answered. */
  readonly shared: number;
}

/**
 * Cohen's kappa of two workers: agreement beyond what their own habits of labelling would give.
 *
 * `counts` is K×K by rows: tasks to which the first worker said the row's class and the second the
 * column's. Use for two workers, or a worker against gold. With `linear` or `quadratic` weights a
 * near miss counts partly: classes must then be grades in order. The interval uses the asymptotic
 * standard error; with fewer than 20 shared tasks it is rough. NaN without shared tasks, and when
 * both said one and the same class only. O(K²).
 *
 * Source: Cohen (1960), Educational and Psychological Measurement 20; Cohen (1968), Psychological
 * Bulletin 70; standard error of Fleiss, Cohen & Everitt (1969), Psychological Bulletin 72, eq. 9.
 *
 * @throws {InputError} invalid-counts when the matrix is not square
 * @example
 * cohenKappa([[20, 5], [10, 15]]).value.toFixed(2); // => '0.40'
 */
export function cohenKappa(
  counts: readonly (readonly number[])[],
  options: { readonly weights?: KappaWeights; readonly level?: number } = {},
): CohenKappa {
  const weights = options.weights ?? 'none';
  const { shares, rows, columns, shared } = marginals(counts);
  const classCount = rows.length;
  const credit = creditOf(weights, classCount);
  let observed = 0;
  let expected = 0;
  const rowCredit = new Float64Array(classCount);
  const columnCredit = new Float64Array(classCount);
  for (let k = 0; k < classCount; k++) {
    for (let l = 0; l < classCount; l++) {
      const w = credit(k, l);
      observed += w * shares[k * classCount + l];
      expected += w * rows[k] * columns[l];
      rowCredit[k] += w * columns[l];
      columnCredit[l] += w * rows[k];
    }
  }
  const value = shared > 0 && expected < 1 - 1e-12 ? (observed - expected) / (1 - expected) : Number.NaN;
  let variance = -((observed * expected - 2 * expected + observed) ** 2);
  for (let k = 0; k < classCount; k++) {
    for (let l = 0; l < classCount; l++) {
      const influence = credit(k, l) * (1 - expected) - (rowCredit[k] + columnCredit[l]) * (1 - observed);
      variance += shares[k * classCount + l] * influence ** 2;
    }
  }
  const standardError = Math.sqrt(Math.max(0, variance) / shared) / (1 - expected) ** 2;
  const reach = normalQuantile(0.5 + (options.level ?? 0.95) / 2) * standardError;
  const undefinedHere = Number.isNaN(value);
  return {
    value,
    lo: undefinedHere ? Number.NaN : Math.max(-1, value - reach),
    hi: undefinedHere ? Number.NaN : Math.min(1, value + reach),
    standardError: undefinedHere ? Number.NaN : standardError,
    observed,
    expected,
    shared,
  };
}

/**
 * Scott's pi of two workers: as Cohen's kappa, with one habit of labelling shared by both.
 *
 * Use when the two are interchangeable. Equals Fleiss' kappa of two answers a task; Krippendorff's
 * nominal alpha comes closer to it the more tasks there are. NaN as in {@link cohenKappa}.
 *
 * Source: Scott (1955), Public Opinion Quarterly 19.
 *
 * @throws {InputError} invalid-counts when the matrix is not square
 */
export function scottPi(counts: readonly (readonly number[])[]): number {
  const { shares, rows, columns } = marginals(counts);
  const classCount = rows.length;
  let observed = 0;
  let expected = 0;
  for (let k = 0; k < classCount; k++) {
    observed += shares[k * classCount + k];
    expected += ((rows[k] + columns[k]) / 2) ** 2;
  }
  return expected < 1 - 1e-12 ? (observed - expected) / (1 - expected) : Number.NaN;
}

/** The credit, 0 to 1, of one worker saying grade k and the other l. */
export function creditOf(weights: KappaWeights, classCount: number): (k: number, l: number) => number {
  const widest = Math.max(1, classCount - 1);
  if (weights === 'linear') return (k, l) => 1 - Math.abs(k - l) / widest;
  if (weights === 'quadratic') return (k, l) => 1 - ((k - l) / widest) ** 2;
  return (k, l) => (k === l ? 1 : 0);
}

function marginals(counts: readonly (readonly number[])[]): {
  shares: Float64Array;
  rows: Float64Array;
  columns: Float64Array;
  shared: number;
} {
  const classCount = counts.length;
  const shares = new Float64Array(classCount * classCount);
  const rows = new Float64Array(classCount);
  const columns = new Float64Array(classCount);
  let shared = 0;
  counts.forEach((row, k) => {
    if (row.length !== classCount || row.some((count) => !(count >= 0 && Number.isFinite(count)))) {
      throw new InputError(
        `invalid counts in row ${k + 1}: ${shown(row)}; expected ${classCount} numbers from 0 on, one per class`,
        { code: 'invalid-counts', line: k + 1, got: JSON.stringify(row), hint: 'give a square matrix of counts' },
      );
    }
    row.forEach((count, l) => {
      shares[k * classCount + l] = count;
      shared += count;
    });
  });
  for (let k = 0; k < classCount; k++) {
    for (let l = 0; l < classCount; l++) {
      shares[k * classCount + l] /= shared;
      rows[k] += shares[k * classCount + l];
      columns[l] += shares[k * classCount + l];
    }
  }
  return { shares, rows, columns, shared };
}
