import type { AnswerTable } from '../../answers/answer-table.ts';
import { InputError, shown } from '../../errors.ts';

/**
 * How the answers of tasks split over the classes, tasks with the same split counted together.
 *
 * Only tasks with two or more answers are in it: the others cannot agree or disagree. A pattern is
 * a sorted list of classes with their counts; `task count` tasks share it. A crowd with a million
 * answers has often a few hundred patterns, so every coefficient and every bootstrap draw costs the
 * patterns, not the answers. Patterns are in canonical order (answers, then classes and counts), so
 * nothing that walks them depends on the order of rows.
 */
export interface VotePatterns {
  /** K, the classes a worker could choose from. */
  readonly classCount: number;
  /** Number of patterns, P. */
  readonly patternCount: number;
  /** P + 1 offsets into `class` and `count`. */
  readonly start: Uint32Array;
  /** Classes said, ascending inside a pattern. */
  readonly class: Uint16Array;
  /** How often each was said, at least 1. */
  readonly count: Uint32Array;
  /** Answers of a task of each pattern, P, at least 2. */
  readonly size: Uint32Array;
  /** Number of tasks of each pattern, P. */
  readonly times: Uint32Array;
  /** Pattern of each task, T, or -1 for a task with fewer than two answers. */
  readonly taskPattern: Int32Array;
  /** Number of tasks with two or more answers. */
  readonly taskCount: number;
  /** Number of answers to them. */
  readonly answerCount: number;
}

/**
 * The vote patterns of a table. O(N + P log P).
 *
 * Every counted answer is one vote; weights and soft answers do not matter. Where one worker's
 * repeated answers were kept (`--duplicates all`), each is a vote of its own.
 */
export function votePatterns(table: AnswerTable): VotePatterns {
  const { taskCount, classCount, taskStart, label } = table;
  const collector = new PatternCollector(taskCount, classCount);
  const votes = new Uint32Array(classCount);
  const said: number[] = [];
  for (let task = 0; task < taskCount; task++) {
    if (taskStart[task + 1] - taskStart[task] < 2) continue;
    said.length = 0;
    for (let answer = taskStart[task]; answer < taskStart[task + 1]; answer++) {
      if (votes[label[answer]]++ === 0) said.push(label[answer]);
    }
    collector.add(task, said, votes);
    for (const k of said) votes[k] = 0;
  }
  return collector.patterns();
}

/**
 * The vote patterns of a matrix of counts: one row per task, one column per class.
 *
 * Use where only the counts of votes were published. Rows with fewer than two votes are left out.
 *
 * @throws {InputError} invalid-counts for rows of unequal length or counts that are not whole numbers
 * @example
 * fleissKappa(patternsOfCounts([[2, 1], [0, 3]])).toFixed(2); // => '0.25'
 */
export function patternsOfCounts(rows: readonly (readonly number[])[]): VotePatterns {
  const classCount = rows.length === 0 ? 0 : rows[0].length;
  const collector = new PatternCollector(rows.length, classCount);
  rows.forEach((row, task) => {
    const wrong = row.find((count) => !(Number.isInteger(count) && count >= 0 && count < 2 ** 32));
    if (wrong !== undefined || row.length !== classCount) {
      const got = wrong === undefined ? `${row.length} columns` : String(wrong);
      throw new InputError(`invalid counts in row ${task + 1}: ${shown(got)}; expected ${classCount} whole numbers`, {
        code: 'invalid-counts',
        line: task + 1,
        got,
        hint: 'give one whole number of votes per class in every row',
      });
    }
    if (row.reduce((total, count) => total + count, 0) < 2) return;
    const said = Array.from(row.keys()).filter((k) => row[k] > 0);
    collector.add(task, said, row);
  });
  return collector.patterns();
}

/** Groups tasks of equal votes by hashing their sorted (class, count) lists. */
class PatternCollector {
  readonly #classCount: number;
  readonly #taskPattern: Int32Array;
  #slots: Int32Array = new Int32Array(1024).fill(-1);
  #hashes: number[] = [];
  #start: number[] = [0];
  #class: number[] = [];
  #count: number[] = [];
  #times: number[] = [];

  constructor(taskCount: number, classCount: number) {
    this.#classCount = classCount;
    this.#taskPattern = new Int32Array(taskCount).fill(-1);
  }

  add(task: number, said: number[], votes: ArrayLike<number>): void {
    said.sort(ascending);
    let hash = said.length;
    for (const k of said) hash = Math.imul(hash ^ (k * 65_599 + votes[k]), 0x9e3779b1) ^ (hash >>> 15);
    let slot = (hash >>> 7) & (this.#slots.length - 1);
    for (;;) {
      const held = this.#slots[slot];
      if (held < 0) break;
      if (this.#hashes[held] === hash && this.#equals(held, said, votes)) {
        this.#times[held]++;
        this.#taskPattern[task] = held;
        return;
      }
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    const pattern = this.#times.length;
    for (const k of said) {
      this.#class.push(k);
      this.#count.push(votes[k]);
    }
    this.#start.push(this.#class.length);
    this.#times.push(1);
    this.#hashes.push(hash);
    this.#taskPattern[task] = pattern;
    this.#slots[slot] = pattern;
    if (pattern * 2 > this.#slots.length) this.#grow();
  }

  patterns(): VotePatterns {
    const patternCount = this.#times.length;
    const size = this.#times.map((_, pattern) => this.#sizeOf(pattern));
    const order = Array.from(this.#times.keys()).sort((a, b) => size[a] - size[b] || this.#compare(a, b));
    const rank = new Int32Array(patternCount);
    const start = new Uint32Array(patternCount + 1);
    const said = new Uint16Array(this.#class.length);
    const count = new Uint32Array(this.#class.length);
    let at = 0;
    let answerCount = 0;
    order.forEach((pattern, place) => {
      rank[pattern] = place;
      for (let i = this.#start[pattern]; i < this.#start[pattern + 1]; i++) {
        said[at] = this.#class[i];
        count[at++] = this.#count[i];
      }
      start[place + 1] = at;
      answerCount += size[pattern] * this.#times[pattern];
    });
    return {
      classCount: this.#classCount,
      patternCount,
      start,
      class: said,
      count,
      size: Uint32Array.from(order, (pattern) => size[pattern]),
      times: Uint32Array.from(order, (pattern) => this.#times[pattern]),
      taskPattern: this.#taskPattern.map((pattern) => (pattern < 0 ? -1 : rank[pattern])),
      taskCount: this.#times.reduce((total, times) => total + times, 0),
      answerCount,
    };
  }

  #equals(pattern: number, said: readonly number[], votes: ArrayLike<number>): boolean {
    const from = this.#start[pattern];
    if (this.#start[pattern + 1] - from !== said.length) return false;
    for (let i = 0; i < said.length; i++) {
      if (this.#class[from + i] !== said[i] || this.#count[from + i] !== votes[said[i]]) return false;
    }
    return true;
  }

  #sizeOf(pattern: number): number {
    let size = 0;
    for (let i = this.#start[pattern]; i < this.#start[pattern + 1]; i++) size += this.#count[i];
    return size;
  }

  #compare(a: number, b: number): number {
    const lengthOfA = this.#start[a + 1] - this.#start[a];
    const lengthOfB = this.#start[b + 1] - this.#start[b];
    for (let i = 0; i < Math.min(lengthOfA, lengthOfB); i++) {
      const x = this.#start[a] + i;
      const y = this.#start[b] + i;
      if (this.#class[x] !== this.#class[y]) return this.#class[x] - this.#class[y];
      if (this.#count[x] !== this.#count[y]) return this.#count[x] - this.#count[y];
    }
    return lengthOfA - lengthOfB;
  }

  #grow(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let pattern = 0; pattern < this.#times.length; pattern++) {
      let slot = (this.#hashes[pattern] >>> 7) & (this.#slots.length - 1);
      while (this.#slots[slot] >= 0) slot = (slot + 1) & (this.#slots.length - 1);
      this.#slots[slot] = pattern;
    }
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}
