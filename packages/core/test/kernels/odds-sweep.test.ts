import { describe, expect, it } from 'vitest';
import { maceSweep } from '../../src/kernels/mace-sweep.ts';
import { oneCoinSweep } from '../../src/kernels/one-coin-sweep.ts';
import { confusionOracle, crowd, distance, uniforms } from './crowd.ts';

const engines = ['reference', 'wasm'] as const;

/** A model with one table per worker, as the confusion oracle wants it: [worker][true][said]. */
function tableOf(workers: number, classes: number, cell: (w: number, truth: number, said: number) => number) {
  const table = new Float64Array(workers * classes * classes);
  let next = 0;
  for (let w = 0; w < workers; w++) {
    for (let truth = 0; truth < classes; truth++) {
      for (let said = 0; said < classes; said++) table[next++] = cell(w, truth, said);
    }
  }
  return table;
}

const someCounts = [0, 1, 1, 2, 3, 5, 5, 5, 8, 13, 40, 150, 0, 7];

describe.each(engines)('the one-coin sweep, %s engine', (engine) => {
  it('agrees with the confusion form of the model', () => {
    for (const classes of [2, 3, 5, 9]) {
      for (const extreme of [0, 1e-6, 1e-12]) {
        const random = uniforms(classes);
        const workers = 8;
        const answers = crowd({ seed: classes, classes, workers, counts: someCounts });
        const accuracy = Float64Array.from({ length: workers }, (_, w) =>
          extreme > 0 ? (w % 2 === 0 ? extreme : 1 - extreme) : random(),
        );
        const table = tableOf(workers, classes, (w, truth, said) =>
          truth === said ? accuracy[w] : (1 - accuracy[w]) / (classes - 1),
        );
        const taskPrior = Float64Array.from({ length: someCounts.length * classes }, () => random());
        taskPrior.fill(0, 0, classes);
        taskPrior[1] = 1;
        const prior = Float64Array.from({ length: classes }, () => 0.2 + random());
        for (const factors of [undefined, taskPrior]) {
          const oracle = confusionOracle(answers, table, prior, factors, 1e-300);
          const sweep = oneCoinSweep(answers, { engine, taskPrior: factors });
          expect(sweep.engine).toBe(engine);
          sweep.setAccuracy(accuracy);
          const { logLikelihood } = sweep.sweep(prior, { store: true });
          // 1 − 1e-12 as a double is only known to 1e-4 of its distance from 1.
          const tolerance = extreme === 1e-12 ? 1e-6 : 1e-11;
          expect(Math.abs(logLikelihood / oracle.logLikelihood - 1)).toBeLessThan(tolerance);
          const posterior = sweep.posterior(new Float64Array(oracle.posterior.length));
          expect(distance(posterior, oracle.posterior)).toBeLessThan(tolerance);
          expect(distance(sweep.classTotals(new Float64Array(classes)), oracle.totals)).toBeLessThan(tolerance);
          const right = new Float64Array(workers);
          for (let i = 0; i < table.length; i++) {
            const [w, truth, said] = [
              Math.floor(i / classes / classes),
              Math.floor(i / classes) % classes,
              i % classes,
            ];
            if (truth === said) right[w] += oracle.counts[i];
          }
          expect(distance(sweep.right(new Float64Array(workers)), right)).toBeLessThan(tolerance);
          expect(sweep.sweep(prior, { store: true }).maxChange).toBe(0);
          sweep.scatter(posterior);
          expect(distance(sweep.right(new Float64Array(workers)), right)).toBeLessThan(tolerance);
          expect(distance(sweep.classTotals(new Float64Array(classes)), oracle.totals)).toBeLessThan(tolerance);
        }
      }
    }
  });

  it('raises the odds to the weight of an answer', () => {
    const answers = crowd({ seed: 2, classes: 3, workers: 5, counts: someCounts, weighted: true });
    const accuracy = Float64Array.of(0.9, 0.2, 0.6, 0.99, 0.5);
    const table = tableOf(5, 3, (w, truth, said) => (truth === said ? accuracy[w] : (1 - accuracy[w]) / 2));
    const prior = Float64Array.of(0.5, 0.2, 0.3);
    const oracle = confusionOracle(answers, table, prior, undefined, 1e-300);
    const sweep = oneCoinSweep(answers, { engine });
    sweep.setAccuracy(accuracy);
    expect(sweep.sweep(prior, { store: true }).logLikelihood).toBeCloseTo(oracle.logLikelihood, 9);
    expect(distance(sweep.posterior(new Float64Array(oracle.posterior.length)), oracle.posterior)).toBeLessThan(1e-12);
  });

  it('accepts one class, one worker and no answers', () => {
    for (const classes of [1, 2]) {
      for (const counts of [[], [0], [1], [3]]) {
        const sweep = oneCoinSweep(crowd({ seed: 1, classes, workers: 1, counts }), { engine });
        sweep.setAccuracy(Float64Array.of(1));
        const prior = new Float64Array(classes).fill(1 / classes);
        expect(sweep.sweep(prior, { store: true }).logLikelihood).toBeLessThanOrEqual(1e-9);
        for (const q of sweep.posterior(new Float64Array(counts.length * classes))) {
          expect(q).toBeGreaterThanOrEqual(0);
          expect(q).toBeLessThanOrEqual(1);
        }
      }
    }
  });
});

describe.each(engines)('the MACE sweep, %s engine', (engine) => {
  it('agrees with the confusion form of the model and its spam masses', () => {
    for (const classes of [2, 4, 7]) {
      const workers = 9;
      const random = uniforms(classes);
      const answers = crowd({ seed: classes, classes, workers, counts: someCounts });
      const know = Float64Array.from({ length: workers }, (_, w) => (w === 0 ? 1 - 1e-9 : random()));
      const spam = know.map((value) => 1 - value);
      const strategy = Float64Array.from({ length: workers * classes }, () => random() ** 8);
      const table = tableOf(
        workers,
        classes,
        (w, truth, said) => (truth === said ? know[w] : 0) + spam[w] * strategy[w * classes + said],
      );
      const prior = new Float64Array(classes).fill(1 / classes);
      const oracle = confusionOracle(answers, table, prior, undefined, 1e-300);
      const sweep = maceSweep(answers, { engine });
      expect(sweep.engine).toBe(engine);
      sweep.setParameters(know, spam, strategy);
      const { logLikelihood } = sweep.sweep(prior, { store: true });
      expect(Math.abs(logLikelihood / oracle.logLikelihood - 1)).toBeLessThan(1e-11);
      const posterior = sweep.posterior(new Float64Array(oracle.posterior.length));
      expect(distance(posterior, oracle.posterior)).toBeLessThan(1e-11);
      const knowing = new Float64Array(workers);
      const guessing = new Float64Array(workers * classes);
      for (let task = 0; task < someCounts.length; task++) {
        for (let e = answers.taskStart[task]; e < answers.taskStart[task + 1]; e++) {
          const [w, said] = [answers.worker[e], answers.label[e]];
          const guess = spam[w] * strategy[w * classes + said];
          const known = (oracle.posterior[task * classes + said] * know[w]) / (know[w] + guess);
          knowing[w] += known;
          guessing[w * classes + said] += 1 - known;
        }
      }
      expect(distance(sweep.knowing(new Float64Array(workers)), knowing)).toBeLessThan(1e-11);
      expect(distance(sweep.guessing(new Float64Array(workers * classes)), guessing)).toBeLessThan(1e-11);
    }
  });
});
