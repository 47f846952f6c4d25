import type { Database } from './database.ts';
import type { EventData, Happening } from './events.ts';
import type { AssignmentKey, StoredEvent } from './types.ts';
import { write } from './writer.ts';

/** Lets events of another log happen again, in one transaction; see `Store.restore`. */
export function restore(database: Database, events: readonly StoredEvent[]): Promise<void> {
  const happenings = events as readonly (StoredEvent & Happening)[];
  return write(database, async (set) => {
    const needs = happenings.map(needsOf);
    await set.loadCampaigns(happenings);
    await set.loadTasks(needs.flatMap(({ tasks }) => tasks));
    await set.loadContents(needs.flatMap(({ contents }) => contents));
    await set.loadWorkers(needs.flatMap(({ workers }) => workers));
    await set.loadAssignments(needs.flatMap(({ slots }) => slots));
    for (const event of happenings) set.record(event);
  });
}

/** The rows an event changes, if they are there before it. */
function needsOf({ campaign, kind, data }: Happening): {
  tasks: { campaign: number; task: number }[];
  contents: { campaign: number; task: number }[];
  workers: { campaign: number; worker: number }[];
  slots: AssignmentKey[];
} {
  const about = data as Partial<EventData['leased'] & EventData['extended']>;
  const numbers = kind === 'k-changed' ? data.tasks : about.task === undefined ? [] : [about.task];
  const tasks = numbers.map((task) => ({ campaign, task }));
  const workers = about.worker === undefined ? [] : [{ campaign, worker: about.worker }];
  const slots =
    about.leases ??
    (about.task === undefined || about.worker === undefined ? [] : [[about.task, about.worker] as const]);
  return {
    tasks,
    contents: kind === 'task-changed' ? tasks : [],
    workers,
    slots: slots.map(([task, worker]) => ({ campaign, task, worker })),
  };
}
