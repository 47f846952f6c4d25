import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { CsvScanner } from '../../src/formats/csv-scanner.ts';
import { cellTexts } from '../../src/formats/head.ts';

/** All records of a text that is pushed in pieces of the given lengths, and the line each begins on. */
function scan(
  text: string | Uint8Array,
  options: { delimiter?: string; pieces?: readonly number[]; quoted?: boolean; longest?: number } = {},
) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const records: string[][] = [];
  const lines: number[] = [];
  const { delimiter = ',', quoted, longest } = options;
  const scanner = new CsvScanner({ name: 'a.csv', delimiter: delimiter.charCodeAt(0), quoted, longest }, () => {
    records.push(cellTexts(scanner));
    lines.push(scanner.line);
  });
  let from = 0;
  for (const length of options.pieces ?? []) {
    scanner.push(bytes.subarray(from, from + length));
    scanner.flush(false);
    from += length;
  }
  scanner.push(bytes.subarray(from));
  scanner.end();
  return { records, lines };
}

/** Cells full of what CSV makes difficult. */
const cell = fc
  .array(fc.constantFrom('a', 'é', '日', '"', '""', ',', ';', '\t', '\n', '\r\n', ' ', '1', '\\'), { maxLength: 6 })
  .map((parts) => parts.join(''));

function written(records: readonly (readonly string[])[], delimiter: string, end: string, quoteAll: boolean): string {
  const one = (text: string): string =>
    quoteAll || /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
  return records.map((cells) => cells.map(one).join(delimiter) + end).join('');
}

const pieces = fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 40 });

describe('scanning CSV', () => {
  it('gives back what was written, however the chunks are cut', () => {
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));
    fc.assert(
      fc.property(
        table,
        pieces,
        fc.constantFrom(',', '\t', ';', '|'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        (records, cuts, delimiter, end, quoteAll) => {
          const text = written(records, delimiter, end, quoteAll);
          expect(scan(text, { delimiter, pieces: cuts }).records).toEqual(records);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });

  it('agrees with csv-parse on any text both accept', () => {
    const line = fc.array(
      fc.constantFrom('a', 'bc', '"x"', '"x,y"', '"x""y"', '"x\ny"', ',', ',', '\n', '\r\n', 'é', ' '),
      { maxLength: 25 },
    );
    let compared = 0;
    fc.assert(
      fc.property(line, pieces, (parts, cuts) => {
        const text = parts.join('');
        let expected: string[][];
        try {
          expected = parse(text, {
            relax_column_count: true,
            skip_empty_lines: true,
            record_delimiter: ['\n', '\r\n'],
          });
        } catch {
          return;
        }
        compared++;
        expect(scan(text, { pieces: cuts }).records).toEqual(expected);
      }),
      { numRuns: 1000, seed: 2 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it('never crashes on bytes of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), pieces, (bytes, cuts) => {
        try {
          scan(bytes, { pieces: cuts });
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  it('says the line on which a record begins', () => {
    expect(scan('a,b\n\n"x\ny",c\r\nd,e').lines).toEqual([1, 3, 5]);
  });

  it('skips a byte order mark and blank lines but keeps empty cells', () => {
    expect(scan('\uFEFFa,b\n\n\r\n,\n""\n').records).toEqual([['a', 'b'], ['', ''], ['']]);
    expect(scan('\uFEFFa,b\n', { pieces: [1, 1, 1] }).records).toEqual([['a', 'b']]);
  });

  it('takes a quotation mark inside an unquoted cell as it is', () => {
    expect(scan('5" disk,b\n').records).toEqual([['5" disk', 'b']]);
    expect(scan('"a,b\n', { quoted: false }).records).toEqual([['"a', 'b']]);
  });

  it.each([
    ['an unclosed quotation mark', 'a,b\nc,"d\ne,f\n', 'unclosed-quote', 2],
    ['text after a closing quotation mark', 'a,b\nc,"d"e\n', 'text-after-quote', 2],
    ['a NUL byte', 'a,b\nc,d\ne,\0\n', 'nul-byte', 3],
  ])('refuses %s and names the line', (_, text, code, line) => {
    expect(() => scan(text)).toThrow(expect.objectContaining({ code, line, path: 'a.csv' }));
  });

  it('refuses a record longer than the limit without taking more memory', () => {
    const chunk = new Uint8Array(1 << 20).fill(0x61);
    const scanner = new CsvScanner({ name: 'a.csv', delimiter: 0x2c }, () => {});
    const before = process.memoryUsage().arrayBuffers;
    let pushed = 0;
    const pushAll = (): void => {
      for (; pushed < 1024; pushed++) scanner.push(chunk);
    };
    expect(pushAll).toThrow(expect.objectContaining({ code: 'record-too-long', line: 1 }));
    expect(pushed).toBeLessThan(64);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150e6);
  });

  it('reads long quoted cells full of doubled quotation marks in linear time', () => {
    const text = `"${'""'.repeat(2_000_000)}",${'"""",'.repeat(100_000)}x\n`;
    const { records } = scan(text, { pieces: [1 << 16] });
    expect(records[0][0]).toHaveLength(2_000_000);
    expect(records[0]).toHaveLength(100_002);
  });
});
