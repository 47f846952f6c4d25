import { AnswerTableBuilder, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { joinFeatures, matrixOf } from '@assay/learn/features';
import { aggnet, haem, type LearnInput, learn, mbem, raykar } from '@assay/learn/methods';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

/** 300 tasks of two classes, two people of .7 on each, `copies` of one model of .65, and weak features. */
function crowd(copies: number): LearnInput & { truth: Map<string, string> } {
  const random = new Random(8);
  const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
  const truth = new Map<string, string>();
  const values: number[] = [];
  const said = (label: string, skill: number): string => (random.bernoulli(skill) === (label === 'a') ? 'a' : 'b');
  for (let i = 0; i < 300; i++) {
    const label = random.bernoulli(0.5) ? 'a' : 'b';
    truth.set(`t${i}`, label);
    values.push((label === 'a' ? 1 : -1) + 1.5 * random.normal());
    for (let w = 0; w < 3; w++)
      builder.add({ task: `t${i}`, worker: `w${(i + 5 * w) % 20}`, label: said(label, 0.75) });
    const model = said(label, 0.65);
    for (let p = 0; p < copies; p++) builder.add({ task: `t${i}`, worker: `model${p}`, label: model, kind: 'ai' });
  }
  const { table } = builder.build();
  return { table, features: joinFeatures(table, matrixOf('f', [300, 1], values, [...truth.keys()])), truth };
}

const quick = { epochs: 20, network: 'logistic', rate: 0.02, folds: 'none' };

describeWithRuntime('models with fixed answers', () => {
  for (const method of [haem, aggnet, mbem]) {
    it(`help in ${method.id} as one, however many copies there are`, async () => {
      const [none, one, three] = await Promise.all(
        [0, 1, 3].map(async (copies) => {
          const { truth, ...input } = crowd(copies);
          const { estimate } = await learn(method, input, { options: quick, seed: 1 });
          return { estimate, accuracy: measure(estimate, truth).accuracy };
        }),
      );
      expect(one.accuracy).toBeGreaterThan(none.accuracy - 0.02);
      expect(Math.abs(three.accuracy - one.accuracy)).toBeLessThan(0.0101);
      expect(three.estimate.notes.filter((note) => /model\d says the same/.test(note))).toHaveLength(3);
      const { accuracy } = one.estimate.workers ?? { accuracy: [] };
      // Judged by labels that are right 85 times of 100, whoever is right 65 times looks a little worse.
      const found = accuracy[one.estimate.workerNames.indexOf('model0')];
      expect(found).toBeGreaterThan(0.55);
      expect(found).toBeLessThan(0.7);
    });
  }

  it('are workers in raykar', async () => {
    const { truth, ...input } = crowd(1);
    const { estimate } = await learn(raykar, input);
    const at = estimate.workerNames.indexOf('model0');
    expect(estimate.workers?.accuracy[at]).toBeCloseTo(0.65, 1);
    expect(measure(estimate, truth).accuracy).toBeGreaterThan(0.8);
  });
});
