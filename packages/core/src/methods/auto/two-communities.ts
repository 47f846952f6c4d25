import type { AnswerTable } from '../../answers/answer-table.ts';
import { digamma, logGamma } from '../../math/special.ts';
import type { Progress } from '../method.ts';
import { learnDirichlet } from './beta-learning.ts';
import { isLearning, isSettling, memberLimits } from './coins.ts';
import { fitMember, type MemberFit } from './member.ts';

/** Sweeps before memberships move from their first guess. */
const membershipsFixed = 3;

/** A community with less of a worker than this adds nothing to the worker's confusions. */
const leastShare = 1e-9;

/** Diagonals of the two communities' Dirichlet priors at the start. */
const startingDiagonals = [1, 2.5];

/**
 * The member `mix2`: full confusion matrices whose prior is one of two communities', learned, with
 * a membership per worker. Variational, with a fixed class prior.
 *
 * Memberships start at 0.9/0.1 by the rank of the workers' share of right answers.
 */
export function* fitTwoCommunities(
  table: AnswerTable,
  start: Float64Array,
  prior: Float64Array,
): Generator<Progress, MemberFit, void> {
  const { workerCount, classCount } = table;
  const block = classCount * classCount;
  const off = 1 / Math.max(1, classCount - 1);
  const alphas = startingDiagonals.map((diagonal) => matrix(classCount, diagonal, off));
  const shape = matrix(classCount, 1, 0.5 * off);
  const memberships = [new Float64Array(workerCount), new Float64Array(workerCount)];

  const step = (counts: Float64Array, likelihood: Float64Array, sweep: number): void => {
    if (sweep === 0) rankMemberships(counts, classCount, memberships);
    else if (sweep >= membershipsFixed && isSettling(sweep)) updateMemberships(counts, classCount, alphas, memberships);
    if (isLearning(sweep)) {
      for (const [j, alpha] of alphas.entries()) learnDirichlet(counts, alpha, shape, classCount, memberships[j]);
    }
    likelihood.fill(0);
    for (const [j, alpha] of alphas.entries()) {
      for (let row = 0; row < counts.length; row += classCount) {
        const share = memberships[j][Math.floor(row / block)];
        if (share < leastShare) continue;
        const at = row % block;
        let mass = 0;
        for (let l = 0; l < classCount; l++) mass += counts[row + l] + alpha[at + l];
        const total = digamma(mass);
        for (let l = 0; l < classCount; l++) {
          likelihood[row + l] += share * (digamma(counts[row + l] + alpha[at + l]) - total);
        }
      }
    }
    for (let cell = 0; cell < likelihood.length; cell++) likelihood[cell] = Math.exp(likelihood[cell]);
  };
  return yield* fitMember(table, start, prior, step, memberLimits);
}

function matrix(classCount: number, diagonal: number, off: number): Float64Array {
  const values = new Float64Array(classCount * classCount).fill(off);
  for (let k = 0; k < classCount; k++) values[k * (classCount + 1)] = diagonal;
  return values;
}

/** The lower half by share of right answers to the first community; ties by worker index. */
function rankMemberships(counts: Float64Array, classCount: number, memberships: readonly Float64Array[]): void {
  const block = classCount * classCount;
  const level = Float64Array.from(memberships[0], (_, w) => {
    let right = 0;
    let total = 0;
    for (let k = 0; k < classCount; k++) right += counts[w * block + k * (classCount + 1)];
    for (let cell = w * block; cell < (w + 1) * block; cell++) total += counts[cell];
    return (right + 1) / (total + 2);
  });
  const order = Array.from(level.keys()).sort((a, b) => level[a] - level[b] || a - b);
  const half = Math.floor(order.length / 2);
  order.forEach((w, rank) => {
    memberships[0][w] = rank < half ? 0.9 : 0.1;
    memberships[1][w] = 1 - memberships[0][w];
  });
}

function updateMemberships(
  counts: Float64Array,
  classCount: number,
  alphas: readonly Float64Array[],
  memberships: readonly Float64Array[],
): void {
  const block = classCount * classCount;
  const sizes = memberships.map((share) => 1 + share.reduce((a, b) => a + b, 0));
  const total = digamma(sizes[0] + sizes[1]);
  const logSize = sizes.map((size) => digamma(size) - total);
  const mass = alphas.map((alpha) => rowSums(alpha, classCount));
  // The part of the evidence that is the same for every worker.
  const constant = alphas.map((alpha, j) => {
    return mass[j].reduce((sum, m) => sum + logGamma(m), 0) - alpha.reduce((sum, a) => sum + logGamma(a), 0);
  });
  const score = new Float64Array(2);
  for (let w = 0; w < memberships[0].length; w++) {
    for (let j = 0; j < 2; j++)
      score[j] = logSize[j] + constant[j] + logEvidence(counts, w * block, alphas[j], mass[j]);
    memberships[0][w] = 1 / (1 + Math.exp(Math.min(700, score[1] - score[0])));
    memberships[1][w] = 1 - memberships[0][w];
  }
}

function rowSums(matrix: Float64Array, columns: number): Float64Array {
  return Float64Array.from({ length: matrix.length / columns }, (_, row) => {
    let sum = 0;
    for (let l = 0; l < columns; l++) sum += matrix[row * columns + l];
    return sum;
  });
}

/** Σ over rows of Σ_l ln Γ(n + α) − ln Γ(Σ(n + α)), for the counts from `from` on. */
function logEvidence(counts: Float64Array, from: number, alpha: Float64Array, mass: Float64Array): number {
  const columns = alpha.length / mass.length;
  let sum = 0;
  for (let row = 0; row < mass.length; row++) {
    let total = mass[row];
    for (let l = 0; l < columns; l++) {
      const n = counts[from + row * columns + l];
      total += n;
      sum += logGamma(n + alpha[row * columns + l]);
    }
    sum -= logGamma(total);
  }
  return sum;
}
