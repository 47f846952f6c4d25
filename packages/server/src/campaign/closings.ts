import type { Closing, Store } from '../store/index.ts';
import type { Beliefs } from './beliefs.ts';
import type { Header } from './header.ts';
import { StopRule } from './stopping.ts';
import type { Openness, TaskBook } from './task-book.ts';

/**
 * Closes the tasks that have answers enough, and opens them again when settings or answers change.
 *
 * Nobody waits for the database: a task that is to be closed is given to nobody from that moment, and what cannot be
 * written now is written by the next call.
 */
export class Closings {
  readonly #store: Store;
  readonly #campaign: number;
  readonly #tasks: TaskBook;
  readonly #beliefs: Beliefs | undefined;
  readonly #changed: (task: number) => void;
  readonly #unwritten = new Map<number, Closing>();
  #stopRule: StopRule;
  #writing: Promise<void> = Promise.resolve();

  /** `changed` is called for every task that opens or closes. */
  constructor(
    store: Store,
    header: Header,
    books: { readonly tasks: TaskBook; readonly beliefs: Beliefs | undefined },
    changed: (task: number) => void,
  ) {
    this.#store = store;
    this.#campaign = header.id;
    this.#tasks = books.tasks;
    this.#beliefs = books.beliefs;
    this.#changed = changed;
    this.#stopRule = new StopRule(header.settings, books.beliefs?.classes.length);
  }

  /** Follows other settings from now on; what they mean for the tasks says {@link reconsider}. */
  follow({ settings }: Header): void {
    this.#stopRule = new StopRule(settings, this.#beliefs?.classes.length);
  }

  /** Closes those of the tasks that need no more answers. Resolves when that is written, or cannot be now. */
  settle(tasks: Iterable<number>): Promise<void> {
    for (const task of tasks) {
      if (!this.#tasks.isReal(task) || !this.#tasks.isOpen(task)) continue;
      const stop = this.#stopOf(task);
      if (stop === undefined) continue;
      this.#unwritten.set(task, { campaign: this.#campaign, task, ...stop });
      this.#set(task, 'closing');
    }
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Resolves when the closings under way are written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Closes the tasks that need no more answers and opens those again that need some, by the settings of now. */
  async reconsider(actor: string, tasks: Iterable<number>): Promise<void> {
    const all = [...tasks].filter((task) => this.#tasks.isReal(task));
    const unsure = all.filter((task) => this.#tasks.isClosed(task) && this.#stopOf(task) === undefined);
    if (unsure.length > 0) {
      await this.#store.reopen(this.#campaign, unsure, 'more answers wanted', actor);
      for (const task of unsure) this.#set(task, 'open');
    }
    await this.settle(all);
  }

  /** Takes note of a task that was closed or opened by whomever. */
  learn(task: number, status: 'open' | 'closed'): void {
    if (status === 'closed') this.#unwritten.delete(task);
    // News of an earlier opening: it is being closed since.
    else if (this.#unwritten.has(task)) return;
    this.#set(task, status);
  }

  #stopOf(task: number): ReturnType<StopRule['decide']> {
    const { accepted, k } = this.#tasks;
    return this.#stopRule.decide(task, accepted[task], k[task], this.#beliefs?.posterior(task));
  }

  async #write(): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const closings = [...this.#unwritten.values()];
    try {
      await this.#store.close(closings, 'controller');
    } catch {
      // The database is away: the next call tries again.
      return;
    }
    for (const { task } of closings) this.learn(task, 'closed');
  }

  #set(task: number, status: Openness): void {
    if (this.#tasks.setStatus(task, status)) this.#changed(task);
  }
}
