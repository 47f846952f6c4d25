import { z } from 'zod';
import { type Content, content, type Question, question, type Value, value } from './question.ts';
import { type Pay, pay } from './settings.ts';

/** Looks at what a link leads to, before anybody enters. */
export interface LookBody {
  readonly token: string;
  /** Lets somebody who entered before look again when the link is used up. */
  readonly platformId?: string;
}

/** What a link leads to. Nobody has entered by asking. */
export interface Look {
  /** As {@link JoinReply.campaign}. */
  readonly id: string;
  readonly campaign: Work['campaign'];
  /** Practice tasks that come first. */
  readonly practice: number;
}

/** What a worker gives to enter: an invite, and who they are. The same invite and platform id is the same worker. */
export interface JoinBody {
  readonly token: string;
  readonly name?: string;
  readonly platformId?: string;
}

export interface JoinReply {
  /** Of this campaign and no other on any server: unsent answers are kept under it. */
  readonly campaign: string;
  readonly worker: number;
  readonly name: string;
  /** Must come back in the header `x-assay-csrf` of every request that changes something. */
  readonly csrf: string;
  /** What `GET /work` replies: the first cards can be asked for at once. */
  readonly work: Work;
}

/** What the page needs before the first card. */
export interface Work {
  readonly campaign: {
    readonly name: string;
    readonly status: 'open' | 'paused' | 'closed';
    readonly question: Question;
    readonly instructions: { readonly version: number; readonly text: string };
    /** What every answer but practice earns; absent where work is not paid. */
    readonly pay?: Pay;
  };
  readonly worker: {
    readonly name: string;
    readonly answers: number;
    readonly practice: number;
    readonly practiceLeft: number;
  };
  /** Cards to hold in advance, at most. */
  readonly limits: { readonly prefetch: number };
  /** Own answers that can be looked at and corrected. */
  readonly undo: number;
  readonly csrf: string;
}

export const skipReasons = ['unclear', 'cannot-see', 'not-my-field', 'harmful', 'other'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** One answer on its way to the server: a value or a skip. `submission` is made by the client and makes repeats harmless. */
export interface Submission {
  readonly lease: string;
  readonly submission: string;
  readonly value?: Value;
  readonly skip?: { readonly reason: SkipReason; readonly note?: string };
  /** Time spent on the card. */
  readonly spentMs: number;
  /** When it was answered, by the client's clock, ms since 1970. */
  readonly at: number;
  readonly instructionVersion: number;
}

/** Answers in, new cards out: one round trip. */
export interface NextBody {
  /** Cards wanted. */
  readonly want: number;
  /** Every lease held besides those answered here: they are kept alive. */
  readonly heartbeat?: readonly string[];
  readonly answers?: readonly Submission[];
}

/**
 * What became of a submission.
 *
 * `saved`: kept for ever, whether it came first, late or again. `skipped`: noted. `refused`: not kept, `problem` says why;
 * sending it again will not help.
 */
export interface SubmissionResult {
  readonly submission: string;
  readonly state: 'saved' | 'skipped' | 'refused';
  readonly problem?: string;
  /** Of practice tasks only. */
  readonly feedback?: { readonly correct: boolean; readonly expected: Value; readonly explanation?: string };
}

/** One card. Practice is said; gold looks like any other. */
export interface Card {
  readonly lease: string;
  readonly task: { readonly content: Content };
  readonly practice: boolean;
  readonly expiresAt: number;
}

export interface NextReply {
  readonly results: readonly SubmissionResult[];
  /** Cards not named in the heartbeat: those held already first, then new ones. */
  readonly leases: readonly Card[];
  /** Leases named in the heartbeat that are no longer held. */
  readonly gone: readonly string[];
  /** What to expect next: more on asking again, nothing just now, all done, a pause, the end. */
  readonly left: 'more' | 'none for now' | 'done' | 'paused' | 'closed';
  /** Version of the instructions now. */
  readonly instructions: number;
  readonly worker: { readonly answers: number; readonly practiceLeft: number };
}

/** One of the worker's own latest answers. */
export interface OwnAnswer {
  readonly lease: string;
  readonly task: { readonly content: Content };
  readonly value: Value;
  readonly at: number;
}

export interface OwnAnswers {
  readonly answers: readonly OwnAnswer[];
}

export interface CorrectBody {
  readonly value: Value;
  readonly submission: string;
}

export interface ReleaseBody {
  readonly leases: readonly string[];
}

/** The most answers in one request. */
export const mostSubmissions = 200;
/** The most cards in one request. */
export const mostCards = 50;

const lease = z.string().regex(/^[0-9a-z]{1,10}-[0-9]{1,9}$/);
const worker = z.int().min(0);
const time = z.int().min(0).max(8_640_000_000_000_000);
/** Where a list goes on: taken from the reply before. */
export const pageCursor: z.ZodType<string> = z.string().regex(/^[0-9]{1,15}(?:[-:.][0-9]{1,20})?$/);
export const leaseName: z.ZodType<string> = lease;
const leases = z.array(lease).max(mostSubmissions);
const submissionName = z
  .string()
  .min(8)
  .max(64)
  .regex(/^[\w-]+$/);
const personName = z.string().trim().min(1).max(100);
const task = z.strictObject({ content });

const token = z.string().max(200);
const platformId = z.string().trim().min(1).max(200).optional();

export const lookBody: z.ZodType<LookBody> = z.strictObject({ token, platformId });
export const joinBody: z.ZodType<JoinBody> = z.strictObject({ token, name: personName.optional(), platformId });

const shownCampaign = z.strictObject({
  name: z.string(),
  status: z.enum(['open', 'paused', 'closed']),
  question,
  instructions: z.strictObject({ version: z.int(), text: z.string() }),
  pay: pay.optional(),
});

export const look: z.ZodType<Look> = z.strictObject({ id: z.string(), campaign: shownCampaign, practice: z.int() });

export const work: z.ZodType<Work> = z.strictObject({
  campaign: shownCampaign,
  worker: z.strictObject({ name: z.string(), answers: z.int(), practice: z.int(), practiceLeft: z.int() }),
  limits: z.strictObject({ prefetch: z.int() }),
  undo: z.int(),
  csrf: z.string(),
});

export const joinReply: z.ZodType<JoinReply> = z.strictObject({
  campaign: z.string(),
  worker,
  name: z.string(),
  csrf: z.string(),
  work,
});

const submission = z
  .strictObject({
    lease,
    submission: submissionName,
    value: value.optional(),
    skip: z.strictObject({ reason: z.enum(skipReasons), note: z.string().max(1000).optional() }).optional(),
    spentMs: z.int().min(0).max(86_400_000),
    at: time,
    instructionVersion: z.int().min(0),
  })
  .refine((sent) => (sent.value === undefined) !== (sent.skip === undefined), 'give a value or a skip');

export const nextBody: z.ZodType<NextBody> = z.strictObject({
  want: z.int().min(0).max(mostCards),
  heartbeat: leases.optional(),
  answers: z.array(submission).max(mostSubmissions).optional(),
});

export const submissionResult: z.ZodType<SubmissionResult> = z.strictObject({
  submission: z.string(),
  state: z.enum(['saved', 'skipped', 'refused']),
  problem: z.string().optional(),
  feedback: z.strictObject({ correct: z.boolean(), expected: value, explanation: z.string().optional() }).optional(),
});

export const nextReply: z.ZodType<NextReply> = z.strictObject({
  results: z.array(submissionResult),
  leases: z.array(z.strictObject({ lease, task, practice: z.boolean(), expiresAt: time })),
  gone: leases,
  left: z.enum(['more', 'none for now', 'done', 'paused', 'closed']),
  instructions: z.int(),
  worker: z.strictObject({ answers: z.int(), practiceLeft: z.int() }),
});

export const ownAnswers: z.ZodType<OwnAnswers> = z.strictObject({
  answers: z.array(z.strictObject({ lease, task, value, at: time })),
});

export const correctBody: z.ZodType<CorrectBody> = z.strictObject({ value, submission: submissionName });
export const releaseBody: z.ZodType<ReleaseBody> = z.strictObject({ leases });
