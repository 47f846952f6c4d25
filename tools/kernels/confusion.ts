/**
 * The AssemblyScript of the confusion sweep, for each number of classes from one template.
 *
 * Memory is laid out by the caller: a `head` of fixed addresses, then four-byte record addresses in
 * the order of the sweep, task factors, records and posteriors. A record is one (worker, said):
 * `width` probabilities by true class and `width` counts, where `width` is the number of classes
 * rounded up to even; a padding class has prior 0, so its products and counts stay 0.
 *
 * A call sweeps `tasks` tasks of equally many answers (`bytes` = 4 per answer) and carries the
 * running likelihood and the class totals in the head, so that nothing but arithmetic is inside.
 */
import { forAnyClasses } from './confusion-any.ts';
import { forClasses } from './confusion-classes.ts';
import { confusionHead, lines } from './confusion-parts.ts';

/** Numbers of classes that get code of their own; others run in column blocks. */
export const confusionClassCounts: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/** Filling; M-step, its logarithms and clearing, over all workers. */
const tables = `
/** Copies the table's \`size\` bytes of rows by said at \`rows\` to every worker. */
export function fill(records: usize, workers: u32, width: u32, rows: usize, size: u32): void {
  for (; workers; workers--) {
    for (let from = rows; from < rows + size; from += width) {
      for (let column: usize = 0; column < width; column += 16) v128.store(records + column, v128.load(from + column));
      records += width << 1;
    }
  }
}

/**
 * For each (said, truth) the product over workers of the table's cells, as a number and how often it
 * was rescaled: \`size\` bytes of rows by said at \`products\`, then as many of counts.
 */
export function products(records: usize, workers: u32, width: u32, products: usize, size: u32): void {
  const end = products + size;
  for (let at = products; at < end; at += 16) {
    v128.store(at, f64x2.splat(1));
    v128.store(at + size, f64x2.splat(0));
  }
  for (; workers; workers--) {
    for (let row = products; row < end; row += width) {
      for (let column: usize = 0; column < width; column += 16) {
        const at = row + column;
        let product = f64x2.mul(v128.load(at), v128.load(records + column));
        let small = f64x2.lt(product, f64x2.splat(1e-100));
        while (v128.any_true(small)) {
          product = v128.bitselect(f64x2.mul(product, f64x2.splat(RESCALE)), product, small);
          v128.store(at + size, f64x2.add(v128.load(at + size), v128.and(small, f64x2.splat(1))));
          small = v128.and(f64x2.lt(product, f64x2.splat(1e-100)), f64x2.gt(product, f64x2.splat(0)));
        }
        v128.store(at, product);
      }
      records += width << 1;
    }
  }
}

/** Sets the counts of all records to zero; \`size\` bytes of records in all. */
export function clear(records: usize, size: u32, width: u32): void {
  const end = records + size;
  for (let record = records + width; record - width != end; record += width << 1) {
    for (let column: usize = 0; column < width; column += 16) v128.store(record + column, f64x2.splat(0));
  }
}

/**
 * Table = (counts + added) / row sum, at least \`floor\`; counts to zero. \`stride\` bytes a worker.
 * A row without mass keeps its table. The smallest cell goes to the head.
 */
export function normalise(records: usize, workers: u32, stride: u32, width: u32, added: usize, floor: f64): void {
  const low = f64x2.splat(floor);
  let smallest = f64x2.splat(1);
  for (; workers; workers--) {
    const end = records + stride;
    for (let column: usize = 0; column < width; column += 16) {
      let sum = f64x2.splat(0);
      let extra = added + column;
      for (let record = records + column; record < end; record += width << 1) {
        sum = f64x2.add(sum, f64x2.add(v128.load(record + width), v128.load(extra)));
        extra += width;
      }
      const filled = f64x2.gt(sum, f64x2.splat(0));
      const inverse = f64x2.div(f64x2.splat(1), sum);
      extra = added + column;
      for (let record = records + column; record < end; record += width << 1) {
        let cell = f64x2.mul(f64x2.add(v128.load(record + width), v128.load(extra)), inverse);
        cell = f64x2.pmax(v128.bitselect(cell, v128.load(record), filled), low);
        smallest = f64x2.pmin(smallest, cell);
        v128.store(record, cell);
        v128.store(record + width, f64x2.splat(0));
        extra += width;
      }
    }
    records = end;
  }
  store<f64>(SMALLEST, min(f64x2.extract_lane(smallest, 0), f64x2.extract_lane(smallest, 1)));
}
`;

/** The whole module. */
export function confusionSource(): string {
  const head = confusionHead;
  return `const LIKELIHOOD: usize = ${head.likelihood};
const LIKELIHOOD_EXPONENT: usize = ${head.likelihoodExponent};
const MAX_CHANGE: usize = ${head.maxChange};
const SMALLEST: usize = ${head.smallest};
const TOUCHED: usize = ${head.touched};
const TINY: usize = ${head.tiny};
const ONE: usize = ${head.one};
const PRIOR: usize = ${head.vectors};
const RESCALE: f64 = ${2 ** 332};
const INVERSE_RESCALE: f64 = ${2 ** -332};
${lines(confusionClassCounts.map(forClasses))}${forAnyClasses()}${tables}`;
}
