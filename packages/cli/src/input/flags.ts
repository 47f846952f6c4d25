import { AssayError, type DuplicateRule, type Method, parseOptions } from '@assay/core';
import { type ColumnChoice, type ReadOptions, roles } from '@assay/core/formats';
import { methodById, methods } from '@assay/core/methods';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError, usageError } from '../output/failure.ts';

/** What was typed about reading answers; the same flags on every command that reads them. */
export interface ReadingFlags {
  readonly format?: string;
  readonly columns?: ColumnChoice;
  readonly delimiter?: string;
  readonly quotes?: boolean;
  readonly duplicates?: DuplicateRule;
  readonly question?: string;
  readonly classes?: readonly string[];
  readonly openClasses?: boolean;
  readonly foldCase?: boolean;
  readonly trim?: boolean;
  readonly missing?: readonly string[];
  readonly worker?: string;
  readonly several?: 'set' | 'each';
}

/** Adds the flags about reading answers. */
export function withReadingFlags(command: Command): Command {
  return command
    .optionsGroup('How ANSWERS are read:')
    .option('--format <FORMAT>', 'the format of ANSWERS, see "assay formats" (default: found from the content)')
    .option(
      '--columns <LIST>',
      'which column is what: task=item,worker=user,label=tag, or worker,task,label in order',
      columnsOf,
    )
    .option('--delimiter <CHAR>', 'the character between cells (default: found; "tab" for a tab)', delimiterOf)
    .option('--no-quotes', 'take quotation marks in CSV and TSV as ordinary text')
    .addOption(
      new Option(
        '--duplicates <RULE>',
        'which answer counts where a worker answered a task twice (default: last)',
      ).choices(['last', 'first', 'all', 'error']),
    )
    .option('--question <NAME>', 'the question, where the file holds several')
    .option('--classes <LIST>', 'all classes, in the order wanted; other labels are refused', classesOf)
    .option('--open-classes', 'allow labels besides --classes')
    .option('--fold-case', 'take labels that differ only in case for one')
    .option('--trim', 'drop spaces around tasks, workers and labels')
    .option('--worker <NAME>', 'the worker of answers that name none')
    .addOption(
      new Option(
        '--several <RULE>',
        'an answer of several choices: one label for the set, or a yes/no question each',
      ).choices(['set', 'each']),
    )
    .option('--missing <LIST>', 'values that mean "no answer" (default: empty, NA, N/A, NaN, null)', listOf)
    .optionsGroup('Options:');
}

/** The reader's options for what was typed. */
export function readOptionsOf(flags: ReadingFlags): ReadOptions {
  const {
    format,
    columns,
    delimiter,
    quotes,
    duplicates,
    question,
    classes,
    openClasses,
    foldCase,
    trim,
    missing,
    worker,
    several,
  } = flags;
  return {
    format,
    columns,
    delimiter,
    quoted: quotes,
    duplicates,
    question,
    classes,
    openClasses,
    foldCase,
    trim,
    missing,
    worker,
    several,
  };
}

/** Adds the flags that choose a method, its options and the seed. */
export function withMethodFlags(command: Command): Command {
  return command
    .option('-m, --method <METHOD>', `how labels are found, see "assay methods" (default: ${defaultMethod})`, methodOf)
    .option('-O, --option <NAME=VALUE>', 'an option of the method (repeatable), see "assay methods METHOD"', pairsOf)
    .addOption(seedFlag());
}

/** `--seed N`. */
export function seedFlag(): Option {
  return new Option('--seed <N>', 'seed of random choices and of ties').argParser(seedOf).default(0);
}

/** What `aggregate` and `workers` do when no method is named. */
const defaultMethod = 'auto';

export interface MethodFlags {
  readonly method?: Method;
  readonly option?: Readonly<Record<string, string>>;
  readonly seed: number;
}

/** The method with its options checked before anything is read. */
export function methodFrom(flags: MethodFlags): { method: Method; options: Readonly<Record<string, unknown>> } {
  const method = flags.method ?? methodById(defaultMethod);
  return { method, options: usageError(() => parseOptions(method.options, flags.option)) };
}

function methodOf(id: string): Method {
  return usageError(() => methodById(id));
}

/** The methods of a comma-separated list of ids, or all. */
export function methodsOf(text: string): Method[] {
  return text === 'all' ? [...methods] : [...new Set(listOf(text).map(methodOf))];
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed > 0xffffffff)
    throw new InvalidArgumentError('Give a whole number from 0 to 4294967295.');
  return seed;
}

/** A share between 0 and 1, as of intervals. */
export function levelOf(text: string): number {
  const level = Number(text);
  if (text.trim() !== '' && level > 0 && level < 1) return level;
  throw new InvalidArgumentError('Give a number between 0 and 1, for example 0.95.');
}

/** Cells of one CSV line: commas separate, quotation marks protect them. */
export function listOf(text: string): string[] {
  const cells = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)];
  return cells.map(([, quoted, plain]) => (quoted === undefined ? plain : quoted.replace(/""/g, '"')));
}

/** Class names of a list: at least one, none empty, none twice. */
export function classesOf(text: string): string[] {
  const names = listOf(text);
  if (names.includes('')) throw new InvalidArgumentError('Give names of classes separated by commas.');
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new InvalidArgumentError(`"${twice}" is given twice.`);
  return names;
}

/** Collects NAME=VALUE. */
export function pairsOf(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Give NAME=VALUE.');
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`"${name}" is given twice.`);
  return { ...before, [name]: value };
}

export function delimiterOf(text: string): string {
  const character = text === 'tab' || text === '\\t' ? '\t' : text;
  if (character.length !== 1 || /["\r\n]/.test(character) || character.charCodeAt(0) > 126) {
    throw new InvalidArgumentError('Give one ASCII character, or "tab".');
  }
  return character;
}

function checkRoles(given: readonly string[]): void {
  const unknown = given.find((role) => !(roles as readonly string[]).includes(role));
  if (unknown !== undefined) throw new InvalidArgumentError(`A column is one of ${roles.join(', ')}.`);
}

export function columnsOf(text: string): ColumnChoice {
  const parts = listOf(text);
  const named = parts.filter((part) => part.includes('='));
  if (named.length > 0 && named.length < parts.length) {
    throw new InvalidArgumentError('Give either role=column for each, or the roles in the order of the columns.');
  }
  if (named.length === 0) {
    checkRoles(parts.filter((part) => part !== '' && part !== '_'));
    return parts.map((part) => (part === '' || part === '_' ? null : part)) as ColumnChoice;
  }
  let pairs: Record<string, string> = {};
  for (const part of named) pairs = pairsOf(part, pairs);
  checkRoles(Object.keys(pairs));
  return pairs as ColumnChoice;
}

/** `--engine`: memory is here; the others come with `@assay/engines`. */
export function engineOption(): Option {
  return new Option('--engine <ENGINE>', 'where the work is done').default('memory').argParser((engine) => {
    if (engine === 'memory') return engine;
    const planned = ['duckdb', 'clickhouse'].includes(engine);
    const hint = planned ? 'use --engine memory; this version has no other engine' : 'use --engine memory';
    throw new UsageError(`unknown engine "${engine}"; ${hint}`, { code: 'unknown-engine', got: engine, hint });
  });
}

/** Did reading or fitting fail because the run was cancelled? */
export function isCancelled(error: unknown): boolean {
  return error instanceof AssayError && error.code === 'cancelled';
}
