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

/** Numbers of classes that get code of their own; others run in column blocks. */
export const confusionClassCounts: readonly number[] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/** Byte addresses of the head that the engine and the code share. */
export const confusionHead = {
  /** Two running products and their counts of rescalings: pairs of tasks use both. */
  likelihood: 0,
  likelihoodExponent: 16,
  maxChange: 32,
  smallest: 40,
  touched: 48,
  /** From here: prior, totals, product, exponents, each `width` doubles; then `added`, K × width. */
  vectors: 64,
};

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
const lines = (parts: readonly string[]): string => parts.join('\n');

/** Sum of all lanes of the vectors named. */
function laneSum(names: readonly string[]): string {
  const folded = names.reduce((a, b) => `f64x2.add(${a}, ${b})`);
  return `const lanes = ${folded};
    const sum: f64 = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);`;
}

const openLikelihood = `let likelihood = load<f64>(LIKELIHOOD);
  let likelihoodExponent = load<f64>(LIKELIHOOD_EXPONENT);`;
const multiplyLikelihood = `likelihood *= sum;
    while (likelihood < 1e-100 && likelihood > 0) {
      likelihood *= RESCALE;
      likelihoodExponent += 1;
    }`;
const closeLikelihood = `store<f64>(LIKELIHOOD, likelihood);
  store<f64>(LIKELIHOOD_EXPONENT, likelihoodExponent);`;

const storeAndCompare = (v: string, offset: number): string => `
      change = f64x2.max(change, f64x2.abs(f64x2.sub(${v}, v128.load(posterior, ${offset}))));
      v128.store(posterior, ${v}, ${offset});`;
const openChange = `let change = f64x2.splat(load<f64>(MAX_CHANGE));`;
const closeChange = `store<f64>(MAX_CHANGE, max(f64x2.extract_lane(change, 0), f64x2.extract_lane(change, 1)));`;

/** Multiplies every class that has become small and counts it; twice covers what one run can lose. */
const rescale = (z: string, e: string): string =>
  lines(
    range(2).map(
      () => `      small = f64x2.lt(${z}, f64x2.splat(1e-100));
      ${z} = v128.bitselect(f64x2.mul(${z}, f64x2.splat(RESCALE)), ${z}, small);
      ${e} = f64x2.add(${e}, v128.and(small, f64x2.splat(1)));`,
    ),
  );

/** Brings a class to the scale of the leader: 1, 2^-332 or, further behind, 0. */
const alignToLeader = (z: string, e: string): string => `      {
        const behind = f64x2.sub(${e}, leader);
        const factor = v128.bitselect(f64x2.splat(INVERSE_RESCALE), f64x2.splat(0), f64x2.lt(behind, f64x2.splat(1.5)));
        ${z} = f64x2.mul(${z}, v128.bitselect(f64x2.splat(1), factor, f64x2.lt(behind, f64x2.splat(0.5))));
      }`;

/** How a number of classes is compiled: two tasks at a time, several answers per turn of the loop. */
interface PlainShape {
  readonly pair: boolean;
  readonly unroll: number;
}

function plainShape(vectors: number): PlainShape {
  return { pair: vectors <= 4, unroll: vectors === 1 ? 2 : 1 };
}

/** A loop over the answers of a task from `first`: `unroll` of them per turn, the odd ones before. */
function overAnswers(
  name: string,
  first: string,
  end: string,
  unroll: number,
  body: (offset: number) => string,
): string {
  const parts = [`    let ${name} = ${first};`];
  for (let odd = 1; odd < unroll; odd *= 2) {
    parts.push(`    if (bytes & ${4 * odd}) {`);
    for (let i = 0; i < odd; i++) parts.push(body(4 * i));
    parts.push(`      ${name} += ${4 * odd};\n    }`);
  }
  parts.push(unroll === 1 ? '    do {' : `    while (${name} != ${end}) {`);
  for (let i = 0; i < unroll; i++) parts.push(body(4 * i));
  parts.push(`      ${name} += ${4 * unroll};`, unroll === 1 ? `    } while (${name} != ${end});` : '    }');
  return lines(parts);
}

/**
 * Large records miss the caches, and WebAssembly has no prefetch: reading a word of the next task's
 * records while this task is written lets those misses overlap (10 to 20 % from 9 classes on). The
 * caller leaves a task's length of zeros behind the last answer.
 */
function touchNext(vectors: number, width: number): string {
  if (vectors < 5) return '';
  return `        const next = load<u32>(at + bytes);
        touched ^= load<u32>(next) ^ load<u32>(next, ${width});`;
}

/** The sweep that stores nothing, for tasks two by two where the registers suffice. */
function plainForClasses(classes: number): string {
  const vectors = Math.ceil(classes / 2);
  const { pair, unroll } = plainShape(vectors);
  const width = 16 * vectors;
  const prior = 64;
  const totals = prior + width;
  const each = (code: (i: number) => string): string => lines(range(vectors).map(code));
  const registers = vectors <= 2;
  const sides = pair ? ['a', 'b'] : ['a'];
  const p = (i: number): string => (registers ? `p${i}` : `v128.load(${prior + 16 * i})`);
  const eachSide = (code: (side: string) => string): string => lines(sides.map(code));
  const base = (side: string): string => (side === 'b' ? 'bytes + ' : '');
  const gather = overAnswers('from', 'answers', 'end', unroll, (offset) =>
    eachSide(
      (side) => `      {
        const record = load<u32>(${base(side)}from, ${offset});
${each((i) => `        ${side}${i} = f64x2.mul(${side}${i}, v128.load(record, ${16 * i}));`)}
      }`,
    ),
  );
  const scatter = overAnswers('at', 'answers', 'end', unroll, (offset) =>
    eachSide(
      (side) => `      {
        const record = load<u32>(${base(side)}at, ${offset});
${touchNext(vectors, width)}
${each((i) => `        v128.store(record, f64x2.add(v128.load(record, ${width + 16 * i}), ${side}${i}), ${width + 16 * i});`)}
      }`,
    ),
  );
  const fold = (side: string): string =>
    range(vectors)
      .map((i) => `${side}${i}`)
      .reduce((x, y) => `f64x2.add(${x}, ${y})`);
  const finish = pair
    ? `    const left = ${fold('a')};
    const right = ${fold('b')};
    const sums = f64x2.add(v128.shuffle<f64>(left, right, 0, 2), v128.shuffle<f64>(left, right, 1, 3));
    likelihoods = f64x2.mul(likelihoods, sums);
    while (v128.any_true(f64x2.lt(likelihoods, f64x2.splat(1e-100)))) {
      const small = f64x2.lt(likelihoods, f64x2.splat(1e-100));
      likelihoods = v128.bitselect(f64x2.mul(likelihoods, f64x2.splat(RESCALE)), likelihoods, small);
      exponents = f64x2.add(exponents, v128.and(small, f64x2.splat(1)));
      if (v128.any_true(f64x2.eq(likelihoods, f64x2.splat(0)))) break;
    }
    const inverses = f64x2.div(f64x2.splat(1), sums);
    {
      const inverse = v128.shuffle<f64>(inverses, inverses, 0, 0);
${each((i) => `      a${i} = f64x2.mul(a${i}, inverse);`)}
    }
    {
      const inverse = v128.shuffle<f64>(inverses, inverses, 1, 1);
${each((i) => `      b${i} = f64x2.mul(b${i}, inverse);`)}
    }`
    : `    const lanes = ${fold('a')};
    const sum: f64 = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
    ${multiplyLikelihood}
    const inverse = f64x2.splat(1 / sum);
${each((i) => `    a${i} = f64x2.mul(a${i}, inverse);`)}`;
  const q = (i: number): string => (pair ? `f64x2.add(a${i}, b${i})` : `a${i}`);
  return `/** ${classes} classes, neither task factors nor posteriors${pair ? '; an even number of tasks' : ''}. */
export function plain${classes}(answers: usize, tasks: u32, bytes: u32): void {
${registers ? each((i) => `  const p${i} = v128.load(${prior + 16 * i});\n  let t${i} = v128.load(${totals + 16 * i});`) : ''}
  ${
    pair
      ? `let likelihoods = v128.load(LIKELIHOOD);
  let exponents = v128.load(LIKELIHOOD_EXPONENT);`
      : openLikelihood
  }
  ${vectors < 5 ? '' : 'let touched: u32 = 0;'}
  for (; tasks; tasks -= ${sides.length}) {
    const end = answers + bytes;
${each((i) => eachSide((side) => `    let ${side}${i} = ${p(i)};`))}
${gather}
${finish}
${each((i) =>
  registers
    ? `    t${i} = f64x2.add(t${i}, ${q(i)});`
    : `    v128.store(${totals + 16 * i}, f64x2.add(v128.load(${totals + 16 * i}), ${q(i)}));`,
)}
${scatter}
    answers = end${pair ? ' + bytes' : ''};
  }
${registers ? each((i) => `  v128.store(${totals + 16 * i}, t${i});`) : ''}
  ${
    pair
      ? `v128.store(LIKELIHOOD, likelihoods);
  v128.store(LIKELIHOOD_EXPONENT, exponents);`
      : closeLikelihood
  }
}`;
}

/** Code for one number of classes: all products in registers. */
function forClasses(classes: number): string {
  const vectors = Math.ceil(classes / 2);
  const z = range(vectors).map((i) => `z${i}`);
  const width = 16 * vectors;
  const prior = 64;
  const totals = prior + width;
  const registers = vectors <= 2;
  const openPrior = registers ? lines(z.map((_, i) => `  const p${i} = v128.load(${prior + 16 * i});`)) : '';
  const openTotals = registers ? lines(z.map((_, i) => `  let t${i} = v128.load(${totals + 16 * i});`)) : '';
  const closeTotals = registers ? lines(z.map((_, i) => `  v128.store(${totals + 16 * i}, t${i});`)) : '';
  const fromPrior = (i: number): string => (registers ? `p${i}` : `v128.load(${prior + 16 * i})`);
  const toTotals = (i: number): string =>
    registers
      ? `    t${i} = f64x2.add(t${i}, z${i});`
      : `    v128.store(${totals + 16 * i}, f64x2.add(v128.load(${totals + 16 * i}), z${i}));`;
  const multiply = lines(z.map((v, i) => `      ${v} = f64x2.mul(${v}, v128.load(record, ${16 * i}));`));
  const scatter = `let at = answers;
    do {
      const record = load<u32>(at);
${lines(z.map((v, i) => `      v128.store(record, f64x2.add(v128.load(record, ${width + 16 * i}), ${v}), ${width + 16 * i});`))}
      at += 4;
    } while (at != end);
    answers = end;`;
  const scale = `const inverse = f64x2.splat(1 / sum);
${lines(z.map((v) => `    ${v} = f64x2.mul(${v}, inverse);`))}`;
  const start = (factors: boolean): string =>
    lines(
      z.map((v, i) =>
        factors
          ? `    let ${v} = ${fromPrior(i)};\n    if (factors) ${v} = f64x2.mul(${v}, v128.load(factors, ${16 * i}));`
          : `    let ${v} = ${fromPrior(i)};`,
      ),
    );
  const gather = `let from = answers;
    do {
      const record = load<u32>(from);
${multiply}
      from += 4;
    } while (from != end);`;
  const optional = `if (factors) factors += ${width};
    if (posterior) {${lines(z.map((v, i) => storeAndCompare(v, 16 * i)))}
      posterior += ${width};
    }`;
  return `
${plainForClasses(classes)}

/** ${classes} classes; \`factors\` and \`posterior\` are rows by task, or 0. */
export function full${classes}(answers: usize, tasks: u32, bytes: u32, factors: usize, posterior: usize): void {
${openPrior}
${openTotals}
  ${openLikelihood}
  ${openChange}
  for (; tasks; tasks--) {
    const end = answers + bytes;
${start(true)}
    ${gather}
    ${laneSum(z)}
    ${multiplyLikelihood}
    ${scale}
${lines(range(vectors).map(toTotals))}
    ${optional}
    ${scatter}
  }
${closeTotals}
  ${closeLikelihood}
  ${closeChange}
}

/** The same for tasks of more answers than \`run\` bytes: each class is rescaled after every run. */
export function many${classes}(answers: usize, tasks: u32, bytes: u32, factors: usize, posterior: usize, run: u32): void {
${openPrior}
${openTotals}
  ${openLikelihood}
  ${openChange}
  for (; tasks; tasks--) {
    const end = answers + bytes;
${start(true)}
${lines(z.map((_, i) => `    let e${i} = f64x2.splat(0);`))}
    let small = f64x2.splat(0);
    let from = answers;
    do {
      const stop = min(end - from, run) + from;
      do {
        const record = load<u32>(from);
  ${multiply}
        from += 4;
      } while (from != stop);
${lines(z.map((v, i) => rescale(v, `e${i}`)))}
    } while (from != end);
    {
      const lowest = ${z.map((_, i) => `e${i}`).reduce((a, b) => `f64x2.min(${a}, ${b})`)};
      const least = min(f64x2.extract_lane(lowest, 0), f64x2.extract_lane(lowest, 1));
      likelihoodExponent += least;
      const leader = f64x2.splat(least);
${lines(z.map((v, i) => alignToLeader(v, `e${i}`)))}
    }
    ${laneSum(z)}
    ${multiplyLikelihood}
    ${scale}
${lines(range(vectors).map(toTotals))}
    ${optional}
    ${scatter}
  }
${closeTotals}
  ${closeLikelihood}
  ${closeChange}
}
`;
}

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
function forAnyClasses(): string {
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
  (i) => `          change = f64x2.max(change, f64x2.abs(f64x2.sub(z${i}, v128.load(row, ${16 * i}))));
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
    const inverse = f64x2.splat(1 / sum);
    {
${overColumns('      ', scatter)}
    }
    if (factors) factors += width;
    if (posterior) posterior += width;
    answers = end;`;
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

/** The same for tasks of more answers than \`run\` bytes: each class is rescaled after every run. */
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
    for (let column: usize = 16; column < width; column += 16) lowest = f64x2.min(lowest, v128.load(exponents + column));
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

/** M-step and clearing, over all workers. */
const tables = `
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
        cell = f64x2.max(v128.bitselect(cell, v128.load(record), filled), low);
        smallest = f64x2.min(smallest, cell);
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
const PRIOR: usize = ${head.vectors};
const RESCALE: f64 = ${2 ** 332};
const INVERSE_RESCALE: f64 = ${2 ** -332};
${lines(confusionClassCounts.map(forClasses))}${forAnyClasses()}${tables}`;
}
