import type { AnswerTable } from '../../answers/answer-table.ts';
import { confusionSweep } from '../../kernels/confusion-sweep.ts';
import { lowestFloor } from '../../kernels/rescaling.ts';
import { taskFactors } from '../../kernels/sweep-layout.ts';
import { dirichletKl } from '../../math/dirichlet.ts';
import { digamma } from '../../math/gamma-functions.ts';
import { logSumExp, softmaxInPlace } from '../../math/log-sum-exp.ts';
import { objectiveSettled, type StopReason } from '../convergence.ts';
import type { Progress } from '../method.ts';
import { fillUnanswered, updateClasses } from './variational-sweeps.ts';

export interface CommunitySettings {
  /** Precision with which a worker's scores lie around its community's, λ. */
  readonly precision: number;
  /** Dirichlet parameter of each community. */
  readonly communityPrior: number;
  /** Probability of a right answer at the prior mean of the communities. */
  readonly belief: number;
  readonly maxIterations: number;
  readonly tolerance: number;
}

export interface CommunityFit {
  readonly posterior: Float64Array;
  readonly prior: Float64Array;
  /** W×J, rows sum to 1. */
  readonly membership: Float64Array;
  /** J×K×K confusions of the communities. */
  readonly communities: Float64Array;
  /** W×K×K confusions of the workers and their standard deviations by the Laplace approximation. */
  readonly confusion: Float64Array;
  readonly confusionSd: Float64Array;
  readonly objective: number[];
  /** The objective with the communities' scores integrated out by Laplace: compares numbers of communities. */
  readonly score: number;
  readonly stopReason: StopReason;
}

/** Newton steps for a worker's row in one sweep. */
const newtonSteps = 5;
const mostHalvings = 20;

/**
 * Community BCC by variational expectation-maximisation with point estimates of all scores.
 *
 * A worker's confusion row is the softmax of its scores; its scores are normal around those of its
 * community, those normal around a common belief. A worker has one point of scores for each
 * community it may belong to, so that the evidence for a membership is that of scores near it. One
 * iteration: scores of workers (a few guarded Newton steps, O(K) each since the Hessian is diagonal
 * plus rank one), memberships, scores of communities in closed form, shares; labels by the
 * product-form sweep with geometric means over communities; the bound. Every step raises the bound.
 * O(N·K + W·J·K²·steps) per iteration.
 */
export function* communitySweeps(
  table: AnswerTable,
  starting: Float64Array,
  memberships: Float64Array,
  settings: CommunitySettings,
): Generator<Progress, CommunityFit, void> {
  const { workerCount, classCount, taskCount, testCounts, taskPrior } = table;
  const block = classCount * classCount;
  const count = memberships.length / workerCount;
  const { precision } = settings;
  const sweep = confusionSweep(table, { storePosterior: true, taskPrior: taskFactors(table), floor: lowestFloor });
  const centre = beliefScores(classCount, settings.belief);
  const membership = memberships.slice();
  // W×J×K×K: scores, and the logarithms of their softmax.
  const scores = new Float64Array(workerCount * count * block);
  const logs = new Float64Array(workerCount * count * block);
  const communities = new Float64Array(count * block);
  const counts = new Float64Array(workerCount * block);
  const tables = new Float64Array(workerCount * block);
  const totals = new Float64Array(classCount);
  const flat = new Float64Array(classCount).fill(1);
  const classBeta = new Float64Array(classCount);
  const classFactor = new Float64Array(classCount).fill(1);
  const communityPrior = new Float64Array(count).fill(settings.communityPrior);
  const communityBeta = new Float64Array(count);
  const logShares = new Float64Array(count);
  const newton = new RowNewton(classCount);
  const objective: number[] = [];
  let stopReason: StopReason = 'iteration limit';
  let score = Number.NEGATIVE_INFINITY;

  sweep.scatter(starting);
  withTests(sweep.counts(counts), testCounts);
  startScores(counts, membership, centre, classCount, communities, scores);
  for (let iteration = 1; iteration <= settings.maxIterations; iteration++) {
    for (let w = 0; w < workerCount; w++) {
      for (let j = 0; j < count; j++) newton.update(w, j, count, counts, communities, scores, precision);
    }
    const reached: Progress = { iteration: iteration - 1, objective: objective.at(-1) ?? Number.NaN };
    yield reached;
    for (let at = 0; at < scores.length; at += classCount) logSoftmax(scores, logs, at, classCount);
    // The first memberships are those given.
    if (iteration > 1) updateMembership(counts, scores, logs, communities, logShares, precision, membership);
    updateCommunities(scores, membership, centre, precision, communities);
    updateShares(membership, communityPrior, communityBeta, logShares);
    fillTables(logs, membership, block, tables);
    sweep.setTable(tables);
    yield reached;
    let divergence = dirichletKl(communityBeta, communityPrior, 0, count);
    if (taskPrior === undefined) {
      divergence += updateClasses(sweep.classTotals(totals), flat, classBeta, classFactor);
    }
    const { logLikelihood } = sweep.sweep(classFactor, { store: true });
    let bound = logLikelihood - divergence;
    bound += scoreTerms(scores, membership, communities, centre, logShares, precision);
    if (testCounts !== undefined) {
      for (let cell = 0; cell < testCounts.length; cell++) {
        if (testCounts[cell] > 0) bound += testCounts[cell] * Math.log(Math.max(tables[cell], 1e-300));
      }
    }
    objective.push(bound);
    score = bound + communityVolume(membership, count, precision, block);
    yield { iteration, objective: bound };
    withTests(sweep.counts(counts), testCounts);
    if (settings.tolerance > 0 && objectiveSettled(objective, settings.tolerance)) {
      stopReason = 'objective settled';
      break;
    }
  }
  const posterior = sweep.posterior(new Float64Array(taskCount * classCount));
  sweep.dispose();
  const prior = new Float64Array(classCount).fill(1 / classCount);
  if (taskPrior === undefined) {
    const mass = classBeta.reduce((sum, value) => sum + value, 0);
    for (let k = 0; k < classCount; k++) prior[k] = classBeta[k] / mass;
    fillUnanswered(table, posterior, prior);
  }
  const { confusion, confusionSd } = mixtureRows(logs, counts, membership, classCount, precision, newton);
  for (let at = 0; at < communities.length; at += classCount) softmaxInPlace(communities, at, classCount);
  return { posterior, prior, membership, communities, confusion, confusionSd, objective, score, stopReason };
}

function logSoftmax(scores: Float64Array, out: Float64Array, at: number, count: number): void {
  const total = logSumExp(scores, at, at + count);
  for (let l = at; l < at + count; l++) out[l] = scores[l] - total;
}

/** Geometric means over communities, weighted by membership. */
function fillTables(logs: Float64Array, membership: Float64Array, block: number, tables: Float64Array): void {
  const count = logs.length / tables.length;
  for (let w = 0; w < tables.length / block; w++) {
    for (let cell = 0; cell < block; cell++) {
      let log = 0;
      for (let j = 0; j < count; j++) log += membership[w * count + j] * logs[(w * count + j) * block + cell];
      tables[w * block + cell] = Math.exp(log);
    }
  }
}

/** Means and standard deviations of each worker's rows over its communities. */
function mixtureRows(
  logs: Float64Array,
  counts: Float64Array,
  membership: Float64Array,
  classCount: number,
  precision: number,
  newton: RowNewton,
): { confusion: Float64Array; confusionSd: Float64Array } {
  const block = classCount * classCount;
  const count = logs.length / counts.length;
  const confusion = new Float64Array(counts.length);
  const square = new Float64Array(counts.length);
  const p = new Float64Array(classCount);
  const sd = new Float64Array(classCount);
  for (let row = 0; row < counts.length; row += classCount) {
    const w = Math.floor(row / block);
    for (let j = 0; j < count; j++) {
      const r = membership[w * count + j];
      const from = (w * count + j) * block + (row % block);
      for (let l = 0; l < classCount; l++) p[l] = Math.exp(logs[from + l]);
      newton.rowSd(p, counts, row, precision, sd);
      for (let l = 0; l < classCount; l++) {
        confusion[row + l] += r * p[l];
        square[row + l] += r * (p[l] * p[l] + sd[l] * sd[l]);
      }
    }
  }
  return {
    confusion,
    confusionSd: square.map((value, cell) => Math.sqrt(Math.max(0, value - confusion[cell] ** 2))),
  };
}

function withTests(counts: Float64Array, tests: Float64Array | undefined): void {
  if (tests !== undefined) for (let cell = 0; cell < counts.length; cell++) counts[cell] += tests[cell];
}

/** Scores whose softmax has the belief on the diagonal and the rest shared. */
function beliefScores(classCount: number, belief: number): Float64Array {
  const scores = new Float64Array(classCount * classCount);
  for (let k = 0; k < classCount; k++) {
    scores[k * (classCount + 1)] = Math.log((belief * (classCount - 1)) / (1 - belief));
  }
  return scores;
}

/**
 * Communities at the logarithms of their groups' pooled counts, workers at their community's scores:
 * from the common belief the coupled scores would need hundreds of iterations to part.
 */
function startScores(
  counts: Float64Array,
  membership: Float64Array,
  centre: Float64Array,
  classCount: number,
  communities: Float64Array,
  scores: Float64Array,
): void {
  const block = centre.length;
  const workerCount = counts.length / block;
  const count = membership.length / workerCount;
  communities.fill(1);
  for (let w = 0; w < workerCount; w++) {
    for (let j = 0; j < count; j++) {
      const r = membership[w * count + j];
      for (let cell = 0; cell < block; cell++) communities[j * block + cell] += r * counts[w * block + cell];
    }
  }
  for (let row = 0; row < communities.length; row += classCount) {
    // Scores are free up to a constant per row: the one nearest the belief.
    let shift = 0;
    for (let l = 0; l < classCount; l++) {
      communities[row + l] = Math.log(communities[row + l]);
      shift += (centre[(row + l) % block] - communities[row + l]) / classCount;
    }
    for (let l = 0; l < classCount; l++) communities[row + l] += shift;
  }
  for (let at = 0; at < scores.length; at += communities.length) scores.set(communities, at);
}

/** The concave maximisation of a worker's rows, and its curvature. */
class RowNewton {
  readonly #classCount: number;
  readonly #mean: Float64Array;
  readonly #p: Float64Array;
  readonly #step: Float64Array;
  readonly #trial: Float64Array;

  constructor(classCount: number) {
    this.#classCount = classCount;
    this.#mean = new Float64Array(classCount);
    this.#p = new Float64Array(classCount);
    this.#step = new Float64Array(classCount);
    this.#trial = new Float64Array(classCount);
  }

  /** v ← argmax Σ n ln softmax(v) − (λ/2) ‖v − s_j‖², row by row, for worker w in community j. */
  update(
    w: number,
    j: number,
    count: number,
    counts: Float64Array,
    communities: Float64Array,
    scores: Float64Array,
    precision: number,
  ): void {
    const classCount = this.#classCount;
    const block = classCount * classCount;
    for (let row = 0; row < block; row += classCount) {
      for (let l = 0; l < classCount; l++) this.#mean[l] = communities[j * block + row + l];
      this.#maximise(w * block + row, (w * count + j) * block + row, counts, scores, precision);
    }
  }

  #maximise(at: number, to: number, counts: Float64Array, scores: Float64Array, precision: number): void {
    const classCount = this.#classCount;
    const [mean, p, step, trial] = [this.#mean, this.#p, this.#step, this.#trial];
    let total = 0;
    for (let l = 0; l < classCount; l++) total += counts[at + l];
    let value = this.#value(at, counts, scores, to, precision, total);
    for (let newton = 0; newton < newtonSteps; newton++) {
      // (D − N p pᵀ)⁻¹ g with D = N p + λ, by Sherman and Morrison; p is left by #value.
      let along = 0;
      let rest = 0;
      for (let l = 0; l < classCount; l++) {
        const gradient = counts[at + l] - total * p[l] - precision * (scores[to + l] - mean[l]);
        const curvature = total * p[l] + precision;
        step[l] = gradient / curvature;
        along += p[l] * step[l];
        rest += (p[l] * precision) / curvature;
      }
      let largest = 0;
      for (let l = 0; l < classCount; l++) {
        step[l] += ((total * p[l]) / (total * p[l] + precision)) * (along / rest);
        largest = Math.max(largest, Math.abs(step[l]));
      }
      let scale = 1;
      let moved = false;
      for (let halving = 0; halving < mostHalvings && !moved; halving++, scale /= 2) {
        for (let l = 0; l < classCount; l++) trial[l] = scores[to + l] + scale * step[l];
        const next = this.#value(at, counts, trial, 0, precision, total);
        if (next < value) continue;
        for (let l = 0; l < classCount; l++) scores[to + l] = trial[l];
        value = next;
        moved = true;
      }
      if (!moved || largest < 1e-10) return;
    }
  }

  /** The function to be maximised at `v`; leaves softmax(v) in `#p`. */
  #value(at: number, counts: Float64Array, v: Float64Array, from: number, precision: number, total: number): number {
    const classCount = this.#classCount;
    const [mean, p] = [this.#mean, this.#p];
    let value = 0;
    for (let l = 0; l < classCount; l++) {
      p[l] = v[from + l];
      value += counts[at + l] * v[from + l] - (precision / 2) * (v[from + l] - mean[l]) ** 2;
    }
    return value - total * softmaxInPlace(p, 0, classCount);
  }

  /** Standard deviations of a row's probabilities: the scores' Laplace covariance through the softmax. */
  rowSd(row: Float64Array, counts: Float64Array, at: number, precision: number, out: Float64Array): void {
    const classCount = this.#classCount;
    let total = 0;
    for (let l = 0; l < classCount; l++) total += counts[at + l];
    let rest = 0;
    for (let l = 0; l < classCount; l++) rest += (row[l] * precision) / (total * row[l] + precision);
    for (let k = 0; k < classCount; k++) {
      // x = e_k − p; xᵀ D⁻¹ x + N (pᵀ D⁻¹ x)² / rest.
      let square = 0;
      let along = 0;
      for (let l = 0; l < classCount; l++) {
        const x = (l === k ? 1 : 0) - row[l];
        const weight = 1 / (total * row[l] + precision);
        square += x * x * weight;
        along += row[l] * x * weight;
      }
      out[k] = row[k] * Math.sqrt(Math.max(0, square + (total * along * along) / rest));
    }
  }
}

/** s_j = (μ + λ Σ r v) / (1 + λ Σ r). */
function updateCommunities(
  scores: Float64Array,
  membership: Float64Array,
  centre: Float64Array,
  precision: number,
  communities: Float64Array,
): void {
  const block = centre.length;
  const count = communities.length / block;
  for (let j = 0; j < count; j++) {
    const to = communities.subarray(j * block, (j + 1) * block);
    to.set(centre);
    let mass = 1;
    for (let i = j; i < membership.length; i += count) {
      const r = precision * membership[i];
      mass += r;
      for (let cell = 0; cell < block; cell++) to[cell] += r * scores[i * block + cell];
    }
    for (let cell = 0; cell < block; cell++) to[cell] /= mass;
  }
}

function updateShares(
  membership: Float64Array,
  prior: Float64Array,
  beta: Float64Array,
  logShares: Float64Array,
): void {
  const count = prior.length;
  beta.set(prior);
  for (let i = 0; i < membership.length; i++) beta[i % count] += membership[i];
  let sum = 0;
  for (let j = 0; j < count; j++) sum += beta[j];
  for (let j = 0; j < count; j++) logShares[j] = digamma(beta[j]) - digamma(sum);
}

/** Σ r (E ln ρ − ln r + ln N(v; s, 1/λ)) + Σ ln N(s; μ, 1). */
function scoreTerms(
  scores: Float64Array,
  membership: Float64Array,
  communities: Float64Array,
  centre: Float64Array,
  logShares: Float64Array,
  precision: number,
): number {
  const count = logShares.length;
  const block = centre.length;
  const normal = (block / 2) * Math.log(precision / (2 * Math.PI));
  let sum = 0;
  for (let i = 0; i < membership.length; i++) {
    const r = membership[i];
    if (!(r > 0)) continue;
    const square = squaredDistance(scores, i * block, communities, (i % count) * block, block);
    sum += r * (logShares[i % count] - Math.log(r) + normal - (precision / 2) * square);
  }
  for (let j = 0; j < count; j++) {
    sum -= 0.5 * squaredDistance(communities, j * block, centre, 0, block) + (block / 2) * Math.log(2 * Math.PI);
  }
  return sum;
}

function squaredDistance(a: Float64Array, fromA: number, b: Float64Array, fromB: number, length: number): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += (a[fromA + i] - b[fromB + i]) ** 2;
  return sum;
}

/** ln of the volume of the communities' scores: ½ Σ_j K² (ln 2π − ln(1 + λ R_j)). */
function communityVolume(membership: Float64Array, count: number, precision: number, block: number): number {
  const mass = new Float64Array(count);
  for (let i = 0; i < membership.length; i++) mass[i % count] += membership[i];
  let sum = 0;
  for (const r of mass) sum += (block / 2) * (Math.log(2 * Math.PI) - Math.log(1 + precision * r));
  return sum;
}

/** r_j ∝ exp(E ln ρ_j + Σ n ln softmax(v_j) − (λ/2) ‖v_j − s_j‖²). */
function updateMembership(
  counts: Float64Array,
  scores: Float64Array,
  logs: Float64Array,
  communities: Float64Array,
  logShares: Float64Array,
  precision: number,
  membership: Float64Array,
): void {
  const count = logShares.length;
  const block = communities.length / count;
  for (let i = 0; i < membership.length; i++) {
    const j = i % count;
    const from = ((i - j) / count) * block;
    let log = logShares[j] - (precision / 2) * squaredDistance(scores, i * block, communities, j * block, block);
    for (let cell = 0; cell < block; cell++) log += counts[from + cell] * logs[i * block + cell];
    membership[i] = log;
    if (j === count - 1) softmaxInPlace(membership, i - j, count);
  }
}
