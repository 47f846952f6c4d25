import { type AnswerTable, AnswerTableBuilder, InputError, Random } from '@assay/core';
import { activelab, bestTemperature, crowdlab, crowdlabEstimate } from '@assay/core/ai';
import { describe, expect, it } from 'vitest';

const golden = ['00-1', '111-', '2-22', '-02-', '12-1', '0--0', '--2-', '2212'];
const probabilities = [
  [0.7, 0.2, 0.1],
  [0.1, 0.8, 0.1],
  [0.2, 0.1, 0.7],
  [0.5, 0.2, 0.3],
  [0.2, 0.6, 0.2],
  [0.6, 0.3, 0.1],
  [0.1, 0.2, 0.7],
  [0.1, 0.3, 0.6],
];

function tableOf(rows: readonly string[], extra: readonly string[] = [], classes = ['0', '1', '2']): AnswerTable {
  const builder = new AnswerTableBuilder({ classes });
  rows.forEach((row, task) => {
    builder.tasks.add(`t${task}`);
    [...row].forEach((label, worker) => {
      if (label !== '-') builder.add({ task: `t${task}`, worker: `w${worker}`, label });
    });
  });
  for (const task of extra) builder.tasks.add(task);
  return builder.build().table;
}

function near(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(Array.from(found, (value) => Number(value.toFixed(6)))).toEqual(expected);
}

describe('CROWDLAB', () => {
  it('gives the numbers of the reference package', () => {
    const found = crowdlab(tableOf(golden), [Float64Array.from(probabilities.flat())]);
    expect([...found.consensus]).toEqual([0, 1, 2, 0, 1, 0, 2, 2]);
    near(found.quality, [0.656847, 0.799205, 0.736967, 0.493237, 0.641453, 0.668654, 0.706992, 0.648596]);
    near(found.modelWeight, [1.620185]);
    near(found.workerWeight, [0.5625, 0.125, 0.125, 0.3]);
    near(found.workerQuality, [0.787644, 0.633705, 0.5433, 0.653631]);
  });

  it('scores what to ask next as the reference package does at its temperature', () => {
    const all = [...probabilities, [0.4, 0.3, 0.3], [0.9, 0.05, 0.05]];
    const { score, order } = activelab(tableOf(golden, ['new1', 'new2']), [Float64Array.from(all.flat())], {
      temperature: 7.25,
    });
    near(score, [0.448111, 0.512213, 0.52051, 0.363529, 0.481399, 0.500935, 0.402383, 0.496656, 0.340908, 0.413199]);
    expect(order[0]).toBe(8);
  });

  it('is an agreement-weighted vote without a model, and trusts who always agrees fully', () => {
    const table = tableOf(['000', '111', '110', '001']);
    const found = crowdlab(table, []);
    expect([...found.consensus]).toEqual([0, 1, 1, 0]);
    expect([...crowdlab(tableOf(['00', '11', '22']), []).workerWeight]).toEqual([1, 1]);
  });

  it('gives a copy of a model no more say than the ensemble rule', () => {
    const model = Float64Array.from(probabilities.flat());
    const [one, two] = [crowdlab(tableOf(golden), [model]), crowdlab(tableOf(golden), [model, model])];
    expect(two.modelWeight).toEqual([one.modelWeight[0], one.modelWeight[0]]);
  });

  it('stays neutral on degenerate input', () => {
    for (const rows of [[], ['---'], ['0'], ['0', '1'], ['00', '00']]) {
      const table = tableOf(rows, ['unanswered']);
      for (const models of [[], [new Float64Array(table.taskCount * 3).fill(Number.NaN)]]) {
        const estimate = crowdlabEstimate(table, models);
        for (let task = 0; task < table.taskCount; task++) {
          const row = estimate.posterior.subarray(task * 3, task * 3 + 3);
          expect(row[0] + row[1] + row[2]).toBeCloseTo(1, 12);
        }
        expect(activelab(table, models).score.every(Number.isFinite)).toBe(true);
        expect(estimate.workers?.accuracy.every(Number.isFinite)).toBe(true);
      }
    }
    const one = tableOf(['00'], [], ['0']);
    expect([...crowdlab(one, []).posterior]).toEqual([1]);
    expect(() => crowdlab(one, [new Float64Array(5)])).toThrow(InputError);
  });

  it('finds that a too confident model must be tempered', () => {
    const random = new Random(1);
    const truth = Array.from({ length: 400 }, () => random.integer(2));
    const model = Float64Array.from(
      truth.flatMap((k) => (random.bernoulli(0.75) === (k === 1) ? [0.01, 0.99] : [0.99, 0.01])),
    );
    const votes = Float64Array.from(truth.flatMap((k) => (k === 0 ? [3, 0] : [0, 3])));
    // 0.99 must become about 0.75: ln(99) / ln(3) = 4.2.
    expect(Math.abs(bestTemperature(model, votes, 2) - 4.2)).toBeLessThan(1);
  });
});
