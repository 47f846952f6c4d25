import { AnswerTableBuilder, coinShrunk, fit, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { joinFeatures, matrixOf } from '@assay/learn/features';
import { InstanceLoss, type LearnInput, learnInstanceDependent } from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../../runtime.ts';

interface Kinds extends LearnInput {
  readonly truth: ReadonlyMap<string, string>;
}

/** Tasks of two kinds, told by the last feature: half of the workers know the first kind, half the second. */
function kinds(tasks: number, classes = 3, workers = 10): Kinds {
  const random = new Random(`kinds ${tasks}`);
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: classes }, (_, k) => String(k)) });
  const values: number[] = [];
  const truth = new Map<string, string>();
  for (let t = 0; t < tasks; t++) {
    const label = t % classes;
    const kind = random.bernoulli(0.5) ? 1 : -1;
    const angle = (2 * Math.PI * label) / classes;
    values.push(1.5 * Math.cos(angle) + random.normal(), 1.5 * Math.sin(angle) + random.normal(), 2 * kind);
    truth.set(`t${t}`, String(label));
    for (let i = 0; i < Math.min(4, workers); i++) {
      const worker = (t + 3 * i) % workers;
      const knows = worker % 2 === 0 ? kind > 0 : kind < 0;
      const said = random.bernoulli(knows ? 0.9 : 0.05) ? label : random.integer(classes);
      builder.add({ task: `t${t}`, worker: `w${worker}`, label: String(said) });
    }
  }
  const { table } = builder.build();
  return { table, features: joinFeatures(table, matrixOf('f', [tasks, 3], values, [...truth.keys()])), truth };
}

describe('the instance-dependent loss', () => {
  it('has the derivatives that central differences have', () => {
    const { table } = kinds(6, 3, 3);
    const random = new Random(4);
    const loss = new InstanceLoss(table, [5, 0, 2, 3], 2, 0.3);
    loss.workers.values.forEach((_, i) => {
      loss.workers.values[i] = random.normal();
    });
    const z = Float64Array.from({ length: 4 * 5 }, () => random.normal());
    const places = Uint32Array.of(0, 1, 2, 3);
    const slope = new Float64Array(z.length);
    loss.evaluate(places, z, slope);
    const claimed = [slope, loss.workers.gradient.slice()];
    const value = (): number => loss.evaluate(places, z, new Float64Array(z.length));
    [z, loss.workers.values].forEach((numbers, which) => {
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
});

describeWithRuntime('workers who know one kind of task', () => {
  it('are believed on that kind, which answers alone cannot do', async () => {
    const input = kinds(600);
    const first = await learnInstanceDependent(input, { seed: 1 });
    const { accuracy } = measure(first.estimate, input.truth);
    expect(accuracy).toBeGreaterThan(measure(fit(coinShrunk, input.table), input.truth).accuracy + 0.05);
    expect((await learnInstanceDependent(input, { seed: 1 })).estimate.posterior).toEqual(first.estimate.posterior);
    const p = await first.predict(matrixOf('new', [1, 3], [2, 0, 2]));
    expect(p.length).toBe(3);
    expect(p[0]).toBeGreaterThan(0.5);
  });

  it('stay finite with one class, and without features', async () => {
    const { estimate } = await learnInstanceDependent(kinds(8, 1), { epochs: 2 });
    expect([...estimate.posterior]).toEqual(new Array(8).fill(1));
    const input = kinds(6);
    const rowOfTask = new Int32Array(6).fill(-1);
    const features = { ...(input.features as NonNullable<LearnInput['features']>), rowOfTask };
    const found = await learnInstanceDependent({ table: input.table, features });
    expect(found.estimate.stopReason).toBe('nothing to train');
    expect(found.estimate.posterior.every(Number.isFinite)).toBe(true);
  });
});
