import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign } from '../../src/math/assign.ts';

describe('assign', () => {
  it('finds what trying every pairing finds, for any shape and goal', () => {
    const shape = fc.record({ rows: fc.integer({ min: 0, max: 5 }), columns: fc.integer({ min: 0, max: 5 }) });
    const cases = shape.chain(({ rows, columns }) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        matrix: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: rows * columns, maxLength: rows * columns }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ rows, columns, matrix }) => {
        for (const goal of ['minimise', 'maximise'] as const) {
          const { columns: chosen, total } = assign(matrix, rows, columns, goal);
          const used = [...chosen].filter((column) => column >= 0);
          expect(used).toHaveLength(Math.min(rows, columns));
          expect(new Set(used).size).toBe(used.length);
          expect(total).toBe(bestByTrying(matrix, rows, columns, goal === 'maximise' ? -1 : 1));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('refuses entries that are not finite', () => {
    expect(() => assign([1, Number.NaN, 2, 3], 2, 2)).toThrow(/invalid entry NaN in row 0/);
    expect(() => assign([1], 1, 2)).toThrow(/invalid entry undefined/);
  });

  it('undoes a permutation of 60 classes', () => {
    const n = 60;
    const matrix = Float64Array.from({ length: n * n }, (_, at) =>
      at % n === (Math.floor(at / n) * 7 + 3) % n ? 0.7 : 0.3 * Math.abs(Math.sin(at)),
    );
    const { columns } = assign(matrix, n, n, 'maximise');
    expect([...columns]).toEqual(Array.from({ length: n }, (_, i) => (i * 7 + 3) % n));
  });
});

function bestByTrying(matrix: number[], rows: number, columns: number, sign: number): number {
  const pairs = Math.min(rows, columns);
  let best = Infinity;
  const extend = (row: number, made: number, used: number, sum: number): void => {
    if (row === rows) {
      if (made === pairs) best = Math.min(best, sum);
      return;
    }
    if (rows > columns) extend(row + 1, made, used, sum);
    for (let column = 0; column < columns; column++) {
      if ((used >> column) & 1) continue;
      extend(row + 1, made + 1, used | (1 << column), sum + sign * matrix[row * columns + column]);
    }
  };
  extend(0, 0, 0, 0);
  return sign * best + 0;
}
