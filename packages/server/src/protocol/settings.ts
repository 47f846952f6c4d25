import { z } from 'zod';

/** When to stop asking, where the number of answers follows the task: between `least` and `most`. */
export interface Adaptive {
  readonly least: number;
  readonly most: number;
  /** Stop when the label is this probable. */
  readonly threshold: number;
}

/** What a person earns for each answer. */
export interface Pay {
  /** In millionths of the currency's unit: 50000 is 0.05. */
  readonly micros: number;
  /** Its code by ISO 4217, such as EUR. */
  readonly currency: string;
}

/** How a campaign runs. All of it can be changed while it does. */
export interface Settings {
  /** Answers wanted of each task, where `adaptive` is null. */
  readonly k: number;
  readonly adaptive: Adaptive | null;
  /** How an arriving worker gets a task; questions without fixed classes always take the least answered first. */
  readonly policy: 'most-uncertain' | 'value-per-price';
  /** Share of tasks drawn at random, so that quality can be measured without bias. */
  readonly explore: number;
  /** Share of a worker's questions that are gold, mixed in silently. */
  readonly goldShare: number;
  /** Practice answers that must be right before real work begins; 0 shows each practice task once. */
  readonly practiceRight: number;
  /** Leases one worker may hold at a time. */
  readonly concurrency: number;
  /** The most answers of one worker; null for no limit. */
  readonly quota: number | null;
  /** Do workers see what a model suggests? */
  readonly suggestions: 'hidden';
  /** How long a lease lasts; null follows the work times observed. */
  readonly leaseMs: number | null;
  /**
   * What people earn for each answer that is saved, practice excepted; null where work is not paid. The same for everybody
   * and every answer: raising it counts for answers already given, and once there are answers it is never lowered.
   */
  readonly pay: Pay | null;
}

export const defaultSettings: Settings = {
  k: 3,
  adaptive: null,
  policy: 'most-uncertain',
  explore: 0.01,
  goldShare: 0.05,
  practiceRight: 0,
  concurrency: 10,
  quota: null,
  suggestions: 'hidden',
  leaseMs: null,
  pay: null,
};

/** The most answers a task can ask for. */
export const mostAnswers = 1000;

const share = z.number().min(0).max(1);
const answers = z.int().min(1).max(mostAnswers);
const adaptive = z
  .strictObject({ least: answers, most: answers, threshold: z.number().min(0).max(1) })
  .refine(({ least, most }) => least <= most, 'least must not be above most');

export const pay: z.ZodType<Pay> = z.strictObject({
  micros: z.int().min(1).max(1_000_000_000_000),
  currency: z.string().regex(/^[A-Z]{3}$/),
});

const shape = {
  k: answers,
  adaptive: adaptive.nullable(),
  policy: z.enum(['most-uncertain', 'value-per-price']),
  explore: share,
  goldShare: z.number().min(0).max(0.5),
  practiceRight: z.int().min(0).max(1000),
  concurrency: z.int().min(1).max(50),
  quota: z.int().min(1).max(1_000_000_000).nullable(),
  suggestions: z.literal('hidden'),
  leaseMs: z.int().min(1000).max(86_400_000).nullable(),
  pay: pay.nullable(),
};

export const settings: z.ZodType<Settings> = z.strictObject(shape);
export const settingsPatch: z.ZodType<Partial<Settings>> = z.strictObject(shape).partial();
