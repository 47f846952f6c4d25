import { answersFrom, fit, Random } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { logDirichletMultinomial } from '../../../src/math/dirichlet.ts';
import { logSumExp } from '../../../src/math/log-sum-exp.ts';
import { mace } from '../../../src/methods/skill/mace.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';

/** Workers who know with their own probability and otherwise guess by a habit of their own. */
function guessingCrowd(seed: number, tasks: number, redundancy: number, competences: readonly number[]) {
  const random = new Random(seed);
  const habits = competences.map(() => random.dirichlet([2, 2, 2]));
  const rows: [string, string, string][] = [];
  const truth = new Map<string, string>();
  for (let t = 0; t < tasks; t++) {
    const real = random.integer(3);
    truth.set(`t${t}`, `c${real}`);
    for (const w of random.permutation(competences.length).subarray(0, redundancy)) {
      const said = random.bernoulli(competences[w]) ? real : random.categorical(habits[w]);
      rows.push([`t${t}`, `w${String(w).padStart(2, '0')}`, `c${said}`]);
    }
  }
  return { table: answersFrom(rows), truth };
}

const extraOf = (estimate: ReturnType<typeof fit>, name: string): Float64Array =>
  estimate.workers?.extra?.[name] as Float64Array;

describe('MACE', () => {
  it.each(['variational', 'em'])('never lowers its objective (%s)', (inference) => {
    const { table } = guessingCrowd(4, 120, 4, [0.9, 0.7, 0.5, 0.2, 0, 0.8]);
    const { objective } = fit(mace, table, { options: { inference, starts: 1, tolerance: 0, maxIterations: 60 } });
    expect(objective.length).toBe(60);
    for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-8);
  });

  it('has a bound below the evidence, by enumeration of labels and of who knew', () => {
    const table = answersFrom([
      ['t1', 'a', 'x'],
      ['t1', 'b', 'y'],
      ['t2', 'a', 'y'],
      ['t2', 'b', 'y'],
      ['t3', 'a', 'x'],
      ['t3', 'c', 'x'],
    ]);
    const terms: number[] = [];
    for (let labels = 0; labels < 8; labels++) {
      for (let known = 0; known < 64; known++) {
        let possible = true;
        const coins = [0, 1, 2].map(() => [0, 0]);
        const habits = [0, 1, 2].map(() => [0, 0]);
        for (let e = 0; e < 6; e++) {
          const w = table.worker[e];
          const truth = (labels >> table.answerTask[e]) & 1;
          if ((known >> e) & 1) {
            coins[w][0]++;
            if (table.label[e] !== truth) possible = false;
          } else {
            coins[w][1]++;
            habits[w][table.label[e]]++;
          }
        }
        if (!possible) continue;
        let log = 3 * Math.log(0.5);
        for (let w = 0; w < 3; w++) {
          log += logDirichletMultinomial(coins[w], [0.5, 0.5]) + logDirichletMultinomial(habits[w], [10, 10]);
        }
        terms.push(log);
      }
    }
    const evidence = logSumExp(terms);
    const bound = fit(mace, table).objective.at(-1) as number;
    expect(bound).toBeLessThan(evidence);
    expect(bound).toBeGreaterThan(evidence - 3);
  });

  it('sees full competence where all agree', () => {
    const rows = Array.from(
      { length: 160 },
      (_, i) => [`t${i % 40}`, `w${Math.floor(i / 40)}`, 'abcd'[i % 4]] as const,
    );
    for (const value of extraOf(fit(mace, answersFrom(rows)), 'competence')) expect(value).toBeGreaterThan(0.97);
    for (const value of extraOf(fit(mace, answersFrom(rows), { options: { inference: 'em' } }), 'competence')) {
      expect(value).toBeGreaterThan(0.99);
    }
  });

  it('finds spammers by their competence and says how many', () => {
    const { table, truth } = guessingCrowd(9, 400, 6, [0.9, 0.8, 0.7, 0.6, 0.85, 0, 0, 0]);
    const estimate = fit(mace, table);
    const competence = extraOf(estimate, 'competence');
    for (let w = 0; w < 5; w++) expect(competence[w]).toBeGreaterThan(0.45);
    for (let w = 5; w < 8; w++) expect(competence[w]).toBeLessThan(0.12);
    expect(measure(estimate, truth).accuracy).toBeGreaterThan(0.9);
  });

  // 20 crowds of 8 workers; 160 intervals meant to hold 90 %: below .83 by chance once in 500.
  it('makes intervals that hold the competence as often as they say', () => {
    let held = 0;
    for (let seed = 0; seed < 20; seed++) {
      const competences = [0.95, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.1];
      const { table } = guessingCrowd(50 + seed, 150, 6, competences);
      const estimate = fit(mace, table, { options: { starts: 2 } });
      const [lo, hi] = [extraOf(estimate, 'competenceLo'), extraOf(estimate, 'competenceHi')];
      competences.forEach((value, w) => {
        if (lo[w] <= value && value <= hi[w]) held++;
      });
    }
    expect(held / 160).toBeGreaterThan(0.83);
  });

  it('ranks tasks by entropy so that the clear ones are more often right', () => {
    const { table, truth } = guessingCrowd(12, 300, 4, [0.9, 0.7, 0.5, 0.4, 0.3, 0.1]);
    const estimate = fit(mace, table);
    const order = [...truth.keys()].sort(
      (a, b) => estimate.tasks.entropy[table.tasks.indexOf(a)] - estimate.tasks.entropy[table.tasks.indexOf(b)],
    );
    const right = (names: string[]) => names.filter((t) => estimate.label(t) === truth.get(t)).length / names.length;
    expect(right(order.slice(0, 150))).toBeGreaterThan(right(order.slice(150)) + 0.1);
  });
});

describeRealData('figures of MACE', () => {
  it.each([
    ['bluebird', 0.8611],
    ['rte', 0.9263],
    ['dog', 0.8302],
    ['web', 0.8387],
  ])('%s', (name, expected) => {
    const { table, truth } = realSet(name);
    expect(Math.abs(measure(fit(mace, table, { options: { starts: 3 } }), truth).accuracy - expected)).toBeLessThan(
      0.002,
    );
  });
});
