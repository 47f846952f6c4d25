import { type Signal, useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Refused } from '../shared/http.ts';

/** Something the lead asked for: whether it is under way, and what went wrong. */
export interface Action {
  readonly isBusy: Signal<boolean>;
  readonly error: Signal<unknown>;
  /** Runs one thing at a time and keeps its failure for {@link Failure}. */
  run(work: () => Promise<unknown>): Promise<void>;
}

export function useAction(): Action {
  const isBusy = useSignal(false);
  const error = useSignal<unknown>(undefined);
  return {
    isBusy,
    error,
    async run(work) {
      if (isBusy.value) return;
      isBusy.value = true;
      error.value = undefined;
      try {
        await work();
      } catch (thrown) {
        error.value = thrown;
      } finally {
        isBusy.value = false;
      }
    },
  };
}

/** What went wrong, in the server's words, each with its way out. */
export function Failure({ action }: { readonly action: Action }): VNode | null {
  const error = action.error.value;
  if (error === undefined) return null;
  const problems = error instanceof Refused ? error.problems : [];
  return (
    <div class="failure" role="alert">
      {problems.length === 0 && <p>{error instanceof Error ? error.message : String(error)}</p>}
      {problems.map(({ message, line, hint }) => (
        <p key={`${line} ${message}`}>
          {line !== null && `Line ${line}: `}
          {message}
          {hint !== null && !message.includes(hint) && ` (${hint})`}
        </p>
      ))}
    </div>
  );
}
