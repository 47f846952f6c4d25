import type { Question, Value } from '@assay/server/protocol';
import { useSignal } from '@preact/signals';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Key } from '../shared/key.tsx';
import { Words } from '../shared/words.tsx';
import type { Desk, Verdict } from './desk.ts';
import { isEcho } from './echo.ts';
import { type Option, optionsOf } from './keys.ts';

/** Where the worker answers: buttons or a field, what is wrong, the practice's verdict, and Next. */
export function Answer({ desk }: { readonly desk: Desk }): VNode {
  const { question } = desk.work.value.campaign;
  const options = optionsOf(question);
  const verdict = desk.verdict.value;
  const waits = verdict !== undefined || desk.confirms.value || options.length === 0 || question.kind === 'multi-label';
  return (
    <div class="answer">
      {options.length > 0 ? (
        <Options desk={desk} question={question} options={options} />
      ) : (
        <Field desk={desk} question={question} />
      )}
      {desk.problem.value !== undefined && (
        <p class="problem" id="problem">
          {capitalised(desk.problem.value)}.
        </p>
      )}
      {verdict !== undefined && <Judgement verdict={verdict} desk={desk} />}
      {waits && (
        <button
          type="button"
          class="primary"
          aria-keyshortcuts="Enter"
          disabled={verdict !== undefined && verdict.feedback === undefined}
          onClick={() => desk.next()}
        >
          Next <Key name="Enter" />
        </button>
      )}
    </div>
  );
}

/** Longer lists can be searched. */
const mostUnsearched = 20;

interface OptionsProps {
  readonly desk: Desk;
  readonly question: Question;
  readonly options: readonly Option[];
}

function Options({ desk, question, options }: OptionsProps): VNode {
  const verdict = desk.verdict.value;
  const chosen = verdict?.value ?? desk.draft.value;
  const expected = verdict?.feedback?.expected;
  const isShort = options.every(({ title, description }) => title.length < 3 && description === undefined);
  const sought = useSignal('');
  const lease = desk.shown.value?.lease;
  useLayoutEffect(() => {
    sought.value = '';
  }, [lease]);
  const words = sought.value.trim().toLowerCase();
  const isFound = ({ title }: Option): boolean => words === '' || title.toLowerCase().includes(words);
  const found = options.flatMap((option, index) => (isFound(option) ? [index] : []));
  const buttons = (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's legend would stand between question and buttons.
    <div
      class={isShort ? 'options short' : options.length > 6 ? 'options many' : 'options'}
      role="group"
      aria-labelledby="prompt"
      style={{ '--columns': isShort ? Math.ceil(options.length / (options.length > 6 ? 2 : 1)) : columnsOf(options) }}
    >
      {options.map((option, index) => (
        <button
          type="button"
          dir="auto"
          key={option.value}
          hidden={!isFound(option)}
          class={`option${expected !== undefined && includes(expected, option.value) ? ' expected' : ''}`}
          aria-pressed={chosen !== undefined && includes(chosen, option.value)}
          aria-keyshortcuts={option.key}
          disabled={verdict !== undefined}
          data-enter={question.kind === 'multi-label' || chosen === option.value ? 'next' : undefined}
          onClick={(event) => !isEcho(event) && desk.choose(index)}
        >
          {option.key !== undefined && option.key !== option.title && <Key name={option.key} />}
          <span>
            <span>{option.title}</span>
            {option.description !== undefined && <small class="muted">{option.description}</small>}
          </span>
        </button>
      ))}
    </div>
  );
  if (options.length > mostUnsearched) {
    return (
      <div class="searched">
        <input
          type="search"
          dir="auto"
          aria-label="Search the answers"
          placeholder={`Search ${options.length} answers`}
          autocomplete="off"
          enterkeyhint="done"
          disabled={verdict !== undefined}
          value={sought.value}
          onInput={(event) => {
            sought.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            // Enter takes what was found, where that is one.
            if (event.key !== 'Enter' || words === '') return;
            event.preventDefault();
            event.stopPropagation();
            if (found.length === 1 && !event.repeat) desk.choose(found[0]);
          }}
        />
        <p class="unseen" role="status">
          {words !== '' && `${found.length} found`}
        </p>
        {found.length === 0 && <p class="muted">No answer has these words.</p>}
        {buttons}
      </div>
    );
  }
  if (question.kind !== 'scale' || !(question.leastTitle || question.mostTitle)) return buttons;
  return (
    <div>
      <div class="ends muted">
        {question.leastTitle && (
          <span>
            {question.least} = <bdi>{question.leastTitle}</bdi>
          </span>
        )}
        {question.mostTitle && (
          <span>
            {question.most} = <bdi>{question.mostTitle}</bdi>
          </span>
        )}
      </div>
      {buttons}
    </div>
  );
}

/** How many answers stand side by side where there is room: rows as even as can be, long answers two at most. */
function columnsOf(options: readonly Option[]): number {
  const isLong = options.some(({ title, description = '' }) => title.length > 30 || description !== '');
  const wanted = options.length > 4 || options.length === 3 ? 3 : Math.min(options.length, 2);
  return Math.min(wanted, isLong ? 2 : 3);
}

function Field({ desk, question }: { readonly desk: Desk; readonly question: Question }): VNode {
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  const lease = desk.shown.value?.lease;
  useLayoutEffect(() => {
    // On a phone the keyboard would hide the card before it was read.
    if (!matchMedia('(pointer: coarse)').matches) field.current?.focus();
  }, [lease]);
  const draft = desk.draft.value;
  const shared = {
    ref: field,
    'aria-labelledby': 'prompt',
    'aria-invalid': desk.problem.value !== undefined,
    'aria-describedby': 'problem range',
    disabled: desk.verdict.value !== undefined,
    value: draft === undefined ? '' : String(draft),
  };
  if (question.kind === 'text') {
    return (
      <textarea
        {...shared}
        rows={3}
        dir="auto"
        enterkeyhint="send"
        maxLength={question.mostCharacters}
        onInput={(event) => desk.write(event.currentTarget.value)}
      />
    );
  }
  return (
    <div class="number">
      <input
        {...shared}
        type="text"
        inputMode="decimal"
        autocomplete="off"
        data-field="number"
        onInput={(event) => desk.write(event.currentTarget.value)}
      />
      {question.kind === 'number' && question.unit !== undefined && <span dir="auto">{question.unit}</span>}
      <span id="range" class="muted">
        {rangeOf(question)}
      </span>
    </div>
  );
}

/** Was the practice answer right, and why. */
function Judgement({ verdict, desk }: { readonly verdict: Verdict; readonly desk: Desk }): VNode {
  const { feedback } = verdict;
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => place.current?.scrollIntoView({ block: 'nearest' }), [feedback]);
  if (feedback === undefined) {
    const away = desk.post.trouble.value !== undefined;
    return <p class="muted">{away ? 'The explanation comes when you are connected again.' : 'Checking…'}</p>;
  }
  return (
    <div ref={place} class={feedback.correct ? 'judgement right' : 'judgement wrong'}>
      <p>
        <strong>{feedback.correct ? '✓ Right' : '✗ We expected'}</strong>
        {!feedback.correct && (
          <strong dir="auto"> {titleOf(desk.work.value.campaign.question, feedback.expected)}</strong>
        )}
      </p>
      {feedback.explanation !== undefined && <Words text={feedback.explanation} />}
    </div>
  );
}

/** A value as the worker knows it: by the titles of its choices. */
export function titleOf(question: Question, value: Value): string {
  const titles = new Map(optionsOf(question).map((option) => [option.value, option.title]));
  const list = Array.isArray(value) ? value : [value];
  return list.length === 0 ? 'none' : list.map((each) => titles.get(each) ?? String(each)).join(', ');
}

function includes(value: Value, each: string | number): boolean {
  return Array.isArray(value) ? value.includes(each) : value === each;
}

function rangeOf(question: Question): string {
  if (question.kind !== 'number' && question.kind !== 'scale') return '';
  const { least, most } = question;
  if (least === undefined && most === undefined) return '';
  const end = (value: number | undefined, title?: string): string => `${value}${title ? ` (${title})` : ''}`;
  const titles = question.kind === 'scale' ? [question.leastTitle, question.mostTitle] : [];
  if (most === undefined) return `at least ${end(least)}`;
  return least === undefined ? `at most ${end(most)}` : `${end(least, titles[0])} to ${end(most, titles[1])}`;
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
