import { logDirichletMultinomial } from '../../math/dirichlet.ts';
import { goldenSection } from '../../math/scalar-search.ts';
import type { Pilot } from './pilot.ts';

/** One kind of task: answers of a task of class k are Dirichlet-multinomial around row k. */
export interface TaskKind {
  /** K×K, [true][said], rows sum to 1. */
  readonly rows: Float64Array;
  /** κ: how alike tasks of the kind are; large means that all tasks share the rows. */
  readonly concentration: number;
  readonly accuracy: number;
}

/** Regular tasks, and tasks that are hard or mislead everybody. */
export interface TwoKinds {
  readonly regular: TaskKind;
  readonly hard: TaskKind;
  /** h: share of regular tasks. */
  readonly regularShare: number;
  /** Posterior probability that each gold task is regular, G. */
  readonly regularWeight: Float64Array;
  /** Class frequencies, K. */
  readonly prior: Float64Array;
}

const sweeps = 25;
const coinStrength = 5;

/**
 * Splits the gold tasks of a pilot into regular ones and hard or misleading ones.
 *
 * Confusion matrices alone forecast far too well: they know no task on which most people are wrong. Needs about four
 * answers a task to tell the kinds apart, and 50 to 100 gold tasks; with fewer it falls back on its priors (85 % regular).
 * With no answers of people every task is regular. 25 sweeps, O(G·K) each; no randomness.
 *
 * Source: a mixture of two Dirichlet-multinomials by expectation-maximisation, Assay's own.
 */
export function fitTwoKinds(pilot: Pilot): TwoKinds {
  const { classCount, truth, counts } = pilot;
  const taskCount = truth.length;
  const prior = new Float64Array(classCount).fill(0.5);
  for (const k of truth) prior[k]++;
  for (let k = 0; k < classCount; k++) prior[k] /= taskCount + classCount / 2;
  const weight = new Float64Array(taskCount).fill(0.9);
  for (let i = 0; i < taskCount; i++) {
    let total = 0;
    for (let l = 0; l < classCount; l++) total += counts[i * classCount + l];
    if (2 * counts[i * classCount + truth[i]] < total) weight[i] = 0.1;
  }
  let share = 0.85;
  let regular = kindOf(pilot, weight, 10, 2, 2.5);
  let hard = kindOf(pilot, complement(weight), 3, 1, 3);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let sum = 0;
    for (let i = 0; i < taskCount; i++) {
      const logOdds = logLikelihood(pilot, i, regular) - logLikelihood(pilot, i, hard) + Math.log(share / (1 - share));
      weight[i] = 1 / (1 + Math.exp(-logOdds));
      sum += weight[i];
    }
    share = (sum + 2) / (taskCount + 3);
    regular = kindOf(pilot, weight, 10, 2, 2.5);
    hard = kindOf(pilot, complement(weight), 3, 1, 3);
  }
  return { regular, hard, regularShare: share, regularWeight: weight, prior };
}

/** A matrix with `accuracy` on the diagonal and the rest shared evenly. */
export function coinRows(accuracy: number, classCount: number): Float64Array {
  const rows = new Float64Array(classCount * classCount).fill((1 - accuracy) / (classCount - 1));
  for (let k = 0; k < classCount; k++) rows[k * (classCount + 1)] = accuracy;
  return rows;
}

function complement(weight: Float64Array): Float64Array {
  return weight.map((w) => 1 - w);
}

function logLikelihood({ classCount, counts, truth }: Pilot, task: number, kind: TaskKind): number {
  const alpha = alphaOf(kind, truth[task], classCount);
  return logDirichletMultinomial(counts, alpha, task * classCount, classCount, 0);
}

function alphaOf(kind: TaskKind, truth: number, classCount: number): Float64Array {
  return kind.rows
    .subarray(truth * classCount, (truth + 1) * classCount)
    .map((share) => Math.max(1e-9, kind.concentration * share));
}

function kindOf(pilot: Pilot, weight: Float64Array, typical: number, right: number, all: number): TaskKind {
  const { classCount, counts, truth } = pilot;
  const sums = new Float64Array(classCount * classCount);
  let trace = 0;
  let total = 0;
  for (let i = 0; i < truth.length; i++) {
    for (let l = 0; l < classCount; l++) {
      const mass = weight[i] * counts[i * classCount + l];
      sums[truth[i] * classCount + l] += mass;
      total += mass;
      if (l === truth[i]) trace += mass;
    }
  }
  const accuracy = (trace + right) / (total + all);
  const coin = coinRows(accuracy, classCount);
  const rows = new Float64Array(sums.length);
  for (let k = 0; k < classCount; k++) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) {
      rows[k * classCount + l] = sums[k * classCount + l] + coinStrength * coin[k * classCount + l];
      mass += rows[k * classCount + l];
    }
    for (let l = 0; l < classCount; l++) rows[k * classCount + l] /= mass;
  }
  const cost = (logConcentration: number): number => {
    const kind = { rows, concentration: Math.exp(logConcentration), accuracy };
    let value = 0.5 * (logConcentration - Math.log(typical)) ** 2;
    for (let i = 0; i < truth.length; i++) if (weight[i] > 1e-9) value -= weight[i] * logLikelihood(pilot, i, kind);
    return value;
  };
  return { rows, concentration: Math.exp(goldenSection(cost, -1, 6, 1e-3)), accuracy };
}
