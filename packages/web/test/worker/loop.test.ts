import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLoop } from '../../src/worker/loop.ts';

describe('loop', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('runs once more when it was woken while it ran, never twice at a time', async () => {
    let running = 0;
    let runs = 0;
    const loop = createLoop(async () => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
      runs++;
      return Number.POSITIVE_INFINITY;
    });
    loop.wake();
    loop.wake();
    loop.wake();
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toBe(2);
  });

  it('comes back after the time it asked for, or when woken before', async () => {
    const at: number[] = [];
    const loop = createLoop(async () => {
      at.push(Date.now());
      return 100;
    });
    const begin = Date.now();
    loop.wake();
    await vi.advanceTimersByTimeAsync(150);
    loop.wake();
    await vi.advanceTimersByTimeAsync(99);
    loop.stop();
    await vi.advanceTimersByTimeAsync(1000);
    expect(at.map((time) => time - begin)).toEqual([0, 100, 150]);
  });
});
