import { z } from 'zod';
import { type Content, content, type Question, question, type Value, value } from './question.ts';
import { type Settings, settings, settingsPatch } from './settings.ts';
import { leaseName, pageCursor } from './work.ts';

export const campaignStatuses = ['open', 'paused', 'closed'] as const;
export type CampaignStatus = (typeof campaignStatuses)[number];
export const taskRoles = ['task', 'gold', 'practice'] as const;
export type TaskRole = (typeof taskRoles)[number];
export const answerStates = ['leased', 'lapsed', 'accepted', 'surplus', 'skipped', 'rejected'] as const;
export type AnswerState = (typeof answerStates)[number];
/** Why a task is closed: enough answers, sure enough, as many as allowed, or by hand. */
export const closeReasons = ['answers', 'confidence', 'most-answers', 'by-hand'] as const;
export type CloseReason = (typeof closeReasons)[number];

export interface CampaignBody {
  readonly name: string;
  readonly question: Question;
  readonly instructions?: string;
  readonly settings?: Partial<Settings>;
  /** Seed of every random choice. */
  readonly seed?: number;
}

export interface Campaign {
  readonly id: number;
  readonly name: string;
  readonly status: CampaignStatus;
  readonly question: Question;
  readonly instructions: { readonly version: number; readonly text: string };
  readonly settings: Settings;
  readonly seed: number;
  readonly createdAt: number;
}

export interface Campaigns {
  readonly campaigns: readonly Campaign[];
}

export interface CampaignPatch {
  readonly name?: string;
  readonly status?: CampaignStatus;
  readonly settings?: Partial<Settings>;
}

export interface InstructionsBody {
  readonly text: string;
}

/** One failure with its place, as `--json` prints it. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly got: string | null;
  readonly hint: string | null;
}

/** What every refused request replies. */
export interface Failure {
  readonly schema: 1;
  readonly errors: readonly Problem[];
}

export interface ImportQuery {
  /** A format's id; found from the content by default. */
  readonly format?: string;
  readonly role?: TaskRole;
  /** The file's name, for receipts and messages. */
  readonly name?: string;
}

/** What an import did. Importing the same again is all `present`. */
export interface ImportReceipt {
  readonly new: number;
  /** Already there with the same content. */
  readonly present: number;
  /** Already there, without answers, and replaced by the new content. */
  readonly changed: number;
  /** Repeated rows, and changes of tasks that somebody was already given. */
  readonly skipped: number;
  readonly notes: readonly string[];
}

export interface TasksQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly status?: 'open' | 'closed';
  readonly role?: TaskRole;
  readonly reason?: CloseReason;
}

export interface Task {
  /** Its number in the campaign, from 0. */
  readonly id: number;
  readonly name: string;
  readonly content: Content;
  readonly role: TaskRole;
  readonly gold: Value | null;
  /** Answers wanted; null for no limit (gold and practice). */
  readonly k: number | null;
  readonly openLeases: number;
  readonly accepted: number;
  readonly status: 'open' | 'closed';
  readonly reason: CloseReason | null;
  /** The numbers the task was closed by. */
  readonly values: Readonly<Record<string, number>> | null;
  /** The most probable label now, where the question has classes. */
  readonly label: string | null;
  readonly probability: number | null;
}

export interface Tasks {
  readonly tasks: readonly Task[];
  readonly next: string | null;
}

export interface AnswersQuery {
  readonly cursor?: string;
  readonly limit?: number;
  readonly state?: AnswerState;
}

export interface Answer {
  readonly lease: string;
  readonly task: string;
  readonly worker: string;
  readonly state: AnswerState;
  readonly value: Value | null;
  readonly at: number | null;
  readonly spentMs: number | null;
  readonly instructionVersion: number | null;
  readonly skipReason: string | null;
  readonly note: string | null;
}

export interface Answers {
  readonly answers: readonly Answer[];
  readonly next: string | null;
}

export interface RejectBody {
  readonly reason: string;
}

/** A share with its 90 % interval. */
export interface Interval {
  readonly value: number;
  readonly lo: number;
  readonly hi: number;
}

export interface WorkerReport {
  readonly id: number;
  readonly name: string;
  readonly kind: 'human' | 'ai' | 'rule' | 'expert';
  /** Answers that count, then those that came too late for it, were skipped or were rejected. */
  readonly answers: number;
  readonly surplus: number;
  readonly skipped: number;
  readonly rejected: number;
  /** Leases that ran out since the last answer. */
  readonly lapses: number;
  readonly paused: boolean;
  readonly joinedAt: number;
  /** Accuracy by the estimate; null while it is too early to say. */
  readonly accuracy: Interval | null;
  /** Right of the gold questions answered. */
  readonly gold: { readonly right: number; readonly answered: number };
  /** What the answers given earn, in micro-units of the campaign's currency; null where work is not paid. */
  readonly earnedMicros: number | null;
  /** In words, such as "too early to say". */
  readonly remarks: readonly string[];
}

export interface Workers {
  readonly workers: readonly WorkerReport[];
}

export interface WorkerPatch {
  readonly name?: string;
  readonly paused?: boolean;
}

/** What a campaign costs, in micro-units of its currency. */
export interface Cost {
  readonly currency: string;
  /** Earned by all answers given so far, practice excepted. */
  readonly earnedMicros: number;
  /** What the answers still wanted cost at most. */
  readonly leftMicros: number;
}

export interface Progress {
  readonly status: CampaignStatus;
  readonly tasks: number;
  readonly open: number;
  /** Closed tasks by reason. */
  readonly closed: Readonly<Record<string, number>>;
  readonly answers: {
    readonly accepted: number;
    readonly surplus: number;
    readonly skipped: number;
    readonly rejected: number;
  };
  /** Leases being worked on. */
  readonly leases: number;
  readonly workers: number;
  /** Share of labels expected to be right; null where `expectedAccuracyReason` says why. */
  readonly expectedAccuracy: Interval | null;
  readonly expectedAccuracyReason: string | null;
  /** Answers in the last hour. */
  readonly perHour: number;
  /** At that pace; null while nobody works. */
  readonly hoursLeft: number | null;
  /** Null where work is not paid. */
  readonly cost: Cost | null;
}

export interface EventsQuery {
  /** Only this many, the last ones; then `after` and `limit` mean nothing. */
  readonly latest?: number;
  readonly after?: string;
  readonly limit?: number;
}

export interface LoggedEvent {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly data: unknown;
}

export interface Events {
  readonly events: readonly LoggedEvent[];
  /** Ask for the events after this one next time. */
  readonly next: string;
}

export interface ExportQuery {
  readonly what?: 'answers' | 'labels' | 'workers';
  /** A format's id or extension, see `assay formats`; csv by default. */
  readonly format?: string;
}

export interface Health {
  readonly status: 'ok';
  readonly version: string;
}

const id = z.int().min(1);
const time = z.int().min(0).max(8_640_000_000_000_000);
const name = z.string().trim().min(1).max(200);
const cursor = pageCursor.optional();
/** Query parameters are text. */
const limit = z.coerce.number().int().min(1).max(1000).optional();
const number = z.int().min(0);
const kind = z.enum(['human', 'ai', 'rule', 'expert']);
const instructionsText = z.string().max(100_000);

export const campaignBody: z.ZodType<CampaignBody> = z.strictObject({
  name,
  question,
  instructions: instructionsText.optional(),
  settings: settingsPatch.optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
});

export const campaign: z.ZodType<Campaign> = z.strictObject({
  id,
  name: z.string(),
  status: z.enum(campaignStatuses),
  question,
  instructions: z.strictObject({ version: z.int(), text: z.string() }),
  settings,
  seed: z.int(),
  createdAt: time,
});
export const campaigns: z.ZodType<Campaigns> = z.strictObject({ campaigns: z.array(campaign) });

export const campaignPatch: z.ZodType<CampaignPatch> = z.strictObject({
  name: name.optional(),
  status: z.enum(campaignStatuses).optional(),
  settings: settingsPatch.optional(),
});
export const instructionsBody: z.ZodType<InstructionsBody> = z.strictObject({ text: instructionsText });

export const failure: z.ZodType<Failure> = z.strictObject({
  schema: z.literal(1),
  errors: z.array(
    z.strictObject({
      code: z.string(),
      message: z.string(),
      path: z.string().nullable(),
      line: z.int().nullable(),
      got: z.string().nullable(),
      hint: z.string().nullable(),
    }),
  ),
});

export const importQuery: z.ZodType<ImportQuery> = z.strictObject({
  format: z.string().max(40).optional(),
  role: z.enum(taskRoles).optional(),
  name: z.string().max(255).optional(),
});
export const importReceipt: z.ZodType<ImportReceipt> = z.strictObject({
  new: number,
  present: number,
  changed: number,
  skipped: number,
  notes: z.array(z.string()),
});

export const tasksQuery: z.ZodType<TasksQuery> = z.strictObject({
  cursor,
  limit,
  status: z.enum(['open', 'closed']).optional(),
  role: z.enum(taskRoles).optional(),
  reason: z.enum(closeReasons).optional(),
});
export const tasks: z.ZodType<Tasks> = z.strictObject({
  tasks: z.array(
    z.strictObject({
      id: number,
      name: z.string(),
      content,
      role: z.enum(taskRoles),
      gold: value.nullable(),
      k: number.nullable(),
      openLeases: number,
      accepted: number,
      status: z.enum(['open', 'closed']),
      reason: z.enum(closeReasons).nullable(),
      values: z.record(z.string(), z.number()).nullable(),
      label: z.string().nullable(),
      probability: z.number().nullable(),
    }),
  ),
  next: z.string().nullable(),
});

export const answersQuery: z.ZodType<AnswersQuery> = z.strictObject({
  cursor,
  limit,
  state: z.enum(answerStates).optional(),
});
export const answers: z.ZodType<Answers> = z.strictObject({
  answers: z.array(
    z.strictObject({
      lease: leaseName,
      task: z.string(),
      worker: z.string(),
      state: z.enum(answerStates),
      value: value.nullable(),
      at: time.nullable(),
      spentMs: number.nullable(),
      instructionVersion: z.int().nullable(),
      skipReason: z.string().nullable(),
      note: z.string().nullable(),
    }),
  ),
  next: z.string().nullable(),
});
export const rejectBody: z.ZodType<RejectBody> = z.strictObject({ reason: z.string().trim().min(1).max(1000) });

const interval = z.strictObject({ value: z.number(), lo: z.number(), hi: z.number() });
export const workers: z.ZodType<Workers> = z.strictObject({
  workers: z.array(
    z.strictObject({
      id: number,
      name: z.string(),
      kind,
      answers: number,
      surplus: number,
      skipped: number,
      rejected: number,
      lapses: number,
      paused: z.boolean(),
      joinedAt: time,
      accuracy: interval.nullable(),
      gold: z.strictObject({ right: number, answered: number }),
      earnedMicros: number.nullable(),
      remarks: z.array(z.string()),
    }),
  ),
});
export const workerPatch: z.ZodType<WorkerPatch> = z.strictObject({
  name: name.optional(),
  paused: z.boolean().optional(),
});

export const progress: z.ZodType<Progress> = z.strictObject({
  status: z.enum(campaignStatuses),
  tasks: number,
  open: number,
  closed: z.record(z.string(), number),
  answers: z.strictObject({ accepted: number, surplus: number, skipped: number, rejected: number }),
  leases: number,
  workers: number,
  expectedAccuracy: interval.nullable(),
  expectedAccuracyReason: z.string().nullable(),
  perHour: z.number(),
  hoursLeft: z.number().nullable(),
  cost: z.strictObject({ currency: z.string(), earnedMicros: number, leftMicros: number }).nullable(),
});

export const eventsQuery: z.ZodType<EventsQuery> = z.strictObject({
  latest: limit,
  after: pageCursor.optional(),
  limit,
});
export const events: z.ZodType<Events> = z.strictObject({
  events: z.array(z.strictObject({ id, at: time, kind: z.string(), actor: z.string(), data: z.unknown() })),
  next: z.string(),
});

export const exportQuery: z.ZodType<ExportQuery> = z.strictObject({
  what: z.enum(['answers', 'labels', 'workers']).optional(),
  format: z
    .string()
    .max(60)
    .regex(/^[\w.-]+$/)
    .optional(),
});

export const health: z.ZodType<Health> = z.strictObject({ status: z.literal('ok'), version: z.string() });
