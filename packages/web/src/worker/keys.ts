import type { Question } from '@assay/server/protocol';

/** What a key does. */
export type Action = 'next' | 'undo' | 'skip' | 'help' | 'cancel' | { readonly choose: number };

/** The keys of the page beside those of the choices. Plain keys only: with Ctrl, Alt or ⌘ they are the browser's. */
export const actionKeys: Readonly<Record<Exclude<Action, { readonly choose: number }>, string>> = {
  next: 'Enter',
  undo: 'z',
  skip: 's',
  help: '?',
  cancel: 'Escape',
};

/** Scales with more points than this are answered by typing a number. */
export const mostButtons = 11;

/** A button of a question with fixed answers. */
export interface Option {
  readonly value: string | number;
  readonly title: string;
  readonly description?: string;
  /** The key that chooses it; those after the tenth have none. */
  readonly key?: string;
}

/** The answers of a question that are given by buttons; none for a number or a text. */
export function optionsOf(question: Question): readonly Option[] {
  switch (question.kind) {
    case 'choice':
    case 'multi-label':
      return withKeys(question.choices.map(({ value, title = value, description }) => ({ value, title, description })));
    case 'scale': {
      const { least, most } = question;
      if (most - least >= mostButtons) return [];
      const points = Array.from({ length: most - least + 1 }, (_, index) => least + index);
      return withKeys(points.map((value) => ({ value, title: String(value) })));
    }
    default:
      return [];
  }
}

/** The keys 1 to 9 and 0 in order; but where the answers are whole numbers themselves, a digit is its own key. */
function withKeys(options: readonly Option[]): readonly Option[] {
  const titles = options.map(({ title }) => title);
  const isDigit = (title: string): boolean => /^[0-9]$/.test(title);
  const areNumbers = titles.every((title) => /^[0-9]+$/.test(title)) && titles.some(isDigit);
  const isPlain = areNumbers && new Set(titles).size === titles.length;
  return options.map((option, index) => {
    const key = isPlain ? (isDigit(option.title) ? option.title : undefined) : '1234567890'[index];
    return { ...option, key };
  });
}

/** What of a keyboard event decides. */
export type Stroke = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey' | 'repeat'>;

/** Where the focus is: in nothing that takes keys, on a button or link, or in a field that is typed into. */
export type Focus = 'nothing' | 'button' | 'number' | 'text';

/**
 * The action of a key stroke, or undefined when it is not ours.
 *
 * Held keys count once. Ctrl, Alt and ⌘ are always the browser's. In a field only the keys count that would type
 * nothing useful there: Enter, Escape and, where a number is expected, the letters. Enter on a focused button is that
 * button's.
 */
export function actionOf(stroke: Stroke, options: readonly Option[], focus: Focus): Action | undefined {
  const { key, repeat, shiftKey } = stroke;
  if (repeat || stroke.ctrlKey || stroke.altKey || stroke.metaKey) return undefined;
  if (key === actionKeys.cancel) return 'cancel';
  if (key === actionKeys.next) return focus === 'button' || (focus === 'text' && shiftKey) ? undefined : 'next';
  if (focus === 'text') return undefined;
  const letter = key.toLowerCase();
  for (const action of ['undo', 'skip', 'help'] as const) if (letter === actionKeys[action]) return action;
  if (focus === 'number') return undefined;
  const choose = options.findIndex((option) => option.key === key);
  return choose < 0 ? undefined : { choose };
}
