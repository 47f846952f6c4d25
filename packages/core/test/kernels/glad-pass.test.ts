import { describe, expect, it } from 'vitest';
import { gladPass } from '../../src/kernels/glad-pass.ts';
import type { SweepAnswers } from '../../src/kernels/sweep-layout.ts';
import { crowd, distance, uniforms } from './crowd.ts';

const engines = ['reference', 'wasm'] as const;
const someCounts = [0, 1, 2, 3, 5, 5, 8, 13, 40, 151, 0, 7];

/** Log-likelihood and posteriors as the paper has them: products of probabilities. */
function oracle(
  answers: SweepAnswers,
  ability: Float64Array,
  logEase: Float64Array,
  prior: Float64Array,
  taskPrior?: Float64Array,
) {
  const { classCount, taskCount, taskStart, worker, label, weight } = answers;
  const posterior = new Float64Array(taskCount * classCount);
  let logLikelihood = 0;
  for (let task = 0; task < taskCount; task++) {
    const logs = Array.from(prior, (p, k) => Math.log(p * (taskPrior?.[task * classCount + k] ?? 1)));
    for (let e = taskStart[task]; e < taskStart[task + 1]; e++) {
      const margin = ability[worker[e]] * Math.exp(logEase[task]);
      const wrong = -Math.log1p(Math.exp(margin)) - Math.log(Math.max(1, classCount - 1));
      for (let k = 0; k < classCount; k++) {
        logs[k] += (weight?.[e] ?? 1) * (label[e] === k ? -Math.log1p(Math.exp(-margin)) : wrong);
      }
    }
    const most = Math.max(...logs);
    const sum = logs.reduce((total, log) => total + Math.exp(log - most), 0);
    if (taskStart[task + 1] > taskStart[task]) logLikelihood += most + Math.log(sum);
    for (let k = 0; k < classCount; k++) posterior[task * classCount + k] = Math.exp(logs[k] - most) / sum;
  }
  return { logLikelihood, posterior };
}

function setting(classes: number, weighted = false) {
  const random = uniforms(classes);
  const workers = 8;
  const answers = crowd({ seed: classes, classes, workers, counts: someCounts, weighted });
  const ability = Float64Array.from({ length: workers }, () => 4 * random() - 1);
  const logEase = Float64Array.from({ length: someCounts.length }, () => 3 * random() - 1.5);
  const prior = Float64Array.from({ length: classes }, () => 0.1 + random());
  return { answers, ability, logEase, prior, random };
}

describe.each(engines)('the GLAD pass, %s engine', (engine) => {
  it('agrees with the products of probabilities', () => {
    for (const classes of [2, 3, 4, 5, 11]) {
      for (const weighted of [false, true]) {
        const { answers, ability, logEase, prior, random } = setting(classes, weighted);
        const taskPrior = Float64Array.from({ length: someCounts.length * classes }, () => 0.1 + random());
        for (const factors of [undefined, taskPrior]) {
          const expected = oracle(answers, ability, logEase, prior, factors);
          const glad = gladPass(answers, { engine, taskPrior: factors });
          expect(glad.engine).toBe(weighted ? 'reference' : engine);
          glad.setParameters(ability, logEase);
          expect(Math.abs(glad.pass(prior) / expected.logLikelihood - 1)).toBeLessThan(1e-12);
          const posterior = glad.posterior(new Float64Array(expected.posterior.length));
          expect(distance(posterior, expected.posterior)).toBeLessThan(1e-12);
          const totals = new Float64Array(classes);
          someCounts.forEach((count, task) => {
            for (let k = 0; k < classes; k++) if (count > 0) totals[k] += expected.posterior[task * classes + k];
          });
          expect(distance(glad.classTotals(new Float64Array(classes)), totals)).toBeLessThan(1e-12);
        }
      }
    }
  });

  it('gives the gradient of the log-likelihood, and of the surrogate at fixed posteriors', () => {
    for (const weighted of [false, true]) {
      const { answers, ability, logEase, prior } = setting(3, weighted);
      const glad = gladPass(answers, { engine });
      const value = (surrogate: boolean): number => {
        glad.setParameters(ability, logEase);
        return surrogate ? glad.surrogate() : glad.pass(prior);
      };
      for (const surrogate of [false, true]) {
        value(surrogate);
        const slopes = [glad.abilityGradient(new Float64Array(8)), glad.logEaseGradient(new Float64Array(12))];
        for (const [parameters, slope] of [
          [ability, slopes[0]],
          [logEase, slopes[1]],
        ]) {
          for (let i = 0; i < parameters.length; i++) {
            const kept = parameters[i];
            parameters[i] = kept + 1e-5;
            const up = value(surrogate);
            parameters[i] = kept - 1e-5;
            const down = value(surrogate);
            parameters[i] = kept;
            expect(Math.abs((up - down) / 2e-5 - slope[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(slope[i])));
          }
        }
      }
    }
  });

  it('stays finite for extreme abilities and eases, one class and nobody', () => {
    const { answers, prior } = setting(4);
    const glad = gladPass(answers, { engine });
    for (const size of [1e-300, 30, 700]) {
      glad.setParameters(
        Float64Array.from({ length: 8 }, (_, w) => (w % 2 === 0 ? size : -size)),
        new Float64Array(12).fill(10),
      );
      expect(glad.pass(prior)).toBeLessThan(0);
      expect(glad.pass(prior)).toBeGreaterThan(-1e10);
      for (const q of glad.posterior(new Float64Array(48))) expect(q).toBeGreaterThanOrEqual(0);
      for (const slope of glad.abilityGradient(new Float64Array(8))) expect(slope).not.toBeNaN();
    }
    for (const counts of [[], [0], [1, 2]]) {
      const one = gladPass(crowd({ seed: 1, classes: 1, workers: 1, counts }), { engine });
      one.setParameters(Float64Array.of(1), new Float64Array(counts.length));
      expect(one.pass(Float64Array.of(1))).toBeLessThanOrEqual(0);
      expect(one.posterior(new Float64Array(counts.length)).every((q) => q === 1)).toBe(true);
    }
  });
});
