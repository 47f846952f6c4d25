import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { JsonSplitter } from '../../src/formats/json-splitter.ts';

function split(text: string, pieces: readonly number[] = [], longest?: number): { values: unknown[]; lines: number[] } {
  const bytes = new TextEncoder().encode(text);
  const splitter = new JsonSplitter('a.json', longest);
  const values: unknown[] = [];
  const lines: number[] = [];
  const take = (found: Iterable<{ text: string; line: number }>): void => {
    for (const piece of found) {
      values.push(JSON.parse(piece.text));
      lines.push(piece.line);
    }
  };
  let from = 0;
  for (const length of pieces) {
    take(splitter.push(bytes.subarray(from, from + length)));
    from += length;
  }
  take(splitter.push(bytes.subarray(from)));
  take(splitter.end());
  return { values, lines };
}

const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });

describe('splitting JSON', () => {
  it('gives the elements of an array, however the chunks are cut and the text is indented', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }),
        pieces,
        fc.constantFrom(0, 2, '\t'),
        (values, cuts, indent) => {
          const plain = JSON.parse(JSON.stringify(values));
          expect(split(JSON.stringify(values, null, indent), cuts).values).toEqual(plain);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
  it('gives the values of JSON lines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })), { minLength: 1, maxLength: 6 }),
        pieces,
        (values, cuts) => {
          const plain = values.map((value) => JSON.parse(JSON.stringify(value)));
          expect(split(values.map((value) => JSON.stringify(value)).join('\n'), cuts).values).toEqual(plain);
        },
      ),
      { numRuns: 300, seed: 2 },
    );
  });
  it('names the line of each element', () => {
    expect(split('[\n{"a":1},\n\n {"a":\n2}, 3\n]\n').lines).toEqual([2, 4, 5]);
  });
  it.each([
    ['[{"a":1}', 'invalid-json'],
    ['[{"a":"x}', 'invalid-json'],
    ['{"a":1', 'invalid-json'],
    ['[1] 2', 'invalid-json'],
    ['[1 2]', 'invalid-json'],
    ['[{}{}]', 'invalid-json'],
    ['{"a":"x\ny"}', 'invalid-json'],
    ['['.repeat(100_000), 'too-deep'],
    [`{"a":${'['.repeat(1000)}`, 'too-deep'],
  ])('refuses %.20s', (text, code) => {
    expect(() => split(text)).toThrow(expect.objectContaining({ code, path: 'a.json' }));
  });
  it('refuses an element longer than the limit', () => {
    expect(() => split(`[{"a":"${'x'.repeat(100)}"}]`, [80], 50)).toThrow(
      expect.objectContaining({ code: 'record-too-long' }),
    );
  });
  it('never crashes on text of any kind', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '1', 'null', '\\', '\n', ' ', '\uFEFF', 'é');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces, (parts, cuts) => {
        try {
          split(parts.join(''), cuts);
        } catch (error) {
          if (!(error instanceof SyntaxError)) expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 800, seed: 3 },
    );
  });
});
