import type { AnswerTable } from '../answers/answer-table.ts';
import { BudgetError } from '../errors.ts';
import { betaQuantile, digamma, sigmoid, trigamma } from '../math/special.ts';
import type { WorkerEstimates } from './estimate.ts';
import { answersPerWorker } from './votes.ts';

/** Probability the workers' intervals are meant to cover. */
export const workerLevel = 0.9;

/** Pseudo-answers, half right and half wrong, behind every interval (Jeffreys' prior). */
const jeffreys = 0.5;

/** The most confusion cells a fit may hold: 2 GB of float64. */
export const mostConfusionCells: number = 2 ** 28;

/**
 * Refuses confusion matrices that would not fit in memory.
 *
 * @throws {BudgetError} too-many-cells
 */
export function checkConfusionSize(table: AnswerTable, method: string): void {
  const cells = table.workerCount * table.classCount ** 2;
  if (cells <= mostConfusionCells) return;
  const gigabytes = (cells * 8) / 1e9;
  throw new BudgetError(
    `invalid size for ${method}: ${table.workerCount} workers × ${table.classCount}² classes need ${gigabytes.toFixed(1)} GB; use one-coin`,
    { code: 'too-many-cells', got: String(cells), hint: 'use a method with one number per worker, such as one-coin' },
  );
}

/** Soft counts n[w][k][l] = Σ over answers of w saying l of the posterior of k, W×K×K. */
export function softCounts(table: AnswerTable, posterior: Float64Array, out?: Float64Array): Float64Array {
  const { taskCount, classCount, taskStart, worker, label, weight } = table;
  const counts = out ?? new Float64Array(table.workerCount * classCount * classCount);
  counts.fill(0);
  for (let task = 0; task < taskCount; task++) {
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      const cell = worker[answer] * classCount * classCount + label[answer];
      const power = weight === undefined ? 1 : weight[answer];
      for (let k = 0; k < classCount; k++) counts[cell + k * classCount] += power * posterior[task * classCount + k];
    }
  }
  return counts;
}

/** Expected number of right answers of each worker, W: the posterior of what was said, summed. */
export function expectedRight(
  table: AnswerTable,
  posterior: Float64Array,
): { right: Float64Array; variance: Float64Array } {
  const { taskCount, classCount, taskStart, worker, label } = table;
  const right = new Float64Array(table.workerCount);
  const variance = new Float64Array(table.workerCount);
  for (let task = 0; task < taskCount; task++) {
    const row = task * classCount;
    const end = taskStart[task + 1];
    for (let answer = taskStart[task]; answer < end; answer++) {
      const p = posterior[row + label[answer]];
      const who = worker[answer];
      right[who] += p;
      variance[who] += p * (1 - p);
    }
  }
  return { right, variance };
}

/** Variance of each worker's number of right answers, Σ p (1 - p), W. */
function rightVariance(table: AnswerTable, posterior: Float64Array): Float64Array {
  const { taskCount, classCount, taskStart, worker, label } = table;
  const variance = new Float64Array(table.workerCount);
  for (let task = 0, row = 0; task < taskCount; task++, row += classCount) {
    const end = taskStart[task + 1];
    for (let answer = taskStart[task]; answer < end; answer++) {
      const p = posterior[row + label[answer]];
      variance[worker[answer]] += p * (1 - p);
    }
  }
  return variance;
}

/**
 * Workers with one accuracy each: the share of right answers under the posterior, with a 90 %
 * interval.
 *
 * The interval is that of a Beta with Jeffreys' half answers, widened by the posterior's own
 * uncertainty about which answers were right. It is conditional on the model.
 */
export function coinWorkers(
  table: AnswerTable,
  posterior: Float64Array,
  accuracy?: Float64Array,
  extra?: Readonly<Record<string, Float64Array>>,
): WorkerEstimates {
  const { right, variance } = expectedRight(table, posterior);
  const total = answersPerWorker(table);
  const mean = right.map((value, w) => (value + jeffreys) / (total[w] + 2 * jeffreys));
  const spread = mean.map((p, w) => (p * (1 - p)) / (total[w] + 2) + variance[w] / (total[w] + 1) ** 2);
  const point = accuracy ?? mean;
  return {
    accuracy: point,
    ...interval(mean, spread, point),
    level: workerLevel,
    ...(extra === undefined ? {} : { extra }),
  };
}

/**
 * Workers with a confusion matrix each: accuracy Σ_k prior_k · confusion[k][k] with a 90 % interval.
 *
 * Each row counts as many answers as its soft counts hold, plus `strength` pseudo-answers of the
 * method's prior, so that the interval agrees with a shrunk or smoothed estimate; half an answer
 * right and half wrong keep perfect records open. Widened as in {@link coinWorkers}. `counts` are the
 * soft counts W×K×K of the posterior where the caller has them. The interval is found when it is first
 * read, so nothing given may change afterwards.
 */
export function confusionWorkers(
  table: AnswerTable,
  posterior: Float64Array,
  confusion: Float64Array,
  prior: Float64Array,
  strength = 0,
  counts: Float64Array = softCounts(table, posterior),
): WorkerEstimates {
  const { workerCount, classCount } = table;
  const accuracy = new Float64Array(workerCount);
  for (let w = 0; w < workerCount; w++) {
    for (let k = 0; k < classCount; k++) {
      accuracy[w] += prior[k] * confusion[(w * classCount + k) * classCount + k];
    }
  }
  // The intervals of 10,000 workers take as long as five sweeps: found when somebody asks.
  let ends: { lo: Float64Array; hi: Float64Array } | undefined;
  const found = (): { lo: Float64Array; hi: Float64Array } => {
    ends ??= confusionIntervals(table, posterior, confusion, prior, strength, counts, accuracy);
    return ends;
  };
  return {
    accuracy,
    get lo() {
      return found().lo;
    },
    get hi() {
      return found().hi;
    },
    level: workerLevel,
    confusion,
  };
}

function confusionIntervals(
  table: AnswerTable,
  posterior: Float64Array,
  confusion: Float64Array,
  prior: Float64Array,
  strength: number,
  counts: Float64Array,
  accuracy: Float64Array,
): { lo: Float64Array; hi: Float64Array } {
  const { workerCount, classCount } = table;
  const variance = rightVariance(table, posterior);
  const total = table.answersPer.worker;
  const mean = new Float64Array(workerCount);
  const spread = new Float64Array(workerCount);
  for (let w = 0; w < workerCount; w++) {
    for (let k = 0; k < classCount; k++) {
      const row = (w * classCount + k) * classCount;
      let mass = strength;
      for (let l = 0; l < classCount; l++) mass += counts[row + l];
      const p = (confusion[row + k] * mass + jeffreys) / (mass + 2 * jeffreys);
      mean[w] += prior[k] * p;
      spread[w] += prior[k] ** 2 * ((p * (1 - p)) / (mass + 2));
    }
    spread[w] += variance[w] / (total[w] + 1) ** 2;
  }
  return interval(mean, spread, accuracy);
}

/** Beta intervals with these means and variances, stretched where needed to hold the point estimate. */
export function interval(
  mean: Float64Array,
  variance: Float64Array,
  point: Float64Array,
): { lo: Float64Array; hi: Float64Array } {
  const lo = new Float64Array(mean.length);
  const hi = new Float64Array(mean.length);
  for (let w = 0; w < mean.length; w++) {
    const p = Math.min(1 - 1e-9, Math.max(1e-9, mean[w]));
    const size = Math.max(1e-3, (p * (1 - p)) / Math.max(variance[w], 1e-12) - 1);
    const [low, high] = betaInterval(p * size, (1 - p) * size);
    lo[w] = Math.min(point[w], low);
    hi[w] = Math.max(point[w], high);
  }
  return { lo, hi };
}

/** Parameters of a Beta from which on its logit is as good as normal. */
const nearlyNormal = 15;

/** Normal quantile of a two-sided interval at {@link workerLevel}. */
const quantile = 1.6448536269514722;

/**
 * The two-sided interval of a Beta at {@link workerLevel}. Exact for small parameters; otherwise
 * the logit is taken as normal with its exact mean and variance, off by less than .004 and fifty
 * times as fast.
 */
function betaInterval(a: number, b: number): [lo: number, hi: number] {
  if (Math.min(a, b) < nearlyNormal) {
    const tail = (1 - workerLevel) / 2;
    return [betaQuantile(tail, a, b), betaQuantile(1 - tail, a, b)];
  }
  const centre = digamma(a) - digamma(b);
  const half = quantile * Math.sqrt(trigamma(a) + trigamma(b));
  return [sigmoid(centre - half), sigmoid(centre + half)];
}
