/**
 * The AssemblyScript of the one-coin quadrature (packages/core/src/kernels/bp-one-coin-sweep.ts):
 * products over a worker's answers at every node of a rule, and the same without each answer.
 */
export function coinQuadratureSource(): string {
  const nodes = [0, 1, 2, 3];
  return `const RUN: u32 = 16;

/**
 * product[s] *= Π_j (hit[s] · right[j] + miss[s] · wrong[j]), divided by the largest after every 16
 * answers. \`size\` nodes, padded to 8 with product 0.
 */
export function products(right: usize, wrong: usize, count: u32, hit: usize, miss: usize, product: usize, size: u32): void {
  const bytes: usize = <usize>size << 3;
  for (let from: u32 = 0; from < count; from += RUN) {
    const end = <usize>min(from + RUN, count) << 3;
    let most = f64x2.splat(0);
    for (let s: usize = 0; s < bytes; s += 64) {
${nodes.map((i) => `      const h${i} = v128.load(hit + s, ${16 * i});\n      const m${i} = v128.load(miss + s, ${16 * i});\n      let v${i} = v128.load(product + s, ${16 * i});`).join('\n')}
      for (let j = <usize>from << 3; j < end; j += 8) {
        const p = v128.load64_splat(right + j);
        const q = v128.load64_splat(wrong + j);
${nodes.map((i) => `        v${i} = f64x2.mul(v${i}, f64x2.add(f64x2.mul(h${i}, p), f64x2.mul(m${i}, q)));`).join('\n')}
      }
${nodes.map((i) => `      v128.store(product + s, v${i}, ${16 * i});\n      most = f64x2.pmax(most, v${i});`).join('\n')}
    }
    const inverse = f64x2.splat(1 / max(f64x2.extract_lane(most, 0), f64x2.extract_lane(most, 1)));
    for (let s: usize = 0; s < bytes; s += 16) v128.store(product + s, f64x2.mul(v128.load(product + s), inverse));
  }
}

/** odds[j] = Σ_s hit·product/factor_j : Σ_s miss·product/factor_j; \`size\` nodes, padded to 2 with product 0. */
export function odds(right: usize, wrong: usize, count: u32, hit: usize, miss: usize, product: usize, size: u32, out: usize): void {
  const bytes: usize = <usize>size << 3;
  for (let j: usize = 0; j < <usize>count << 3; j += 8) {
    const p = v128.load64_splat(right + j);
    const q = v128.load64_splat(wrong + j);
    let plus = f64x2.splat(0);
    let minus = f64x2.splat(0);
    for (let s: usize = 0; s < bytes; s += 16) {
      const h = v128.load(hit + s);
      const m = v128.load(miss + s);
      const without = f64x2.div(v128.load(product + s), f64x2.add(f64x2.mul(h, p), f64x2.mul(m, q)));
      plus = f64x2.add(plus, f64x2.mul(without, h));
      minus = f64x2.add(minus, f64x2.mul(without, m));
    }
    const top: f64 = f64x2.extract_lane(plus, 0) + f64x2.extract_lane(plus, 1);
    store<f64>(out + j, top / (f64x2.extract_lane(minus, 0) + f64x2.extract_lane(minus, 1)));
  }
}
`;
}
