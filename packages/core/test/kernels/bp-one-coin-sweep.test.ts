import { describe, expect, it } from 'vitest';
import { coinQuadrature } from '../../src/kernels/bp-one-coin-sweep.ts';
import { uniforms } from './crowd.ts';

describe.each(['reference', 'wasm'] as const)('the one-coin quadrature, %s engine', (engine) => {
  it('agrees with leave-one-out sums in logarithms', () => {
    for (const [count, nodes, classes] of [
      [1, 1, 2],
      [2, 3, 2],
      [7, 8, 4],
      [40, 13, 3],
      [200, 64, 2],
      [300, 9, 10],
    ]) {
      const random = uniforms(count + nodes);
      const quadrature = coinQuadrature({ mostAnswers: count, mostNodes: nodes, answers: count, engine });
      expect(quadrature.engine).toBe(engine);
      const accuracy = Float64Array.from({ length: nodes }, () => 0.001 + 0.998 * random());
      const weight = Float64Array.from({ length: nodes }, () => random());
      for (let j = 0; j < count; j++) {
        quadrature.right[j] = random() ** 3;
        quadrature.wrong[j] = 1 - quadrature.right[j];
      }
      quadrature.run(count, accuracy, weight, classes);
      const miss = accuracy.map((value) => (1 - value) / (classes - 1));
      for (let j = 0; j < count; j++) {
        const logs = Array.from(weight, (value, s) => {
          let log = Math.log(value);
          for (let i = 0; i < count; i++) {
            if (i !== j) log += Math.log(accuracy[s] * quadrature.right[i] + miss[s] * quadrature.wrong[i]);
          }
          return log;
        });
        const most = Math.max(...logs);
        const plus = logs.reduce((sum, log, s) => sum + Math.exp(log - most) * accuracy[s], 0);
        const minus = logs.reduce((sum, log, s) => sum + Math.exp(log - most) * miss[s], 0);
        expect(Math.abs((quadrature.odds[j] * minus) / plus - 1)).toBeLessThan(1e-11);
      }
    }
  });
});
