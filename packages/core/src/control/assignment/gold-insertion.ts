import { InputError } from '../../errors.ts';
import type { Random } from '../../math/random.ts';

export interface GoldSchedule {
  /** Gold questions a worker begins with, default 5. */
  readonly entry?: number;
  /** Share of gold in the first `early` questions after them, default 0.2 of 25. */
  readonly earlyShare?: number;
  readonly early?: number;
  /** Share afterwards, default 0.05. */
  readonly share?: number;
}

/**
 * Which of a worker's next `count` questions are gold: an entry test, then more at first and fewer later.
 *
 * Stratified: each block of 1/share questions holds exactly one gold question at a random place, so that no worker is lucky
 * and none can tell the place. `count` flags in order. Take the draw from `random.fork(worker)`.
 *
 * @throws {InputError} invalid-option
 * @example
 * goldPlaces(30, new Random(1)).filter(Boolean).length; // => 10
 */
export function goldPlaces(count: number, random: Random, schedule: GoldSchedule = {}): boolean[] {
  const { entry = 5, earlyShare = 0.2, early = 25, share = 0.05 } = schedule;
  if (![earlyShare, share].every((value) => value >= 0 && value <= 1) || !(entry >= 0) || !(early >= 0)) {
    const hint = 'give shares in [0, 1] and numbers of 0 or more';
    throw new InputError(`invalid schedule of gold questions; ${hint}`, { code: 'invalid-option', hint });
  }
  const places: boolean[] = new Array(Math.min(entry, count)).fill(true);
  while (places.length < count) {
    const rate = places.length < entry + early ? earlyShare : share;
    const block = rate > 0 ? Math.max(1, Math.round(1 / rate)) : count - places.length;
    const gold = rate > 0 ? random.integer(block) : -1;
    for (let place = 0; place < block && places.length < count; place++) places.push(place === gold);
  }
  return places;
}
