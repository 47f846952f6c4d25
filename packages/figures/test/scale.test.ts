import { bandScale, linearScale, logScale, niceDomain, niceStep } from '@assay/figures';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const finite = fc.double({ min: -1e12, max: 1e12, noNaN: true, noDefaultInfinity: true });

describe('linearScale', () => {
  it('maps the ends of the domain to the ends of the range', () => {
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        fc.pre(Math.abs(a - b) > 1e-6 * Math.max(Math.abs(a), Math.abs(b), 1e-3));
        const scale = linearScale([a, b], [10, 200]);
        expect(scale.at(a)).toBeCloseTo(10, 6);
        expect(scale.at(b)).toBeCloseTo(200, 6);
      }),
      { seed: 1 },
    );
  });

  it('puts the only value of a domain in the middle', () => {
    expect(linearScale([5, 5], [0, 100]).at(5)).toBe(50);
    expect(linearScale([0, 0], [0, 100]).at(0)).toBe(50);
  });

  it('has ticks inside the domain at equal steps of 1, 2 or 5 times a power of ten', () => {
    fc.assert(
      fc.property(
        finite,
        fc.double({ min: 1e-3, max: 1e9, noNaN: true }),
        fc.integer({ min: 2, max: 12 }),
        (from, span, count) => {
          fc.pre(span > Math.abs(from) * 1e-6);
          const ticks = linearScale([from, from + span], [0, 100]).ticks(count);
          const step = niceStep(span, count);
          const mantissa = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
          expect([1, 2, 5].some((nice) => Math.abs(mantissa - nice) < 1e-6)).toBe(true);
          expect(ticks.length).toBeLessThanOrEqual(2 * count + 1);
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(from - step * 1e-6);
            expect(tick).toBeLessThanOrEqual(from + span + step * 1e-6);
          }
          for (let i = 1; i < ticks.length; i++) expect((ticks[i] - ticks[i - 1]) / step).toBeCloseTo(1, 4);
        },
      ),
      { seed: 2 },
    );
  });

  it('has ticks without the dust of binary fractions', () => {
    expect(linearScale([0, 1], [0, 1]).ticks(10)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(linearScale([0.55, 1], [0, 1]).ticks(5)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
  });
});

describe('logScale', () => {
  it('gives equal room to equal factors', () => {
    const scale = logScale([1, 1000], [0, 300]);
    expect([1, 10, 100, 1000].map((value) => Math.round(scale.at(value)))).toEqual([0, 100, 200, 300]);
  });

  it('has ticks at powers of ten over many decades and at 1, 2, 5 over few', () => {
    expect(logScale([1, 1000], [0, 1]).ticks(5)).toEqual([1, 10, 100, 1000]);
    expect(logScale([1, 20], [0, 1]).ticks(5)).toEqual([1, 2, 5, 10, 20]);
    expect(logScale([0.001, 0.01], [0, 1]).ticks(5)).toEqual([0.001, 0.002, 0.005, 0.01]);
    expect(logScale([1e-12, 1e12], [0, 1]).ticks(5).length).toBeLessThanOrEqual(6);
  });

  it('falls back to even ticks inside one decade', () => {
    expect(logScale([3, 4.5], [0, 1]).ticks(4).length).toBeGreaterThanOrEqual(2);
  });

  it('refuses a domain that touches zero', () => {
    expect(() => logScale([0, 1], [0, 1])).toThrow(/above 0/);
  });
});

describe('niceDomain', () => {
  it('contains the data and wastes less than a step at each end', () => {
    fc.assert(
      fc.property(finite, fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (from, span) => {
        fc.pre(span > Math.abs(from) * 1e-6);
        const [low, high] = niceDomain(from, from + span);
        const step = niceStep(span, 5);
        expect(low).toBeLessThanOrEqual(from + step * 1e-6);
        expect(high).toBeGreaterThanOrEqual(from + span - step * 1e-6);
        expect(from - low).toBeLessThanOrEqual(step * 1.001);
        expect(high - from - span).toBeLessThanOrEqual(step * 1.001);
      }),
      { seed: 4 },
    );
  });
});

describe('bandScale', () => {
  it('divides the range evenly and keeps the gap', () => {
    const bands = bandScale(4, [0, 100], 0.2);
    expect([0, 1, 2, 3].map((index) => bands.middle(index))).toEqual([12.5, 37.5, 62.5, 87.5]);
    expect(bands.bandwidth).toBeCloseTo(20);
    expect(bands.start(0)).toBeCloseTo(2.5);
  });
});
