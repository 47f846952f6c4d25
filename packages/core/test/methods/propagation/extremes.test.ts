import { type AnswerTable, AnswerTableBuilder, fit, type Method, Random } from '@assay/core';
import { expect, it } from 'vitest';
import { bwa } from '../../../src/methods/bayesian/bwa.ts';
import { communityBcc } from '../../../src/methods/bayesian/community-bcc.ts';
import { ebcc } from '../../../src/methods/bayesian/ebcc.ts';
import { gibbs } from '../../../src/methods/bayesian/gibbs.ts';
import { variationalBayes } from '../../../src/methods/bayesian/variational-bayes.ts';
import { workerClusters } from '../../../src/methods/bayesian/worker-clusters.ts';
import { bpOneCoin } from '../../../src/methods/propagation/bp-one-coin.ts';
import { bpSampled } from '../../../src/methods/propagation/bp-sampled.ts';
import { bpTwoCoin } from '../../../src/methods/propagation/bp-two-coin.ts';
import { meanField } from '../../../src/methods/propagation/mean-field.ts';

const short = { burnIn: 10, samples: 20 };

/** Each method with options at the ends of their ranges. */
const extremes: [string, Method, Record<string, unknown>][] = (
  [
    [variationalBayes, { diagonal: 0.01, offDiagonal: 0.01, classPrior: 0.001 }],
    [variationalBayes, { diagonal: 1e6, offDiagonal: 0.01, taskPriorUse: 'multiplies' }],
    [gibbs, { ...short, diagonal: 0.01, offDiagonal: 0.01, sampler: 'uncollapsed' }],
    [gibbs, { ...short, preset: 'uniform', relabel: 'always' }],
    [bwa, { shape: 0.01, pull: 0 }],
    [ebcc, { subtypes: 30, concentration: 0.01, starts: 2, maxIterations: 20 }],
    [workerClusters, { clusters: 50, smoothing: 0 }],
    [communityBcc, { communities: 8, precision: 1e5, starts: 1 }],
    [communityBcc, { belief: 0.01, precision: 0.001, starts: 2 }],
    [bpOneCoin, { right: 0.01, wrong: 0.01 }],
    [bpOneCoin, { atoms: [1, 0, 1, 1] }],
    [bpOneCoin, { atoms: [1, 0, 1, 1], messages: 'quadrature' }],
    [bpTwoCoin, { right: 0.01, wrong: 0.01, messages: 'quadrature' }],
    [bpTwoCoin, { atoms: [1, 0, 1, 1, 1, 0, 1, 1, 1] }],
    [bpSampled, { diagonal: 0.01, offDiagonal: 0.01, draws: 20 }],
    [meanField, { right: 0.01, wrong: 0.01 }],
    [meanField, { model: 'dirichlet', diagonal: 0.01, offDiagonal: 0.01 }],
  ] as [Method, Record<string, unknown>][]
).map(([method, options]) => [`${method.id} ${JSON.stringify(options)}`, method, options]);

/** Random answers with everything a table can carry, gold and certain task priors that contradict each other included. */
function hostileTable(random: Random, classes: number): AnswerTable {
  const builder = new AnswerTableBuilder({
    classes: Array.from({ length: classes }, (_, k) => `c${k}`),
    duplicates: 'all',
  });
  const tasks = 1 + random.integer(40);
  for (let t = 0; t < tasks; t++) {
    builder.tasks.add(`t${t}`);
    if (random.uniform() < 0.1) continue;
    for (let j = 0; j < 3; j++) {
      const weight = [0, 0.5, 1, 3][random.integer(4)];
      builder.add({ task: `t${t}`, worker: `w${random.integer(6)}`, label: `c${random.integer(classes)}`, weight });
    }
    if (random.uniform() < 0.2) builder.setGold(`t${t}`, `c${random.integer(classes)}`);
  }
  const { table } = builder.build();
  const taskPrior = new Float64Array(tasks * classes);
  for (let t = 0; t < tasks; t++) {
    if (random.uniform() < 0.3) taskPrior[t * classes] = 1;
    else taskPrior.set(random.dirichlet(new Float64Array(classes).fill(0.5)), t * classes);
  }
  const testCounts = Float64Array.from({ length: table.workerCount * classes ** 2 }, () => random.integer(4));
  return random.bernoulli(0.5) ? table.with({ taskPrior, testCounts }) : table;
}

it.each(extremes)('%s stays finite on contradictory answers', (_, method, options) => {
  const random = new Random(method.id);
  for (let round = 0; round < 8; round++) {
    const table = hostileTable(random, method.answers === 'binary' ? 2 : [2, 3, 20][round % 3]);
    const { posterior, workers, objective, extra } = fit(method, table, { options, seed: round });
    for (let row = 0; row < posterior.length; row += table.classCount) {
      const probabilities = posterior.subarray(row, row + table.classCount);
      expect(probabilities.every((p) => p >= 0)).toBe(true);
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
    }
    for (let w = 0; w < table.workerCount; w++) {
      const [lo, accuracy, hi] = [workers?.lo[w] ?? 2, workers?.accuracy[w] ?? 2, workers?.hi[w] ?? 2];
      expect(lo >= 0 && lo <= accuracy + 1e-9 && accuracy <= hi + 1e-9 && hi <= 1).toBe(true);
    }
    expect(workers?.confusionSd?.every((sd) => sd >= 0) ?? true).toBe(true);
    expect(objective.every(Number.isFinite)).toBe(true);
    expect(extra.logEvidence === undefined || Number.isFinite(extra.logEvidence)).toBe(true);
  }
});
