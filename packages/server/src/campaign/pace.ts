const minuteMs = 60_000;

/** Counts answers by the minute, for the last hour. */
export class Pace {
  readonly #perMinute = new Map<number, number>();

  add(at: number): void {
    const minute = Math.floor(at / minuteMs);
    this.#perMinute.set(minute, (this.#perMinute.get(minute) ?? 0) + 1);
  }

  lastHour(now: number): number {
    const since = Math.floor(now / minuteMs) - 60;
    let total = 0;
    for (const [minute, answers] of this.#perMinute) {
      if (minute < since) this.#perMinute.delete(minute);
      else total += answers;
    }
    return total;
  }
}
