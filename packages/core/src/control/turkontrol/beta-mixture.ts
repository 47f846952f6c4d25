import { incompleteBeta } from '../../math/incomplete.ts';
import { expectation, momentsOf } from './belief.ts';

/** One Beta(a, b) of a mixture and its share. */
export interface BetaPart {
  readonly share: number;
  readonly a: number;
  readonly b: number;
}

/**
 * The one Beta with the mean and variance of a belief about a quality: s = m (1 − m)/v − 1, a = m s, b = (1 − m) s.
 *
 * For reports ("quality is about Beta(6, 3)"); planners never use it. A belief in a single cell gives a very large s.
 *
 * @example
 * betaOf(Float64Array.of(0, 0.5, 0.5, 0), gridQualities(4)).a; // => 7.5
 */
export function betaOf(mass: Float64Array, qualities: Float64Array): BetaPart {
  const { mean, sd } = momentsOf(mass, qualities);
  const size = Math.max(1e-6, (mean * (1 - mean)) / Math.max(sd * sd, 1e-12) - 1);
  return { share: 1, a: mean * size, b: (1 - mean) * size };
}

/**
 * Two Betas fitted to a belief by EM with moment-matched parts, at most 100 rounds; for reporting a belief with two
 * humps. The parts come by rising mean; where one hump is enough the two are nearly equal.
 */
export function twoBetasOf(mass: Float64Array, qualities: Float64Array): [BetaPart, BetaPart] {
  const cells = mass.length;
  const middle = expectation(mass, qualities);
  const right = Float64Array.from(qualities, (quality) => (quality > middle ? 0.9 : 0.1));
  let parts: [BetaPart, BetaPart] = [partOf(mass, right, qualities, false), partOf(mass, right, qualities, true)];
  for (let round = 0; round < 100; round++) {
    let change = 0;
    for (let i = 0; i < cells; i++) {
      const low = parts[0].share * cellMass(parts[0], i, cells);
      const high = parts[1].share * cellMass(parts[1], i, cells);
      const share = low + high > 0 ? high / (low + high) : 0.5;
      change = Math.max(change, Math.abs(share - right[i]) * mass[i]);
      right[i] = share;
    }
    parts = [partOf(mass, right, qualities, false), partOf(mass, right, qualities, true)];
    if (change < 1e-9) break;
  }
  return parts;
}

function cellMass(part: BetaPart, cell: number, cells: number): number {
  return incompleteBeta((cell + 1) / cells, part.a, part.b) - incompleteBeta(cell / cells, part.a, part.b);
}

function partOf(mass: Float64Array, right: Float64Array, qualities: Float64Array, wantRight: boolean): BetaPart {
  const own = mass.map((value, i) => value * (wantRight ? right[i] : 1 - right[i]));
  const share = own.reduce((a, b) => a + b, 0);
  if (share < 1e-9) return { share: 0, a: 1, b: 1 };
  const fitted = betaOf(
    own.map((value) => value / share),
    qualities,
  );
  return { share, a: fitted.a, b: fitted.b };
}
