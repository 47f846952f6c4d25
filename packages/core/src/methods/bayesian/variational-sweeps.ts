import type { AnswerTable } from '../../answers/answer-table.ts';
import { confusionSweep } from '../../kernels/confusion-sweep.ts';
import { lowestFloor } from '../../kernels/rescaling.ts';
import { taskFactors } from '../../kernels/sweep-layout.ts';
import { dirichletKl } from '../../math/dirichlet.ts';
import { digamma, logGamma } from '../../math/gamma-functions.ts';
import { objectiveSettled, type StopReason } from '../convergence.ts';
import { posteriorTolerance } from '../dawid-skene/em-options.ts';
import type { Progress } from '../method.ts';

/** The prior and the limits of a {@link variationalSweeps}. */
export interface VariationalSettings {
  /** K×K Dirichlet parameters of every worker's rows. */
  readonly confusionPrior: Float64Array;
  /** K Dirichlet parameters of the class frequencies; absent when they are known. */
  readonly classPrior?: Float64Array;
  /** K known class frequencies, used when `classPrior` is absent. Default uniform. */
  readonly knownClasses?: Float64Array;
  /** Do task priors take the place of the class frequencies, or multiply them? Default replaces. */
  readonly taskPriorUse?: TaskPriorUse;
  readonly maxIterations: number;
  /** Relative change of the bound that counts as settled; 0 for never. */
  readonly tolerance: number;
  /** Largest change of a posterior that counts as settled; default 1e-6, but never if `tolerance` is 0. */
  readonly posteriorTolerance?: number;
}

/** What a classifier's word about a task does to the class frequencies. */
export type TaskPriorUse = 'replaces' | 'multiplies';
export const taskPriorUses: readonly TaskPriorUse[] = ['replaces', 'multiplies'];

export interface VariationalFit {
  readonly posterior: Float64Array;
  /** W×K×K Dirichlet parameters of the workers' rows, test answers included. */
  readonly beta: Float64Array;
  /** Mean class frequencies, K. */
  readonly prior: Float64Array;
  /** The bound on the log evidence after each sweep. */
  readonly objective: number[];
  readonly iterations: number;
  readonly stopReason: StopReason;
}

/**
 * Coordinate ascent on the evidence lower bound of Dawid-Skene with Dirichlet priors, q(z) q(θ) q(π).
 *
 * One iteration sets β = α + n and the class parameters from the soft counts n, then all q(z) from
 * the expected logarithms; the bound is evaluated right after, with the parameters used. The
 * E-step is the product-form sweep with exp(E ln θ) as its table; the bound's divergences come from
 * the same pass over the cells that makes the table. `starting` is T×K and is not changed.
 *
 * O(N·K + W·K²) per iteration; the second term has a digamma, a log-gamma and an exponential per
 * cell with answers. Answer weights are powers of the likelihood; gold and task priors are factors.
 */
export function* variationalSweeps(
  table: AnswerTable,
  starting: Float64Array,
  settings: VariationalSettings,
): Generator<Progress, VariationalFit, void> {
  const { workerCount, classCount, taskCount, taskPrior } = table;
  const sweep = confusionSweep(table, { storePosterior: true, taskPrior: taskFactors(table), floor: lowestFloor });
  const cells = workerCount * classCount * classCount;
  const rows = priorCells(table, settings.confusionPrior);
  const beta = new Float64Array(cells);
  const factor = new Float64Array(cells);
  const totals = new Float64Array(classCount);
  const classBeta = new Float64Array(classCount);
  const classFactor = new Float64Array(classCount);
  const classPrior =
    taskPrior === undefined || settings.taskPriorUse === 'multiplies' ? settings.classPrior : undefined;
  const replaced = taskPrior !== undefined && settings.taskPriorUse !== 'multiplies';
  const settled = settings.posteriorTolerance ?? (settings.tolerance > 0 ? posteriorTolerance : 0);
  const objective: number[] = [];
  let stopReason: StopReason = 'iteration limit';

  sweep.scatter(starting);
  let iteration = 0;
  while (iteration < settings.maxIterations) {
    iteration++;
    let divergence = updateRows(sweep.counts(beta), rows, classCount, factor);
    sweep.setTable(factor);
    sweep.classTotals(totals);
    if (classPrior !== undefined) divergence += updateClasses(totals, classPrior, classBeta, classFactor);
    else if (replaced || settings.knownClasses === undefined) classFactor.fill(replaced ? 1 : 1 / classCount);
    else classFactor.set(settings.knownClasses);
    const { logLikelihood, maxChange } = sweep.sweep(classFactor, { store: true });
    objective.push(logLikelihood - divergence);
    yield { iteration, objective: objective[objective.length - 1] };
    if (settings.tolerance > 0 && objectiveSettled(objective, settings.tolerance)) {
      stopReason = 'objective settled';
      break;
    }
    if (settled > 0 && iteration > 1 && maxChange <= settled) {
      stopReason = 'posterior settled';
      break;
    }
  }
  const posterior = sweep.posterior(new Float64Array(taskCount * classCount));
  const prior = new Float64Array(classCount);
  if (classPrior !== undefined) {
    let mass = 0;
    for (let k = 0; k < classCount; k++) mass += classBeta[k];
    for (let k = 0; k < classCount; k++) prior[k] = classBeta[k] / mass;
    if (taskPrior === undefined) fillUnanswered(table, posterior, prior);
  } else if (replaced) meanPosterior(posterior, prior);
  else prior.set(classFactor);
  sweep.dispose();
  return { posterior, beta, prior, objective, iterations: iteration, stopReason };
}

/** Prior parameters per cell with what depends on them alone. Shared by all workers without test answers. */
export interface PriorCells {
  readonly alpha: Float64Array;
  readonly digammas: Float64Array;
  readonly logGammas: Float64Array;
  /** Per row: ln Γ of its sum. */
  readonly rowLogGammas: Float64Array;
}

/** α plus each worker's own test answers: W×K×K where there are any, else K×K. */
export function priorCells(table: AnswerTable, alpha: Float64Array): PriorCells {
  const { classCount, testCounts } = table;
  const block = classCount * classCount;
  const all = testCounts === undefined ? alpha : testCounts.map((count, cell) => count + alpha[cell % block]);
  const rowLogGammas = new Float64Array(all.length / classCount);
  for (let row = 0; row < rowLogGammas.length; row++) {
    let sum = 0;
    for (let l = 0; l < classCount; l++) sum += all[row * classCount + l];
    rowLogGammas[row] = logGamma(sum);
  }
  return { alpha: all, digammas: all.map(digamma), logGammas: all.map(logGamma), rowLogGammas };
}

/**
 * Turns counts n (in `beta`) into β = α + n in place, writes exp(E ln θ) to `factor` and returns
 * Σ KL(Dir(β) ‖ Dir(α)) over all rows.
 */
export function updateRows(
  beta: Float64Array,
  { alpha, digammas, logGammas, rowLogGammas }: PriorCells,
  classCount: number,
  factor: Float64Array,
): number {
  const period = alpha.length;
  let divergence = 0;
  for (let row = 0, shape = 0; row < beta.length; row += classCount, shape += classCount) {
    if (shape === period) shape = 0;
    let sum = 0;
    for (let l = 0; l < classCount; l++) sum += alpha[shape + l] + beta[row + l];
    const common = digamma(sum);
    let rowDivergence = logGamma(sum) - rowLogGammas[shape / classCount];
    for (let l = 0; l < classCount; l++) {
      const count = beta[row + l];
      const parameter = alpha[shape + l] + count;
      beta[row + l] = parameter;
      // Most cells of a sparse crowd have no answer: theirs is the prior's digamma.
      if (count === 0) {
        factor[row + l] = Math.exp(digammas[shape + l] - common);
        continue;
      }
      const expected = digamma(parameter) - common;
      factor[row + l] = Math.exp(expected);
      rowDivergence += count * expected - logGamma(parameter) + logGammas[shape + l];
    }
    divergence += rowDivergence;
  }
  return divergence;
}

/** The class parameters from class totals, exp(E ln π), and their divergence from the prior. */
export function updateClasses(
  totals: Float64Array,
  prior: Float64Array,
  beta: Float64Array,
  factor: Float64Array,
): number {
  const classCount = prior.length;
  let sum = 0;
  for (let k = 0; k < classCount; k++) {
    beta[k] = prior[k] + totals[k];
    sum += beta[k];
  }
  const common = digamma(sum);
  for (let k = 0; k < classCount; k++) factor[k] = Math.exp(digamma(beta[k]) - common);
  return dirichletKl(beta, prior, 0, classCount);
}

/** Gives tasks without answers and gold the mean class frequencies, not their geometric means. */
export function fillUnanswered(table: AnswerTable, posterior: Float64Array, prior: Float64Array): void {
  const { taskCount, classCount, taskStart, gold } = table;
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task + 1] > taskStart[task] || (gold !== undefined && gold[task] >= 0)) continue;
    for (let k = 0; k < classCount; k++) posterior[task * classCount + k] = prior[k];
  }
}

function meanPosterior(posterior: Float64Array, out: Float64Array): void {
  const classCount = out.length;
  const share = classCount / posterior.length;
  for (let i = 0; i < posterior.length; i++) out[i % classCount] += posterior[i] * share;
}
