import { signal } from '@preact/signals';
import { render } from 'preact';
import { uniqueName } from '../shared/http.ts';
import { type Desk, openDesk } from './desk.ts';
import type { DialogName } from './dialogs.tsx';
import { openKept } from './kept.ts';
import { listenToKeys } from './keyboard.ts';
import { Page, type Place, readInstructions } from './page.tsx';
import { type Door, doorOf, openDoor, type Session, SessionLost, type Threshold } from './session.ts';

const place = signal<Place>('opening');
const threshold = signal<Threshold | undefined>();
const desk = signal<Desk | undefined>();
const dialog = signal<DialogName | undefined>();
const kept = openKept();
const door = doorOf(new URL(location.href), localStorage);

listenToKeys(desk, dialog, () => desk.value && readInstructions(desk.value, dialog));
render(<Page {...{ place, threshold, desk, dialog, start }} asksName={door?.isNamed === false} />, document.body);
addEventListener('hashchange', () => location.reload());
document.addEventListener('visibilitychange', () => desk.value?.attend(document.visibilityState === 'visible'));
addEventListener('online', () => desk.value?.attend(true));
addEventListener('pagehide', () => desk.value?.close());
addEventListener('pageshow', ({ persisted }) => persisted && desk.value?.reopen());
addEventListener('beforeunload', (event) => {
  if (desk.value !== undefined && !desk.value.isDurable && desk.value.waiting.value > 0) event.preventDefault();
});
if (isSecureContext) void navigator.serviceWorker?.register('/service-worker.js').catch(() => {});

if (door === undefined) place.value = 'no link';
else await open(door);

async function open(through: Door): Promise<void> {
  try {
    const opened = await openDoor(through, await kept);
    if ('enter' in opened) {
      threshold.value = opened;
      place.value = 'threshold';
      document.title = opened.look.campaign.name;
    } else await begin(opened);
  } catch (error) {
    place.value = error instanceof SessionLost ? 'refused' : 'unreachable';
    if (place.value === 'unreachable') setTimeout(() => void open(through), 3000);
  }
}

/** Goes over the threshold. @throws Unreachable */
async function start(name: string): Promise<void> {
  try {
    if (threshold.value !== undefined) await begin(await threshold.value.enter(name));
  } catch (error) {
    if (!(error instanceof SessionLost)) throw error;
    place.value = 'refused';
  }
}

async function begin(session: Session): Promise<void> {
  takeOver(session.scope);
  desk.value = await openDesk(session, await kept);
  place.value = 'desk';
  document.title = session.work.campaign.name;
}

/** One tab works at a time: the last one opened; the others say so and offer to continue there. */
function takeOver(scope: string): void {
  const me = { at: Date.now(), tab: uniqueName() };
  const channel = new BroadcastChannel(`assay/${scope}`);
  channel.onmessage = ({ data }: MessageEvent<typeof me>) => {
    if (data.at < me.at || (data.at === me.at && data.tab < me.tab)) return;
    desk.value?.handOver();
    desk.value = undefined;
    dialog.value = undefined;
    place.value = 'elsewhere';
    channel.close();
  };
  channel.postMessage(me);
}
