import { fit } from '@assay/core';
import { measure } from '@assay/core/quality';
import { expect, it } from 'vitest';
import type { Method } from '../../../src/methods/method.ts';
import { catd } from '../../../src/methods/optimisation/catd.ts';
import { maxMarginVote } from '../../../src/methods/optimisation/max-margin-vote.ts';
import { minimaxEntropy } from '../../../src/methods/optimisation/minimax-entropy.ts';
import { pm } from '../../../src/methods/optimisation/pm.ts';
import { describeRealData, realSet } from '../../support/real-data.ts';

/** Accuracies on bluebird, rte, dog and web, recomputed from the public files. */
const accuracies: [Method, Record<string, unknown>, number[], tolerance: number][] = [
  [pm, { loss: 'sum', tie: 'first' }, [0.787, 0.92, 0.8191, 0.395], 0.002],
  [catd, { tie: 'first' }, [0.7778, 0.9187, 0.8203, 0.7377], 0.002],
  [minimaxEntropy, { diagonal: 0 }, [0.9167, 0.9237, 0.8377, 0.8888], 0.002],
  // Those of averaged subgradients, which stop short of the optimum.
  [maxMarginVote, { penalty: 0.01 }, [0.778, 0.891, 0.82, 0.895], 0.004],
];

describeRealData('figures of the optimisation methods', () => {
  it.each(accuracies.map(([method, ...rest]) => [method.id, method, ...rest] as const))(
    '%s',
    (_, method, options, expected, tolerance) => {
      ['bluebird', 'rte', 'dog', 'web'].forEach((name, i) => {
        const { table, truth } = realSet(name);
        const { accuracy } = measure(fit(method, table, { options }), truth);
        expect(Math.abs(accuracy - expected[i]), `${name}: ${accuracy}`).toBeLessThan(tolerance);
      });
    },
  );
});
