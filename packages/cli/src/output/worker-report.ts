import type { AnswerTable, Estimate, WorkerKind } from '@assay/core';
import { finiteOrNull } from './words.ts';

/** What is known of one worker, for the report. Numbers are null where the method knows none. */
export interface WorkerReport {
  readonly worker: string;
  readonly kind: WorkerKind;
  readonly answers: number;
  readonly accuracy: number | null;
  readonly lo: number | null;
  readonly hi: number | null;
  /** Share of this worker's answers that say what the estimate concludes. */
  readonly agreement: number | null;
  readonly remarks: readonly string[];
}

/** Below this many answers it is too early to say anything about a worker. */
const fewAnswers = 5;

/** Every worker, best first by the lower end of the interval; equal ones by name. */
export function workerReports(estimate: Estimate, table: AnswerTable): WorkerReport[] {
  const { start, answers: byWorker } = table.byWorker;
  const reports = Array.from({ length: table.workerCount }, (_, worker): WorkerReport => {
    const answers = start[worker + 1] - start[worker];
    let agreeing = 0;
    for (let i = start[worker]; i < start[worker + 1]; i++) {
      const answer = byWorker[i];
      if (table.label[answer] === estimate.labelIndex(table.answerTask[answer])) agreeing++;
    }
    const { accuracy, lo, hi } = estimate.workers ?? {};
    return {
      worker: table.workers.name(worker),
      kind: table.kindOf(worker),
      answers,
      accuracy: finiteOrNull(accuracy?.[worker]),
      lo: finiteOrNull(lo?.[worker]),
      hi: finiteOrNull(hi?.[worker]),
      agreement: answers === 0 ? null : agreeing / answers,
      remarks: remarksOn(estimate, table, worker),
    };
  });
  const rank = ({ lo, accuracy }: WorkerReport): number => lo ?? accuracy ?? -1;
  return reports.sort((a, b) => rank(b) - rank(a) || (a.worker < b.worker ? -1 : 1));
}

function remarksOn(estimate: Estimate, table: AnswerTable, worker: number): string[] {
  const { start } = table.byWorker;
  const answers = start[worker + 1] - start[worker];
  if (answers === 0) return ['no answers that count'];
  if (answers < fewAnswers) return ['too few answers to say'];
  const remarks: string[] = [];
  const { lo, hi } = estimate.workers ?? {};
  const guessing = 1 / estimate.classCount;
  if (estimate.classCount > 1 && lo !== undefined && hi !== undefined) {
    if (hi[worker] < guessing) remarks.push('worse than guessing: may have labels mixed up');
    else if (lo[worker] < guessing) remarks.push('cannot be told from guessing');
  }
  const slip = commonSlip(estimate, table, worker);
  if (slip !== undefined) {
    const [from, to] = [estimate.classNames.name(slip.truth), estimate.classNames.name(slip.said)];
    remarks.push(`says ${to} for ${from} (${slip.times} of ${slip.cases})`);
  }
  return remarks;
}

/** A wrong answer counts as a habit from this many times on, and this share of the cases. */
const habit = { times: 3, share: 0.25 };

/** The wrong answer a worker gives most often in place of a class, as far as it is a habit. */
function commonSlip(
  estimate: Estimate,
  table: AnswerTable,
  worker: number,
): { truth: number; said: number; times: number; cases: number } | undefined {
  const { start, answers } = table.byWorker;
  const cases = new Map<number, number>();
  const wrong = new Map<number, { truth: number; said: number; times: number }>();
  for (let i = start[worker]; i < start[worker + 1]; i++) {
    const truth = estimate.labelIndex(table.answerTask[answers[i]]);
    const said = table.label[answers[i]];
    if (truth < 0) continue;
    cases.set(truth, (cases.get(truth) ?? 0) + 1);
    const cell = truth * estimate.classCount + said;
    if (said !== truth) wrong.set(cell, { truth, said, times: (wrong.get(cell)?.times ?? 0) + 1 });
  }
  let worst: { truth: number; said: number; times: number; cases: number } | undefined;
  for (const slip of wrong.values()) {
    const total = cases.get(slip.truth) ?? 0;
    if (slip.times < habit.times || slip.times < habit.share * total) continue;
    if (worst === undefined || slip.times > worst.times) worst = { ...slip, cases: total };
  }
  return worst;
}
