import type { LoggedEvent } from '@assay/server/protocol';

/** What goes on all the time and says little. */
const quiet: ReadonlySet<string> = new Set(['leased', 'extended', 'released']);

/** Something that happened, once or several times in a row. */
export interface Line {
  readonly event: LoggedEvent;
  times: number;
}

/** Events as lines: the same by the same actor in a row is one. */
export function linesOf(events: readonly LoggedEvent[]): readonly Line[] {
  const lines: Line[] = [];
  for (const event of events) {
    if (quiet.has(event.kind)) continue;
    const last = lines.at(-1);
    if (last !== undefined && last.event.kind === event.kind && last.event.actor === event.actor) last.times++;
    else lines.push({ event, times: 1 });
  }
  return lines;
}
