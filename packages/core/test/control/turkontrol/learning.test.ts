import { describe, expect, it } from 'vitest';
import {
  type BallotRecord,
  ballotTable,
  betaByMoments,
  checkBallots,
  checkImprovement,
  compileModel,
  defaultGammas,
  drawImprovement,
  drawVote,
  fitExponent,
  fitGamma,
  type GammaEvidence,
  gammaByRule2010,
  gammaPosterior,
  improvability,
  improvabilityFrom,
  improveJoint,
  initialJoint,
  type JudgedImprovement,
  learnBallots,
  learnImprovement,
  logNormalErrors,
  meanGamma,
  model2010,
  normaliseExponent,
  poolEvidence,
  scaleQualities,
  signTest,
  type Vote,
} from '../../../src/control/turkontrol/index.ts';
import { Random } from '../../../src/math/random.ts';

/** Difficulty 0.1, 0.2, … with the flags right (1) or wrong (0). */
function evidence(flags: string): GammaEvidence {
  return {
    easiness: [...flags].map((_, i) => 1 - (i + 1) / 10),
    right: [...flags].map(Number),
    wrong: [...flags].map((flag) => 1 - Number(flag)),
  };
}

const five = ['11111101', '11011010', '10100100', '11111111', '00010000'].map(evidence);

describe('γ with known truth', () => {
  it.each([
    [0, 0.43575039, 2.44891408, 0.6811865, 0.91047811, 0.79533847],
    [1, 2.35994395, 4.71653353, 1.54922039, 1.96153486, 0.67237108],
    [2, 8.61084662, 5.3336671, 2.86691445, 3.10090145, 0.59231834],
  ])('gives the reference estimates of worker %i', (worker, likely, minusLog, map, mean, accuracy) => {
    const found = fitGamma(five[worker]);
    expect(found.bound).toBeNull();
    expect(Math.abs(found.gamma - likely)).toBeLessThan(1e-6);
    expect(-found.logLikelihood).toBeCloseTo(minusLog, 7);
    expect(Math.abs(fitGamma(five[worker], 1).gamma - map)).toBeLessThan(1e-6);
    const posterior = gammaPosterior(five[worker], logNormalErrors(0, 1));
    expect(meanGamma(posterior)).toBeCloseTo(mean, 7);
    expect(
      posterior.gammas.reduce((sum, gamma, g) => sum + posterior.weights[g] * 0.5 * (1 + 0.5 ** gamma), 0),
    ).toBeCloseTo(accuracy, 7);
  });

  it('puts all right at the lower bound and too many wrong at the upper one', () => {
    expect(fitGamma(five[3]).bound).toBe('low');
    expect(fitGamma(five[4]).bound).toBe('high');
    expect(Math.abs(fitGamma(five[3], 1).gamma - 0.40474213)).toBeLessThan(1e-6);
    expect(Math.abs(fitGamma(five[4], 1).gamma - 5.10291418)).toBeLessThan(1e-6);
    expect(meanGamma(gammaPosterior(five[3], logNormalErrors(0, 1)))).toBeCloseTo(0.55645945, 7);
    expect(meanGamma(gammaPosterior(five[4], logNormalErrors(0, 1)))).toBeCloseTo(4.20233447, 7);
  });

  it('pools workers to the reference estimates', () => {
    const three = fitGamma(poolEvidence(five.slice(0, 3)));
    expect(Math.abs(three.gamma - 2.46986253)).toBeLessThan(1e-6);
    expect(-three.logLikelihood).toBeCloseTo(14.39911683, 7);
    const all = fitGamma(poolEvidence(five));
    expect(Math.abs(all.gamma - 3.77837458)).toBeLessThan(1e-6);
    expect(-all.logLikelihood).toBeCloseTo(26.28411281, 7);
  });

  it('equals the closed form ln(2s − 1) / ln(1 − d) at one difficulty', () => {
    const found = fitGamma({ easiness: [0.5], right: [7], wrong: [3] });
    expect(Math.abs(found.gamma - 1.32192809)).toBeLessThan(1e-6);
  });

  it('moves γ by the 2010 rule', () => {
    let gamma = 1;
    const moves: [boolean, number][] = [
      [true, 0.8],
      [true, 0.3],
      [false, 0.8],
      [false, 0.2],
      [true, 0.5],
    ];
    const path = moves.map(([agreed, difficulty]) => {
      gamma = gammaByRule2010(gamma, agreed, difficulty);
      return gamma;
    });
    [0.96, 0.945, 0.955, 0.995, 0.97].forEach((value, i) => {
      expect(path[i]).toBeCloseTo(value, 12);
    });
  });
});

describe('the exponent M', () => {
  it('gives the reference estimate with γ = 1', () => {
    const gaps = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6];
    const right = [22, 25, 28, 30, 33, 35];
    const votes = gaps.flatMap((gap, i) => Array.from({ length: 40 }, (_, k) => ({ gap, right: k < right[i] })));
    const fit = fitExponent([{ gaps: votes.map((vote) => vote.gap), right: votes.map((vote) => vote.right) }]);
    expect(Math.abs(fit.exponent - 0.57432445)).toBeLessThan(1e-6);
    expect(-fit.logLikelihood).toBeCloseTo(134.78240429, 7);
    expect(fit.interval.lo).toBeLessThan(0.5743);
    expect(fit.interval.hi).toBeGreaterThan(0.5743);
  });

  it('recovers M within 0.1 from 20,000 ballots', () => {
    const random = new Random('exponent');
    const gaps = Array.from({ length: 20_000 }, () => random.uniform());
    const right = gaps.map((gap) => random.bernoulli(0.5 * (1 + gap ** 0.7)));
    expect(Math.abs(fitExponent([{ gaps, right }]).exponent - 0.7)).toBeLessThan(0.1);
  });

  it('keeps only the product of M and γ: rescaling to geometric mean 1 changes no accuracy', () => {
    const errors = { gammas: [0.5, 2, 4], weights: [0.5, 0.25, 0.25] };
    const scaled = normaliseExponent(0.5, errors);
    const logMean = scaled.errors.gammas.reduce((sum, gamma, g) => sum + scaled.errors.weights[g] * Math.log(gamma), 0);
    expect(logMean).toBeCloseTo(0, 12);
    scaled.errors.gammas.forEach((gamma, g) => {
      expect(scaled.exponent * gamma).toBeCloseTo(0.5 * errors.gammas[g], 12);
    });
  });
});

describe('EM with unknown truth', () => {
  const difficulty = [0.2, 0.4, 0.3, 0.6, 0.5, 0.5];
  const votes = ['1110', '1101', '0001', '1011', '0010', '0100'];
  const records = votes.flatMap((row, p) =>
    [...row].map(
      (vote, w): BallotRecord => ({
        pair: `p${p}`,
        worker: `w${w}`,
        vote: Number(vote) as Vote,
        difficulty: difficulty[p],
      }),
    ),
  );
  const close = (got: readonly number[], wanted: readonly number[], within: number): void => {
    wanted.forEach((value, i) => {
      expect(Math.abs(got[i] - value)).toBeLessThan(within);
    });
  };

  it('takes the reference first step', () => {
    const first = learnBallots(ballotTable(records), { maxIterations: 0 });
    close(
      first.pairs.map((pair) => pair.newIsBetter),
      [0.98780488, 0.94117647, 0.03020134, 0.84482759, 0.1, 0.1],
      1e-8,
    );
    close(
      first.voters.map((voter) => voter.gamma),
      [0.64979955, 1.33566935, 1.53455565, 1.94706854],
      1e-6,
    );
  });

  it('converges to the reference values and never loses objective', () => {
    const fit = learnBallots(ballotTable(records));
    expect(fit.mode).toBe('known-difficulty');
    expect(fit.converged).toBe(true);
    close(
      fit.pairs.map((pair) => pair.newIsBetter),
      [0.99169968, 0.93497785, 0.02087933, 0.79183184, 0.1074921, 0.14595998],
      1e-5,
    );
    close(
      fit.voters.map((voter) => voter.gamma),
      [0.68704969, 1.28362025, 1.57552715, 2.06337216],
      1e-5,
    );
    fit.objective.slice(1).forEach((value, i) => {
      expect(value).toBeGreaterThanOrEqual(fit.objective[i] - 1e-9);
    });
  });

  it('finds truth without knowing difficulty, and does not care about the order of ballots or names of workers', () => {
    const random = new Random('unknown');
    const gammas = [0.2, 0.5, 1, 1, 2, 4];
    const truth: number[] = [];
    const ballots: BallotRecord[] = [];
    for (let p = 0; p < 150; p++) {
      const [old, candidate] = [random.uniform(), random.uniform()];
      truth.push(candidate > old ? 1 : 0);
      gammas.forEach((gamma, w) => {
        ballots.push({ pair: `p${p}`, worker: `w${w}`, vote: drawVote(old, candidate, 0.5, gamma, random) });
      });
    }
    const fit = learnBallots(ballotTable(ballots));
    expect(fit.mode).toBe('unknown');
    const right = fit.pairs.filter(
      (pair) => pair.newIsBetter > 0.5 === (truth[Number(pair.pair.slice(1))] === 1),
    ).length;
    const majority = truth.filter((t, p) => {
      const yes = ballots.slice(6 * p, 6 * p + 6).reduce((sum, ballot) => sum + ballot.vote, 0);
      return yes > 3 === (t === 1) && yes !== 3;
    }).length;
    expect(right).toBeGreaterThan(majority);
    expect(fit.voters[0].gamma).toBeLessThan(fit.voters[4].gamma);
    const shuffled = learnBallots(
      ballotTable(random.shuffle(ballots.map((ballot) => ({ ...ballot, worker: `x${ballot.worker}` })))),
    );
    for (const voter of fit.voters) {
      const same = shuffled.voters.find((one) => one.worker === `x${voter.worker}`);
      expect(same?.gamma).toBeCloseTo(voter.gamma, 4);
    }
  });

  it('learns jointly with what an improvement is believed to do', () => {
    const model = compileModel({
      ...model2010(1),
      initial: { a: 3, b: 5 },
      improvement: { kind: 'polynomial', coefficients: [0.25, 0.5], concentration: 10 },
    });
    const random = new Random('joint');
    const gammas = [0.3, 1, 3];
    const ballots: BallotRecord[] = [];
    let better = 0;
    for (let p = 0; p < 200; p++) {
      const old = random.beta(3, 5);
      const candidate = drawImprovement(model.model.improvement, old, random);
      better += candidate > old ? 1 : 0;
      gammas.forEach((gamma, w) => {
        for (let twin = 0; twin < 3; twin++)
          ballots.push({ pair: `p${p}`, worker: `w${w}-${twin}`, vote: drawVote(old, candidate, 0.5, gamma, random) });
      });
    }
    const pairPrior = improveJoint(initialJoint(model), 'old', model.kernel).mass;
    const fit = learnBallots(ballotTable(ballots), { mode: 'joint', exponent: 0.5, pairPrior });
    const mean = fit.pairs.reduce((sum, pair) => sum + pair.newIsBetter, 0) / 200;
    // Standard error of the share of better ones is 0.035.
    expect(Math.abs(mean - better / 200)).toBeLessThan(0.1);
    const order = ['w0-0', 'w1-0', 'w2-0'].map((name) => fit.voters.find((voter) => voter.worker === name)?.gamma ?? 0);
    expect(order[0]).toBeLessThan(order[1]);
    expect(order[1]).toBeLessThan(order[2]);
  });

  it('refuses modes the table cannot serve', () => {
    const bare = ballotTable([{ pair: 'a', worker: 'w', vote: 1 }]);
    expect(() => learnBallots(bare, { mode: 'known' })).toThrow(/missing difficulty of pair "a"/);
    expect(() => learnBallots(bare, { mode: 'joint' })).toThrow(/missing pairPrior/);
  });
});

describe('recovery of γ', () => {
  it('ranks workers with 50 ballots and covers their γ and the population in nine of ten intervals', () => {
    let covered = 0;
    let voters = 0;
    let population = 0;
    let ranks = 0;
    const runs = 12;
    for (let run = 0; run < runs; run++) {
      const random = new Random('coverage').fork(run);
      const gammas = Array.from({ length: 40 }, () => Math.exp(random.normal(0, 1)));
      const records: BallotRecord[] = [];
      for (let p = 0; p < 50; p++) {
        const difficulty = random.uniform();
        gammas.forEach((gamma, w) => {
          const right = random.bernoulli(0.5 * (1 + (1 - difficulty) ** gamma));
          records.push({ pair: `p${p}`, worker: `w${w}`, vote: right ? 1 : 0, truth: 1, difficulty });
        });
      }
      const fit = learnBallots(ballotTable(records));
      fit.voters.forEach((voter, w) => {
        voters++;
        if (voter.interval.lo <= gammas[w] && gammas[w] <= voter.interval.hi) covered++;
      });
      const { logMeanInterval, logSdInterval } = fit.population;
      population += logMeanInterval.lo <= 0 && 0 <= logMeanInterval.hi ? 1 : 0;
      population += logSdInterval.lo <= 1 && 1 <= logSdInterval.hi ? 1 : 0;
      const rankOf = (values: readonly number[]): number[] =>
        values.map((value) => values.filter((other) => other < value).length);
      const [a, b] = [rankOf(gammas), rankOf(fit.voters.map((voter) => meanGamma(voter.errors)))];
      const middle = 39 / 2;
      const dot = (x: readonly number[], y: readonly number[]): number =>
        x.reduce((sum, value, i) => sum + (value - middle) * (y[i] - middle), 0);
      ranks += dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }
    expect(ranks / runs).toBeGreaterThan(0.8);
    // 480 intervals of 90 %: standard error 1.4 %.
    expect(covered / voters).toBeGreaterThan(0.85);
    expect(covered / voters).toBeLessThan(0.96);
    // 24 intervals of 90 %: below 17 with probability 0.3 %.
    expect(population).toBeGreaterThanOrEqual(17);
  });
});

describe('the improvement model', () => {
  const text =
    '(.1,.32)(.1,.25)(.2,.38)(.2,.30)(.3,.45)(.35,.36)(.4,.42)(.5,.55)(.55,.48)(.6,.58)(.7,.56)(.75,.70)(.8,.62)(.9,.74)';
  const pairs = [...text.matchAll(/\(([^,]+),([^)]+)\)/g)].map((match) => ({
    before: Number(match[1]),
    after: Number(match[2]),
  }));

  it('gives the reference fits and chooses the line', () => {
    const fit = learnImprovement(pairs);
    const [line, curve] = fit.fits;
    expect(line.coefficients[0]).toBeCloseTo(0.22948138, 8);
    expect(line.coefficients[1]).toBeCloseTo(0.54221096, 8);
    expect(line.sumOfSquares).toBeCloseTo(0.02742702, 8);
    expect(line.leaveOneOut).toBeCloseTo(0.00262198, 8);
    expect(line.residualVariance).toBeCloseTo(0.00228559, 8);
    [0.24186566, 0.46925865, 0.07644049].forEach((value, c) => {
      expect(curve.coefficients[c]).toBeCloseTo(value, 8);
    });
    expect(curve.sumOfSquares).toBeCloseTo(0.02716857, 8);
    expect(curve.leaveOneOut).toBeCloseTo(0.00295924, 8);
    expect(fit.chosen.degree).toBe(1);
    expect(fit.concentration).toBeCloseTo(99.77840941, 6);
    expect(fit.concentrationByLikelihood).toBeCloseTo(118.6146, 4);
  });

  it('covers the true coefficients in nine of ten intervals, also with noisy qualities shared by an artifact', () => {
    let covered = 0;
    let kappa = 0;
    const runs = 60;
    for (let run = 0; run < runs; run++) {
      const random = new Random('improvement').fork(run);
      const judged: JudgedImprovement[] = [];
      for (let a = 0; a < 20; a++) {
        const quality = 0.1 + 0.8 * random.uniform();
        const before = quality + random.normal(0, 0.05);
        for (let i = 0; i < 10; i++) {
          const after = drawImprovement(
            { kind: 'polynomial', coefficients: [0.25, 0.5], concentration: 10 },
            quality,
            random,
          );
          judged.push({ before, after: after + random.normal(0, 0.05), source: `a${a}` });
        }
      }
      const fit = learnImprovement(judged, { degree: 1, noiseVariance: 0.0025 });
      [0.25, 0.5].forEach((value, c) => {
        covered += fit.coefficientIntervals[c].lo <= value && value <= fit.coefficientIntervals[c].hi ? 1 : 0;
      });
      kappa += fit.concentrationInterval.lo <= 10 && 10 <= fit.concentrationInterval.hi ? 1 : 0;
    }
    // 120 and 60 intervals of 90 %: below 0.8 with probability under 1 %.
    expect(covered / (2 * runs)).toBeGreaterThan(0.8);
    expect(kappa / runs).toBeGreaterThan(0.8);
  });

  it('learns an offset only of improvers with five judged improvements', () => {
    const random = new Random('offsets');
    const judged = Array.from({ length: 200 }, (_, i): JudgedImprovement => {
      const before = 0.1 + 0.8 * random.uniform();
      const worker = i % 10 === 0 ? 'good' : i === 5 ? 'once' : `w${i % 7}`;
      return { before, after: 0.2 + 0.5 * before + (worker === 'good' ? 0.2 : 0) + random.normal(0, 0.05), worker };
    });
    const { improvers } = learnImprovement(judged);
    expect(improvers.find((one) => one.worker === 'good')?.offset).toBeGreaterThan(0.1);
    expect(improvers.find((one) => one.worker === 'once')?.offset).toBe(0);
  });

  it('says so when there is too little to learn from', () => {
    for (const few of [
      [],
      [{ before: 0.2, after: 0.4 }],
      Array.from({ length: 9 }, () => ({ before: 0.3, after: 0.5 })),
    ]) {
      const fit = learnImprovement(few);
      expect(fit.notes[0]).toContain('constant mean');
      expect(Number.isFinite(fit.concentration)).toBe(true);
    }
    expect(betaByMoments([])).toEqual({ a: 1, b: 1 });
    expect(betaByMoments([0.3, 0.3, 0.3]).a).toBeCloseTo(60, 6);
  });

  it('measures quality by definition to the reference value', () => {
    const votes = [8, 6, 9, 3, 5].map((yes) => ({ yes, no: 10 - yes }));
    expect(improvability(votes)).toBeCloseTo(0.3, 12);
    expect(improvability([])).toBe(0.5);
    expect(improvabilityFrom([0.9, 0.5])).toBeCloseTo(0.3, 12);
  });
});

describe('comparative scaling', () => {
  it('orders artifacts and places them between two anchors', () => {
    const random = new Random('scaling');
    const truth = new Map([
      ['empty', 0.02],
      ['gold', 0.98],
    ]);
    for (let a = 0; a < 12; a++) truth.set(`a${a}`, 0.1 + 0.8 * random.uniform());
    const names = [...truth.keys()];
    const ballots: BallotRecord[] = [];
    for (let i = 0; i < 1500; i++) {
      const old = names[random.integer(names.length)];
      const candidate = names[random.integer(names.length)];
      if (old === candidate) continue;
      ballots.push({
        worker: `w${i}`,
        old,
        new: candidate,
        vote: drawVote(truth.get(old) ?? 0, truth.get(candidate) ?? 0, 0.5, 1, random),
      });
    }
    const fit = scaleQualities(ballotTable(ballots), {
      anchors: new Map([
        ['empty', 0.02],
        ['gold', 0.98],
      ]),
    });
    const errors = fit.qualities.map((one) => Math.abs(one.quality - (truth.get(one.artifact) ?? 0)));
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(0.1);
    expect(fit.notes).toEqual([]);
    expect(
      fit.qualities
        .filter((one) => one.anchor)
        .map((one) => one.quality)
        .sort(),
    ).toEqual([0.02, 0.98]);
  });

  it('notes groups that never meet and scales without anchors', () => {
    const fit = scaleQualities(
      ballotTable([
        { worker: 'w', old: 'a', new: 'b', vote: 1 },
        { worker: 'w', old: 'c', new: 'd', vote: 0 },
      ]),
    );
    expect(fit.notes.join(' ')).toContain('2 groups');
    const quality = new Map(fit.qualities.map((one) => [one.artifact, one.quality]));
    expect(quality.get('b')).toBeGreaterThan(quality.get('a') ?? 1);
    expect(quality.get('c')).toBeGreaterThan(quality.get('d') ?? 1);
  });
});

describe('checks that warn', () => {
  it('finds a worker who votes against the truth, and nothing in honest ballots', () => {
    const random = new Random('liars');
    const records: BallotRecord[] = [];
    for (let p = 0; p < 60; p++) {
      const difficulty = random.uniform();
      for (const worker of ['a', 'b', 'c', 'liar']) {
        const right = random.bernoulli(0.5 * (1 + (1 - difficulty) ** 0.5));
        records.push({
          pair: `p${p}`,
          worker,
          vote: right !== (worker === 'liar') ? 1 : 0,
          truth: 1,
          difficulty,
          shownFirst: random.bernoulli(0.5) ? 'new' : 'old',
        });
      }
    }
    const all = ballotTable(records);
    expect(checkBallots(all, learnBallots(all)).find((misfit) => misfit.kind === 'worse-than-chance')?.workers).toEqual(
      ['liar'],
    );
    const honest = ballotTable(records.filter((record) => record.worker !== 'liar'));
    expect(checkBallots(honest, learnBallots(honest))).toEqual([]);
  });

  it('finds that voters prefer what is shown first', () => {
    const random = new Random('position');
    const records = Array.from({ length: 300 }, (_, i): BallotRecord => {
      const shownFirst = random.bernoulli(0.5) ? 'new' : 'old';
      return { pair: `p${i % 30}`, worker: `w${Math.floor(i / 30)}`, vote: shownFirst === 'new' ? 1 : 0, shownFirst };
    });
    const table = ballotTable(records);
    expect(checkBallots(table, learnBallots(table)).map((misfit) => misfit.kind)).toContain('position-bias');
  });

  it('finds difficulties that are wrong', () => {
    const random = new Random('accuracy');
    const records: BallotRecord[] = [];
    for (let p = 0; p < 60; p++) {
      const difficulty = random.uniform();
      for (let w = 0; w < 10; w++)
        records.push({
          pair: `p${p}`,
          worker: `w${w}`,
          vote: random.bernoulli(0.5 + 0.5 * difficulty) ? 1 : 0,
          truth: 1,
          difficulty,
        });
    }
    const table = ballotTable(records);
    expect(checkBallots(table, learnBallots(table)).map((misfit) => misfit.kind)).toContain('accuracy');
  });

  it('finds an improvement model at odds with the meaning of the scale', () => {
    const random = new Random('scale');
    const judged = Array.from({ length: 60 }, () => {
      const before = random.uniform();
      return { before, after: Math.min(1, before + 0.3 * (1 - before)) };
    });
    expect(checkImprovement(learnImprovement(judged)).map((misfit) => misfit.kind)).toContain('improvement-scale');
    expect(signTest(0, 0)).toBe(1);
    expect(signTest(1, 10)).toBeCloseTo(11 / 1024, 10);
  });
});

it('has twelve γs at equal ratios from 0.05 to 6', () => {
  const gammas = defaultGammas();
  expect(gammas).toHaveLength(12);
  expect(gammas[0]).toBeCloseTo(0.05, 12);
  expect(gammas[11]).toBeCloseTo(6, 12);
});
