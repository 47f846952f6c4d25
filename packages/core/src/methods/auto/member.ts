import type { AnswerTable } from '../../answers/answer-table.ts';
import { type ConfusionSweep, confusionSweep } from '../../kernels/confusion-sweep.ts';
import type { Progress } from '../method.ts';

/**
 * One sweep of a member with a table per worker: from soft counts W×K×K it writes exp(contribution)
 * of the same shape, [worker][true][said].
 */
export type MemberStep = (counts: Float64Array, table: Float64Array, sweep: number) => void;

export interface MemberFit {
  /** T×K; tasks without answers have the class prior. */
  readonly posterior: Float64Array;
  readonly sweeps: number;
  /** Σ ln Σ_k prior_k · Π table of the last sweep. */
  readonly logLikelihood: number;
}

/**
 * Coordinate ascent of a model with a fixed class prior: counts, step, posteriors, until no
 * posterior moves by `tolerance`. O(N·K) per sweep beside the step.
 */
export function* fitMember(
  table: AnswerTable,
  start: Float64Array,
  prior: Float64Array,
  step: MemberStep,
  limits: { readonly least: number; readonly most: number; readonly tolerance: number },
): Generator<Progress, MemberFit, void> {
  const cells = table.workerCount * table.classCount ** 2;
  const sweep: ConfusionSweep = confusionSweep(table, { storePosterior: true });
  const soft = new Float64Array(cells);
  const likelihood = new Float64Array(cells);
  sweep.scatter(start);
  let logLikelihood = 0;
  let sweeps = 0;
  while (sweeps < limits.most) {
    step(sweep.counts(soft), likelihood, sweeps);
    sweep.setTable(likelihood);
    const result = sweep.sweep(prior, { store: true });
    sweeps++;
    logLikelihood = result.logLikelihood;
    yield { iteration: sweeps, objective: Number.NaN };
    if (sweeps >= limits.least && sweeps > 1 && result.maxChange < limits.tolerance) break;
  }
  const posterior = sweep.posterior(new Float64Array(table.taskCount * table.classCount));
  sweep.dispose();
  return { posterior, sweeps, logLikelihood };
}
