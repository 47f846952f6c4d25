import { type AnswerTable, answersFrom } from '@assay/core';
import { describe, expect, it } from 'vitest';
import { type ConfusionFit, type ConfusionStep, confusionEm } from '../../../src/methods/dawid-skene/confusion-em.ts';
import { cellStep, pseudoCounts } from '../../../src/methods/dawid-skene/steps.ts';
import { startingPosterior } from '../../../src/methods/votes.ts';
import { crowd } from '../../support/crowd.ts';
import { finished } from '../../support/finished.ts';

function settle(table: AnswerTable, step: ConfusionStep, starting: Float64Array | 'votes'): ConfusionFit {
  return finished(confusionEm(table, starting, step, { maxIterations: 8, tolerance: 0 }));
}

describe('expectation-maximisation over confusion matrices', () => {
  it('gives the same result whether the sweep or the step normalises, whichever way the votes are counted', () => {
    const { rows } = crowd({ seed: 6, tasks: 5000, workers: 30, classes: 3, redundancy: 5, accuracy: [0.4, 0.9] });
    const table = answersFrom(rows);
    expect(table.answerCount).toBeGreaterThan(20_000);
    for (const added of [pseudoCounts(3, 0.01, 0.01), pseudoCounts(3, 2, 0.5)]) {
      const step = cellStep(table, added, 'estimated', 1);
      expect(step.plain).toBeDefined();
      const inPlace = settle(table, step, 'votes');
      const outside = settle(table, { update: step.update }, startingPosterior(table));
      inPlace.objective.forEach((value, i) => {
        expect(value / outside.objective[i]).toBeCloseTo(1, 12);
      });
      for (const part of ['posterior', 'confusion', 'counts', 'prior'] as const) {
        const scale = part === 'counts' ? 1e-9 : 1e-12;
        inPlace[part].forEach((value, i) => {
          if (!(Math.abs(value - outside[part][i]) <= scale)) expect(value, `${part} ${i}`).toBe(outside[part][i]);
        });
      }
    }
  });

  it('leaves the rows to the step where cells may be empty or tests were given', () => {
    const table = answersFrom([
      ['t1', 'ana', 'cat'],
      ['t1', 'bo', 'dog'],
    ]);
    expect(cellStep(table, pseudoCounts(2, 2, 0), 'estimated', 0).plain).toBeUndefined();
    const tested = table.with({ testCounts: new Float64Array(8) });
    expect(cellStep(tested, pseudoCounts(2, 2, 1), 'estimated', 0).plain).toBeUndefined();
  });
});
