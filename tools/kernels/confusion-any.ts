import {
  alignToLeader,
  closeChange,
  closeLikelihood,
  lines,
  multiplyLikelihood,
  openChange,
  openLikelihood,
  range,
  rescale,
} from './confusion-parts.ts';

/** A column block of `vectors` vectors at byte offset `column`. */
function columnBlock(
  vectors: number,
  body: (z: readonly string[], each: (code: (i: number) => string) => string) => string,
) {
  const z = range(vectors).map((i) => `z${i}`);
  return body(z, (code) => lines(range(vectors).map(code)));
}

/** Runs `block(vectors)` over the columns: 8 classes at a time, then the 4 and the 2 that remain. */
function overColumns(indent: string, block: (vectors: number) => string): string {
  return `${indent}let column: usize = 0;
${indent}while (column + 64 <= width) {
${block(4)}
${indent}  column += 64;
${indent}}
${indent}if (width & 32) {
${block(2)}
${indent}  column += 32;
${indent}}
${indent}if (width & 16) {
${block(1)}
${indent}}`;
}

/** Any number of classes: products in scratch, columns in blocks of 8, 4 and 2 classes. */
export function forAnyClasses(): string {
  const gather = (vectors: number, first: string): string =>
    columnBlock(
      vectors,
      (z, each) => `${each((i) => `        let z${i} = v128.load(${first} + column, ${16 * i});`)}
        let at = from;
        do {
          const record = load<u32>(at) + column;
${each((i) => `          z${i} = f64x2.mul(z${i}, v128.load(record, ${16 * i}));`)}
          at += 4;
        } while (at != stop);
${each((i) => `        v128.store(product + column, z${i}, ${16 * i});`)}
${first === 'product' ? '' : each((i) => `        lanes = f64x2.add(lanes, z${z[i].slice(1)});`)}`,
    );
  const scatter = (vectors: number): string =>
    columnBlock(
      vectors,
      (_, each) => `${each((i) => `        const z${i} = f64x2.mul(v128.load(product + column, ${16 * i}), inverse);`)}
${each((i) => `        v128.store(totals + column, f64x2.add(v128.load(totals + column, ${16 * i}), z${i}), ${16 * i});`)}
        if (posterior) {
          const row = posterior + column;
${each(
  (i) => `          change = f64x2.pmax(change, f64x2.abs(f64x2.sub(z${i}, v128.load(row, ${16 * i}))));
          v128.store(row, z${i}, ${16 * i});`,
)}
        }
        let at = answers;
        do {
          touched ^= load<u32>(load<u32>(at + bytes) + column);
          const record = load<u32>(at) + column + width;
${each((i) => `          v128.store(record, f64x2.add(v128.load(record, ${16 * i}), z${i}), ${16 * i});`)}
          at += 4;
        } while (at != end);`,
    );
  const finish = `    const sum: f64 = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
    ${multiplyLikelihood}
    const inverse = f64x2.splat(one / sum);
    {
${overColumns('      ', scatter)}
    }
    if (factors) factors += width;
    if (posterior) posterior += width;
    answers = end;`;
  const share = (vectors: number): string =>
    columnBlock(
      vectors,
      (_, each) => `${each((i) => `        let z${i} = f64x2.splat(0);`)}
        let at = answers;
        do {
          const record = load<u32>(at) + column;
${each((i) => `          z${i} = f64x2.add(z${i}, v128.load(record, ${16 * i}));`)}
          at += 4;
        } while (at != end);
${each(
  (i) => `        z${i} = f64x2.div(z${i}, given);
        v128.store(totals + column, f64x2.add(v128.load(totals + column, ${16 * i}), z${i}), ${16 * i});`,
)}
        at = answers;
        do {
          const record = load<u32>(at) + column + width;
${each((i) => `          v128.store(record, f64x2.add(v128.load(record, ${16 * i}), z${i}), ${16 * i});`)}
          at += 4;
        } while (at != end);`,
    );
  const start = `      for (let column: usize = 0; column < width; column += 16) {
        v128.store(product + column, f64x2.mul(v128.load(PRIOR + column), v128.load(factors + column)));
      }`;
  return `
/** Any number of classes in \`width\` bytes; \`factors\` and \`posterior\` are rows by task, or 0. */
export function fullAny(answers: usize, tasks: u32, bytes: u32, factors: usize, posterior: usize, width: u32): void {
  const totals = PRIOR + width;
  const product = totals + width;
  let touched: u32 = 0;
  ${openLikelihood}
  ${openChange}
  for (; tasks; tasks--) {
    const end = answers + bytes;
    const from = answers;
    const stop = end;
    let lanes = f64x2.splat(0);
    let first: usize = PRIOR;
    if (factors) {
      first = product;
${start}
    }
    {
${overColumns('      ', (vectors) => gather(vectors, 'first'))}
    }
${finish}
  }
  store<u32>(TOUCHED, touched);
  ${closeLikelihood}
  ${closeChange}
}

/**
 * Posteriors that are vote shares: the table must hold a one where the worker said the class and
 * zeros elsewhere. Adds to totals and counts as a sweep does, one task after the other.
 */
export function shares(answers: usize, tasks: u32, bytes: u32, width: u32): void {
  const totals = PRIOR + width;
  const given = f64x2.splat(<f64>(bytes >> 2));
  for (; tasks; tasks--) {
    const end = answers + bytes;
    {
${overColumns('      ', share)}
    }
    answers = end;
  }
}

/** As fullAny for tasks of more answers than \`run\` bytes: each class is rescaled after every run. */
export function manyAny(answers: usize, tasks: u32, bytes: u32, factors: usize, posterior: usize, width: u32, run: u32): void {
  const totals = PRIOR + width;
  const product = totals + width;
  const exponents = product + width;
  let touched: u32 = 0;
  ${openLikelihood}
  ${openChange}
  for (; tasks; tasks--) {
    const end = answers + bytes;
    for (let column: usize = 0; column < width; column += 16) {
      v128.store(product + column, v128.load(PRIOR + column));
      v128.store(exponents + column, f64x2.splat(0));
    }
    if (factors) {
${start}
    }
    let from = answers;
    do {
      const stop = min(end - from, run) + from;
      {
${overColumns('      ', (vectors) => gather(vectors, 'product'))}
      }
      for (let column: usize = 0; column < width; column += 16) {
        let z = v128.load(product + column);
        let e = v128.load(exponents + column);
        let small = f64x2.splat(0);
${rescale('z', 'e')}
        v128.store(product + column, z);
        v128.store(exponents + column, e);
      }
      from = stop;
    } while (from != end);
    let lowest = v128.load(exponents);
    for (let column: usize = 16; column < width; column += 16) lowest = f64x2.pmin(lowest, v128.load(exponents + column));
    const least = min(f64x2.extract_lane(lowest, 0), f64x2.extract_lane(lowest, 1));
    likelihoodExponent += least;
    const leader = f64x2.splat(least);
    let lanes = f64x2.splat(0);
    for (let column: usize = 0; column < width; column += 16) {
      let z = v128.load(product + column);
      const e = v128.load(exponents + column);
${alignToLeader('z', 'e')}
      v128.store(product + column, z);
      lanes = f64x2.add(lanes, z);
    }
${finish}
  }
  store<u32>(TOUCHED, touched);
  ${closeLikelihood}
  ${closeChange}
}
`;
}
