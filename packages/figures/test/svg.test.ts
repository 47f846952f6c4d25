import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal, element, path, text } from '../src/svg.ts';
import { parseXml, textOf } from './helpers/xml.ts';

describe('element', () => {
  it('gives text and attributes back as they were, for any well-formed string without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (inside, attribute) => {
        const parsed = parseXml(element('text', { class: attribute }, text(inside)));
        expect(textOf(parsed)).toBe(inside);
        expect(parsed.attributes.get('class')).toBe(attribute);
      }),
      { seed: 3 },
    );
  });

  it('replaces characters that XML forbids', () => {
    expect(text('a\u0000b\ud800c\uffff')).toBe('a\ufffdb\ufffdc\ufffd');
  });

  it('leaves out undefined attributes and closes empty elements', () => {
    expect(element('rect', { x: 1, y: undefined })).toBe('<rect x="1"/>');
  });

  it('refuses names that are not names', () => {
    expect(() => element('a b')).toThrow(/invalid element name/);
    expect(() => element('rect', { 'x"': 1 })).toThrow(/invalid attribute name/);
  });
});

describe('decimal', () => {
  it('rounds to hundredths without exponents or negative zero', () => {
    expect([1 / 3, -0.001, 1e-9, 12, 1234567.891].map(decimal)).toEqual(['0.33', '0', '0', '12', '1234567.89']);
  });

  it('refuses what cannot be drawn', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1e16])
      expect(() => decimal(value)).toThrow(/invalid coordinate/);
  });
});

describe('path', () => {
  it('separates numbers and joins them to commands', () => {
    expect(path('M', 0, 1.005, 'L', -2, 3, 'h', 4)).toBe('M0 1L-2 3h4');
  });
});
