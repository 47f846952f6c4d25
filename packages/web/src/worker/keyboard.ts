import type { Signal } from '@preact/signals';
import type { Desk } from './desk.ts';
import { type DialogName, skipTitles } from './dialogs.tsx';
import { actionKeys, actionOf, type Focus, optionsOf } from './keys.ts';

/**
 * Listens to the keyboard from before the first paint: a key acts on the state as it is, not on what was last drawn.
 */
export function listenToKeys(
  desk: Signal<Desk | undefined>,
  dialog: Signal<DialogName | undefined>,
  readInstructions: () => void,
): void {
  document.addEventListener('keydown', (event) => {
    const at = desk.value;
    if (at === undefined || at.stage.value !== 'working' || event.isComposing) return;
    const focus = focusOf(event.target);
    if (dialog.value !== undefined) {
      // At once, not when the browser's event comes: the next key may be on its way.
      if (event.key === actionKeys.cancel) dialog.value = undefined;
      if (dialog.value === 'skip' && focus !== 'text' && skipByKey(at, event)) {
        event.preventDefault();
        dialog.value = undefined;
      }
      return;
    }
    const action = actionOf(event, optionsOf(at.work.value.campaign.question), focus);
    if (action === undefined) return;
    event.preventDefault();
    if (typeof action === 'object') at.choose(action.choose);
    else if (action === 'next') at.next();
    else if (action === 'undo') at.undo();
    else if (action === 'cancel') at.keep();
    else if (action === 'help') readInstructions();
    else if (at.canSkip) dialog.value = 'skip';
  });
}

function skipByKey(desk: Desk, { key, repeat, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  const chosen = skipTitles[Number(key) - 1];
  if (chosen === undefined || repeat || ctrlKey || altKey || metaKey) return false;
  desk.skip(chosen[0], '');
  return true;
}

function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof Element)) return 'nothing';
  if (target.matches('[data-field=number]')) return 'number';
  if (target.matches('textarea, input:not([type=checkbox]), select')) return 'text';
  return target.matches('button:not([data-enter=next]), a, summary, input') ? 'button' : 'nothing';
}
