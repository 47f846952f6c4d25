import type { Adaptive } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { Failure, useAction } from './action.tsx';
import type { PartProps } from './campaign.tsx';
import { percent } from './words.ts';

const usualAdaptive: Adaptive = { least: 2, most: 5, threshold: 0.95 };

/** How many answers each task gets; a change counts from now on, also for tasks already begun. */
export function Wanted({ office, campaign }: PartProps): VNode {
  const action = useAction();
  const { k, adaptive } = campaign.settings;
  const adapts = useSignal(adaptive !== null);
  const isSaved = useSignal(false);
  const wanted = adaptive ?? usualAdaptive;
  return (
    <section aria-labelledby="wanted">
      <h2 id="wanted">Answers for each task</h2>
      <p class="muted">
        Now:{' '}
        {adaptive === null
          ? `${k} for every task.`
          : `${adaptive.least} to ${adaptive.most}, until the label is ${percent(adaptive.threshold)} sure.`}
      </p>
      <form
        class="stack"
        onChange={() => {
          isSaved.value = false;
        }}
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const number = (name: string): number => Number(form.get(name));
          const settings = adapts.value
            ? { adaptive: { least: number('least'), most: number('most'), threshold: number('threshold') / 100 } }
            : { adaptive: null, k: number('k') };
          void action.run(async () => {
            await office.change({ settings });
            isSaved.value = true;
          });
        }}
      >
        {(campaign.question.kind === 'choice' || campaign.question.kind === 'scale') && (
          <label class="check">
            <input
              type="checkbox"
              checked={adapts.value}
              onChange={(event) => {
                adapts.value = event.currentTarget.checked;
              }}
            />
            <span>Ask more where people disagree, stop early where the label is sure</span>
          </label>
        )}
        {adapts.value ? (
          <div class="pair">
            <label>
              At least
              <input name="least" type="number" min={1} max={1000} defaultValue={String(wanted.least)} required />
            </label>
            <label>
              At most
              <input name="most" type="number" min={1} max={1000} defaultValue={String(wanted.most)} required />
            </label>
            <label>
              Sure enough at, in %
              <input
                name="threshold"
                type="number"
                min={50}
                max={100}
                step="any"
                defaultValue={String(Math.round(wanted.threshold * 1000) / 10)}
                required
              />
            </label>
          </div>
        ) : (
          <label class="short">
            Answers for each task
            <input name="k" type="number" min={1} max={1000} defaultValue={String(k)} required />
          </label>
        )}
        <Failure action={action} />
        <div class="row">
          <button type="submit" disabled={action.isBusy.value}>
            Save
          </button>
          <span role="status">{isSaved.value && 'Saved.'}</span>
        </div>
      </form>
    </section>
  );
}

/** The instructions and their next version. Workers are told that they changed. */
export function Instructions({ office, campaign }: PartProps): VNode {
  const action = useAction();
  const { version, text } = campaign.instructions;
  const draft = useSignal(text);
  const isChanged = draft.value.trim() !== text.trim();
  return (
    <section aria-labelledby="instructions">
      <h2 id="instructions">Instructions</h2>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(() => office.publishInstructions(draft.value));
        }}
      >
        <textarea
          aria-labelledby="instructions"
          dir="auto"
          rows={6}
          value={draft.value}
          onInput={(event) => {
            draft.value = event.currentTarget.value;
          }}
        />
        <Failure action={action} />
        <div class="row">
          <button type="submit" disabled={!isChanged || action.isBusy.value}>
            {version === 0 ? 'Publish' : `Publish version ${version + 1}`}
          </button>
          <span class="muted" role="status">
            {version === 0 ? 'There are none yet.' : `Version ${version} is what workers see.`}
          </span>
        </div>
      </form>
    </section>
  );
}
