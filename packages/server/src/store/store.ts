/**
 * Where campaigns live: an append-only log and the tables it leads to, changed in one transaction.
 *
 * Every operation resolves after its commit is durable, so what was acknowledged survives a killed process. The
 * hot operations of one turn of the event loop share one transaction; each is judged on its own, in the order of
 * the calls, and a refused one does not disturb the others.
 *
 * The database guarantees `open leases + accepted answers ≤ k` (a CHECK on counters changed together with the
 * rows) and one assignment per worker and task (a primary key); the code above it cannot break either.
 *
 * When the database is full, locked or away every operation rejects with `StoreUnavailable`, acknowledging
 * nothing; the next operation tries again.
 */
import type { AccessStore } from './access-store.ts';
import type {
  Actor,
  AddedTask,
  AnswerColumns,
  Assignment,
  AssignmentKey,
  AssignmentState,
  Campaign,
  CampaignStatus,
  Closing,
  EventCursor,
  Instruction,
  Json,
  Lease,
  LeaseRequest,
  NewCampaign,
  NewTask,
  NewWorker,
  Page,
  Progress,
  StoredEvent,
  Submission,
  SubmissionResult,
  Task,
  TaskContent,
  TaskFilter,
  Worker,
} from './types.ts';

export interface StoreOptions {
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  /** Invites, sessions, tokens, audit. */
  readonly access: AccessStore;

  createCampaign(campaign: NewCampaign, actor: Actor): Promise<Campaign>;
  campaign(campaign: number): Promise<Campaign | undefined>;
  campaigns(): Promise<Campaign[]>;
  changeCampaign(
    campaign: number,
    change: {
      readonly name?: string;
      readonly status?: CampaignStatus;
      readonly question?: Json;
      readonly settings?: Json;
    },
    actor: Actor,
  ): Promise<Campaign>;
  /** Adds a version; the versions before stay readable. */
  addInstruction(campaign: number, text: string, actor: Actor): Promise<Instruction>;
  instruction(campaign: number, version?: number): Promise<Instruction | undefined>;

  /**
   * Adds tasks, in one transaction, or recognises them by name. The same list twice changes nothing. Give chunks of
   * some thousands; 1e5 tasks take seconds.
   */
  addTasks(campaign: number, tasks: readonly NewTask[], actor: Actor): Promise<AddedTask[]>;
  /** By number, in order; at most `limit` (default 1,000). `after` is a `next` of the same filter. */
  tasks(
    campaign: number,
    page?: TaskFilter & { readonly after?: string; readonly limit?: number },
  ): Promise<Page<Task>>;
  /** Hot. What to show, of tasks given by number, in the order given. Unknown numbers are left out. */
  contents(campaign: number, tasks: readonly number[]): Promise<TaskContent[]>;
  /** Changes how many answers tasks want, live; every task of role `task` when none are named. Where more places
   * are taken than `k`, k becomes that many. Tasks closed for `closedFor` reasons that want more again are opened. */
  setK(
    campaign: number,
    k: number,
    actor: Actor,
    scope?: { readonly tasks?: readonly number[]; readonly reopen?: readonly string[] },
  ): Promise<{ readonly changed: number; readonly reopened: number }>;

  /** Adds a worker, or finds the one with the same `platformId`. */
  addWorker(campaign: number, worker: NewWorker, actor: Actor): Promise<Worker>;
  worker(campaign: number, worker: number): Promise<Worker | undefined>;
  workers(campaign: number, page?: { readonly after?: string; readonly limit?: number }): Promise<Page<Worker>>;
  changeWorker(
    campaign: number,
    worker: number,
    change: { readonly name?: string; readonly paused?: boolean },
    actor: Actor,
  ): Promise<Worker>;

  /**
   * Hot. Takes the first `count` candidates that are open, have a free place and are new to the worker (or lapsed
   * from them). Fewer or none when the candidates do not suffice; none when the campaign is not open or the worker
   * is paused.
   */
  lease(request: LeaseRequest): Promise<Lease[]>;
  /**
   * Hot. Stores answers and skips, in the order given; see {@link SubmissionResult}. A lease that ran out is taken
   * back if its place is still free. An answer to a task closed meanwhile is accepted if its lease holds, else
   * surplus. Never throws away anything a person gave.
   */
  submit(items: readonly Submission[]): Promise<SubmissionResult[]>;
  /** Hot. Makes leases last until `expiresAt`, never shorter. Returns those that are still held. */
  heartbeat(leases: readonly AssignmentKey[], expiresAt: number): Promise<Lease[]>;
  /** Hot. Gives leases back. Returns those that were held. */
  release(leases: readonly AssignmentKey[], actor: Actor): Promise<AssignmentKey[]>;
  /** Takes back leases that ran out before `now`. Several processes may call it at once: each lease lapses once. */
  expire(now: number): Promise<AssignmentKey[]>;
  /** Hot. Closes open tasks; those closed already keep their reason. Returns what was closed now. Leases on them
   * stay valid. */
  close(tasks: readonly Closing[], actor: Actor): Promise<{ readonly campaign: number; readonly task: number }[]>;
  /** Opens closed tasks again. Returns how many were closed. */
  reopen(campaign: number, tasks: readonly number[], reason: string, actor: Actor): Promise<number>;

  /** Replaces the worker's own answer; the old value stays in the log. Idempotent by `submission`. Null when there
   * is no answer to correct. */
  correct(
    answer: AssignmentKey & { readonly submission: string; readonly value: Json },
    actor: Actor,
  ): Promise<Assignment | null>;
  /** A reviewer turns an answer down: it is kept, its place is free. Null when there is no counted answer. */
  reject(answer: AssignmentKey, note: string, actor: Actor): Promise<Assignment | null>;

  assignment(key: AssignmentKey): Promise<Assignment | undefined>;
  /** Assignments by task and worker, a page at a time (default 10,000); all states by default. */
  assignments(
    campaign: number,
    page?: { readonly states?: readonly AssignmentState[]; readonly after?: string; readonly limit?: number },
  ): Promise<Page<Assignment>>;
  /** The newest answers of a worker, newest first. */
  answersOf(campaign: number, worker: number, limit: number): Promise<Assignment[]>;
  /** Every accepted answer in blocks of columns: the fast way to rebuild estimates. Cost: under 2 s CPU per 1e6, at
   * most about 30 ms at a time. */
  answerColumns(campaign: number): AsyncIterable<AnswerColumns>;
  /** Observed work times in ms among the newest events, at most `limit`; for lease times. */
  workTimes(campaign: number, limit: number): Promise<number[]>;
  progress(campaign: number): Promise<Progress>;

  /** The last events of a campaign, oldest first: for people who look; readers that must see all use `events`. */
  latestEvents(campaign: number, limit: number): Promise<readonly StoredEvent[]>;

  /**
   * The log after a cursor, oldest first, only what can no longer be overtaken by a transaction still running: a
   * reader that goes on from `next` sees every event once. With several processes two transactions may appear in
   * another order than they committed; `id` orders the events of one task.
   */
  events(
    after: EventCursor,
    options?: { readonly campaign?: number; readonly limit?: number },
  ): Promise<{
    readonly events: readonly StoredEvent[];
    readonly next: EventCursor;
  }>;
  /** The cursor after everything there is now. */
  eventsEnd(): Promise<EventCursor>;
  /** The log in the order in which it was written, after event `id`: what `restore` takes. */
  log(id: number, limit?: number): Promise<StoredEvent[]>;
  /**
   * Lets events of another log happen here again, in their order, with their ids and times: the first of them is the
   * first of that log, or follows what was restored before. Gives the same campaigns, also from SQLite to PostgreSQL
   * and back.
   */
  restore(events: readonly StoredEvent[]): Promise<void>;

  /** Whether counters agree with rows and rows with rules; each problem in a sentence, at most 100. Reads all. */
  integrity(): Promise<string[]>;
  /** Whether the database answers and accepts writes; rejects with `StoreUnavailable` if not. */
  ping(): Promise<void>;
  /** Commits what is waiting and lets go of the database. */
  [Symbol.asyncDispose](): Promise<void>;
}
