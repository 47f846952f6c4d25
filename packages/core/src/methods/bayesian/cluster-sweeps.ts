import type { AnswerTable } from '../../answers/answer-table.ts';
import { confusionSweep } from '../../kernels/confusion-sweep.ts';
import { lowestFloor } from '../../kernels/rescaling.ts';
import { taskFactors } from '../../kernels/sweep-layout.ts';
import { softmaxInPlace } from '../../math/log-sum-exp.ts';
import { objectiveSettled, type StopReason } from '../convergence.ts';
import { type PriorRule, updatePrior } from '../dawid-skene/steps.ts';
import type { Progress } from '../method.ts';

export interface ClusterSettings {
  /** Pseudo-answers in every cell of every cluster's confusion, and pseudo-workers in every cluster. */
  readonly smoothing: number;
  readonly prior: PriorRule;
  readonly maxIterations: number;
  readonly tolerance: number;
  /** Keep the memberships as given. */
  readonly fixedMembership?: boolean;
}

export interface ClusterFit {
  readonly posterior: Float64Array;
  /** W×J, rows sum to 1. */
  readonly membership: Float64Array;
  /** J×K×K confusions of the clusters. */
  readonly confusions: Float64Array;
  /** J shares of the clusters. */
  readonly shares: Float64Array;
  readonly prior: Float64Array;
  readonly objective: number[];
  readonly stopReason: StopReason;
}

/**
 * Variational expectation-maximisation with J confusions and a membership per worker.
 *
 * One iteration: confusions, shares and class frequencies from the expected counts; labels given
 * memberships; the bound; memberships given labels. The label step is the product-form sweep with
 * the geometric mean exp Σ_j r_j ln φ_j as each worker's table. O(N·K + W·J·K²) per iteration.
 */
export function* clusterSweeps(
  table: AnswerTable,
  starting: Float64Array,
  memberships: Float64Array,
  settings: ClusterSettings,
): Generator<Progress, ClusterFit, void> {
  const { workerCount, classCount, taskCount, testCounts } = table;
  const block = classCount * classCount;
  const count = workerCount === 0 ? 1 : memberships.length / workerCount;
  const sweep = confusionSweep(table, { storePosterior: true, taskPrior: taskFactors(table), floor: lowestFloor });
  const membership = memberships.slice();
  const counts = new Float64Array(workerCount * block);
  const tables = new Float64Array(workerCount * block);
  const confusions = new Float64Array(count * block).fill(1 / classCount);
  const logs = new Float64Array(count * block);
  const shares = new Float64Array(count).fill(1 / count);
  const totals = new Float64Array(classCount);
  const prior = new Float64Array(classCount).fill(1 / classCount);
  const objective: number[] = [];
  const { smoothing } = settings;
  let stopReason: StopReason = 'iteration limit';

  sweep.scatter(starting);
  withTests(sweep.counts(counts), testCounts);
  for (let iteration = 1; iteration <= settings.maxIterations; iteration++) {
    updateClusters(counts, membership, block, classCount, smoothing, confusions, shares);
    let bound = updatePrior(table, settings.prior, 0, sweep.classTotals(totals), prior);
    for (let cell = 0; cell < logs.length; cell++) {
      logs[cell] = Math.log(Math.max(confusions[cell], lowestFloor));
      bound += smoothing * logs[cell];
    }
    bound += membershipTerm(membership, shares, smoothing);
    for (let w = 0; w < workerCount; w++) {
      for (let cell = 0; cell < block; cell++) {
        let log = 0;
        for (let j = 0; j < count; j++) log += membership[w * count + j] * logs[j * block + cell];
        tables[w * block + cell] = Math.exp(log);
        if (testCounts !== undefined) bound += testCounts[w * block + cell] * log;
      }
    }
    sweep.setTable(tables);
    const { logLikelihood, maxChange } = sweep.sweep(prior, { store: true });
    objective.push(logLikelihood + bound);
    yield { iteration, objective: logLikelihood + bound };
    withTests(sweep.counts(counts), testCounts);
    if (settings.fixedMembership !== true) updateMembership(counts, logs, shares, block, membership);
    if (settings.tolerance > 0 && objectiveSettled(objective, settings.tolerance)) {
      stopReason = 'objective settled';
      break;
    }
    if (settings.tolerance > 0 && iteration > 1 && maxChange <= settings.tolerance) {
      stopReason = 'posterior settled';
      break;
    }
  }
  const posterior = sweep.posterior(new Float64Array(taskCount * classCount));
  sweep.dispose();
  return { posterior, membership, confusions, shares, prior, objective, stopReason };
}

function withTests(counts: Float64Array, tests: Float64Array | undefined): void {
  if (tests !== undefined) for (let cell = 0; cell < counts.length; cell++) counts[cell] += tests[cell];
}

/** φ_j ∝ a + Σ r n; ρ_j ∝ a + Σ r. */
function updateClusters(
  counts: Float64Array,
  membership: Float64Array,
  block: number,
  classCount: number,
  smoothing: number,
  confusions: Float64Array,
  shares: Float64Array,
): void {
  const count = shares.length;
  confusions.fill(smoothing);
  shares.fill(smoothing);
  for (let at = 0, w = 0; at < counts.length; at += block, w++) {
    for (let j = 0; j < count; j++) {
      const r = membership[w * count + j];
      shares[j] += r;
      for (let cell = 0; cell < block; cell++) confusions[j * block + cell] += r * counts[at + cell];
    }
  }
  for (let row = 0; row < confusions.length; row += classCount) {
    let mass = 0;
    for (let l = 0; l < classCount; l++) mass += confusions[row + l];
    for (let l = 0; l < classCount; l++) confusions[row + l] = mass > 0 ? confusions[row + l] / mass : 1 / classCount;
  }
  let workers = 0;
  for (let j = 0; j < count; j++) workers += shares[j];
  for (let j = 0; j < count; j++) shares[j] = workers > 0 ? shares[j] / workers : 1 / count;
}

/** Σ r (ln ρ − ln r) + a Σ ln ρ. */
function membershipTerm(membership: Float64Array, shares: Float64Array, smoothing: number): number {
  let sum = 0;
  for (let i = 0; i < membership.length; i++) {
    const r = membership[i];
    if (r > 0) sum += r * (Math.log(Math.max(shares[i % shares.length], 1e-300)) - Math.log(r));
  }
  for (const share of shares) if (smoothing > 0) sum += smoothing * Math.log(share);
  return sum;
}

/** r_j ∝ ρ_j exp Σ n ln φ_j. */
function updateMembership(
  counts: Float64Array,
  logs: Float64Array,
  shares: Float64Array,
  block: number,
  membership: Float64Array,
): void {
  const count = shares.length;
  for (let at = 0, w = 0; at < counts.length; at += block, w++) {
    for (let j = 0; j < count; j++) {
      let log = Math.log(Math.max(shares[j], 1e-300));
      for (let cell = 0; cell < block; cell++) log += counts[at + cell] * logs[j * block + cell];
      membership[w * count + j] = log;
    }
    softmaxInPlace(membership, w * count, count);
  }
}
