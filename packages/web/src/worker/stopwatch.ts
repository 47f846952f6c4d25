/** Measures the time a card was looked at: only while the page is visible. */
export interface Stopwatch {
  /** From zero again. */
  restart(): void;
  pause(): void;
  resume(): void;
  /** Milliseconds so far. */
  readonly spentMs: number;
}

export function createStopwatch(now: () => number): Stopwatch {
  let before = 0;
  let since: number | undefined = now();
  return {
    restart() {
      before = 0;
      if (since !== undefined) since = now();
    },
    pause() {
      if (since !== undefined) before += now() - since;
      since = undefined;
    },
    resume() {
      since ??= now();
    },
    get spentMs() {
      return Math.round(before + (since === undefined ? 0 : now() - since));
    },
  };
}
