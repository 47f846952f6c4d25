import { type AnswerTable, AnswerTableBuilder, Random } from '@assay/core';
import { softmaxInPlace } from '@assay/core/math';
import { joinFeatures, matrixOf } from '@assay/learn/features';
import {
  ConfusionLogits,
  CoupledCrossEntropy,
  type CrowdLoss,
  GroupPenalty,
  PreparedTasks,
  startLogits,
  trainJointly,
} from '@assay/learn/methods';
import { logistic } from '@assay/learn/networks';
import { expect, it } from 'vitest';
import { pullBackSoftmax } from '../../../src/methods/end-to-end/confusion-logits.ts';
import { describeWithRuntime } from '../../runtime.ts';

const criteria = ['parity', 'opportunity', 'odds'] as const;

function coupled(table: AnswerTable): CrowdLoss {
  return new CoupledCrossEntropy(table, new ConfusionLogits(startLogits(table, 'identity'), table.classCount), {});
}

/** Tasks of two groups told by three features, the last of them the group; people call group b positive more often. */
function biased(tasks: number) {
  const random = new Random('biased');
  const builder = new AnswerTableBuilder({ classes: ['no', 'yes'] });
  const names = Array.from({ length: tasks }, (_, t) => `t${t}`);
  const groups = new Map<string, string>();
  const truth: boolean[] = [];
  const values: number[] = [];
  for (const task of names) {
    const yes = random.bernoulli(0.5);
    const group = random.bernoulli(0.5) ? 'b' : 'a';
    truth.push(yes);
    groups.set(task, group);
    values.push((yes ? 0.9 : -0.9) + random.normal(), random.normal(), group === 'b' ? 1 : -1);
    const p = yes ? 0.8 : group === 'b' ? 0.5 : 0.2;
    for (let w = 0; w < 3; w++)
      builder.add({ task, worker: `w${random.integer(5) * 3 + w}`, label: random.bernoulli(p) ? 'yes' : 'no' });
  }
  const { table } = builder.build();
  return { table, groups, truth, features: joinFeatures(table, matrixOf('f', [tasks, 3], values, names)) };
}

/** Value and derivative by logits of the first `count` tasks. */
function at(loss: CrowdLoss, z: Float64Array, count: number): { value: number; gradient: Float64Array } {
  const f = z.slice();
  for (let row = 0; row < f.length; row += 2) softmaxInPlace(f, row, 2);
  const slope = new Float64Array(z.length);
  const gradient = new Float64Array(z.length);
  const value = loss.evaluate({ tasks: Uint32Array.from({ length: count }, (_, t) => t), f, slope });
  pullBackSoftmax(f, slope, gradient, 2);
  return { value, gradient };
}

describeWithRuntime('penalty on groups', () => {
  const crowd = biased(12);
  const random = new Random(7);
  const belief = Float64Array.from({ length: 24 }, () => random.uniform());
  for (let i = 0; i < 24; i += 2) belief[i + 1] = 1 - belief[i];
  const z = Float64Array.from({ length: 24 }, () => random.normal());
  const nothing: CrowdLoss = { evaluate: () => 0, step: () => {} };

  it.each(criteria)('has the derivative that central differences have (%s)', (criterion) => {
    // Two tasks have no group.
    const groups = new Map([...crowd.groups].slice(2));
    const settings = { groups, positive: 'yes', weight: 3, criterion, belief };
    const loss = new GroupPenalty(coupled(crowd.table), crowd.table, settings);
    const { gradient } = at(loss, z, 12);
    const largest = Math.max(...gradient.map(Math.abs));
    for (let i = 0; i < z.length; i++) {
      const moved = (by: number): number => at(loss, z.with(i, z[i] + by), 12).value;
      expect(Math.abs((moved(1e-5) - moved(-1e-5)) / 2e-5 - gradient[i]) / largest).toBeLessThan(1e-6);
    }
  });

  it('is the squared distance of the groups from the mean, as worked out by hand', () => {
    const groups = new Map([
      ['t0', 'a'],
      ['t1', 'a'],
      ['t2', 'b'],
    ]);
    const f = Float64Array.of(0.8, 0.2, 0.6, 0.4, 0.1, 0.9);
    const slope = new Float64Array(6);
    const loss = new GroupPenalty(nothing, crowd.table, { groups, positive: 'yes', weight: 2 });
    // Means .3 and .9, of all .5: 2 (.04 + .16); slopes 4 (−.2/2 − .2/3) and 4 (.4/1 − .2/3).
    expect(loss.evaluate({ tasks: Uint32Array.of(0, 1, 2), f, slope })).toBeCloseTo(0.4, 12);
    expect([...slope]).toEqual([0, -2 / 3, 0, -2 / 3, 0, 4 / 3].map((value) => expect.closeTo(value, 12)));
  });

  it('adds nothing where one group is there, groups are alike or the weight is 0', () => {
    const one = new Map([...crowd.groups.keys()].map((task) => [task, 'a']));
    expect(at(new GroupPenalty(nothing, crowd.table, { groups: one, positive: 'yes', weight: 5 }), z, 12).value).toBe(
      0,
    );
    const even = new Float64Array(24);
    const { groups } = crowd;
    expect(
      at(new GroupPenalty(nothing, crowd.table, { groups, positive: 'yes', weight: 5 }), even, 12).value,
    ).toBeCloseTo(0, 20);
    expect(at(new GroupPenalty(nothing, crowd.table, { groups, positive: 'yes', weight: 0 }), z, 12).value).toBe(0);
    expect(
      at(new GroupPenalty(nothing, crowd.table, { groups: new Map(), positive: 'yes', weight: 5 }), z, 12).value,
    ).toBe(0);
  });

  it('refuses what it cannot use', () => {
    const { groups, table } = crowd;
    const made = (changed: object): (() => GroupPenalty) => {
      return () => new GroupPenalty(nothing, table, { groups, positive: 'yes', weight: 1, ...changed });
    };
    expect(made({ criterion: 'odds' })).toThrow(/missing belief for the criterion "odds"/);
    expect(made({ weight: -1 })).toThrow(/invalid weight "-1"/);
    expect(made({ positive: 'maybe' })).toThrow(/unknown positive class "maybe"/);
  });

  it('closes the gap that a biased crowd teaches a network, and pays in accuracy', { timeout: 30_000 }, async () => {
    const { table, groups, truth, features } = biased(1200);
    const prepared = new PreparedTasks(
      table,
      features,
      { architecture: (matrix, classes) => logistic(matrix.columns, classes) },
      0,
    );
    const trained = async (weight: number): Promise<{ gap: number; accuracy: number }> => {
      const loss = new GroupPenalty(coupled(table), table, { groups, positive: 'yes', weight });
      const settings = { epochs: 20, batch: 200, rate: 0.02, decay: 0, workerRate: 1 };
      const context = { random: new Random(1), onProgress: () => {} };
      const { network } = await trainJointly(prepared, loss, settings, context);
      const f = new Float64Array(table.taskCount * 2);
      await prepared.ask(network, prepared.tasks, f);
      const [said, count] = [
        [0, 0],
        [0, 0],
      ];
      let right = 0;
      for (let t = 0; t < table.taskCount; t++) {
        const task = Number(table.tasks.name(t).slice(1));
        const yes = f[2 * t + 1] >= 0.5;
        const group = groups.get(`t${task}`) === 'b' ? 1 : 0;
        count[group]++;
        if (yes) said[group]++;
        if (yes === truth[task]) right++;
      }
      return { gap: Math.abs(said[1] / count[1] - said[0] / count[0]), accuracy: right / table.taskCount };
    };
    const [plain, fair] = [await trained(0), await trained(20)];
    expect(plain.gap).toBeGreaterThan(0.15);
    expect(fair.gap).toBeLessThan(plain.gap / 3);
    // Measured: gap .393 to .023, accuracy .701 to .653; parity alone does not say which group was wronged.
    expect(fair.accuracy).toBeGreaterThan(plain.accuracy - 0.08);
    expect(fair.accuracy).toBeLessThan(plain.accuracy);
  });
});
