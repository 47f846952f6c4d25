import { incompleteBeta } from '../../math/incomplete.ts';
import { normalCdf } from '../../math/normal.ts';
import { ballotAccuracy } from './accuracy.ts';
import type { BallotFit } from './ballot-learning.ts';
import type { BallotTable } from './ballots.ts';
import { improvementChance } from './improvement.ts';
import type { ImprovementFit } from './improvement-learning.ts';

/** Something in the data that the model cannot explain. */
export interface Misfit {
  readonly kind:
    | 'worse-than-chance'
    | 'position-bias'
    | 'accuracy'
    | 'overdispersion'
    | 'bounds'
    | 'improvement-scale'
    | 'improvement-flat';
  readonly message: string;
  /** The number the warning rests on: a z value, a share or a distance. */
  readonly value: number;
  /** Workers it is about. */
  readonly workers: readonly string[];
}

/**
 * The checks that warn when ballots do not look as the model says. An empty list says nothing was found, not that the
 * model is right; each test has a false-alarm rate of 1 % or less.
 *
 * @example
 * const ballots = ballotTable([{ pair: 'p1', worker: 'ana', vote: 1 }]);
 * checkBallots(ballots, learnBallots(ballots)); // => []
 */
export function checkBallots(table: BallotTable, fit: BallotFit): Misfit[] {
  const misfits: Misfit[] = [];
  const turned = fit.voters.filter(
    (voter) => signTest(Math.round(voter.right), voter.ballots) < 0.01 / Math.max(1, fit.voters.length),
  );
  if (turned.length > 0) {
    misfits.push({
      kind: 'worse-than-chance',
      message: `${turned.length} workers vote against the better artifact more often than chance: review them, the model cannot express it`,
      value: turned.length,
      workers: turned.map((voter) => voter.worker),
    });
  }
  const known: number[] = Array.from(table.newFirst, (newFirst, b) =>
    newFirst < 0 ? -1 : newFirst === table.vote[b] ? 1 : 0,
  );
  const seen = known.filter((choice) => choice >= 0);
  const first = seen.reduce((sum, choice) => sum + choice, 0);
  const z = seen.length === 0 ? 0 : (first - seen.length / 2) / Math.sqrt(seen.length / 4);
  if (2 * (1 - normalCdf(Math.abs(z))) < 0.01) {
    misfits.push({
      kind: 'position-bias',
      message: `voters choose the artifact shown ${z > 0 ? 'first' : 'second'} in ${percent(z > 0 ? first / seen.length : 1 - first / seen.length)} of ${seen.length} ballots: show them in random order`,
      value: z,
      workers: [],
    });
  }
  misfits.push(...accuracyMisfits(table, fit));
  const bound = fit.voters.filter((voter) => voter.bound !== null && voter.ballots >= 5);
  const regular = fit.voters.filter((voter) => voter.ballots >= 5).length;
  if (fit.mode !== 'known' && regular >= 10 && bound.length > 0.2 * regular) {
    misfits.push({
      kind: 'bounds',
      message: `the γ of ${bound.length} of ${regular} regular voters lies at an end of its range: their votes are too good or too bad for the model`,
      value: bound.length / regular,
      workers: bound.map((voter) => voter.worker),
    });
  }
  return misfits;
}

/** The checks of a learned improvement model: the meaning of the quality scale, and whether quality matters at all. */
export function checkImprovement(fit: ImprovementFit): Misfit[] {
  const misfits: Misfit[] = [];
  let worst = 0;
  let at = 0;
  for (let quality = 0.05; quality < 1; quality += 0.05) {
    const off = improvementChance(fit.model, quality) - (1 - quality);
    if (Math.abs(off) > Math.abs(worst)) {
      worst = off;
      at = quality;
    }
  }
  if (Math.abs(worst) > 0.2) {
    misfits.push({
      kind: 'improvement-scale',
      message: `an artifact of quality ${at.toFixed(2)} would be improved with probability ${improvementChance(fit.model, at).toFixed(2)}, by the meaning of the scale it should be ${(1 - at).toFixed(2)}: check how qualities were measured`,
      value: worst,
      workers: [],
    });
  }
  const slope = fit.coefficientIntervals[1];
  if (slope !== undefined && slope.lo <= 0 && slope.hi >= 0 && fit.chosen.degree === 1) {
    misfits.push({
      kind: 'improvement-flat',
      message:
        'the quality of an improvement does not visibly depend on what it started from: measure more artifacts over a wider range',
      value: fit.chosen.coefficients[1],
      workers: [],
    });
  }
  return misfits;
}

/**
 * P(X ≤ right) of `right` right votes of `ballots` if she voted by coin: small for who votes against the truth.
 *
 * @example
 * signTest(3, 3); // => 1
 */
export function signTest(right: number, ballots: number): number {
  return right >= ballots ? 1 : incompleteBeta(0.5, ballots - right, right + 1);
}

/** Where truth and difficulty are known: right votes against what the γs predict, over all and pair by pair. */
function accuracyMisfits(table: BallotTable, fit: BallotFit): Misfit[] {
  if (fit.mode !== 'known' || table.pair.length === 0) return [];
  const pairs = table.pairs.length;
  const right = new Float64Array(pairs);
  const expected = new Float64Array(pairs);
  const variance = new Float64Array(pairs);
  for (let b = 0; b < table.pair.length; b++) {
    const pair = table.pair[b];
    const { gammas, weights } = fit.voters[table.worker[b]].errors;
    let accuracy = 0;
    gammas.forEach((gamma, g) => {
      accuracy += weights[g] * ballotAccuracy(table.difficulty[pair], gamma);
    });
    right[pair] += table.vote[b] === table.truth[pair] ? 1 : 0;
    expected[pair] += accuracy;
    variance[pair] += accuracy * (1 - accuracy);
  }
  const misfits: Misfit[] = [];
  const order = Array.from(right.keys()).sort((a, b) => table.difficulty[a] - table.difficulty[b]);
  const half = Math.ceil(pairs / 2);
  for (const [part, name] of [
    [order.slice(0, half), 'easier'],
    [order.slice(half), 'harder'],
  ] as const) {
    const sum = (values: Float64Array): number => {
      let total = 0;
      for (const pair of part) total += values[pair];
      return total;
    };
    const z = (sum(right) - sum(expected)) / Math.sqrt(Math.max(sum(variance), 1e-9));
    if (Math.abs(z) > 3) {
      misfits.push({
        kind: 'accuracy',
        message: `on the ${name} half of the pairs ${sum(right)} votes are right where the model expects ${sum(expected).toFixed(0)} (z = ${z.toFixed(1)}): check the difficulties or learn M`,
        value: z,
        workers: [],
      });
    }
  }
  let chiSquare = 0;
  for (let p = 0; p < pairs; p++) chiSquare += (right[p] - expected[p]) ** 2 / Math.max(variance[p], 1e-9);
  const z = (chiSquare - pairs) / Math.sqrt(2 * pairs);
  if (pairs >= 8 && z > 4) {
    misfits.push({
      kind: 'overdispersion',
      message: `votes on one pair agree ${(chiSquare / pairs).toFixed(1)} times more than independent voters would (z = ${z.toFixed(1)}): difficulties are off, or voters copy each other`,
      value: z,
      workers: [],
    });
  }
  return misfits;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
