import { answersFrom, fit, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { bpOneCoin } from '../../../src/methods/propagation/bp-one-coin.ts';
import { coinPrior } from '../../../src/methods/propagation/coin-prior.ts';
import { crowd, tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { apart, enumerate } from '../bayesian/enumeration.ts';
import { coinEvidence, treeOf } from './forests.ts';

const exact = { tolerance: 1e-14, maxIterations: 200 };
const rules = ['dynamic-programme', 'quadrature', 'auto'];

const priors: [string, Record<string, unknown>][] = [
  ['a Beta', { right: 2, wrong: 1 }],
  ['a sparse Beta', { right: 0.3, wrong: 0.2 }],
  ['a mixture of two Betas', { mixture: [0.7, 5, 2, 0.3, 1, 3] }],
  ['a spammer and a hammer', { atoms: [1, 0.5, 1, 1] }],
  ['an adversary, a spammer and a hammer', { atoms: [0.2, 0, 0.3, 0.5, 0.5, 1] }],
  ['a Beta with a hammer', { mixture: [1, 2, 1], atoms: [1, 0.95] }],
];

describe('one-coin belief propagation', () => {
  it.each(priors)('is exact on trees with %s', (_, prior) => {
    for (const messages of rules) {
      for (const [seed, classes, tasks] of [
        [1, 2, 8],
        [2, 2, 8],
        [3, 3, 7],
        [4, 3, 6],
        [5, 4, 5],
      ]) {
        const table = treeOf(seed, tasks, 5, classes);
        const full = { right: 2, wrong: 1, mixture: null, atoms: null, ...prior };
        const known = new Float64Array(classes).fill(1 / classes);
        const truth = enumerate(table, coinEvidence(coinPrior(full as never), classes), { known });
        const estimate = fit(bpOneCoin, table, { options: { ...prior, ...exact, messages } });
        expect(apart(estimate.posterior, truth.posterior)).toBeLessThan(1e-12);
        expect(estimate.extra.logEvidence).toBeCloseTo(truth.logEvidence, 10);
      }
    }
  });

  it('is exact on trees with task priors, known frequencies, gold and test answers', () => {
    const table = treeOf(7, 7, 4, 3);
    const prior = coinPrior({ right: 2, wrong: 1, mixture: null, atoms: null });
    const classPrior = [0.5, 0.3, 0.2];
    const uneven = enumerate(table, coinEvidence(prior, 3), { known: Float64Array.from(classPrior) });
    expect(
      apart(fit(bpOneCoin, table, { options: { ...exact, classPrior } }).posterior, uneven.posterior),
    ).toBeLessThan(1e-12);
    const random = new Random(2);
    const taskPrior = new Float64Array(21);
    for (let task = 0; task < 7; task++) taskPrior.set(random.dirichlet([1, 1, 1]), task * 3);
    const informed = table.with({ taskPrior });
    const withPrior = enumerate(informed, coinEvidence(prior, 3), { known: Float64Array.of(1, 1, 1) });
    expect(apart(fit(bpOneCoin, informed, { options: exact }).posterior, withPrior.posterior)).toBeLessThan(1e-12);
    const golden = table.withGold(new Map([['t1', 'c1']])).table;
    const withGold = enumerate(golden, coinEvidence(prior, 3), { known: Float64Array.of(1, 1, 1) });
    expect(apart(fit(bpOneCoin, golden, { options: exact }).posterior, withGold.posterior)).toBeLessThan(1e-12);

    // Test answers of worker 0: six right, one wrong.
    const testCounts = new Float64Array(4 * 9);
    testCounts[0] = 6;
    testCounts[1] = 1;
    const tested = enumerate(
      table,
      (counts, w) =>
        coinEvidence(coinPrior({ right: w === 0 ? 8 : 2, wrong: w === 0 ? 2 : 1, mixture: null, atoms: null }), 3)(
          counts,
          w,
        ),
      { known: Float64Array.of(1, 1, 1) },
    );
    for (const messages of rules) {
      const estimate = fit(bpOneCoin, table.with({ testCounts }), { options: { ...exact, messages } });
      expect(apart(estimate.posterior, tested.posterior)).toBeLessThan(1e-12);
    }
  });

  it('gives the same by summing right answers and by quadrature, for workers of few and of many answers', () => {
    for (const [tasks, workers, redundancy] of [
      [60, 12, 5],
      [400, 6, 5],
    ]) {
      const table = tableOf({ seed: 3, tasks, workers, classes: 3, redundancy, accuracy: [0.3, 0.95] });
      const sum = fit(bpOneCoin, table, { options: { ...exact, messages: 'dynamic-programme' } });
      const nodes = fit(bpOneCoin, table, { options: { ...exact, messages: 'quadrature' } });
      expect(apart(nodes.posterior, sum.posterior)).toBeLessThan(1e-9);
      expect(apart(nodes.workers?.accuracy ?? [], sum.workers?.accuracy ?? [])).toBeLessThan(1e-9);
    }
  });

  it('is the majority vote with one accuracy above chance for all', () => {
    const table = tableOf({ seed: 5, tasks: 40, workers: 9, classes: 3, redundancy: 5, accuracy: [0.4, 0.9] });
    const { posterior } = fit(bpOneCoin, table, { options: { atoms: [1, 0.7] } });
    const odds = (0.7 * 2) / 0.3;
    for (let task = 0; task < table.taskCount; task++) {
      const votes = [0, 0, 0];
      for (let e = table.taskStart[task]; e < table.taskStart[task + 1]; e++) votes[table.label[e]]++;
      const sum = votes.reduce((total, count) => total + odds ** count, 0);
      votes.forEach((count, k) => {
        expect(posterior[task * 3 + k]).toBeCloseTo(odds ** count / sum, 10);
      });
    }
  });

  it('passes the messages of Karger, Oh & Shah with workers always right or always wrong', () => {
    // Two sweeps from flat messages stay flat by symmetry, so a task prior breaks it.
    const random = new Random(4);
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 12; t++) {
      for (const w of random.permutation(6).subarray(0, 3)) rows.push([`t${t}`, `w${w}`, `c${random.integer(2)}`]);
    }
    const table = answersFrom(rows);
    const field = Float64Array.from({ length: 12 }, () => 0.2 * random.normal());
    const taskPrior = Float64Array.from(
      { length: 24 },
      (_, i) => 1 / (1 + Math.exp((i % 2 === 0 ? 1 : -1) * field[i >> 1])),
    );
    const estimate = fit(bpOneCoin, table.with({ taskPrior }), {
      options: { atoms: [1, 0, 1, 1], maxIterations: 4, tolerance: 0 },
    });
    const sign = (e: number): number => (table.label[e] === 1 ? 1 : -1);
    const workerMessage = new Float64Array(table.answerCount);
    const { start, answers } = table.byWorker;
    for (let sweep = 0; sweep < 4; sweep++) {
      const taskMessage = workerMessage.map((own, e) => {
        const t = table.answerTask[e];
        let sum = field[t];
        for (let f = table.taskStart[t]; f < table.taskStart[t + 1]; f++) sum += sign(f) * workerMessage[f];
        return sum - sign(e) * own;
      });
      for (let w = 0; w < table.workerCount; w++) {
        const own = answers.subarray(start[w], start[w + 1]);
        const total = own.reduce((sum, e) => sum + sign(e) * taskMessage[e], 0);
        for (const e of own) workerMessage[e] = total - sign(e) * taskMessage[e];
      }
    }
    for (let t = 0; t < 12; t++) {
      let logit = field[t];
      for (let e = table.taskStart[t]; e < table.taskStart[t + 1]; e++) logit += sign(e) * workerMessage[e];
      expect(estimate.posterior[t * 2 + 1]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 9);
    }
  });

  it('gives a lone answer the prior accuracy, and one task the product of its answers', () => {
    const lone = fit(bpOneCoin, answersFrom([['t1', 'a', 'x']], { classes: ['x', 'y', 'z'] }));
    expect(lone.posterior[0]).toBeCloseTo(2 / 3, 12);
    const one = fit(
      bpOneCoin,
      answersFrom([
        ['t', 'a', 'x'],
        ['t', 'b', 'x'],
        ['t', 'c', 'y'],
      ]),
    );
    expect(one.posterior[0]).toBeCloseTo(2 / 3, 12);
  });

  it('has worker intervals that cover the true accuracy', () => {
    // 300 workers of 40 answers; at 90 % nominal, fewer than 82 % has probability below 1e-5.
    const random = new Random('cover');
    const skill = Array.from({ length: 300 }, () => random.beta(2, 1));
    const rows: [string, string, string][] = [];
    for (let t = 0; t < 1500; t++) {
      const z = random.integer(2);
      for (const w of random.permutation(300).subarray(0, 8)) {
        rows.push([`t${t}`, `w${w}`, random.uniform() < skill[w] ? `c${z}` : `c${1 - z}`]);
      }
    }
    const table = answersFrom(rows);
    const { workers } = fit(bpOneCoin, table);
    let covered = 0;
    skill.forEach((real, w) => {
      const index = table.workers.indexOf(`w${w}`);
      if (workers !== undefined && real >= workers.lo[index] && real <= workers.hi[index]) covered++;
    });
    expect(covered / 300).toBeGreaterThan(0.82);
    expect(covered / 300).toBeLessThan(0.99);
  });

  it('refuses priors that are none', () => {
    const { rows } = crowd({ seed: 1, tasks: 3, workers: 3, classes: 2, redundancy: 3, accuracy: [0.5, 0.9] });
    const table = answersFrom(rows);
    expect(() => fit(bpOneCoin, table, { options: { atoms: [1, 0.5, 1] } })).toThrow(/invalid atoms: 3 values/);
    expect(() => fit(bpOneCoin, table, { options: { atoms: [1, 1.5] } })).toThrow(/accuracy above 1/);
    expect(() => fit(bpOneCoin, table, { options: { mixture: [0, 2, 1] } })).toThrow(/weights of zero/);
  });
});

describeRealData('one-coin belief propagation on public sets', () => {
  it('has the published accuracies', () => {
    const expected = { bluebird: 0.7222, rte: 0.925, dog: 0.8302, web: 0.8375 };
    for (const [name, accuracy] of Object.entries(expected)) {
      const { table, truth } = realSet(name);
      expect(Math.abs(measure(fit(bpOneCoin, table), truth).accuracy - accuracy), name).toBeLessThan(0.002);
    }
  });
});
