/**
 * Split-R̂ of several chains of equal length: about 1 where each half of each chain looks like the
 * others, above about 1.05 where they have not mixed. NaN with fewer than four draws a chain; 1 where
 * nothing varies.
 *
 * Source: Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 11.4.
 *
 * @example
 * splitRHat([[1, 2, 1, 2, 1, 2], [2, 1, 2, 1, 2, 1]]); // close to 1
 */
export function splitRHat(chains: readonly (readonly number[])[]): number {
  const halves: number[][] = [];
  for (const chain of chains) {
    const half = Math.floor(chain.length / 2);
    halves.push(chain.slice(0, half), chain.slice(chain.length - half));
  }
  const length = halves[0]?.length ?? 0;
  if (length < 2) return Number.NaN;
  const means = halves.map((half) => half.reduce((sum, value) => sum + value, 0) / length);
  const grand = means.reduce((sum, value) => sum + value, 0) / means.length;
  let between = 0;
  let within = 0;
  halves.forEach((half, i) => {
    between += ((means[i] - grand) ** 2 * length) / (halves.length - 1);
    for (const value of half) within += (value - means[i]) ** 2 / ((length - 1) * halves.length);
  });
  // A constant objective has nothing to mix; rounding of large values counts as constant.
  if (within <= 1e-20 * (1 + grand * grand))
    return between <= 1e-18 * (1 + grand * grand) ? 1 : Number.POSITIVE_INFINITY;
  return Math.sqrt(((length - 1) / length) * 1 + between / (length * within));
}
