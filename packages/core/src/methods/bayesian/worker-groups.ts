import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Random } from '../../math/random.ts';
import type { ContentOrder } from '../content-order.ts';
import { answersPerWorker } from '../votes.ts';

/** The most rounds of moving workers between groups at the start. */
const mostRounds = 50;

/**
 * Hard groups of workers with similar confusions, W×J one-hot: where fits of clusters start.
 *
 * The first start cuts the workers, ordered by accuracy, into groups of equal numbers of answers;
 * others (`random` given) seed the groups with workers drawn by their answers. Then weighted Lloyd
 * rounds on the confusion matrices. Depends on what workers answered, not on their names.
 */
export function startingGroups(
  table: AnswerTable,
  confusion: Float64Array,
  prior: Float64Array,
  groups: number,
  order: ContentOrder,
  random: Random | undefined,
): Float64Array {
  const { workerCount, classCount } = table;
  const block = classCount * classCount;
  const answered = answersPerWorker(table);
  const group = new Int32Array(workerCount);
  const centres = new Float64Array(groups * block);
  if (random === undefined) cutByAccuracy(confusion, prior, answered, groups, order, group);
  else {
    const weight = Float64Array.from(order.workers, (w) => answered[w]);
    for (let j = 0; j < groups; j++) {
      const place = random.categorical(weight);
      weight[place] = 0;
      const w = order.workers[place];
      centres.set(confusion.subarray(w * block, (w + 1) * block), j * block);
    }
    nearest(confusion, centres, block, groups, group);
  }
  for (let round = 0; round < mostRounds; round++) {
    moveCentres(confusion, answered, group, block, groups, centres);
    if (!nearest(confusion, centres, block, groups, group)) break;
  }
  const membership = new Float64Array(workerCount * groups);
  for (let w = 0; w < workerCount; w++) membership[w * groups + group[w]] = 1;
  return membership;
}

function cutByAccuracy(
  confusion: Float64Array,
  prior: Float64Array,
  answered: Float64Array,
  groups: number,
  order: ContentOrder,
  group: Int32Array,
): void {
  const classCount = prior.length;
  const accuracy = new Float64Array(group.length);
  for (let w = 0; w < group.length; w++) {
    for (let k = 0; k < classCount; k++) accuracy[w] += prior[k] * confusion[(w * classCount + k) * classCount + k];
  }
  const rank = Array.from(order.workers).sort((a, b) => accuracy[b] - accuracy[a]);
  const total = answered.reduce((sum, count) => sum + count, 0);
  let before = 0;
  for (const w of rank) {
    group[w] = Math.min(groups - 1, Math.floor((groups * (before + answered[w] / 2)) / Math.max(total, 1)));
    before += answered[w];
  }
}

function moveCentres(
  confusion: Float64Array,
  answered: Float64Array,
  group: Int32Array,
  block: number,
  groups: number,
  centres: Float64Array,
): void {
  const mass = new Float64Array(groups);
  for (let w = 0; w < group.length; w++) mass[group[w]] += answered[w];
  // An empty group keeps its centre and may win workers back.
  for (let j = 0; j < groups; j++) if (mass[j] > 0) centres.fill(0, j * block, (j + 1) * block);
  for (let w = 0; w < group.length; w++) {
    if (!(mass[group[w]] > 0)) continue;
    const share = answered[w] / mass[group[w]];
    for (let cell = 0; cell < block; cell++) centres[group[w] * block + cell] += share * confusion[w * block + cell];
  }
}

/** Puts every worker into the group of the nearest centre; did any move? */
function nearest(
  confusion: Float64Array,
  centres: Float64Array,
  block: number,
  groups: number,
  group: Int32Array,
): boolean {
  let moved = false;
  for (let w = 0; w < group.length; w++) {
    let best = group[w];
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < groups; j++) {
      let distance = 0;
      for (let cell = 0; cell < block; cell++) {
        distance += (confusion[w * block + cell] - centres[j * block + cell]) ** 2;
      }
      if (distance < least - 1e-15) {
        least = distance;
        best = j;
      }
    }
    if (best !== group[w]) {
      group[w] = best;
      moved = true;
    }
  }
  return moved;
}

/** What a cluster or community of workers has in common. */
export interface WorkerGroup {
  /** Share of the workers, expected. */
  readonly share: number;
  readonly workers: number;
  readonly accuracy: number;
  /** K×K by rows (truth). */
  readonly confusion: readonly number[];
}

/** The groups, most accurate first, with each worker's most likely one and its probability. */
export function describeGroups(
  membership: Float64Array,
  confusions: Float64Array,
  prior: Float64Array,
): { groups: WorkerGroup[]; cluster: Float64Array; clusterProbability: Float64Array } {
  const classCount = prior.length;
  const block = classCount * classCount;
  const count = confusions.length / block;
  const workerCount = membership.length / count;
  const order = Array.from({ length: count }, (_, j) => {
    let accuracy = 0;
    for (let k = 0; k < classCount; k++) accuracy += prior[k] * confusions[j * block + k * (classCount + 1)];
    let workers = 0;
    for (let w = 0; w < workerCount; w++) workers += membership[w * count + j];
    return { j, accuracy, workers };
  }).sort((a, b) => b.accuracy - a.accuracy || b.workers - a.workers);
  const cluster = new Float64Array(workerCount);
  const clusterProbability = new Float64Array(workerCount);
  for (let w = 0; w < workerCount; w++) {
    order.forEach(({ j }, place) => {
      if (membership[w * count + j] > clusterProbability[w]) {
        clusterProbability[w] = membership[w * count + j];
        cluster[w] = place;
      }
    });
  }
  const groups = order.map(({ j, accuracy, workers }) => ({
    share: workerCount === 0 ? 0 : workers / workerCount,
    workers,
    accuracy,
    confusion: Array.from(confusions.subarray(j * block, (j + 1) * block)),
  }));
  return { groups, cluster, clusterProbability };
}
