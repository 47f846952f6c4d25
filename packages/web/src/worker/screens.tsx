import { useSignal } from '@preact/signals';
import type { ComponentChildren, VNode } from 'preact';
import { Key } from '../shared/key.tsx';
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

/** What this is, what to do, and one button to begin. */
export function Welcome({ desk, asksName }: { readonly desk: Desk; readonly asksName: boolean }): VNode {
  const name = useSignal('');
  const { campaign, worker } = desk.work.value;
  return (
    <main class="message">
      <h1 dir="auto">{campaign.name}</h1>
      <p class="prompt" dir="auto">
        {campaign.question.prompt}
      </p>
      {campaign.instructions.text.trim() !== '' && <Words text={campaign.instructions.text} />}
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          desk.start(name.value);
        }}
      >
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
        {worker.practiceLeft > 0 && (
          <p class="muted">It begins with {counted(worker.practiceLeft, 'practice task')}, with explanations.</p>
        )}
        <button type="submit" class="primary">
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
    return (
      <Message title="Thank you!">
        <p>
          {counted(desk.saved.value + desk.waiting.value, 'answer')} from you.{' '}
          {desk.waiting.value > 0
            ? 'Please leave this page open until the last ones are sent.'
            : 'All are saved; you can close this page.'}
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
