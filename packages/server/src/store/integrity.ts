import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import type { Tables } from './schema.ts';

/** Each check gives a sentence per row that breaks it. */
const checks: readonly string[] = [
  // What the tables must say of each other.
  `select 'task ' || t.campaign || '/' || t.task || ' counts ' || t.open_leases || ' leases and ' || t.accepted ||
     ' answers, its rows say ' || coalesce(a.leased, 0) || ' and ' || coalesce(a.accepted, 0) as problem
   from task as t left join (
     select campaign, task, sum(case when state = 'leased' then 1 else 0 end) as leased,
       sum(case when state = 'accepted' then 1 else 0 end) as accepted
     from assignment group by campaign, task) as a on a.campaign = t.campaign and a.task = t.task
   where t.open_leases <> coalesce(a.leased, 0) or t.accepted <> coalesce(a.accepted, 0)`,
  `select 'worker ' || w.campaign || '/' || w.worker || ' has counters that its rows do not say' as problem
   from worker as w left join (
     select campaign, worker, ${['leased', 'accepted', 'surplus', 'skipped', 'rejected']
       .map((state) => `sum(case when state = '${state}' then 1 else 0 end) as ${state}`)
       .join(', ')}
     from assignment group by campaign, worker) as a on a.campaign = w.campaign and a.worker = w.worker
   where w.open_leases <> coalesce(a.leased, 0) or w.accepted <> coalesce(a.accepted, 0)
     or w.surplus <> coalesce(a.surplus, 0) or w.skipped <> coalesce(a.skipped, 0)
     or w.rejected <> coalesce(a.rejected, 0)`,
  `select 'task ' || campaign || '/' || task || ' has ' || (open_leases + accepted) || ' of ' || k || ' places taken' as problem
   from task where open_leases + accepted > k`,
  `select 'assignment ' || a.campaign || '/' || a.task || '-' || a.worker || ' has no task or no worker' as problem
   from assignment as a
   where not exists (select 1 from task as t where t.campaign = a.campaign and t.task = a.task)
     or not exists (select 1 from worker as w where w.campaign = a.campaign and w.worker = a.worker)`,
  `select 'task ' || t.campaign || '/' || t.task || ' has no content' as problem from task as t
   where not exists (select 1 from content as c where c.campaign = t.campaign and c.task = t.task)`,
  ...['task', 'worker'].map(
    (
      table,
    ) => `select 'campaign ' || c.campaign || ' counts ' || c.${table}s || ' ${table}s, has ' || n.number as problem
     from campaign as c join (
       select campaign, count(*) as number, max(${table}) as last from ${table} group by campaign) as n
     on n.campaign = c.campaign where n.number <> c.${table}s or n.last <> c.${table}s - 1`,
  ),
  // What the log must say of the tables. Every answer there is was written down.
  `select 'the log has ' || e.number || ' answers of campaign ' || c.campaign || ', the tables ' || a.number as problem
   from campaign as c
   join (select campaign, count(*) as number from event where kind = 'answered' group by campaign) as e
     on e.campaign = c.campaign
   join (select campaign, count(*) as number from assignment where state in ('accepted', 'surplus', 'rejected')
     group by campaign) as a on a.campaign = c.campaign
   where e.number <> a.number`,
];

/** The problems there are, at most 100; see `Store.integrity`. One transaction, so that counters stand still. */
export function integrityOf(db: Kysely<Tables>, { kind }: Database): Promise<string[]> {
  return db.transaction().execute(async (moment) => {
    const problems: string[] = [];
    const preparations =
      kind === 'postgres'
        ? ['set transaction isolation level repeatable read', ...wholeTables]
        : ['pragma main.integrity_check'];
    for (const text of [...preparations, ...checks.map((check) => `${check} limit ${mostProblems}`)]) {
      const { rows } = await sql.raw<{ problem?: string; integrity_check?: string }>(text).execute(moment);
      problems.push(...rows.map((row) => row.problem ?? row.integrity_check ?? '').filter((each) => each !== 'ok'));
    }
    return problems.slice(0, mostProblems);
  });
}

const mostProblems = 100;
/** Undoes, for this transaction, what makes the others look up single rows. */
const wholeTables: readonly string[] = ['set local enable_hashjoin = on', 'set local enable_mergejoin = on'];
