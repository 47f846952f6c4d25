import { logBeta } from '../../math/gamma-functions.ts';
import { Random } from '../../math/random.ts';
import type { BallotTable } from './ballots.ts';
import { type ImprovementModel, improvementConcentration, improvementMean } from './improvement.ts';
import {
  betaByMoments,
  type ImprovementFit,
  type JudgedImprovement,
  learnImprovement,
} from './improvement-learning.ts';
import { type QualityPrior, type ScalingFit, type ScalingOptions, scaleQualities } from './quality.ts';

export interface HierarchyOptions extends Pick<ScalingOptions, 'exponent' | 'gammas' | 'anchors'> {
  /** Per artifact of the table, the one it improves; −1 for first ones and for those whose base is not in it. */
  readonly base: Int32Array;
  /** Artifacts that are no first ones and no improvements: anchors. */
  readonly outside: readonly boolean[];
  /** Rounds of sampling and fitting; default 20. */
  readonly rounds?: number;
  readonly seed?: number;
}

export interface HierarchyFit {
  readonly scaling: ScalingFit;
  readonly improvement: ImprovementFit;
  readonly initial: { readonly a: number; readonly b: number };
}

const size = 101;
const samplesPerRound = 40;

/**
 * Qualities, improvement model and first-artifact distribution together, from votes alone.
 *
 * Measuring qualities first and fitting a line through them afterwards flattens the line, because a handful of votes
 * leaves each quality unsure. So the two are fitted by turns (Monte-Carlo EM): qualities are sampled given the votes and
 * the present model as prior, the model is fitted to the samples. A line only; no curve. Where nothing was improved the
 * model is a constant with a note. A few hundred artifacts take a few seconds.
 *
 * Source: ours; Monte-Carlo EM of Wei & Tanner (1990).
 */
export function learnHierarchy(table: BallotTable, options: HierarchyOptions): HierarchyFit {
  const { base, outside } = options;
  const rounds = options.rounds ?? 20;
  const random = new Random(options.seed ?? 0).fork('hierarchy');
  let prior: QualityPrior | undefined;
  for (let round = 0; ; round++) {
    const judged: JudgedImprovement[] = [];
    const firsts: number[] = [];
    const onSample = (hundredths: Int32Array): void => {
      hundredths.forEach((value, a) => {
        if (base[a] >= 0)
          judged.push({ before: hundredths[base[a]] / 100, after: value / 100, source: String(base[a]) });
        else if (!outside[a]) firsts.push(value / 100);
      });
    };
    const scaling = scaleQualities(table, {
      ...options,
      prior,
      samples: samplesPerRound,
      random: random.fork(round),
      onSample,
    });
    const last = round >= rounds || table.pair.length === 0;
    const improvement = learnImprovement(judged, { degree: 1, intervals: last });
    const initial = betaByMoments(firsts);
    if (last) return { scaling, improvement, initial };
    prior = priorOf(improvement.model, initial, base);
  }
}

function priorOf(model: ImprovementModel, initial: { a: number; b: number }, base: Int32Array): QualityPrior {
  const first = new Float64Array(size);
  const step = new Float64Array(size * size);
  for (let c = 1; c < size - 1; c++) first[c] = logDensity(c / 100, initial.a, initial.b);
  for (let q = 0; q < size; q++) {
    const mean = improvementMean(model, q / 100);
    // Votes alone cannot tell a spread below a hundredth: without a cap the chain would freeze.
    const kappa = Math.min(60, improvementConcentration(model, q / 100));
    for (let c = 1; c < size - 1; c++) step[q * size + c] = logDensity(c / 100, kappa * mean, kappa * (1 - mean));
  }
  return { first, step, base };
}

function logDensity(x: number, a: number, b: number): number {
  return (a - 1) * Math.log(x) + (b - 1) * Math.log(1 - x) - logBeta(a, b);
}
