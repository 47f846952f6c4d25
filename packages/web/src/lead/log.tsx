import type { WorkerReport } from '@assay/server/protocol';
import type { VNode } from 'preact';
import type { Office } from './office.ts';
import { wordsOf } from './words.ts';

/** What happened last. The whole log is in the store and in the API. */
export function Log({ office }: { readonly office: Office }): VNode | null {
  const events = office.events.value;
  if (events.length === 0) return null;
  return (
    <section aria-labelledby="log">
      <h2 id="log">Latest events</h2>
      <ol class="lines log">
        {events.map((event) => (
          <li key={event.id}>
            <time class="muted" dateTime={new Date(event.at).toISOString()}>
              {new Date(event.at).toLocaleTimeString()}
            </time>
            <span dir="auto">
              {nameOf(event.actor, office.workers.value)} {wordsOf(event)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** An actor of the log as the lead knows them: a worker by name, somebody who manages by role. */
function nameOf(actor: string, workers: readonly WorkerReport[]): string {
  const [role, number] = actor.split(':');
  if (role !== 'worker') return role;
  return workers.find(({ id }) => String(id) === number)?.name ?? `worker #${number}`;
}
