import { answersFrom, dawidSkene, Estimate, type EstimateJson, fit } from '@assay/core';
import { describe, expect, it } from 'vitest';

const table = answersFrom([
  ['t1', 'ana', 'cat'],
  ['t1', 'bo', 'cat'],
  ['t2', 'ana', 'dog'],
  ['t2', 'bo', 'cat'],
]);

describe('a saved estimate', () => {
  const saved = JSON.parse(JSON.stringify(fit(dawidSkene, table, { seed: 7 }))) as EstimateJson;

  it('comes back with the same content', () => {
    expect(JSON.parse(JSON.stringify(Estimate.fromJSON(saved)))).toEqual(saved);
  });

  const broken: readonly (readonly [what: string, change: (json: EstimateJson) => unknown])[] = [
    ['nothing', () => null],
    ['another schema', (json) => ({ ...json, schema: 2 })],
    ['no workers', (json) => ({ ...json, workers: undefined })],
    ['a task too many', (json) => ({ ...json, tasks: [...json.tasks, 't3'] })],
    ['a posterior cut off', (json) => ({ ...json, parts: { ...json.parts, posterior: [1] } })],
    ['text for probabilities', (json) => ({ ...json, parts: { ...json.parts, posterior: ['1', '0', '0', '1'] } })],
    ['labels of classes that are not there', (json) => ({ ...json, parts: { ...json.parts, labels: [0, 2] } })],
    ['no labels', (json) => ({ ...json, parts: { ...json.parts, labels: undefined } })],
  ];
  it.each(broken)('is refused with %s', (_what, change) => {
    expect(() => Estimate.fromJSON(change(saved) as EstimateJson)).toThrow(/^invalid estimate/);
  });
});
