import { midranks, pairDisagreement, type Scale, taskDisagreements } from './scale.ts';
import type { VotePatterns } from './vote-patterns.ts';

/**
 * The sums all agreement coefficients of one set of tasks are made of.
 *
 * Filled from how often each pattern occurs, so that the whole table, a bootstrap draw and a
 * jackknife sample go through the same code. O(entries of the patterns + K) a time, without
 * allocation; the ordinal scale passes twice because its distances depend on the sample.
 */
export class AgreementSums {
  readonly patterns: VotePatterns;
  readonly scale: Scale;
  /** Number of tasks. */
  tasks = 0;
  /** Number of answers, n. */
  answers = 0;
  /** Σ over tasks of the share of pairs of answers that agree. */
  agreement = 0;
  /** Σ over tasks of the disagreement of their pairs / (answers − 1): (n − 1)·D_o up to scale. */
  disagreement = 0;
  /** Number of answers that say each class, K. */
  readonly totals: Float64Array;
  /** Σ over tasks of the share of answers that say each class, K. */
  readonly shares: Float64Array;
  /** Σ over tasks of n_c·(m − n_c) / (m − 1): answers of each class that a colleague contradicts, K. */
  readonly contradicted: Float64Array;
  /** What an entry of a pattern adds to `shares` and `contradicted`: divisions are done once. */
  readonly #share: Float64Array;
  readonly #contradicted: Float64Array;
  readonly #byClass: boolean;
  readonly #taskAgreement: Float64Array;
  readonly #taskDisagreement: Float64Array;
  readonly #positions: Float64Array;

  /** Without `byClass`, `shares` and `contradicted` stay 0: alpha and the percentage need neither. */
  constructor(patterns: VotePatterns, scale: Scale, positions: Float64Array, byClass = true) {
    this.#byClass = byClass;
    const { classCount } = patterns;
    this.patterns = patterns;
    this.scale = scale;
    this.totals = new Float64Array(classCount);
    this.shares = new Float64Array(classCount);
    this.contradicted = new Float64Array(classCount);
    this.#share = new Float64Array(patterns.count.length);
    this.#contradicted = new Float64Array(patterns.count.length);
    for (let pattern = 0; pattern < patterns.patternCount; pattern++) {
      const answers = patterns.size[pattern];
      for (let i = patterns.start[pattern]; i < patterns.start[pattern + 1]; i++) {
        this.#share[i] = patterns.count[i] / answers;
        this.#contradicted[i] = (patterns.count[i] * (answers - patterns.count[i])) / (answers - 1);
      }
    }
    this.#taskAgreement = Float64Array.from(patterns.size, (_, pattern) => agreementOfPattern(patterns, pattern));
    this.#positions = positions.slice();
    this.#taskDisagreement =
      scale === 'ordinal' ? new Float64Array(0) : taskDisagreements(patterns, scale, this.#positions);
  }

  /** Sums over `times[p]` tasks of each pattern. */
  fill(times: ArrayLike<number>): void {
    const { patternCount, size, start, count } = this.patterns;
    const said = this.patterns.class;
    const { totals, shares, contradicted } = this;
    const share = this.#share;
    const contradiction = this.#contradicted;
    this.tasks = 0;
    this.answers = 0;
    this.agreement = 0;
    this.disagreement = 0;
    totals.fill(0);
    shares.fill(0);
    contradicted.fill(0);
    for (let pattern = 0; pattern < patternCount; pattern++) {
      const power = times[pattern];
      if (power === 0) continue;
      this.tasks += power;
      this.answers += power * size[pattern];
      this.agreement += power * this.#taskAgreement[pattern];
      if (this.scale !== 'ordinal') this.disagreement += power * this.#taskDisagreement[pattern];
      for (let i = start[pattern]; i < start[pattern + 1]; i++) totals[said[i]] += power * count[i];
      if (!this.#byClass) continue;
      for (let i = start[pattern]; i < start[pattern + 1]; i++) {
        shares[said[i]] += power * share[i];
        contradicted[said[i]] += power * contradiction[i];
      }
    }
    if (this.scale === 'ordinal') this.disagreement = this.#ordinalDisagreement(times);
  }

  /** Σ over all ordered pairs of answers of the squared difference: n·(n − 1)·D_e. */
  expectedDisagreement(): number {
    return pairDisagreement(this.scale, null, this.totals, 0, this.totals.length, this.#positions);
  }

  #ordinalDisagreement(times: ArrayLike<number>): number {
    const { patternCount, start, count, size } = this.patterns;
    midranks(this.totals, this.#positions);
    let total = 0;
    for (let pattern = 0; pattern < patternCount; pattern++) {
      if (times[pattern] === 0) continue;
      const [from, to] = [start[pattern], start[pattern + 1]];
      const own = pairDisagreement('ordinal', this.patterns.class, count, from, to, this.#positions);
      total += (times[pattern] * own) / (size[pattern] - 1);
    }
    return total;
  }
}

/** Share of the pairs of answers to a task that agree: (Σ n_k² − m) / (m·(m − 1)). */
export function agreementOfPattern(patterns: VotePatterns, pattern: number): number {
  const { start, count, size } = patterns;
  const answers = size[pattern];
  let squares = 0;
  for (let i = start[pattern]; i < start[pattern + 1]; i++) squares += count[i] * count[i];
  return (squares - answers) / (answers * (answers - 1));
}
