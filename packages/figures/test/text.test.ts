import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textWidth, truncate, wrap } from '../src/text.ts';

describe('textWidth', () => {
  it('grows with length, size and weight', () => {
    expect(textWidth('ab', 12)).toBeGreaterThan(textWidth('a', 12));
    expect(textWidth('ab', 14)).toBeGreaterThan(textWidth('ab', 12));
    expect(textWidth('ab', 12, 'bold')).toBeGreaterThan(textWidth('ab', 12));
  });

  it('counts wide characters as an em and combining marks as nothing', () => {
    expect(textWidth('大', 10)).toBeGreaterThanOrEqual(10);
    expect(textWidth('e\u0301', 10)).toBe(textWidth('e', 10));
  });
});

describe('truncate', () => {
  it('fits in the room, or keeps one character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.integer({ min: 5, max: 300 }), (value, width) => {
        const result = truncate(value, width, 12);
        expect(textWidth(result, 12) <= width || [...result].length <= 2).toBe(true);
        expect(result.isWellFormed()).toBe(value.isWellFormed());
      }),
      { seed: 5 },
    );
  });

  it('leaves short text alone and marks the cut in long text', () => {
    expect(truncate('short', 100, 12)).toBe('short');
    expect(truncate('a rather long name', 60, 12)).toMatch(/^a rat.*…$/);
    expect(truncate('two\nlines', 100, 12)).toBe('two lines');
  });

  it('takes a megabyte without effort', () => {
    expect(truncate('x'.repeat(1e6), 60, 12)).toMatch(/^x+…$/);
  });
});

describe('wrap', () => {
  it('breaks at spaces and shortens the last line', () => {
    const lines = wrap('one two three four five six seven eight nine ten', 80, 12, 2);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/…$/);
    expect(lines.every((line) => textWidth(line, 12) <= 80)).toBe(true);
  });

  it('gives no lines for nothing', () => {
    expect(wrap('  ', 80, 12)).toEqual([]);
  });
});
