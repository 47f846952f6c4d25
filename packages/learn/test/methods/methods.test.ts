import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AnswerTableBuilder, coinShrunk, fit, auto as labelOnly, Random } from '@assay/core';
import { openSource, readAnswersFile, readLabelsFile } from '@assay/core/node';
import { measure } from '@assay/core/quality';
import { joinFeatures, matrixOf, readFeatures, type TaskFeatures } from '@assay/learn/features';
import {
  aggnet,
  auto,
  crowdlabMethod,
  haem,
  type LearnInput,
  learn,
  learnMethodById,
  learnMethods,
  mbem,
  raykar,
} from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

function clouds(
  tasks: number,
  skill: number,
  shift = 3,
): LearnInput & { truth: Map<string, string>; features: TaskFeatures } {
  const random = new Random(21);
  const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
  const values: number[] = [];
  const truth = new Map<string, string>();
  for (let i = 0; i < tasks; i++) {
    const label = i % 2 === 0 ? 'a' : 'b';
    truth.set(`t${i}`, label);
    values.push((i % 2) * shift + random.normal(), random.normal());
    for (let w = 0; w < 3; w++) {
      const other = label === 'a' ? 'b' : 'a';
      builder.add({ task: `t${i}`, worker: `w${(i + 4 * w) % 13}`, label: random.bernoulli(skill) ? label : other });
    }
  }
  const { table } = builder.build();
  const matrix = matrixOf('f', [tasks, 2], values, [...truth.keys()]);
  return { table, features: joinFeatures(table, matrix), truth };
}

const quick = { epochs: 20, hidden: 8, batch: 16, rate: 0.01 };

describe('learning methods', () => {
  it('are known by their ids, with the near ones for others', () => {
    const ids = learnMethods.map(({ id }) => id);
    expect(ids.slice(0, 6)).toEqual(['auto', 'haem', 'mbem', 'aggnet', 'raykar', 'crowdlab']);
    expect(new Set(ids).size).toBe(ids.length);
    expect(() => learnMethodById('haemm')).toThrow(/did you mean haem/);
  });

  it('raises the objective of Raykar at every round, and weighs features and people', async () => {
    const input = clouds(120, 0.65);
    const { estimate } = await learn(raykar, input);
    expect(estimate.converged).toBe(true);
    for (let i = 1; i < estimate.objective.length; i++) {
      expect(estimate.objective[i]).toBeGreaterThan(estimate.objective[i - 1] - 1e-9);
    }
    expect(measure(estimate, input.truth).accuracy).toBeGreaterThan(
      measure(fit(labelOnly, input.table), input.truth).accuracy,
    );
  });

  it('refuses what Raykar has no formula for', async () => {
    const builder = new AnswerTableBuilder();
    for (const label of ['a', 'b', 'c']) builder.add({ task: label, worker: 'w', label });
    const { table } = builder.build();
    const features = joinFeatures(table, matrixOf('f', [3, 1], [1, 2, 3]));
    await expect(learn(raykar, { table, features })).rejects.toThrow(/at most 2; use aggnet/);
  });
});

describeWithRuntime('learning methods with networks', () => {
  for (const method of [haem, mbem, aggnet, crowdlabMethod, auto]) {
    it(`${method.id} loses nothing by good features, repeats itself, and predicts`, async () => {
      const input = clouds(120, 0.7, 4);
      const options = method === auto ? { ...quick, checks: 1 } : quick;
      const first = await learn(method, input, { seed: 2, options });
      const again = await learn(method, input, { seed: 2, options });
      expect(again.estimate.posterior).toEqual(first.estimate.posterior);
      const vote = measure(fit(labelOnly, input.table), input.truth).accuracy;
      expect(measure(first.estimate, input.truth).accuracy).toBeGreaterThanOrEqual(vote);
      const p = await first.classifier?.predict(matrixOf('new', [2, 2], [0, 0, 4, 0]));
      expect(p?.[0]).toBeGreaterThan(0.5);
      expect(p?.[3]).toBeGreaterThan(0.5);
    }, 120_000);

    it(`${method.id} stays neutral where there is nothing to learn`, async () => {
      const builder = new AnswerTableBuilder();
      builder.add({ task: 't0', worker: 'w', label: 'only' });
      const { table } = builder.build();
      const { estimate } = await learn(
        method,
        { table, features: joinFeatures(table, matrixOf('f', [1, 1], [1])) },
        { options: quick },
      );
      expect([...estimate.posterior]).toEqual([1]);
    });
  }

  it('auto weighs members by what they foretell, and leaves it to the answers where features say nothing', async () => {
    const noise = clouds(150, 0.8, 0);
    const { estimate, classifier } = await learn(auto, noise, { options: quick });
    expect(estimate.extra.chosen).toMatchObject({ method: 'answers alone' });
    expect(estimate.posterior).toEqual(fit(labelOnly, noise.table).posterior);
    expect(estimate.notes.join()).toContain('the features hardly help');
    expect(classifier).toBeDefined();
    const good = await learn(auto, clouds(200, 0.7, 4), { options: quick });
    const { weights, heldOut, method } = good.estimate.extra.chosen as {
      weights: Record<string, number>;
      heldOut: number;
      method: string;
    };
    expect(Object.values(weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
    expect(heldOut).toBeGreaterThan(200);
    expect(method).not.toBe('answers alone');
    expect(good.estimate.notes.join()).toContain('foretells better than the answers alone');
  }, 120_000);

  it('auto leaves it to the answers where there is nothing to train on, and says so', async () => {
    const { table } = clouds(20, 0.8);
    const { estimate, classifier } = await learn(auto, { table });
    expect(estimate.extra.chosen).toMatchObject({ method: 'answers alone' });
    expect(estimate.posterior).toEqual(fit(labelOnly, table).posterior);
    expect(classifier).toBeUndefined();
  });

  it('AggNet with constant features is Dawid-Skene', async () => {
    const { table } = clouds(80, 0.75);
    const features = joinFeatures(table, matrixOf('f', [80, 1], new Array(80).fill(1), table.tasks.names()));
    const options = { ...quick, network: 'logistic', epochs: 400, rounds: 40, rate: 0.02 };
    const { estimate } = await learn(aggnet, { table, features }, { options });
    const people = fit(coinShrunk, table);
    table.tasks.names().forEach((task, i) => {
      expect(Math.abs(estimate.posterior[i * 2] - people.posterior[i * 2]), task).toBeLessThan(0.05);
    });
  });
});

const folder = process.env.ASSAY_DATA ?? '../shared/datasets';
const absent = !existsSync(join(folder, 'music')) && process.env.ASSAY_REQUIRE_ALL !== '1';

describeWithRuntime('learning methods on the music set', () => {
  it.skipIf(absent)(
    `reach the figures of the study${absent ? ' (needs the data folder: see docs/data.md)' : ''}`,
    async () => {
      const { table } = await readAnswersFile(join(folder, 'music/labels.csv'));
      const truth = await readLabelsFile(join(folder, 'music/truth.csv'));
      const features = joinFeatures(table, await readFeatures(await openSource(join(folder, 'music/features.npy'))), {
        truthTasks: [...truth.keys()],
      });
      const accuracy = async (id: string): Promise<number> =>
        measure((await learn(learnMethodById(id), { table, features })).estimate, truth).accuracy;
      expect(Math.abs((await accuracy('haem')) - 0.814)).toBeLessThan(0.015);
      expect(Math.abs((await accuracy('aggnet')) - 0.81)).toBeLessThan(0.015);
    },
    90_000,
  );
});
