/** A value as it travels and is stored: anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Who did something: `worker:17`, `lead:ann`, `controller`, `system`. Kept in the log, never parsed. */
export type Actor = string;

export type CampaignStatus = 'open' | 'paused' | 'closed';
/** What a task is for: `task` is to be labelled, `gold` has a known label, `practice` teaches before the work. */
export type TaskRole = 'task' | 'gold' | 'practice';
export type TaskStatus = 'open' | 'closed';
export type WorkerKind = 'human' | 'ai' | 'rule' | 'expert';

/**
 * Where one worker stands with one task.
 *
 * `leased` and `accepted` hold one of the task's k places. `lapsed` gave it back and may be taken again;
 * `skipped` gave it back for good. `surplus` is an answer that came when every place was taken, `rejected`
 * an answer a reviewer turned down: both are kept and neither counts.
 */
export type AssignmentState = 'leased' | 'lapsed' | 'accepted' | 'surplus' | 'skipped' | 'rejected';

/** One labelling effort. `settings` and `question` belong to the layer above; the store keeps them as they are. */
export interface Campaign {
  readonly campaign: number;
  readonly name: string;
  readonly status: CampaignStatus;
  readonly question: Json;
  readonly settings: Json;
  readonly seed: number;
  readonly createdAt: number;
  /** How many tasks and workers it has: their numbers are 0 … tasks − 1 and 0 … workers − 1. */
  readonly tasks: number;
  readonly workers: number;
  /** Version of the newest instructions; 0 when there are none. */
  readonly instructions: number;
}

export interface NewCampaign {
  readonly name: string;
  readonly question: Json;
  readonly settings: Json;
  readonly seed: number;
}

export interface Instruction {
  readonly version: number;
  readonly text: string;
  readonly createdAt: number;
}

/** A task to add. `hash` is the identity of what is shown: the same name with another hash is a changed task. */
export interface NewTask {
  readonly name: string;
  readonly hash: string;
  readonly content: Json;
  readonly role: TaskRole;
  /** Places; null is without limit, for practice and gold. */
  readonly k: number | null;
  /** Known label, for gold and practice. */
  readonly gold?: Json;
  readonly explanation?: string;
}

/** What became of each task given to `addTasks`, in their order. */
export interface AddedTask {
  readonly task: number;
  /** `locked`: its content differs, and somebody was already given the old one, so the old one stays. */
  readonly outcome: 'new' | 'present' | 'changed' | 'locked';
}

/** A task without its content: what decisions and progress need. */
export interface Task {
  readonly campaign: number;
  /** Number of the task in its campaign, dense from 0. */
  readonly task: number;
  readonly name: string;
  readonly role: TaskRole;
  readonly k: number | null;
  readonly openLeases: number;
  readonly accepted: number;
  readonly status: TaskStatus;
  /** Why it was closed, and the numbers and policy that said so. */
  readonly reason: string | null;
  readonly reasonValues: Json;
  readonly policyVersion: string | null;
  readonly closedAt: number | null;
}

/** The payload of a task, kept apart from the counters. */
export interface TaskContent {
  readonly task: number;
  readonly name: string;
  readonly hash: string;
  readonly role: TaskRole;
  readonly content: Json;
  readonly gold: Json;
  readonly explanation: string | null;
}

export interface Worker {
  readonly campaign: number;
  /** Number of the worker in its campaign, dense from 0. */
  readonly worker: number;
  readonly name: string;
  readonly kind: WorkerKind;
  /** The id a recruiting platform gave; unique in the campaign. */
  readonly platformId: string | null;
  readonly paused: boolean;
  readonly joinedAt: number;
  readonly openLeases: number;
  readonly accepted: number;
  readonly surplus: number;
  readonly skipped: number;
  readonly rejected: number;
  /** Leases that ran out since the last answer or skip; three in a row say that nobody is there. */
  readonly lapses: number;
}

export interface NewWorker {
  readonly name: string;
  readonly kind: WorkerKind;
  readonly platformId?: string;
}

/** Names one assignment: what one worker has to do with one task. A worker meets a task at most once. */
export interface AssignmentKey {
  readonly campaign: number;
  readonly task: number;
  readonly worker: number;
}

/** A reserved place. Its id for the wire is `leaseId(lease)`. */
export interface Lease extends AssignmentKey {
  readonly expiresAt: number;
}

export interface Assignment extends AssignmentKey {
  readonly state: AssignmentState;
  readonly leasedAt: number;
  readonly expiresAt: number;
  readonly answeredAt: number | null;
  /** The id the client gave its answer, by which sending it again is recognised. */
  readonly submission: string | null;
  readonly value: Json;
  readonly spentMs: number | null;
  readonly instructionVersion: number | null;
  readonly sawSuggestion: boolean;
  readonly skipReason: string | null;
  /** Of the worker for a skip, of the reviewer for a rejection. */
  readonly note: string | null;
  /** Probability with which the policy chose this task for this worker; for unbiased evaluation afterwards. */
  readonly propensity: number | null;
  readonly costMicros: number | null;
}

/** Reserve places for one worker. */
export interface LeaseRequest {
  readonly campaign: number;
  readonly worker: number;
  /** Tasks in order of preference. Give more than `count`: some may be full or known to the worker already. */
  readonly candidates: readonly number[];
  /** How many leases to take at most. */
  readonly count: number;
  /** The worker's limit on leases held at once, the new ones included; none by default. */
  readonly most?: number;
  readonly expiresAt: number;
  /** As long as `candidates`. */
  readonly propensities?: readonly number[];
}

interface Sent extends AssignmentKey {
  /** Made by the client, once per answer; the same id twice is the same answer. */
  readonly submission: string;
  readonly at: number;
  readonly spentMs?: number;
  readonly instructionVersion?: number;
  readonly sawSuggestion?: boolean;
  readonly costMicros?: number;
}

/** An answer, or the reason why there is none. */
export type Submission =
  | (Sent & { readonly value: Json; readonly skipReason?: undefined })
  | (Sent & { readonly skipReason: string; readonly note?: string; readonly value?: undefined });

/** What became of a submission, durably. */
export interface SubmissionResult extends AssignmentKey {
  readonly submission: string;
  /**
   * - `accepted`: it holds one of the k places.
   * - `surplus`: the lease had run out and the place was gone; kept, not counted.
   * - `skipped`: the place is free again.
   * - `repeated`: this submission was stored before; nothing changed.
   * - `already`: the worker had answered or skipped this task in another submission, which stands; this one is in
   *   the log only.
   * - `unknown`: the worker was never given this task; nothing was stored.
   */
  readonly state: 'accepted' | 'surplus' | 'skipped' | 'repeated' | 'already' | 'unknown';
  /** The task as it is after this submission; null if `unknown`. */
  readonly after: { readonly accepted: number; readonly openLeases: number; readonly k: number | null } | null;
}

/** Close one task. */
export interface Closing {
  readonly campaign: number;
  readonly task: number;
  readonly reason: string;
  /** The numbers that decided, such as the posterior and the threshold. */
  readonly values: Json;
  readonly policyVersion: string;
}

/** One line of the log. */
export interface StoredEvent {
  readonly id: number;
  readonly campaign: number;
  readonly at: number;
  readonly kind: string;
  readonly actor: Actor;
  readonly data: Json;
}

/** Where a reader of the log stands; opaque. The empty string is before the first event. */
export type EventCursor = string;

/** A part of a list and where to go on; `next` is null at the end. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string | null;
}

export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly reason?: string;
  readonly role?: TaskRole;
}

/** Numbers of a campaign: tasks of role `task`, answers of everything. */
export interface Progress {
  readonly tasks: number;
  readonly open: number;
  readonly closed: Readonly<Record<string, number>>;
  readonly answers: {
    readonly accepted: number;
    readonly surplus: number;
    readonly skipped: number;
    readonly rejected: number;
  };
  readonly leases: number;
}

/** The counted answers of a campaign in the order of task and worker, without objects per answer. */
export interface AnswerColumns {
  readonly task: Int32Array;
  readonly worker: Int32Array;
  /** JSON text of each value. */
  readonly value: readonly string[];
}
