import { sql } from 'kysely';
import { accessOf } from './access.ts';
import type { AccessStore } from './access-store.ts';
import type { Database } from './database.ts';
import {
  decideClosing,
  decideCorrection,
  decideHeartbeat,
  decideLease,
  decideRejection,
  decideReopening,
  decideReturn,
  decideSubmission,
} from './decisions.ts';
import { GroupCommit, type Operation } from './group-commit.ts';
import { integrityOf } from './integrity.ts';
import { readsOf } from './reads.ts';
import { restore } from './restore.ts';
import type { Store, StoreOptions } from './store.ts';
import { clean, structureOf } from './structure.ts';
import type { Assignment, AssignmentKey, Lease } from './types.ts';
import { StoreUnavailable } from './unavailable.ts';
import { assignmentOf } from './views.ts';
import { query, write } from './writer.ts';

/** Leases that lapse in one transaction. */
const lapsesAtOnce = 1000;

/** A {@link Store} over either database. */
export function sqlStore(database: Database, options: StoreOptions): Store {
  const { now } = options;
  const reads = readsOf(database);
  const access: AccessStore = accessOf(database, options);
  const group = new GroupCommit(
    (operations) => commitAll(database, operations),
    (error) => !(error instanceof StoreUnavailable),
    database.lanes,
  );

  /** Changes one answer and shows it. */
  async function changed(key: AssignmentKey, decide: Operation<boolean>['decide']): Promise<Assignment | null> {
    const slots = [keyOf(key)];
    return group.run({
      slots,
      decide(set) {
        if (!decide(set)) return null;
        return assignmentOf({ ...set.assignments.get(key.campaign, key.task, key.worker)! });
      },
    });
  }

  return {
    kind: database.kind,
    access,
    ...reads,
    ...structureOf(database, options),

    async lease(request) {
      const { campaign, worker, candidates, propensities } = request;
      const propensityOf = (task: number) => propensities?.[candidates.indexOf(task)];
      const leases: Lease[] = [];
      // Every candidate looked at is locked, and the next one is likely somebody else's first choice.
      let from = 0;
      let look = request.count;
      while (leases.length < request.count && from < candidates.length) {
        const wanted = {
          ...request,
          count: request.count - leases.length,
          candidates: candidates.slice(from, from + look),
        };
        const got = await group.run({
          campaigns: [{ campaign }],
          slots: wanted.candidates.map((task) => ({ campaign, task, worker })),
          decide: (set) => decideLease(set, wanted, propensityOf, now()),
        });
        leases.push(...got);
        from += look;
        look *= 4;
      }
      return leases;
    },

    submit(items) {
      const said = items.map((item) =>
        item.skipReason === undefined
          ? { ...item, submission: clean(item.submission) }
          : {
              ...item,
              submission: clean(item.submission),
              skipReason: clean(item.skipReason),
              note: item.note === undefined ? item.note : clean(item.note),
            },
      );
      return group.run({
        slots: said.map(keyOf),
        decide: (set) => said.map((item) => decideSubmission(set, item, now())),
      });
    },

    heartbeat: (leases, expiresAt) =>
      group.run({ slots: leases.map(keyOf), decide: (set) => decideHeartbeat(set, leases, expiresAt, now()) }),

    release: (leases, actor) =>
      group.run({
        slots: leases.map(keyOf),
        decide: (set) => leases.filter((lease) => decideReturn(set, lease, 'released', now(), actor)),
      }),

    async expire(at) {
      const lapsed: AssignmentKey[] = [];
      for (;;) {
        const due = await query(database, (db) =>
          db
            .selectFrom('assignment')
            .select(['campaign', 'task', 'worker'])
            .where('state', '=', 'leased')
            .where('expires_at', '<', at)
            .orderBy('expires_at')
            .limit(lapsesAtOnce)
            .execute(),
        );
        if (due.length === 0) return lapsed;
        const gone = await group.run({
          slots: due,
          decide: (set) => due.filter((lease) => decideReturn(set, lease, 'lapsed', at, 'system')),
        });
        lapsed.push(...gone);
        if (due.length < lapsesAtOnce) return lapsed;
      }
    },

    close: (tasks, actor) =>
      group.run({
        tasks: tasks.map(({ campaign, task }) => ({ campaign, task })),
        decide: (set) =>
          tasks
            .filter((closing) => decideClosing(set, { ...closing, reason: clean(closing.reason) }, now(), actor))
            .map(({ campaign, task }) => ({ campaign, task })),
      }),

    reopen: (campaign, tasks, reason, actor) =>
      group.run({
        tasks: tasks.map((task) => ({ campaign, task })),
        decide: (set) =>
          tasks.filter((task) => decideReopening(set, campaign, task, { reason, at: now(), actor })).length,
      }),

    correct: (answer, actor) =>
      changed(answer, (set) =>
        decideCorrection(set, { ...answer, submission: clean(answer.submission) }, now(), actor),
      ),

    reject: (answer, note, actor) =>
      changed(answer, (set) => decideRejection(set, answer, { note: clean(note), at: now(), actor })),

    restore: (events) => restore(database, events),
    integrity: () => query(database, (db) => integrityOf(db, database)),
    ping: () => query(database, async (db) => void (await sql`select 1`.execute(db))),

    async [Symbol.asyncDispose]() {
      await group.idle();
      await database.db.destroy();
    },
  };
}

/** One transaction for many operations: load and lock what all of them need, decide each, write. */
function commitAll(database: Database, operations: readonly Operation<unknown>[]): Promise<unknown[]> {
  return write(database, async (set) => {
    const slots = operations.flatMap((operation) => operation.slots ?? []);
    // Asked together and answered in this order: none waits for the journey of the one before.
    await Promise.all([
      set.readCampaigns(operations.flatMap((operation) => operation.campaigns ?? [])),
      set.loadTasks(operations.flatMap((operation) => operation.tasks ?? []).concat(slots)),
      set.loadWorkers(slots),
      set.loadAssignments(slots),
    ]);
    return operations.map((operation) => operation.decide(set));
  });
}

function keyOf({ campaign, task, worker }: AssignmentKey): AssignmentKey {
  return { campaign, task, worker };
}
