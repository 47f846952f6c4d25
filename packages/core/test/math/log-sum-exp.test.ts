import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logSumExp, normaliseInPlace, softmaxInPlace } from '../../src/math/log-sum-exp.ts';
import { logit, sigmoid, softplus } from '../../src/math/logistic.ts';

describe('logSumExp', () => {
  it('adds where plain exponentials would overflow or vanish', () => {
    expect(logSumExp([-1000, -1000])).toBeCloseTo(-1000 + Math.LN2, 12);
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logSumExp([5, Math.log(2), Math.log(3), 9], 1, 3)).toBeCloseTo(Math.log(5), 15);
  });

  it('gives the documented values for empty, infinite and missing input', () => {
    expect(logSumExp([])).toBe(-Infinity);
    expect(logSumExp([-Infinity, -Infinity])).toBe(-Infinity);
    expect(logSumExp([-Infinity, 0])).toBe(0);
    expect(logSumExp([1, Infinity])).toBe(Infinity);
    expect(logSumExp([1, Number.NaN, 2])).toBeNaN();
  });
});

describe('softmaxInPlace', () => {
  it('gives a distribution, its normaliser, and leaves the neighbours alone', () => {
    const log = fc.oneof(fc.double({ min: -800, max: 800, noNaN: true }), fc.constant(-Infinity));
    fc.assert(
      fc.property(fc.array(log, { minLength: 1, maxLength: 12 }), (logs) => {
        const values = Float64Array.of(7, ...logs, 8);
        const normaliser = softmaxInPlace(values, 1, logs.length);
        expect(normaliser).toBe(logSumExp(logs));
        expect([values[0], values.at(-1)]).toEqual([7, 8]);
        const shares = values.subarray(1, 1 + logs.length);
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
        if (normaliser === -Infinity) expect([...shares]).toEqual(logs.map(() => 1 / logs.length));
        else {
          for (let i = 0; i < logs.length; i++) {
            expect(shares[i]).toBeCloseTo(Math.exp(logs[i] - normaliser), 12);
          }
        }
      }),
    );
  });

  it('shares the mass among entries at +∞ and keeps NaN visible', () => {
    const values = Float64Array.of(Infinity, 3, Infinity);
    expect(softmaxInPlace(values, 0, 3)).toBe(Infinity);
    expect([...values]).toEqual([0.5, 0, 0.5]);
    const missing = Float64Array.of(0, Number.NaN);
    expect(softmaxInPlace(missing, 0, 2)).toBeNaN();
  });
});

describe('normaliseInPlace', () => {
  it('divides by the sum, and makes a zero row uniform', () => {
    const values = Float64Array.of(9, 3, 1, 0, 0);
    expect(normaliseInPlace(values, 1, 2)).toBe(4);
    expect(normaliseInPlace(values, 3, 2)).toBe(0);
    expect([...values]).toEqual([9, 0.75, 0.25, 0.5, 0.5]);
    const tiny = Float64Array.of(5e-324, 5e-324);
    normaliseInPlace(tiny, 0, 2);
    expect([...tiny]).toEqual([0.5, 0.5]);
  });
});

describe('logistic functions', () => {
  it('undo each other and do not overflow', () => {
    for (let x = -30; x <= 30; x += 1.7) {
      expect(logit(sigmoid(x))).toBeCloseTo(x, x > 10 ? 2 : 12);
      expect(softplus(x)).toBeCloseTo(-Math.log(sigmoid(-x)), 12);
      expect(softplus(x) - softplus(-x)).toBeCloseTo(x, 12);
    }
    expect([sigmoid(-1000), sigmoid(1000), softplus(-1000), softplus(1000)]).toEqual([0, 1, 0, 1000]);
    expect([logit(0), logit(0.5), logit(1)]).toEqual([-Infinity, 0, Infinity]);
    expect(sigmoid(-40)).toBeCloseTo(Math.exp(-40), 30);
  });
});
