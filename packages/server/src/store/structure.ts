/** The slow changes: campaigns, instructions, tasks, workers. Each in a transaction that locks its campaign first. */
import { InputError, shown } from '@assay/core';
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { decideReopening } from './decisions.ts';
import type { EventData, EventKind, Happening } from './events.ts';
import type { CampaignRow } from './schema.ts';
import type { Store, StoreOptions } from './store.ts';
import type { AddedTask, Campaign, Instruction, NewTask, NewWorker, Worker } from './types.ts';
import { campaignOf, workerOf } from './views.ts';
import type { WorkingSet } from './working-set.ts';
import { write } from './writer.ts';

type Structure = Pick<
  Store,
  'createCampaign' | 'changeCampaign' | 'addInstruction' | 'addTasks' | 'setK' | 'addWorker' | 'changeWorker'
>;

/** Tasks in one event, and tasks whose k changes in one transaction. */
const tasksPerEvent = 500;
const tasksPerChange = 2000;

export function structureOf(database: Database, { now }: StoreOptions): Structure {
  /** Runs `work` with the campaign's row locked. */
  function inCampaign<Result>(
    campaign: number,
    actor: string,
    work: (set: WorkingSet, row: Readonly<CampaignRow>, record: Record) => Promise<Result>,
  ): Promise<Result> {
    return write(database, async (set) => {
      await set.loadCampaigns([{ campaign }]);
      const row = set.campaigns.get(campaign);
      if (row === undefined) throw unknown('campaign', campaign);
      const at = now();
      return work(set, row, (kind, data) => set.record({ kind, campaign, at, actor, data } as Happening));
    });
  }

  return {
    createCampaign: (campaign, actor) =>
      write(database, async (set) => {
        if (database.kind === 'postgres') await sql`lock table campaign in exclusive mode`.execute(set.transaction.db);
        const { next } = await set.transaction.db
          .selectFrom('campaign')
          .select(sql<number>`coalesce(max(campaign), 0) + 1`.as('next'))
          .executeTakeFirstOrThrow();
        const { name, question, settings, seed } = campaign;
        await set.loadCampaigns([{ campaign: next }]);
        const data = { name: clean(name), question, settings, seed };
        set.record({ kind: 'campaign-created', campaign: next, at: now(), actor, data });
        return campaignOf(set.campaigns.get(next)!);
      }),

    changeCampaign: (campaign, change, actor) =>
      inCampaign(campaign, actor, async (set, _row, record) => {
        const { name, status, question, settings } = change;
        record('campaign-changed', { name: name === undefined ? name : clean(name), status, question, settings });
        return campaignOf(set.campaigns.get(campaign)!) satisfies Campaign;
      }),

    addInstruction: (campaign, text, actor) =>
      inCampaign(campaign, actor, async (set, row, record): Promise<Instruction> => {
        const version = row.instructions + 1;
        record('instruction-added', { version, text: clean(text) });
        return { version, text: clean(text), createdAt: set.instructions.get(campaign, version)!.created_at };
      }),

    addTasks: (campaign, tasks, actor) =>
      inCampaign(campaign, actor, async (set, row, record) => {
        const known = await tasksByName(set, database, campaign, tasks);
        const differ = tasks.filter((task) => (known.get(clean(task.name))?.hash ?? task.hash) !== task.hash);
        const numbers = differ.map(({ name }) => ({ campaign, task: known.get(clean(name))!.task }));
        await set.loadTasks(numbers);
        await set.loadContents(numbers);
        const met = await metTasks(set, database, numbers);
        const added: NewTask[] = [];
        const outcomes = tasks.map((task): AddedTask => {
          const name = clean(task.name);
          const there = known.get(name);
          if (there === undefined) {
            const number = row.tasks + added.length;
            added.push({ ...task, name });
            known.set(name, { task: number, hash: task.hash });
            return { task: number, outcome: 'new' };
          }
          if (there.hash === task.hash) return { task: there.task, outcome: 'present' };
          if (there.task >= row.tasks || met.has(there.task)) return { task: there.task, outcome: 'locked' };
          const { role, hash, content, gold, explanation } = task;
          record('task-changed', { task: there.task, role, hash, content, gold, explanation });
          known.set(name, { task: there.task, hash });
          return { task: there.task, outcome: 'changed' };
        });
        const first = row.tasks;
        for (let i = 0; i < added.length; i += tasksPerEvent)
          record('tasks-added', { first: first + i, tasks: added.slice(i, i + tasksPerEvent) });
        return outcomes;
      }),

    async setK(campaign, k, actor, scope = {}) {
      if (!Number.isInteger(k) || k < 0)
        throw new InputError(`invalid k ${shown(k)}: give a whole number from 0`, {
          code: 'invalid-k',
          got: String(k),
          hint: 'give a whole number from 0',
        });
      const reasons = new Set(scope.reopen);
      const total = { changed: 0, reopened: 0 };
      const tasks = scope.tasks ?? (await tasksOfRole(database, campaign));
      for (let i = 0; i < tasks.length; i += tasksPerChange) {
        const part = tasks.slice(i, i + tasksPerChange);
        const done = await write(database, async (set) => {
          await set.loadTasks(part.map((task) => ({ campaign, task })));
          const at = now();
          const there = part.filter((task) => set.tasks.get(campaign, task) !== undefined);
          const differ = there.filter((task) => set.tasks.get(campaign, task)!.k !== k);
          if (differ.length > 0) set.record({ kind: 'k-changed', campaign, at, actor, data: { k, tasks: differ } });
          const reopened = there.filter((task) => {
            const row = set.tasks.get(campaign, task)!;
            if (!reasons.has(row.reason ?? '') || row.open_leases + row.accepted >= k) return false;
            return decideReopening(set, campaign, task, { reason: `k is now ${k}`, at, actor });
          });
          return { changed: differ.length, reopened: reopened.length };
        });
        total.changed += done.changed;
        total.reopened += done.reopened;
      }
      return total;
    },

    addWorker: (campaign, worker: NewWorker, actor) =>
      inCampaign(campaign, actor, async (set, row, record): Promise<Worker> => {
        const platformId = worker.platformId === undefined ? undefined : clean(worker.platformId);
        if (platformId !== undefined) {
          const known = await set.transaction.db
            .selectFrom('worker')
            .selectAll()
            .where('campaign', '=', campaign)
            .where('platform_id', '=', platformId)
            .executeTakeFirst();
          if (known !== undefined) return workerOf(known);
        }
        const number = row.workers;
        record('worker-added', { worker: number, name: clean(worker.name), kind: worker.kind, platformId });
        return workerOf(set.workers.get(campaign, number)!);
      }),

    changeWorker: (campaign, worker, { name, paused }, actor) =>
      write(database, async (set): Promise<Worker> => {
        await set.loadWorkers([{ campaign, worker }]);
        if (set.workers.get(campaign, worker) === undefined) throw unknown('worker', worker);
        const data = { worker, name: name === undefined ? name : clean(name), paused };
        set.record({ kind: 'worker-changed', campaign, at: now(), actor, data });
        return workerOf(set.workers.get(campaign, worker)!);
      }),
  };
}

type Record = <Kind extends EventKind>(kind: Kind, data: EventData[Kind]) => void;

/**
 * Text both databases can hold: PostgreSQL has no zero character and neither has halves of characters.
 * Applied to names and notes; values are JSON, which writes those characters as escapes.
 */
export function clean(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

function unknown(what: string, number: number): InputError {
  return new InputError(`unknown ${what} ${number}`, {
    code: `unknown-${what}`,
    got: String(number),
    hint: `give the number of a ${what} that exists`,
  });
}

/** Number and content hash of those tasks that are there already. */
async function tasksByName(
  set: WorkingSet,
  database: Database,
  campaign: number,
  tasks: readonly NewTask[],
): Promise<Map<string, { task: number; hash: string }>> {
  const names = tasks.map(({ name }) => ({ campaign, name: clean(name) }));
  const { rows } = await sql<{ name: string; task: number; hash: string }>`
    select task.name, task.task, content.hash from ${database.rows('task', ['campaign', 'name'], names)} as r
    join task on task.campaign = r.campaign and task.name = r.name
    join content on content.campaign = task.campaign and content.task = task.task`.execute(set.transaction.db);
  return new Map(rows.map(({ name, task, hash }) => [name, { task, hash }]));
}

/** Those tasks that somebody was given. Asked with the tasks locked, so nobody is given one meanwhile. */
async function metTasks(
  set: WorkingSet,
  database: Database,
  tasks: readonly { readonly campaign: number; readonly task: number }[],
): Promise<Set<number>> {
  if (tasks.length === 0) return new Set();
  const { rows } = await sql<{ task: number }>`
    select r.task from ${database.rows('task', ['campaign', 'task'], tasks)} as r
    where exists (select 1 from assignment as met where met.campaign = r.campaign and met.task = r.task)`.execute(
    set.transaction.db,
  );
  return new Set(rows.map(({ task }) => task));
}

async function tasksOfRole(database: Database, campaign: number): Promise<number[]> {
  const rows = await database.db
    .selectFrom('task')
    .select('task')
    .where('campaign', '=', campaign)
    .where('role', '=', 'task')
    .orderBy('task')
    .execute();
  return rows.map(({ task }) => task);
}
