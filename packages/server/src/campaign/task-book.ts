import type { TaskRole } from '../protocol/index.ts';

export const taskRoleCodes: readonly TaskRole[] = ['task', 'gold', 'practice'];
/** Whether a task takes answers; one that is closing takes none, though the database does not know yet. */
export type Openness = 'open' | 'closing' | 'closed';
const opennessCodes: readonly Openness[] = ['open', 'closing', 'closed'];

/** `k` of a task that takes any number of answers. */
export const unlimited = -1;

/**
 * What a process knows of the tasks of a campaign: a few numbers each, in columns that grow.
 *
 * A copy for decisions; the database has the last word.
 */
export class TaskBook {
  size = 0;
  role: Uint8Array = new Uint8Array(64);
  k: Int32Array = new Int32Array(64);
  leases: Int32Array = new Int32Array(64);
  accepted: Int32Array = new Int32Array(64);
  #openness: Uint8Array = new Uint8Array(64);
  /** Open tasks of role `task`. */
  open = 0;
  readonly gold: number[] = [];
  readonly practice: number[] = [];

  /** Adds a task, open; or changes the role of one that is there. */
  add(task: number, role: TaskRole, k: number | null): void {
    if (task >= this.role.length) this.#grow(task + 1);
    if (task < this.size && this.isReal(task) && this.isOpen(task)) this.open--;
    this.size = Math.max(this.size, task + 1);
    this.role[task] = taskRoleCodes.indexOf(role);
    if (this.isReal(task) && this.isOpen(task)) this.open++;
    this.k[task] = k ?? unlimited;
    const list = role === 'gold' ? this.gold : role === 'practice' ? this.practice : undefined;
    if (list !== undefined && !list.includes(task)) list.push(task);
  }

  isReal(task: number): boolean {
    return this.role[task] === 0;
  }

  isPractice(task: number): boolean {
    return this.role[task] === 2;
  }

  isOpen(task: number): boolean {
    return this.#openness[task] === 0;
  }

  isClosed(task: number): boolean {
    return this.#openness[task] === 2;
  }

  /** Returns whether that is new. */
  setStatus(task: number, status: Openness): boolean {
    const code = opennessCodes.indexOf(status);
    if (task >= this.size || this.#openness[task] === code) return false;
    if (this.isReal(task)) this.open += Number(code === 0) - Number(this.isOpen(task));
    this.#openness[task] = code;
    return true;
  }

  /** The tasks of role `task`. */
  *real(): Generator<number> {
    for (let task = 0; task < this.size; task++) if (this.isReal(task)) yield task;
  }

  #grow(least: number): void {
    const size = Math.max(least, 2 * this.role.length);
    const grown = <A extends Uint8Array | Int32Array>(old: A, made: A): A => {
      made.set(old);
      return made;
    };
    this.role = grown(this.role, new Uint8Array(size));
    this.k = grown(this.k, new Int32Array(size));
    this.leases = grown(this.leases, new Int32Array(size));
    this.accepted = grown(this.accepted, new Int32Array(size));
    this.#openness = grown(this.#openness, new Uint8Array(size));
  }
}
