import type { Random } from '@assay/core';
import {
  type BallotRecord,
  ballotTable,
  betaByMoments,
  type CompiledModel,
  compileModel,
  defaultGammas,
  drawImprovement,
  drawVote,
  type ImprovementModel,
  type JudgedImprovement,
  learnBallots,
  learnImprovement,
  logNormalErrors,
  type SimulatedWorld,
  type TurKontrolModel,
  type Vote,
  VoterBook,
} from '@assay/core/control';

/** A simulated world of image descriptions: how good they start, how they improve, how the crowd votes. */
export interface CaptionWorld {
  readonly name: string;
  readonly initial: { readonly a: number; readonly b: number };
  readonly improvement: ImprovementModel;
  /** ln γ ~ N(ln median, spread²) over the pool. */
  readonly medianGamma: number;
  readonly spreadGamma: number;
  /** Worth of quality 1 in cents; an improvement costs 5, a ballot 1. */
  readonly worth: number;
}

const line = (c0: number, c1: number, concentration: number): ImprovementModel => ({
  kind: 'polynomial',
  coefficients: [c0, c1],
  concentration,
});

/** World D adds a little at every step, as people editing a description do; A, B and C are for comparison. */
export const worlds: Readonly<Record<'A' | 'B' | 'C' | 'D', CaptionWorld>> = {
  D: {
    name: 'D incremental',
    initial: { a: 2, b: 6 },
    improvement: line(0.12, 0.85, 15),
    medianGamma: 1,
    spreadGamma: 1.2,
    worth: 300,
  },
  A: {
    name: 'A',
    initial: { a: 3, b: 5 },
    improvement: line(0.25, 0.5, 10),
    medianGamma: 1,
    spreadGamma: 1.2,
    worth: 400,
  },
  B: {
    name: 'B noisy',
    initial: { a: 3, b: 5 },
    improvement: line(0.25, 0.5, 5),
    medianGamma: 1.5,
    spreadGamma: 1.2,
    worth: 800,
  },
  C: {
    name: 'C accurate',
    initial: { a: 3, b: 5 },
    improvement: line(0.25, 0.5, 10),
    medianGamma: 0.6,
    spreadGamma: 0.8,
    worth: 400,
  },
};

export const exponent = 0.5;
export const cents: { readonly improvementMicros: number; readonly ballotMicros: number } = {
  improvementMicros: 5_000_000,
  ballotMicros: 1_000_000,
};

/** A pool of workers of whom few do most of the work: arrival probability proportional to 1 / (rank + 10). */
export interface Pool {
  readonly gammas: Float64Array;
  readonly world: SimulatedWorld;
  arrive(random: Random, not: ReadonlySet<string>): string | null;
}

export function drawPool(caption: CaptionWorld, random: Random, size = 200): Pool {
  const gammas = Float64Array.from({ length: size }, () =>
    Math.exp(random.normal(Math.log(caption.medianGamma), caption.spreadGamma)),
  );
  const ranks = random.permutation(size);
  const weights = Float64Array.from(ranks, (rank) => 1 / (rank + 10));
  const indexOf = (worker: string): number => Number(worker.slice(1));
  const arrive = (own: Random, not: ReadonlySet<string>): string | null => {
    if (not.size >= size) return null;
    for (;;) {
      const worker = `w${own.categorical(weights)}`;
      if (!not.has(worker)) return worker;
    }
  };
  const world: SimulatedWorld = {
    firstQuality: (own) => own.beta(caption.initial.a, caption.initial.b),
    improve: (quality, _worker, own) => drawImprovement(caption.improvement, quality, own),
    vote: (old, candidate, worker, own) => drawVote(old, candidate, exponent, gammas[indexOf(worker)], own),
    arrive,
  };
  return { gammas, world, arrive };
}

/** What learning made of a pool: the model a controller gets and what it knows of each voter. */
export interface Learned {
  readonly model: TurKontrolModel;
  readonly voters: VoterBook;
  readonly compiled: CompiledModel;
  readonly ballots: ReturnType<typeof learnBallots>;
  readonly improvement: ReturnType<typeof learnImprovement>;
  readonly initial: { readonly a: number; readonly b: number };
}

const noise = 0.05;

/**
 * Learning before control: 20 pairs × 50 ballots with known truth and difficulty; 20 artifacts (half of them first
 * ones, half of any quality) × 10 improvements with qualities measured to ± 0.05; 20 first artifacts.
 */
export function learnFromCrowd(caption: CaptionWorld, pool: Pool, random: Random): Learned {
  const anyQuality = (i: number): number =>
    i % 2 === 0 ? pool.world.firstQuality(random) : 0.1 + 0.8 * random.uniform();
  const records: BallotRecord[] = [];
  for (let p = 0; p < 20; p++) {
    const old = anyQuality(p);
    const candidate = drawImprovement(caption.improvement, old, random);
    const difficulty = 1 - Math.abs(candidate - old) ** exponent;
    const truth: Vote = candidate > old ? 1 : 0;
    const voters = new Set<string>();
    while (voters.size < 50) {
      const worker = pool.arrive(random, voters);
      if (worker === null) break;
      voters.add(worker);
      records.push({
        pair: `pair ${p}`,
        worker,
        vote: pool.world.vote(old, candidate, worker, random),
        truth,
        difficulty,
      });
    }
  }
  const measured = (quality: number): number => Math.min(0.999, Math.max(0.001, quality + random.normal(0, noise)));
  const judged: JudgedImprovement[] = [];
  for (let a = 0; a < 20; a++) {
    const quality = anyQuality(a);
    const before = measured(quality);
    for (let i = 0; i < 10; i++) {
      judged.push({
        before,
        after: measured(drawImprovement(caption.improvement, quality, random)),
        source: `artifact ${a}`,
      });
    }
  }
  const ballots = learnBallots(ballotTable(records));
  const improvement = learnImprovement(judged, { degree: 1 });
  const initial = betaByMoments(Array.from({ length: 20 }, () => measured(pool.world.firstQuality(random))));
  const model = captionModel(caption, { initial, improvement: improvement.model, errors: ballots.errors });
  const compiled = compileModel(model);
  const voters = new VoterBook(compiled);
  for (const voter of ballots.voters) voters.set(voter.worker, voter.errors, voter.ballots);
  return { model, voters, compiled, ballots, improvement, initial };
}

export function captionModel(
  caption: CaptionWorld,
  learned: Pick<TurKontrolModel, 'initial' | 'improvement' | 'errors'>,
): TurKontrolModel {
  return {
    schema: 1,
    cells: 20,
    exponent,
    ...learned,
    utility: { kind: 'linear', topMicros: caption.worth * 1_000_000 },
    prices: cents,
    maxIterations: 50,
  };
}

/** The model with the world's own parameters, and what is truly known of every voter: her γ, to the nearest of the grid. */
export function trueModel(caption: CaptionWorld, pool: Pool): { compiled: CompiledModel; voters: VoterBook } {
  const gammas = defaultGammas();
  const errors = logNormalErrors(Math.log(caption.medianGamma), caption.spreadGamma, gammas);
  const compiled = compileModel(
    captionModel(caption, { initial: caption.initial, improvement: caption.improvement, errors }),
  );
  const voters = new VoterBook(compiled);
  pool.gammas.forEach((gamma, w) => {
    const nearest = gammas.reduce(
      (best, one, g) => (Math.abs(Math.log(one / gamma)) < Math.abs(Math.log(gammas[best] / gamma)) ? g : best),
      0,
    );
    voters.set(`w${w}`, { gammas, weights: gammas.map((_, g) => (g === nearest ? 1 : 0)) }, 1000);
  });
  return { compiled, voters };
}
