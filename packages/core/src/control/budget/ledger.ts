import { BudgetError, InputError, StateError } from '../../errors.ts';

/** Money set aside for one lease, in whole micro-units. */
export interface Reservation {
  readonly id: string;
  readonly task: string;
  readonly worker: string;
  readonly micros: number;
}

/** What a ledger knows, as JSON. */
export interface LedgerState {
  readonly budgetMicros: number;
  readonly committedMicros: number;
  readonly reservations: readonly Reservation[];
  readonly byTask: Readonly<Record<string, number>>;
  readonly byWorker: Readonly<Record<string, number>>;
  /** Ids that were committed or released: doing it again changes nothing. */
  readonly settled: Readonly<Record<string, 'committed' | 'released'>>;
}

/**
 * Money of a campaign: reserved when an answer is asked for, committed when it is accepted, released when it is not.
 *
 * Invariant after every call: committed + reserved ≤ budget, all whole micro-units, nothing negative. `commit` and
 * `release` may be repeated with the same id, as after a lost acknowledgement: the first call counts. One writer at a
 * time; it neither waits nor draws random numbers, so replaying the calls gives the same ledger. O(1) a call.
 *
 * @example
 * const ledger = new Ledger(100);
 * ledger.reserve({ id: 'lease-1', task: 't1', worker: 'ana', micros: 60 });
 * ledger.canReserve(60); // => false
 * ledger.release('lease-1');
 */
export class Ledger {
  #budget: number;
  #committed = 0;
  #reserved = 0;
  readonly #open = new Map<string, Reservation>();
  readonly #settled = new Map<string, 'committed' | 'released'>();
  readonly #byTask = new Map<string, number>();
  readonly #byWorker = new Map<string, number>();

  constructor(budgetMicros: number) {
    this.#budget = micros(budgetMicros, 'budget');
  }

  get budgetMicros(): number {
    return this.#budget;
  }
  get committedMicros(): number {
    return this.#committed;
  }
  get reservedMicros(): number {
    return this.#reserved;
  }
  /** What may still be promised. */
  get freeMicros(): number {
    return this.#budget - this.#committed - this.#reserved;
  }

  /** Committed money of a task or a worker. */
  spentOn(task: string): number {
    return this.#byTask.get(task) ?? 0;
  }
  paidTo(worker: string): number {
    return this.#byWorker.get(worker) ?? 0;
  }

  canReserve(amountMicros: number): boolean {
    return amountMicros <= this.freeMicros;
  }

  /**
   * Sets money aside.
   *
   * @throws {BudgetError} over-budget when there is not so much left; nothing is set aside
   * @throws {StateError} duplicate-reservation when the id was used
   */
  reserve(reservation: Reservation): void {
    const amount = micros(reservation.micros, 'price');
    const { id } = reservation;
    if (this.#open.has(id) || this.#settled.has(id)) {
      throw new StateError(`invalid reservation "${id}": the id was used; give each lease its own`, {
        code: 'duplicate-reservation',
        got: id,
        hint: 'give each lease its own id',
      });
    }
    if (!this.canReserve(amount)) {
      throw new BudgetError(`invalid price ${amount}: ${this.freeMicros} micro-units are left; raise the budget`, {
        code: 'over-budget',
        got: String(amount),
        hint: 'raise the budget or wait until reserved money is released',
      });
    }
    this.#open.set(id, { ...reservation });
    this.#reserved += amount;
  }

  /** Pays a reservation, or less of it; the rest is released. Returns false when it was settled before. */
  commit(id: string, paidMicros?: number): boolean {
    if (this.#settled.has(id)) return false;
    const reservation = this.#known(id);
    const paid = micros(paidMicros ?? reservation.micros, 'payment');
    if (paid > reservation.micros) {
      throw new BudgetError(`invalid payment ${paid}: ${reservation.micros} were reserved; pay at most that`, {
        code: 'over-reservation',
        got: String(paid),
        hint: 'pay at most what was reserved',
      });
    }
    this.#settle(reservation, 'committed');
    this.#committed += paid;
    this.#byTask.set(reservation.task, this.spentOn(reservation.task) + paid);
    this.#byWorker.set(reservation.worker, this.paidTo(reservation.worker) + paid);
    return true;
  }

  /** Gives reserved money back. Returns false when it was settled before. */
  release(id: string): boolean {
    if (this.#settled.has(id)) return false;
    this.#settle(this.#known(id), 'released');
    return true;
  }

  /**
   * Changes the budget.
   *
   * @throws {BudgetError} over-budget when more than that is committed or reserved
   */
  setBudget(budgetMicros: number): void {
    const budget = micros(budgetMicros, 'budget');
    if (budget < this.#committed + this.#reserved) {
      const hint = `give at least ${this.#committed + this.#reserved}, what is spent and reserved`;
      throw new BudgetError(`invalid budget ${budget}; ${hint}`, { code: 'over-budget', got: String(budget), hint });
    }
    this.#budget = budget;
  }

  toJSON(): LedgerState {
    return {
      budgetMicros: this.#budget,
      committedMicros: this.#committed,
      reservations: [...this.#open.values()],
      byTask: Object.fromEntries(this.#byTask),
      byWorker: Object.fromEntries(this.#byWorker),
      settled: Object.fromEntries(this.#settled),
    };
  }

  static fromJSON(state: LedgerState): Ledger {
    const ledger = new Ledger(state.budgetMicros);
    ledger.#committed = state.committedMicros;
    for (const reservation of state.reservations) {
      ledger.#open.set(reservation.id, reservation);
      ledger.#reserved += reservation.micros;
    }
    for (const [task, amount] of Object.entries(state.byTask)) ledger.#byTask.set(task, amount);
    for (const [worker, amount] of Object.entries(state.byWorker)) ledger.#byWorker.set(worker, amount);
    for (const [id, how] of Object.entries(state.settled)) ledger.#settled.set(id, how);
    return ledger;
  }

  #known(id: string): Reservation {
    const reservation = this.#open.get(id);
    if (reservation !== undefined) return reservation;
    throw new StateError(`unknown reservation "${id}"; reserve before paying or releasing`, {
      code: 'unknown-reservation',
      got: id,
      hint: 'reserve before paying or releasing',
    });
  }

  #settle(reservation: Reservation, how: 'committed' | 'released'): void {
    this.#open.delete(reservation.id);
    this.#settled.set(reservation.id, how);
    this.#reserved -= reservation.micros;
  }
}

function micros(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  const hint = 'give whole micro-units of money, 0 or more';
  throw new InputError(`invalid ${name} ${value}; ${hint}`, { code: `invalid-${name}`, got: String(value), hint });
}
