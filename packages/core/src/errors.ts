/** What an error carries besides its message, so that programs need not parse words. */
export interface ErrorDetails {
  /** A stable kebab-case name of the kind of failure, for example `missing-column`. */
  readonly code: string;
  /** The file, JSON path or option the failure belongs to. */
  readonly path?: string;
  /** The line in `path`, counted from 1. */
  readonly line?: number;
  /** The offending value as text, shortened. */
  readonly got?: string;
  /** What to do about it, as an instruction. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * The base of every error Assay throws on purpose.
 *
 * Messages begin with *missing*, *unknown*, *invalid* or *ambiguous*, show the value and end with
 * the fix; `code`, `path`, `line`, `got` and `hint` say the same to a program.
 */
export class AssayError extends Error {
  readonly code: string;
  readonly path: string | undefined;
  readonly line: number | undefined;
  readonly got: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = details.code;
    this.path = details.path;
    this.line = details.line;
    this.got = details.got;
    this.hint = details.hint;
  }
}

/** What the caller gave cannot be used: a file, a value, an option. Nothing was changed. */
export class InputError extends AssayError {
  /** All failures found before reading stopped (at most 20), this one first. */
  readonly all: readonly InputError[];

  constructor(message: string, details: ErrorDetails, others: readonly InputError[] = []) {
    super(message, details);
    this.all = [this, ...others];
  }
}

/** The call is right but came at the wrong moment: cancelled, closed, already done. */
export class StateError extends AssayError {}

/** An outside component (an engine, a database, a model runtime) is absent or failed. */
export class EngineError extends AssayError {}

/** The work would cost more memory, time or money than allowed. Nothing was spent. */
export class BudgetError extends AssayError {}

/** A value for a message: quoted, in one line, at most 60 characters. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const line = text.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 57)}...` : line}"`;
}

/** The names within two edits of `name` (one where it is short), nearest first, for "did you mean". */
export function nearNames(name: string, known: readonly string[], most = 3): string[] {
  const wanted = name.toLowerCase();
  const least = wanted.length < 5 ? 1 : 2;
  return known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .filter(
      ({ candidate, distance }) => distance <= Math.max(least, candidate.length / 4) || candidate.includes(wanted),
    )
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j] + 1, current[j - 1] + 1));
    }
    previous = current;
  }
  return previous[b.length];
}
