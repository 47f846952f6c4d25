import { type AnswerTable, AnswerTableBuilder, fit, Random } from '@assay/core';
import { meanField } from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { joinFeatures, matrixOf } from '@assay/learn/features';
import { bayesdgc, type LearnInput, learn } from '@assay/learn/methods';
import { expect, it } from 'vitest';
import { describeWithRuntime } from '../../runtime.ts';

const quick = { epochs: 15, hidden: 8, batch: 16, rate: 0.02, dropout: 0 };

interface Clouds extends LearnInput {
  readonly truth: ReadonlyMap<string, string>;
}

/** Tasks of two classes in two clouds; `reversed` only changes the order of everything. */
function clouds(tasks: number, { reversed = false, features = tasks, answered = tasks } = {}): Clouds {
  const random = new Random(31);
  const names = Array.from({ length: tasks }, (_, i) => `t${i}`);
  const rows = names.flatMap((task, i) => {
    const label = i % 2 === 0 ? 'a' : 'b';
    return Array.from({ length: 3 }, (_, j) => {
      const wrong = random.bernoulli(0.3);
      return { task, worker: `w${(i + 4 * j) % 13}`, label: wrong ? (label === 'a' ? 'b' : 'a') : label };
    }).slice(0, i < answered ? 3 : 0);
  });
  const values = names.map((_, i) => [(i % 2) * 4 + random.normal(), random.normal()]);
  const order = reversed ? names.toReversed() : names;
  const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
  for (const task of order) builder.tasks.add(task);
  for (const row of reversed ? rows.toReversed() : rows) builder.add(row);
  const { table } = builder.build();
  const kept = order.filter((task) => Number(task.slice(1)) < features);
  const matrix = matrixOf(
    'f',
    [kept.length, 2],
    kept.flatMap((task) => values[Number(task.slice(1))]),
    kept,
  );
  return {
    table,
    features: joinFeatures(table, matrix),
    truth: new Map(names.map((task, i) => [task, i % 2 === 0 ? 'a' : 'b'])),
  };
}

const uninformed = (table: AnswerTable): LearnInput => ({
  table,
  features: joinFeatures(
    table,
    matrixOf('f', [table.taskCount, 1], table.tasks.names().map(Number), table.tasks.names()),
  ),
});

describeWithRuntime('BayesDGC', () => {
  it.each([{}, { updates: 'stochastic' }, { workers: 'coin', right: 1, wrong: 1 }])(
    'gains by good features, and knows other tasks: %o',
    async (options) => {
      const { truth, ...input } = clouds(120);
      const { estimate, classifier, opinions } = await learn(bayesdgc, input, { options: { ...quick, ...options } });
      expect(measure(estimate, truth).accuracy).toBeGreaterThan(
        measure(fit(meanField, input.table), truth).accuracy + 0.05,
      );
      const p = await classifier?.predict(matrixOf('new', [2, 2], [0, 0, 4, 0]));
      expect(p?.[0]).toBeGreaterThan(0.7);
      expect(p?.[3]).toBeGreaterThan(0.7);
      expect(opinions?.every(Number.isFinite)).toBe(true);
      const { lo, hi, accuracy, confusion, confusionSd } = estimate.workers ?? {};
      accuracy?.forEach((value, w) => {
        expect(lo?.[w]).toBeLessThan(value);
        expect(hi?.[w]).toBeGreaterThan(value);
        expect(confusionSd?.[w * 4]).toBeGreaterThan(0.01);
        expect((confusion?.[w * 4] as number) + (confusion?.[w * 4 + 1] as number)).toBeCloseTo(1, 12);
      });
      expect(estimate.objective.at(-1)).toBeGreaterThan(estimate.objective[0]);
    },
  );

  it('is mean field where the network may say nothing', async () => {
    const table = clouds(60).table;
    const options = { ...quick, epochs: 200, clip: 0, tolerance: 0 };
    const rows = fit(meanField, table, { options: { model: 'dirichlet', preset: 'bayesgc', tolerance: 1e-12 } });
    const input = {
      table,
      features: joinFeatures(table, matrixOf('f', [60, 1], new Array(60).fill(1), table.tasks.names())),
    };
    const { estimate } = await learn(bayesdgc, input, { options });
    estimate.posterior.forEach((p, i) => {
      expect(p).toBeCloseTo(rows.posterior[i], 7);
    });
    expect(estimate.objective.at(-1)).toBeCloseTo(rows.objective.at(-1) as number, 7);
    expect(estimate.notes.join()).toContain('1 features are constant');
  });

  it('gives the same bits for a seed, whatever the order of rows', async () => {
    const options = { ...quick, dropout: 0.5 };
    const first = await learn(bayesdgc, clouds(50), { seed: 4, options });
    const again = await learn(bayesdgc, clouds(50), { seed: 4, options });
    expect(again.estimate.posterior).toEqual(first.estimate.posterior);
    const turned = await learn(bayesdgc, clouds(50, { reversed: true }), { seed: 4, options });
    for (let task = 0; task < 50; task++)
      expect(turned.estimate.posterior[2 * (49 - task)]).toBeCloseTo(first.estimate.posterior[2 * task], 4);
  });

  it('takes tasks without features and tasks without answers', async () => {
    const { table, features } = clouds(80, { features: 30, answered: 70 });
    const { estimate, opinions } = await learn(bayesdgc, { table, features }, { options: quick });
    expect(opinions?.[29 * 2]).not.toBeNaN();
    expect(opinions?.[30 * 2]).toBeNaN();
    expect(estimate.label('t62')).not.toBeNull();
    // Nobody answered t70 and nothing describes it: the class frequencies.
    expect(Math.abs(estimate.posterior[70 * 2] - 0.5)).toBeLessThan(0.2);
    const half = clouds(80, { answered: 60 });
    const unseen = await learn(bayesdgc, half, { options: quick });
    expect([60, 61, 62, 63].map((task) => unseen.estimate.label(`t${task}`))).toEqual(['a', 'b', 'a', 'b']);
  });

  it('holds gold tasks and lets weights count', async () => {
    const { table, features } = clouds(40);
    const gold = table.withGold(new Map([['t0', 'b']])).table;
    const { estimate } = await learn(bayesdgc, { table: gold, features }, { options: quick });
    expect([...estimate.posterior.subarray(0, 2)]).toEqual([0, 1]);
    const heavy = table.with({ weight: new Float64Array(table.answerCount).fill(0) });
    const { estimate: weightless } = await learn(
      bayesdgc,
      { table: heavy, features },
      { options: { ...quick, clip: 0 } },
    );
    weightless.posterior.forEach((p) => {
      expect(p).toBeCloseTo(0.5, 9);
    });
  });

  it('says so when the product of network and class prior ends in one class', async () => {
    const builder = new AnswerTableBuilder({ classes: ['a', 'b', 'c', 'd'] });
    const random = new Random(5);
    for (let i = 0; i < 160; i++)
      builder.add({ task: String(i), worker: `w${i % 40}`, label: 'abcd'[random.integer(4)] });
    const input = uninformed(builder.build().table);
    const options = { ...quick, updates: 'stochastic', classPrior: true, clip: 1, epochs: 60, tolerance: 0 };
    const literal = await learn(bayesdgc, input, { options });
    expect(literal.estimate.notes.join()).toContain('leave classPrior off');
    const sound = await learn(bayesdgc, input, { options: { ...options, classPrior: false } });
    expect(sound.estimate.notes.join()).not.toContain('leave classPrior off');
  });

  it('stays neutral where there is nothing to learn', async () => {
    const builder = new AnswerTableBuilder({ classes: ['a', 'b'] });
    builder.tasks.add('0');
    const { estimate, classifier } = await learn(bayesdgc, uninformed(builder.build().table), { options: quick });
    expect([...estimate.posterior]).toEqual([0.5, 0.5]);
    expect(classifier).toBeUndefined();
    const one = new AnswerTableBuilder({ classes: ['a'] });
    one.add({ task: '0', worker: 'w', label: 'a' });
    const same = await learn(bayesdgc, uninformed(one.build().table), { options: { ...quick, workers: 'coin' } });
    expect([...same.estimate.posterior]).toEqual([1]);
    const alone = new AnswerTableBuilder({ classes: ['a', 'b', 'c'] });
    alone.add({ task: '0', worker: 'w', label: 'b' });
    const { estimate: single } = await learn(bayesdgc, uninformed(alone.build().table), { options: quick });
    expect(single.label('0')).toBe('b');
    expect(single.posterior.every(Number.isFinite)).toBe(true);
  });

  it('stops when asked to, and tells where it stands', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const running = learn(bayesdgc, clouds(60), {
      options: quick,
      signal: stop.signal,
      onProgress: ({ done, total }) => {
        expect(total).toBe(15);
        seen.push(done);
        if (done === 3) stop.abort();
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});
