import { setImmediate } from 'node:timers/promises';
import { Random } from '@assay/core';
import { mostUncertain, type Policy, type PolicyState, TaskQueue, valuePerPrice } from '@assay/core/control';
import { mix32 } from '@assay/core/math';
import { classesOf } from '../protocol/index.ts';
import type { Beliefs } from './beliefs.ts';
import type { Header } from './header.ts';
import { type TaskBook, unlimited } from './task-book.ts';
import type { WorkerBook } from './worker-book.ts';

/** Tasks of equal score among which each worker's next one is drawn. */
const shuffle = 16;

/** A task chosen for a worker. */
export interface Candidate {
  readonly task: number;
  /** The probability of the choice, for unbiased evaluation afterwards. */
  readonly propensity: number;
}

/**
 * Who answers what next: the open tasks of a campaign in the order of its policy, practice first, gold mixed in.
 *
 * Looks at the books of tasks and workers and at the beliefs, which others keep; {@link place} tells it of a change.
 */
export class Router {
  readonly #tasks: TaskBook;
  readonly #workers: readonly WorkerBook[];
  readonly #beliefs: Beliefs | undefined;
  readonly #random: Random;
  readonly #queue: TaskQueue;
  #header: Header;
  #policy: Policy;

  /**
   * `process` tells processes that share a database apart: they begin at different tasks, so that they seldom want the
   * same place.
   */
  constructor(
    header: Header,
    books: {
      readonly tasks: TaskBook;
      readonly workers: readonly WorkerBook[];
      readonly beliefs: Beliefs | undefined;
    },
    process: number,
  ) {
    this.#tasks = books.tasks;
    this.#workers = books.workers;
    this.#beliefs = books.beliefs;
    this.#queue = new TaskQueue(64, mix32(header.seed, process));
    this.#random = new Random(header.seed).fork(`live/${process}`);
    this.#header = header;
    this.#policy = policyOf(header);
  }

  /** Follows other settings from now on; the tasks have to be placed anew. */
  follow(header: Header): void {
    this.#header = header;
    this.#policy = policyOf(header);
  }

  grow(tasks: number): void {
    this.#queue.grow(tasks);
  }

  /** How many practice tasks a worker still has to do. */
  practiceLeft(worker: WorkerBook): number {
    const { practiceRight } = this.#header.settings;
    const left = this.#tasks.practice.length - worker.practiceDone;
    if (practiceRight > 0 && worker.practiceRight >= practiceRight) return 0;
    return practiceRight > 0 ? Math.min(left, practiceRight - worker.practiceRight) : left;
  }

  /**
   * The tasks to offer a worker, in order of preference: practice first, then by the policy with gold mixed in silently.
   * `practiced` counts practice answers of the same request. O(log T) each.
   */
  choose(number: number, count: number, practiced: { readonly done: number; readonly right: number }): Candidate[] {
    const worker = this.#workers[number];
    const chosen = new Set<number>();
    const { practiceRight, goldShare } = this.#header.settings;
    const rightEnough = practiceRight > 0 && worker.practiceRight + practiced.right >= practiceRight;
    if (worker.practiceDone + practiced.done < this.#tasks.practice.length && !rightEnough) {
      const open = this.#tasks.practice.filter((task) => worker.mayHave(task));
      return open.slice(0, count).map((task) => ({ task, propensity: 1 }));
    }
    const state: PolicyState = {
      queue: this.#queue,
      // A question without classes is scored by the queue alone, which never looks at the stream.
      stream: this.#beliefs?.stream as PolicyState['stream'],
      may: (task) => worker.mayHave(task) && !chosen.has(task),
      priceMicros: () => 1,
    };
    const candidates: Candidate[] = [];
    const take = (task: number, propensity: number): void => {
      chosen.add(task);
      candidates.push({ task, propensity });
    };
    while (candidates.length < count) {
      if (goldIsDue(number, worker.given + candidates.length, goldShare, this.#header.seed)) {
        const task = this.#goldFor(number, state);
        if (task !== undefined) {
          take(task, 1);
          continue;
        }
      }
      const next = this.#policy.next(state, number, this.#random);
      if (next.kind === 'none') break;
      take(next.task, next.values.propensity ?? 1);
    }
    return candidates;
  }

  /** A gold task the worker has not had, from a place of the list that differs from worker to worker. */
  #goldFor(worker: number, { may }: PolicyState): number | undefined {
    const { gold } = this.#tasks;
    const from = gold.length === 0 ? 0 : mix32(this.#header.seed, worker) % gold.length;
    for (let i = 0; i < gold.length; i++) {
      const task = gold[(from + i) % gold.length];
      if (this.#tasks.isOpen(task) && may(task, worker)) return task;
    }
    return undefined;
  }

  /** Puts a task at its place in the queue, or takes it out while it has no free place. */
  place(task: number): void {
    const tasks = this.#tasks;
    if (!tasks.isReal(task)) return;
    const accepted = tasks.accepted[task];
    const leases = tasks.leases[task];
    if (!tasks.isOpen(task) || accepted + leases >= this.#wanted(accepted, tasks.k[task])) {
      this.#queue.remove(task);
      return;
    }
    // Answers under way will tell something too: each halves what is left to learn.
    const beliefs = this.#beliefs;
    const score = beliefs === undefined ? -accepted - leases : beliefs.stream.entropyOf(task) * 0.5 ** leases;
    this.#queue.set(task, score);
  }

  /** How many places may be taken now: beyond the least number, answers are asked for one at a time. */
  #wanted(accepted: number, k: number): number {
    if (k === unlimited) return Number.POSITIVE_INFINITY;
    const { adaptive } = this.#header.settings;
    return adaptive === null ? k : Math.min(k, Math.max(adaptive.least, accepted + 1));
  }

  /** Places all tasks anew, in slices of about a millisecond, so that nobody waits. */
  async placeAll(): Promise<void> {
    for (const task of this.#tasks.real()) {
      this.place(task);
      if (task % 2000 === 1999) await setImmediate();
    }
  }
}

/** Is a worker's next task a gold one? Each block of 1/share tasks has one, at a place the worker cannot know. */
export function goldIsDue(worker: number, given: number, share: number, seed: number): boolean {
  if (!(share > 0)) return false;
  const block = Math.max(1, Math.round(1 / share));
  return mix32(mix32(seed, worker), Math.floor(given / block)) % block === given % block;
}

function policyOf({ settings, question }: Header): Policy {
  const { explore } = settings;
  return settings.policy === 'value-per-price' && classesOf(question) !== undefined
    ? valuePerPrice({ explore, shuffle })
    : mostUncertain({ explore, shuffle });
}
