import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { inverse } from '../../../src/math/linear-solve.ts';
import { glad } from '../../../src/methods/skill/glad.ts';
import { abilityErrors } from '../../../src/methods/skill/glad-errors.ts';
import { integratedGlad } from '../../../src/methods/skill/glad-integrated.ts';
import { jointGlad } from '../../../src/methods/skill/glad-joint.ts';
import type { GladSetting } from '../../../src/methods/skill/glad-model.ts';
import { crowd } from '../../support/crowd.ts';
import { finished } from '../../support/finished.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';

const paper: GladSetting = { abilityMean: 1, abilitySd: 1, easeMean: 1, easeSd: 1, estimatePrior: false };

function small(classes: number): AnswerTable {
  return answersFrom(crowd({ seed: 3, tasks: 12, workers: 6, classes, redundancy: 4, accuracy: [0.4, 0.9] }).rows);
}

/** Parameters away from every symmetry. */
function somewhere(size: number): Float64Array {
  const random = new Random(11);
  return Float64Array.from({ length: size }, () => 0.7 + 0.8 * random.normal());
}

/** A crowd drawn from the model itself. */
function gladCrowd(seed: number, tasks: number, workers: number, redundancy: number, classes: number) {
  const random = new Random(seed);
  const ability = Float64Array.from({ length: workers }, () => random.normal(1, 1));
  const ease = Float64Array.from({ length: tasks }, () => random.normal(1, 1));
  const rows: [string, string, string][] = [];
  const truth: number[] = [];
  for (let t = 0; t < tasks; t++) {
    truth.push(random.integer(classes));
    for (const w of random.permutation(workers).subarray(0, redundancy)) {
      const right = random.bernoulli(1 / (1 + Math.exp(-ability[w] * Math.exp(ease[t]))));
      const said = right ? truth[t] : (truth[t] + 1 + random.integer(classes - 1)) % classes;
      rows.push([`t${t}`, `w${String(w).padStart(4, '0')}`, `c${said}`]);
    }
  }
  return { table: answersFrom(rows), ability, ease, truth };
}

describe('the log-posteriors of GLAD', () => {
  const plain = small(3);
  const cases: [string, AnswerTable, GladSetting][] = [
    ['plain', plain, paper],
    ['two classes, other priors', small(2), { ...paper, abilityMean: 0, abilitySd: 2, easeMean: 0.5, easeSd: 0.4 }],
    ['estimated class prior', plain, { ...paper, estimatePrior: true }],
    [
      'weights',
      plain.with({ weight: Float64Array.from({ length: plain.answerCount }, (_, i) => 0.3 + (i % 5)) }),
      paper,
    ],
    [
      'gold',
      plain.with({ gold: Int32Array.from({ length: plain.taskCount }, (_, t) => (t % 3 === 0 ? 1 : -1)) }),
      paper,
    ],
    [
      'task priors',
      plain.with({
        taskPrior: Float64Array.from({ length: plain.taskCount * 3 }, (_, i) => [0.2, 0.5, 0.3][i % 3]),
      }),
      paper,
    ],
  ];

  const models = [jointGlad, integratedGlad];
  it.each(
    cases.flatMap(([name, table, setting]) => models.map((make) => [make.name, name, table, setting, make] as const)),
  )('%s has the gradient of its value (%s)', (_model, _case, table, setting, make) => {
    const pass = make(table, setting);
    const at = somewhere(pass.size);
    const gradient = new Float64Array(pass.size);
    const scratch = new Float64Array(pass.size);
    finished(pass.evaluate(at, gradient));
    for (let i = 0; i < pass.size; i++) {
      const step = 1e-5;
      const up = at.slice();
      const down = at.slice();
      up[i] += step;
      down[i] -= step;
      const difference = (finished(pass.evaluate(up, scratch)) - finished(pass.evaluate(down, scratch))) / (2 * step);
      expect(Math.abs(difference - gradient[i])).toBeLessThan(1e-5);
    }
  });

  it('has the log-posterior the paper writes', () => {
    const table = small(3);
    const pass = jointGlad(table, paper);
    const at = somewhere(pass.size);
    let expected = 0;
    for (let i = 0; i < at.length; i++) expected -= 0.5 * (at[i] - 1) ** 2;
    for (let t = 0; t < table.taskCount; t++) {
      let likelihood = 0;
      for (let k = 0; k < 3; k++) {
        let product = 1 / 3;
        for (let e = table.taskStart[t]; e < table.taskStart[t + 1]; e++) {
          const right = 1 / (1 + Math.exp(-at[table.worker[e]] * Math.exp(at[table.workerCount + t])));
          product *= table.label[e] === k ? right : (1 - right) / 2;
        }
        likelihood += product;
      }
      expected += Math.log(likelihood);
    }
    expect(finished(pass.evaluate(at, new Float64Array(pass.size)))).toBeCloseTo(expected, 9);
  });

  it('has the integral over eases, by a fine sum', () => {
    const table = small(2);
    const model = integratedGlad(table, paper);
    const at = somewhere(model.size);
    let expected = 0;
    for (let w = 0; w < at.length; w++) expected -= 0.5 * (at[w] - 1) ** 2;
    for (let t = 0; t < table.taskCount; t++) {
      let integral = 0;
      for (let step = -600; step <= 600; step++) {
        const ease = 1 + step / 100;
        const density = (Math.exp(-0.5 * (step / 100) ** 2) / Math.sqrt(2 * Math.PI)) * 0.01;
        for (let k = 0; k < 2; k++) {
          let product = 0.5;
          for (let e = table.taskStart[t]; e < table.taskStart[t + 1]; e++) {
            const right = 1 / (1 + Math.exp(-at[table.worker[e]] * Math.exp(ease)));
            product *= table.label[e] === k ? right : 1 - right;
          }
          integral += density * product;
        }
      }
      expected += Math.log(integral);
    }
    expect(Math.abs(finished(model.evaluate(at, new Float64Array(model.size))) - expected)).toBeLessThan(0.02);
  });

  it.each(models)('stays finite with a thousand answers to one task', (make) => {
    const rows = Array.from({ length: 1000 }, (_, i) => ['t', `w${i}`, i % 3 === 0 ? 'b' : 'a'] as const);
    const model = make(answersFrom(rows), paper);
    expect(
      Number.isFinite(finished(model.evaluate(new Float64Array(model.size).fill(3), new Float64Array(model.size)))),
    ).toBe(true);
  });
});

describe('GLAD', () => {
  it('is the one-coin model when all tasks are equally easy and abilities are free', () => {
    const { rows } = crowd({ seed: 6, tasks: 150, workers: 8, classes: 3, redundancy: 5, accuracy: [0.5, 0.9] });
    const table = answersFrom(rows);
    const options = { easeMean: 0, easeSd: 0.001, abilitySd: 1000, tolerance: 0, maxIterations: 300 };
    const ours = fit(glad, table, { options });
    const coin = fit(methodById('one-coin'), table, { options: { prior: 'uniform', tolerance: 1e-13 } });
    for (let i = 0; i < ours.posterior.length; i++) expect(ours.posterior[i]).toBeCloseTo(coin.posterior[i], 3);
  });

  it('recovers abilities and difficulties of its own crowd', () => {
    const { table, ability, ease, truth } = gladCrowd(21, 500, 30, 12, 3);
    const found = fit(glad, table);
    const got = found.workers?.extra?.ability as Float64Array;
    expect(correlation(got, ability)).toBeGreaterThan(0.9);
    expect(correlation(found.tasks.ease, ease)).toBeGreaterThan(0.5);
    let right = 0;
    truth.forEach((k, t) => {
      if (found.label(`t${t}`) === `c${k}`) right++;
    });
    expect(right / truth.length).toBeGreaterThan(0.97);
  });

  it('gives a perfect worker a finite ability with an error', () => {
    const rows = Array.from({ length: 60 }, (_, i) => [`t${i % 20}`, `w${Math.floor(i / 20)}`, 'ab'[i % 2]] as const);
    const { extra, hi } = fit(glad, answersFrom(rows)).workers as NonNullable<ReturnType<typeof fit>['workers']>;
    for (let w = 0; w < 3; w++) {
      expect(extra?.ability[w]).toBeLessThan(10);
      expect(extra?.abilityStandardError[w]).toBeGreaterThan(0);
      expect(hi[w]).toBeLessThan(1);
    }
  });

  it('keeps the best of several starts', () => {
    const { table } = gladCrowd(5, 80, 10, 5, 2);
    const one = fit(glad, table);
    const many = fit(glad, table, { options: { starts: 4 } });
    expect(many.objective.at(-1)).toBeGreaterThanOrEqual((one.objective.at(-1) as number) - 1e-6);
  });
});

describe('standard errors of abilities', () => {
  it.each([
    ['mode', jointGlad],
    ['integrated', integratedGlad],
  ] as const)('are those of the inverse Hessian of the log-posterior (%s)', (eases, make) => {
    const { table } = gladCrowd(2, 25, 6, 4, 3);
    const fitted = fit(glad, table, { options: { eases, tolerance: 0 } });
    const model = make(table, paper);
    const at = new Float64Array(model.size);
    at.set(fitted.workers?.extra?.ability as Float64Array);
    if (eases === 'mode') at.set(fitted.tasks.ease, table.workerCount);
    const n = model.size;
    const information = new Float64Array(n * n);
    const above = new Float64Array(n);
    const below = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const [up, down] = [at.slice(), at.slice()];
      up[i] += 1e-5;
      down[i] -= 1e-5;
      finished(model.evaluate(up, above));
      finished(model.evaluate(down, below));
      for (let j = 0; j < n; j++) information[i * n + j] = -(above[j] - below[j]) / 2e-5;
    }
    const covariance = inverse(information, n) as Float64Array;
    const errors = fitted.workers?.extra?.abilityStandardError as Float64Array;
    for (let w = 0; w < table.workerCount; w++) expect(errors[w]).toBeCloseTo(Math.sqrt(covariance[w * n + w]), 4);
  });

  it.each([
    ['mode', jointGlad],
    ['integrated', integratedGlad],
  ] as const)('are nearly the same sampled as inverted (%s)', (eases, make) => {
    const { table } = gladCrowd(8, 600, 120, 6, 3);
    const fitted = fit(glad, table, { options: { eases } });
    const model = make(table, paper);
    const at = new Float64Array(model.size);
    at.set(fitted.workers?.extra?.ability as Float64Array);
    if (eases === 'mode') at.set(fitted.tasks.ease, table.workerCount);
    finished(model.evaluate(at, new Float64Array(model.size)));
    const order = Uint32Array.from({ length: 120 }, (_, w) => w);
    const sampled = finished(abilityErrors(finished(model.information(at)), order, new Random(1), 0));
    const exact = fitted.workers?.extra?.abilityStandardError as Float64Array;
    expect(sampled.observed).toBe(true);
    for (let w = 0; w < 120; w++) expect(Math.abs(sampled.error[w] / exact[w] - 1)).toBeLessThan(0.15);
  });

  // 600 intervals each meant to hold 90 %: outside [.86, .94] by chance once in a thousand.
  it('make intervals that hold abilities, accuracies and eases as often as they say, eases integrated', () => {
    let [abilities, accuracies, eases, workers, tasks] = [0, 0, 0, 0, 0];
    for (let seed = 0; seed < 30; seed++) {
      const { table, ability, ease } = gladCrowd(100 + seed, 200, 20, 8, 2);
      const found = fit(glad, table, { options: { eases: 'integrated' } });
      const { extra, lo, hi } = found.workers as NonNullable<typeof found.workers>;
      for (let w = 0; w < 20; w++) {
        let accuracy = 0;
        for (const b of ease) accuracy += 1 / (1 + Math.exp(-ability[w] * Math.exp(b))) / ease.length;
        workers++;
        if (lo[w] <= accuracy && accuracy <= hi[w]) accuracies++;
        if ((extra?.abilityLo[w] as number) <= ability[w] && ability[w] <= (extra?.abilityHi[w] as number)) abilities++;
      }
      for (let t = 0; t < ease.length; t++) {
        tasks++;
        if (Math.abs(found.tasks.ease[t] - ease[t]) <= 1.645 * found.tasks.easeStandardError[t]) eases++;
      }
    }
    for (const share of [abilities / workers, accuracies / workers, eases / tasks]) {
      expect(share).toBeGreaterThan(0.86);
      expect(share).toBeLessThan(0.94);
    }
  });
});

describeRealData('figures of GLAD', () => {
  it.each([
    ['bluebird', 0.7222],
    ['rte', 0.925],
    ['dog', 0.834],
    ['web', 0.8225],
  ])('%s', (name, expected) => {
    const { table, truth } = realSet(name);
    expect(Math.abs(measure(fit(glad, table), truth).accuracy - expected)).toBeLessThan(0.002);
  });

  it.each(['temp', 'rte', 'music', 'sentpol'])('has better probabilities on %s with eases integrated', (name) => {
    const { table, truth } = realSet(name);
    const [mode, integrated] = ['mode', 'integrated'].map((eases) =>
      measure(fit(glad, table, { options: { eases } }), truth),
    );
    expect(integrated.logLoss).toBeLessThan(0.8 * mode.logLoss);
    expect(Math.abs(integrated.accuracy - mode.accuracy)).toBeLessThan(0.005);
  });
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [sa, sb] = [0, 0];
  for (let i = 0; i < n; i++) {
    sa += a[i] / n;
    sb += b[i] / n;
  }
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    ab += (a[i] - sa) * (b[i] - sb);
    aa += (a[i] - sa) ** 2;
    bb += (b[i] - sb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
