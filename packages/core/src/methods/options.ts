import { InputError, nearNames, shown } from '../errors.ts';

interface Described {
  /** What the option does, in one sentence. */
  readonly does: string;
  /** Why the default is what it is. */
  readonly why: string;
}

/** A number from `min` to `max`, both allowed unless `above` excludes the lower end. */
export interface NumberOption extends Described {
  readonly kind: 'number';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly above?: boolean;
  readonly integer?: boolean;
  readonly unit?: string;
}

/** One of a few words. */
export interface ChoiceOption<C extends string = string> extends Described {
  readonly kind: 'choice';
  readonly default: C;
  readonly choices: readonly C[];
}

export interface BooleanOption extends Described {
  readonly kind: 'boolean';
  readonly default: boolean;
}

/** A list of numbers (weights, a prior, a matrix by rows) or null for "not given". */
export interface NumbersOption extends Described {
  readonly kind: 'numbers';
  readonly default: readonly number[] | null;
  readonly min: number;
  readonly max: number;
}

export type OptionSpec = NumberOption | ChoiceOption | BooleanOption | NumbersOption;

/** The options of a method, declared once: validation, `--help`, docs and tests all read this table. */
export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The values an option table describes. */
export type OptionValues<T extends OptionTable> = {
  -readonly [Name in keyof T]: T[Name] extends NumberOption
    ? number
    : T[Name] extends ChoiceOption<infer C>
      ? C
      : T[Name] extends BooleanOption
        ? boolean
        : T[Name] extends NumbersOption
          ? readonly number[] | null
          : never;
};

/** Keeps the literal types of an option table, so that {@link OptionValues} knows the choices. */
export function optionTable<const T extends OptionTable>(table: T): T {
  return table;
}

/**
 * The given options checked against the table, with defaults for the rest.
 *
 * Text is accepted where it can be read (`"0.5"`, `"true"`, `"1,2,3"`), so that a command line can
 * pass what was typed.
 *
 * @throws {InputError} unknown-option, invalid-option
 * @example
 * parseOptions(majorityVote.options, { tie: 'first' }); // => { tie: 'first' }
 */
export function parseOptions<T extends OptionTable>(
  table: T,
  given: Readonly<Record<string, unknown>> = {},
): OptionValues<T> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    const near = nearNames(name, Object.keys(table));
    const fix =
      near.length > 0
        ? `did you mean ${near.join(' or ')}?`
        : `the options are ${Object.keys(table).join(', ') || 'none'}`;
    throw new InputError(`unknown option ${shown(name)}; ${fix}`, {
      code: 'unknown-option',
      path: name,
      got: name,
      hint: fix,
    });
  }
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) {
    values[name] = given[name] === undefined ? spec.default : parseOption(name, spec, given[name]);
  }
  return values as OptionValues<T>;
}

function parseOption(name: string, spec: OptionSpec, given: unknown): unknown {
  const refuse = (expected: string): never => {
    throw new InputError(`invalid ${name}: ${shown(given)}; expected ${expected}`, {
      code: 'invalid-option',
      path: name,
      got: String(given),
      hint: `give ${expected}`,
    });
  };
  switch (spec.kind) {
    case 'number': {
      const value = asNumber(given);
      const tooLow = spec.above === true ? value <= spec.min : value < spec.min;
      if (Number.isNaN(value) || tooLow || value > spec.max || (spec.integer === true && !Number.isInteger(value))) {
        return refuse(rangeInWords(spec));
      }
      return value;
    }
    case 'choice':
      return spec.choices.includes(given as string) ? given : refuse(`one of ${spec.choices.join(', ')}`);
    case 'boolean':
      if (typeof given === 'boolean') return given;
      return given === 'true' ? true : given === 'false' ? false : refuse('true or false');
    case 'numbers': {
      if (given === null) return null;
      const list = typeof given === 'string' ? given.split(',') : typeof given === 'number' ? [given] : given;
      if (!Array.isArray(list) && !ArrayBuffer.isView(list)) return refuse('a list of numbers');
      const numbers = Array.from(list as ArrayLike<unknown>, asNumber);
      if (numbers.some((value) => Number.isNaN(value) || value < spec.min || value > spec.max)) {
        return refuse(`numbers from ${spec.min} to ${spec.max}`);
      }
      return numbers;
    }
  }
}

/** A number option's range in words, for messages, help and docs. */
export function rangeInWords(spec: NumberOption): string {
  const noun = spec.integer === true ? 'a whole number' : 'a number';
  const low = spec.above === true ? `above ${spec.min}` : `at least ${spec.min}`;
  if (spec.max === Number.POSITIVE_INFINITY) return spec.min === Number.NEGATIVE_INFINITY ? noun : `${noun} ${low}`;
  return spec.above === true
    ? `${noun} above ${spec.min}, at most ${spec.max}`
    : `${noun} from ${spec.min} to ${spec.max}`;
}

function asNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}

/**
 * A `numbers` option as a K×K matrix by rows.
 *
 * @throws {InputError} invalid-option when it has not exactly K·K values
 */
export function matrixOption(name: string, values: readonly number[], classCount: number): Float64Array {
  if (values.length !== classCount * classCount) {
    throw new InputError(
      `invalid ${name}: ${values.length} values; expected ${classCount}×${classCount} = ${classCount * classCount}, by rows`,
      {
        code: 'invalid-option',
        path: name,
        got: String(values.length),
        hint: `give ${classCount * classCount} numbers by rows (truth)`,
      },
    );
  }
  return Float64Array.from(values);
}
