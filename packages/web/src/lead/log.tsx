import type { WorkerReport } from '@assay/server/protocol';
import type { VNode } from 'preact';
import { linesOf } from './lines.ts';
import type { Office } from './office.ts';
import { wordsOf } from './words.ts';

/** Lines shown. */
const mostLines = 12;
/** What happened last, newest first. The whole log is in the store and in the API. */
export function Log({ office }: { readonly office: Office }): VNode | null {
  const lines = linesOf(office.events.value).slice(0, mostLines);
  if (lines.length === 0) return null;
  return (
    <section aria-labelledby="log">
      <h2 id="log">Latest events</h2>
      <ol class="lines log">
        {lines.map(({ event, times }) => (
          <li key={event.id}>
            <time class="muted" dateTime={new Date(event.at).toISOString()}>
              {timeOf(event.at)}
            </time>
            <span>
              <bdi>{nameOf(event.actor, office.workers.value)}</bdi> {wordsOf(event)}
              {times > 1 && <span class="muted"> × {times}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The time of today, the day too of other days. */
function timeOf(at: number): string {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}

/** An actor of the log as the lead knows them: a worker by name, somebody who manages by role. */
function nameOf(actor: string, workers: readonly WorkerReport[]): string {
  const [role, number] = actor.split(':');
  if (role === 'controller' || role === 'system') return 'Assay';
  if (role !== 'worker') return role;
  return workers.find(({ id }) => String(id) === number)?.name ?? `worker #${number}`;
}
