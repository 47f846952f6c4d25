import type { Signal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Key } from '../shared/key.tsx';
import { Answer } from './answer.tsx';
import { ContentView } from './content.tsx';
import type { Desk } from './desk.ts';
import { type DialogName, Dialogs } from './dialogs.tsx';
import { Message, NoCard, Welcome } from './screens.tsx';
import type { Threshold } from './session.ts';

/** What the page is doing before and beside the desk. */
export type Place = 'opening' | 'no link' | 'refused' | 'unreachable' | 'threshold' | 'elsewhere' | 'desk';

export interface PageProps {
  readonly place: Signal<Place>;
  /** What is seen before the work begins. */
  readonly threshold: Signal<Threshold | undefined>;
  readonly desk: Signal<Desk | undefined>;
  readonly dialog: Signal<DialogName | undefined>;
  readonly asksName: boolean;
  /** Begins the work, with a name where the worker gave one. @throws Unreachable */
  readonly start: (name: string) => Promise<void>;
}

export function Page({ place, threshold, desk, dialog, asksName, start }: PageProps): VNode | null {
  switch (place.value) {
    case 'opening':
      return null;
    case 'no link':
      return (
        <Message title="Almost there">
          <p>Open the link you were invited by: it ends with a secret that lets you in.</p>
        </Message>
      );
    case 'refused':
      return (
        <Message title="This link is not valid">
          <p>It may have been taken back, or a piece of it is missing. Ask the person who invited you for a new one.</p>
        </Message>
      );
    case 'unreachable':
      return (
        <Message title="No connection">
          <p>The server cannot be reached. This page tries again by itself.</p>
        </Message>
      );
    case 'threshold':
      return threshold.value === undefined ? null : (
        <Welcome look={threshold.value.look} asksName={asksName} start={start} />
      );
    case 'elsewhere':
      return (
        <Message title="You are working in another tab">
          <p>Nothing is lost. To work here instead:</p>
          <button type="button" class="primary" onClick={() => location.reload()}>
            Continue here
          </button>
        </Message>
      );
    default:
      return desk.value === undefined ? null : <Work desk={desk.value} dialog={dialog} />;
  }
}

interface WorkProps {
  readonly desk: Desk;
  readonly dialog: Signal<DialogName | undefined>;
}

function Work({ desk, dialog }: WorkProps): VNode {
  const hasCard = desk.stage.value === 'working' && desk.shown.value !== undefined;
  return (
    <>
      <p class="unseen" role="status">
        {desk.said.value}
      </p>
      <div class="bench">
        <Top desk={desk} dialog={dialog} />
        {hasCard ? <CardView desk={desk} dialog={dialog} /> : <NoCard desk={desk} />}
      </div>
      <Dialogs desk={desk} open={dialog} />
    </>
  );
}

function Top({ desk, dialog }: Pick<WorkProps, 'desk' | 'dialog'>): VNode {
  const { waiting, saved, earned, practiceLeft } = desk;
  const { trouble } = desk.post;
  const isAway = trouble.value !== undefined;
  const isPractice = practiceLeft.value > 0;
  return (
    <header class="top">
      <div class="where">
        <h1 dir="auto">{desk.work.value.campaign.name}</h1>
        <p class={isAway ? 'state away' : 'state'} data-waiting={waiting.value}>
          {isAway && `${trouble.value === 'offline' ? 'Offline' : 'Server away'} · `}
          {isPractice ? `Practice · ${practiceLeft.value} left` : `${saved.value.toLocaleString('en')} saved`}
          {waiting.value > 0 && ` · ${waiting.value} waiting`}
          {!isPractice && earned.value !== undefined && ` · ${earned.value}`}
        </p>
      </div>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          dialog.value = 'menu';
        }}
      >
        Menu
      </button>
    </header>
  );
}

function CardView({ desk, dialog }: Pick<WorkProps, 'desk' | 'dialog'>): VNode {
  const card = useRef<HTMLElement>(null);
  const shown = desk.shown.value;
  const lease = shown?.lease;
  // The focus goes to every new card, so that it is read aloud and no old button takes the next key.
  useLayoutEffect(() => {
    const field = document.activeElement?.matches('input, textarea') ?? false;
    if (!field) card.current?.focus({ preventScroll: true });
    card.current?.scrollTo(0, 0);
  }, [lease]);
  useLayoutEffect(() => markScrollable(card.current));
  const { question } = desk.work.value.campaign;
  const isCorrection = desk.correcting.value !== undefined;
  return (
    <>
      <main
        ref={card}
        tabIndex={-1}
        aria-labelledby="prompt"
        onLoadCapture={({ currentTarget }) => markScrollable(currentTarget)}
      >
        {desk.hasNewInstructions.value && (
          <p class="banner">
            <span>The instructions have changed.</span>
            <button type="button" onClick={() => readInstructions(desk, dialog)}>
              Read them
            </button>
          </p>
        )}
        {isCorrection && (
          <p class="banner">
            <span>Your earlier answer.</span>
            <button type="button" aria-keyshortcuts="Escape" onClick={() => desk.keep()}>
              Keep it <Key name="Esc" />
            </button>
          </p>
        )}
        <h2 id="prompt" dir="auto">
          {question.prompt}
        </h2>
        {shown !== undefined && <ContentView key={lease} content={shown.task.content} />}
      </main>
      <footer>
        <Answer desk={desk} />
        <nav aria-label="This task">
          <button
            type="button"
            class="quiet"
            aria-keyshortcuts="z"
            disabled={desk.recent.value.length === 0 || desk.verdict.value !== undefined}
            onClick={() => desk.undo()}
          >
            Undo <Key name="Z" />
          </button>
          <button
            type="button"
            class="quiet"
            aria-keyshortcuts="s"
            disabled={!desk.canSkip}
            onClick={() => {
              dialog.value = 'skip';
            }}
          >
            Skip <Key name="S" />
          </button>
          <button type="button" class="quiet" aria-keyshortcuts="?" onClick={() => readInstructions(desk, dialog)}>
            Instructions <Key name="?" />
          </button>
        </nav>
      </footer>
      {desk.upcoming.map(({ lease: next, task }) =>
        task.content.image === undefined ? null : <img key={next} class="unseen" src={task.content.image} alt="" />,
      )}
    </>
  );
}

/** A card that does not fit can be reached by Tab, and then scrolled by the arrow keys. */
function markScrollable(card: HTMLElement | null): void {
  if (card !== null) card.tabIndex = card.scrollHeight > card.clientHeight ? 0 : -1;
}

export function readInstructions(desk: Desk, dialog: Signal<DialogName | undefined>): void {
  desk.hasNewInstructions.value = false;
  dialog.value = 'help';
}
