import { openStore, type Store } from '@assay/server';
import { copyLog, everything } from '../../packages/server/test/support/logs.ts';
import type { Acknowledged } from './client.ts';

/** What is wrong in the database after a storm; empty when nothing is. */
export async function problemsAfter(
  store: Store,
  {
    campaign,
    tasks,
    k,
    acknowledged,
  }: { campaign: number; tasks: number; k: number; acknowledged: readonly Acknowledged[] },
): Promise<string[]> {
  const problems = await store.integrity();

  const stored = new Map<string, string>();
  const counted = new Uint32Array(tasks);
  for (let after: string | undefined; ; ) {
    const page = await store.assignments(campaign, { after });
    for (const { state, submission, value, task } of page.rows) {
      if (state === 'accepted') counted[task]++;
      if (state === 'accepted' || state === 'surplus') stored.set(submission!, value as string);
    }
    if (page.next === null) break;
    after = page.next;
  }
  for (const { submission, value } of acknowledged) {
    if (stored.get(submission) !== value)
      problems.push(`answer ${submission} was acknowledged as ${value}, stored is ${stored.get(submission)}`);
  }
  counted.forEach((answers, task) => {
    if (answers !== k) problems.push(`task ${task} has ${answers} answers, not ${k}`);
  });

  const answered = new Set<string>();
  for (let last = 0; ; ) {
    const events = await store.log(last, 10_000);
    if (events.length === 0) break;
    for (const { kind, data } of events) {
      if (kind !== 'answered') continue;
      const { task, worker } = data as { task: number; worker: number };
      if (answered.has(`${task}-${worker}`)) problems.push(`worker ${worker} answered task ${task} twice`);
      answered.add(`${task}-${worker}`);
    }
    last = events[events.length - 1].id;
  }

  const again = await openStore(':memory:', { now: Date.now });
  await copyLog(store, again, 5000);
  if (JSON.stringify(await everything(again)) !== JSON.stringify(await everything(store)))
    problems.push('replaying the log gives other tables');
  await again[Symbol.asyncDispose]();
  return problems;
}
