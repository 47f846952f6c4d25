/** Times are believed from this many on. */
const enough = 20;
const kept = 1000;
const floorMs = 2 * 60_000;
const capMs = 60 * 60_000;
const unknownMs = 10 * 60_000;

/**
 * How long a lease should last, from the work times observed: twice the 99th percentile of the last thousand, between two
 * minutes and an hour; ten minutes while fewer than 20 are known.
 */
export class LeaseTime {
  readonly #times: number[] = [];
  #at = 0;
  #sinceSorted = 0;
  #current = unknownMs;

  constructor(times: readonly number[] = []) {
    for (const time of times) this.add(time);
    this.#update();
  }

  add(spentMs: number): void {
    if (!(spentMs > 0)) return;
    this.#times[this.#at] = spentMs;
    this.#at = (this.#at + 1) % kept;
    if (++this.#sinceSorted >= 100 || this.#times.length === enough) this.#update();
  }

  get ms(): number {
    return this.#current;
  }

  #update(): void {
    this.#sinceSorted = 0;
    if (this.#times.length < enough) return;
    const sorted = [...this.#times].sort((a, b) => a - b);
    const slow = sorted[Math.min(sorted.length - 1, Math.floor(0.99 * sorted.length))];
    this.#current = Math.min(capMs, Math.max(floorMs, 2 * slow));
  }
}
