import { AssayError, InputError } from '@assay/core';

/** The command was called in a way it does not offer: unknown flag, unknown method, missing argument. Exit code 2. */
export class UsageError extends AssayError {}

export const exitCodes = { done: 0, refused: 1, usage: 2, interrupted: 130 } as const;

/** One failure in a `--json` document. */
export interface FailureJson {
  readonly code: string;
  readonly path: string | null;
  readonly line: number | null;
  readonly got: string | null;
  readonly hint: string | null;
}

/** What a failure says to a program, to a person, and to the shell. */
export interface Failure {
  readonly exitCode: number;
  readonly errors: readonly FailureJson[];
  readonly lines: readonly string[];
}

/** Turns anything thrown into a {@link Failure}. What Assay did not throw on purpose keeps its stack. */
export function failureOf(error: unknown): Failure {
  if (error instanceof InputError) {
    return { exitCode: exitCodes.refused, errors: error.all.map(failureJson), lines: error.all.map(inWords) };
  }
  if (error instanceof AssayError) {
    const exitCode =
      error instanceof UsageError
        ? exitCodes.usage
        : error.code === 'cancelled'
          ? exitCodes.interrupted
          : exitCodes.refused;
    return { exitCode, errors: [failureJson(error)], lines: [inWords(error)] };
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return failureOf(new AssayError('cancelled; nothing was written', { code: 'cancelled', hint: 'run it again' }));
  }
  const system = systemFailure(error);
  if (system !== undefined) {
    return { exitCode: exitCodes.refused, errors: [failureJson(system)], lines: [inWords(system)] };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const internal = { code: 'internal', path: null, line: null, got: text.split('\n')[0], hint: 'please report this' };
  return { exitCode: exitCodes.refused, errors: [internal], lines: [`unexpected failure, please report it: ${text}`] };
}

function failureJson(error: AssayError): FailureJson {
  return {
    code: error.code,
    path: error.path ?? null,
    line: error.line ?? null,
    got: error.got ?? null,
    hint: error.hint ?? null,
  };
}

/** In words, with `file:line:` in front where editors can use it. */
function inWords(error: AssayError): string {
  const { path, line, message } = error;
  if (path === undefined || isOption(error) || (line === undefined && message.includes(path))) return message;
  if (line === undefined) return `${path}: ${message}`;
  // The place stands in front; said again it only makes the line long.
  const told = message
    .replace(` (${path}, line ${line})`, '')
    .replaceAll(` in ${path}:`, ':')
    .replaceAll(` in ${path};`, ';');
  return `${path}:${line}: ${told}`;
}

/** Errors of method options carry the option's name as path, and their message says it already. */
function isOption(error: AssayError): boolean {
  return ['unknown-option', 'invalid-option', 'unknown-method'].includes(error.code);
}

const systemCodes: Readonly<Record<string, readonly [code: string, says: string, hint: string]>> = {
  ENOENT: ['missing-file', 'missing file or folder', 'check the name'],
  EISDIR: ['invalid-file', 'invalid file: it is a folder', 'name a file inside it'],
  EACCES: ['invalid-file', 'invalid file: no permission', 'change its permissions'],
  ENOTDIR: ['missing-file', 'missing folder', 'check the path'],
  ENOSPC: ['full-disk', 'missing space on the disk', 'free some and run it again'],
  EMFILE: ['invalid-file', 'invalid number of open files', 'pass fewer files'],
};

function systemFailure(error: unknown): AssayError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const known = systemCodes[error.code];
  if (known === undefined) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const [code, says, hint] = known;
  return new AssayError(`${says}${path === undefined ? '' : ` "${path}"`}; ${hint}`, { code, got: path, hint });
}

/** Runs a check of what was typed: an {@link InputError} there is wrong usage, not wrong input. */
export function usageError<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { code, path, line, got, hint } = error;
    throw new UsageError(error.message, { code, path, line, got, hint, cause: error });
  }
}
