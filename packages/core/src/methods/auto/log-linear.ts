import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Progress } from '../method.ts';
import { fitMember } from './member.ts';

/** Precision of a worker's deviations from the crowd's profile. */
const workerPrecision = 2;

/** Precision of the crowd's profile around twice the identity. */
const profilePrecision = 0.1;

/** Mean of the profile's diagonal. */
const profileDiagonal = 2;

/** Bound steps per sweep. */
const stepsPerSweep = 4;

/** Stopped early on purpose: further sweeps fit the workers, not the classes. */
const limits = { least: 2, most: 30, tolerance: 5e-3 } as const;

export interface LogLinearFit {
  readonly posterior: Float64Array;
  /** Penalised log-likelihood of the last sweep: comparable between class priors. */
  readonly evidence: number;
}

/**
 * The member `loglin`: θ_u[k] = softmax(B[k] + S_u[k]), a crowd profile B around twice the identity
 * and deviations S of each worker, by bound steps that cannot overshoot.
 *
 * Anchored to the diagonal: a worker with few answers is like the average worker, and the average
 * worker is pulled towards being right. Serves the choice of the class prior and the start of the
 * other members.
 */
export function* fitLogLinear(
  table: AnswerTable,
  start: Float64Array,
  prior: Float64Array,
): Generator<Progress, LogLinearFit, void> {
  const { workerCount, classCount } = table;
  const block = classCount * classCount;
  const profile = identityProfile(classCount);
  const deviation = new Float64Array(workerCount * block);

  const step = (counts: Float64Array, likelihood: Float64Array): void => {
    for (let inner = 0; inner < stepsPerSweep; inner++) boundStep(counts, classCount, profile, deviation);
    writeSoftmax(profile, deviation, classCount, likelihood);
  };
  const { posterior, logLikelihood } = yield* fitMember(table, start, prior, step, limits);
  let penalty = 0;
  for (const value of deviation) penalty += (workerPrecision / 2) * value * value;
  for (let cell = 0; cell < block; cell++)
    penalty += (profilePrecision / 2) * (profile[cell] - profileMean(cell, classCount)) ** 2;
  return { posterior, evidence: logLikelihood - penalty };
}

export function identityProfile(classCount: number): Float64Array {
  return Float64Array.from({ length: classCount * classCount }, (_, cell) => profileMean(cell, classCount));
}

function profileMean(cell: number, classCount: number): number {
  return cell % (classCount + 1) === 0 ? profileDiagonal : 0;
}

/** One step of all deviations and of the profile from the same gradient. */
function boundStep(counts: Float64Array, classCount: number, profile: Float64Array, deviation: Float64Array): void {
  const block = classCount * classCount;
  const gradientSum = new Float64Array(block);
  const massSum = new Float64Array(classCount);
  const share = new Float64Array(classCount);
  for (let row = 0; row < counts.length; row += classCount) {
    const at = row % block;
    let mass = 0;
    let sum = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let l = 0; l < classCount; l++) {
      mass += counts[row + l];
      share[l] = profile[at + l] + deviation[row + l];
      if (share[l] > most) most = share[l];
    }
    for (let l = 0; l < classCount; l++) {
      share[l] = Math.exp(share[l] - most);
      sum += share[l];
    }
    massSum[at / classCount] += mass;
    for (let l = 0; l < classCount; l++) {
      const gradient = counts[row + l] - (mass * share[l]) / sum;
      gradientSum[at + l] += gradient;
      deviation[row + l] += (gradient - workerPrecision * deviation[row + l]) / (mass + workerPrecision);
    }
  }
  for (let cell = 0; cell < block; cell++) {
    const pull = profilePrecision * (profile[cell] - profileMean(cell, classCount));
    profile[cell] += (gradientSum[cell] - pull) / (massSum[Math.floor(cell / classCount)] + profilePrecision);
  }
}

function writeSoftmax(profile: Float64Array, deviation: Float64Array, classCount: number, out: Float64Array): void {
  const block = classCount * classCount;
  for (let row = 0; row < deviation.length; row += classCount) {
    let most = Number.NEGATIVE_INFINITY;
    for (let l = 0; l < classCount; l++) most = Math.max(most, profile[(row % block) + l] + deviation[row + l]);
    let sum = 0;
    for (let l = 0; l < classCount; l++) {
      out[row + l] = Math.exp(profile[(row % block) + l] + deviation[row + l] - most);
      sum += out[row + l];
    }
    for (let l = 0; l < classCount; l++) out[row + l] /= sum;
  }
}
