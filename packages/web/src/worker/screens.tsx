import type { Look } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { Key } from '../shared/key.tsx';
import { money } from '../shared/money.ts';
import { counted, Words } from '../shared/words.tsx';
import type { Desk } from './desk.ts';

/** A screen that says one thing. */
export function Message(props: { readonly title: string; readonly children: ComponentChildren }): VNode {
  return (
    <main class="message">
      <h1 tabIndex={-1}>{props.title}</h1>
      {props.children}
    </main>
  );
}

export interface WelcomeProps {
  readonly look: Look;
  readonly asksName: boolean;
  readonly start: (name: string) => Promise<void>;
}

/** What this is, what to do, what it pays, and one button to begin. Only that button makes somebody a worker. */
export function Welcome({ look, asksName, start }: WelcomeProps): VNode {
  const name = useSignal('');
  const state = useSignal<'waits' | 'starts' | 'failed'>('waits');
  const { campaign, practice } = look;
  const { pay } = campaign;
  if (campaign.status === 'closed') {
    return (
      <Message title="This campaign is closed">
        <p>
          <span dir="auto">{campaign.name}</span> needs no more answers. Thank you for coming!
        </p>
      </Message>
    );
  }
  return (
    <main class="message">
      <h1 dir="auto">{campaign.name}</h1>
      <p class="prompt" dir="auto">
        {campaign.question.prompt}
      </p>
      {campaign.instructions.text.trim() !== '' && <Words text={campaign.instructions.text} />}
      <form
        class="stack"
        onSubmit={async (event) => {
          event.preventDefault();
          if (state.value === 'starts') return;
          state.value = 'starts';
          await start(name.value).catch(() => {
            state.value = 'failed';
          });
        }}
      >
        {pay !== undefined && (
          <p>
            Each answer earns <strong>{money(pay.micros, pay.currency)}</strong>.
          </p>
        )}
        {asksName && (
          <label>
            Your name, if you like
            <input
              type="text"
              dir="auto"
              autocomplete="nickname"
              maxLength={100}
              value={name.value}
              onInput={(event) => {
                name.value = event.currentTarget.value;
              }}
            />
          </label>
        )}
        {practice > 0 && (
          <p class="muted">
            It begins with {counted(practice, 'practice task')}, with explanations
            {pay !== undefined && '; practice is not paid'}.
          </p>
        )}
        {state.value === 'failed' && (
          <p class="problem" role="alert">
            The server cannot be reached just now. Please try again.
          </p>
        )}
        <button type="submit" class="primary" aria-busy={state.value === 'starts'}>
          Start <Key name="Enter" />
        </button>
        <p class="muted">You can stop at any time. Everything you answer is kept, also without a connection.</p>
      </form>
    </main>
  );
}

/** What is there to say when there is no card. */
export function NoCard({ desk }: { readonly desk: Desk }): VNode {
  if (desk.stage.value === 'left') {
    const given = desk.saved.value + desk.waiting.value;
    return (
      <Message title="Thank you!">
        <p>
          {given > 0 && `${counted(given, 'answer')} from you`}
          {given > 0 && desk.earned.value !== undefined && `, ${desk.earned.value} earned`}
          {given > 0 && '. '}
          {desk.waiting.value > 0
            ? 'Please leave this page open until the last ones are sent.'
            : given > 0
              ? 'All are saved; you can close this page.'
              : 'You can close this page.'}
        </p>
        <button type="button" onClick={() => desk.comeBack()}>
          Go on working
        </button>
      </Message>
    );
  }
  if (desk.stage.value === 'lost') {
    return (
      <Message title="This link is no longer valid">
        <p>Ask the person who invited you for a new link.</p>
        {desk.waiting.value > 0 && <p>{counted(desk.waiting.value, 'answer')} of yours are kept on this device.</p>}
      </Message>
    );
  }
  if (desk.post.trouble.value !== undefined) {
    return (
      <Message title="No connection">
        <p>Your answers are kept on this device. New tasks come by themselves when you are connected again.</p>
      </Message>
    );
  }
  switch (desk.post.left.value) {
    case 'done':
      return (
        <Message title="All done. Thank you!">
          <p>There is nothing left for you to answer. If more comes, it appears here.</p>
        </Message>
      );
    case 'closed':
      return (
        <Message title="This campaign is closed. Thank you!">
          <p>Every answer you gave is saved. You can close this page.</p>
        </Message>
      );
    case 'paused':
      return (
        <Message title="A short pause">
          <p>The campaign is paused. It goes on here by itself.</p>
        </Message>
      );
    case 'none for now':
      return (
        <Message title="Nothing to do just now">
          <p>Other people are working on the rest. New tasks appear here by themselves.</p>
        </Message>
      );
    default:
      return (
        <main class="message" aria-busy="true">
          <p class="muted">Getting the first task…</p>
        </main>
      );
  }
}
