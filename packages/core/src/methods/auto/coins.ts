import type { AnswerTable } from '../../answers/answer-table.ts';
import { digamma } from '../../math/special.ts';
import type { Progress } from '../method.ts';
import { learnDirichlet } from './beta-learning.ts';
import { fitMember, type MemberFit } from './member.ts';

/** Sweeps before the priors of the members are learned, and until which they are learned in every sweep. */
const learningStarts = 5;
const learningSettles = 20;

/** Later they move so little that every fifth sweep is enough. */
const learningEvery = 5;

/** Do slow parts of a member move in this sweep (counted from 0)? */
export function isSettling(sweep: number): boolean {
  return sweep < learningSettles || sweep % learningEvery === 0;
}

/** Are the members' priors learned in this sweep (counted from 0)? */
export function isLearning(sweep: number): boolean {
  return sweep >= learningStarts && isSettling(sweep);
}

/** When the per-worker members have settled. */
export const memberLimits = { least: 9, most: 200, tolerance: 1e-4 } as const;

/**
 * The member `coin` (one accuracy per worker) or `vector` (one per worker and true class), with a
 * learned Beta prior and an error profile shared by all workers.
 *
 * θ_u[k][k] = w_u, θ_u[k][l] = (1 - w_u) φ[k][l]; variational, with a fixed class prior. The Beta
 * parameters start at (2, 1) and are learned after five sweeps, as is φ ∝ 1 + Σ_u counts off the
 * diagonal.
 */
export function* fitCoinMember(
  table: AnswerTable,
  start: Float64Array,
  prior: Float64Array,
  perClass: boolean,
): Generator<Progress, MemberFit, void> {
  const { workerCount, classCount } = table;
  const rows = perClass ? classCount : 1;
  const alpha = Float64Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 2 : 1));
  const shape = Float64Array.from({ length: rows * 2 }, (_, i) => (i % 2 === 0 ? 1 : 0.5));
  const outcomes = new Float64Array(workerCount * rows * 2);
  const profile = new Float64Array(classCount * classCount).fill(1 / Math.max(1, classCount - 1));

  const step = (counts: Float64Array, likelihood: Float64Array, sweep: number): void => {
    countOutcomes(counts, classCount, rows, outcomes);
    if (isLearning(sweep)) {
      learnDirichlet(outcomes, alpha, shape, 2);
      learnProfile(counts, classCount, profile);
    }
    for (let w = 0; w < workerCount; w++) {
      for (let row = 0; row < rows; row++) {
        const at = (w * rows + row) * 2;
        const [right, wrong] = [outcomes[at] + alpha[row * 2], outcomes[at + 1] + alpha[row * 2 + 1]];
        const total = digamma(right + wrong);
        const likelihoodRight = Math.exp(digamma(right) - total);
        const likelihoodWrong = Math.exp(digamma(wrong) - total);
        for (let k = perClass ? row : 0; k < (perClass ? row + 1 : classCount); k++) {
          const cell = (w * classCount + k) * classCount;
          for (let l = 0; l < classCount; l++) {
            likelihood[cell + l] = l === k ? likelihoodRight : likelihoodWrong * profile[k * classCount + l];
          }
        }
      }
    }
  };
  return yield* fitMember(table, start, prior, step, memberLimits);
}

/** Right and wrong answers, W×rows×2, from soft counts. */
function countOutcomes(counts: Float64Array, classCount: number, rows: number, outcomes: Float64Array): void {
  outcomes.fill(0);
  const block = classCount * classCount;
  for (let cell = 0; cell < counts.length; cell++) {
    const w = Math.floor(cell / block);
    const k = Math.floor((cell % block) / classCount);
    const wrong = cell % classCount === k ? 0 : 1;
    outcomes[(w * rows + (rows === 1 ? 0 : k)) * 2 + wrong] += counts[cell];
  }
}

function learnProfile(counts: Float64Array, classCount: number, profile: Float64Array): void {
  const block = classCount * classCount;
  profile.fill(1);
  for (let cell = 0; cell < counts.length; cell++) profile[cell % block] += counts[cell];
  for (let k = 0; k < classCount; k++) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) if (l !== k) mass += profile[k * classCount + l];
    for (let l = 0; l < classCount; l++) profile[k * classCount + l] = l === k ? 0 : profile[k * classCount + l] / mass;
  }
}
