import { z } from 'zod';

/** One answer a worker can choose. */
export interface Choice {
  /** What is stored. */
  readonly value: string;
  /** What is shown, the value by default. */
  readonly title?: string;
  readonly description?: string;
}

/** What workers are asked about every task of a campaign. */
export type Question =
  | { readonly kind: 'choice'; readonly prompt: string; readonly choices: readonly Choice[] }
  | {
      readonly kind: 'multi-label';
      readonly prompt: string;
      readonly choices: readonly Choice[];
      readonly least?: number;
      readonly most?: number;
    }
  | {
      readonly kind: 'scale';
      readonly prompt: string;
      readonly least: number;
      readonly most: number;
      readonly leastTitle?: string;
      readonly mostTitle?: string;
    }
  | {
      readonly kind: 'number';
      readonly prompt: string;
      readonly least?: number;
      readonly most?: number;
      readonly unit?: string;
    }
  | { readonly kind: 'text'; readonly prompt: string; readonly mostCharacters?: number };

/** An answer's value: choice and text are strings, multi-label a list of them, scale and number numbers. */
export type Value = string | number | readonly string[];

/** A task as a worker sees it: text, a picture, safe HTML, or other columns by name. */
export interface Content {
  readonly text?: string;
  /** An address, `https:`, `http:`, `data:image/…` or a path on this server. */
  readonly image?: string;
  /** Reduced to an allow-list of elements when it was imported. */
  readonly html?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** The most points of a scale and the most choices of a question. */
export const mostChoices = 1000;

const prompt = z.string().trim().min(1).max(2000);
const title = z.string().max(500).optional();
const choices = z
  .array(z.strictObject({ value: z.string().min(1).max(200), title, description: z.string().max(2000).optional() }))
  .min(1)
  .max(mostChoices)
  .refine((list) => new Set(list.map(({ value }) => value)).size === list.length, 'two choices have the same value');

const kinds = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('choice'), prompt, choices }),
  z.strictObject({
    kind: z.literal('multi-label'),
    prompt,
    choices,
    least: z.int().min(0).max(mostChoices).optional(),
    most: z.int().min(1).max(mostChoices).optional(),
  }),
  z.strictObject({
    kind: z.literal('scale'),
    prompt,
    least: z.int().min(-mostChoices).max(mostChoices),
    most: z.int().min(-mostChoices).max(mostChoices),
    leastTitle: title,
    mostTitle: title,
  }),
  z.strictObject({
    kind: z.literal('number'),
    prompt,
    least: z.number().optional(),
    most: z.number().optional(),
    unit: z.string().max(40).optional(),
  }),
  z.strictObject({ kind: z.literal('text'), prompt, mostCharacters: z.int().min(1).max(100_000).optional() }),
]);

export const question: z.ZodType<Question> = kinds.refine(
  (asked) =>
    !('least' in asked && 'most' in asked) ||
    asked.least === undefined ||
    asked.most === undefined ||
    (asked.kind === 'scale'
      ? asked.least < asked.most && asked.most - asked.least < mostChoices
      : asked.least <= asked.most),
  'least must be below most',
);

export const value: z.ZodType<Value> = z.union([
  z.string().max(100_000),
  z.number(),
  z.array(z.string().max(200)).max(mostChoices),
]);

export const content: z.ZodType<Content> = z.strictObject({
  text: z.string().optional(),
  image: z.string().optional(),
  html: z.string().optional(),
  fields: z.record(z.string(), z.string()).optional(),
});
