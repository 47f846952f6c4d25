import { answersFrom, fit } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { contentOrder } from '../../../src/methods/content-order.ts';
import { MarginMachine } from '../../../src/methods/optimisation/margin-machine.ts';
import { maxMarginVote } from '../../../src/methods/optimisation/max-margin-vote.ts';
import { majorityVote } from '../../../src/methods/voting/majority-vote.ts';
import { crowd, tableOf } from '../../support/crowd.ts';
import { finished } from '../../support/finished.ts';

describe('the margin machine', () => {
  const table = tableOf({ seed: 4, tasks: 40, workers: 7, classes: 3, redundancy: 4, accuracy: [0.3, 0.9] });
  const labels = Int32Array.from({ length: 40 }, (_, t) => table.label[table.taskStart[t]]);

  /** The primal by its definition. */
  function primal(weights: ArrayLike<number>, penalty: number, centre: number): number {
    let value = 0;
    for (let w = 0; w < weights.length; w++) value += 0.5 * (weights[w] - centre) ** 2;
    for (let t = 0; t < 40; t++) {
      const score = [0, 0, 0];
      for (let e = table.taskStart[t]; e < table.taskStart[t + 1]; e++)
        score[table.label[e]] += weights[table.worker[e]];
      const others = [0, 1, 2].filter((k) => k !== labels[t]);
      value += penalty * Math.max(0, ...others.map((k) => 1 - (score[labels[t]] - score[k])));
    }
    return value;
  }

  it.each([
    [0.05, 0],
    [0.5, 0],
    [0.2, 1],
  ])('closes the duality gap, so that no other weights are better (penalty %s, centre %s)', (penalty, centre) => {
    const machine = new MarginMachine(table, contentOrder(table), penalty, 1, centre);
    machine.setLabels(labels);
    let gap = Number.POSITIVE_INFINITY;
    for (let epoch = 0; epoch < 3000 && gap > 1e-6; epoch++) gap = finished(machine.epoch());
    expect(gap).toBeLessThan(1e-5);
    expect(machine.primal()).toBeCloseTo(primal(machine.weights, penalty, centre), 9);
    for (let w = 0; w < table.workerCount; w++) {
      for (const step of [-0.01, 0.01]) {
        const moved = machine.weights.slice();
        moved[w] += step;
        expect(primal(moved, penalty, centre)).toBeGreaterThan(machine.primal() - 1e-5);
      }
    }
  });
});

describe('max-margin majority vote', () => {
  it('is the majority vote when nothing is paid for margins and weights are drawn to 1', () => {
    const table = tableOf({ seed: 8, tasks: 80, workers: 10, classes: 3, redundancy: 5, accuracy: [0.3, 0.9] });
    const ours = fit(maxMarginVote, table, { options: { penalty: 1e-9, centre: 1 } });
    const vote = fit(majorityVote, table);
    for (let i = 0; i < vote.posterior.length; i++) expect(ours.posterior[i]).toBeCloseTo(vote.posterior[i], 6);
  });

  it('gives a liar a negative weight and says so', () => {
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 30; t++) {
      const [truth, lie] = t % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
      rows.push([`t${t}`, 'ana', truth], [`t${t}`, 'bo', truth], [`t${t}`, 'cy', lie]);
    }
    const estimate = fit(maxMarginVote, answersFrom(rows));
    expect(estimate.workers?.extra?.weight[2]).toBeLessThan(0);
    expect(estimate.notes.join()).toContain('counts against what they say');
  });

  it('recovers a crowd of unequal workers better than the majority', () => {
    const { rows, truth } = crowd({
      seed: 15,
      tasks: 400,
      workers: 20,
      classes: 3,
      redundancy: 5,
      accuracy: [0.2, 0.95],
    });
    const table = answersFrom(rows);
    const right = (label: (t: string) => string | null): number => [...truth].filter(([t, k]) => label(t) === k).length;
    const ours = fit(maxMarginVote, table);
    const vote = fit(majorityVote, table);
    expect(right((t) => ours.label(t))).toBeGreaterThan(right((t) => vote.label(t)) + 8);
  });
});
