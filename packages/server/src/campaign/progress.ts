import type { Progress, WorkerReport } from '../protocol/index.ts';
import type { Store, Worker } from '../store/index.ts';
import type { LiveCampaign } from './live-campaign.ts';
import { sameValue } from './live-campaign.ts';

/** Below this many answers it is too early to say anything about a worker. */
const fewAnswers = 5;

/** How far a campaign is. Counters are kept by the database; the expected accuracy is at most 2 % of answers old. */
export async function progressOf(store: Store, live: LiveCampaign): Promise<Progress> {
  const { id, status } = live.header;
  await live.closings.settled();
  const counted = await store.progress(id);
  const report = await live.report();
  const perHour = live.answersLastHour;
  const expected = report?.expectedAccuracy;
  return {
    status,
    ...counted,
    workers: live.workers.length,
    expectedAccuracy: expected === undefined ? null : { value: expected.value, lo: expected.lo, hi: expected.hi },
    expectedAccuracyReason: expected !== undefined ? null : reasonWithout(live),
    perHour,
    hoursLeft: perHour === 0 ? null : live.answersMissing / perHour,
    cost: costOf(live),
  };
}

function costOf(live: LiveCampaign): Progress['cost'] {
  const { pay } = live.header.settings;
  if (pay === null) return null;
  const given = live.workers.reduce((sum, { answers }) => sum + answers, 0);
  return {
    currency: pay.currency,
    earnedMicros: given * pay.micros,
    leftMicros: live.answersMissing * pay.micros,
  };
}

function reasonWithout(live: LiveCampaign): string {
  if (live.beliefs === undefined) return 'only choices and scales have an expected accuracy';
  return 'too early to say: it takes answers of at least two workers';
}

/** Every worker: what they did, and how good they are with an interval, or that it is too early to say. */
export async function workerReports(store: Store, live: LiveCampaign): Promise<WorkerReport[]> {
  const report = await live.report();
  const gold = await goldScores(store, live);
  const { pay } = live.header.settings;
  const reports: WorkerReport[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.workers(live.header.id, { after });
    for (const row of page.rows) {
      const earnedMicros = pay === null ? null : (live.workers[row.worker]?.answers ?? 0) * pay.micros;
      reports.push(reportOn(row, report?.workers, earnedMicros, gold.get(row.worker)));
    }
    if (page.next === null) return reports;
    after = page.next;
  }
}

function reportOn(
  row: Worker,
  estimates: { readonly accuracy: Float64Array; readonly lo?: Float64Array; readonly hi?: Float64Array } | undefined,
  earnedMicros: number | null,
  gold: { readonly right: number; readonly answered: number } = { right: 0, answered: 0 },
): WorkerReport {
  const { worker, name, kind, accepted, surplus, skipped, rejected, lapses, paused, joinedAt } = row;
  const value = estimates?.accuracy[worker] ?? Number.NaN;
  const lo = estimates?.lo?.[worker] ?? Number.NaN;
  const hi = estimates?.hi?.[worker] ?? Number.NaN;
  const known = accepted >= fewAnswers && Number.isFinite(value + lo + hi);
  const remarks: string[] = [];
  if (!known) remarks.push(accepted === 0 ? 'no answers that count' : 'too early to say');
  if (lapses >= 3) remarks.push('seems to be away: the last three cards came back unanswered');
  return {
    id: worker,
    name,
    kind,
    answers: accepted,
    surplus,
    skipped,
    rejected,
    lapses,
    paused,
    joinedAt,
    accuracy: known ? { value, lo, hi } : null,
    gold,
    earnedMicros,
    remarks,
  };
}

/** Answers to gold and how many are right, by worker. */
async function goldScores(store: Store, live: LiveCampaign): Promise<Map<number, { right: number; answered: number }>> {
  const scores = new Map<number, { right: number; answered: number }>();
  if (live.tasks.gold.length === 0) return scores;
  const contents = await live.contents(live.tasks.gold);
  for await (const { task, worker, value } of store.answerColumns(live.header.id)) {
    for (let i = 0; i < task.length; i++) {
      const known = contents.get(task[i]);
      if (known === undefined || live.tasks.isReal(task[i])) continue;
      const score = scores.get(worker[i]) ?? { right: 0, answered: 0 };
      score.answered++;
      if (sameValue(known.gold, JSON.parse(value[i]))) score.right++;
      scores.set(worker[i], score);
    }
  }
  return scores;
}
