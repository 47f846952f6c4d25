import type { Question, Value } from './question.ts';

/** The longest free text, in characters, where the question sets no limit. */
export const mostCharacters = 10_000;

/**
 * Why a value is no answer to a question, in words for the worker, or undefined where it is one.
 *
 * The same check runs on the page and on the server. O(size of the value).
 *
 * @example
 * problemWith({ kind: 'scale', prompt: 'How good?', least: 1, most: 5 }, 7); // => 'give a whole number from 1 to 5'
 */
export function problemWith(question: Question, value: Value): string | undefined {
  switch (question.kind) {
    case 'choice':
      return question.choices.some((choice) => choice.value === value) ? undefined : 'choose one of the answers';
    case 'multi-label': {
      const { choices, least = 0, most = choices.length } = question;
      if (!Array.isArray(value)) return 'choose from the answers';
      const known = new Set(choices.map((choice) => choice.value));
      if (new Set(value).size < value.length || !value.every((each) => known.has(each)))
        return 'choose from the answers';
      if (value.length < least) return `choose at least ${least}`;
      return value.length > most ? `choose at most ${most}` : undefined;
    }
    case 'scale':
    case 'number': {
      const { kind, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = question;
      const whole = kind === 'scale';
      if (typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value))) {
        return Number.isFinite(value) ? undefined : 'give a number';
      }
      const range =
        Number.isFinite(least) && Number.isFinite(most)
          ? ` from ${least} to ${most}`
          : Number.isFinite(least)
            ? ` of at least ${least}`
            : Number.isFinite(most)
              ? ` of at most ${most}`
              : '';
      return `give a ${whole ? 'whole ' : ''}number${range}`;
    }
    case 'text': {
      const most = question.mostCharacters ?? mostCharacters;
      if (typeof value !== 'string' || value.trim() === '') return 'write an answer';
      return value.length > most ? `write at most ${most} characters` : undefined;
    }
  }
}

/**
 * The one spelling of a value: the labels of a multi-label answer in the question's order, everything else as it is.
 *
 * Two answers that say the same are then stored the same.
 */
export function canonical(question: Question, value: Value): Value {
  if (question.kind !== 'multi-label' || !Array.isArray(value)) return value;
  return question.choices.map((choice) => choice.value).filter((each) => value.includes(each));
}

/** The classes an answer can have, where the question has finitely many in a fixed order; else undefined. */
export function classesOf(question: Question): readonly string[] | undefined {
  if (question.kind === 'choice') return question.choices.map((choice) => choice.value);
  if (question.kind !== 'scale') return undefined;
  return Array.from({ length: question.most - question.least + 1 }, (_, step) => String(question.least + step));
}
