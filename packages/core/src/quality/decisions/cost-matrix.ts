import { InputError, nearNames, shown } from '../../errors.ts';
import type { Estimate } from '../../methods/estimate.ts';

/** The decision not to label a task, in the `label` of a {@link CostRow}. */
export const abstainDecision = 'abstain';

/** What one decision costs when something is true. */
export interface CostRow {
  /** The true class. */
  readonly truth: string;
  /** The class decided for, or `abstain`. */
  readonly label: string;
  /** In any one unit, the same for all rows; a gain is negative. */
  readonly cost: number;
  /** Line of the file it came from, counted from 1. */
  readonly line?: number;
}

/** What deciding costs: Λ[truth][label], and what leaving a task open costs. */
export interface CostMatrix {
  /** Class names in the order of the estimate. */
  readonly classes: readonly string[];
  /** K×K by rows of truth. */
  readonly cost: Float64Array;
  /** Cost of abstaining by true class, K, where that is allowed. */
  readonly abstain?: Float64Array;
}

/** Errors collected before stopping. */
const mostErrors = 20;

/** Every mistake costs 1: the costs behind accuracy. */
export function zeroOneCosts(classes: readonly string[]): CostMatrix {
  const count = classes.length;
  return { classes, cost: Float64Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? 0 : 1)) };
}

/**
 * A cost matrix over the classes of an estimate, from one row per (truth, label).
 *
 * Right labels cost 0 unless a row says otherwise; every wrong label needs a row. Rows with label
 * `abstain`, one per class, give the price of leaving a task open. Negative costs are gains. Rows
 * for classes nobody answered are errors, since they are spelling mistakes far more often.
 *
 * `path` names the file in messages. O(K² + rows).
 *
 * @throws {InputError} unknown-class, invalid-cost, duplicate-cost, missing-cost; up to 20 together
 * @example
 * const costs = costMatrix(['ham', 'spam'], [
 *   { truth: 'ham', label: 'spam', cost: 10 },
 *   { truth: 'spam', label: 'ham', cost: 1 },
 * ]);
 * Array.from(costs.cost); // => [0, 10, 1, 0]
 */
export function costMatrix(classes: readonly string[], rows: readonly CostRow[], path?: string): CostMatrix {
  const count = classes.length;
  const place = new Map(classes.map((name, k) => [name, k]));
  const abstainIsClass = place.has(abstainDecision);
  const cost = new Float64Array(count * count).fill(Number.NaN);
  const abstain = new Float64Array(count).fill(Number.NaN);
  const problems: InputError[] = [];
  const refuse = (message: string, code: string, got: string, hint: string, line?: number): void => {
    const where = `${path === undefined ? '' : ` in ${path}`}${line === undefined ? '' : `${path === undefined ? ' in' : ','} line ${line}`}`;
    const details = {
      code,
      got,
      hint,
      ...(path === undefined ? {} : { path }),
      ...(line === undefined ? {} : { line }),
    };
    if (problems.length < mostErrors) problems.push(new InputError(`${message}${where}; ${hint}`, details));
  };
  for (const { truth, label, cost: value, line } of rows) {
    const k = place.get(truth) ?? -1;
    const abstains = label === abstainDecision && !abstainIsClass;
    const d = abstains ? 0 : (place.get(label) ?? -1);
    if (k < 0 || d < 0) {
      const wrong = k < 0 ? truth : label;
      const near = nearNames(wrong, classes);
      const hint =
        near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the classes are ${classes.slice(0, 12).join(', ')}`;
      refuse(`unknown class ${shown(wrong)}`, 'unknown-class', wrong, hint, line);
      continue;
    }
    if (!Number.isFinite(value)) {
      refuse(
        `invalid cost ${shown(String(value))} of ${shown(label)} for ${shown(truth)}`,
        'invalid-cost',
        String(value),
        'give a number',
        line,
      );
      continue;
    }
    const column = abstains ? abstain : cost;
    const at = abstains ? k : k * count + d;
    if (!Number.isNaN(column[at])) {
      refuse(
        `ambiguous cost of ${shown(label)} for ${shown(truth)}: given twice`,
        'duplicate-cost',
        String(value),
        'keep one of the rows',
        line,
      );
      continue;
    }
    column[at] = value;
  }
  const mayAbstain = abstain.some((value) => !Number.isNaN(value));
  for (let k = 0; k < count; k++) {
    if (Number.isNaN(cost[k * count + k])) cost[k * count + k] = 0;
    for (let d = 0; d < count; d++) {
      if (Number.isNaN(cost[k * count + d])) refuseMissing(classes[d], classes[k]);
    }
    if (mayAbstain && Number.isNaN(abstain[k])) refuseMissing(abstainDecision, classes[k]);
  }
  if (problems.length > 0) throw joined(problems);
  return { classes, cost, ...(mayAbstain ? { abstain } : {}) };

  function refuseMissing(label: string, truth: string): void {
    refuse(
      `missing cost of ${shown(label)} when ${shown(truth)} is true`,
      'missing-cost',
      label,
      'add a row with truth, label and cost',
    );
  }
}

/**
 * Rows of costs from the cells of a file, long or wide.
 *
 * Long: a header with `truth`, `label` (or `decision`) and `cost`. Wide: the first row names the
 * labels, the first column the truths, cells are costs; empty cells are left out. Cells are trimmed.
 *
 * @throws {InputError} missing-rows, missing-column, invalid-cost
 * @example
 * costRows([['truth', 'cat', 'dog'], ['cat', '0', '5'], ['dog', '1', '0']]).length; // => 4
 */
export function costRows(cells: readonly (readonly string[])[], path?: string): CostRow[] {
  const from = path === undefined ? {} : { path };
  if (cells.length < 2) {
    throw new InputError(`missing costs: ${cells.length} rows; give a header and a row per truth`, {
      code: 'missing-rows',
      ...from,
      got: String(cells.length),
      hint: 'give a header and a row per truth',
    });
  }
  const header = cells[0].map((cell) => cell.trim());
  const lower = header.map((cell) => cell.toLowerCase());
  const long = lower.includes('cost');
  const truthAt = long ? lower.indexOf('truth') : 0;
  const labelAt = lower.findIndex((name) => name === 'label' || name === 'decision');
  if (long && (truthAt < 0 || labelAt < 0)) {
    throw new InputError(
      `missing column ${truthAt < 0 ? 'truth' : 'label'}; the header is ${shown(header.join(','))}`,
      {
        code: 'missing-column',
        ...from,
        line: 1,
        got: header.join(','),
        hint: 'name the columns truth, label and cost, or give a matrix',
      },
    );
  }
  const rows: CostRow[] = [];
  cells.slice(1).forEach((row, i) => {
    const line = i + 2;
    const truth = (row[truthAt] ?? '').trim();
    if (truth === '' && row.every((cell) => cell.trim() === '')) return;
    const columns = long ? [lower.indexOf('cost')] : header.map((_, column) => column).slice(1);
    for (const column of columns) {
      const cell = (row[column] ?? '').trim();
      if (cell === '' && !long) continue;
      const label = long ? (row[labelAt] ?? '').trim() : header[column];
      rows.push({ truth, label, cost: cell === '' ? Number.NaN : Number(cell), line });
    }
  });
  return rows;
}

/** @throws {InputError} invalid-costs when the classes are not those of the estimate, in its order. */
export function checkCosts(estimate: Estimate, costs: CostMatrix): void {
  const names = estimate.classNames.names();
  if (names.length === costs.classes.length && names.every((name, k) => name === costs.classes[k])) return;
  throw new InputError(
    `invalid costs: for the classes ${costs.classes.slice(0, 12).join(', ')}; expected ${names.slice(0, 12).join(', ')}`,
    {
      code: 'invalid-costs',
      got: costs.classes.join(','),
      hint: 'make the matrix with costMatrix(estimate.classNames.names(), rows)',
    },
  );
}

function joined(problems: readonly InputError[]): InputError {
  const [first, ...others] = problems;
  const { message, code, path, line, got, hint } = first;
  return new InputError(
    message,
    {
      code,
      ...(path === undefined ? {} : { path }),
      ...(line === undefined ? {} : { line }),
      ...(got === undefined ? {} : { got }),
      ...(hint === undefined ? {} : { hint }),
    },
    others,
  );
}
