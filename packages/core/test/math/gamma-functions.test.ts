import { describe, expect, it } from 'vitest';
import {
  digamma,
  logBeta,
  logChoose,
  logFactorial,
  logGamma,
  stirlingRemainder,
  trigamma,
} from '../../src/math/gamma-functions.ts';

// x, lnΓ(x), ψ(x), ψ′(x) from mpmath 1.3 with 50 digits.
const REFERENCES: readonly [number, number, number, number][] = [
  [1e-8, 18.42068073818021, -100000000.57721564, 1.0000000000000002e16],
  [0.001, 6.907178885383853, -1000.5755719318103, 1000001.6425331958],
  [0.25, 1.2880225246980774, -4.2274535333762655, 17.19732915450711],
  [0.5, 0.5723649429247001, -1.9635100260214235, 4.934802200544679],
  [0.75, 0.20328095143129538, -1.0858608797864722, 2.5418796476716063],
  [1.0000001, -5.772155829918507e-8, -0.5772155004081381, 1.6449338264368782],
  [1.3, -0.10817480950786047, -0.16919088886679962, 1.1342534349966193],
  [1.4616321449683622, -0.12148629053584961, -9.241265521729427e-17, 0.9676722454476212],
  [1.9999, -4.227520877215346e-5, 0.42271983967113097, 0.6449744806987031],
  [2.0000001, 4.227843666532498e-8, 0.4227843995918717, 0.6449340264368484],
  [2.5, 0.2846828704729192, 0.7031566406452432, 0.49035775610023485],
  [3.7, 1.428072326665388, 1.1671535393615113, 0.3100378576700383],
  [5.5, 3.9578139676187165, 1.6110931485817512, 0.19934238698962767],
  [9.99, 12.779315214350193, 2.250700372831201, 0.10527695014824179],
  [10, 12.801827480081469, 2.251752589066721, 0.10516633568168575],
  [12.5, 18.734347511936445, 2.4851956512749123, 0.08328522460157838],
  [77.25, 257.30586806178127, 4.340560459718617, 0.013029131647134705],
  [12345.678, 103959.91990554606, 9.421020820741761, 8.100328723111207e-5],
  [1e8, 1742068066.1038346, 18.420680738952367, 1.000000005e-8],
];

// a, b, ln B(a, b), same origin.
const LOG_BETA: readonly [number, number, number][] = [
  [0.01, 0.02, 5.010313350697985],
  [0.5, 0.5, 1.1447298858494002],
  [3, 4, -4.0943445622221],
  [5, 1000000.0, -65.89950895945843],
  [0.1, 10000000.0, 0.6409030911383738],
  [12, 15, -18.568172732389435],
  [100000.0, 200000.0, -190958.88527911686],
  [40, 0.3, -0.00823652427335247],
];

const GRID: readonly number[] = Array.from({ length: 400 }, (_, i) => 10 ** (-6 + i / 40));

/** Relative difference; 0 when both are equal, absolute when the reference is 0. */
function miss(got: number, want: number): number {
  return got === want ? 0 : Math.abs(got - want) / (want === 0 ? 1 : Math.abs(want));
}

describe('gamma functions', () => {
  it('agree with 50-digit references to the accuracy they state', () => {
    for (const [x, log, first, second] of REFERENCES) {
      expect(miss(logGamma(x), log), `logGamma(${x})`).toBeLessThan(1e-15);
      expect(miss(digamma(x), first), `digamma(${x})`).toBeLessThan(1e-15);
      expect(miss(trigamma(x), second), `trigamma(${x})`).toBeLessThan(2e-15);
    }
  });

  it('give the textbook constants', () => {
    expect(digamma(1)).toBeCloseTo(-0.5772156649015329, 15);
    expect(digamma(0.5)).toBeCloseTo(-1.9635100260214235, 15);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 15);
    expect(trigamma(1)).toBeCloseTo(Math.PI ** 2 / 6, 14);
    expect(logGamma(1)).toBe(0);
    expect(logGamma(2)).toBe(0);
  });

  it('count factorials', () => {
    let factorial = 1n;
    for (let n = 1; n <= 170; n++) {
      factorial *= BigInt(n);
      expect(miss(logFactorial(n), Math.log(Number(factorial))), `${n}!`).toBeLessThan(2e-15);
    }
  });

  it('follow their recurrences', () => {
    for (const x of GRID.filter((value) => value < 1e3)) {
      const scale = 1 + Math.abs(logGamma(x)) + Math.abs(logGamma(x + 1));
      expect(Math.abs(logGamma(x + 1) - logGamma(x) - Math.log(x)) / scale).toBeLessThan(2e-15);
      expect(Math.abs(digamma(x + 1) - digamma(x) - 1 / x) / (1 + 1 / x)).toBeLessThan(4e-15);
      expect(Math.abs(trigamma(x + 1) - trigamma(x) + 1 / (x * x)) / (1 + 1 / (x * x))).toBeLessThan(2e-15);
    }
  });

  it('follow the reflection formulas below zero', () => {
    for (let i = 1; i < 64; i++) {
      if (i % 8 === 0) continue;
      const x = -i / 8;
      const sine = Math.sin(Math.PI * x);
      expect(logGamma(x) + logGamma(1 - x)).toBeCloseTo(Math.log(Math.PI / Math.abs(sine)), 11);
      expect(digamma(1 - x) - digamma(x)).toBeCloseTo(Math.PI / Math.tan(Math.PI * x), 10);
      expect((trigamma(1 - x) + trigamma(x)) * sine * sine).toBeCloseTo(Math.PI ** 2, 10);
    }
  });

  it('name their poles and carry NaN', () => {
    expect([0, -1, -20].map(logGamma)).toEqual([Infinity, Infinity, Infinity]);
    expect(digamma(0)).toBe(-Infinity);
    expect(digamma(-3)).toBeNaN();
    expect([0, -1].map(trigamma)).toEqual([Infinity, Infinity]);
    expect([logGamma(Infinity), digamma(Infinity), trigamma(Infinity)]).toEqual([Infinity, Infinity, 0]);
    expect([logGamma(Number.NaN), digamma(Number.NaN), trigamma(Number.NaN)]).toEqual([NaN, NaN, NaN]);
  });
});

describe('logBeta', () => {
  it('agrees with 50-digit references where the three gammas would cancel', () => {
    for (const [a, b, want] of LOG_BETA) {
      expect(miss(logBeta(a, b), want), `logBeta(${a}, ${b})`).toBeLessThan(3e-14);
      expect(logBeta(b, a)).toBe(logBeta(a, b));
    }
  });

  it('keeps the ratio B(a + 1, b) / B(a, b) = a / (a + b)', () => {
    for (const a of [0.3, 2, 9.5, 11, 400, 1e6]) {
      for (const b of [0.1, 5, 10, 33, 1e5]) {
        const scale = 1 + Math.abs(logBeta(a, b));
        expect(Math.abs(logBeta(a + 1, b) - logBeta(a, b) - Math.log(a / (a + b))) / scale).toBeLessThan(1e-15);
      }
    }
  });

  it('counts choices', () => {
    expect(Math.exp(logChoose(5, 2))).toBeCloseTo(10, 12);
    expect(Math.exp(logChoose(52, 5)) / 2598960).toBeCloseTo(1, 12);
    expect([logChoose(9, 0), logChoose(9, 9), logChoose(9, 10), logChoose(9, -1)]).toEqual([
      0,
      0,
      -Infinity,
      -Infinity,
    ]);
  });
});

describe('stirlingRemainder', () => {
  it('completes the formula of Stirling', () => {
    for (const x of [0.01, 1, 9.99, 10, 400]) {
      const formula = (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI);
      expect(Math.abs(formula + stirlingRemainder(x) - logGamma(x)) / (1 + Math.abs(formula))).toBeLessThan(1e-15);
    }
  });
});
