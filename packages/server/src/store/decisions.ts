/**
 * What the hot operations do: each looks at loaded rows and records what happens. No I/O; the order of calls is the
 * order of decisions, and what one records the next one sees.
 */
import type { TaskRow } from './schema.ts';
import type { AssignmentKey, Closing, Json, Lease, LeaseRequest, Submission, SubmissionResult } from './types.ts';
import type { WorkingSet } from './working-set.ts';

/** Takes the first of `candidates` that are open, have a place and are new to the worker. */
export function decideLease(
  set: WorkingSet,
  request: Omit<LeaseRequest, 'propensities'>,
  propensityOf: (task: number) => number | undefined,
  at: number,
): Lease[] {
  const { campaign, worker, expiresAt } = request;
  const person = set.workers.get(campaign, worker);
  if (set.campaigns.get(campaign)?.status !== 'open' || person === undefined || person.paused === 1) return [];
  const room = Math.min(request.count, (request.most ?? Number.POSITIVE_INFINITY) - person.open_leases);
  const leases: Lease[] = [];
  for (const task of request.candidates) {
    if (leases.length >= room) break;
    const places = set.tasks.get(campaign, task);
    const met = set.assignments.get(campaign, task, worker);
    if (places?.status !== 'open' || isFull(places) || (met !== undefined && met.state !== 'lapsed')) continue;
    const data = { task, worker, expiresAt, propensity: propensityOf(task) };
    set.record({ kind: 'leased', campaign, at, actor: `worker:${worker}`, data });
    leases.push({ campaign, task, worker, expiresAt });
  }
  return leases;
}

/** Stores one answer or skip; the states are explained at {@link SubmissionResult}. */
export function decideSubmission(set: WorkingSet, item: Submission, at: number): SubmissionResult {
  const { campaign, task, worker, submission } = item;
  const key = { campaign, task, worker };
  const result = (state: SubmissionResult['state']): SubmissionResult => {
    const { accepted, open_leases: openLeases, k } = set.tasks.get(campaign, task)!;
    return { ...key, submission, state, after: { accepted, openLeases, k } };
  };
  const met = set.assignments.get(campaign, task, worker);
  if (met === undefined) return { ...key, submission, state: 'unknown', after: null };
  if (met.submission === submission || met.correction === submission) return result('repeated');

  const event = { campaign, at, actor: `worker:${worker}` };
  if (met.state !== 'leased' && met.state !== 'lapsed') {
    const { value, skipReason } = item;
    set.record({ ...event, kind: 'answer-kept', data: { task, worker, submission, value, skipReason } });
    return result('already');
  }
  const { at: answeredAt, spentMs, instructionVersion, sawSuggestion, costMicros } = item;
  const how = { task, worker, submission, answeredAt, spentMs, instructionVersion, sawSuggestion, costMicros };
  if (item.skipReason !== undefined) {
    set.record({ ...event, kind: 'skipped', data: { ...how, reason: item.skipReason, note: item.note } });
    return result('skipped');
  }
  const places = set.tasks.get(campaign, task)!;
  const free = places.status === 'open' && !isFull(places);
  const state = met.state === 'leased' || free ? 'accepted' : 'surplus';
  set.record({ ...event, kind: 'answered', data: { ...how, value: item.value, state } });
  return result(state);
}

/** Gives a held lease back; whether it was held. */
export function decideReturn(
  set: WorkingSet,
  { campaign, task, worker }: AssignmentKey,
  kind: 'released' | 'lapsed',
  at: number,
  actor: string,
): boolean {
  const met = set.assignments.get(campaign, task, worker);
  if (met?.state !== 'leased' || (kind === 'lapsed' && met.expires_at >= at)) return false;
  set.record({ kind, campaign, at, actor, data: { task, worker } });
  return true;
}

/** Lets held leases last longer; all that are held come back. */
export function decideHeartbeat(
  set: WorkingSet,
  leases: readonly AssignmentKey[],
  expiresAt: number,
  at: number,
): Lease[] {
  const held: Lease[] = [];
  const longer = new Map<number, [number, number][]>();
  for (const { campaign, task, worker } of leases) {
    const met = set.assignments.get(campaign, task, worker);
    if (met?.state !== 'leased') continue;
    held.push({ campaign, task, worker, expiresAt: Math.max(expiresAt, met.expires_at) });
    if (met.expires_at >= expiresAt) continue;
    const list = longer.get(campaign) ?? [];
    list.push([task, worker]);
    longer.set(campaign, list);
  }
  for (const [campaign, list] of longer)
    set.record({ kind: 'extended', campaign, at, actor: `worker:${list[0][1]}`, data: { leases: list, expiresAt } });
  return held;
}

/** Closes an open task; whether it was open. */
export function decideClosing(set: WorkingSet, closing: Closing, at: number, actor: string): boolean {
  const { campaign, task, reason, values, policyVersion } = closing;
  if (set.tasks.get(campaign, task)?.status !== 'open') return false;
  set.record({ kind: 'closed', campaign, at, actor, data: { task, reason, values, policyVersion } });
  return true;
}

/** Opens a closed task; whether it was closed. */
export function decideReopening(
  set: WorkingSet,
  campaign: number,
  task: number,
  event: { readonly reason: string; readonly at: number; readonly actor: string },
): boolean {
  if (set.tasks.get(campaign, task)?.status !== 'closed') return false;
  const { reason, at, actor } = event;
  set.record({ kind: 'reopened', campaign, at, actor, data: { task, reason } });
  return true;
}

/** Replaces an answer by the worker's better one; whether there is one to replace. */
export function decideCorrection(
  set: WorkingSet,
  answer: AssignmentKey & { readonly submission: string; readonly value: Json },
  at: number,
  actor: string,
): boolean {
  const { campaign, task, worker, submission, value } = answer;
  const met = set.assignments.get(campaign, task, worker);
  if (met?.state !== 'accepted' && met?.state !== 'surplus') return false;
  if (met.correction !== submission)
    set.record({ kind: 'corrected', campaign, at, actor, data: { task, worker, submission, value } });
  return true;
}

/** Turns an answer down; whether there is one. */
export function decideRejection(
  set: WorkingSet,
  { campaign, task, worker }: AssignmentKey,
  event: { readonly note: string; readonly at: number; readonly actor: string },
): boolean {
  const met = set.assignments.get(campaign, task, worker);
  if (met?.state !== 'accepted' && met?.state !== 'surplus') return false;
  const { note, at, actor } = event;
  set.record({ kind: 'rejected', campaign, at, actor, data: { task, worker, note } });
  return true;
}

function isFull({ k, open_leases, accepted }: Pick<TaskRow, 'k' | 'open_leases' | 'accepted'>): boolean {
  return k !== null && open_leases + accepted >= k;
}
