import type { AnswerTable } from '../../answers/answer-table.ts';
import { neutralEstimate } from '../dawid-skene/fit-confusions.ts';
import { type Estimate, estimateOf } from '../estimate.ts';
import { defineMethod, type FitContext, type Method, type Progress } from '../method.ts';
import { optionTable, parseOptions } from '../options.ts';
import { showingProgress } from '../pauses.ts';
import { counted, tableNotes } from '../table-notes.ts';
import { clampGold, voteCounts } from '../votes.ts';
import { wawa } from '../voting/wawa.ts';
import { confusionWorkers, mostConfusionCells, softCounts } from '../worker-estimates.ts';
import { estimatedAccuracy, meanConfidence, temperTo } from './calibration.ts';
import { applyCap, lossBound, type Overruled, overruledTasks, verdictOf } from './cap.ts';
import { type CheckList, checkListOf } from './check-list.ts';
import { dependence, mostDependence, rowStrength, shrunkConfusions } from './dependence.ts';
import { expectedAccuracy } from './expected-accuracy.ts';
import { fitMembers, type Members } from './members.ts';

/** Disagreement between task-side and worker-side members above which a note is due. */
const worryingDisagreement = 0.12;

/** More cells of confusion matrices than this need so many answers: they would take minutes for nothing. */
const smallConfusionCells = 5e6;
const cellsPerAnswer = 20;

const options = optionTable({
  maxOverruled: {
    kind: 'number',
    default: 0.15,
    min: 0,
    max: 1,
    unit: 'share of tasks',
    does: 'Most clear majorities that may be overruled: a certain bound on how far the result can fall below majority vote.',
    why: 'On real sets smaller caps cost accuracy and no cap saves none; 0.05 for a tighter bound, 1 for none.',
  },
  calibration: {
    kind: 'choice',
    default: 'real',
    choices: ['real', 'independent'],
    does: 'Calibrate for real crowds, whose mistakes are partly shared, or for independent workers (simulations).',
    why: 'Posteriors that assume independence claim up to 24 points too much on real sets.',
  },
});

/** What `auto` found out beside the estimate: `estimate.extra`. */
export interface AutoReport {
  /** Accuracy of the labels with a 90 % interval; assumes that most workers do not share the same mistake. */
  readonly expectedAccuracy: { readonly value: number; readonly lo: number; readonly hi: number };
  /** Share of tasks on which a clear majority was overruled. */
  readonly overruled: number;
  /** Clear majorities the models wanted to overrule, as a share of tasks. */
  readonly contested: number;
  /** The most accuracy can lie below majority vote's, whatever the truth. */
  readonly bound: number;
  /** Weight of the moment prior's side, and the evidence for it in nats. */
  readonly momentWeight: number;
  readonly evidence: number;
  readonly momentPrior: readonly number[];
  /** Dependence inside tasks that per-worker models leave, 0 to 0.2. */
  readonly dependence: number;
  /** Share of tasks on which the task-side and the worker-side members name different classes. */
  readonly memberDisagreement: number;
  /** Share of tasks on which each member agrees with the result. */
  readonly members: Readonly<Record<string, number>>;
  /** What checked tasks said about the models against the majority. */
  readonly verdict: { readonly model: number; readonly majority: number; readonly decision: string };
  readonly checkList: CheckList;
}

/**
 * The best labels without choosing a method: an average of structurally different models, capped
 * against the majority, calibrated to what such crowds are really worth.
 *
 * Use by default. It averages votes weighted by agreement, a model with a worker part and a task
 * part, one-accuracy-per-worker and two-community confusion models, each under a uniform and a
 * moment estimate of class frequencies. A cap bounds how many clear majorities may be overruled.
 * No method can know from answers alone whether a consistent pattern is the truth or a confusion
 * most workers share; `extra.checkList` names the few tasks that decide it, and gold labels for
 * some of them lift or close the cap and sharpen the accuracy estimate.
 *
 * Posterior T×K, calibrated so that its mean confidence is the estimated accuracy; `extra` is an
 * {@link AutoReport}. Deterministic: no random numbers. O(N·K²) per sweep of the task model (at
 * most 150), O(N·K) for the others; memory (T + W)·K². With very many classes for the answers (T·K²
 * above 2e6 and 20·N·K) the votes have the weight of the task part; with W·K² above 5e6 and 20·N the
 * result is Wawa's, uncalibrated, without `extra`. A note says so. Tasks without answers get the class prior; gold tasks
 * keep their class but do not teach the models, whose success on them is what they are for. One answer a task gives the vote.
 *
 * Source: Assay's own recipe of published parts: Wawa; one-coin and community confusions in
 * variational form (Dawid & Skene 1979; Kim & Ghahramani 2012; Minka 2000); log-linear confusions
 * with task effects (after Zhou et al. 2012).
 *
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'cat'], ['t1', 'cy', 'dog'], ['t2', 'ana', 'dog']]);
 * fit(auto, table).label('t1'); // => 'cat'
 */
export const auto: Method = defineMethod({
  id: 'auto',
  title: 'Automatic choice',
  summary: 'An average of different models, capped against the majority and calibrated; the default.',
  citation: 'Assay (2026). Automatic aggregation by averaging, capping and calibrating structurally different models.',
  answers: 'categorical',
  family: 'auto',
  options,
  *fit(table, values, context) {
    const notes = tableNotes(table);
    if (table.answerCount === 0 || table.classCount < 2 || table.workerCount < 2) {
      return neutralEstimate(table, auto.id, values, context.seed, notes);
    }
    if (outgrown(table)) return yield* votesOnly(table, values, context, notes);
    return yield* fitAverage(table, values, context, notes);
  },
});

/** Has every worker's confusion matrix far more cells than answers could ever say something about? */
function outgrown({ workerCount, classCount, answerCount }: AnswerTable): boolean {
  const cells = workerCount * classCount ** 2;
  return cells > mostConfusionCells || (cells > smallConfusionCells && cells > cellsPerAnswer * answerCount);
}

/** Votes weighted by agreement, where confusion matrices are out of the question. */
function* votesOnly(
  table: AnswerTable,
  values: Readonly<Record<string, unknown>>,
  context: FitContext,
  notes: readonly string[],
): Generator<Progress, Estimate, void> {
  const estimate = yield* wawa.fit(table, parseOptions(wawa.options), context);
  const note =
    `${table.classCount.toLocaleString('en-US')} classes are too many for models of confusions: ` +
    'votes weighted by agreement decide, and accuracy is not estimated; is the label column an id or free text?';
  return estimate.with({ method: auto.id, options: values, notes: [...notes, note] });
}

function* fitAverage(
  table: AnswerTable,
  values: { maxOverruled: number; calibration: string },
  context: FitContext,
  notes: string[],
): Generator<Progress, Estimate, void> {
  const { classCount } = table;
  const votes = voteCounts(table);
  // The models must not see gold: their answers on checked tasks are the evidence for or against them.
  const members = yield* fitMembers(table, votes, notes);
  const between: Progress = { iteration: members.sweeps, objective: Number.NaN };
  yield between;
  const confusion = shrunkConfusions(softCounts(table, members.plain), classCount);
  yield between;
  const rho = members.repeatedTasks === 0 ? mostDependence : dependence(table, members.plain, confusion);
  yield between;

  const target =
    values.calibration === 'independent'
      ? meanConfidence(table, members.plain)
      : estimatedAccuracy(meanConfidence(table, members.average), rho, classCount);
  const posterior = yield* showingProgress(temperTo(table, members.average, target), between);
  yield between;
  const overruled = overruledTasks(table, votes, posterior);
  const verdict = verdictOf(table, votes, members.average);
  const answered = answeredTasks(table);
  const cap = verdict.decision === 'lift' ? 1 : verdict.decision === 'close' ? 0 : values.maxOverruled;
  applyCap(overruled, Math.floor(cap * answered + 1e-9), posterior, classCount);

  const accuracy = expectedAccuracy(table, posterior, members.average, votes, overruled.length, answered);
  yield between;
  clampGold(table, posterior);
  const labels = largest(posterior, table.taskCount, classCount);
  const kept = overruled.filter((item) => item.kept).length;
  const report: AutoReport = {
    expectedAccuracy: accuracy,
    overruled: kept / answered,
    contested: overruled.length / answered,
    bound: lossBound(table, votes, labels),
    momentWeight: members.momentWeight,
    evidence: members.evidence,
    momentPrior: Array.from(members.momentPrior),
    dependence: rho,
    memberDisagreement: disagreement(table, members),
    members: agreements(table, members.byName, labels),
    verdict,
    checkList: checkListOf(table, votes, overruled),
  };
  yield between;
  notes.push(...autoNotes(report, overruled, cap, values.maxOverruled, table));
  const finalConfusion = shrunkConfusions(softCounts(table, posterior), classCount);
  return estimateOf(table, {
    method: auto.id,
    options: values,
    seed: context.seed,
    posterior,
    prior: members.prior,
    workers: confusionWorkers(table, posterior, finalConfusion, members.prior, rowStrength),
    iterations: members.sweeps,
    stopReason: 'done',
    notes,
    extra: report as unknown as Record<string, unknown>,
  });
}

function answeredTasks(table: AnswerTable): number {
  let answered = 0;
  for (let task = 0; task < table.taskCount; task++) if (table.taskStart[task + 1] > table.taskStart[task]) answered++;
  return answered;
}

function largest(posterior: Float64Array, taskCount: number, classCount: number): Int32Array {
  const labels = new Int32Array(taskCount);
  for (let task = 0; task < taskCount; task++) {
    for (let k = 1; k < classCount; k++) {
      if (posterior[task * classCount + k] > posterior[task * classCount + labels[task]]) labels[task] = k;
    }
  }
  return labels;
}

/** Share of answered tasks on which the task member (votes, where it was left out) and the worker members name different classes. */
function disagreement(table: AnswerTable, { byName }: Members): number {
  const worker = byName.coin.map((p, i) => (p + byName.vector[i] + byName.mix2[i] + byName.loglin[i]) / 4);
  const a = largest(byName.task ?? byName.wawa, table.taskCount, table.classCount);
  const b = largest(worker, table.taskCount, table.classCount);
  return 1 - sameShare(table, a, b);
}

function agreements(table: AnswerTable, byName: Members['byName'], labels: Int32Array): Record<string, number> {
  const shares = Object.entries(byName as Record<string, Float64Array>).map(([name, posterior]) => {
    return [name, sameShare(table, largest(posterior, table.taskCount, table.classCount), labels)] as const;
  });
  return Object.fromEntries(shares);
}

function sameShare(table: AnswerTable, a: Int32Array, b: Int32Array): number {
  let same = 0;
  let tasks = 0;
  for (let task = 0; task < table.taskCount; task++) {
    if (table.taskStart[task] === table.taskStart[task + 1]) continue;
    tasks++;
    if (a[task] === b[task]) same++;
  }
  return tasks === 0 ? 1 : same / tasks;
}

function autoNotes(
  report: AutoReport,
  overruled: readonly Overruled[],
  cap: number,
  usualCap: number,
  table: AnswerTable,
): string[] {
  const notes: string[] = [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const kept = overruled.filter((item) => item.kept).length;
  const held = overruled.length - kept;
  const agreeing = Object.entries(report.members).map(([name, share]) => `${name} ${percent(share)}`);
  notes.push(`members agree with the result on: ${agreeing.join(', ')}`);
  if (report.verdict.decision !== 'keep') {
    const { model, majority, decision } = report.verdict;
    notes.push(
      `checked tasks say ${model} to ${majority} for the models against the majority: the cap was ${decision === 'lift' ? 'lifted' : 'closed'}`,
    );
  }
  if (overruled.length > 0) {
    notes.push(
      `${counted(kept, 'clear majority was', 'clear majorities were')} overruled (${percent(report.overruled)} of the tasks)`,
    );
  }
  if (held > 0 && cap === usualCap) {
    notes.push(
      `the cap of ${percent(cap)} held back ${counted(held, 'more', 'more')}: check tasks of the list to decide them`,
    );
  }
  notes.push('the expected accuracy assumes that most workers do not share the same mistake');
  if (report.memberDisagreement > worryingDisagreement) {
    notes.push(
      `task-side and worker-side models differ on ${percent(report.memberDisagreement)} of the tasks: workers may share a confusion`,
    );
  }
  const top = Math.max(...report.momentPrior);
  if (top > 0.8 && report.evidence >= -2 && report.evidence <= 12) {
    const name = table.classes.name(report.momentPrior.indexOf(top));
    notes.push(`class shares are uncertain: ${name} may hold ${percent(top)} of the tasks or no more than others`);
  }
  return notes;
}
