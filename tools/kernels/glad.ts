/**
 * The AssemblyScript of the GLAD pass (packages/core/src/kernels/glad-pass.ts): posteriors and both
 * gradients in one go, two exponentials at a time.
 *
 * A worker's record is two doubles: ability and gradient. The head carries a linear part and a
 * product (two lanes and their counts of rescalings) that make up the objective.
 */
export function gladSource(): string {
  return `const LINEAR: usize = 0;
const PRODUCT: usize = 16;
const EXPONENTS: usize = 32;
const RESCALE: f64 = ${2 ** 332};
const INVERSE_RESCALE: f64 = ${2 ** -332};

/**
 * e^x in two lanes, 0 below -708: x = n ln 2 + r, a polynomial of degree 12 in r, n into the
 * exponent bits. Relative error below 3e-16 for |r| up to ln(2) / 2.
 */
@inline
function exp2(x: v128): v128 {
  const low = f64x2.max(f64x2.min(x, f64x2.splat(708)), f64x2.splat(-708));
  const shifted = f64x2.add(f64x2.mul(low, f64x2.splat(1.4426950408889634)), f64x2.splat(6755399441055744));
  const n = f64x2.sub(shifted, f64x2.splat(6755399441055744));
  let r = f64x2.sub(low, f64x2.mul(n, f64x2.splat(0.6931471803691238)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(1.9082149292705877e-10)));
  let p = f64x2.splat(2.08767569878681e-9);
  ${[
    2.505210838544172e-8, 2.755731922398589e-7, 2.7557319223985893e-6, 2.48015873015873e-5, 1.984126984126984e-4,
    1.3888888888888889e-3, 8.333333333333333e-3, 4.1666666666666664e-2, 0.16666666666666666, 0.5, 1, 1,
  ]
    .map((c) => `p = f64x2.add(f64x2.mul(p, r), f64x2.splat(${c}));`)
    .join('\n  ')}
  const scale = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  return v128.and(f64x2.mul(p, scale), f64x2.ge(x, f64x2.splat(-708)));
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
    if (frozen) {
      do {
        const s = load<f64>(load<u32>(at)) * scale;
        store<f64>(margin, s);
        linear += load<f64>(q + (<usize>load<u16>(label) << 3)) * (s + logWrong);
        at += 4; label += 2; margin += 8;
      } while (at != end);
    } else {
      if (logFactors) {
        for (let k: usize = 0; k < width; k += 8) store<f64>(row + k, load<f64>(logPrior + k) + load<f64>(logFactors + k));
        logFactors += width;
      } else {
        for (let k: usize = 0; k < width; k += 8) store<f64>(row + k, load<f64>(logPrior + k));
      }
      do {
        const s = load<f64>(load<u32>(at)) * scale;
        const cell = row + (<usize>load<u16>(label) << 3);
        store<f64>(margin, s);
        store<f64>(cell, load<f64>(cell) + (s + logWrong));
        at += 4; label += 2; margin += 8;
      } while (at != end);
      let most = load<f64>(row);
      for (let k: usize = 8; k < width; k += 8) most = max(most, load<f64>(row + k));
      store<f64>(row + width, -Infinity);
      let lanes = f64x2.splat(0);
      const top = f64x2.splat(most);
      for (let k: usize = 0; k < width; k += 16) {
        const value = exp2(f64x2.sub(v128.load(row + k), top));
        v128.store(row + k, value);
        lanes = f64x2.add(lanes, value);
      }
      const sum: f64 = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);
      linear += most;
      product = f64x2.replace_lane(product, 0, f64x2.extract_lane(product, 0) * sum);
      const inverse = 1 / sum;
      for (let k: usize = 0; k < width; k += 8) {
        const share = load<f64>(row + k) * inverse;
        store<f64>(q + k, share);
        store<f64>(totals + k, load<f64>(totals + k) + share);
      }
    }
    posterior += width;

    // σ(s), and the terms -max(s, 0) and 1 / (1 + e^-|s|) of ln σ(-s), two answers at a time.
    store<f64>(margin, -750);
    let share = shares;
    let overs = f64x2.splat(0);
    for (let from = margins; from < margin; from += 16) {
      const s = v128.load(from);
      const t = exp2(f64x2.neg(f64x2.abs(s)));
      const inverse = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), t));
      product = f64x2.mul(product, inverse);
      overs = f64x2.add(overs, f64x2.max(s, f64x2.splat(0)));
      v128.store(share, v128.bitselect(inverse, f64x2.mul(t, inverse), f64x2.ge(s, f64x2.splat(0))));
      share += 16;
      const small = f64x2.lt(product, f64x2.splat(1e-100));
      if (v128.any_true(small)) {
        product = v128.bitselect(f64x2.mul(product, f64x2.splat(RESCALE)), product, small);
        exponents = f64x2.add(exponents, v128.and(small, f64x2.splat(1)));
      }
    }
    linear -= f64x2.extract_lane(overs, 0) + f64x2.extract_lane(overs, 1);
    if (f64x2.extract_lane(product, 0) > 1e100) {
      product = f64x2.mul(product, f64x2.replace_lane(f64x2.splat(1), 0, INVERSE_RESCALE));
      exponents = f64x2.sub(exponents, f64x2.replace_lane(f64x2.splat(0), 0, 1));
    }

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
