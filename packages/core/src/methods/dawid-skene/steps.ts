import type { AnswerTable } from '../../answers/answer-table.ts';
import { dirichletLogs } from '../../kernels/rescaling.ts';
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
 * worker's own test answers where the table has them. A row without mass keeps its value: the
 * likelihood does not depend on it, and zeros would forbid the class for good. Returns Σ added · ln θ
 * (and the test answers' likelihood).
 */
export function cellStep(
  table: AnswerTable,
  added: Float64Array,
  rule: PriorRule,
  priorSmoothing: number,
): ConfusionStep {
  const { classCount, testCounts } = table;
  const addsOnly = testCounts === undefined && added.every((value) => value > 0);
  const plain = {
    added,
    updatePrior: (totals: Float64Array, prior: Float64Array) => updatePrior(table, rule, priorSmoothing, totals, prior),
  };
  return {
    ...(addsOnly ? { plain } : {}),
    update(counts, totals, confusion, prior) {
      const objective = updatePrior(table, rule, priorSmoothing, totals, prior);
      if (testCounts !== undefined) for (let i = 0; i < counts.length; i++) counts[i] += testCounts[i];
      normaliseRows(counts, added, classCount, confusion);
      return (
        objective + dirichletLogs(confusion, added) + (testCounts === undefined ? 0 : logTests(confusion, testCounts))
      );
    },
  };
}

function normaliseRows(counts: Float64Array, added: Float64Array, classCount: number, confusion: Float64Array): void {
  const block = classCount * classCount;
  for (let worker = 0; worker < counts.length; worker += block) {
    for (let at = 0; at < block; at += classCount) {
      const row = worker + at;
      let mass = 0;
      for (let l = 0; l < classCount; l++) mass += counts[row + l] + added[at + l];
      if (!(mass > 0)) continue;
      const scale = 1 / mass;
      for (let l = 0; l < classCount; l++) confusion[row + l] = (counts[row + l] + added[at + l]) * scale;
    }
  }
}

function logTests(confusion: Float64Array, testCounts: Float64Array): number {
  let sum = 0;
  for (let cell = 0; cell < confusion.length; cell++) {
    if (testCounts[cell] > 0) sum += testCounts[cell] * Math.log(confusion[cell]);
  }
  return sum;
}

/** The K×K pseudo-counts with `diagonal` on the diagonal and `off` beside it. */
export function pseudoCounts(classCount: number, diagonal: number, off: number): Float64Array {
  const added = new Float64Array(classCount * classCount).fill(off);
  for (let k = 0; k < classCount; k++) added[k * classCount + k] = diagonal;
  return added;
}
