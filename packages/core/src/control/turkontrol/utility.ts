import { InputError, shown } from '../../errors.ts';

/**
 * What an artifact of quality q is worth, in micro-units of money.
 *
 * - `convex`: top (e^q − 1) / (e − 1), the form of Dai, Mausam & Weld (2010);
 * - `linear`: top · q;
 * - `threshold`: top from quality `from` on, nothing below;
 * - `points`: straight lines between [quality, worth] points given by rising quality, flat outside them.
 *
 * Worth and prices together fix what the controller does; multiplying all of them changes nothing.
 */
export type Utility =
  | { readonly kind: 'convex' | 'linear'; readonly topMicros: number }
  | { readonly kind: 'threshold'; readonly topMicros: number; readonly from: number }
  | { readonly kind: 'points'; readonly points: readonly (readonly [number, number])[] };

/**
 * The worth of quality q in units of money (micro-units / 1e6).
 *
 * @example
 * utilityOf({ kind: 'convex', topMicros: 1_000_000_000 }, 1); // => 1000
 */
export function utilityOf(utility: Utility, quality: number): number {
  switch (utility.kind) {
    case 'convex':
      return ((utility.topMicros / 1e6) * Math.expm1(quality)) / (Math.E - 1);
    case 'linear':
      return (utility.topMicros / 1e6) * quality;
    case 'threshold':
      return quality >= utility.from ? utility.topMicros / 1e6 : 0;
    case 'points':
      return alongPoints(utility.points, quality) / 1e6;
  }
}

/**
 * A utility checked value by value, for models that come from a file.
 *
 * @throws {InputError} invalid-utility
 */
export function checkUtility(given: unknown, path = 'utility'): Utility {
  const fail = (what: string, got: unknown): never => {
    throw new InputError(`invalid ${path}: ${what}, got ${shown(got)}`, {
      code: 'invalid-utility',
      path,
      got: shown(got),
      hint: 'give for example {"kind":"convex","topMicros":1000000000}',
    });
  };
  const utility = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>;
  const kind = utility.kind;
  if (kind === 'points') {
    const points = utility.points;
    if (!Array.isArray(points) || points.length === 0)
      return fail('points must be a list of [quality, micro-units]', points);
    for (let i = 0; i < points.length; i++) {
      const point: unknown = points[i];
      if (!Array.isArray(point) || point.length !== 2 || !point.every(Number.isFinite))
        return fail('a point is [quality, micro-units]', point);
      if (i > 0 && point[0] <= points[i - 1][0]) return fail('points must come by rising quality', point);
    }
    return { kind, points: points as [number, number][] };
  }
  const top = utility.topMicros;
  if (kind !== 'convex' && kind !== 'linear' && kind !== 'threshold')
    return fail('kind must be convex, linear, threshold or points', kind);
  if (typeof top !== 'number' || !Number.isFinite(top) || top < 0)
    return fail('topMicros must be a finite number, 0 or more', top);
  if (kind !== 'threshold') return { kind, topMicros: top };
  const from = utility.from;
  if (typeof from !== 'number' || !(from >= 0 && from <= 1)) return fail('from must be a quality from 0 to 1', from);
  return { kind, topMicros: top, from };
}

function alongPoints(points: readonly (readonly [number, number])[], quality: number): number {
  if (quality <= points[0][0]) return points[0][1];
  for (let i = 1; i < points.length; i++) {
    const [right, above] = points[i];
    if (quality > right) continue;
    const [left, below] = points[i - 1];
    return below + ((above - below) * (quality - left)) / (right - left);
  }
  return points[points.length - 1][1];
}
