import type { AnswerTable } from '../answers/answer-table.ts';
import { StateError } from '../errors.ts';
import { Random } from '../math/random.ts';
import type { Estimate } from './estimate.ts';
import { type OptionTable, type OptionValues, parseOptions } from './options.ts';

/** Where a fit stands: after a sweep, or shown once more within a long one. */
export interface Progress {
  readonly iteration: number;
  /** The objective the method maximises, NaN where it has none or none yet. */
  readonly objective: number;
}

/** What a fit gets from outside: nothing else changes its result. */
export interface FitContext {
  readonly seed: number;
  /** Seeded by `seed`; fork it by name so that the order of rows never matters. */
  readonly random: Random;
  /** Milliseconds, for time limits only. */
  readonly now: () => number;
  readonly onNote: (note: string) => void;
}

/** The kind of answers a method takes. */
export type AnswerKind = 'categorical' | 'binary';

/**
 * One way to find the true labels.
 *
 * `fit` is a generator: it yields after each sweep, and within long ones with the progress of the
 * sweep before, and returns the estimate; so progress, cancellation and time limits need no code in
 * any method. It must not change the table, and must
 * give a neutral result with a note (never NaN, never an error) on degenerate tables. Options reach
 * it parsed.
 */
export interface Method {
  readonly id: string;
  /** The name the field uses. */
  readonly title: string;
  /** One sentence: what it assumes and when to take it. */
  readonly summary: string;
  /** Author (year). Title. Place. */
  readonly citation: string;
  readonly answers: AnswerKind;
  /** The folder of `methods/` it belongs to, for grouping in lists. */
  readonly family: string;
  readonly options: OptionTable;
  /** Does the objective never fall from sweep to sweep? The battery checks it where true. */
  readonly monotone?: boolean;
  /** Does the default fit draw random numbers? Then renaming workers or classes may move it a little. */
  readonly random?: boolean;
  fit(table: AnswerTable, options: ParsedOptions, context: FitContext): Generator<Progress, Estimate, void>;
}

/** Options after {@link parseOptions}: only {@link defineMethod} knows their types. */
export type ParsedOptions = Readonly<Record<string, unknown>>;

/** A {@link Method} whose `fit` sees its options with their types. */
export interface MethodDefinition<T extends OptionTable> extends Omit<Method, 'options' | 'fit'> {
  readonly options: T;
  fit(table: AnswerTable, options: OptionValues<T>, context: FitContext): Generator<Progress, Estimate, void>;
}

/** Makes a {@link Method} of its definition; the option table types what `fit` receives. */
export function defineMethod<const T extends OptionTable>(definition: MethodDefinition<T>): Method {
  return definition as unknown as Method;
}

export interface FitOptions {
  readonly options?: Readonly<Record<string, unknown>>;
  /** Default 0. */
  readonly seed?: number;
  readonly onNote?: (note: string) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface FitAsyncOptions extends FitOptions {
  readonly signal?: AbortSignal;
  /** A clock in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Fits a method to answers and returns its estimate.
 *
 * Blocks until done; use {@link fitAsync} where something else must stay responsive.
 *
 * @throws {InputError} unknown-option, invalid-option
 * @example
 * const table = answersFrom([['t1', 'ana', 'cat'], ['t1', 'bo', 'dog'], ['t2', 'ana', 'dog']]);
 * fit(dawidSkeneMap, table, { options: { maxIterations: 50 } }).label('t2'); // => 'dog'
 */
export function fit(method: Method, table: AnswerTable, options: FitOptions = {}): Estimate {
  const running = start(method, table, options, () => 0);
  for (;;) {
    const step = running.next();
    if (step.done === true) return step.value;
    options.onProgress?.(step.value);
  }
}

/** Longest stretch of work between two looks at the event loop. */
const sliceMs = 12;

/**
 * As {@link fit}, giving way to other work every few milliseconds.
 *
 * `signal` stops it where the method yields next (after a sweep, or within a long one) with a
 * {@link StateError} `cancelled`; `onProgress` is called there too.
 *
 * @throws {InputError} unknown-option, invalid-option
 * @throws {StateError} cancelled
 */
export async function fitAsync(method: Method, table: AnswerTable, options: FitAsyncOptions = {}): Promise<Estimate> {
  const now = options.now ?? ((): number => performance.now());
  const running = start(method, table, options, now);
  let pause = now() + sliceMs;
  for (;;) {
    if (options.signal?.aborted === true) {
      running.return(undefined as never);
      throw new StateError(`cancelled ${method.id} before it finished; nothing was kept`, {
        code: 'cancelled',
        cause: options.signal.reason,
        hint: 'run it again to start over',
      });
    }
    const step = running.next();
    if (step.done === true) return step.value;
    options.onProgress?.(step.value);
    if (now() >= pause) {
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      pause = now() + sliceMs;
    }
  }
}

function start(
  method: Method,
  table: AnswerTable,
  options: FitOptions,
  now: () => number,
): Generator<Progress, Estimate, void> {
  const seed = options.seed ?? 0;
  const values = parseOptions(method.options, options.options);
  return method.fit(table, values, { seed, random: new Random(seed), now, onNote: options.onNote ?? ((): void => {}) });
}
