/** What a generator returns, its pauses ignored. */
export function finished<T>(run: Generator<unknown, T, void>): T {
  for (;;) {
    const step = run.next();
    if (step.done === true) return step.value;
  }
}
