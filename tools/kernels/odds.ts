/**
 * The AssemblyScript of the odds sweep (packages/core/src/kernels/odds-sweep.ts): one factor per
 * answer for the class it says, none for the others. One-coin and MACE are of this form.
 *
 * A record is two doubles: the factor, and the sum of the posteriors of the class said. Addresses
 * are given by the caller; the functions carry likelihood, exponent and largest change in the head.
 */
export function oddsSource(): string {
  return `const LIKELIHOOD: usize = 0;
const LIKELIHOOD_EXPONENT: usize = 8;
const MAX_CHANGE: usize = 16;
const RESCALE: f64 = ${2 ** 332};
const INVERSE_RESCALE: f64 = ${2 ** -332};

/**
 * Tasks of \`count\` answers: \`answers\` are record addresses, \`labels\` 16-bit classes. Vectors of
 * \`classes\` doubles: prior, totals, product; \`factors\` and \`posterior\` are rows by task, or 0.
 */
export function few(
  answers: usize, labels: usize, tasks: u32, count: u32,
  classes: u32, prior: usize, totals: usize, product: usize, factors: usize, posterior: usize,
): void {
  const width = classes << 3;
  for (; tasks; tasks--) {
    start(prior, factors, product, width);
    const end = answers + (count << 2);
    let at = answers;
    let label = labels;
    do {
      const cell = product + (<usize>load<u16>(label) << 3);
      store<f64>(cell, load<f64>(cell) * load<f64>(load<u32>(at)));
      at += 4;
      label += 2;
    } while (at != end);
    finish(totals, product, posterior, width);
    at = answers;
    label = labels;
    do {
      const record = load<u32>(at);
      store<f64>(record, load<f64>(record, 8) + load<f64>(product + (<usize>load<u16>(label) << 3)), 8);
      at += 4;
      label += 2;
    } while (at != end);
    answers = end;
    labels = label;
    if (factors) factors += width;
    if (posterior) posterior += width;
  }
}

/** The same where products could leave the range: each is rescaled on its own, up or down. */
export function many(
  answers: usize, labels: usize, tasks: u32, count: u32,
  classes: u32, prior: usize, totals: usize, product: usize, factors: usize, posterior: usize, exponents: usize,
): void {
  const width = classes << 3;
  for (; tasks; tasks--) {
    start(prior, factors, product, width);
    for (let k: usize = 0; k < width; k += 8) store<f64>(exponents + k, 0);
    const end = answers + (count << 2);
    let at = answers;
    let label = labels;
    do {
      const k = <usize>load<u16>(label) << 3;
      let value = load<f64>(product + k) * load<f64>(load<u32>(at));
      if (value < 1e-100) {
        value *= RESCALE;
        store<f64>(exponents + k, load<f64>(exponents + k) + 1);
      } else if (value > 1e100) {
        value *= INVERSE_RESCALE;
        store<f64>(exponents + k, load<f64>(exponents + k) - 1);
      }
      store<f64>(product + k, value);
      at += 4;
      label += 2;
    } while (at != end);
    align(product, exponents, width);
    finish(totals, product, posterior, width);
    at = answers;
    label = labels;
    do {
      const record = load<u32>(at);
      store<f64>(record, load<f64>(record, 8) + load<f64>(product + (<usize>load<u16>(label) << 3)), 8);
      at += 4;
      label += 2;
    } while (at != end);
    answers = end;
    labels = label;
    if (factors) factors += width;
    if (posterior) posterior += width;
  }
}

@inline
function start(prior: usize, factors: usize, product: usize, width: u32): void {
  if (factors) {
    for (let k: usize = 0; k < width; k += 8) store<f64>(product + k, load<f64>(prior + k) * load<f64>(factors + k));
  } else {
    for (let k: usize = 0; k < width; k += 8) store<f64>(product + k, load<f64>(prior + k));
  }
}

/** Brings all products to the scale of the leader; those more than two rescalings behind are 0. */
function align(product: usize, exponents: usize, width: u32): void {
  let least = Infinity;
  for (let k: usize = 0; k < width; k += 8) {
    if (load<f64>(product + k) > 0) least = min(least, load<f64>(exponents + k));
  }
  for (let k: usize = 0; k < width; k += 8) {
    const behind = load<f64>(exponents + k) - least;
    if (behind > 2) store<f64>(product + k, 0);
    else for (let i: f64 = 0; i < behind; i++) store<f64>(product + k, load<f64>(product + k) * INVERSE_RESCALE);
  }
  store<f64>(LIKELIHOOD_EXPONENT, load<f64>(LIKELIHOOD_EXPONENT) + least);
}

@inline
function finish(totals: usize, product: usize, posterior: usize, width: u32): void {
  let sum: f64 = 0;
  for (let k: usize = 0; k < width; k += 8) sum += load<f64>(product + k);
  let likelihood = load<f64>(LIKELIHOOD) * sum;
  while (likelihood < 1e-100 && likelihood > 0) {
    likelihood *= RESCALE;
    store<f64>(LIKELIHOOD_EXPONENT, load<f64>(LIKELIHOOD_EXPONENT) + 1);
  }
  while (likelihood > 1e100 && likelihood < Infinity) {
    likelihood *= INVERSE_RESCALE;
    store<f64>(LIKELIHOOD_EXPONENT, load<f64>(LIKELIHOOD_EXPONENT) - 1);
  }
  store<f64>(LIKELIHOOD, likelihood);
  const inverse = 1 / sum;
  for (let k: usize = 0; k < width; k += 8) {
    const q = load<f64>(product + k) * inverse;
    store<f64>(product + k, q);
    store<f64>(totals + k, load<f64>(totals + k) + q);
  }
  if (posterior) {
    let change = load<f64>(MAX_CHANGE);
    for (let k: usize = 0; k < width; k += 8) {
      const q = load<f64>(product + k);
      change = max(change, abs(q - load<f64>(posterior + k)));
      store<f64>(posterior + k, q);
    }
    store<f64>(MAX_CHANGE, change);
  }
}
`;
}
