import { setImmediate as otherWork } from 'node:timers/promises';
import type { Value } from '../protocol/index.ts';
import type { Assignment, AssignmentState, Page, Store, Task, WorkerKind } from '../store/index.ts';

/** One row of the answers of a campaign: an answer or a skip, a task without any, or a worker without any. */
export interface ExportedRow {
  readonly task: Task | null;
  readonly worker: number | null;
  readonly answer: Assignment | null;
  /** The task's known label, where it is gold. */
  readonly gold: Value | null;
}

/** Who answers, by number. */
export interface People {
  readonly size: number;
  name(worker: number): string;
  kind(worker: number): WorkerKind | null;
}

/** What somebody gave: leases and those that ran out are nobody's answers. */
const given: readonly AssignmentState[] = ['accepted', 'surplus', 'skipped', 'rejected'];
/** Rows read and written at a time: some 10 ms of work, with room for everybody else's in between. */
const rowsAtOnce = 1000;

/**
 * All answers of a campaign but those to practice, by task and worker, page by page: two lists are followed side by side,
 * and no more than a page of each is held. Tasks and workers without answers have a row of their own, the workers at the
 * end. What is given meanwhile is in if its task still comes.
 */
export async function* answerPages(
  store: Store,
  campaign: number,
  people: People,
): AsyncGenerator<readonly ExportedRow[], void, void> {
  const answers = pages((after) => store.assignments(campaign, { states: given, after, limit: rowsAtOnce }));
  const heard = new Uint8Array(people.size);
  let ahead: readonly Assignment[] | undefined = [];
  let at = 0;
  let rows: ExportedRow[] = [];
  for await (const tasks of pages((after) => store.tasks(campaign, { after, limit: rowsAtOnce }))) {
    const known = await goldOf(store, campaign, tasks);
    for (const task of tasks) {
      const gold = known.get(task.task) ?? null;
      const isShown = task.role !== 'practice';
      let isSilent = isShown;
      while (ahead !== undefined) {
        if (at === ahead.length) {
          ahead = (await answers.next()).value ?? undefined;
          at = 0;
          continue;
        }
        const answer = ahead[at];
        if (answer.task > task.task) break;
        at++;
        if (!isShown || answer.task < task.task) continue;
        isSilent = false;
        heard[answer.worker] = 1;
        rows.push({ task, worker: answer.worker, answer, gold });
        if (rows.length < rowsAtOnce) continue;
        yield rows;
        rows = [];
      }
      if (isSilent) rows.push({ task, worker: null, answer: null, gold });
    }
    if (rows.length < rowsAtOnce) continue;
    yield rows;
    rows = [];
  }
  heard.forEach((is, worker) => {
    if (is === 0) rows.push({ task: null, worker, answer: null, gold: null });
  });
  yield rows;
}

/** The workers of a campaign. O(workers). */
export async function readPeople(store: Store, campaign: number): Promise<People> {
  const workers: { readonly name: string; readonly worker: number }[] = [];
  const kinds: WorkerKind[] = [];
  for await (const page of pages((after) => store.workers(campaign, { after }))) {
    for (const { worker, name, kind } of page) {
      workers.push({ worker, name });
      kinds.push(kind);
    }
  }
  const names = distinctNames(workers);
  return {
    size: names.length,
    // Somebody may have come in since.
    name: (worker) => names[worker] ?? `#${worker}`,
    kind: (worker) => kinds[worker] ?? null,
  };
}

/** Names of workers; those that several share get their number too. */
export function distinctNames(workers: readonly { readonly name: string; readonly worker: number }[]): string[] {
  const times = new Map<string, number>();
  for (const { name } of workers) times.set(name, (times.get(name) ?? 0) + 1);
  return workers.map(({ name, worker }) => (times.get(name) === 1 ? name : `${name} #${worker}`));
}

async function goldOf(store: Store, campaign: number, tasks: readonly Task[]): Promise<ReadonlyMap<number, Value>> {
  const numbers = tasks.filter(({ role }) => role === 'gold').map(({ task }) => task);
  if (numbers.length === 0) return new Map();
  return new Map((await store.contents(campaign, numbers)).map(({ task, gold }) => [task, gold as Value]));
}

async function* pages<Row>(
  read: (after: string | undefined) => Promise<Page<Row>>,
): AsyncGenerator<readonly Row[], undefined, void> {
  for (let after: string | undefined; ; ) {
    const { rows, next } = await read(after);
    yield rows;
    if (next === null) return;
    after = next;
    // SQLite answers at once: without this an export would keep everybody waiting until its end.
    await otherWork();
  }
}
