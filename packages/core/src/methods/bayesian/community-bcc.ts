import type { AnswerTable } from '../../answers/answer-table.ts';
import { contentOrder } from '../content-order.ts';
import { confusionEm } from '../dawid-skene/confusion-em.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { cellStep, pseudoCounts } from '../dawid-skene/steps.ts';
import { estimateOf, type WorkerEstimates } from '../estimate.ts';
import { startsNotes, swappedNotes } from '../fit-notes.ts';
import { defineMethod, type Method } from '../method.ts';
import { optionTable } from '../options.ts';
import { notYet } from '../pauses.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { startingPosterior } from '../votes.ts';
import { meanRow } from '../voting/majority-vote.ts';
import { checkConfusionSize, expectedRight, interval, workerLevel } from '../worker-estimates.ts';
import { type CommunityFit, communitySweeps } from './community-sweeps.ts';
import { describeGroups, startingGroups } from './worker-groups.ts';

/** Numbers of communities tried when the number is to be chosen. */
const mostCommunities = 8;
/** Dawid-Skene before the workers are grouped: sweeps and pseudo-answers per cell. */
const groupingSweeps = 20;
const groupingSmoothing = 1;

const options = optionTable({
  communities: {
    kind: 'number',
    default: 3,
    min: 0,
    max: 100,
    integer: true,
    does: 'Number of communities; 0 chooses among 1 to 8 by the bound.',
    why: 'The reference code’s.',
  },
  precision: {
    kind: 'number',
    default: 5,
    min: 1e-3,
    max: 1e6,
    does: 'Precision with which a worker’s scores lie around its community’s.',
    why: 'The reference code’s: workers differ from their community by about half a logit.',
  },
  communityPrior: {
    kind: 'number',
    default: 10,
    min: 0.01,
    max: 1e6,
    unit: 'workers',
    does: 'Dirichlet parameter of each community’s share.',
    why: 'The reference code’s.',
  },
  belief: {
    kind: 'number',
    default: 0.7,
    min: 0.01,
    max: 0.99,
    does: 'Probability of a right answer at the prior mean of the communities.',
    why: 'The reference code’s initial belief.',
  },
  starts: {
    kind: 'number',
    default: 5,
    min: 1,
    max: 1000,
    integer: true,
    does: 'Starts: the first groups workers by accuracy, the others from random seeds; the best bound is kept.',
    why: 'Memberships have several optima.',
  },
  maxIterations: {
    kind: 'number',
    default: 40,
    min: 1,
    max: 1e6,
    integer: true,
    does: 'Most iterations of each start.',
    why: 'The reference code’s; going on to the end changes few labels and not always for the better.',
  },
  tolerance: {
    kind: 'number',
    default: 1e-8,
    min: 0,
    max: 1,
    does: 'Relative change of the bound at which a start has settled; 0 for never.',
    why: 'Smaller changes move no label.',
  },
});

/**
 * Community BCC: confusion matrices that lie around those of a few communities.
 *
 * Use when workers fall into types and many have few answers, but the busy ones deserve a matrix of
 * their own: a worker with no answers has its community's matrix, one with many has its own.
 * {@link workerClusters} is the simpler form without individual matrices, and the better one where a
 * group inverts its answers: here the belief that communities are right more often than not blurs it.
 *
 * Model: memberships ~ Dirichlet shares, scores of communities normal around a common belief, scores
 * of a worker normal around its community's with `precision`, confusion rows the softmax of scores,
 * class frequencies ~ Dirichlet(1). Five starts; the best bound is kept. The objective never falls.
 *
 * Shapes: posterior T×K, confusion and confusionSd W×K×K, `extra.cluster` and
 * `extra.clusterProbability` per worker (0 is the most accurate community), `extra.communities`.
 * O(N·K + W·J·K²) per sweep. Gold tasks are clamped; test answers count as answers; task priors
 * replace the class frequencies; answer weights are powers of the likelihood; soft answers count as
 * their most likely class.
 *
 * Source: Venanzi, Guiver, Kazai, Kohli & Shokouhi 2014, section 4. Differs: the authors run
 * variational message passing in Infer.NET; here labels, memberships and shares are variational and
 * scores are points found by Newton steps, one per worker and community (a single point per worker
 * would settle between communities and tell them apart badly), with the Laplace approximation for
 * their uncertainty. Communities start at the confusions of groups of workers, not at random. The
 * authors fit the precision of the communities' prior in a small run; here it is 1.
 *
 * @throws {BudgetError} too-many-cells
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'cy', 'dog']]);
 * fit(communityBcc, table, { options: { communities: 2 } }).label('t1'); // => 'cat'
 */
export const communityBcc: Method = defineMethod({
  id: 'community-bcc',
  title: 'Community BCC',
  summary: 'Confusion matrices around those of a few communities; for crowds of types.',
  citation:
    'Venanzi, Guiver, Kazai, Kohli & Shokouhi (2014). Community-based Bayesian aggregation models for crowdsourcing. WWW.',
  answers: 'categorical',
  family: 'bayesian',
  options,
  monotone: true,
  random: true,
  *fit(table, values, { seed, random }) {
    const { id: method } = communityBcc;
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2) return neutralEstimate(table, method, values, seed, notes);
    checkConfusionSize(table, method);
    const order = contentOrder(table);
    yield notYet;
    const start = startingPosterior(table);
    const added = pseudoCounts(table.classCount, groupingSmoothing, groupingSmoothing);
    const grouping = yield* confusionEm(table, start, cellStep(table, added, 'estimated', 0), {
      maxIterations: groupingSweeps,
      tolerance: 1e-6,
      posteriorTolerance: 1e-4,
    });
    const wanted =
      values.communities === 0 ? Array.from({ length: mostCommunities }, (_, i) => i + 1) : [values.communities];
    let best: CommunityFit | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const communities of wanted) {
      const ends: number[] = [];
      for (let attempt = 0; attempt < values.starts; attempt++) {
        const chance = attempt === 0 ? undefined : random.fork(`${communities} ${attempt}`);
        const groups = startingGroups(table, grouping.confusion, grouping.prior, communities, order, chance);
        const found = yield* communitySweeps(table, start, groups, values);
        const end = found.objective[found.objective.length - 1];
        ends.push(end);
        const score = values.communities === 0 ? found.score : end;
        if (best === undefined || score > bestScore) {
          best = found;
          bestScore = score;
        }
        if (communities === 1) break;
      }
      if (wanted.length === 1) notes.push(...startsNotes(ends));
    }
    const kept = best as CommunityFit;
    const prior = table.taskPrior === undefined ? kept.prior : meanRow(kept.posterior, table.classCount);
    const { groups, cluster, clusterProbability } = describeGroups(kept.membership, kept.communities, prior);
    const workers = communityWorkers(table, kept, prior, { cluster, clusterProbability });
    if (values.communities === 0) {
      notes.push(`${counted(groups.length, 'community was', 'communities were')} chosen`);
    }
    notes.push(...swappedNotes(table, workers.accuracy));
    const settled = kept.stopReason !== 'iteration limit';
    if (!settled) {
      notes.push(
        `stopped after ${values.maxIterations} iterations with the bound still rising a little; a higher maxIterations may change a few labels`,
      );
    }
    return estimateOf(table, {
      method,
      options: values,
      seed,
      posterior: kept.posterior,
      prior,
      workers,
      objective: kept.objective,
      iterations: kept.objective.length,
      converged: settled,
      stopReason: kept.stopReason,
      notes,
      extra: { communities: groups },
    });
  },
});

function communityWorkers(
  table: AnswerTable,
  { confusion, confusionSd, posterior }: CommunityFit,
  prior: Float64Array,
  extra: Readonly<Record<string, Float64Array>>,
): WorkerEstimates {
  const { workerCount, classCount } = table;
  const { variance: open } = expectedRight(table, posterior);
  const { start } = table.byWorker;
  const accuracy = new Float64Array(workerCount);
  const spread = new Float64Array(workerCount);
  for (let w = 0; w < workerCount; w++) {
    for (let k = 0; k < classCount; k++) {
      const cell = (w * classCount + k) * classCount + k;
      accuracy[w] += prior[k] * confusion[cell];
      spread[w] += (prior[k] * confusionSd[cell]) ** 2;
    }
    spread[w] += open[w] / (start[w + 1] - start[w] + 1) ** 2;
  }
  return { accuracy, ...interval(accuracy, spread, accuracy), level: workerLevel, confusion, confusionSd, extra };
}
