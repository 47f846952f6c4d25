import type { AssignmentKey } from './types.ts';
import type { WorkingSet } from './working-set.ts';

/** A change that can share a transaction with others. */
export interface Operation<Result> {
  /** The assignments it may read or change, with their tasks and workers. */
  readonly slots?: readonly AssignmentKey[];
  readonly tasks?: readonly { readonly campaign: number; readonly task: number }[];
  /** Campaigns it reads. */
  readonly campaigns?: readonly { readonly campaign: number }[];
  /** Looks at the rows and records what happens. Runs again when the transaction has to. */
  decide(set: WorkingSet): Result;
}

interface Waiting {
  readonly operation: Operation<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Runs operations in one transaction and returns their results once it is durable. */
export type CommitAll = (operations: readonly Operation<unknown>[]) => Promise<unknown[]>;

/** More operations in one transaction gain nothing and make the first wait for the last. */
const mostTogether = 256;

/**
 * Puts the operations of one turn of the event loop, and those that arrive while a commit is under way, into one
 * transaction: the disk is asked once for many answers.
 *
 * Where the database takes several transactions at once, so many are under way: while it works on one, the next is
 * prepared. An operation whose own fault fails the transaction does not take the others with it: they are run again one
 * by one.
 */
export class GroupCommit {
  readonly #commit: CommitAll;
  readonly #isFault: (error: unknown) => boolean;
  readonly #lanes: number;
  readonly #running: Set<Promise<void>> = new Set();
  #waiting: Waiting[] = [];
  #turn: Promise<void> | undefined;

  /** `isFault` tells the failure of an operation from that of the database, which would fail each one alone too. */
  constructor(commit: CommitAll, isFault: (error: unknown) => boolean, lanes: number) {
    this.#commit = commit;
    this.#isFault = isFault;
    this.#lanes = lanes;
  }

  run<Result>(operation: Operation<Result>): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ operation, resolve: resolve as (result: unknown) => void, reject });
    this.#turn ??= new Promise<void>((turn) => setImmediate(turn)).then(() => {
      this.#turn = undefined;
      this.#start();
    });
    return promise;
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#turn !== undefined || this.#running.size > 0) await (this.#turn ?? Promise.race(this.#running));
  }

  #start(): void {
    while (this.#waiting.length > 0 && this.#running.size < this.#lanes) {
      const lane = this.#together(this.#waiting.splice(0, mostTogether)).then(() => {
        this.#running.delete(lane);
        this.#start();
      });
      this.#running.add(lane);
    }
  }

  async #together(group: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#commit(group.map(({ operation }) => operation));
      group.forEach(({ resolve }, i) => {
        resolve(results[i]);
      });
    } catch (error) {
      if (group.length > 1 && this.#isFault(error)) for (const each of group) await this.#together([each]);
      else for (const { reject } of group) reject(error);
    }
  }
}
