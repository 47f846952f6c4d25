import { describe, expect, it } from 'vitest';
import {
  ballotAccuracy,
  ballotBelief,
  ballotDifficulty,
  ballotFactored,
  ballotJoint,
  beliefHash,
  betaCellMasses,
  betaOf,
  compileModel,
  defaultGammas,
  expectation,
  expectedDifficulty,
  gridOf,
  gridQualities,
  improveBelief,
  improveFactored,
  improveJoint,
  improvementMean,
  initialBelief,
  initialFactored,
  initialJoint,
  type JointBelief,
  jointMarginal,
  logNormalErrors,
  marginalOf,
  newIsBetter,
  twoBetasOf,
  unseenImprover,
  unseenVoter,
  utilityOf,
  type Vote,
  VoterBook,
  voteTable,
  yesChance,
} from '../../../src/control/turkontrol/index.ts';
import { Random } from '../../../src/math/random.ts';
import { fiveCells, randomModel, randomPair } from './helpers.ts';

const model = compileModel(fiveCells);
const fresh = improveJoint(initialJoint(model), 'old', model.kernel);
const worths = (belief: JointBelief): [number, number] => [
  expectation(jointMarginal(belief, 'old'), model.utility),
  expectation(jointMarginal(belief, 'new'), model.utility),
];
const close = (got: ArrayLike<number>, wanted: readonly number[], digits = 7): void => {
  wanted.forEach((value, i) => {
    expect(got[i]).toBeCloseTo(value, digits);
  });
};

describe('difficulty, accuracy, utility and improvement mean', () => {
  it.each([
    [0.3, 0.5, 0.5, 1, 0.5527864045, 0.7236067977],
    [0.3, 0.5, 0.5, 0.5, 0.5527864045, 0.8343701525],
    [0.3, 0.5, 1, 1, 0.8, 0.6],
    [0.2, 0.9, 0.5, 2, 0.1633399735, 0.85],
    [0.4, 0.4, 0.5, 1, 1, 0.5],
  ])(
    'gives the reference difficulty and accuracy at q = %d, q′ = %d, M = %d, γ = %d',
    (q, r, exponent, gamma, d, a) => {
      expect(ballotDifficulty(q, r, exponent)).toBeCloseTo(d, 10);
      expect(ballotAccuracy(ballotDifficulty(q, r, exponent), gamma)).toBeCloseTo(a, 10);
    },
  );

  it('gives the reference utilities', () => {
    const worth = (q: number): number => utilityOf({ kind: 'convex', topMicros: 1_000_000_000 }, q);
    close([0, 0.1, 0.25, 0.5, 0.75, 1].map(worth), [0, 61.20702456, 165.29617667, 377.5406688, 650.06799124, 1000]);
  });

  it('reads a utility given by points along straight lines, flat outside', () => {
    const utility = {
      kind: 'points',
      points: [
        [0.2, 1_000_000],
        [0.6, 5_000_000],
      ],
    } as const;
    close(
      [0, 0.2, 0.4, 0.6, 1].map((q) => utilityOf(utility, q)),
      [1, 1, 3, 5, 5],
    );
  });

  it.each([
    [0.5, [0.25, 0.31217082, 0.40400635, 0.5517767, 0.6875, 0.75]],
    [1, [0.25, 0.3, 0.375, 0.5, 0.625, 0.75]],
    [2, [0.25, 0.2775, 0.328125, 0.4375, 0.578125, 0.75]],
  ])('gives the reference improvement means of 2010 for γ = %d', (gamma, means) => {
    const got = [0, 0.1, 0.25, 0.5, 0.75, 1].map((q) =>
      improvementMean({ kind: 'diligence', gamma, concentration: 10 }, q),
    );
    close(got, means);
  });
});

describe('belief on a five-cell grid', () => {
  it('has the reference prior, kernel and utilities', () => {
    close(model.initial, [0.1808, 0.344, 0.296, 0.152, 0.0272]);
    close(
      model.kernel.subarray(0, 10),
      [
        0.2618025, 0.5064105, 0.20675226, 0.0247209, 0.00031386, 0.08564173, 0.43174861, 0.38325709, 0.09628621,
        0.00306637,
      ],
    );
    close(model.kernelUtility, [212.04306638, 297.25693034, 390.09830698, 491.95966269, 604.27174974]);
    close(model.voter.subarray(0, 5), [0.5, 0.7236068, 0.81622777, 0.88729833, 0.9472136]);
    close(jointMarginal(fresh, 'new'), [0.08306538, 0.32849638, 0.37129192, 0.19010007, 0.02704625]);
    close(worths(fresh), [305.64220338, 347.27692962]);
  });

  it('updates the pair jointly to the reference values', () => {
    const yes = ballotJoint(fresh, 1, model.voter);
    expect(yes.probability).toBeCloseTo(0.5477793294, 10);
    close(jointMarginal(yes.belief, 'old'), [0.22719092, 0.37565413, 0.27018179, 0.11149729, 0.01547587]);
    close(jointMarginal(yes.belief, 'new'), [0.06011151, 0.29845121, 0.38727755, 0.22002055, 0.03413918]);
    close(worths(yes.belief), [271.32438677, 369.46735213]);
    const no = ballotJoint(fresh, 0, model.voter);
    expect(no.probability).toBeCloseTo(0.4522206706, 10);
    close(jointMarginal(no.belief, 'old'), [0.12460622, 0.30565704, 0.32727385, 0.20106133, 0.04140156]);
    close(jointMarginal(no.belief, 'new'), [0.11086962, 0.36489039, 0.35192836, 0.15385711, 0.01845452]);
    close(worths(no.belief), [347.21171091, 320.39745341]);
  });

  it('updates the marginals separately to the reference values of the factored form', () => {
    const pair = improveFactored(initialFactored(model), 'old', model.kernel);
    const [yes, no] = [ballotFactored(pair, 1, model.voter), ballotFactored(pair, 0, model.voter)];
    expect(yes.probability).toBeCloseTo(0.5408560512, 10);
    expect(no.probability).toBeCloseTo(0.4591439488, 10);
    close(
      [expectation(yes.belief.old, model.utility), expectation(yes.belief.candidate, model.utility)],
      [246.47191711, 396.11272256],
    );
    close(
      [expectation(no.belief.old, model.utility), expectation(no.belief.candidate, model.utility)],
      [375.34280048, 289.75001635],
    );
  });

  it('follows a sequence of voters of different γ', () => {
    let belief = fresh;
    const chances = (
      [
        [1, 1],
        [1, 0.5],
        [0, 2],
      ] as [Vote, number][]
    ).map(([vote, gamma]) => {
      const next = ballotJoint(belief, vote, voteTable(5, 0.5, gamma));
      belief = next.belief;
      return next.probability;
    });
    close(chances, [0.5477793294, 0.6528717917, 0.4150743301], 9);
    close(worths(belief), [253.04583827, 379.28067212]);
    const diagonal = [0, 6, 12, 18, 24].reduce((sum, c) => sum + belief.mass[c], 0);
    expect(diagonal).toBeCloseTo(0.34255105, 7);
    expect(newIsBetter(belief.mass, 5) - diagonal / 2).toBeCloseTo(0.62278903, 7);
  });

  it('gives the reference expected difficulties, joint and factored', () => {
    expect(expectedDifficulty(fresh.mass, 5, 0.5)).toBeCloseTo(0.71353941, 7);
    const factored = improveFactored(initialFactored(model), 'old', model.kernel);
    expect(expectedDifficulty(gridOf(factored), 5, 0.5)).toBeCloseTo(0.60617939, 7);
  });

  it('averages over an unknown γ and learns about it from the vote', () => {
    const unknown = compileModel({ ...fiveCells, errors: logNormalErrors(0, 1, defaultGammas()) });
    const book = new VoterBook(unknown);
    expect(yesChance(fresh.mass, book.voter('ana').table)).toBeCloseTo(0.54679396, 7);
    const after = ballotJoint(fresh, 1, book.voter('ana').table);
    close(worths(after.belief), [271.96929719, 368.91819467]);
    const mean = (): number => {
      const { gammas, weights } = book.errors('ana');
      return gammas.reduce((sum, gamma, g) => sum + gamma * weights[g], 0);
    };
    expect(mean()).toBeCloseTo(1.42540891, 7);
    book.observe('ana', 1, fresh.mass);
    expect(mean()).toBeCloseTo(1.3729395, 7);
    expect(VoterBook.fromJSON(unknown, JSON.parse(JSON.stringify(book))).errors('ana')).toEqual(book.errors('ana'));
  });
});

describe('properties of beliefs', () => {
  it('keeps beliefs normalised and makes votes a martingale, in 200 random models', () => {
    const random = new Random('martingale');
    for (let trial = 0; trial < 200; trial++) {
      const any = randomModel(random);
      const pair = randomPair(any, random);
      const belief: JointBelief = { form: 'joint', stage: 'pair', cells: any.cells, mass: pair };
      const yes = ballotJoint(belief, 1, any.voter);
      const no = ballotJoint(belief, 0, any.voter);
      expect(yes.probability + no.probability).toBeCloseTo(1, 10);
      for (let c = 0; c < pair.length; c++) {
        expect(yes.probability * yes.belief.mass[c] + no.probability * no.belief.mass[c]).toBeCloseTo(pair[c], 12);
        expect(yes.belief.mass[c]).toBeGreaterThanOrEqual(0);
      }
      const improved = improveJoint(yes.belief, random.bernoulli(0.5) ? 'old' : 'new', any.kernel);
      expect(Math.abs(improved.mass.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(1e-9);
    }
  });

  it('does not care which artifact is called new when the votes are turned with it', () => {
    const random = new Random('mirror');
    for (let trial = 0; trial < 50; trial++) {
      const any = randomModel(random);
      const { cells } = any;
      const pair = randomPair(any, random);
      const turned = pair.map((_, c) => pair[(c % cells) * cells + Math.floor(c / cells)]);
      const vote: Vote = random.bernoulli(0.5) ? 1 : 0;
      const one = ballotJoint({ form: 'joint', stage: 'pair', cells, mass: pair }, vote, any.voter);
      const two = ballotJoint({ form: 'joint', stage: 'pair', cells, mass: turned }, vote === 1 ? 0 : 1, any.voter);
      expect(two.probability).toBeCloseTo(one.probability, 12);
      close(marginalOf(two.belief.mass, cells, 'new'), [...marginalOf(one.belief.mass, cells, 'old')], 12);
    }
  });

  it('gives every particle belief the grid belief within its Monte-Carlo error', () => {
    const fine = compileModel({ ...fiveCells, cells: 50 });
    const random = new Random('particles');
    const run = (form: 'joint' | 'particles'): [number, number] => {
      let belief = initialBelief(fine, form, random);
      belief = improveBelief(fine, belief, 'old', unseenImprover(fine), random);
      for (const vote of [1, 1, 0, 1] as Vote[])
        belief = ballotBelief(fine, belief, vote, unseenVoter(fine), random).belief;
      const grid = gridOf(belief);
      const qualities = gridQualities(50);
      return [expectation(marginalOf(grid, 50, 'old'), qualities), expectation(marginalOf(grid, 50, 'new'), qualities)];
    };
    const [grid, particles] = [run('joint'), run('particles')];
    // sd about 0.2 of 2,000 particles: 0.02 is above four standard errors.
    expect(Math.abs(grid[0] - particles[0])).toBeLessThan(0.02);
    expect(Math.abs(grid[1] - particles[1])).toBeLessThan(0.02);
  });

  it('puts a Beta on the grid by cell masses, also where its density is infinite', () => {
    const masses = betaCellMasses(0.2, 0.3, 20);
    expect(masses.every((mass) => mass > 0 && mass < 1)).toBe(true);
    expect(masses.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  });

  it('describes a belief by one or two Betas', () => {
    const qualities = gridQualities(200);
    const one = betaOf(betaCellMasses(6, 3, 200), qualities);
    expect(one.a).toBeCloseTo(6, 1);
    expect(one.b).toBeCloseTo(3, 1);
    const humps = betaCellMasses(4, 30, 200).map((mass, i) => 0.3 * mass + 0.7 * betaCellMasses(30, 4, 200)[i]);
    const [low, high] = twoBetasOf(humps, qualities);
    expect(low.share).toBeCloseTo(0.3, 1);
    expect(high.a / (high.a + high.b)).toBeCloseTo(30 / 34, 1);
  });

  it('hashes equal beliefs alike and others apart', () => {
    expect(beliefHash(fresh.mass)).toBe(beliefHash(fresh.mass.slice()));
    const other = fresh.mass.slice();
    other[7] += 1e-16;
    expect(beliefHash(other)).not.toBe(beliefHash(fresh.mass));
  });
});
