import type { Question } from '@assay/server/protocol';
import { describe, expect, it } from 'vitest';
import { type Action, actionKeys, actionOf, type Focus, optionsOf, type Stroke } from '../../src/worker/keys.ts';

const choices = (...values: string[]): Question => ({
  kind: 'choice',
  prompt: 'Which?',
  choices: values.map((value) => ({ value })),
});
const scale = (least: number, most: number): Question => ({ kind: 'scale', prompt: 'How much?', least, most });
const questions: readonly Question[] = [
  choices('cat', 'dog', 'bird'),
  choices(...'abcdefghijklmnop'),
  choices(...'0123456789'),
  { kind: 'multi-label', prompt: 'Which?', choices: [{ value: 'z' }, { value: 's' }, { value: '?' }] },
  scale(1, 7),
  scale(0, 10),
  scale(-3, 3),
  scale(0, 100),
  { kind: 'number', prompt: 'How many?' },
  { kind: 'text', prompt: 'What?' },
];

function press(key: string, how: Partial<Stroke> = {}, focus: Focus = 'nothing', question = questions[0]) {
  const stroke = { key, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, repeat: false, ...how };
  return actionOf(stroke, optionsOf(question), focus);
}

/** Single keys that browsers and screen readers act on: scrolling, moving, typing ahead, quick find, function keys. */
const taken = [
  ...[' ', 'Tab', 'Backspace', 'Delete', 'PageUp', 'PageDown', 'Home', 'End', 'Insert', "'", '/'],
  ...['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight'],
  ...Array.from({ length: 12 }, (_, index) => `F${index + 1}`),
];

describe('keys', () => {
  it.each(questions.map((question) => [question.kind, question] as const))(
    'gives every key one meaning: %s',
    (_, question) => {
      const keys = optionsOf(question).flatMap(({ key }) => key ?? []);
      const all = [...keys, ...Object.values(actionKeys)].map((key) => key.toLowerCase());
      expect(new Set(all).size).toBe(all.length);
      expect(all.filter((key) => taken.some((other) => other.toLowerCase() === key))).toEqual([]);
    },
  );

  it('leaves keys with Ctrl, Alt and the command key to the browser, and counts a held key once', () => {
    for (const key of ['1', 'z', 's', '?', 'Enter', 'Escape']) {
      expect(press(key)).toBeDefined();
      for (const how of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { repeat: true }]) {
        expect(press(key, how)).toBeUndefined();
      }
    }
    for (const key of taken) expect(press(key)).toBeUndefined();
  });

  it('chooses by 1 to 9 and 0 in order', () => {
    const many = questions[1];
    expect(optionsOf(many).map(({ key }) => key)).toEqual([...'1234567890', ...Array(6).fill(undefined)]);
    expect(press('1', {}, 'nothing', many)).toEqual({ choose: 0 });
    expect(press('0', {}, 'nothing', many)).toEqual({ choose: 9 });
    expect(press('4')).toBeUndefined();
  });

  it('chooses a digit by itself', () => {
    const digits = optionsOf(questions[2]);
    expect(digits.every(({ key, title }) => key === title)).toBe(true);
    expect(optionsOf(scale(1, 7)).map(({ key }) => key)).toEqual([...'1234567']);
    expect(optionsOf(scale(0, 10)).map(({ key }) => key)).toEqual([...'0123456789', undefined]);
    expect(optionsOf(scale(-3, 3)).map(({ key }) => key)).toEqual([...'1234567']);
  });

  it('types long scales as numbers', () => {
    expect(optionsOf(scale(0, 100))).toEqual([]);
    expect(optionsOf(scale(0, 10))).toHaveLength(11);
  });

  it('never takes a key that types something', () => {
    const number = questions[8];
    const expectIn = (focus: Focus, expected: Record<string, Action | undefined>): void => {
      for (const [key, action] of Object.entries(expected)) expect(press(key, {}, focus, number)).toEqual(action);
    };
    expectIn('text', { z: undefined, s: undefined, '?': undefined, '1': undefined, Enter: 'next', Escape: 'cancel' });
    expectIn('number', { z: 'undo', s: 'skip', '?': 'help', '1': undefined, Enter: 'next', Escape: 'cancel' });
    expect(press('Enter', { shiftKey: true }, 'text')).toBeUndefined();
  });

  it('leaves Enter on a button to the button', () => {
    expect(press('Enter', {}, 'button')).toBeUndefined();
    expect(press('2', {}, 'button')).toEqual({ choose: 1 });
  });

  it('hears capital letters', () => {
    expect(press('Z', { shiftKey: true })).toBe('undo');
    expect(press('S', { shiftKey: true })).toBe('skip');
  });
});
