import type { Json, Store } from '../../src/store/index.ts';

/** Everything the log leads to, through the store's own reads. */
export async function everything(store: Store): Promise<Json> {
  const campaigns = await store.campaigns();
  const contents = await Promise.all(
    campaigns.map(async ({ campaign, tasks, instructions }) => ({
      tasks: (await store.tasks(campaign, { limit: 1e6 })).rows,
      contents: await store.contents(
        campaign,
        Array.from({ length: tasks }, (_, i) => i),
      ),
      workers: (await store.workers(campaign, { limit: 1e6 })).rows,
      assignments: (await store.assignments(campaign, { limit: 1e6 })).rows,
      instructions: await Promise.all(
        Array.from({ length: instructions }, (_, i) => store.instruction(campaign, i + 1)),
      ),
    })),
  );
  return JSON.parse(JSON.stringify({ campaigns, contents }));
}

/** Lets the whole log of one store happen again in another, in parts of `atOnce`. */
export async function copyLog(from: Store, into: Store, atOnce = 1000): Promise<void> {
  for (let last = 0; ; ) {
    const events = await from.log(last, atOnce);
    if (events.length === 0) return;
    await into.restore(events);
    last = events[events.length - 1].id;
  }
}
