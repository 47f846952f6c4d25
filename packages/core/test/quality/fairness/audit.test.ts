import { answersFrom, Estimate, fit, majorityVote, Random } from '@assay/core';
import { auditDecisions, auditWorkers } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { biasedCrowd } from './crowd.ts';

const random = new Random(1);

describe('audit of decisions', () => {
  it('finds the gap that a biased crowd leaves in the vote, and none in a blameless one', () => {
    const biased = biasedCrowd(2000, 5, 0.2, 1);
    const audit = auditDecisions(fit(majorityVote, biased.table), biased.groups, 'yes', {
      truth: biased.truth,
      random,
      draws: 300,
    });
    // P(3 or more of 5) at .45 and .25: 0.407 − 0.104 = 0.303; sampling error .02 a side.
    expect(audit.falsePositive.value).toBeGreaterThan(0.23);
    expect(audit.falsePositive.value).toBeLessThan(0.37);
    expect(audit.falsePositive).toMatchObject({ high: 'b', low: 'a', flagged: true });
    expect(audit.equalOpportunity.flagged).toBe(false);
    const even = biasedCrowd(2000, 5, 0, 2);
    const none = auditDecisions(fit(majorityVote, even.table), even.groups, 'yes', {
      truth: even.truth,
      random,
      draws: 300,
    });
    for (const gap of [none.demographicParity, none.equalOpportunity, none.falsePositive, none.accuracy]) {
      expect(gap.value).toBeLessThan(0.06);
      expect(gap.flagged).toBe(false);
    }
  });

  it('compares positive rates alone without known labels, and says what stays unseen', () => {
    const { table, groups } = biasedCrowd(200, 3, 0.2, 1);
    const audit = auditDecisions(fit(majorityVote, table), groups, 'yes', { random, draws: 50 });
    expect(audit.demographicParity.value).toBeGreaterThan(0);
    expect(audit.accuracy.value).toBeNaN();
    expect(audit.notes).toContain('without known labels a bias that all workers share cannot be seen');
  });

  it('leaves tasks without a group or an answer out, and takes another estimate for the truth', () => {
    const { table, groups, truth } = biasedCrowd(100, 3, 0, 3);
    const some = new Map([...groups].slice(0, 60));
    const estimate = fit(majorityVote, table);
    const audit = auditDecisions(estimate, some, 'yes', { truth: estimate, random, draws: 10 });
    expect(audit.groups.reduce((sum, { positiveRate }) => sum + positiveRate.count, 0)).toBe(60);
    const known = auditDecisions(estimate, some, 'yes', { truth: new Map([...truth].slice(0, 40)), random, draws: 10 });
    expect(known.groups.reduce((sum, { accuracy }) => sum + accuracy.count, 0)).toBe(40);
  });

  it('survives saving, and soft rates are means of probabilities', () => {
    const { table, groups } = biasedCrowd(60, 3, 0, 4);
    const estimate = fit(majorityVote, table);
    const options = { random, draws: 20, soft: true };
    const audit = auditDecisions(estimate, groups, 'yes', options);
    expect(auditDecisions(Estimate.fromJSON(JSON.parse(JSON.stringify(estimate))), groups, 'yes', options)).toEqual(
      audit,
    );
    const own = [...groups]
      .filter(([, group]) => group === 'a')
      .map(([task]) => estimate.posterior[estimate.taskNames.indexOf(task) * 2 + 1]);
    expect(audit.groups[0].positiveRate.value).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 12);
  });

  it('names the classes where the positive one is unknown', () => {
    const { table, groups } = biasedCrowd(10, 3, 0, 5);
    expect(() => auditDecisions(fit(majorityVote, table), groups, 'maybe', { random })).toThrow(
      /unknown positive class "maybe"; give one of the classes: no, yes/,
    );
  });

  it('takes empty and one-class tables', () => {
    const empty = answersFrom([]);
    const none = auditDecisions(fit(majorityVote, empty), new Map(), 'yes', { random });
    expect(none.demographicParity.value).toBeNaN();
    const one = answersFrom([['t1', 'ana', 'yes']]);
    expect(
      auditDecisions(fit(majorityVote, one), new Map([['t1', 'a']]), 'yes', { random }).groups[0].positiveRate.tooFew,
    ).toBe(true);
    expect(auditWorkers(empty, new Map(), 'yes', { random }).workers).toEqual([]);
  });
});

describe('audit of workers', () => {
  it('recovers a gap of 20 points in the crowd within three, from 5,000 tasks', () => {
    const { table, groups, truth } = biasedCrowd(5000, 3, 0.2, 6);
    const { crowd } = auditWorkers(table, groups, 'yes', { truth, random, draws: 50 });
    expect(Math.abs(crowd.falsePositive.value - 0.2)).toBeLessThan(0.03);
    expect(crowd.falsePositive.high).toBe('b');
  });

  it('suspects the one worker who wrongs a group, and nobody else', () => {
    const { table, groups, truth } = biasedCrowd(1200, 5, 0, 7);
    const rows: [string, string, string][] = [];
    for (let task = 0; task < table.taskCount; task++)
      for (let answer = table.taskStart[task]; answer < table.taskStart[task + 1]; answer++)
        rows.push([
          table.tasks.name(task),
          table.workers.name(table.worker[answer]),
          table.classes.name(table.label[answer]),
        ]);
    const turned = rows.map(([task, worker, label]): [string, string, string] => [
      task,
      worker,
      worker === 'w3' && groups.get(task) === 'b' ? 'yes' : label,
    ]);
    const { workers } = auditWorkers(answersFrom(turned), groups, 'yes', { truth, random, draws: 200 });
    expect(workers.filter(({ suspected }) => suspected.length > 0).map(({ worker }) => worker)).toEqual(['w3']);
    const w3 = workers.find(({ worker }) => worker === 'w3');
    expect(w3?.suspected).toContain('falsePositive');
    expect(w3?.groups[1].falsePositiveRate.value).toBe(1);
  });
});
