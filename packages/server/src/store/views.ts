/** Rows of the database as callers see them. */
import type { AssignmentRow, CampaignRow, ContentRow, EventRow, TaskRow, WorkerRow } from './schema.ts';
import type { Assignment, Campaign, Json, StoredEvent, Task, TaskContent, Worker } from './types.ts';

export function campaignOf(row: CampaignRow): Campaign {
  const { campaign, name, status, seed, tasks, workers, instructions } = row;
  const [question, settings] = [parsed(row.question), parsed(row.settings)];
  return { campaign, name, status, question, settings, seed, createdAt: row.created_at, tasks, workers, instructions };
}

export function taskOf(row: TaskRow): Task {
  return {
    campaign: row.campaign,
    task: row.task,
    name: row.name,
    role: row.role,
    k: row.k,
    openLeases: row.open_leases,
    accepted: row.accepted,
    status: row.status,
    reason: row.reason,
    reasonValues: parsed(row.reason_values),
    policyVersion: row.policy_version,
    closedAt: row.closed_at,
  };
}

export function contentOf(row: ContentRow & Pick<TaskRow, 'name' | 'role'>): TaskContent {
  const { task, name, hash, role, explanation } = row;
  return { task, name, hash, role, content: parsed(row.content), gold: parsed(row.gold), explanation };
}

export function workerOf(row: WorkerRow): Worker {
  return {
    campaign: row.campaign,
    worker: row.worker,
    name: row.name,
    kind: row.kind,
    platformId: row.platform_id,
    paused: row.paused === 1,
    joinedAt: row.joined_at,
    openLeases: row.open_leases,
    accepted: row.accepted,
    surplus: row.surplus,
    skipped: row.skipped,
    rejected: row.rejected,
    lapses: row.lapses,
  };
}

export function assignmentOf(row: AssignmentRow): Assignment {
  return {
    campaign: row.campaign,
    task: row.task,
    worker: row.worker,
    state: row.state,
    leasedAt: row.leased_at,
    expiresAt: row.expires_at,
    answeredAt: row.answered_at,
    submission: row.submission,
    value: parsed(row.value),
    spentMs: row.spent_ms,
    instructionVersion: row.instruction_version,
    sawSuggestion: row.saw_suggestion === 1,
    skipReason: row.skip_reason,
    note: row.note,
    propensity: row.propensity,
    costMicros: row.cost_micros,
  };
}

export function eventOf(row: EventRow): StoredEvent {
  const { id, campaign, at, kind, actor, data } = row;
  return { id, campaign, at, kind, actor, data: parsed(data) };
}

function parsed(text: string | null): Json {
  return text === null ? null : JSON.parse(text);
}
