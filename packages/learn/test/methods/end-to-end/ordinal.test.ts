import { AnswerTableBuilder, coinShrunk, type Estimate, fit, Random } from '@assay/core';
import { joinFeatures, matrixOf } from '@assay/learn/features';
import {
  ConfusionLogits,
  CoupledCrossEntropy,
  CumulativeLoss,
  type LearnInput,
  learnOrdinal,
} from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../../runtime.ts';

interface Ratings extends LearnInput {
  readonly truth: readonly number[];
}

/** Tasks on a scale of `classes`, told by three features; people are off by one place or two. */
function ratings(tasks: number, classes: number, workers = 12): Ratings {
  const random = new Random(`ratings ${tasks}`);
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: classes }, (_, k) => String(k)) });
  const off = Float64Array.from({ length: workers }, () => 0.4 + 1.2 * random.uniform());
  const values: number[] = [];
  const truth: number[] = [];
  const names = Array.from({ length: tasks }, (_, t) => `t${t}`);
  const place = (z: number): number => Math.min(classes - 1, Math.max(0, Math.round(z)));
  for (const task of names) {
    const z = (classes - 1) * random.uniform();
    truth.push(place(z));
    values.push(z + 0.5 * random.normal(), z ** 2 / classes + 0.5 * random.normal(), random.normal());
    for (let i = 0; i < Math.min(3, workers); i++) {
      const worker = (Number(task.slice(1)) + 5 * i) % workers;
      builder.add({ task, worker: `w${worker}`, label: String(place(z + off[worker] * random.normal())) });
    }
  }
  const { table } = builder.build();
  return { table, features: joinFeatures(table, matrixOf('f', [tasks, 3], values, names)), truth };
}

/** Mean distance of labels from the truth, in places. */
function distance(estimate: Estimate, truth: readonly number[]): number {
  return truth.reduce((sum, k, t) => sum + Math.abs(estimate.labelIndex(t) - k), 0) / truth.length;
}

describe('cumulative losses', () => {
  it('have the derivatives that central differences have', () => {
    const { table } = ratings(6, 4, 3);
    const places = Uint32Array.of(0, 1, 2, 3);
    const random = new Random(3);
    const omega = Float64Array.from({ length: 3 * 16 }, () => random.normal());
    const lossOf = (): CumulativeLoss => {
      const workers = new ConfusionLogits(omega.slice(), 4);
      return new CumulativeLoss(new CoupledCrossEntropy(table, workers), [5, 0, 2, 3], 4);
    };
    const loss = lossOf();
    const z = Float64Array.from({ length: 4 }, () => random.normal());
    const slope = new Float64Array(4);
    loss.evaluate(places, z, slope);
    const steps = loss.steps.values;
    const claimed = [slope, loss.steps.gradient.slice()];
    const value = (): number => {
      const other = lossOf();
      other.steps.values.set(steps);
      return other.evaluate(places, z, new Float64Array(4));
    };
    [z, steps].forEach((numbers, which) => {
      const largest = Math.max(...claimed[which].map(Math.abs));
      for (let i = 0; i < numbers.length; i++) {
        const kept = numbers[i];
        numbers[i] = kept + 1e-5;
        const above = value();
        numbers[i] = kept - 1e-5;
        const below = value();
        numbers[i] = kept;
        expect(Math.abs((above - below) / 2e-5 - claimed[which][i]) / largest).toBeLessThan(1e-6);
      }
    });
  });

  it('keep thresholds increasing, whatever the steps are', () => {
    const { table } = ratings(5, 6);
    const workers = new ConfusionLogits(new Float64Array(table.workerCount * 36), 6);
    const loss = new CumulativeLoss(new CoupledCrossEntropy(table, workers), [], 6);
    loss.steps.values.set([3, -30, 0, 5, -2]);
    const theta = loss.thresholds();
    for (let k = 1; k < theta.length; k++) expect(theta[k]).toBeGreaterThan(theta[k - 1]);
  });
});

describeWithRuntime('ordered classes', () => {
  it('are nearer to the truth than without features and order, and repeat themselves', async () => {
    const input = ratings(400, 5);
    const first = await learnOrdinal(input, { seed: 1 });
    const own = distance(first.estimate, input.truth);
    expect(own).toBeLessThan(0.8 * distance(fit(coinShrunk, input.table), input.truth));
    expect((await learnOrdinal(input, { seed: 1 })).estimate.posterior).toEqual(first.estimate.posterior);
    const p = await first.predict(matrixOf('new', [2, 3], [0, 0, 0, 4, 3.2, 0]));
    expect(p.indexOf(Math.max(...p.subarray(0, 5)))).toBe(0);
    expect(p[9]).toBe(Math.max(...p.subarray(5)));
    expect(first.estimate.tasks.expected.every((place) => place >= 0 && place <= 4)).toBe(true);
  });

  it('stay finite with one class, two, no answers and no features', async () => {
    for (const classes of [1, 2]) {
      const { estimate } = await learnOrdinal(ratings(12, classes), { epochs: 3 });
      expect(estimate.posterior.every((p) => p >= 0 && p <= 1)).toBe(true);
    }
    const input = ratings(6, 3);
    const rowOfTask = new Int32Array(6).fill(-1);
    const features = { ...(input.features as NonNullable<LearnInput['features']>), rowOfTask };
    const { estimate } = await learnOrdinal({ table: input.table, features });
    expect(estimate.stopReason).toBe('nothing to train');
    expect(estimate.posterior.every(Number.isFinite)).toBe(true);
  });
});
