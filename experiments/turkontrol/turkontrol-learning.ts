import { Random } from '@assay/core';
import {
  drawImprovement,
  type ErrorDistribution,
  fitExponent,
  type Interval,
  type JudgedImprovement,
  learnImprovement,
  studentQuantile,
} from '@assay/core/control';
import { dots } from '@assay/figures';
import { band, type Experiment, type ExperimentOptions, type ExperimentResult } from '../experiment.ts';
import { drawPool, learnFromCrowd, worlds } from './crowd.ts';

/**
 * Does learning find what the simulator put in? 90 % intervals of every learned parameter over fresh crowds, with the
 * amounts of data of the 2011 experiment: 1,000 ballots of 200 workers, 200 improvements of 20 artifacts.
 */
export const turkontrolLearning: Experiment = {
  id: 'turkontrol-learning',
  title: 'Coverage of what is learned about voters and improvers',
  source:
    'Dai, Mausam & Weld (2011). Artificial Intelligence for Artificial Artificial Intelligence. AAAI. Section Model Learning.',
  run,
};

/** A parameter's intervals: how many there were and how many held the truth. */
interface Tally {
  held: number;
  of: number;
  error: number;
}

async function run(options: ExperimentOptions): Promise<ExperimentResult> {
  const runs = options.full ? 200 : 50;
  const world = worlds.D;
  const tallies = new Map<string, Tally>();
  const count = (name: string, truth: number, estimate: number, interval: Interval): void => {
    const tally = tallies.get(name) ?? { held: 0, of: 0, error: 0 };
    tally.of++;
    tally.error += estimate - truth;
    if (interval.lo <= truth && truth <= interval.hi) tally.held++;
    tallies.set(name, tally);
  };
  for (let r = 0; r < runs; r++) {
    options.signal?.throwIfAborted();
    options.onProgress('learning', r, runs);
    await Promise.resolve();
    const random = new Random(options.seed ?? 1).fork(`coverage ${r}`);
    const pool = drawPool(world, random.fork('pool'));
    const { ballots } = learnFromCrowd(world, pool, random.fork('learning'));
    for (const voter of ballots.voters) {
      const truth = pool.gammas[Number(voter.worker.slice(1))];
      count('voter’s ln γ', Math.log(truth), meanLogGamma(voter.errors), logOf(voter.interval));
    }
    const { population } = ballots;
    count('population mean of ln γ', Math.log(world.medianGamma), population.logMean, population.logMeanInterval);
    count('population sd of ln γ', world.spreadGamma, population.logSd, population.logSdInterval);
    improvementRun(random.fork('improvement'), count);
    firstRun(random.fork('first'), count);
    exponentRun(random.fork('exponent'), count);
  }
  const shares = [...tallies].map(([name, tally]) => ({ name, share: tally.held / tally.of, ...tally }));
  return {
    tables: [
      {
        title: `How often a 90 % interval held the truth, ${runs} crowds`,
        columns: ['parameter', 'intervals', 'coverage', 'mean error'],
        rows: shares.map(({ name, of, share, error }) => [
          name,
          of,
          Number(share.toFixed(3)),
          Number((error / of).toFixed(4)),
        ]),
      },
    ],
    bands: shares.map(({ name, share }) => band(`coverage of ${name}`, share, 0.8, 0.98)),
    figures: [
      {
        name: 'coverage',
        svg: dots({
          title: 'Share of 90 % intervals that hold the truth',
          format: 'percent',
          domain: [0.7, 1],
          reference: { value: 0.9, label: '90 %' },
          rows: shares.map(({ name, share, of }) => {
            const half = 1.96 * Math.sqrt((share * (1 - share)) / of);
            return { label: name, value: share, lo: Math.max(0.7, share - half), hi: Math.min(1, share + half) };
          }),
        }),
      },
    ],
    notes: [
      'Ballots with known truth and difficulty; qualities measured to ± 0.05 and the fit corrected for it; M with every γ = 1.',
    ],
  };
}

type Count = (name: string, truth: number, estimate: number, interval: Interval) => void;

function improvementRun(random: Random, count: Count): void {
  const { improvement, initial } = worlds.D;
  if (improvement.kind !== 'polynomial') return;
  const judged: JudgedImprovement[] = [];
  for (let a = 0; a < 20; a++) {
    const quality = a % 2 === 0 ? random.beta(initial.a, initial.b) : 0.1 + 0.8 * random.uniform();
    const before = quality + random.normal(0, 0.05);
    for (let i = 0; i < 10; i++) {
      judged.push({
        before,
        after: drawImprovement(improvement, quality, random) + random.normal(0, 0.05),
        source: `artifact ${a}`,
      });
    }
  }
  const fit = learnImprovement(judged, { degree: 1, noiseVariance: 0.0025 });
  const learned = fit.model.kind === 'polynomial' ? fit.model.coefficients : [];
  count('improvement intercept', improvement.coefficients[0], learned[0], fit.coefficientIntervals[0]);
  count('improvement slope', improvement.coefficients[1], learned[1], fit.coefficientIntervals[1]);
  count('improvement κ', Number(improvement.concentration), fit.concentration, fit.concentrationInterval);
}

/** The mean quality of first artifacts from 20 of them. */
function firstRun(random: Random, count: Count): void {
  const { a, b } = worlds.D.initial;
  const values = Array.from({ length: 20 }, () => random.beta(a, b) + random.normal(0, 0.05));
  const mean = values.reduce((x, y) => x + y, 0) / 20;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 19;
  const half = studentQuantile(0.9, 19) * Math.sqrt(variance / 20);
  count('first artifacts’ mean quality', a / (a + b), mean, { lo: mean - half, hi: mean + half });
}

/** M from 1,000 ballots of voters with γ = 1 on pairs of known qualities. */
function exponentRun(random: Random, count: Count): void {
  const gaps = Array.from({ length: 1000 }, () => Math.abs(random.uniform() - random.uniform()));
  const right = gaps.map((gap) => random.bernoulli(0.5 * (1 + gap ** 0.5)));
  const fit = fitExponent([{ gaps, right }], 'one');
  count('exponent M', 0.5, fit.exponent, fit.interval);
}

function meanLogGamma({ gammas, weights }: ErrorDistribution): number {
  return gammas.reduce((sum, gamma, g) => sum + weights[g] * Math.log(gamma), 0);
}

function logOf({ lo, hi }: Interval): Interval {
  return { lo: Math.log(lo), hi: Math.log(hi) };
}
