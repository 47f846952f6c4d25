import { mix32 } from '../../math/hash.ts';

/**
 * Open tasks by score, largest first, with scores that change one at a time: the incremental heart of assignment.
 *
 * `best` walks the heap from the top and skips tasks that a worker may not have, so a decision touches a handful of tasks
 * whatever their number. Ties are broken by a hash of (seed, task), the same whatever the order of updates. `set` and
 * `remove` O(log n); `best` O(s log s) for s tasks skipped.
 */
export class TaskQueue {
  #heap: Uint32Array;
  #size = 0;
  #place: Int32Array;
  #score: Float64Array;
  #tie: Uint32Array;
  readonly #seed: number;
  readonly #frontier: number[] = [];

  constructor(tasks: number, seed = 0) {
    this.#seed = seed;
    this.#heap = new Uint32Array(tasks);
    this.#place = new Int32Array(tasks).fill(-1);
    this.#score = new Float64Array(tasks);
    this.#tie = Uint32Array.from({ length: tasks }, (_, task) => mix32(seed, task));
  }

  get size(): number {
    return this.#size;
  }

  /** Makes room for tasks that came since. Never shrinks. */
  grow(tasks: number): void {
    const before = this.#tie.length;
    if (tasks <= before) return;
    const heap = new Uint32Array(tasks);
    heap.set(this.#heap);
    this.#heap = heap;
    const place = new Int32Array(tasks).fill(-1);
    place.set(this.#place);
    this.#place = place;
    const score = new Float64Array(tasks);
    score.set(this.#score);
    this.#score = score;
    const tie = Uint32Array.from({ length: tasks }, (_, task) =>
      task < before ? this.#tie[task] : mix32(this.#seed, task),
    );
    this.#tie = tie;
  }

  has(task: number): boolean {
    return this.#place[task] >= 0;
  }

  scoreOf(task: number): number {
    return this.#score[task];
  }

  /** The task at a place of the heap, for drawing one at random: any of 0 … size − 1. */
  at(place: number): number {
    return this.#heap[place];
  }

  /** Adds a task or changes its score. */
  set(task: number, score: number): void {
    this.#score[task] = score;
    let place = this.#place[task];
    if (place < 0) {
      place = this.#size++;
      this.#heap[place] = task;
      this.#place[task] = place;
    }
    this.#down(this.#up(place));
  }

  remove(task: number): void {
    const place = this.#place[task];
    if (place < 0) return;
    this.#place[task] = -1;
    const last = this.#heap[--this.#size];
    if (last === task) return;
    this.#heap[place] = last;
    this.#place[last] = place;
    this.#down(this.#up(place));
  }

  /**
   * Up to `count` tasks of largest score that `may` lets through, best first; gives up after skipping `mostSkipped`.
   */
  best(count: number, may: (task: number) => boolean, mostSkipped = 5000): number[] {
    const found: number[] = [];
    const frontier = this.#frontier;
    frontier.length = 0;
    if (this.#size > 0) frontier.push(0);
    let skipped = 0;
    while (frontier.length > 0 && found.length < count && skipped < mostSkipped) {
      const place = this.#pop();
      const task = this.#heap[place];
      if (may(task)) found.push(task);
      else skipped++;
      const left = 2 * place + 1;
      if (left < this.#size) this.#push(left);
      if (left + 1 < this.#size) this.#push(left + 1);
    }
    return found;
  }

  #before(a: number, b: number): boolean {
    const [x, y] = [this.#score[a], this.#score[b]];
    return x > y || (x === y && this.#tie[a] < this.#tie[b]);
  }

  #up(from: number): number {
    const task = this.#heap[from];
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent];
      if (!this.#before(task, above)) break;
      this.#heap[place] = above;
      this.#place[above] = place;
      place = parent;
    }
    this.#heap[place] = task;
    this.#place[task] = place;
    return place;
  }

  #down(from: number): void {
    const task = this.#heap[from];
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#before(this.#heap[child + 1], this.#heap[child])) child++;
      const below = this.#heap[child];
      if (!this.#before(below, task)) break;
      this.#heap[place] = below;
      this.#place[below] = place;
      place = child;
    }
    this.#heap[place] = task;
    this.#place[task] = place;
  }

  /** The frontier is a small heap of places, by the same order. */
  #push(place: number): void {
    const frontier = this.#frontier;
    let at = frontier.push(place) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(this.#heap[place], this.#heap[frontier[parent]])) break;
      frontier[at] = frontier[parent];
      at = parent;
    }
    frontier[at] = place;
  }

  #pop(): number {
    const frontier = this.#frontier;
    const top = frontier[0];
    const last = frontier.pop() as number;
    if (frontier.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= frontier.length) break;
      if (child + 1 < frontier.length && this.#before(this.#heap[frontier[child + 1]], this.#heap[frontier[child]])) {
        child++;
      }
      if (!this.#before(this.#heap[frontier[child]], this.#heap[last])) break;
      frontier[at] = frontier[child];
      at = child;
    }
    frontier[at] = last;
    return top;
  }
}
