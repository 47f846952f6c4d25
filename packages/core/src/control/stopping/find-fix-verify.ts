import { logBeta } from '../../math/gamma-functions.ts';
import { version } from '../../version.ts';

/** A stretch of a text that a worker marked as needing work: characters `from` up to, not including, `to`. */
export interface Mark {
  readonly worker: string;
  readonly from: number;
  readonly to: number;
}

/** A stretch to be fixed, and how many of those who looked marked some of it. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly marks: number;
}

/**
 * *Find*: the stretches that enough workers marked, overlapping ones merged.
 *
 * A character counts when at least `share` of the workers who looked, and at least `least` of them, marked it. A worker who
 * marks the same place twice counts once. No marks: no spans. O(marks²) for the few marks of a paragraph.
 *
 * Source: Bernstein et al. (2010), UIST, Soylent: 10 workers, 20 %.
 *
 * @example
 * foundSpans([{ worker: 'a', from: 3, to: 9 }, { worker: 'b', from: 5, to: 12 }], 5); // => [{ from: 5, to: 9, marks: 2 }]
 */
export function foundSpans(marks: readonly Mark[], looked: number, share = 0.2, least = 2): Span[] {
  const need = Math.max(least, share * looked);
  const edges = [...new Set(marks.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const spans: Span[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const [from, to] = [edges[i], edges[i + 1]];
    const workers = new Set(marks.filter((mark) => mark.from <= from && to <= mark.to).map(({ worker }) => worker));
    if (workers.size < need) continue;
    const last = spans.at(-1);
    if (last?.to === from) spans.splice(-1, 1, { from: last.from, to, marks: Math.max(last.marks, workers.size) });
    else spans.push({ from, to, marks: workers.size });
  }
  return spans;
}

/** How often real problems and other places are marked, as Beta distributions over spans. */
export interface FindModel {
  /** P(a candidate span is a problem), default 0.3. */
  readonly prior?: number;
  /** Marks and passes that the rate on problems is taken to be known from, default [4, 6]. */
  readonly problem?: readonly [marked: number, passed: number];
  /** The same on other places, default [1, 19]. */
  readonly other?: readonly [marked: number, passed: number];
  /** Stop when P(problem) leaves (low, high), default 0.1 and 0.9, or after `most` workers, default 15. */
  readonly low?: number;
  readonly high?: number;
  readonly most?: number;
}

/** What to do with a candidate span. Plain JSON. */
export interface FindDecision {
  readonly kind: 'ask' | 'fix' | 'leave';
  readonly version: string;
  readonly reason: string;
  readonly values: { readonly chance: number; readonly looked: number; readonly marked: number };
}

/**
 * *Find* as stop-or-ask: does a span need fixing, from how many of the workers who looked at it marked it?
 *
 * Marks are Beta-binomial: problems differ in how visible they are. What to do afterwards are the two other stages: *Fix*
 * and *Verify* are the improvements and ballots of TurKontrol with the original as first artifact, so a `lookahead`
 * controller runs them.
 *
 * Source: Bernstein et al. (2010), UIST, for the stages; the stopping rule is ours.
 *
 * @example
 * decideFind(5, 8).kind; // => 'fix'
 */
export function decideFind(marked: number, looked: number, model: FindModel = {}): FindDecision {
  const { prior = 0.3, problem = [4, 6], other = [1, 19], low = 0.1, high = 0.9, most = 15 } = model;
  const passed = looked - marked;
  const logEvidence = ([a, b]: readonly [number, number]): number => logBeta(a + marked, b + passed) - logBeta(a, b);
  const chance = 1 / (1 + ((1 - prior) / prior) * Math.exp(logEvidence(other) - logEvidence(problem)));
  const values = { chance, looked, marked };
  const said = `${(100 * chance).toFixed(0)} % sure that it needs fixing`;
  if (chance >= high) return { kind: 'fix', version, reason: said, values };
  if (chance <= low) return { kind: 'leave', version, reason: said, values };
  if (looked < most) return { kind: 'ask', version, reason: said, values };
  return { kind: chance > 0.5 ? 'fix' : 'leave', version, reason: `${said} after ${looked} workers`, values };
}

/** What somebody does to a span. */
export type SpanRole = 'find' | 'fix' | 'verify';

/**
 * Who did what to which span: nobody may fix and verify the same one.
 *
 * Finding rules nobody out; with `strict` no worker has two roles on a span at all. Give `mayTake` to a desk as its
 * `qualified`.
 *
 * @example
 * const roles = new SpanRoles();
 * roles.took('ana', 'span 1', 'fix');
 * roles.mayTake('ana', 'span 1', 'verify'); // => false
 */
export class SpanRoles {
  readonly #strict: boolean;
  readonly #roles = new Map<string, Set<SpanRole>>();

  constructor(strict = true) {
    this.#strict = strict;
  }

  took(worker: string, span: string, role: SpanRole): void {
    const key = keyOf(worker, span);
    const roles = this.#roles.get(key);
    if (roles === undefined) this.#roles.set(key, new Set([role]));
    else roles.add(role);
  }

  mayTake(worker: string, span: string, role: SpanRole): boolean {
    const roles = this.#roles.get(keyOf(worker, span)) ?? new Set();
    const others = [...roles].filter((one) => one !== role && (this.#strict || (one !== 'find' && role !== 'find')));
    return others.length === 0;
  }
}

function keyOf(worker: string, span: string): string {
  return JSON.stringify([worker, span]);
}
