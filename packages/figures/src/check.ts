import { InputError, shown } from '@assay/core';

// Beyond this a difference of two values may overflow.
const largest = 1e150;

/** Throws unless `value` is a finite number that can be drawn. `path` names it, as `rows[3].value`. */
export function checkFinite(value: number, path: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || Math.abs(value) > largest) {
    throw invalid(path, value, 'give a finite number, or leave the row out');
  }
  return value;
}

/** Throws unless `value` is a finite number inside [from, to]. */
export function checkWithin(value: number, from: number, to: number, path: string): number {
  checkFinite(value, path);
  if (value < from || value > to) throw invalid(path, value, `give a number from ${from} to ${to}`);
  return value;
}

/** Throws unless `value` is a whole number inside [from, to]. */
export function checkWhole(value: number, from: number, to: number, path: string): number {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw invalid(path, value, `give a whole number from ${from} to ${to}`);
  }
  return value;
}

/** Throws if `value` is not a string; an empty one is allowed. */
export function checkText(value: string, path: string): string {
  if (typeof value !== 'string') throw invalid(path, value, 'give a string');
  return value;
}

/** An interval: both ends or none, finite, in order. */
export function checkInterval(lo: number | undefined, hi: number | undefined, path: string): void {
  if (lo === undefined && hi === undefined) return;
  if (lo === undefined || hi === undefined) {
    throw invalid(`${path}.${lo === undefined ? 'lo' : 'hi'}`, undefined, 'give both lo and hi, or neither');
  }
  checkFinite(lo, `${path}.lo`);
  checkFinite(hi, `${path}.hi`);
  if (lo > hi) throw invalid(`${path}.lo`, lo, `give a lo that is not above hi (${hi})`);
}

/** Throws unless `value` is one of `known`. */
export function checkOneOf<Value extends string>(value: Value, known: readonly Value[], path: string): Value {
  if (!known.includes(value)) throw invalid(path, value, `give one of ${known.join(', ')}`);
  return value;
}

export function invalid(path: string, value: unknown, fix: string): InputError {
  const got = typeof value === 'number' || value === undefined ? String(value) : shown(value);
  return new InputError(`invalid ${path}: got ${got}; ${fix}`, { code: 'invalid-figure-option', path, got, hint: fix });
}
