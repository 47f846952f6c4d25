import type { Beliefs } from './beliefs.ts';
import { FitThread } from './fit-threads.ts';
import { type FitAnswers, type Fits, fitted, type Report } from './fits.ts';

/** Campaigns with at most so many answers are fitted whenever somebody looks. */
const smallFit = 5000;
/** From this many answers on, fits go to another core. */
const largeFit = 20_000;
/** At most this share of the time goes to fits. */
const share = 0.05;

/**
 * Fits the answers of a campaign in the background: to make the stream of posteriors exact again, and to say what the
 * labels are worth. Small ones in slices between other work, large ones on a thread; after each a rest of nineteen times
 * as long.
 */
export class Estimator {
  readonly #beliefs: Beliefs;
  readonly #answers: () => FitAnswers;
  readonly #now: () => number;
  readonly #stopping = new AbortController();
  readonly #thread = new FitThread();
  #restUntil = 0;
  #fitting: Promise<void> | undefined;
  #reporting: Promise<void> | undefined;
  #last: { readonly answers: number; readonly changes: number; readonly report: Report } | undefined;

  constructor(beliefs: Beliefs, answers: () => FitAnswers, now: () => number) {
    this.#beliefs = beliefs;
    this.#answers = answers;
    this.#now = now;
  }

  /** Is the stream so far from exact that a fit is worth it, and rested enough? */
  get isDue(): boolean {
    return this.#beliefs.isStale && this.#now() >= this.#restUntil;
  }

  /** Makes the stream exact in the background, unless that is going on; then calls back. */
  anchor(then: () => Promise<void>): void {
    this.#fitting ??= this.#restAfter(async () => {
      await this.#beliefs.anchor(() => this.#fit('anchor'));
      await then();
    }).finally(() => {
      this.#fitting = undefined;
    });
  }

  /**
   * The labels by the default method and what they are worth. Small campaigns are fitted at once; of large ones this is
   * the last report, at most 2 % of answers old, and undefined while the first is being made.
   */
  async report(): Promise<Report | undefined> {
    const { changes, stream } = this.#beliefs;
    const last = this.#last;
    if (last !== undefined && changes === last.changes) return last.report;
    const small = stream.answers <= smallFit;
    if (!small && last !== undefined && stream.answers - last.answers <= 0.02 * stream.answers) return last.report;
    if (small || this.#now() >= this.#restUntil) {
      this.#reporting ??= this.#restAfter(() => this.#makeReport()).finally(() => {
        this.#reporting = undefined;
      });
    }
    if (small) await this.#reporting;
    return this.#last?.report;
  }

  async #makeReport(): Promise<void> {
    const { changes, stream } = this.#beliefs;
    const { answers } = stream;
    this.#last = { answers, changes, report: await this.#fit('report') };
  }

  #fit<Kind extends keyof Fits>(kind: Kind): Promise<Fits[Kind]> {
    const answers = this.#answers();
    if (answers.label.length < largeFit) return fitted(kind, answers, this.#stopping.signal);
    return this.#thread.run(kind, answers);
  }

  async #restAfter(work: () => Promise<void>): Promise<void> {
    const started = performance.now();
    try {
      await work();
    } catch {
      // Cancelled, or not possible with this many classes: the stream goes on by itself.
    } finally {
      this.#restUntil = this.#now() + (performance.now() - started) / share;
    }
  }

  /** Waits for what runs and starts no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#thread.stop();
    await Promise.all([this.#fitting, this.#reporting]);
  }
}
