import type { AnswerTable } from '../answers/answer-table.ts';
import { normalQuantile } from '../math/normal-quantile.ts';
import { normalCdf } from '../math/special.ts';
import type { Estimate } from '../methods/estimate.ts';
import { comparisonCount } from '../quality/agreement/worker-pairs.ts';
import { accuraciesOf, classShares, LeftOutPosterior } from './left-out-posterior.ts';

/** Two workers who agree more often than two who work apart would. */
export interface CopyingPair {
  readonly first: string;
  readonly second: string;
  /** Tasks both answered. */
  readonly shared: number;
  /** Share of them with the same answer. */
  readonly agreement: number;
  /** The share expected of two workers with their confusions who do not know of each other. */
  readonly expected: number;
  /** Probability of as much agreement if they worked apart, corrected for all pairs compared. */
  readonly pValue: number;
}

/** What {@link findCopying} found. */
export interface Copying {
  /** Pairs that stand out, strongest first. */
  readonly pairs: readonly CopyingPair[];
  /** Workers linked by such pairs, largest group first. */
  readonly groups: readonly (readonly string[])[];
  /** Pairs with enough shared tasks. */
  readonly compared: number;
  /** Median of agreement less what is expected, over the pairs compared: what all share, NaN without any. */
  readonly typicalExcess: number;
  readonly notes: readonly string[];
}

export interface CopyingOptions {
  /** Pairs that share fewer tasks are not compared, default 20. */
  readonly minShared?: number;
}

/** Pairs are named below this probability, after correction, and above this excess beyond the typical one. */
const [level, leastExcess] = [0.01, 0.1];

/** More pairs of answers than this are not compared. */
const mostComparisons = 2e8;

/** Workers are set aside in at most this many rounds. */
const mostRounds = 30;

/** Iterations that bring accuracies in line with who is set aside, and a pair's confusions with the others. */
const [accuracySteps, confusionSteps] = [10, 3];

/**
 * Who copies whom, or shares a source: pairs of workers who agree beyond what their own quality explains.
 *
 * Use before trusting a majority: three answers of people who share one are one answer. What all but two
 * workers say of the tasks these two share gives their confusion matrices, and the chance that they agree if
 * they work apart. Copies vouch for each other and make the honest look odd; so the strongest pairs are found
 * first, one of each is set aside, and the rest looked at again. Tasks that mislead everybody make all
 * pairs agree more; that typical excess is subtracted, as a median. A pair is named
 * where the rest is at least a tenth and p, corrected for all pairs, is below 0.01. Two workers can agree so
 * without copying: models of one family do, and people who read the question in the same unusual way.
 *
 * It needs tasks in common, and others who work apart: where most copy, the honest stand out. Who copies one
 * who is nearly always right agrees hardly more than another good worker would, and is not seen.
 * O(Σ m² K + pairs · K²).
 *
 * Source: in the spirit of the dependence tests of Karaaslanli & Traganitis; the statistic, its correction
 * by the median and the thresholds are ours.
 *
 * @example
 * const random = new Random(5);
 * const rows = Array.from({ length: 300 }, (_, t): [string, string, string][] => {
 *   const truth = t % 2 ? 'cat' : 'dog';
 *   const said = Array.from({ length: 5 }, () => (random.bernoulli(0.75) ? truth : t % 2 ? 'dog' : 'cat'));
 *   return [...said, said[0]].map((label, w) => [`t${t}`, `w${w}`, label]);
 * }).flat();
 * const table = answersFrom(rows);
 * findCopying(table, fit(coinShrunk, table)).groups; // => [['w0', 'w5']]
 */
export function findCopying(table: AnswerTable, estimate: Estimate, options: CopyingOptions = {}): Copying {
  const { minShared = 20 } = options;
  const none = { pairs: [], groups: [], compared: 0, typicalExcess: Number.NaN };
  if (table.classCount < 2) return { ...none, notes: ['fewer than two classes: nothing to agree on'] };
  if (comparisonCount(table) > mostComparisons)
    return { ...none, notes: ['too many pairs of answers to compare: copying was not looked for'] };
  const shares = classShares(estimate);
  const accuracy = accuraciesOf(table, estimate);
  const aside = new Uint8Array(table.workerCount);
  let found = comparedPairs(table, new LeftOutPosterior(table, shares, accuracy), minShared);
  if (found.length === 0)
    return { ...none, notes: [`no two workers share ${minShared} tasks: copying cannot be seen`] };
  for (let round = 0; round < mostRounds; round++) {
    const open = namedPairs(found).named.filter(({ first, second }) => aside[first] + aside[second] === 0);
    if (open.length === 0) break;
    const strongest = strength(open[0]);
    for (const pair of open)
      if (strength(pair) >= 0.7 * strongest && aside[pair.first] + aside[pair.second] === 0) aside[pair.second] = 1;
    adjustAccuracies(table, shares, accuracy, aside);
    found = comparedPairs(table, new LeftOutPosterior(table, shares, accuracy, aside), minShared);
  }
  const { named, typical, median } = namedPairs(found);
  const name = (w: number): string => table.workers.name(w);
  return {
    pairs: named.map(({ first, second, shared, agreement, excess, deviation }) => ({
      first: name(first),
      second: name(second),
      shared,
      agreement,
      expected: agreement - excess,
      pValue: Math.min(1, found.length * normalCdf(-(excess - typical) / deviation)),
    })),
    groups: linked(named, table.workerCount).map((group) => group.map(name)),
    compared: found.length,
    typicalExcess: median,
    notes: typical > 0.05 ? ['all pairs agree more than their quality explains: some tasks mislead everybody'] : [],
  };
}

/** One pair before names. */
interface Compared {
  readonly first: number;
  readonly second: number;
  readonly shared: number;
  readonly agreement: number;
  /** Agreement less what is expected, and the standard deviation of the agreement. */
  readonly excess: number;
  readonly deviation: number;
}

/** Pairs that stand out, strongest first, with the excess that all share. */
function namedPairs(found: readonly Compared[]): { named: Compared[]; typical: number; median: number } {
  const excesses = Float64Array.from(found, (pair) => pair.excess).sort();
  const median = excesses[excesses.length >> 1];
  const typical = Math.max(0, median);
  const strict = normalQuantile(1 - level / found.length);
  const named = found.filter(
    ({ excess, deviation }) => excess - typical >= leastExcess && excess - typical > strict * deviation,
  );
  return { named: named.sort((a, b) => strength(b) - strength(a)), typical, median };
}

function strength({ excess, deviation }: Compared): number {
  return excess / deviation;
}

/**
 * A few steps of EM for accuracies, from even ones (a copied worker would hold on to what copies lent), without
 * those who are set aside; they get theirs from the others.
 */
function adjustAccuracies(table: AnswerTable, shares: Float64Array, accuracy: Float64Array, aside: Uint8Array): void {
  const { taskCount, taskStart, worker, label, classCount, workerCount } = table;
  const q = new Float64Array(classCount);
  accuracy.fill((1 + 0.5 * (classCount - 1)) / classCount);
  for (let step = 0; step < accuracySteps; step++) {
    const others = new LeftOutPosterior(table, shares, accuracy, aside);
    // As if one answer more were right and one over K wrong: guessers stay guessers.
    const right = new Float64Array(workerCount).fill(1 / classCount);
    const count = new Float64Array(workerCount).fill(1);
    for (let task = 0; task < taskCount; task++) {
      if (taskStart[task + 1] === taskStart[task]) continue;
      others.without(task, -1, -1, q);
      for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
        right[worker[answer]] += q[label[answer]];
        count[worker[answer]]++;
      }
    }
    for (let w = 0; w < workerCount; w++) accuracy[w] = right[w] / count[w];
  }
}

function comparedPairs(table: AnswerTable, others: LeftOutPosterior, minShared: number): Compared[] {
  const { workerCount, taskStart, worker, label, answerTask, byWorker } = table;
  const found: Compared[] = [];
  for (let u = 0; u < workerCount; u++) {
    const shared = new Map<number, number[]>();
    for (let i = byWorker.start[u]; i < byWorker.start[u + 1]; i++) {
      const own = byWorker.answers[i];
      for (let answer = own + 1; answer < taskStart[answerTask[own] + 1]; answer++) {
        if (worker[answer] === u) continue;
        const list = shared.get(worker[answer]);
        if (list === undefined) shared.set(worker[answer], [own, answer]);
        else list.push(own, answer);
      }
    }
    for (const [v, answers] of shared) {
      const count = answers.length / 2;
      if (count < minShared) continue;
      let agreed = 0;
      for (let i = 0; i < answers.length; i += 2) if (label[answers[i]] === label[answers[i + 1]]) agreed++;
      const { expected, variance } = expectedAgreement(table, others, u, v, answers);
      found.push({
        ...{ first: u, second: v, shared: count, agreement: agreed / count, excess: (agreed - expected) / count },
        // Never quite certain: confusions are estimates themselves.
        deviation: Math.sqrt(variance + 0.25) / count,
      });
    }
  }
  return found;
}

/** On how many of their tasks two workers agree if they work apart; `shared` holds answers of both, in turn. */
function expectedAgreement(
  table: AnswerTable,
  others: LeftOutPosterior,
  u: number,
  v: number,
  shared: readonly number[],
): { expected: number; variance: number } {
  const { classCount, answerTask } = table;
  const partner = new Map<number, number>();
  for (let i = 0; i < shared.length; i += 2) {
    partner.set(shared[i], shared[i + 1]);
    partner.set(shared[i + 1], shared[i]);
  }
  const first = confusionWithout(table, others, u, partner);
  const second = confusionWithout(table, others, v, partner);
  // Chance to agree given the true class.
  const alike = new Float64Array(classCount);
  for (let cell = 0; cell < first.length; cell++) alike[Math.floor(cell / classCount)] += first[cell] * second[cell];
  const q = new Float64Array(classCount);
  let [expected, variance] = [0, 0];
  for (let i = 0; i < shared.length; i += 2) {
    others.without(answerTask[shared[i]], shared[i], shared[i + 1], q);
    let p = 0;
    for (let k = 0; k < classCount; k++) p += q[k] * alike[k];
    expected += p;
    variance += p * (1 - p);
  }
  return { expected, variance };
}

/** A worker's confusion matrix from what all but the worker and the partner say. */
function confusionWithout(
  { classCount, byWorker, answerTask, label }: AnswerTable,
  others: LeftOutPosterior,
  worker: number,
  partner: ReadonlyMap<number, number>,
): Float64Array {
  const own = byWorker.answers.subarray(byWorker.start[worker], byWorker.start[worker + 1]);
  const q = new Float64Array(own.length * classCount);
  own.forEach((answer, i) => {
    const row = q.subarray(i * classCount, (i + 1) * classCount);
    others.without(answerTask[answer], answer, partner.get(answer) ?? -1, row);
  });
  return confusionGiven(
    q,
    Uint16Array.from(own, (answer) => label[answer]),
    classCount,
  );
}

/** A worker's confusion matrix from what was said of tasks whose class is known as `q`, by a few steps of EM. */
function confusionGiven(q: Float64Array, said: Uint16Array, classCount: number): Float64Array {
  const cells = classCount * classCount;
  let confusion = new Float64Array(cells).fill(1 / classCount);
  const weights = new Float64Array(classCount);
  for (let step = 0; step < confusionSteps; step++) {
    const counts = new Float64Array(cells).fill(1 / classCount);
    for (let i = 0; i < said.length; i++) {
      let sum = 0;
      for (let k = 0; k < classCount; k++) {
        weights[k] = q[i * classCount + k] * confusion[k * classCount + said[i]];
        sum += weights[k];
      }
      for (let k = 0; k < classCount; k++) counts[k * classCount + said[i]] += weights[k] / sum;
    }
    confusion = counts.map((value, cell) => {
      const from = cell - (cell % classCount);
      let sum = 0;
      for (let l = 0; l < classCount; l++) sum += counts[from + l];
      return value / sum;
    });
  }
  return confusion;
}

/** Workers linked by pairs, larger groups first, then by the order of workers. */
function linked(pairs: readonly Compared[], workerCount: number): number[][] {
  const parent = Int32Array.from({ length: workerCount }, (_, w) => w);
  const root = (w: number): number => {
    let at = w;
    while (parent[at] !== at) at = parent[at];
    return at;
  };
  for (const { first, second } of pairs) {
    const [a, b] = [root(first), root(second)];
    parent[Math.max(a, b)] = Math.min(a, b);
  }
  const groups = new Map<number, number[]>();
  for (const w of new Set(pairs.flatMap(({ first, second }) => [first, second]))) {
    const own = root(w);
    groups.set(own, [...(groups.get(own) ?? []), w]);
  }
  return [...groups.values()]
    .map((group) => group.sort((a, b) => a - b))
    .sort((a, b) => b.length - a.length || a[0] - b[0]);
}
