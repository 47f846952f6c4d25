import type { Random } from './random.ts';

/**
 * Draws indices in proportion to weights, also several different ones: O(log n) a draw, O(n) once.
 *
 * Weights are 0 or more on any scale, not all 0.
 */
export class WeightedDraw {
  readonly #cumulative: Float64Array;

  constructor(weights: ArrayLike<number>) {
    this.#cumulative = new Float64Array(weights.length);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) {
      sum += weights[i];
      this.#cumulative[i] = sum;
    }
  }

  draw(random: Random): number {
    const cumulative = this.#cumulative;
    const at = random.uniform() * cumulative[cumulative.length - 1];
    let [low, high] = [0, cumulative.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulative[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /**
   * An index not among the `count` entries of `taken` from `from` on; there must be one.
   *
   * Few are taken in practice, so drawing again is quick; after 50 attempts the next free index is given.
   */
  drawFresh(random: Random, taken: ArrayLike<number>, from: number, count: number): number {
    let index = 0;
    for (let attempt = 0; attempt < 50; attempt++) {
      index = this.draw(random);
      if (!isTaken(taken, from, count, index)) return index;
    }
    while (isTaken(taken, from, count, index)) index = (index + 1) % this.#cumulative.length;
    return index;
  }
}

function isTaken(taken: ArrayLike<number>, from: number, count: number, index: number): boolean {
  for (let i = from; i < from + count; i++) if (taken[i] === index) return true;
  return false;
}
