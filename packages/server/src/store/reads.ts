/** Questions to the tables. Lists go page by page, by key. */
import { sql } from 'kysely';
import type { Database } from './database.ts';
import { gathered } from './gather.ts';
import type { Store } from './store.ts';
import type { AnswerColumns, Page } from './types.ts';
import { assignmentOf, campaignOf, contentOf, eventOf, taskOf, workerOf } from './views.ts';
import { query } from './writer.ts';

interface ContentKey {
  readonly campaign: number;
  readonly task: number;
}

type Reads = Pick<
  Store,
  | 'campaign'
  | 'campaigns'
  | 'instruction'
  | 'tasks'
  | 'contents'
  | 'worker'
  | 'workers'
  | 'assignment'
  | 'assignments'
  | 'answersOf'
  | 'answerColumns'
  | 'workTimes'
  | 'progress'
  | 'latestEvents'
  | 'events'
  | 'eventsEnd'
  | 'log'
>;

const answersAtOnce = 20_000;

function nameOf({ campaign, task }: ContentKey): string {
  return `${campaign}-${task}`;
}

export function readsOf(database: Database): Reads {
  const ask: <Result>(work: Parameters<typeof query<Result>>[1]) => Promise<Result> = (work) => query(database, work);
  /** Each card of each worker needs one: those that many workers wait for are read together. */
  const contents = gathered<ContentKey, ContentKey & Parameters<typeof contentOf>[0]>(
    (keys) =>
      ask(async () => {
        const [found, tasks] = await Promise.all([database.find('content', keys), database.find('task', keys)]);
        const taskOf = new Map(tasks.map((task) => [nameOf(task), task]));
        return found.flatMap((content) => {
          const task = taskOf.get(nameOf(content));
          return task === undefined ? [] : { ...content, name: task.name, role: task.role };
        });
      }),
    nameOf,
  );
  return {
    campaign: (campaign) =>
      ask(async (db) => {
        const row = await db.selectFrom('campaign').selectAll().where('campaign', '=', campaign).executeTakeFirst();
        return row && campaignOf(row);
      }),

    campaigns: () =>
      ask(async (db) => (await db.selectFrom('campaign').selectAll().orderBy('campaign').execute()).map(campaignOf)),

    instruction: (campaign, version) =>
      ask(async (db) => {
        let wanted = db.selectFrom('instruction').selectAll().where('campaign', '=', campaign);
        if (version !== undefined) wanted = wanted.where('version', '=', version);
        const row = await wanted.orderBy('version', 'desc').limit(1).executeTakeFirst();
        return row && { version: row.version, text: row.text, createdAt: row.created_at };
      }),

    tasks: (campaign, { after, limit = 1000, status, reason, role } = {}) =>
      ask(async (db) => {
        let wanted = db.selectFrom('task').selectAll().where('campaign', '=', campaign);
        if (after !== undefined) wanted = wanted.where('task', '>', Number(after));
        if (status !== undefined) wanted = wanted.where('status', '=', status);
        if (reason !== undefined) wanted = wanted.where('reason', '=', reason);
        if (role !== undefined) wanted = wanted.where('role', '=', role);
        const rows = await wanted.orderBy('task').limit(limit).execute();
        return pageOf(rows, limit, ({ task }) => String(task), taskOf);
      }),

    contents: async (campaign, tasks) => {
      const rows = await contents(tasks.map((task) => ({ campaign, task })));
      return rows.map(contentOf);
    },

    worker: (campaign, worker) =>
      ask(async (db) => {
        const row = await db
          .selectFrom('worker')
          .selectAll()
          .where('campaign', '=', campaign)
          .where('worker', '=', worker)
          .executeTakeFirst();
        return row && workerOf(row);
      }),

    workers: (campaign, { after, limit = 1000 } = {}) =>
      ask(async (db) => {
        let wanted = db.selectFrom('worker').selectAll().where('campaign', '=', campaign);
        if (after !== undefined) wanted = wanted.where('worker', '>', Number(after));
        const rows = await wanted.orderBy('worker').limit(limit).execute();
        return pageOf(rows, limit, ({ worker }) => String(worker), workerOf);
      }),

    assignment: ({ campaign, task, worker }) =>
      ask(async (db) => {
        const row = await db
          .selectFrom('assignment')
          .selectAll()
          .where('campaign', '=', campaign)
          .where('task', '=', task)
          .where('worker', '=', worker)
          .executeTakeFirst();
        return row && assignmentOf(row);
      }),

    assignments: (campaign, { states, after, limit = 10_000 } = {}) =>
      ask(async (db) => {
        let wanted = db.selectFrom('assignment').selectAll().where('campaign', '=', campaign);
        if (states !== undefined) wanted = wanted.where('state', 'in', states);
        if (after !== undefined) wanted = wanted.where(beyond(after));
        const rows = await wanted.orderBy('task').orderBy('worker').limit(limit).execute();
        return pageOf(rows, limit, ({ task, worker }) => `${task}-${worker}`, assignmentOf);
      }),

    answersOf: (campaign, worker, limit) =>
      ask(async (db) => {
        const rows = await db
          .selectFrom('assignment')
          .selectAll()
          .where('campaign', '=', campaign)
          .where('worker', '=', worker)
          .where('answered_at', 'is not', null)
          .orderBy('answered_at', 'desc')
          .orderBy('task')
          .limit(limit)
          .execute();
        return rows.map(assignmentOf);
      }),

    async *answerColumns(campaign): AsyncGenerator<AnswerColumns> {
      let after: string | undefined;
      do {
        const rows = await ask((db) => {
          let wanted = db
            .selectFrom('assignment')
            .select(['task', 'worker', 'value'])
            .where('campaign', '=', campaign)
            .where('state', '=', 'accepted');
          if (after !== undefined) wanted = wanted.where(beyond(after));
          return wanted.orderBy('task').orderBy('worker').limit(answersAtOnce).execute();
        });
        if (rows.length === 0) return;
        yield {
          task: Int32Array.from(rows, ({ task }) => task),
          worker: Int32Array.from(rows, ({ worker }) => worker),
          value: rows.map(({ value }) => value!),
        };
        const last = rows[rows.length - 1];
        after = rows.length < answersAtOnce ? undefined : `${last.task}-${last.worker}`;
      } while (after !== undefined);
    },

    workTimes: (campaign, limit) =>
      ask(async (db) => {
        const newest = db
          .selectFrom('event')
          .select(['campaign', 'kind', 'data'])
          .orderBy('id', 'desc')
          .limit(limit * 4)
          .as('newest');
        const rows = await db
          .selectFrom(newest)
          .select('data')
          .where('campaign', '=', campaign)
          .where('kind', '=', 'answered')
          .limit(limit)
          .execute();
        return rows.flatMap(({ data }) => (JSON.parse(data) as { spentMs?: number }).spentMs ?? []);
      }),

    progress: (campaign) =>
      ask(async (db) => {
        const { rows: roles } = await sql<{ tasks: number }>`
          select tasks - (select count(*) from task where campaign = ${campaign} and role <> 'task') as tasks
          from campaign where campaign = ${campaign}`.execute(db);
        const reasons = await db
          .selectFrom('task')
          .select(['reason', ({ fn }) => fn.countAll<number>().as('tasks')])
          .where('campaign', '=', campaign)
          .where('role', '=', 'task')
          .where('status', '=', 'closed')
          .groupBy('reason')
          .orderBy('reason')
          .execute();
        const sum = (name: string) => sql<number>`cast(coalesce(sum(${sql.ref(name)}), 0) as bigint)`.as(name);
        const { open_leases: leases, ...answers } = await db
          .selectFrom('worker')
          .select(['accepted', 'surplus', 'skipped', 'rejected', 'open_leases'].map(sum))
          .where('campaign', '=', campaign)
          .executeTakeFirstOrThrow();
        const tasks = roles[0]?.tasks ?? 0;
        const closed = Object.fromEntries(reasons.map(({ reason, tasks }) => [reason!, tasks]));
        const open = reasons.reduce((left, { tasks }) => left - tasks, tasks);
        return { tasks, open, closed, answers: answers as Awaited<ReturnType<Store['progress']>>['answers'], leases };
      }),

    latestEvents: (campaign, limit) =>
      ask(async (db) => {
        const rows = await db
          .selectFrom('event')
          .select(['id', 'campaign', 'at', 'kind', 'actor', 'data'])
          .where('campaign', '=', campaign)
          .orderBy('id', 'desc')
          .limit(limit)
          .execute();
        return rows.reverse().map(eventOf);
      }),

    events: (after, { campaign, limit = 1000 } = {}) =>
      ask(async (db) => {
        const { log } = database;
        const here = campaign === undefined ? sql`` : sql`and campaign = ${campaign}`;
        const { rows } = await sql<Parameters<typeof eventOf>[0] & { cursor: string }>`
          select id, campaign, at, kind, actor, data, ${log.cursor} as cursor from event
          where ${log.after(after)} ${here} order by ${log.order} limit ${limit}`.execute(db);
        return { events: rows.map(eventOf), next: rows.at(-1)?.cursor ?? after };
      }),

    eventsEnd: () =>
      ask(async (db) => (await sql<{ end: string }>`select ${database.log.end} as "end"`.execute(db)).rows[0].end),

    log: (id, limit = 1000) =>
      ask(async (db) => {
        const rows = await db
          .selectFrom('event')
          .select(['id', 'campaign', 'at', 'kind', 'actor', 'data'])
          .where('id', '>', id)
          .orderBy('id')
          .limit(limit)
          .execute();
        return rows.map(eventOf);
      }),
  };
}

/** Assignments after `TASK-WORKER`. */
function beyond(cursor: string): ReturnType<typeof sql<boolean>> {
  const [task, worker] = cursor.split('-').map(Number);
  return sql<boolean>`(task, worker) > (${task}, ${worker})`;
}

function pageOf<Row, Shown>(
  rows: readonly Row[],
  limit: number,
  cursor: (row: Row) => string,
  shown: (row: Row) => Shown,
): Page<Shown> {
  return { rows: rows.map(shown), next: rows.length < limit ? null : cursor(rows[rows.length - 1]) };
}
