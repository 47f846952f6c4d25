import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError, shown } from '../../errors.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import { pooledConfusion } from '../../methods/dawid-skene/shrunk.ts';
import { type Estimate, estimateOf } from '../../methods/estimate.ts';
import { tableNotes } from '../../methods/table-notes.ts';
import { clampGold, isInformed, startingPosterior } from '../../methods/votes.ts';
import { checkConfusionSize, confusionWorkers } from '../../methods/worker-estimates.ts';
import { type GroupIndex, groupIndex, type TaskGroups } from './groups.ts';

/**
 * What a worker's confusion in a group falls back on: the worker's own over all groups (`worker`); that,
 * moved as the crowd's moves in the group (`shift`); or as `worker`, but rows with fewer than ten answers
 * are the crowd's in the group (`crowd`).
 */
export type GroupBorrowing = 'worker' | 'shift' | 'crowd';

export interface FairGroupOptions {
  /** Answers of a class in a group that weigh as much as what is borrowed; default 10. */
  readonly strength?: number;
  /** What is borrowed; default `shift`. */
  readonly borrow?: GroupBorrowing;
  /** Class frequencies of each group (`group`, default), or the same in all (`shared`). */
  readonly prior?: 'group' | 'shared';
  /** Most sweeps; default 100. */
  readonly maxIterations?: number;
}

/** Confusions of workers in groups, each W×K×K [worker][true][said], rows sum to 1. */
export interface GroupConfusions {
  /** Names of the groups, in order. */
  readonly groups: readonly string[];
  /** Over all answers, shrunk towards each worker's own accuracy. */
  readonly pooled: Float64Array;
  /** One array per group. */
  readonly byGroup: readonly Float64Array[];
}

/** Answers a row needs before it stands without the crowd's, with `crowd`. */
const leastAnswers = 10;

/** No posterior moves by more: the fit has settled. */
const tolerance = 1e-6;

const leastCell = 1e-12;

/**
 * Confusion matrices of each worker in each group of tasks, from what is believed of the tasks.
 *
 * A_w^(g)[k][l] = (C + s·target) / (Σ C + s), with C the worker's soft counts about tasks of group g, s
 * the strength and `target` by `borrow`. The pooled matrix is shrunk in the same way, strength 10,
 * towards one coin with the worker's accuracy. Where groups are alike all matrices of a worker agree up
 * to sampling. A worker or group without answers gets what is borrowed. O(N·K + G·W·K²).
 *
 * Source: p(answer | truth, group) as in work on annotators' bias (Goel & Faltings 2019, AIES); the
 * shrinkage and `shift` are our own.
 *
 * @throws {InputError} invalid-option for a strength that is not a finite number above 0
 * @throws {BudgetError} too-many-cells
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t2', 'ana', 'yes']]);
 * const groups = new Map([['t1', 'old'], ['t2', 'young']]);
 * groupConfusions(table, new Float64Array([1, 0, 0, 1]), groups).byGroup.length; // => 2
 */
export function groupConfusions(
  table: AnswerTable,
  posterior: Float64Array,
  groups: TaskGroups,
  options: FairGroupOptions = {},
): GroupConfusions {
  checkConfusionSize(table, 'group confusions');
  return estimateConfusions(table, posterior, groupIndex(table.tasks, groups), checked(options));
}

/**
 * True labels when workers treat groups of tasks differently: Dawid-Skene with a confusion matrix per
 * worker and group.
 *
 * Use when the audit shows that workers wrong one group ("they call applicants of group 1 unfit more
 * often") and some tasks have gold: it takes that bias out of the posterior. Without gold a bias that
 * all share cannot be told from a difference between the groups, and a note says so; then this mostly
 * removes what single workers add. Not for crowds with fewer than some hundred answers per group.
 *
 * Starts at vote shares and gold; stops when no posterior moves by more than 1e-6. Tasks without a group
 * use pooled matrices. Class frequencies are the group's (`prior: 'shared'` supposes that the groups are
 * alike and takes every difference for the workers'). `workers` holds the pooled matrices. Empty and
 * one-class tables give vote shares. O(N·K + G·W·K²) a sweep. The shrinkage target moves with the fit, so
 * the log-likelihood may dip.
 *
 * Source: Dawid & Skene (1979) with p(answer | truth, group); see {@link groupConfusions}.
 *
 * @throws {InputError} invalid-option
 * @throws {BudgetError} too-many-cells
 * @example
 * const table = answersFrom([['t1', 'ana', 'no'], ['t1', 'bo', 'no'], ['t2', 'ana', 'yes'], ['t2', 'bo', 'yes']]);
 * fitByGroup(table, new Map([['t1', 'old'], ['t2', 'young']])).label('t2'); // => 'yes'
 */
export function fitByGroup(table: AnswerTable, groups: TaskGroups, options: FairGroupOptions = {}): Estimate {
  const settings = checked(options);
  checkConfusionSize(table, 'group confusions');
  const index = groupIndex(table.tasks, groups);
  const posterior = startingPosterior(table);
  const notes = tableNotes(table);
  if (table.gold === undefined || table.gold.every((label) => label < 0))
    notes.push('no gold: a bias that all workers share cannot be told from a difference between the groups');
  const objective: number[] = [];
  let converged = table.answerCount === 0 || table.classCount < 2;
  while (!converged && objective.length < settings.maxIterations) {
    const confusions = estimateConfusions(table, posterior, index, settings);
    const priors = groupPriors(table, posterior, index, settings.prior);
    const { moved, logLikelihood } = updatePosterior(table, posterior, index, confusions, priors);
    objective.push(logLikelihood);
    converged = moved <= tolerance;
  }
  if (!converged) notes.push(`stopped at the limit of ${settings.maxIterations} iterations before it settled`);
  const prior = groupPriors(table, posterior, index, 'shared')[0];
  const { pooled } = estimateConfusions(table, posterior, index, settings);
  return estimateOf(table, {
    method: 'dawid-skene-by-group',
    options: { ...settings },
    seed: 0,
    posterior,
    prior,
    workers: confusionWorkers(table, posterior, pooled, prior, settings.strength),
    objective,
    converged,
    stopReason: converged ? 'settled' : 'iteration limit',
    notes,
  });
}

function checked(options: FairGroupOptions): Required<FairGroupOptions> {
  const { strength = 10, borrow = 'shift', prior = 'group', maxIterations = 100 } = options;
  const wrong = (name: string, value: unknown, wanted: string): never => {
    throw new InputError(`invalid ${name} ${shown(value)}; expected ${wanted}`, {
      code: 'invalid-option',
      path: name,
      got: String(value),
      hint: `give ${wanted}`,
    });
  };
  if (!(strength > 0 && Number.isFinite(strength))) wrong('strength', strength, 'a finite number above 0');
  if (!(maxIterations >= 1)) wrong('maxIterations', maxIterations, 'a whole number from 1');
  return { strength, borrow, prior, maxIterations };
}

function estimateConfusions(
  table: AnswerTable,
  posterior: Float64Array,
  { names, of }: GroupIndex,
  { strength, borrow }: Required<FairGroupOptions>,
): GroupConfusions {
  const { classCount, workerCount, testCounts } = table;
  const size = workerCount * classCount * classCount;
  const counts = names.map(() => new Float64Array(size));
  const total = testCounts === undefined ? new Float64Array(size) : testCounts.slice();
  countAnswers(table, posterior, of, counts, total);
  const pooled = shrunk(total, coins(total, classCount), strength, classCount);
  const crowd = pooledConfusion(total, classCount);
  const byGroup = counts.map((own) => {
    // The crowd's matrix in the group, itself shrunk towards that of all groups.
    const sum = new Float64Array(crowd.length);
    for (let i = 0; i < size; i++) sum[i % crowd.length] += own[i];
    const crowdInGroup = shrunk(sum, crowd, strength, classCount);
    const target = pooled.slice();
    if (borrow === 'shift') {
      for (let i = 0; i < size; i++) target[i] *= crowdInGroup[i % crowd.length] / crowd[i % crowd.length];
      normaliseRows(target, classCount);
    }
    const matrix = shrunk(own, target, strength, classCount);
    if (borrow !== 'crowd') return matrix;
    for (let row = 0; row < size; row += classCount) {
      let mass = 0;
      for (let l = 0; l < classCount; l++) mass += own[row + l];
      const from = row % crowd.length;
      if (mass < leastAnswers) matrix.set(crowdInGroup.subarray(from, from + classCount), row);
    }
    return matrix;
  });
  return { groups: names, pooled, byGroup };
}

/** Soft counts W×K×K of each group and of all answers. */
function countAnswers(
  { taskCount, classCount, taskStart, worker, label, weight }: AnswerTable,
  posterior: Float64Array,
  groupOf: Int32Array,
  counts: readonly Float64Array[],
  total: Float64Array,
): void {
  for (let task = 0; task < taskCount; task++) {
    const own = groupOf[task] < 0 ? undefined : counts[groupOf[task]];
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const cell = worker[answer] * classCount * classCount + label[answer];
      const power = weight === undefined ? 1 : weight[answer];
      for (let k = 0; k < classCount; k++) {
        const mass = power * posterior[task * classCount + k];
        total[cell + k * classCount] += mass;
        if (own !== undefined) own[cell + k * classCount] += mass;
      }
    }
  }
}

/** (C + s·target) / (Σ C + s), by rows. */
function shrunk(counts: Float64Array, target: Float64Array, strength: number, classCount: number): Float64Array {
  const matrix = counts.map((count, i) => count + strength * target[i]);
  normaliseRows(matrix, classCount);
  return matrix;
}

function normaliseRows(matrix: Float64Array, classCount: number): void {
  for (let row = 0; row < matrix.length; row += classCount) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) mass += matrix[row + l];
    for (let l = 0; l < classCount; l++) matrix[row + l] /= mass;
  }
}

/** One coin per worker, W×K×K: accuracy (right + 1) / (answers + 2), errors even. */
function coins(counts: Float64Array, classCount: number): Float64Array {
  const block = classCount * classCount;
  const target = new Float64Array(counts.length);
  for (let from = 0; from < counts.length; from += block) {
    let right = 0;
    let answers = 0;
    for (let i = 0; i < block; i++) answers += counts[from + i];
    for (let k = 0; k < classCount; k++) right += counts[from + k * (classCount + 1)];
    const accuracy = classCount > 1 ? (right + 1) / (answers + 2) : 1;
    target.fill(classCount > 1 ? (1 - accuracy) / (classCount - 1) : 1, from, from + block);
    for (let k = 0; k < classCount; k++) target[from + k * (classCount + 1)] = accuracy;
  }
  return target;
}

/** Class frequencies, of each group and last of all tasks; with `shared` only those. One pseudo-task in all. */
function groupPriors(
  table: AnswerTable,
  posterior: Float64Array,
  { names, of }: GroupIndex,
  rule: 'group' | 'shared',
): Float64Array[] {
  const { taskCount, classCount } = table;
  const groupCount = rule === 'group' ? names.length : 0;
  const priors = Array.from({ length: groupCount + 1 }, () => new Float64Array(classCount).fill(1 / classCount));
  for (let task = 0; task < taskCount; task++) {
    if (!isInformed(table, task)) continue;
    for (let k = 0; k < classCount; k++) {
      const p = posterior[task * classCount + k];
      priors[groupCount][k] += p;
      if (groupCount > 0 && of[task] >= 0) priors[of[task]][k] += p;
    }
  }
  for (const prior of priors) normaliseRows(prior, classCount);
  return priors;
}

/** The E-step, in place: how far a probability moved at most, and the log-likelihood. */
function updatePosterior(
  table: AnswerTable,
  posterior: Float64Array,
  { of }: GroupIndex,
  { byGroup, pooled }: GroupConfusions,
  priors: readonly Float64Array[],
): { moved: number; logLikelihood: number } {
  const { taskCount, classCount, taskStart, worker, label, weight, taskPrior } = table;
  const before = posterior.slice();
  const logs = [...byGroup, pooled].map((matrix) => matrix.map((p) => Math.log(Math.max(leastCell, p))));
  let logLikelihood = 0;
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const logConfusion = of[task] < 0 ? logs[logs.length - 1] : logs[of[task]];
    const prior = priors[of[task] < 0 || priors.length === 1 ? priors.length - 1 : of[task]];
    for (let k = 0; k < classCount; k++)
      posterior[row + k] = Math.log(Math.max(leastCell, taskPrior === undefined ? prior[k] : taskPrior[row + k]));
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const cell = worker[answer] * classCount * classCount + label[answer];
      const power = weight === undefined ? 1 : weight[answer];
      for (let k = 0; k < classCount; k++) posterior[row + k] += power * logConfusion[cell + k * classCount];
    }
    logLikelihood += softmaxInPlace(posterior, row, classCount);
  }
  clampGold(table, posterior);
  let moved = 0;
  for (let i = 0; i < posterior.length; i++) moved = Math.max(moved, Math.abs(posterior[i] - before[i]));
  return { moved, logLikelihood };
}
