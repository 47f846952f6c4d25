import type { AnswerTable } from '../../answers/answer-table.ts';
import { logDirichletMultinomial } from '../../math/dirichlet.ts';
import { digamma } from '../../math/special.ts';
import type { Progress } from '../method.ts';
import { learnDirichlet } from './beta-learning.ts';
import { learningStarts, memberLimits } from './coins.ts';
import { fitMember, type MemberFit } from './member.ts';

/** Sweeps before memberships move from their first guess. */
const membershipsFixed = 3;

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
    else if (sweep >= membershipsFixed) updateMemberships(counts, classCount, alphas, memberships);
    if (sweep >= learningStarts) {
      for (const [j, alpha] of alphas.entries()) learnDirichlet(counts, alpha, shape, classCount, memberships[j]);
    }
    likelihood.fill(0);
    for (const [j, alpha] of alphas.entries()) {
      for (let row = 0; row < counts.length; row += classCount) {
        const share = memberships[j][Math.floor(row / block)];
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
  for (let w = 0; w < memberships[0].length; w++) {
    const score = logSize.slice();
    for (let k = 0; k < classCount; k++) {
      for (const [j, alpha] of alphas.entries()) {
        score[j] += logDirichletMultinomial(counts, alpha, w * block + k * classCount, classCount, k * classCount);
      }
    }
    memberships[0][w] = 1 / (1 + Math.exp(Math.min(700, score[1] - score[0])));
    memberships[1][w] = 1 - memberships[0][w];
  }
}
