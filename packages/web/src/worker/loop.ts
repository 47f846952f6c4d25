/** Runs one piece of work again and again, never twice at the same time: when woken, and when it asked to. */
export interface Loop {
  /** Run now, or once more after the present run. */
  wake(): void;
  /** Run no more. */
  stop(): void;
}

/**
 * Makes a loop. `run` returns how long to wait for the next run in milliseconds; `Infinity` waits to be woken. It must
 * not throw.
 */
export function createLoop(run: () => Promise<number>): Loop {
  let isRunning = false;
  let isWoken = false;
  let isStopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function turn(): Promise<void> {
    clearTimeout(timer);
    isRunning = true;
    let waitMs = 0;
    do {
      isWoken = false;
      waitMs = await run();
    } while (!isStopped && (isWoken || waitMs <= 0));
    isRunning = false;
    if (!isStopped && Number.isFinite(waitMs)) timer = setTimeout(turn, waitMs);
  }

  return {
    wake() {
      isWoken = true;
      if (!isRunning && !isStopped) void turn();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
