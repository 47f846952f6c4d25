import { fit } from '@assay/core';
import { methodById } from '@assay/core/methods';
import { measure } from '@assay/core/quality';
import { expect, it } from 'vitest';
import { describeRealData, realSet } from '../../support/real-data.ts';

/** [method, options, bluebird, rte, dog, web]: accuracies recomputed from the public files. */
const accuracies: [string, Record<string, unknown>, number, number, number, number][] = [
  ['majority-vote', {}, 0.7593, 0.8969, 0.8222, 0.7307],
  ['dawid-skene', {}, 0.8981, 0.9275, 0.8426, 0.8217],
  ['dawid-skene', { smoothing: 1 }, 0.8889, 0.93, 0.8426, 0.8504],
  ['dawid-skene', { smoothing: 0, prior: 'uniform', maxIterations: 10 }, 0.8889, 0.9275, 0.8414, 0.8398],
  ['dawid-skene-hard', { start: 'majority-first' }, 0.8796, 0.93, 0.8401, 0.8149],
  ['one-coin', { prior: 'uniform' }, 0.7222, 0.925, 0.8302, 0.8398],
  ['zencrowd', {}, 0.7222, 0.925, 0.8302, 0.8398],
];

describeRealData('published figures', () => {
  it.each(accuracies)('%s %j on bluebird, rte, dog and web', (id, options, ...expected) => {
    const found = ['bluebird', 'rte', 'dog', 'web'].map((name) => {
      const { table, truth } = realSet(name);
      return measure(fit(methodById(id), table, { options }), truth).accuracy;
    });
    found.forEach((accuracy, i) => {
      expect(Math.abs(accuracy - expected[i]), `${id} on set ${i}: ${accuracy}`).toBeLessThan(0.002);
    });
  });

  /** Textbook Dawid-Skene: log-likelihood at convergence. */
  it.each([
    ['bluebird', -1888.117, 1e-3],
    ['rte', -3679.629, 1e-3],
    ['dog', -4745.55, 1e-3],
    ['trec2010', -34752.1, 35],
    ['web', -17237.74, 17],
  ])('reaches the log-likelihood of textbook Dawid-Skene on %s', (name, expected, tolerance) => {
    const { table } = realSet(name);
    const { objective } = fit(methodById('dawid-skene'), table, { options: { smoothing: 0 } });
    expect(Math.abs((objective.at(-1) as number) - expected)).toBeLessThan(tolerance);
  });

  it('has the accuracy of textbook and hard Dawid-Skene on trec2010', () => {
    const { table, truth } = realSet('trec2010');
    expect(measure(fit(methodById('dawid-skene'), table), truth).accuracy).toBeCloseTo(0.702, 3);
    const hard = fit(methodById('dawid-skene-hard'), table, { options: { start: 'majority-first' } });
    expect(measure(hard, truth).accuracy).toBeCloseTo(0.698, 3);
  });

  /** coin-shrunk and pooled-shrunk over eight sets, for [strength, prior]. */
  const eight = ['bluebird', 'temp', 'rte', 'dog', 'web', 'music', 'labelme', 'sentpol'];
  it.each([
    ['coin-shrunk', { strength: 1 }, [0.8981, 0.9416, 0.9287, 0.8414, 0.8262, 0.7714, 0.797, 0.9146]],
    ['coin-shrunk', {}, [0.8889, 0.9416, 0.9287, 0.8389, 0.8213, 0.7929, 0.785, 0.916]],
    ['coin-shrunk', { prior: 'uniform' }, [0.8889, 0.9416, 0.9287, 0.8401, 0.8443, 0.7886, 0.799, 0.9158]],
    [
      'pooled-shrunk',
      { prior: 'uniform', strength: 1 },
      [0.8981, 0.9416, 0.9287, 0.8426, 0.8372, 0.7743, 0.81, 0.9148],
    ],
    ['pooled-shrunk', { prior: 'uniform' }, [0.8981, 0.9394, 0.9225, 0.8426, 0.8443, 0.78, 0.801, 0.9144]],
    [
      'pooled-shrunk',
      { prior: 'uniform', level: 'worker' },
      [0.8981, 0.9394, 0.93, 0.8389, 0.8609, 0.79, 0.802, 0.9148],
    ],
  ])('%s %j over eight sets', (id, options, expected) => {
    eight.forEach((name, i) => {
      const { table, truth } = realSet(name);
      const { accuracy } = measure(fit(methodById(id), table, { options }), truth);
      expect(Math.abs(accuracy - expected[i]), `${name}: ${accuracy}`).toBeLessThan(0.0026);
    });
  });
});
