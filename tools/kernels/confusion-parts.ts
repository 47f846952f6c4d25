/** Pieces of AssemblyScript that all forms of the confusion sweep share. */

/** Byte addresses of the head that the engine and the code share. */
export const confusionHead = {
  /** Two running products and their counts of rescalings: pairs of tasks use both. */
  likelihood: 0,
  likelihoodExponent: 16,
  maxChange: 32,
  smallest: 40,
  touched: 48,
  /** The constants 1e-100 and 1: in registers from memory, where V8 would build them anew for every task. */
  tiny: 64,
  one: 72,
  /** From here: prior, totals, product, exponents, each `width` doubles; then `added`, K × width. */
  vectors: 128,
};

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);
export const lines = (parts: readonly string[]): string => parts.join('\n');

/** Sum of all lanes of the vectors named. */
export function laneSum(names: readonly string[]): string {
  const folded = names.reduce((a, b) => `f64x2.add(${a}, ${b})`);
  return `const lanes = ${folded};
    const sum: f64 = f64x2.extract_lane(lanes, 0) + f64x2.extract_lane(lanes, 1);`;
}

export const openLikelihood = `const tiny = load<f64>(TINY);
  const one = load<f64>(ONE);
  let likelihood = load<f64>(LIKELIHOOD);
  let likelihoodExponent = load<f64>(LIKELIHOOD_EXPONENT);`;
export const multiplyLikelihood = `likelihood *= sum;
    if (likelihood < tiny) {
      do {
        likelihood *= RESCALE;
        likelihoodExponent += 1;
      } while (likelihood < tiny && likelihood > 0);
    }`;
export const closeLikelihood = `store<f64>(LIKELIHOOD, likelihood);
  store<f64>(LIKELIHOOD_EXPONENT, likelihoodExponent);`;

export const storeAndCompare = (v: string, offset: number): string => `
      change = f64x2.pmax(change, f64x2.abs(f64x2.sub(${v}, v128.load(posterior, ${offset}))));
      v128.store(posterior, ${v}, ${offset});`;
export const openChange = `let change = f64x2.splat(load<f64>(MAX_CHANGE));`;
export const closeChange = `store<f64>(MAX_CHANGE, max(f64x2.extract_lane(change, 0), f64x2.extract_lane(change, 1)));`;

/** Multiplies every class that has become small and counts it; twice covers what one run can lose. */
export const rescale = (z: string, e: string): string =>
  lines(
    range(2).map(
      () => `      small = f64x2.lt(${z}, f64x2.splat(1e-100));
      ${z} = v128.bitselect(f64x2.mul(${z}, f64x2.splat(RESCALE)), ${z}, small);
      ${e} = f64x2.add(${e}, v128.and(small, f64x2.splat(1)));`,
    ),
  );

/** Brings a class to the scale of the leader: 1, 2^-332 or, further behind, 0. */
export const alignToLeader = (z: string, e: string): string => `      {
        const behind = f64x2.sub(${e}, leader);
        const factor = v128.bitselect(f64x2.splat(INVERSE_RESCALE), f64x2.splat(0), f64x2.lt(behind, f64x2.splat(1.5)));
        ${z} = f64x2.mul(${z}, v128.bitselect(f64x2.splat(1), factor, f64x2.lt(behind, f64x2.splat(0.5))));
      }`;
