import { type AnswerTable, AnswerTableBuilder, fit, Random } from '@assay/core';
import { bpOneCoin, bpTwoCoin, meanField } from '@assay/core/methods';
import { joinFeatures, matrixOf } from '@assay/learn/features';
import { deepBp, deepMf, type LearnInput, type LearnProgress, learn } from '@assay/learn/methods';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipInto, clipRow } from '../../src/methods/propagation/clip.ts';
import { describeWithRuntime } from '../runtime.ts';

type Row = readonly [task: string, worker: string, label: string];

/** A crowd of 13 workers, three answers a task, over clouds whose centres lie `shift` apart on one axis each. */
function clouds(tasks: number, classes: number, shift = 3): { rows: Row[]; values: number[]; truth: number[] } {
  const random = new Random(`clouds ${tasks} ${classes}`);
  const rows: Row[] = [];
  const values: number[] = [];
  const truth: number[] = [];
  for (let i = 0; i < tasks; i++) {
    const k = i % classes;
    truth.push(k);
    for (let column = 0; column < classes; column++) values.push((column === k ? shift : 0) + random.normal());
    for (let w = 0; w < 3; w++) {
      const said = random.bernoulli(0.7) ? k : (k + 1 + random.integer(Math.max(1, classes - 1))) % classes;
      rows.push([`t${i}`, `w${(i + 4 * w) % 13}`, `c${said}`]);
    }
  }
  return { rows, values, truth };
}

function tableOf(rows: readonly Row[], tasks: readonly string[] = [], classes: readonly string[] = []): AnswerTable {
  const builder = new AnswerTableBuilder(classes.length > 0 ? { classes: [...classes] } : {});
  for (const task of tasks) builder.tasks.add(task);
  for (const [task, worker, label] of rows) builder.add({ task, worker, label });
  return builder.build().table;
}

function inputOf(crowd: ReturnType<typeof clouds>): LearnInput {
  const columns = crowd.values.length / crowd.truth.length;
  const names = crowd.truth.map((_, i) => `t${i}`);
  const table = tableOf(crowd.rows);
  const matrix = matrixOf('clouds', [names.length, columns], crowd.values, names);
  return { table, features: joinFeatures(table, matrix) };
}

const quick = { epochs: 12, hidden: 8, batch: 0, rate: 0.02, folds: 'none', dropout: 0 };
const methods = [deepMf, deepBp];

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = a.length === b.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

describe('the cap on what a network says', () => {
  it('holds for any probabilities, keeps their sum and their order', () => {
    const rows = fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 1, noNaN: true }), (weights, slack) => {
        const sum = weights.reduce((a, b) => a + b);
        const before = Float64Array.from(weights, (weight) => weight / sum);
        const least = 1 / before.length;
        const cap = least + slack * (1 - least);
        const row = before.slice();
        clipRow(row, cap);
        expect(Math.max(...row)).toBeLessThanOrEqual(cap);
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
        const order = Array.from(before.keys()).sort((a, b) => before[a] - before[b]);
        for (let i = 1; i < order.length; i++) expect(row[order[i]]).toBeGreaterThanOrEqual(row[order[i - 1]] - 1e-12);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('clamps two classes, spreads the excess evenly among more, and trusts a network at 1', () => {
    const clipped = (values: number[], cap: number): number[] => {
      const logs = new Float64Array(values.length);
      clipInto(logs, Float64Array.from(values), cap, values.length);
      return Array.from(logs, Math.exp);
    };
    expect(apart(clipped([0.97, 0.03], 0.9), [0.9, 0.1])).toBeLessThan(1e-8);
    expect(apart(clipped([0.96, 0.03, 0.01], 0.9), [0.9, 0.06, 0.04])).toBeLessThan(1e-8);
    expect(apart(clipped([0.97, 0.03], 1), [0.97, 0.03])).toBeLessThan(1e-8);
    expect(apart(clipped([0.7, 0.2, 0.1], 1 / 3), [1 / 3, 1 / 3, 1 / 3])).toBeLessThan(1e-12);
  });

  it('leaves rows without an opinion and gold tasks as they are', () => {
    const logs = Float64Array.of(-1, -2, -3, -4);
    clipInto(logs, Float64Array.of(Number.NaN, Number.NaN, 0.9, 0.1), 0.9, 2, Int32Array.of(-1, 0));
    expect([...logs]).toEqual([-1, -2, -3, -4]);
  });
});

describeWithRuntime('deepMF and deepBP', () => {
  it('are mean field and belief propagation where the cap leaves the features out', async () => {
    for (const classes of [2, 3]) {
      const input = inputOf(clouds(60, classes));
      const epochs = 15;
      const options = { ...quick, epochs, clip: 1 / classes };
      for (const [model, own] of [
        ['one-coin', { model: 'one-coin' }],
        ['confusion', { model: 'dirichlet' }],
      ] as const) {
        const deep = await learn(deepMf, input, { options: { ...options, model } });
        const field = fit(meanField, input.table, {
          options: { ...own, start: 'prior', tolerance: 0, maxIterations: epochs + 1 },
        });
        expect(apart(deep.estimate.posterior, field.posterior)).toBeLessThan(1e-9);
        const [cells, others] = [deep, { estimate: field }].map(({ estimate: { workers } }) =>
          Array.from(workers?.confusion ?? workers?.accuracy ?? []),
        );
        expect(apart(cells, others)).toBeLessThan(1e-9);
        const { objective } = deep.estimate;
        for (let i = 1; i < epochs; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-9);
      }
      const settled = { tolerance: 1e-12, maxIterations: 400 };
      for (const [model, method] of [
        ['one-coin', bpOneCoin],
        ['confusion', bpTwoCoin],
      ] as const) {
        if (method === bpTwoCoin && classes > 2) continue;
        const deep = await learn(deepBp, input, { options: { ...options, epochs: 2, model, ...settled } });
        const belief = fit(method, input.table, { options: settled });
        expect(apart(deep.estimate.posterior, belief.posterior)).toBeLessThan(1e-8);
        expect(deep.estimate.extra.logEvidence).toBeCloseTo(belief.extra.logEvidence as number, 6);
      }
    }
  });

  for (const method of methods) {
    it(`${method.id} gains from features, gives the same bits again, and labels other tasks`, async () => {
      const crowd = clouds(120, 3);
      const input = inputOf(crowd);
      const options = { ...quick, epochs: 30 };
      const found = await learn(method, input, { options, seed: 4 });
      const again = await learn(method, input, { options, seed: 4 });
      expect(again.estimate.posterior).toEqual(found.estimate.posterior);
      expect(again.opinions).toEqual(found.opinions);
      const right = (labels: (task: string) => string | null): number =>
        crowd.truth.filter((k, i) => labels(`t${i}`) === `c${k}`).length;
      const alone = fit(bpOneCoin, input.table);
      expect(right((task) => found.estimate.label(task))).toBeGreaterThan(right((task) => alone.label(task)) + 5);
      const p = await found.classifier?.predict(matrixOf('other', [1, 3], [0, 3, 0]));
      expect(p?.[1]).toBeGreaterThan(0.5);
      const { accuracy, lo, hi } = found.estimate.workers ?? { accuracy: [], lo: [], hi: [] };
      for (let w = 0; w < 13; w++) {
        expect(lo[w]).toBeLessThan(accuracy[w]);
        expect(hi[w]).toBeGreaterThan(accuracy[w]);
      }
    });

    it(`${method.id} is indifferent to the order of rows, out of fold and in minibatches too`, async () => {
      const crowd = clouds(60, 2);
      const options = { ...quick, batch: 8, folds: '3', epochs: 5 };
      const tasks = crowd.truth.map((_, i) => `t${i}`);
      const features = matrixOf('clouds', [60, 2], crowd.values, tasks);
      const mixed = [...crowd.rows];
      new Random(1).shuffle(mixed);
      const [one, other] = await Promise.all(
        [crowd.rows, mixed].map((rows) => {
          const table = tableOf(rows);
          return learn(method, { table, features: joinFeatures(table, features) }, { options, seed: 4 });
        }),
      );
      for (const task of tasks) {
        expect(other.estimate.probability(task)).toBeCloseTo(one.estimate.probability(task), 9);
        expect(other.estimate.label(task)).toBe(one.estimate.label(task));
      }
    });

    it(`${method.id} labels tasks without features by answers, and tasks without answers by the network`, async () => {
      const { rows, values, truth } = clouds(60, 2);
      const named = truth.map((_, i) => `t${i}`);
      const table = tableOf(
        rows.filter(([task]) => task !== 't1'),
        named,
      );
      const features = joinFeatures(table, matrixOf('all but one', [59, 2], values.slice(2), named.slice(1)));
      const { estimate, opinions } = await learn(method, { table, features }, { options: { ...quick, epochs: 60 } });
      expect(opinions?.[0]).toBeNaN();
      expect(estimate.notes.join(' ')).toContain('1 tasks have no features');
      const said = opinions?.slice(2, 4) ?? new Float64Array(0);
      clipRow(said, 0.9);
      expect(apart(estimate.posterior.subarray(2, 4), said)).toBeLessThan(1e-6);
      expect(estimate.label('t1')).toBe('c1');
    });

    it(`${method.id} goes on without a network where no task has features and answers`, async () => {
      const { rows } = clouds(30, 2);
      const table = tableOf(rows, ['described']);
      const features = joinFeatures(table, matrixOf('one', [1, 2], [1, 2], ['described']));
      const { estimate, classifier } = await learn(method, { table, features }, { options: quick });
      expect(classifier).toBeUndefined();
      expect(estimate.notes).toContain('no task has features and answers: nothing was trained');
      expect([...estimate.posterior.subarray(0, 2)]).toEqual([0.5, 0.5]);
      const alone = fit(bpOneCoin, table);
      const same = table.tasks.names().filter((task) => alone.label(task) === estimate.label(task));
      expect(same.length).toBeGreaterThan(25);
    });

    it(`${method.id} keeps gold tasks at their class`, async () => {
      const input = inputOf(clouds(40, 2));
      const { table } = input.table.withGold(new Map([['t0', 'c1']]));
      const { estimate } = await learn(method, { ...input, table }, { options: quick });
      expect([...estimate.posterior.subarray(0, 2)]).toEqual([0, 1]);
    });

    it(`${method.id} stays neutral and finite where there is little to learn from`, async () => {
      const few: [string, Row[], string[], string[]][] = [
        ['no answers', [], ['t0', 't1'], ['a', 'b']],
        ['one class', [['t0', 'w', 'a']], [], []],
        ['one worker', [0, 1, 2].map((i) => [`t${i}`, 'w', i === 0 ? 'a' : 'b'] as const), [], []],
        ['all agree', [0, 1, 2].flatMap((i) => ['u', 'v'].map((w) => [`t${i}`, w, 'a'] as const)), [], ['a', 'b']],
        ['fifty classes', Array.from({ length: 50 }, (_, i) => [`t${i}`, 'w', `${i}`] as const), [], []],
      ];
      for (const [name, rows, tasks, classes] of few) {
        const table = tableOf(rows, tasks, classes);
        // The same features for all, and one constant: nothing to learn from either.
        const matrix = matrixOf('f', [table.taskCount, 2], new Array(2 * table.taskCount).fill(1), table.tasks.names());
        const input = { table, features: joinFeatures(table, matrix) };
        const { estimate } = await learn(method, input, { options: { ...quick, epochs: 2 } });
        const { classCount } = table;
        expect(estimate.posterior.every(Number.isFinite), name).toBe(true);
        for (let row = 0; row < estimate.posterior.length; row += classCount) {
          const sum = estimate.posterior.subarray(row, row + classCount).reduce((a, b) => a + b);
          expect(sum, name).toBeCloseTo(1, 9);
        }
        for (const value of estimate.workers?.accuracy ?? []) expect(Number.isFinite(value), name).toBe(true);
      }
    });

    it(`${method.id} tells how far it is, and stops when it is told to`, async () => {
      const input = inputOf(clouds(40, 2));
      const seen: LearnProgress[] = [];
      await learn(method, input, { options: quick, onProgress: (progress) => void seen.push(progress) });
      expect(seen.map(({ done }) => done)).toEqual(Array.from({ length: quick.epochs }, (_, i) => i));
      const stop = new AbortController();
      const running = learn(method, input, {
        options: quick,
        signal: stop.signal,
        onProgress: ({ done }) => {
          if (done === 3) stop.abort();
        },
      });
      await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    });
  }

  it('deepBP comes close to exact messages with draws, and refuses exact confusions of three classes', async () => {
    const input = inputOf(clouds(60, 2));
    for (const model of ['one-coin', 'confusion']) {
      const options = { ...quick, epochs: 4, model };
      const exact = await learn(deepBp, input, { options });
      const sampled = await learn(deepBp, input, { options: { ...options, messages: 'sampled', draws: 4000 } });
      expect(apart(sampled.estimate.posterior, exact.estimate.posterior), model).toBeLessThan(0.06);
    }
    const three = inputOf(clouds(30, 3));
    await expect(learn(deepBp, three, { options: { ...quick, model: 'confusion' } })).rejects.toThrow(
      /messages=sampled/,
    );
    const options = { ...quick, epochs: 2, model: 'confusion', messages: 'sampled' };
    expect((await learn(deepBp, three, { options })).estimate.workers?.confusion?.length).toBe(13 * 9);
  });

  it('deepBP takes a list of accuracies for the crowd', async () => {
    const input = inputOf(clouds(60, 2));
    const { estimate } = await learn(deepBp, input, { options: { ...quick, atoms: [1, 0.5, 1, 1] } });
    for (const accuracy of estimate.workers?.accuracy ?? []) expect(accuracy).toBeGreaterThan(0.49);
  });
});
