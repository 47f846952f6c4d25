import type { AnswerTable } from '../../answers/answer-table.ts';
import type { Estimate } from '../../methods/estimate.ts';
import { scoreTasks } from '../task-scores.ts';
import { groupIndex, positiveClass, type SoftTruth, type TaskGroups, truthOf } from './groups.ts';
import { type DecisionRecords, type FairnessReport, type Gap, type RateOptions, ratesByGroup } from './rates.ts';

/** Beyond the intervals: what is known of the truth. */
export interface AuditOptions extends RateOptions {
  /** Known labels by task, or an estimate whose probabilities stand for them. Without it only positive rates are compared. */
  readonly truth?: ReadonlyMap<string, string> | SoftTruth;
}

const unseenBias = 'without known labels a bias that all workers share cannot be seen';

/**
 * How differently an estimate's labels, or a classifier's, treat groups of tasks.
 *
 * Use before labels about people are used: more accurate labels need not be fairer ones. `groups` is the
 * sensitive attribute of each task, `positive` the class whose assignment helps or harms. Tasks without
 * a group or without an answer are left out. With known labels the audit says who is wronged; with an
 * estimate as `truth` it is as good as that estimate, and an estimate judged by itself is flattered.
 * `soft` takes probabilities in place of labels.
 *
 * Cost, intervals, small groups and sources as {@link ratesByGroup}.
 *
 * @throws {InputError} unknown-label where `positive` is no class
 * @example
 * const rows = Array.from({ length: 40 }, (_, t): [string, string, string] => [`t${t}`, 'ana', t % 4 === 1 ? 'yes' : 'no']);
 * const groups = new Map(rows.map(([task], t) => [task, t % 2 === 0 ? 'old' : 'young']));
 * const audit = auditDecisions(fit(majorityVote, answersFrom(rows)), groups, 'yes', { random: new Random(1) });
 * [audit.demographicParity.value, audit.demographicParity.high]; // => [0.5, 'young']
 */
export function auditDecisions(
  estimate: Estimate,
  groups: TaskGroups,
  positive: string,
  options: AuditOptions & { readonly soft?: boolean },
): FairnessReport {
  const { taskNames, classNames, classCount, taskCount, posterior, answersPerTask } = estimate;
  const index = groupIndex(taskNames, groups);
  const yes = classCount === 0 ? 0 : positiveClass(classNames, positive);
  const truth = truthOf(taskNames, classNames, options.truth);
  const records = emptyRecords(taskCount);
  for (let task = 0; task < taskCount; task++) {
    const label = estimate.labelIndex(task);
    const decided = answersPerTask[task] > 0 && (options.soft === true || label >= 0);
    records.group[task] = decided ? index.of[task] : -1;
    if (!decided) continue;
    const row = task * classCount;
    records.said[task] = options.soft === true ? posterior[row + yes] : label === yes ? 1 : 0;
    records.truth[task] = truth(task, yes);
    if (options.soft === true) {
      let right = 0;
      for (let k = 0; k < classCount; k++) right += posterior[row + k] * truth(task, k);
      records.right[task] = right;
    } else records.right[task] = truth(task, label);
  }
  // A tie among c classes counts as 1/c right, as everywhere.
  if (options.soft !== true && options.truth !== undefined && !('posterior' in options.truth)) {
    const { tasks, credit } = scoreTasks(estimate, options.truth);
    tasks.forEach((task, i) => {
      records.right[task] = credit[i];
    });
  }
  const report = ratesByGroup(records, index.names, options);
  return options.truth === undefined ? { ...report, notes: [...report.notes, unseenBias] } : report;
}

/** One worker's gaps. */
export interface WorkerFairness extends FairnessReport {
  readonly worker: string;
  /** Answers about tasks with a group. */
  readonly answers: number;
  /**
   * The names of gaps that are above 0.05 and remain after Holm's correction for the workers looked at:
   * at most one crowd of blameless workers in twenty has any for a kind of gap.
   */
  readonly suspected: readonly ('demographicParity' | 'equalOpportunity' | 'falsePositive')[];
}

/** Who treats groups differently: the crowd's answers together, and each worker. */
export interface CrowdFairness {
  /** Rates of an answer drawn at random from each task. */
  readonly crowd: FairnessReport;
  /** In the order of the table's workers. */
  readonly workers: readonly WorkerFairness[];
  readonly notes: readonly string[];
}

/**
 * How differently each worker answers about groups of tasks, and all of them together.
 *
 * Use to find whom to train, whom to keep from which tasks, and whether a bias is one worker's or
 * everybody's. The positive rates of a worker compare only where tasks came to workers at random; the
 * true and false positive rates hold however they came, and need `truth`. An estimate as truth contains
 * the workers' own answers: gaps are too small then, and a bias they share disappears.
 *
 * Small groups are left out per worker, so most workers of a crowd with few answers have nothing to say;
 * the crowd has. O(draws · N); pass fewer `draws` for more than a million answers. Sources as
 * {@link ratesByGroup}; correction: Holm (1979), Scandinavian Journal of Statistics 6.
 *
 * @throws {InputError} unknown-label where `positive` is no class
 * @example
 * const rows = Array.from({ length: 80 }, (_, t): [string, string, string] => [`t${t}`, 'ana', t % 4 === 1 ? 'yes' : 'no']);
 * const groups = new Map(rows.map(([task], t) => [task, t % 2 === 0 ? 'old' : 'young']));
 * auditWorkers(answersFrom(rows), groups, 'yes', { random: new Random(1) }).workers[0].suspected; // => ['demographicParity']
 */
export function auditWorkers(
  table: AnswerTable,
  groups: TaskGroups,
  positive: string,
  options: AuditOptions,
): CrowdFairness {
  const { tasks, workers, classes, label, answerTask, byWorker } = table;
  const index = groupIndex(tasks, groups);
  const yes = table.classCount === 0 ? 0 : positiveClass(classes, positive);
  const truth = truthOf(tasks, classes, options.truth);
  const audited = Array.from({ length: table.workerCount }, (_, w): WorkerFairness => {
    const own = byWorker.answers.subarray(byWorker.start[w], byWorker.start[w + 1]);
    const records = emptyRecords(own.length);
    let answers = 0;
    own.forEach((answer, i) => {
      const task = answerTask[answer];
      records.group[i] = index.of[task];
      records.said[i] = label[answer] === yes ? 1 : 0;
      records.truth[i] = truth(task, yes);
      records.right[i] = truth(task, label[answer]);
      if (index.of[task] >= 0) answers++;
    });
    const worker = workers.name(w);
    const report = ratesByGroup(records, index.names, { ...options, random: options.random.fork(worker) });
    return { worker, answers, ...report, suspected: [] };
  });
  const kinds = ['demographicParity', 'equalOpportunity', 'falsePositive'] as const;
  const suspects = kinds.map((kind) =>
    holm(
      audited.map((worker) => worker[kind]),
      1 - (options.level ?? 0.95),
    ),
  );
  const notes = ['positive rates of single workers compare only where tasks came to them at random'];
  if (options.truth === undefined) notes.push(unseenBias);
  else if ('posterior' in options.truth)
    notes.push('the truth is estimated from the answers themselves: gaps are too small, and shared ones disappear');
  return {
    crowd: ratesByGroup(crowdRecords(table, index.of, yes, truth), index.names, options),
    workers: audited.map((worker, w) => ({ ...worker, suspected: kinds.filter((_, kind) => suspects[kind].has(w)) })),
    notes,
  };
}

/** Tasks with the share of their answers that is positive, and right. */
function crowdRecords(
  { taskCount, taskStart, label }: AnswerTable,
  groupOf: Int32Array,
  yes: number,
  truth: (task: number, label: number) => number,
): DecisionRecords {
  const records = emptyRecords(taskCount);
  for (let task = 0; task < taskCount; task++) {
    const count = taskStart[task + 1] - taskStart[task];
    records.group[task] = count > 0 ? groupOf[task] : -1;
    records.truth[task] = truth(task, yes);
    records.right[task] = 0;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      records.said[task] += (label[answer] === yes ? 1 : 0) / count;
      records.right[task] += truth(task, label[answer]) / count;
    }
  }
  return records;
}

/** The places of gaps that Holm's step-down keeps at a level. */
function holm(gaps: readonly Gap[], level: number): Set<number> {
  const tested = [...gaps.keys()].filter((i) => !Number.isNaN(gaps[i].pValue));
  tested.sort((a, b) => gaps[a].pValue - gaps[b].pValue);
  const kept = new Set<number>();
  for (let i = 0; i < tested.length; i++) {
    const { pValue, flagged } = gaps[tested[i]];
    if (pValue > level / (tested.length - i)) break;
    if (flagged) kept.add(tested[i]);
  }
  return kept;
}

function emptyRecords(length: number): DecisionRecords {
  return {
    group: new Int32Array(length).fill(-1),
    said: new Float64Array(length),
    truth: new Float64Array(length).fill(Number.NaN),
    right: new Float64Array(length).fill(Number.NaN),
  };
}
