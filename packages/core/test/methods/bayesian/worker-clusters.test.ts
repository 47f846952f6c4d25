import { fit } from '@assay/core';
import { measure } from '@assay/core/quality';
import { describe, expect, it } from 'vitest';
import { clusterSweeps } from '../../../src/methods/bayesian/cluster-sweeps.ts';
import { workerClusters } from '../../../src/methods/bayesian/worker-clusters.ts';
import type { WorkerGroup } from '../../../src/methods/bayesian/worker-groups.ts';
import { dawidSkene } from '../../../src/methods/dawid-skene/dawid-skene.ts';
import { pooled } from '../../../src/methods/dawid-skene/pooled.ts';
import { startingPosterior } from '../../../src/methods/votes.ts';
import { posteriorOf, tableOf } from '../../support/crowd.ts';
import { communityCrowd, membershipShare } from './communities.ts';
import { apart } from './enumeration.ts';

const table = tableOf({ seed: 3, tasks: 80, workers: 7, classes: 3, redundancy: 5, accuracy: [0.4, 0.95] });

describe('worker clusters', () => {
  it('with one cluster is the pooled confusion', () => {
    const one = fit(workerClusters, table, { options: { clusters: 1, tolerance: 1e-13, maxIterations: 2000 } });
    const shared = fit(pooled, table, { options: { tolerance: 1e-13, maxIterations: 2000 } });
    expect(apart(one.posterior, shared.posterior)).toBeLessThan(1e-4);
  });

  it('with one cluster for every worker is Dawid-Skene', () => {
    const own = new Float64Array(49);
    for (let w = 0; w < 7; w++) own[w * 8] = 1;
    const settings = {
      smoothing: 0.01,
      prior: 'estimated',
      maxIterations: 30,
      tolerance: 0,
      fixedMembership: true,
    } as const;
    const running = clusterSweeps(table, startingPosterior(table), own, settings);
    let step = running.next();
    while (step.done !== true) step = running.next();
    const options = { smoothing: 0.01, maxIterations: 30, tolerance: 0 };
    const plain = fit(dawidSkene, table, { options });
    expect(plain.iterations).toBe(30);
    expect(apart(step.value.posterior, plain.posterior)).toBeLessThan(1e-9);
  });

  it.each([1, 2, 3, 5])('keeps the bound rising with %d clusters, gold and test answers', (clusters) => {
    const testCounts = new Float64Array(7 * 9);
    testCounts.set([4, 1, 0, 1, 3, 0, 0, 0, 5], 9);
    const golden = table.withGold(new Map([['t0', 'c1']])).table.with({ testCounts });
    for (const answers of [table, golden]) {
      const { objective } = fit(workerClusters, answers, { options: { clusters, tolerance: 1e-11 } });
      expect(objective.length).toBeGreaterThan(3);
      for (let i = 1; i < objective.length; i++) expect(objective[i] - objective[i - 1]).toBeGreaterThan(-1e-9);
    }
    expect(posteriorOf(fit(workerClusters, golden), 't0', 'c1')).toBe(1);
  });

  it('recovers two communities of workers of five answers, and more labels than Dawid-Skene', () => {
    let share = 0;
    let gain = 0;
    for (let seed = 0; seed < 3; seed++) {
      const crowd = communityCrowd(seed);
      const found = fit(workerClusters, crowd.table, { options: { clusters: 2 } });
      share += membershipShare(crowd, found.workers?.extra?.cluster) / 3;
      const plain = fit(dawidSkene, crowd.table);
      gain += (measure(found, crowd.truth).accuracy - measure(plain, crowd.truth).accuracy) / 3;
      const [first, second] = found.extra.clusters as WorkerGroup[];
      expect(first.accuracy).toBeGreaterThan(0.75);
      expect(second.accuracy).toBeLessThan(0.5);
    }
    expect(share).toBeGreaterThan(0.75);
    expect(gain).toBeGreaterThan(0.04);
  });

  it('chooses two clusters where there are two', () => {
    const { table: answers } = communityCrowd(4, 50);
    const found = fit(workerClusters, answers, { options: { clusters: 0 } });
    expect((found.extra.clusters as WorkerGroup[]).length).toBe(2);
    expect(found.notes).toContain('2 clusters were chosen');
  });
});
