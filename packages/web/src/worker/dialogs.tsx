import type { OwnAnswer, SkipReason } from '@assay/server/protocol';
import { type Signal, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Dialog } from '../shared/dialog.tsx';
import { Key } from '../shared/key.tsx';
import { counted, Words } from '../shared/words.tsx';
import { titleOf } from './answer.tsx';
import type { Desk } from './desk.ts';

/** Which dialog is open. */
export type DialogName = 'help' | 'skip' | 'menu' | 'answers';

export interface DialogsProps {
  readonly desk: Desk;
  readonly open: Signal<DialogName | undefined>;
}

export function Dialogs({ desk, open }: DialogsProps): VNode | null {
  const close = (): void => {
    open.value = undefined;
  };
  switch (open.value) {
    case 'help':
      return <Help desk={desk} close={close} />;
    case 'skip':
      return <Skip desk={desk} close={close} />;
    case 'menu':
      return <Menu desk={desk} open={open} close={close} />;
    case 'answers':
      return <Answers desk={desk} close={close} />;
    default:
      return null;
  }
}

interface DialogPart {
  readonly desk: Desk;
  readonly close: () => void;
}

function Help({ desk, close }: DialogPart): VNode {
  const { instructions } = desk.work.value.campaign;
  return (
    <Dialog title="Instructions" onClose={close}>
      {instructions.text.trim() === '' ? (
        <p class="muted">There are none: answer as you see it.</p>
      ) : (
        <Words text={instructions.text} />
      )}
      {instructions.version > 1 && <p class="muted">Version {instructions.version}</p>}
      <section class="keyboard">
        <h3>Keys</h3>
        <dl class="keys">
          <dt>
            <kbd>1</kbd> … <kbd>9</kbd>
          </dt>
          <dd>choose</dd>
          <dt>
            <kbd>Enter</kbd>
          </dt>
          <dd>next</dd>
          <dt>
            <kbd>Z</kbd>
          </dt>
          <dd>undo: change the last answer</dd>
          <dt>
            <kbd>S</kbd>
          </dt>
          <dd>skip</dd>
          <dt>
            <kbd>?</kbd>
          </dt>
          <dd>these instructions</dd>
          <dt>
            <kbd>Esc</kbd>
          </dt>
          <dd>close, or keep an answer as it is</dd>
        </dl>
      </section>
    </Dialog>
  );
}

/** Why a task can be skipped. Every reason has its key, as the answers have. */
export const skipTitles: readonly (readonly [SkipReason, string])[] = [
  ['unclear', 'The task is unclear'],
  ['cannot-see', 'I cannot see or read it'],
  ['not-my-field', 'I do not know enough about it'],
  ['harmful', 'It is harmful or upsetting'],
  ['other', 'Something else'],
];

function Skip({ desk, close }: DialogPart): VNode {
  const note = useSignal('');
  return (
    <Dialog title="Why skip this task?" onClose={close}>
      <div class="options">
        {skipTitles.map(([reason, title], index) => (
          <button
            type="button"
            class="option"
            key={reason}
            aria-keyshortcuts={String(index + 1)}
            onClick={() => {
              desk.skip(reason, note.value);
              close();
            }}
          >
            <Key name={index + 1} />
            <span>{title}</span>
          </button>
        ))}
      </div>
      <label>
        A note for the lead, if you like, before you choose
        <input
          type="text"
          dir="auto"
          maxLength={1000}
          value={note.value}
          onInput={(event) => {
            note.value = event.currentTarget.value;
          }}
        />
      </label>
    </Dialog>
  );
}

function Menu({ desk, open, close }: DialogPart & Pick<DialogsProps, 'open'>): VNode {
  const { worker, undo } = desk.work.value;
  const { kind } = desk.work.value.campaign.question;
  return (
    <Dialog title={worker.name} onClose={close}>
      <p class="muted">
        {counted(desk.saved.value, 'answer')} saved{desk.earned.value !== undefined && `, ${desk.earned.value} earned`}.
        Thank you!
      </p>
      <div class="stack">
        <button
          type="button"
          onClick={() => {
            open.value = 'answers';
          }}
        >
          See or change my last {undo} answers
        </button>
        {(kind === 'choice' || kind === 'scale') && (
          <label class="check">
            <input
              type="checkbox"
              checked={desk.confirms.value}
              onChange={(event) => desk.setConfirms(event.currentTarget.checked)}
            />
            <span>Ask me to press Next after each choice</span>
          </label>
        )}
        <button
          type="button"
          onClick={() => {
            desk.leave();
            close();
          }}
        >
          Finish for now
        </button>
      </div>
    </Dialog>
  );
}

function Answers({ desk, close }: DialogPart): VNode {
  const { question } = desk.work.value.campaign;
  const answers = desk.recent.value;
  return (
    <Dialog title="My last answers" onClose={close}>
      {answers.length === 0 && <p class="muted">Your answers will be listed here.</p>}
      <ol class="answers">
        {answers.map((given) => (
          <li key={given.lease}>
            <span class="what">
              <span dir="auto">{summaryOf(given)}</span>
              <strong dir="auto">{titleOf(question, given.value)}</strong>
            </span>
            <button
              type="button"
              aria-label={`Change the answer ${titleOf(question, given.value)} to ${summaryOf(given)}`}
              onClick={() => {
                desk.change(given);
                close();
              }}
            >
              Change
            </button>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}

function summaryOf({ task }: OwnAnswer): string {
  const { text, html, fields } = task.content;
  const words = text ?? html?.replace(/<[^>]*>/g, ' ') ?? Object.values(fields ?? {}).join(' · ');
  return words.trim().slice(0, 120) || 'a picture';
}
