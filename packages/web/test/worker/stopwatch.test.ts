import { expect, it } from 'vitest';
import { createStopwatch } from '../../src/worker/stopwatch.ts';

it('counts only the time the card was in sight', () => {
  let now = 0;
  const watch = createStopwatch(() => now);
  now = 1000;
  watch.pause();
  watch.pause();
  now = 60_000;
  watch.resume();
  watch.resume();
  now = 60_500;
  expect(watch.spentMs).toBe(1500);
  watch.restart();
  expect(watch.spentMs).toBe(0);
  now = 60_600;
  expect(watch.spentMs).toBe(100);
});
