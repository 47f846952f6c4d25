import { StateError } from '../../errors.ts';
import { Ledger, type LedgerState } from './ledger.ts';

/** An answer slot promised to a worker until `expiresAt`. */
export interface Lease {
  readonly id: string;
  readonly task: string;
  readonly worker: string;
  readonly micros: number;
  /** Milliseconds of the clock the desk is called with. */
  readonly expiresAt: number;
}

export interface DeskOptions {
  readonly budgetMicros: number;
  /** Open leases plus accepted answers of a task never exceed this. */
  readonly answersPerTask: number;
  /** Default two minutes. */
  readonly leaseMs?: number;
  /** Open leases of one worker at a time, default 1. */
  readonly concurrency?: number;
  /** Accepted answers of one worker, default no limit. */
  readonly quota?: number;
  /** Workers of one group (a household, a family of models) never share a task. */
  readonly groupOf?: (worker: string) => string | undefined;
  /** May this worker take this task? Default yes. */
  readonly qualified?: (worker: string, task: string) => boolean;
}

/** Why a lease was refused; each names one constraint. */
export type Refusal = 'closed' | 'full' | 'repeat' | 'group' | 'quota' | 'concurrency' | 'unqualified' | 'budget';

/** What became of an answer: `late` ones came after their lease lapsed and its slot was given away. */
export type Acceptance = 'accepted' | 'repeated' | 'late' | 'closed';

/** A {@link Desk} as JSON. */
export interface DeskState {
  readonly ledger: LedgerState;
  readonly leases: readonly Lease[];
  /** Leases that ended without an answer: a late one may still come. */
  readonly lapsed: readonly Lease[];
  readonly answered: readonly (readonly [task: string, worker: string])[];
  /** Leases whose answer was taken: taking it again changes nothing. */
  readonly accepted: readonly string[];
  readonly closed: Readonly<Record<string, string>>;
  readonly next: number;
  /** Leases that lapsed in a row, by worker. */
  readonly lapses: Readonly<Record<string, number>>;
}

/** Leases that lapse in a row before a worker gets one at a time only. */
const mostLapses = 3;

/**
 * Leases, answers and money of a campaign: the constraints that hold whatever the order of events.
 *
 * After any sequence of calls: a task never has more open leases and accepted answers than `answersPerTask`; no worker is
 * on a task twice; money committed and reserved stays within the budget; a closed task has a reason and no open lease.
 * The clock is passed in; `expire` must be called with it before `offer` when slots should return (calling it again is
 * harmless). Answers are idempotent by lease. A lapsed lease whose slot is still free is taken back when its answer comes
 * late and the money is there; otherwise the answer is `late` and not paid. A lapse does not free the worker for the same
 * task. `refusal`, `offer` and `accept` are O(1), with groups O(workers of the task); `expire` looks at all open leases, but
 * only when one can have lapsed.
 */
export class Desk {
  readonly ledger: Ledger;
  readonly #options: DeskOptions;
  readonly #leases = new Map<string, Lease>();
  readonly #lapsed = new Map<string, Lease>();
  readonly #byTask = new Map<string, Set<string>>();
  readonly #open = new Map<string, Set<string>>();
  readonly #answers = new Map<string, Set<string>>();
  /** Accepted answers and open leases of each worker. */
  readonly #given = new Map<string, number>();
  readonly #running = new Map<string, number>();
  readonly #closed = new Map<string, string>();
  readonly #lapses = new Map<string, number>();
  readonly #accepted = new Set<string>();
  #next = 1;
  /** No open lease ends before this. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(options: DeskOptions, ledger: Ledger = new Ledger(options.budgetMicros)) {
    this.#options = options;
    this.ledger = ledger;
  }

  /** Accepted answers of a task. */
  answersOf(task: string): number {
    return this.#answers.get(task)?.size ?? 0;
  }
  openLeasesOf(task: string): number {
    return this.#open.get(task)?.size ?? 0;
  }
  /** Why a task was closed, or undefined while it is open. */
  closedBecause(task: string): string | undefined {
    return this.#closed.get(task);
  }
  get leases(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  /** What stands against giving this task to this worker, or undefined. */
  refusal(task: string, worker: string, amountMicros: number): Refusal | undefined {
    const { answersPerTask, concurrency = 1, quota, groupOf, qualified } = this.#options;
    if (this.#closed.has(task)) return 'closed';
    if (this.answersOf(task) + this.openLeasesOf(task) >= answersPerTask) return 'full';
    const seen = this.#byTask.get(task);
    if (seen?.has(worker) === true) return 'repeat';
    const group = groupOf?.(worker);
    if (group !== undefined && seen !== undefined) {
      for (const other of seen) if (groupOf?.(other) === group) return 'group';
    }
    const running = this.#running.get(worker) ?? 0;
    if (quota !== undefined && (this.#given.get(worker) ?? 0) + running >= quota) return 'quota';
    const allowed = (this.#lapses.get(worker) ?? 0) >= mostLapses ? 1 : concurrency;
    if (running >= allowed) return 'concurrency';
    if (qualified !== undefined && !qualified(worker, task)) return 'unqualified';
    return this.ledger.canReserve(amountMicros) ? undefined : 'budget';
  }

  /** Leases a slot of a task to a worker and reserves its price, or says what stands against it. */
  offer(task: string, worker: string, amountMicros: number, now: number): Lease | Refusal {
    const against = this.refusal(task, worker, amountMicros);
    if (against !== undefined) return against;
    const lease: Lease = {
      id: `lease-${this.#next++}`,
      task,
      worker,
      micros: amountMicros,
      expiresAt: now + (this.#options.leaseMs ?? 120_000),
    };
    this.ledger.reserve(lease);
    this.#begin(lease);
    return lease;
  }

  /** Extends a lease, at most to `until`. */
  heartbeat(id: string, until: number): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined || until <= lease.expiresAt) return false;
    this.#leases.set(id, { ...lease, expiresAt: until });
    return true;
  }

  /**
   * Takes the answer of a lease and pays it.
   *
   * @throws {StateError} unknown-lease
   */
  accept(id: string): Acceptance {
    if (this.#accepted.has(id)) return 'repeated';
    const lease = this.#leases.get(id) ?? this.#lapsed.get(id);
    if (lease === undefined) {
      throw new StateError(`unknown lease "${id}"; offer the task first`, {
        code: 'unknown-lease',
        got: id,
        hint: 'offer the task first',
      });
    }
    const { task, worker } = lease;
    if (this.#leases.has(id)) {
      this.#end(lease);
      this.ledger.commit(id);
    } else {
      if (this.#closed.has(task)) return 'closed';
      const full = this.answersOf(task) + this.openLeasesOf(task) >= this.#options.answersPerTask;
      if (full || !this.ledger.canReserve(lease.micros)) return 'late';
      this.#lapsed.delete(id);
      this.ledger.reserve({ ...lease, id: `${id}/late` });
      this.ledger.commit(`${id}/late`);
    }
    this.#accepted.add(id);
    this.#lapses.delete(worker);
    setOf(this.#answers, task).add(worker);
    addTo(this.#given, worker, 1);
    return 'accepted';
  }

  /** Ends every lease that lapsed by now and returns them. Calling it again changes nothing. */
  expire(now: number): Lease[] {
    if (now < this.#earliest) return [];
    const ended: Lease[] = [];
    this.#earliest = Number.POSITIVE_INFINITY;
    for (const lease of this.#leases.values()) {
      if (lease.expiresAt <= now) ended.push(lease);
      else this.#earliest = Math.min(this.#earliest, lease.expiresAt);
    }
    for (const lease of ended) {
      this.#end(lease);
      this.ledger.release(lease.id);
      this.#lapsed.set(lease.id, lease);
      addTo(this.#lapses, lease.worker, 1);
    }
    return ended;
  }

  /** Closes a task with a reason; its open leases end unpaid. The first reason stays. */
  close(task: string, reason: string): void {
    if (this.#closed.has(task)) return;
    this.#closed.set(task, reason);
    for (const id of [...(this.#open.get(task) ?? [])]) {
      const lease = this.#leases.get(id) as Lease;
      this.#end(lease);
      this.ledger.release(id);
      this.#lapsed.set(id, lease);
    }
  }

  /** The desk as it was when `state` was taken, to the next call's result; the options are not part of the state. */
  static fromJSON(state: DeskState, options: DeskOptions): Desk {
    const desk = new Desk(options, Ledger.fromJSON(state.ledger));
    for (const lease of state.leases) desk.#begin(lease);
    for (const lease of state.lapsed) {
      desk.#lapsed.set(lease.id, lease);
      setOf(desk.#byTask, lease.task).add(lease.worker);
    }
    for (const [task, worker] of state.answered) {
      setOf(desk.#byTask, task).add(worker);
      setOf(desk.#answers, task).add(worker);
      addTo(desk.#given, worker, 1);
    }
    for (const id of state.accepted) desk.#accepted.add(id);
    for (const [task, reason] of Object.entries(state.closed)) desk.#closed.set(task, reason);
    for (const [worker, lapses] of Object.entries(state.lapses)) desk.#lapses.set(worker, lapses);
    desk.#next = state.next;
    return desk;
  }

  toJSON(): DeskState {
    return {
      ledger: this.ledger.toJSON(),
      leases: this.leases,
      lapsed: [...this.#lapsed.values()],
      answered: [...this.#answers].flatMap(([task, workers]) => [...workers].map((worker) => [task, worker] as const)),
      accepted: [...this.#accepted],
      closed: Object.fromEntries(this.#closed),
      next: this.#next,
      lapses: Object.fromEntries(this.#lapses),
    };
  }

  #begin(lease: Lease): void {
    this.#leases.set(lease.id, lease);
    setOf(this.#open, lease.task).add(lease.id);
    setOf(this.#byTask, lease.task).add(lease.worker);
    addTo(this.#running, lease.worker, 1);
    this.#earliest = Math.min(this.#earliest, lease.expiresAt);
  }

  #end(lease: Lease): void {
    this.#leases.delete(lease.id);
    this.#open.get(lease.task)?.delete(lease.id);
    addTo(this.#running, lease.worker, -1);
  }
}

function addTo(map: Map<string, number>, key: string, amount: number): void {
  map.set(key, (map.get(key) ?? 0) + amount);
}

function setOf(map: Map<string, Set<string>>, key: string): Set<string> {
  let set = map.get(key);
  if (set === undefined) {
    set = new Set();
    map.set(key, set);
  }
  return set;
}
