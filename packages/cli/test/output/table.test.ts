import { expect, it } from 'vitest';
import { clipped, tableText, widthOf } from '../../src/output/table.ts';

it('aligns text to the left and numbers to the right, without trailing spaces', () => {
  const text = tableText(
    [{ title: 'worker' }, { title: 'n', align: 'right' }, { title: 'remark' }],
    [
      ['ana', '1,204', ''],
      ['françois', '7', 'new'],
    ],
  );
  expect(text).toBe('worker        n  remark\nana       1,204\nfrançois      7  new\n');
});

it('counts wide characters as two columns and marks as none', () => {
  expect([widthOf('abc'), widthOf('日本'), widthOf('e\u0301'), widthOf('👍')]).toEqual([3, 4, 1, 2]);
});

it('keeps names on one line and within their column', () => {
  expect(clipped('a\nb\u001b[31mc')).toBe('a b [31mc');
  expect(clipped('x'.repeat(50), 5)).toBe('xxxx…');
});
