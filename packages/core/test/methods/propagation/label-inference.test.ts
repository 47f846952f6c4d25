import { type AnswerTable, AnswerTableBuilder, answersFrom, fit, Random } from '@assay/core';
import {
  type BeliefSettings,
  beliefInference,
  bpOneCoin,
  bpTwoCoin,
  knownClasses,
  type LabelInference,
  logTaskPrior,
  meanField,
  meanFieldInference,
  type WorkerPrior,
} from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { tableOf } from '../../support/crowd.ts';
import { describeRealData, rowsOf } from '../../support/real-data.ts';
import { apart } from '../bayesian/enumeration.ts';
import { treeOf } from './forests.ts';

const prior: WorkerPrior = { model: 'one-coin', right: 2, wrong: 1, confusionPrior: null };
const twoCoins: WorkerPrior = { ...prior, model: 'confusion' };
const settings: BeliefSettings = {
  messages: 'exact',
  draws: 400,
  mixture: null,
  atoms: null,
  maxIterations: 200,
  tolerance: 1e-13,
  damping: 0,
};

function logPriors(table: AnswerTable): Float64Array {
  return logTaskPrior(table, knownClasses(table, null));
}

/** The posterior after `times` updates under the same priors. */
function after(inference: LabelInference, priors: Float64Array, times: number): Float64Array {
  let posterior: Float64Array = new Float64Array(0);
  for (let i = 0; i < times; i++) posterior = drained(inference.update(priors)).posterior;
  return posterior;
}

function drained<T>(pass: Generator<unknown, T, void>): T {
  for (;;) {
    const step = pass.next();
    if (step.done === true) return step.value;
  }
}

/** Six answers without a loop: tasks 0 to 3, workers 0 to 2. */
function tree(second: readonly number[]): AnswerTable {
  const rows = [
    [0, 0, 0],
    [1, 0, 1],
    [1, 1, 1],
    [2, 1, 0],
    [2, 2, 0],
    [3, 2, 0],
  ];
  const table = answersFrom(rows.map(([task, worker, label]) => [`t${task}`, `w${worker}`, `c${label}`] as const));
  return table.with({ taskPrior: Float64Array.from(second.flatMap((p) => [1 - p, p])) });
}

/** Probabilities of the second class by enumeration, log evidence, and the fixed point of mean field. */
const golden = [
  {
    f: [0.5, 0.5, 0.5, 0.5],
    one: [0.294118, 0.823529, 0.176471, 0.294118, -3.928359],
    two: [0.293293, 0.838415, 0.183537, 0.329878, -4.041252],
    field: [0.192827, 0.957218, 0.042782, 0.192827],
    fieldTwo: [0.238251, 0.93188, 0.102105, 0.298933],
  },
  {
    f: [0.3, 0.6, 0.5, 0.8],
    one: [0.144886, 0.886364, 0.217803, 0.621212, -3.934496],
    two: [0.147401, 0.893273, 0.20481, 0.662529, -3.986432],
    field: [0.075983, 0.975892, 0.079764, 0.642252],
    fieldTwo: [0.101029, 0.959185, 0.131234, 0.689332],
  },
];

describe('inference under given priors', () => {
  it.each(golden)('is exact on a tree, and mean field over-confident there, for priors $f', (row) => {
    const table = tree(row.f);
    const priors = logPriors(table);
    const found = [
      [beliefInference(table, prior, settings, priors, new Random(1)), row.one, 1],
      [beliefInference(table, twoCoins, settings, priors, new Random(1)), row.two, 1],
      [meanFieldInference(table, prior, priors), row.field, 300],
      [meanFieldInference(table, twoCoins, priors), row.fieldTwo, 300],
    ] as const;
    for (const [inference, expected, times] of found) {
      const posterior = after(inference, priors, times);
      for (let task = 0; task < 4; task++) expect(posterior[task * 2 + 1]).toBeCloseTo(expected[task], 5);
      const { logEvidence } = inference.conclude(Float64Array.of(0.5, 0.5));
      if (expected.length > 4) expect(logEvidence).toBeCloseTo(expected[4], 5);
    }
  });

  it('raises the bound of mean field in every update', () => {
    for (const [seed, classes] of [
      [1, 2],
      [2, 4],
    ]) {
      const table = tableOf({ seed, tasks: 60, workers: 9, classes, redundancy: 3, accuracy: [0.4, 0.95] });
      const priors = logPriors(table);
      for (const model of ['one-coin', 'confusion'] as const) {
        const inference = meanFieldInference(table, { ...prior, model }, priors);
        let before = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < 40; i++) {
          const { bound } = drained(inference.update(priors));
          expect(bound).toBeGreaterThan(before - 1e-9);
          before = bound;
        }
      }
    }
  });

  it('forgets the priors it had before, without loops', () => {
    const table = treeOf(3, 12, 6, 2);
    const priors = logPriors(table);
    const random = new Random(5);
    const others = priors.map(() => Math.log(0.1 + random.uniform()));
    for (const [workers, method] of [
      [prior, bpOneCoin],
      [twoCoins, bpTwoCoin],
    ] as const) {
      const inference = beliefInference(table, workers, settings, priors, random);
      after(inference, others, 2);
      const { posterior } = fit(method, table, { options: { tolerance: 1e-13 } });
      expect(apart(after(inference, priors, 1), posterior)).toBeLessThan(1e-9);
    }
  });

  it('is mean field for answers alone while priors stay', () => {
    const table = tableOf({ seed: 3, tasks: 60, workers: 9, classes: 2, redundancy: 3, accuracy: [0.5, 0.95] });
    const priors = logPriors(table);
    const sweeps = 20;
    const field = after(meanFieldInference(table, prior, priors), priors, sweeps);
    const options = { start: 'prior', tolerance: 0, maxIterations: sweeps };
    expect(field).toEqual(fit(meanField, table, { options }).posterior);
    const rows = after(meanFieldInference(table, twoCoins, priors), priors, sweeps);
    const dirichlet = fit(meanField, table, { options: { ...options, model: 'dirichlet' } });
    expect(apart(rows, dirichlet.posterior)).toBeLessThan(1e-12);
  });

  it('comes closer to exact messages with more draws', () => {
    const table = tableOf({ seed: 6, tasks: 40, workers: 12, classes: 2, redundancy: 3, accuracy: [0.5, 0.95] });
    const priors = logPriors(table);
    for (const workers of [prior, twoCoins]) {
      const exact = after(beliefInference(table, workers, settings, priors, new Random(1)), priors, 1);
      const error = (draws: number): number => {
        const sampled = { ...settings, messages: 'sampled', draws, tolerance: 1e-8 } as const;
        const errors = [1, 2, 3, 4].map((seed) =>
          apart(after(beliefInference(table, workers, sampled, priors, new Random(seed)), priors, 1), exact),
        );
        return errors.reduce((sum, each) => sum + each, 0) / errors.length;
      };
      const [few, many] = [error(100), error(10_000)];
      expect(many).toBeLessThan(few / 3);
      expect(many).toBeLessThan(0.03);
    }
  });

  it('learns nothing from who turns every answer round, where the prior is even', () => {
    const rows: [string, string, string][] = [];
    const random = new Random(8);
    for (let task = 0; task < 30; task++)
      for (const w of random.permutation(7).subarray(0, 3)) rows.push([`t${task}`, `w${w}`, `c${random.integer(2)}`]);
    const turned = rows.map(([task, worker, label]): [string, string, string] => [
      task,
      worker,
      worker === 'w2' ? (label === 'c0' ? 'c1' : 'c0') : label,
    ]);
    const [one, other] = [rows, turned].map((list) => {
      const table = answersFrom(list);
      const priors = logPriors(table).map((_, i) => Math.log(i % 4 < 2 ? (i % 2 === 0 ? 0.7 : 0.3) : 0.5));
      const even = { ...prior, wrong: 2 };
      return [
        after(beliefInference(table, even, settings, priors, new Random(1)), priors, 1),
        after(meanFieldInference(table, even, priors), priors, 50),
      ];
    });
    expect(apart(one[0], other[0])).toBeLessThan(1e-9);
    expect(apart(one[1], other[1])).toBeLessThan(1e-9);
  });

  it('refuses exact messages about confusions of three classes', () => {
    const table = answersFrom(['x', 'y', 'z'].map((label) => ['t', label, label] as const));
    expect(() => beliefInference(table, twoCoins, settings, logPriors(table), new Random(1))).toThrow(
      /takes two, use messages=sampled/,
    );
  });
});

function drawnCrowd(name: string): { table: AnswerTable; truth: Map<string, string> } {
  const builder = new AnswerTableBuilder({ classes: ['0', '1'] });
  const items = rowsOf(`fmnist-crowd/${name}_items.csv`);
  for (const { item } of items) builder.tasks.add(item);
  for (const { item, worker, label } of rowsOf(`fmnist-crowd/${name}_labels.csv`))
    builder.add({ task: item, worker, label });
  return { table: builder.build().table, truth: new Map(items.map(({ item, truth }) => [item, truth])) };
}

describeRealData('propagation on drawn crowds', () => {
  // Reference figures of an independent implementation, at most 100 sweeps of mean field from the prior.
  it.each([
    ['oc_l3r4_d2-1_sp1', 2, 1, [0.774, 0.748, 0.706], [0.77, 0.742, 0.71], [0.796, 0.754, 0.714]],
    ['oc_l3r4_d2-1_sp1', 2, 1.4, [0.525, 0.724, 0.635], [0.525, 0.517, 0.514], [0.783, 0.759, 0.714]],
    ['oc_l3r4_d.2-.1_sp0', 0.2, 0.1, [0.9, 0.874, 0.875], [0.832, 0.81, 0.784], [0.987, 0.985, 0.983]],
  ])('has the reference accuracies on %s with prior (%d, %d)', (name, right, wrong, one, two, belief) => {
    for (const seed of [0, 1, 2]) {
      const { table, truth } = drawnCrowd(`${name}_seed${seed}`);
      const published = { start: 'prior', tolerance: 1e-6, maxIterations: 100 };
      const dirichlet = { model: 'dirichlet', diagonal: [right], offDiagonal: [wrong] };
      const found = [
        fit(meanField, table, { options: { ...published, right, wrong } }),
        fit(meanField, table, { options: { ...published, ...dirichlet } }),
        fit(bpOneCoin, table, { options: { right, wrong } }),
      ].map((estimate) => measure(estimate, truth).accuracy);
      [one, two, belief].forEach((expected, i) => {
        expect(Math.abs(found[i] - expected[seed]), `crowd ${seed}, method ${i}`).toBeLessThan(0.0025);
      });
    }
  });
});
