import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { confusionSweep } from '../../src/kernels/confusion-sweep.ts';
import { gladPass } from '../../src/kernels/glad-pass.ts';
import { oneCoinSweep } from '../../src/kernels/one-coin-sweep.ts';
import { sumOfLogs } from '../../src/kernels/rescaling.ts';
import { sweepLayout, taskFactors } from '../../src/kernels/sweep-layout.ts';
import { crowd, randomTable, uniforms } from './crowd.ts';

/** Largest relative difference; entries far below the largest of all count against that. */
function relative(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < b.length; i++) {
    const off = Math.abs(a[i] - b[i]) / Math.max(Math.abs(b[i]), 1e-300);
    if (!(off <= most)) most = off;
  }
  return most;
}

describe('the engines of the confusion sweep', () => {
  it('agree to 1e-12 of every posterior, count and cell on random crowds of 2 to 20 classes', () => {
    const shape = fc.record({
      classes: fc.integer({ min: 2, max: 20 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
      workers: fc.integer({ min: 1, max: 12 }),
      counts: fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 10, max: 300 })), { maxLength: 25 }),
      floor: fc.constantFrom(1e-10, 1e-3, 1e-40),
      skew: fc.constantFrom(1, 6),
      priors: fc.boolean(),
    });
    fc.assert(
      fc.property(shape, ({ classes, seed, workers, counts, floor, skew, priors }) => {
        const answers = crowd({ seed, classes, workers, counts });
        const random = uniforms(seed);
        const taskPrior = priors ? Float64Array.from({ length: counts.length * classes }, () => random()) : undefined;
        const prior = Float64Array.from({ length: classes }, () => 0.05 + random());
        const added = new Float64Array(classes * classes).fill(0.01);
        const table = randomTable(answers, seed, skew);
        const [reference, wasm] = (['reference', 'wasm'] as const).map((engine) => {
          const sweep = confusionSweep(answers, { engine, taskPrior, floor });
          sweep.setTable(table);
          const results: number[] = [];
          for (let i = 0; i < 2; i++) {
            results.push(sweep.sweep(prior, { store: i === 1 }).logLikelihood);
            results.push(...sweep.counts(new Float64Array(table.length)).map((count) => count + 1e-9));
            sweep.normalise(added);
            results.push(...sweep.table(new Float64Array(table.length)));
          }
          results.push(...sweep.posterior(new Float64Array(counts.length * classes)).map((q) => q + 1e-15));
          return results;
        });
        // Sums run in another order, so a likelihood near 0 keeps fewer digits.
        expect(relative(wasm, reference)).toBeLessThan(1e-12);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  it('chooses the reference for small and weighted tables, and says why where it was not asked', () => {
    const small = crowd({ seed: 1, classes: 2, workers: 3, counts: [3, 3] });
    expect(confusionSweep(small).engine).toBe('reference');
    expect(confusionSweep(small).note).toBeUndefined();
    const weighted = crowd({ seed: 1, classes: 2, workers: 3, counts: [3, 3], weighted: true });
    expect(confusionSweep(weighted, { engine: 'wasm' }).note).toMatch(/^weighted answers/);
    const large = crowd({ seed: 1, classes: 2, workers: 3, counts: new Array(4000).fill(5) });
    expect(confusionSweep(large).engine).toBe('wasm');
    expect(oneCoinSweep(large).engine).toBe('wasm');
  });
});

describe('without WebAssembly', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('runs in TypeScript with a note and the same result', () => {
    const answers = crowd({ seed: 1, classes: 3, workers: 4, counts: [1, 2, 3, 4] });
    const prior = Float64Array.of(0.2, 0.3, 0.5);
    const expected = confusionSweep(answers, { engine: 'wasm' }).sweep(prior, { store: false }).logLikelihood;
    vi.stubGlobal('WebAssembly', undefined);
    const sweep = confusionSweep(answers, { engine: 'wasm' });
    expect(sweep.engine).toBe('reference');
    expect(sweep.note).toMatch(/^WebAssembly could not be used/);
    expect(sweep.sweep(prior, { store: false }).logLikelihood).toBeCloseTo(expected, 12);
    expect(gladPass(answers, { engine: 'wasm' }).note).toMatch(/^WebAssembly could not be used/);
  });
});

describe('the layout of a sweep', () => {
  it('sorts tasks by number of answers, stable, and sets those without aside', () => {
    const { order, empty, blocks } = sweepLayout(Uint32Array.of(0, 2, 2, 3, 5, 6, 6));
    expect([...order]).toEqual([2, 4, 0, 3]);
    expect([...empty]).toEqual([1, 5]);
    expect([...blocks]).toEqual([1, 2, 2, 2]);
    expect(sweepLayout(Uint32Array.of(0))).toMatchObject({ order: new Uint32Array(), empty: new Uint32Array() });
  });

  it('puts gold into the factors of a task, over its prior', () => {
    const bare = { taskCount: 2, classCount: 2, gold: undefined, taskPrior: undefined };
    expect(taskFactors(bare)).toBeUndefined();
    expect([...(taskFactors({ ...bare, gold: Int32Array.of(-1, 1) }) ?? [])]).toEqual([1, 1, 0, 1]);
    const taskPrior = Float64Array.of(0.3, 0.7, 0.9, 0.1);
    expect(taskFactors({ ...bare, gold: Int32Array.of(-1, -1), taskPrior })).toBe(taskPrior);
    expect([...(taskFactors({ ...bare, gold: Int32Array.of(-1, 1), taskPrior }) ?? [])]).toEqual([0.3, 0.7, 0, 1]);
    expect([...taskPrior]).toEqual([0.3, 0.7, 0.9, 0.1]);
  });
});

describe('the sum of logarithms', () => {
  it('is that of the logarithms, to rounding, for any positive values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-320, max: 1e300, noNaN: true })), (values) => {
        const expected = values.reduce((sum, value) => sum + Math.log(value), 0);
        const size = values.reduce((sum, value) => sum + Math.abs(Math.log(value)), 1);
        expect(Math.abs(sumOfLogs(values) - expected) / size).toBeLessThan(1e-13);
      }),
      { seed: 3 },
    );
    expect(sumOfLogs([])).toBe(0);
    expect(sumOfLogs([0.5, 0])).toBe(Number.NEGATIVE_INFINITY);
    expect(sumOfLogs([Number.NaN])).toBeNaN();
  });
});
