/** Least and largest argument, 1 / ln 2, 1.5 · 2^52, ln 2 in two parts, then 1/12! … 1/0!. */
const expConstants: readonly number[] = [
  -708,
  708,
  Math.LOG2E,
  6755399441055744,
  0.6931471803691238,
  1.9082149292705877e-10,
  2.08767569878681e-9,
  2.505210838544172e-8,
  2.755731922398589e-7,
  2.7557319223985893e-6,
  2.48015873015873e-5,
  1.984126984126984e-4,
  1.3888888888888889e-3,
  8.333333333333333e-3,
  4.1666666666666664e-2,
  0.16666666666666666,
  0.5,
  1,
  1,
];

/**
 * The AssemblyScript of the GLAD pass (packages/core/src/kernels/glad-pass.ts): posteriors and both
 * gradients in one go, two exponentials at a time.
 *
 * A worker's record is two doubles: ability and gradient. The head carries a linear part and a
 * product (two lanes and their counts of rescalings) that make up the objective.
 */
export function gladSource(): string {
  const constant = (i: number): string => `v128.load64_splat(CONSTANTS, ${8 * i})`;
  return `const LINEAR: usize = 0;
const PRODUCT: usize = 16;
const EXPONENTS: usize = 32;
const CONSTANTS: usize = 64;
const RESCALE: f64 = ${2 ** 332};
const INVERSE_RESCALE: f64 = ${2 ** -332};

/** Fills the table of constants; once, before anything else. */
export function init(): void {
${expConstants.map((c, i) => `  store<f64>(CONSTANTS, ${c}, ${8 * i});`).join('\n')}
}

/**
 * e^x in two lanes, 0 below -708: x = n ln 2 + r, a polynomial of degree 12 in r, n into the
 * exponent bits. Relative error below 3e-16 for |r| up to ln(2) / 2. The constants come from
 * memory: V8 would build each from immediates, four instructions instead of one load.
 */
@inline
function exp2(x: v128): v128 {
  const least = ${constant(0)};
  const magic = ${constant(3)};
  const low = f64x2.pmax(f64x2.pmin(x, ${constant(1)}), least);
  const shifted = f64x2.add(f64x2.mul(low, ${constant(2)}), magic);
  const n = f64x2.sub(shifted, magic);
  let r = f64x2.sub(low, f64x2.mul(n, ${constant(4)}));
  r = f64x2.sub(r, f64x2.mul(n, ${constant(5)}));
  const square = f64x2.mul(r, r);
  let even = ${constant(6)};
${[8, 10, 12, 14, 16, 18].map((i) => `  even = f64x2.add(f64x2.mul(even, square), ${constant(i)});`).join('\n')}
  let odd = ${constant(7)};
${[9, 11, 13, 15, 17].map((i) => `  odd = f64x2.add(f64x2.mul(odd, square), ${constant(i)});`).join('\n')}
  const p = f64x2.add(even, f64x2.mul(odd, r));
  const scale = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  return v128.and(f64x2.mul(p, scale), f64x2.ge(x, least));
}

/** out = e^in for \`count\` doubles; both padded to even. */
export function exponentials(values: usize, out: usize, count: u32): void {
  const end = values + (count << 3);
  for (; values < end; values += 16) {
    v128.store(out, exp2(v128.load(values)));
    out += 16;
  }
}

/**
 * Tasks of \`count\` answers. \`ease\`, \`gradient\`: a double per task; \`posterior\`: a row per task;
 * \`logFactors\`: a row per task or 0; \`logPrior\`, \`row\`: K doubles and one more for padding;
 * \`margins\`, \`shares\`: \`count\` doubles and one more. With \`frozen\` the posteriors are read.
 */
export function pass(
  answers: usize, labels: usize, tasks: u32, count: u32, classes: u32, frozen: u32, logWrong: f64,
  ease: usize, gradient: usize, posterior: usize, logPrior: usize, logFactors: usize,
  totals: usize, row: usize, margins: usize, shares: usize,
): void {
  const width = classes << 3;
  let linear = load<f64>(LINEAR);
  let product = v128.load(PRODUCT);
  let exponents = v128.load(EXPONENTS);
  for (; tasks; tasks--) {
    const scale = load<f64>(ease);
    const end = answers + (count << 2);
    const q = posterior;
    let at = answers;
    let label = labels;
    let margin = margins;
    let share = shares;
    if (!frozen) {
      if (logFactors) {
        for (let k: usize = 0; k < width; k += 8) store<f64>(row + k, load<f64>(logPrior + k) + load<f64>(logFactors + k));
        logFactors += width;
      } else {
        for (let k: usize = 0; k < width; k += 8) store<f64>(row + k, load<f64>(logPrior + k));
      }
    }
    // Per answer σ(s), and the terms -max(s, 0) and 1 / (1 + e^-|s|) of ln σ(-s), two at a time. Pairs are put
    // together lane by lane: reading two doubles just written as one vector would stall.
    let overs = f64x2.splat(0);
    do {
      let s = f64x2.splat(-750);
      s = f64x2.replace_lane(s, 0, load<f64>(load<u32>(at)) * scale);
      const own = f64x2.extract_lane(s, 0);
      const first = <usize>load<u16>(label) << 3;
      if (frozen) linear += load<f64>(q + first) * (own + logWrong);
      else store<f64>(row + first, load<f64>(row + first) + (own + logWrong));
      if (at + 4 != end) {
        const other = load<f64>(load<u32>(at, 4)) * scale;
        s = f64x2.replace_lane(s, 1, other);
        const second = <usize>load<u16>(label, 2) << 3;
        if (frozen) linear += load<f64>(q + second) * (other + logWrong);
        else store<f64>(row + second, load<f64>(row + second) + (other + logWrong));
      }
      v128.store(margin, s);
      const t = exp2(f64x2.neg(f64x2.abs(s)));
      const inverse = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), t));
      product = f64x2.mul(product, inverse);
      overs = f64x2.add(overs, f64x2.pmax(s, f64x2.splat(0)));
      v128.store(share, v128.bitselect(inverse, f64x2.mul(t, inverse), f64x2.ge(s, f64x2.splat(0))));
      const small = f64x2.lt(product, f64x2.splat(1e-100));
      if (v128.any_true(small)) {
        product = v128.bitselect(f64x2.mul(product, f64x2.splat(RESCALE)), product, small);
        exponents = f64x2.add(exponents, v128.and(small, f64x2.splat(1)));
      }
      at += 8; label += 4; margin += 16; share += 16;
    } while (at < end);
    linear -= f64x2.extract_lane(overs, 0) + f64x2.extract_lane(overs, 1);

    if (!frozen) {
      let most = load<f64>(row);
      for (let k: usize = 8; k < width; k += 8) most = max(most, load<f64>(row + k));
      store<f64>(row + width, -Infinity);
      let lanes = f64x2.splat(0);
      for (let k: usize = 0; k < width; k += 16) {
        let pair = f64x2.splat(load<f64>(row + k) - most);
        pair = f64x2.replace_lane(pair, 1, load<f64>(row + k, 8) - most);
        const value = exp2(pair);
        v128.store(row + k, value);
        lanes = f64x2.add(lanes, value);
      }
      const sum: f64 = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
      linear += most;
      product = f64x2.replace_lane(product, 0, f64x2.extract_lane(product, 0) * sum);
      if (f64x2.extract_lane(product, 0) > 1e100) {
        product = f64x2.mul(product, f64x2.replace_lane(f64x2.splat(1), 0, INVERSE_RESCALE));
        exponents = f64x2.sub(exponents, f64x2.replace_lane(f64x2.splat(0), 0, 1));
      }
      const inverse = 1 / sum;
      for (let k: usize = 0; k < width; k += 8) {
        const part = load<f64>(row + k) * inverse;
        store<f64>(q + k, part);
        store<f64>(totals + k, load<f64>(totals + k) + part);
      }
    }
    posterior += width;

    at = answers; label = labels; margin = margins; share = shares;
    let slope: f64 = 0;
    do {
      const worker = load<u32>(at);
      const g = load<f64>(q + (<usize>load<u16>(label) << 3)) - load<f64>(share);
      store<f64>(worker, load<f64>(worker, 8) + g * scale, 8);
      slope += g * load<f64>(margin);
      at += 4; label += 2; margin += 8; share += 8;
    } while (at != end);
    store<f64>(gradient, slope);
    ease += 8;
    gradient += 8;
    answers = end;
    labels = label;
  }
  store<f64>(LINEAR, linear);
  v128.store(PRODUCT, product);
  v128.store(EXPONENTS, exponents);
}
`;
}
