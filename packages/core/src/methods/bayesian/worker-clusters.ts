import type { AnswerTable } from '../../answers/answer-table.ts';
import { contentOrder } from '../content-order.ts';
import { confusionEm } from '../dawid-skene/confusion-em.ts';
import { priorOption } from '../dawid-skene/em-options.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { cellStep, pseudoCounts } from '../dawid-skene/steps.ts';
import { estimateOf, type WorkerEstimates } from '../estimate.ts';
import { limitNote, startsNotes, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet } from '../pauses.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, expectedRight, interval, workerLevel } from '../worker-estimates.ts';
import { type ClusterFit, clusterSweeps } from './cluster-sweeps.ts';
import { describeGroups, startingGroups } from './worker-groups.ts';

/** Numbers of clusters tried when the number is to be chosen. */
const mostClusters = 8;
/** Sweeps of Dawid-Skene before the workers are grouped. */
const groupingSweeps = 50;
const groupingSmoothing = 0.01;

const options = optionTable({
  clusters: {
    kind: 'number',
    default: 3,
    min: 0,
    max: 1000,
    integer: true,
    does: 'Number of clusters of workers; 0 chooses among 1 to 8 by the bound less a BIC penalty.',
    why: 'Good, poor and biased workers make three.',
  },
  smoothing: {
    kind: 'number',
    default: 0.01,
    min: 0,
    max: 1e6,
    unit: 'answers',
    does: 'Pseudo-answers in every cell of every cluster, and pseudo-workers in every cluster.',
    why: 'Keeps unseen cells finite.',
  },
  prior: priorOption,
  starts: {
    kind: 'number',
    default: 1,
    min: 1,
    max: 1000,
    integer: true,
    does: 'Starts: the first groups workers by accuracy, the others from random seeds; the best bound is kept.',
    why: 'The accuracy order finds the main clusters.',
  },
  maxIterations: {
    kind: 'number',
    default: 200,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most iterations.',
    why: 'Real sets settle in 20 to 100.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-8,
    min: 0,
    max: 1,
    does: 'Relative change of the bound at which the fit has settled; 0 for never.',
    why: 'Smaller changes move no label.',
  },
});

/**
 * Worker clusters: a few confusion matrices shared by groups of workers, and who belongs to which.
 *
 * Use when there are many workers of few answers each: a cluster's matrix is learned from all its
 * workers. With one cluster it is the pooled confusion, with one per worker Dawid-Skene. Workers of
 * many answers are described better by {@link dawidSkene} or {@link variationalBayes}.
 *
 * Starts from Dawid-Skene's confusions, grouped; then variational expectation-maximisation over
 * labels and memberships. The objective, the mean-field bound with the smoothing's terms, never
 * falls.
 *
 * Shapes: posterior T×K; each worker has the confusion W×K×K of its clusters, weighted, with
 * `confusionSd` from the doubt about the cluster, and `extra.cluster` (0 is the most accurate) with
 * `extra.clusterProbability`; `extra.clusters` describes them. O(N·K + W·J·K²) per sweep. Gold tasks
 * are clamped; test answers count as answers; task priors replace the class frequencies; answer
 * weights are powers of the likelihood. Workers without answers get the shares of the clusters.
 *
 * Source: Imamura, Sato & Sugiyama 2018, section 3. The choice of the number of clusters by the
 * bound less ½·J·K(K − 1)·ln N is ours.
 *
 * @throws {BudgetError} too-many-cells
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t2', 'ana', 'dog'], ['t2', 'bo', 'dog']]);
 * fit(workerClusters, table, { options: { clusters: 2 } }).label('t1'); // => 'cat'
 */
export const workerClusters: Method = defineMethod({
  id: 'worker-clusters',
  title: 'Worker clusters',
  summary: 'A few confusion matrices shared by groups of workers; for many workers of few answers.',
  citation:
    'Imamura, Sato & Sugiyama (2018). Analysis of minimax error rate for crowdsourcing and its application to worker clustering model. ICML.',
  answers: 'categorical',
  family: 'bayesian',
  options,
  monotone: true,
  *fit(table, values, { seed, random }) {
    const { id: method } = workerClusters;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    checkConfusionSize(table, method);
    const order = contentOrder(table);
    yield notYet;
    const added = pseudoCounts(table.classCount, groupingSmoothing, groupingSmoothing);
    const grouping = yield* confusionEm(table, startingPosterior(table), cellStep(table, added, values.prior, 0), {
      maxIterations: groupingSweeps,
      tolerance: 1e-8,
      posteriorTolerance: 1e-6,
    });
    const wanted = values.clusters === 0 ? Array.from({ length: mostClusters }, (_, i) => i + 1) : [values.clusters];
    let best: ClusterFit | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    const tried: number[] = [];
    for (const clusters of wanted) {
      if (clusters > table.workerCount && tried.length > 0) break;
      const count = Math.min(clusters, table.workerCount);
      const ends: number[] = [];
      for (let attempt = 0; attempt < values.starts; attempt++) {
        const chance = attempt === 0 ? undefined : random.fork(`${clusters} ${attempt}`);
        const groups = startingGroups(table, grouping.confusion, priorOf(table, grouping), count, order, chance);
        const found = yield* clusterSweeps(table, grouping.posterior, groups, values);
        const end = found.objective[found.objective.length - 1];
        ends.push(end);
        const free = (count * table.classCount * (table.classCount - 1)) / 2;
        const score = values.clusters === 0 ? end - free * Math.log(table.answerCount) : end;
        if (best === undefined || score > bestScore) {
          best = found;
          bestScore = score;
        }
      }
      tried.push(Math.max(...ends));
      if (wanted.length === 1) notes.push(...startsNotes(ends));
    }
    const kept = best as ClusterFit;
    const prior = priorOf(table, kept);
    const { groups, cluster, clusterProbability } = describeGroups(kept.membership, kept.confusions, prior);
    const workers = mixtureWorkers(table, kept, prior, { cluster, clusterProbability });
    if (kept.stopReason === 'iteration limit') notes.push(limitNote(values.maxIterations));
    if (values.clusters === 0) notes.push(`${counted(groups.length, 'cluster was', 'clusters were')} chosen`);
    notes.push(...swappedNotes(table, workers.accuracy));
    return estimateOf(table, {
      method,
      options: values,
      seed,
      posterior: kept.posterior,
      prior,
      workers,
      objective: kept.objective,
      iterations: kept.objective.length,
      converged: kept.stopReason !== 'iteration limit',
      stopReason: kept.stopReason,
      notes,
      extra: { clusters: groups, ...(values.clusters === 0 ? { bounds: tried } : {}) },
    });
  },
});

function priorOf(
  table: AnswerTable,
  fit: { readonly posterior: Float64Array; readonly prior: Float64Array },
): Float64Array {
  return table.taskPrior === undefined ? fit.prior : meanRow(fit.posterior, table.classCount);
}

/** Workers as mixtures of their clusters. */
function mixtureWorkers(
  table: AnswerTable,
  { membership, confusions, posterior }: ClusterFit,
  prior: Float64Array,
  extra: Readonly<Record<string, Float64Array>>,
): WorkerEstimates {
  const { workerCount, classCount } = table;
  const block = classCount * classCount;
  const count = confusions.length / block;
  const { variance: open } = expectedRight(table, posterior);
  const confusion = new Float64Array(workerCount * block);
  const confusionSd = new Float64Array(workerCount * block);
  const accuracy = new Float64Array(workerCount);
  const spread = new Float64Array(workerCount);
  const ofCluster = new Float64Array(count);
  for (let j = 0; j < count; j++) {
    for (let k = 0; k < classCount; k++) ofCluster[j] += prior[k] * confusions[j * block + k * (classCount + 1)];
  }
  const mass = new Float64Array(count).fill(1);
  const answers = table.byWorker.start;
  for (let w = 0; w < workerCount; w++) {
    for (let j = 0; j < count; j++) mass[j] += membership[w * count + j] * (answers[w + 1] - answers[w]);
  }
  for (let w = 0; w < workerCount; w++) {
    let square = 0;
    for (let j = 0; j < count; j++) {
      const r = membership[w * count + j];
      accuracy[w] += r * ofCluster[j];
      // The cluster's own accuracy is known to about its answers' binomial error.
      square += r * (ofCluster[j] ** 2 + (ofCluster[j] * (1 - ofCluster[j])) / mass[j]);
      for (let cell = 0; cell < block; cell++) {
        confusion[w * block + cell] += r * confusions[j * block + cell];
        confusionSd[w * block + cell] += r * confusions[j * block + cell] ** 2;
      }
    }
    for (let cell = w * block; cell < (w + 1) * block; cell++) {
      confusionSd[cell] = Math.sqrt(Math.max(0, confusionSd[cell] - confusion[cell] ** 2));
    }
    spread[w] = Math.max(0, square - accuracy[w] ** 2) + open[w] / (answers[w + 1] - answers[w] + 1) ** 2;
  }
  return { accuracy, ...interval(accuracy, spread, accuracy), level: workerLevel, confusion, confusionSd, extra };
}
