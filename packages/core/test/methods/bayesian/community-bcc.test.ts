import { answersFrom, fit } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { communityBcc } from '../../../src/methods/bayesian/community-bcc.ts';
import type { WorkerGroup } from '../../../src/methods/bayesian/worker-groups.ts';
import { dawidSkene } from '../../../src/methods/dawid-skene/dawid-skene.ts';
import { crowd, posteriorOf, tableOf } from '../../support/crowd.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';
import { communityCrowd, membershipShare } from './communities.ts';

describe('community BCC', () => {
  it.each([1, 2, 4])('keeps the bound rising with %d communities, gold and test answers', (communities) => {
    const table = tableOf({ seed: 3, tasks: 60, workers: 9, classes: 3, redundancy: 5, accuracy: [0.4, 0.95] });
    const testCounts = new Float64Array(9 * 9);
    testCounts.set([4, 1, 0, 1, 3, 0, 0, 0, 5], 9);
    const golden = table.withGold(new Map([['t0', 'c1']])).table.with({ testCounts });
    for (const answers of [table, golden]) {
      const options = { communities, tolerance: 1e-11, maxIterations: 100 };
      const { objective } = fit(communityBcc, answers, { options });
      expect(objective.length).toBeGreaterThan(5);
      for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-8);
    }
    expect(posteriorOf(fit(communityBcc, golden), 't0', 'c1')).toBe(1);
  });

  it('recovers two communities of workers of five answers, and more labels than Dawid-Skene', () => {
    let share = 0;
    let gain = 0;
    for (let seed = 0; seed < 3; seed++) {
      const set = communityCrowd(seed);
      const found = fit(communityBcc, set.table, { options: { communities: 2 } });
      share += membershipShare(set, found.workers?.extra?.cluster) / 3;
      const plain = fit(dawidSkene, set.table);
      gain += (measure(found, set.truth).accuracy - measure(plain, set.truth).accuracy) / 3;
      const [first, second] = found.extra.communities as WorkerGroup[];
      expect(first.accuracy).toBeGreaterThan(second.accuracy + 0.2);
    }
    expect(share).toBeGreaterThan(0.75);
    expect(gain).toBeGreaterThan(0.05);
  });

  it('gives an idle worker its community’s confusion and more doubt than a busy one', () => {
    const { rows } = crowd({ seed: 6, tasks: 300, workers: 12, classes: 2, redundancy: 5, accuracy: [0.8, 0.85] });
    const table = answersFrom([...rows, ['t0', 'new', 'c0']]);
    const { workers, workerNames } = fit(communityBcc, table, { options: { communities: 1 } });
    const [fresh, busy] = [workerNames.indexOf('new'), workerNames.indexOf('w3')];
    expect(workers?.accuracy[fresh]).toBeGreaterThan(0.7);
    expect(workers?.confusionSd?.[fresh * 4]).toBeGreaterThan(1.7 * (workers?.confusionSd?.[busy * 4] ?? 1));
  });

  it('with communities tied ever tighter gives all workers one confusion', () => {
    const table = tableOf({ seed: 5, tasks: 80, workers: 7, classes: 2, redundancy: 5, accuracy: [0.5, 0.95] });
    const { workers } = fit(communityBcc, table, { options: { communities: 1, precision: 1e6, maxIterations: 500 } });
    const accuracy = Array.from(workers?.accuracy ?? []);
    expect(Math.max(...accuracy) - Math.min(...accuracy)).toBeLessThan(1e-3);
  });
});

describeRealData('community BCC on public sets', () => {
  it('is at least as good as Dawid-Skene on bluebird, rte and web', () => {
    for (const [name, least] of [
      ['bluebird', 0.889],
      ['rte', 0.925],
      ['web', 0.83],
    ] as const) {
      const { table, truth } = realSet(name);
      expect(measure(fit(communityBcc, table), truth).accuracy, name).toBeGreaterThan(least);
    }
  });
});
