import type { AnswerTable } from '../../answers/answer-table.ts';
import type { ConfusionStep } from './confusion-em.ts';

/** How the class prior is handled: re-estimated in each sweep, or kept uniform. */
export type PriorRule = 'estimated' | 'uniform';
export const priorRules: readonly PriorRule[] = ['estimated', 'uniform'];

/**
 * The next class prior, in place, and what its Dirichlet adds to the objective.
 *
 * With task priors from a classifier the class prior is a row of ones: the classifier's word
 * replaces it.
 */
export function updatePrior(
  table: AnswerTable,
  rule: PriorRule,
  smoothing: number,
  totals: Float64Array,
  prior: Float64Array,
): number {
  const classCount = prior.length;
  if (table.taskPrior !== undefined) {
    prior.fill(1);
    return 0;
  }
  let mass = smoothing * classCount;
  for (let k = 0; k < classCount; k++) mass += totals[k];
  if (rule === 'uniform' || mass === 0) {
    prior.fill(1 / classCount);
    return 0;
  }
  let added = 0;
  for (let k = 0; k < classCount; k++) {
    prior[k] = (totals[k] + smoothing) / mass;
    if (smoothing > 0) added += smoothing * Math.log(prior[k]);
  }
  return added;
}

/**
 * Rows (n + added) / Σ(n + added) with the same `added` K×K counts for every worker, and the
 * worker's own test answers where the table has them. A row without mass keeps its value: nothing
 * depends on it. Returns Σ added · ln θ (and the test answers' likelihood).
 */
export function cellStep(
  table: AnswerTable,
  added: Float64Array,
  rule: PriorRule,
  priorSmoothing: number,
): ConfusionStep {
  const { classCount, testCounts } = table;
  const block = classCount * classCount;
  return {
    update(counts, totals, confusion, prior) {
      let objective = updatePrior(table, rule, priorSmoothing, totals, prior);
      for (let row = 0; row < counts.length; row += classCount) {
        const shape = row % block;
        let mass = 0;
        for (let l = 0; l < classCount; l++) {
          mass += counts[row + l] + added[shape + l] + (testCounts === undefined ? 0 : testCounts[row + l]);
        }
        if (!(mass > 0)) continue;
        for (let l = 0; l < classCount; l++) {
          const extra = added[shape + l] + (testCounts === undefined ? 0 : testCounts[row + l]);
          const cell = (counts[row + l] + extra) / mass;
          confusion[row + l] = cell;
          if (extra > 0) objective += extra * Math.log(cell);
        }
      }
      return objective;
    },
  };
}

/** The K×K pseudo-counts with `diagonal` on the diagonal and `off` beside it. */
export function pseudoCounts(classCount: number, diagonal: number, off: number): Float64Array {
  const added = new Float64Array(classCount * classCount).fill(off);
  for (let k = 0; k < classCount; k++) added[k * classCount + k] = diagonal;
  return added;
}
