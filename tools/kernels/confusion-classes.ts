import {
  alignToLeader,
  closeChange,
  closeLikelihood,
  confusionHead,
  laneSum,
  lines,
  multiplyLikelihood,
  openChange,
  openLikelihood,
  range,
  rescale,
  storeAndCompare,
} from './confusion-parts.ts';

/** Code for one number of classes: all products in registers. */
export function forClasses(classes: number): string {
  return fewForClasses(classes, false) + fewForClasses(classes, true) + manyForClasses(classes);
}

/** How a number of classes is compiled: with few enough vectors two tasks at a time. */
function inPairs(vectors: number): boolean {
  return vectors <= 4;
}

/** Answers of a task that have straight-line code where tasks go in pairs. */
const straightAnswers = 5;

/**
 * The answers of a task from `first`. Where code is short, the first ones are straight-line code,
 * each if there is one, and only the rest a loop (2 to 6 % at up to 8 classes).
 */
function overAnswers(
  name: string,
  first: string,
  end: string,
  straight: boolean,
  body: (offset: number) => string,
): string {
  const open = `    let ${name} = ${first};`;
  if (!straight) return lines([open, '    do {', body(0), `      ${name} += 4;`, `    } while (${name} != ${end});`]);
  const parts = [open, body(0)];
  for (let i = 1; i < straightAnswers; i++) parts.push(`      if (bytes > ${4 * i}) {`, body(4 * i));
  const step = `${name} += ${4 * straightAnswers}; ${name} < ${end}; ${name} += 4`;
  parts.push(`      for (${step}) {`, body(0), `      }`, '      }'.repeat(straightAnswers - 1));
  return lines(parts);
}

/**
 * Large records miss the caches, and WebAssembly has no prefetch: reading a word of the next tasks'
 * records while these are written lets those misses overlap (10 to 25 % from 7 classes on). The
 * caller leaves as many zeros behind the last answer as two tasks may have answers.
 */
function touchNext(vectors: number, at: string, offset: number): string {
  if (vectors < 4) return '';
  const width = 16 * vectors;
  const next = inPairs(vectors) ? '2 * bytes' : 'bytes';
  return `        const next = load<u32>(${at} + ${next}, ${offset});
        touched ^= load<u32>(next) ^ load<u32>(next, ${width});`;
}

/**
 * The sweep over tasks whose products cannot leave the range, two by two where the registers suffice.
 * `full` reads task factors and stores posteriors, each if its address is not 0.
 */
function fewForClasses(classes: number, full: boolean): string {
  const vectors = Math.ceil(classes / 2);
  const pair = inPairs(vectors);
  const width = 16 * vectors;
  const prior = confusionHead.vectors;
  const totals = prior + width;
  const each = (code: (i: number) => string): string => lines(range(vectors).map(code));
  const registers = vectors <= 2;
  const sides = pair ? ['a', 'b'] : ['a'];
  const p = (i: number): string => (registers ? `p${i}` : `v128.load(${prior + 16 * i})`);
  const eachSide = (code: (side: string) => string): string => lines(sides.map(code));
  const base = (side: string): string => (side === 'b' ? 'bytes + ' : '');
  const gather = overAnswers('from', 'answers', 'end', pair, (offset) =>
    eachSide(
      (side) => `      {
        const record = load<u32>(${base(side)}from, ${offset});
${each((i) => `        ${side}${i} = f64x2.mul(${side}${i}, v128.load(record, ${16 * i}));`)}
      }`,
    ),
  );
  const scatter = overAnswers('at', 'answers', 'end', pair, (offset) =>
    eachSide(
      (side) => `      {
        const record = load<u32>(${base(side)}at, ${offset});
${touchNext(vectors, `${base(side)}at`, offset)}
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
    while (v128.any_true(f64x2.lt(likelihoods, tiny))) {
      const small = f64x2.lt(likelihoods, tiny);
      likelihoods = v128.bitselect(f64x2.mul(likelihoods, f64x2.splat(RESCALE)), likelihoods, small);
      exponents = f64x2.add(exponents, v128.and(small, f64x2.splat(1)));
      if (v128.any_true(f64x2.eq(likelihoods, f64x2.splat(0)))) break;
    }
    const inverses = f64x2.div(one, sums);
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
    const inverse = f64x2.splat(one / sum);
${each((i) => `    a${i} = f64x2.mul(a${i}, inverse);`)}`;
  const q = (i: number): string => (pair ? `f64x2.add(a${i}, b${i})` : `a${i}`);
  const rows = sides.length * width;
  const withFactors = `    if (factors) {
${each((i) => lines(sides.map((side, j) => `      ${side}${i} = f64x2.mul(${side}${i}, v128.load(factors, ${j * width + 16 * i}));`)))}
      factors += ${rows};
    }`;
  const storing = `    if (posterior) {${each((i) => lines(sides.map((side, j) => storeAndCompare(`${side}${i}`, j * width + 16 * i))))}
      posterior += ${rows};
    }`;
  const evenly = pair ? ', an even number of tasks' : '';
  const opening = full
    ? `/** ${classes} classes; \`factors\` and \`posterior\` are rows by task, or 0${evenly}. */
export function full${classes}(answers: usize, tasks: u32, bytes: u32, factors: usize, posterior: usize): void {
  ${openChange}`
    : `/** ${classes} classes, neither task factors nor posteriors${evenly}. */
export function plain${classes}(answers: usize, tasks: u32, bytes: u32): void {`;
  return `
${opening}
${registers ? each((i) => `  const p${i} = v128.load(${prior + 16 * i});\n  let t${i} = v128.load(${totals + 16 * i});`) : ''}
  ${
    pair
      ? `const tiny = f64x2.splat(load<f64>(TINY));
  const one = f64x2.splat(load<f64>(ONE));
  let likelihoods = v128.load(LIKELIHOOD);
  let exponents = v128.load(LIKELIHOOD_EXPONENT);`
      : openLikelihood
  }
  ${vectors < 4 ? '' : 'let touched: u32 = 0;'}
  for (; tasks; tasks -= ${sides.length}) {
    const end = answers + bytes;
${each((i) => eachSide((side) => `    let ${side}${i} = ${p(i)};`))}
${full ? withFactors : ''}
${gather}
${finish}
${each((i) =>
  registers
    ? `    t${i} = f64x2.add(t${i}, ${q(i)});`
    : `    v128.store(${totals + 16 * i}, f64x2.add(v128.load(${totals + 16 * i}), ${q(i)}));`,
)}
${full ? storing : ''}
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
  ${vectors < 4 ? '' : 'store<u32>(TOUCHED, touched);'}
  ${full ? closeChange : ''}
}
`;
}

/** The sweep over tasks of more answers than `run` bytes, one by one: each class is rescaled after every run. */
function manyForClasses(classes: number): string {
  const vectors = Math.ceil(classes / 2);
  const z = range(vectors).map((i) => `z${i}`);
  const width = 16 * vectors;
  const prior = confusionHead.vectors;
  const totals = prior + width;
  const each = (code: (i: number) => string): string => lines(range(vectors).map(code));
  return `
/** ${classes} classes; \`factors\` and \`posterior\` are rows by task, or 0; rescaled after every \`run\` bytes. */
export function many${classes}(answers: usize, tasks: u32, bytes: u32, factors: usize, posterior: usize, run: u32): void {
  ${openLikelihood}
  ${openChange}
  for (; tasks; tasks--) {
    const end = answers + bytes;
${each((i) => `    let z${i} = v128.load(${prior + 16 * i});\n    let e${i} = f64x2.splat(0);`)}
    if (factors) {
${each((i) => `      z${i} = f64x2.mul(z${i}, v128.load(factors, ${16 * i}));`)}
      factors += ${width};
    }
    let small = f64x2.splat(0);
    let from = answers;
    do {
      const stop = min(end - from, run) + from;
      do {
        const record = load<u32>(from);
${each((i) => `        z${i} = f64x2.mul(z${i}, v128.load(record, ${16 * i}));`)}
        from += 4;
      } while (from != stop);
${each((i) => rescale(`z${i}`, `e${i}`))}
    } while (from != end);
    {
      const lowest = ${range(vectors)
        .map((i) => `e${i}`)
        .reduce((a, b) => `f64x2.pmin(${a}, ${b})`)};
      const least = min(f64x2.extract_lane(lowest, 0), f64x2.extract_lane(lowest, 1));
      likelihoodExponent += least;
      const leader = f64x2.splat(least);
${each((i) => alignToLeader(`z${i}`, `e${i}`))}
    }
    ${laneSum(z)}
    ${multiplyLikelihood}
    const inverse = f64x2.splat(one / sum);
${each((i) => `    z${i} = f64x2.mul(z${i}, inverse);\n    v128.store(${totals + 16 * i}, f64x2.add(v128.load(${totals + 16 * i}), z${i}));`)}
    if (posterior) {${each((i) => storeAndCompare(`z${i}`, 16 * i))}
      posterior += ${width};
    }
    let at = answers;
    do {
      const record = load<u32>(at);
${each((i) => `      v128.store(record, f64x2.add(v128.load(record, ${width + 16 * i}), z${i}), ${width + 16 * i});`)}
      at += 4;
    } while (at != end);
    answers = end;
  }
  ${closeLikelihood}
  ${closeChange}
}
`;
}
