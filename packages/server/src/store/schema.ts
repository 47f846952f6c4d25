/**
 * The tables as Kysely and the databases see them.
 *
 * Columns are text, integers and doubles only, with JSON as text and times in milliseconds, so that SQLite and
 * PostgreSQL hold the very same values and replaying a log from one into the other gives equal tables.
 */
import type { Role } from './access-store.ts';
import type { AssignmentState, CampaignStatus, TaskRole, TaskStatus, WorkerKind } from './types.ts';

export interface CampaignRow {
  campaign: number;
  name: string;
  status: CampaignStatus;
  question: string;
  settings: string;
  seed: number;
  created_at: number;
  tasks: number;
  workers: number;
  instructions: number;
}

export interface InstructionRow {
  campaign: number;
  version: number;
  text: string;
  created_at: number;
}

export interface TaskRow {
  campaign: number;
  task: number;
  name: string;
  role: TaskRole;
  k: number | null;
  open_leases: number;
  accepted: number;
  status: TaskStatus;
  reason: string | null;
  reason_values: string | null;
  policy_version: string | null;
  closed_at: number | null;
}

export interface ContentRow {
  campaign: number;
  task: number;
  hash: string;
  content: string;
  gold: string | null;
  explanation: string | null;
}

export interface WorkerRow {
  campaign: number;
  worker: number;
  name: string;
  kind: WorkerKind;
  platform_id: string | null;
  paused: number;
  joined_at: number;
  open_leases: number;
  accepted: number;
  surplus: number;
  skipped: number;
  rejected: number;
  lapses: number;
}

export interface AssignmentRow {
  campaign: number;
  task: number;
  worker: number;
  state: AssignmentState;
  leased_at: number;
  expires_at: number;
  answered_at: number | null;
  submission: string | null;
  correction: string | null;
  value: string | null;
  spent_ms: number | null;
  instruction_version: number | null;
  saw_suggestion: number;
  skip_reason: string | null;
  note: string | null;
  propensity: number | null;
  cost_micros: number | null;
}

export interface EventRow {
  id: number;
  campaign: number;
  at: number;
  kind: string;
  actor: string;
  data: string;
}

export interface InviteRow {
  id: number;
  campaign: number | null;
  role: Role;
  hash: string;
  name: string | null;
  created_at: number;
  expires_at: number | null;
  uses: number;
  most_uses: number | null;
  revoked_at: number | null;
}

export interface SessionRow {
  hash: string;
  role: Role;
  campaign: number | null;
  worker: number | null;
  actor: string;
  csrf_hash: string;
  created_at: number;
  expires_at: number;
  invite: number | null;
  token: number | null;
}

export interface TokenRow {
  id: number;
  hash: string;
  name: string;
  role: Role;
  campaign: number | null;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
}

export interface AuditRow {
  id: number;
  at: number;
  actor: string;
  action: string;
  campaign: number | null;
  detail: string | null;
}

/** What the log leads to: replaying it rebuilds these. */
export interface LoggedTables {
  campaign: CampaignRow;
  instruction: InstructionRow;
  task: TaskRow;
  content: ContentRow;
  worker: WorkerRow;
  assignment: AssignmentRow;
}

export interface Tables extends LoggedTables {
  event: EventRow;
  invite: InviteRow;
  session: SessionRow;
  token: TokenRow;
  audit: AuditRow;
}

/** The key of each logged table, and the columns that change after a row was inserted. */
export const keys: { readonly [Table in keyof LoggedTables]: readonly (string & keyof LoggedTables[Table])[] } = {
  campaign: ['campaign'],
  instruction: ['campaign', 'version'],
  task: ['campaign', 'task'],
  content: ['campaign', 'task'],
  worker: ['campaign', 'worker'],
  assignment: ['campaign', 'task', 'worker'],
};
