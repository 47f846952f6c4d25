import { type AnswerTable, answersFrom, fit, Random } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { minimaxEntropy } from '../../../src/methods/optimisation/minimax-entropy.ts';
import { minimaxPass } from '../../../src/methods/optimisation/minimax-pass.ts';
import { crowd, tableOf } from '../../support/crowd.ts';
import { finished } from '../../support/finished.ts';

const table = tableOf({ seed: 3, tasks: 8, workers: 5, classes: 3, redundancy: 3, accuracy: [0.4, 0.9] });

function somewhere(size: number): Float64Array {
  const random = new Random(2);
  return Float64Array.from({ length: size }, () => 0.5 * random.normal());
}

describe('the pass of minimax entropy', () => {
  const cases: [string, AnswerTable, boolean, boolean][] = [
    ['nominal, free labels', table, false, false],
    ['nominal, labels held', table, false, true],
    ['ordinal, free labels', table, true, false],
    ['ordinal, labels held', table, true, true],
    [
      'weights',
      table.with({ weight: Float64Array.from({ length: table.answerCount }, (_, e) => 0.5 + (e % 3)) }),
      false,
      false,
    ],
    ['gold', table.with({ gold: Int32Array.from({ length: 8 }, (_, t) => (t < 3 ? 1 : -1)) }), false, false],
  ];

  it.each(cases)('has the gradient of its value (%s)', (_, answers, ordinal, held) => {
    const pass = minimaxPass(answers, 0.7, 1.3, ordinal, 0.4);
    const fixed = held ? Float64Array.from({ length: 24 }, (_, i) => [0.2, 0.5, 0.3][i % 3]) : undefined;
    const at = somewhere(pass.size);
    const gradient = new Float64Array(pass.size);
    const scratch = new Float64Array(pass.size);
    finished(pass.evaluate(at, gradient, fixed));
    for (let i = 0; i < pass.size; i++) {
      const [up, down] = [at.slice(), at.slice()];
      up[i] += 1e-5;
      down[i] -= 1e-5;
      const difference =
        (finished(pass.evaluate(up, scratch, fixed)) - finished(pass.evaluate(down, scratch, fixed))) / 2e-5;
      expect(Math.abs(difference - gradient[i])).toBeLessThan(1e-5);
    }
  });

  it('says the same with ordinal scores written out as a matrix', () => {
    const ordinal = minimaxPass(table, 0, 0, true);
    const nominal = minimaxPass(table, 0, 0, false);
    const at = somewhere(ordinal.size);
    const written = new Float64Array(nominal.size);
    for (let unit = 0; unit * 8 < at.length; unit++) {
      for (let k = 0; k < 3; k++) {
        for (let l = 0; l < 3; l++) {
          for (let s = 1; s < 3; s++) {
            written[unit * 9 + k * 3 + l] += at[unit * 8 + 4 * (s - 1) + (k >= s ? 2 : 0) + (l >= s ? 1 : 0)];
          }
        }
      }
    }
    const one = finished(ordinal.evaluate(at, new Float64Array(ordinal.size)));
    expect(finished(nominal.evaluate(written, new Float64Array(nominal.size)))).toBeCloseTo(one, 10);
  });
});

describe('minimax entropy', () => {
  it('leaves tasks without a pull, workers with softmax confusions, when tasks’ scores are forbidden', () => {
    const crowdTable = tableOf({ seed: 12, tasks: 120, workers: 6, classes: 3, redundancy: 4, accuracy: [0.5, 0.9] });
    const estimate = fit(minimaxEntropy, crowdTable, {
      options: { taskPenalty: 1e9, tolerance: 0, maxIterations: 400 },
    });
    expect(Math.max(...estimate.tasks.pull)).toBeLessThan(1e-4);
    // At the optimum of a penalised softmax row: penalty · S = counts − mass · confusion.
    const confusion = estimate.workers?.confusion as Float64Array;
    const counts = new Float64Array(confusion.length);
    for (let e = 0; e < crowdTable.answerCount; e++) {
      for (let k = 0; k < 3; k++) {
        counts[(crowdTable.worker[e] * 3 + k) * 3 + crowdTable.label[e]] +=
          estimate.posterior[crowdTable.answerTask[e] * 3 + k];
      }
    }
    const penalty = estimate.extra.workerPenalty as number;
    for (let row = 0; row < confusion.length; row += 3) {
      const mass = counts[row] + counts[row + 1] + counts[row + 2];
      const k = (row / 3) % 3;
      const log = [0, 1, 2].map((l) => Math.log(confusion[row + l]) - (l === k ? 0.5 : 0));
      const mean = (log[0] + log[1] + log[2]) / 3;
      for (let l = 0; l < 3; l++) {
        expect(penalty * (log[l] - mean)).toBeCloseTo(counts[row + l] - mass * confusion[row + l], 2);
      }
    }
  });

  it('explains answers by the tasks that attract them', () => {
    // Half of the tasks of class a look like b to everyone half of the time.
    const random = new Random(5);
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 60; t++) {
      const tempting = t < 10;
      for (let w = 0; w < 9; w++) {
        const right = random.bernoulli(tempting ? 0.6 : 0.95);
        rows.push([`t${String(t).padStart(2, '0')}`, `w${w}`, right === (t % 2 === 0) ? 'a' : 'b']);
      }
    }
    const { pull } = fit(minimaxEntropy, answersFrom(rows)).tasks;
    const mean = (from: number, to: number): number => pull.slice(from, to).reduce((s, x) => s + x, 0) / (to - from);
    expect(mean(0, 10)).toBeGreaterThan(1.5 * mean(10, 60));
  });

  it('uses the order of classes when told', () => {
    const random = new Random(9);
    const rows: [string, string, string][] = [];
    const truth = new Map<string, string>();
    for (let t = 0; t < 150; t++) {
      const real = random.integer(5);
      truth.set(`t${t}`, String(real));
      for (let i = 0; i < 4; i++) {
        const said = Math.round(real + 0.9 * random.normal() + (i === 0 ? 1 : 0));
        rows.push([`t${t}`, `w${i}`, String(Math.min(4, Math.max(0, said)))]);
      }
    }
    const ordinalTable = answersFrom(rows);
    const near = (ordinal: boolean): number => {
      const estimate = fit(minimaxEntropy, ordinalTable, { options: { ordinal } });
      let total = 0;
      for (const [task, label] of truth) total += Math.abs(Number(estimate.label(task)) - Number(label));
      return total / truth.size;
    };
    expect(near(true)).toBeLessThan(near(false) + 0.05);
    expect(near(true)).toBeLessThan(0.6);
  });

  it('does not flatten a crowd with many classes and few answers', () => {
    const { rows, truth } = crowd({
      seed: 1,
      tasks: 300,
      workers: 30,
      classes: 10,
      redundancy: 3,
      accuracy: [0.5, 0.9],
    });
    const estimate = fit(minimaxEntropy, answersFrom(rows));
    const right = [...truth].filter(([task, label]) => estimate.label(task) === label).length;
    expect(right / truth.size).toBeGreaterThan(0.8);
  });
});
