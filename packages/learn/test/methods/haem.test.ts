import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AnswerTable, AnswerTableBuilder, Random } from '@assay/core';
import { matrixOf } from '@assay/learn/features';
import { type CoWorker, type HaemSettings, haem, learn, peopleOf, runHaem } from '@assay/learn/methods';
import { describe, expect, it } from 'vitest';
import { peopleAlone } from '../../src/methods/confusions.ts';
import { voteShares } from '../../src/methods/votes.ts';
import { describeWithRuntime } from '../runtime.ts';

const data = process.env.ASSAY_DATA ?? '../shared/datasets';
const folder = join(data, 'fmnist-crowd');
const absent = !existsSync(folder) && process.env.ASSAY_REQUIRE_ALL !== '1';

const settings: HaemSettings = {
  rounds: 2,
  start: 'human',
  confusion: 'coin-shrunk',
  strength: 5,
  smooth: 1,
  vote: 'hard',
  mostWeight: 4.6,
  freezePeople: false,
  guard: true,
};

function crowd(seed: number): { table: AnswerTable; truth: number[] } {
  const lines = (name: string): string[][] =>
    readFileSync(join(folder, `hs_r2_seed${seed}_${name}.csv`), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(','));
  const builder = new AnswerTableBuilder({ classes: Array.from({ length: 10 }, (_, k) => String(k)) });
  const items = lines('items');
  for (const [item] of items) builder.tasks.add(item);
  for (const [task, worker, label] of lines('labels')) builder.add({ task, worker, label });
  return { table: builder.build().table, truth: items.map(([, , truth]) => Number(truth)) };
}

/** A black-box model that is right for 60 items of 100, by a fixed rule. */
function blackBox(truth: readonly number[], of = (_i: number, k: number): number => k): CoWorker {
  const opinions = new Float64Array(truth.length * 10);
  truth.forEach((k, i) => {
    const said = (7919 * i) % 100 < 60 ? k : (k + 1 + (i % 9)) % 10;
    opinions[i * 10 + of(i, said)] = 1;
  });
  return { name: 'box', trained: false, worker: -1, opinions: () => Promise.resolve(opinions) };
}

function accuracy(q: Float64Array, truth: readonly number[]): number {
  const right = truth.filter((k, i) => {
    const row = q.subarray(i * 10, i * 10 + 10);
    return row.indexOf(Math.max(...row)) === k;
  });
  return right.length / truth.length;
}

describe.skipIf(absent)(`HAEM on drawn crowds${absent ? ' (needs the data folder: see docs/data.md)' : ''}`, () => {
  const golden = [
    {
      seed: 0,
      votes: 0.664,
      raw: 0.8252,
      shrunk: 0.8744,
      coin: 0.8746,
      one: 0.9284,
      two: 0.9414,
      beta: 0.5757,
      literal: 0.7898,
    },
    {
      seed: 1,
      votes: 0.616,
      raw: 0.7686,
      shrunk: 0.8412,
      coin: 0.8408,
      one: 0.907,
      two: 0.926,
      beta: 0.5699,
      literal: 0.7642,
    },
    {
      seed: 2,
      votes: 0.6842,
      raw: 0.8382,
      shrunk: 0.8966,
      coin: 0.8968,
      one: 0.938,
      two: 0.9502,
      beta: 0.5811,
      literal: 0.8028,
    },
  ];
  for (const expected of golden) {
    it(`gives the figures of seed ${expected.seed}`, async () => {
      const { table, truth } = crowd(expected.seed);
      const shares = voteShares(table);
      const near = (found: number, value: number): void =>
        void expect(Math.abs(found - value), `${found} for ${value}`).toBeLessThan(0.0025);
      near(accuracy(shares, truth), expected.votes);
      near(accuracy(peopleAlone(table, shares, 'raw', 5).q, truth), expected.raw);
      near(accuracy(peopleAlone(table, shares, 'coin-shrunk', 5).q, truth), expected.shrunk);
      near(accuracy(peopleAlone(table, shares, 'coin', 5).q, truth), expected.coin);
      const box = blackBox(truth);
      near(accuracy((await runHaem(table, [box], { ...settings, rounds: 1 })).q, truth), expected.one);
      const found = await runHaem(table, [box], settings);
      near(accuracy(found.q, truth), expected.two);
      const beta = found.models[0].confusion;
      near(truth.slice(0, 10).reduce((sum, _, k) => sum + beta[k * 11], 0) / 10, expected.beta);
      near(
        accuracy((await runHaem(table, [box], { ...settings, start: 'vote', confusion: 'raw' })).q, truth),
        expected.literal,
      );
    });
  }

  it('counts three copies of a model as one, and two different ones as two', async () => {
    const { table, truth } = crowd(0);
    const [one, copies, unguarded, two] = await Promise.all([
      runHaem(table, [blackBox(truth)], settings),
      runHaem(table, [blackBox(truth), blackBox(truth), blackBox(truth)], settings),
      runHaem(table, [blackBox(truth), blackBox(truth), blackBox(truth)], { ...settings, guard: false }),
      runHaem(table, [blackBox(truth), drawn(truth, 0.6, 5)], settings),
    ]);
    const single = accuracy(one.q, truth);
    expect(Math.abs(accuracy(copies.q, truth) - single)).toBeLessThan(0.01);
    expect(accuracy(unguarded.q, truth)).toBeLessThan(single - 0.1);
    expect(two.models.map((model) => model.power)).toEqual([1, 1]);
    expect(accuracy(two.q, truth)).toBeGreaterThan(single);
  });

  it('is not harmed by a model that guesses, and gains all from one that knows', async () => {
    const { table, truth } = crowd(0);
    const alone = accuracy((await runHaem(table, [], settings)).people, truth);
    expect(Math.abs(accuracy((await runHaem(table, [drawn(truth, 0, 1)], settings)).q, truth) - alone)).toBeLessThan(
      0.01,
    );
    const perfect = drawn(truth, 1, 1);
    for (const start of ['human', 'vote'] as const)
      expect(accuracy((await runHaem(table, [perfect], { ...settings, start })).q, truth)).toBeGreaterThan(0.985);
  });

  it('does not care what a model calls its classes', async () => {
    const { table, truth } = crowd(1);
    const plain = await runHaem(table, [blackBox(truth)], settings);
    const renamed = await runHaem(table, [blackBox(truth, (_, k) => (k + 3) % 10)], settings);
    plain.q.forEach((p, i) => void expect(Math.abs(p - renamed.q[i])).toBeLessThan(1e-9));
  });

  it('never loses likelihood while predictions and the truth of the model stay', async () => {
    const { table, truth } = crowd(0);
    const literal = { ...settings, confusion: 'raw', smooth: 0, mostWeight: 1000, rounds: 8 } as const;
    const { objective } = await runHaem(table, [blackBox(truth)], literal);
    for (let i = 1; i < objective.length; i++) expect(objective[i]).toBeGreaterThan(objective[i - 1] - 1e-6);
  });
});

/** A model that is right with probability `share` and guesses otherwise. */
function drawn(truth: readonly number[], share: number, seed: number): CoWorker {
  const random = new Random(seed);
  const opinions = new Float64Array(truth.length * 10);
  truth.forEach((k, i) => {
    opinions[i * 10 + (random.bernoulli(share) ? k : random.integer(10))] = 1;
  });
  return { name: `drawn ${seed}`, trained: false, worker: -1, opinions: () => Promise.resolve(opinions) };
}

describe('HAEM', () => {
  it('takes models in the table for co-workers, without a network or features', async () => {
    const builder = new AnswerTableBuilder();
    for (let i = 0; i < 12; i++) {
      const label = i % 2 === 0 ? 'cat' : 'dog';
      for (const worker of ['ana', 'bo']) builder.add({ task: `t${i}`, worker, label });
      builder.add({ task: `t${i}`, worker: 'model', label, kind: 'ai' });
    }
    builder.add({ task: 'unanswered', worker: 'model', label: 'dog', kind: 'ai' });
    const { table } = builder.build();
    expect(peopleOf(table).answerCount).toBe(24);
    const { estimate, classifier } = await learn(haem, { table });
    expect(classifier).toBeUndefined();
    expect(estimate.label('unanswered')).toBe('dog');
    expect(estimate.extra.models).toMatchObject([{ name: 'model', trained: false, flipped: 0 }]);
  });

  it('asks for features where there is no model', async () => {
    await expect(learn(haem, { table: new AnswerTableBuilder().build().table })).rejects.toThrow(/missing features/);
  });
});

describeWithRuntime('HAEM with a network', () => {
  const clouds = (tasks: number, classes: readonly string[]) => {
    const random = new Random(11);
    const builder = new AnswerTableBuilder({ classes: [...classes] });
    const values: number[] = [];
    const names = Array.from({ length: tasks }, (_, i) => `t${i}`);
    names.forEach((task, i) => {
      const truth = i % classes.length;
      values.push(truth * 2 + random.normal(), random.normal(), 7);
      for (let w = 0; w < 2; w++)
        builder.add({
          task,
          worker: `w${(i * 7 + w * 3) % 9}`,
          label: random.bernoulli(0.7) ? classes[truth] : classes[random.integer(classes.length)],
        });
    });
    const { table } = builder.build();
    const matrix = matrixOf('f', [tasks, 3], values, names);
    return { table, features: { matrix, rowOfTask: Int32Array.from(names, (_, i) => i), notes: [] } };
  };
  const options = { epochs: 20, hidden: 16, batch: 16 };

  it('gives the same bits for a seed whatever the order of tasks', async () => {
    const { table, features } = clouds(40, ['a', 'b']);
    const first = await learn(haem, { table, features }, { seed: 3, options });
    const again = await learn(haem, { table, features }, { seed: 3, options });
    expect(again.estimate.posterior).toEqual(first.estimate.posterior);
    expect(first.estimate.notes).toContain('1 features are constant: they say nothing');
    const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
    for (let task = table.taskCount - 1; task >= 0; task--)
      for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++)
        builder.add({
          task: table.tasks.name(task),
          worker: table.workers.name(table.worker[e]),
          label: table.classes.name(table.label[e]),
        });
    const turned = builder.build().table;
    const rowOfTask = Int32Array.from(turned.tasks.names(), (name) => Number(name.slice(1)));
    const other = await learn(haem, { table: turned, features: { ...features, rowOfTask } }, { seed: 3, options });
    for (const name of table.tasks.names())
      expect(other.estimate.probability(name)).toBeCloseTo(first.estimate.probability(name), 12);
  });

  it('predicts new rows and handles tasks without features or answers', async () => {
    const { table, features } = clouds(60, ['a', 'b']);
    const rowOfTask = features.rowOfTask.slice();
    rowOfTask[4] = -1;
    const { estimate, classifier, opinions } = await learn(
      haem,
      { table, features: { ...features, rowOfTask } },
      { options },
    );
    expect(opinions?.[8]).toBeNaN();
    expect(estimate.posterior.every(Number.isFinite)).toBe(true);
    const p = await classifier?.predict(matrixOf('new', [2, 3], [-1, 0, 7, 3, 0, 7]));
    expect(p?.[0]).toBeGreaterThan(0.5);
    expect(p?.[3]).toBeGreaterThan(0.5);
  });

  it('stays neutral with one class, one task or no answers', async () => {
    for (const [tasks, classes] of [
      [1, ['a', 'b']],
      [5, ['only']],
      [0, ['a', 'b']],
    ] as const) {
      const { table, features } = clouds(Math.max(1, tasks), classes);
      const empty =
        tasks === 0
          ? table.with({ taskStart: new Uint32Array(2), worker: new Uint32Array(0), label: new Uint16Array(0) })
          : table;
      const { estimate } = await learn(haem, { table: empty, features }, { options: { ...options, folds: '5' } });
      expect(estimate.posterior.every((p) => p >= 0 && p <= 1)).toBe(true);
    }
  });
});
