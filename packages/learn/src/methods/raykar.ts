import { estimateOf, InputError, tableNotes } from '@assay/core';
import { cholesky, choleskySolve } from '@assay/core/math';
import { standardisationOf, standardised } from '../features/index.ts';
import { peopleOf } from './co-workers.ts';
import { defineLearnMethod, type LearnMethod, needFeatures } from './method.ts';
import { voteShares } from './votes.ts';
import { workersOf } from './workers.ts';

/** The most features Newton's method is run with: its matrix is features × features. */
const mostFeatures = 2000;

/**
 * Raykar's EM for two classes: logistic regression by Newton's method as prior, sensitivity and
 * specificity per worker.
 *
 * Exact and monotone, in float64, without ONNX Runtime. For more classes or networks use `aggnet`.
 * Features are standardised; tasks without features have the intercept only. Models whose answers are
 * fixed (kind `ai`) are workers like others, by their labels, but for the start, which is the people's; where
 * several may copy each other take `haem`. O(N + T·D²) a Newton step.
 *
 * Source: Raykar, Yu, Zhao, Valadez, Florin, Bogoni & Moy (2010), JMLR 11, section 2, with Beta(2, 2)
 * priors and ridge 0.01.
 *
 * @throws {InputError} too-many-classes, too-many-features
 */
export const raykar: LearnMethod = defineLearnMethod({
  id: 'raykar',
  title: 'Learning from crowds (Raykar)',
  summary: 'Two classes: logistic regression and two-coin workers by exact EM.',
  citation: 'Raykar, Yu, Zhao, Valadez, Florin, Bogoni & Moy (2010). Learning from crowds. JMLR 11.',
  options: {
    strength: {
      kind: 'number',
      default: 2,
      min: 1,
      max: 1e6,
      does: 'Both parameters of the Beta prior of sensitivity and specificity.',
      why: 'One right and one wrong answer ahead.',
    },
    ridge: {
      kind: 'number',
      default: 1e-2,
      min: 1e-9,
      max: 1e9,
      does: 'Precision of the Gaussian prior of the weights.',
      why: 'Weak, but keeps Newton’s matrix positive.',
    },
    maxIterations: {
      kind: 'number',
      default: 100,
      min: 1,
      max: 100000,
      integer: true,
      does: 'Most rounds of EM.',
      why: 'It settles in tens.',
    },
    tolerance: {
      kind: 'number',
      default: 1e-6,
      min: 0,
      max: 1,
      does: 'Stop when the objective changes by less, relatively.',
      why: 'Labels no longer change.',
    },
  },
  async fit(input, { strength, ridge, maxIterations, tolerance, ...rest }, context) {
    const { table } = input;
    const features = needFeatures(input, 'raykar');
    const { taskCount, classCount, workerCount, taskStart, worker, label } = table;
    if (classCount > 2) throw tooMany('classes', classCount, 2);
    const { columns } = features.matrix;
    if (columns > mostFeatures) throw tooMany('features', columns, mostFeatures);
    const used = Uint32Array.from(features.rowOfTask.filter((row) => row >= 0));
    const matrix = standardised(features.matrix, standardisationOf(features.matrix, used));
    const width = columns + 1;
    const x = new Float64Array(taskCount * width);
    for (let task = 0; task < taskCount; task++) {
      const row = features.rowOfTask[task];
      if (row >= 0) x.set(matrix.values.subarray(row * columns, (row + 1) * columns), task * width);
      x[task * width + columns] = 1;
    }
    const answered = Array.from({ length: taskCount }, (_, task) => task).filter(
      (t) => taskStart[t + 1] > taskStart[t],
    );
    const shares = voteShares(peopleOf(table));
    const second = classCount === 2 ? 1 : 0;
    const mu = Float64Array.from({ length: taskCount }, (_, task) => shares[task * classCount + second] ?? 0.5);
    const weights = new Float64Array(width);
    const right = [new Float64Array(workerCount), new Float64Array(workerCount)];
    const objective: number[] = [];
    let settled = false;
    while (objective.length < maxIterations && !settled && classCount === 2) {
      const counts = [0, 1].map(() => [new Float64Array(workerCount), new Float64Array(workerCount)]);
      for (const task of answered) {
        for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
          for (const truth of [0, 1])
            counts[truth][label[e] === truth ? 1 : 0][worker[e]] += truth === 1 ? mu[task] : 1 - mu[task];
        }
      }
      for (const truth of [0, 1])
        for (let w = 0; w < workerCount; w++) {
          const [wrong, good] = [counts[truth][0][w], counts[truth][1][w]];
          const total = wrong + good + 2 * strength - 2;
          right[truth][w] = total > 0 ? (good + strength - 1) / total : 0.5;
        }
      newton(x, mu, weights, answered, width, ridge);
      let total = 0;
      for (let i = 0; i < width; i++) total -= (ridge / 2) * weights[i] ** 2;
      for (const each of right) for (const p of each) total += (strength - 1) * (safeLog(p) + safeLog(1 - p));
      for (let task = 0; task < taskCount; task++) {
        const z = dot(x, weights, task, width);
        const logs = [-softplus(z), -softplus(-z)];
        for (let e = taskStart[task]; e < taskStart[task + 1]; e++)
          for (const truth of [0, 1])
            logs[truth] += safeLog(label[e] === truth ? right[truth][worker[e]] : 1 - right[truth][worker[e]]);
        mu[task] = 1 / (1 + Math.exp(logs[0] - logs[1]));
        if (taskStart[task + 1] > taskStart[task]) total += Math.max(...logs) + softplus(-Math.abs(logs[0] - logs[1]));
        if (table.gold !== undefined && table.gold[task] >= 0) mu[task] = table.gold[task];
      }
      const before = objective.at(-1);
      settled = before !== undefined && Math.abs(total - before) <= tolerance * Math.abs(before);
      objective.push(total);
      context.signal?.throwIfAborted();
    }
    const posterior =
      classCount === 2
        ? Float64Array.from({ length: taskCount * 2 }, (_, i) => (i % 2 === 1 ? mu[i >> 1] : 1 - mu[i >> 1]))
        : shares;
    const prior = new Float64Array(classCount).fill(classCount === 1 ? 1 : 0);
    if (classCount === 2) {
      prior[1] = answered.length === 0 ? 0.5 : answered.reduce((sum, task) => sum + mu[task], 0) / answered.length;
      prior[0] = 1 - prior[1];
    }
    const confusion = new Float64Array(classCount === 2 ? workerCount * 4 : 0);
    for (let i = 0; i < confusion.length; i++) {
      const truth = (i >> 1) & 1;
      const p = objective.length === 0 ? 0.5 : right[truth][i >> 2];
      confusion[i] = (i & 1) === truth ? p : 1 - p;
    }
    return {
      estimate: estimateOf(table, {
        method: 'raykar',
        options: { strength, ridge, maxIterations, tolerance, ...rest },
        seed: context.seed,
        posterior,
        prior,
        workers: workersOf(table, confusion, prior),
        objective,
        converged: settled || classCount < 2,
        stopReason: settled ? 'settled' : 'iteration limit',
        notes: [...tableNotes(table), ...features.notes],
      }),
    };
  },
});

/** One Newton step of ridge logistic regression, halved until its objective does not fall. */
function newton(
  x: Float64Array,
  mu: Float64Array,
  w: Float64Array,
  tasks: readonly number[],
  width: number,
  ridge: number,
): void {
  const value = (weights: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum -= (ridge / 2) * weights[i] ** 2;
    for (const task of tasks) {
      const z = dot(x, weights, task, width);
      sum -= mu[task] * softplus(-z) + (1 - mu[task]) * softplus(z);
    }
    return sum;
  };
  const gradient = w.map((weight) => -ridge * weight);
  const hessian = new Float64Array(width * width);
  for (const task of tasks) {
    const p = 1 / (1 + Math.exp(-dot(x, w, task, width)));
    const [slope, bend] = [mu[task] - p, p * (1 - p)];
    for (let i = 0; i < width; i++) {
      const xi = x[task * width + i];
      gradient[i] += slope * xi;
      for (let j = 0; j <= i; j++) hessian[i * width + j] += bend * xi * x[task * width + j];
    }
  }
  for (let i = 0; i < width; i++) {
    hessian[i * width + i] += ridge;
    for (let j = 0; j < i; j++) hessian[j * width + i] = hessian[i * width + j];
  }
  const lower = cholesky(hessian, width);
  const move = lower === undefined ? gradient : choleskySolve(lower, width, gradient);
  const start = value(w);
  for (let size = 1; size > 1e-9; size /= 2) {
    const next = w.map((weight, i) => weight + size * move[i]);
    if (value(next) < start) continue;
    w.set(next);
    return;
  }
}

function dot(x: Float64Array, weights: Float64Array, task: number, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += x[task * width + i] * weights[i];
  return sum;
}

function softplus(z: number): number {
  return Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)));
}

function safeLog(p: number): number {
  return Math.log(Math.max(1e-300, p));
}

function tooMany(what: string, got: number, most: number): InputError {
  const hint = 'use aggnet';
  return new InputError(`invalid number of ${what} for raykar: ${got}, at most ${most}; ${hint}`, {
    code: `too-many-${what}`,
    got: String(got),
    hint,
  });
}
