import { type AnswerTable, AnswerTableBuilder, fit, majorityVote, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { type FeatureMatrix, joinFeatures, matrixOf } from '@assay/learn/features';
import { aggnet, crowdlabMethod, haem, type LearnMethod, learn, mbem, raykar } from '@assay/learn/methods';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../runtime.ts';

interface Crowd {
  readonly rows: readonly (readonly [task: string, worker: string, label: string])[];
  readonly truth: ReadonlyMap<string, string>;
  readonly matrix: FeatureMatrix;
}

/** Tasks of `classes` classes around as many centres, `perTask` answers of 13 workers right with `skill`. */
function crowd(tasks: number, classes: number, perTask = 3, skill = 0.75): Crowd {
  const random = new Random(`${tasks} ${classes}`);
  const columns = Math.max(2, classes);
  const values: number[] = [];
  const truth = new Map<string, string>();
  const rows: [string, string, string][] = [];
  for (let i = 0; i < tasks; i++) {
    const k = i % classes;
    truth.set(`t${i}`, `c${k}`);
    for (let column = 0; column < columns; column++) values.push((column === k ? 2 : 0) + random.normal());
    const voters = Uint32Array.from({ length: 13 }, (_, w) => w);
    random.shuffle(voters);
    for (const w of voters.subarray(0, perTask))
      rows.push([`t${i}`, `w${w}`, `c${random.bernoulli(skill) ? k : random.integer(classes)}`]);
  }
  return { rows, truth, matrix: matrixOf('f', [tasks, columns], values, [...truth.keys()]) };
}

function tableOf(rows: Crowd['rows'], classes: number, name = (label: string): string => label): AnswerTable {
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: classes }, (_, k) => name(`c${k}`)).sort() });
  for (const [task, worker, label] of rows) builder.add({ task, worker, label: name(label) });
  return builder.build().table;
}

const quick = { epochs: 15, hidden: 8, batch: 32, rate: 0.01 };
const optionsOf = (method: LearnMethod): Record<string, unknown> => (method === raykar ? {} : quick);
const everyMethod = [haem, mbem, aggnet, crowdlabMethod, raykar];

describeWithRuntime('every method here', () => {
  for (const method of everyMethod) {
    it(`${method.id} does not care about the order of rows or the names of workers`, async () => {
      const { rows, matrix } = crowd(60, 2);
      const renamed = rows.map(
        ([task, worker, label]) => [task, `${9 - (worker.length % 3)}${worker}`, label] as const,
      );
      const [first, second] = await Promise.all(
        [rows, [...renamed].reverse()].map(async (each) => {
          const table = tableOf(each, 2);
          const { estimate } = await learn(
            method,
            { table, features: joinFeatures(table, matrix) },
            { options: optionsOf(method), seed: 4 },
          );
          return estimate;
        }),
      );
      for (const task of first.taskNames.names())
        expect(second.probability(task), task).toBeCloseTo(first.probability(task), 9);
    });

    it(`${method.id} takes one task, fewer tasks than a batch, tasks and workers without answers`, async () => {
      for (const tasks of [1, 5]) {
        const { rows, matrix } = crowd(tasks, 2);
        const builder = new AnswerTableBuilder({ classes: ['c0', 'c1'] });
        for (const [task, worker, label] of rows) builder.add({ task, worker, label });
        builder.tasks.add('unanswered');
        builder.workers.add('silent');
        const { table } = builder.build();
        const options = optionsOf(method);
        const { estimate } = await learn(method, { table, features: joinFeatures(table, matrix) }, { options });
        for (let row = 0; row < estimate.posterior.length; row += 2) {
          const [a, b] = estimate.posterior.subarray(row, row + 2);
          expect(a + b).toBeCloseTo(1, 9);
        }
        expect(estimate.workers?.accuracy.every(Number.isFinite) ?? true).toBe(true);
      }
    });
  }

  for (const method of everyMethod.filter((each) => each !== raykar)) {
    it(`${method.id} takes fifty classes`, async () => {
      const { rows, matrix, truth } = crowd(400, 50);
      const table = tableOf(rows, 50);
      const options = { ...quick, network: 'logistic', rate: 0.03 };
      const { estimate } = await learn(method, { table, features: joinFeatures(table, matrix) }, { options });
      const people = measure(fit(majorityVote, table), truth).accuracy;
      // MBEM judges workers by its network alone, which 400 tasks of 50 classes hardly train.
      const least = method === mbem ? 0.4 : people - 0.02;
      expect(measure(estimate, truth).accuracy, method.id).toBeGreaterThan(least);
      expect(estimate.posterior.every((p) => p >= 0 && p <= 1)).toBe(true);
    });
  }

  it('raykar calls classes what they are called', async () => {
    const { rows, matrix } = crowd(80, 2);
    const [first, swapped] = await Promise.all(
      [(label: string) => label, (label: string) => (label === 'c0' ? 'z' : 'a')].map(async (name) => {
        const table = tableOf(rows, 2, name);
        return (await learn(raykar, { table, features: joinFeatures(table, matrix) })).estimate;
      }),
    );
    first.posterior.forEach((p, i) => void expect(swapped.posterior[i ^ 1]).toBeCloseTo(p, 9));
  });

  for (const method of [raykar, aggnet, haem]) {
    it(`${method.id} keeps its labels where one worker of 13 turns against everybody`, async () => {
      const { rows, matrix } = crowd(300, 2, 5, 0.85);
      const turned = rows.map(([task, worker, label]) => {
        return [task, worker, worker === 'w3' ? (label === 'c0' ? 'c1' : 'c0') : label] as const;
      });
      const touched = new Set(rows.filter(([, worker]) => worker === 'w3').map(([task]) => task));
      const [before, after] = await Promise.all(
        [rows, turned].map(async (each) => {
          const table = tableOf(each, 2);
          const options = method === raykar ? {} : { ...quick, network: 'logistic', epochs: 30 };
          return (await learn(method, { table, features: joinFeatures(table, matrix) }, { options })).estimate;
        }),
      );
      const changes = before.taskNames
        .names()
        .flatMap((task, i) => (touched.has(task) ? [] : [Math.abs(before.posterior[i * 2] - after.posterior[i * 2])]));
      expect(changes.length).toBeGreaterThan(150);
      expect(Math.max(...changes)).toBeLessThan(0.02);
    });
  }
});
